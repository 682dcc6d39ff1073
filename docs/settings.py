"""`python -m docs.settings`: writes every setting into docs/configuration.md, from the model and its docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docs.block import fill
from gateway.config.address import Listener, PortRange, ServerName, SocketAddress
from gateway.config.model import Config

__all__ = ["PAGE", "current", "main", "meanings", "tables"]

PAGE: Final = Path(__file__).parent / "configuration.md"
COMMAND: Final = "docs.settings"

_WORDS: Final[Mapping[object, str]] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    Listener: '"TRANSPORT:ADDRESS:PORT"',
    SocketAddress: '"ADDRESS:PORT"',
    PortRange: '"FIRST-LAST"',
    ServerName: '"[TRANSPORT:]HOST[:PORT]"',
    IPv4Network: '"NETWORK"',
    IPv6Network: '"NETWORK"',
}
_OTHER: Final = re.compile(r"; (?P<name>\w+): ")
_ATTRIBUTE: Final = re.compile(r"^ {4}(?P<names>\w+(?:, \w+)*): (?P<text>.*)$")


def current() -> str:
    """What the page must hold."""
    return fill(PAGE.read_text(encoding="utf-8"), COMMAND, "\n\n".join(tables(Config)))


def tables(model: type[BaseModel]) -> Iterator[str]:
    """A table for `model`, and for each model that is in it."""
    rows, inner = [], []
    explained = meanings(model)
    own = model.__annotations__
    for name, field in sorted(model.model_fields.items(), key=lambda item: item[0] not in own):
        table = _table(field.annotation)
        if table is None or _is_list(field.annotation):
            rows.append(_row(name, field, explained.get(name, "")))
        if table is not None and table not in inner:
            inner.append(table)
    heading = cleandoc(model.__doc__ or "").partition("\n")[0]
    written, _, what = heading.rpartition(": ")
    title = f"### `{written}`\n\n{what[:1].upper()}{what[1:]}" if written else "### At the head of the file"
    yield "\n".join([title, "", "| setting | value | default | meaning |", "|---|---|---|---|", *rows])
    for table in inner:
        yield from tables(table)


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """What the docstring of `model`, or of a model that it is made of, says of each of its attributes."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found |= _own_meanings(base)
    return found


def _own_meanings(model: type[BaseModel]) -> dict[str, str]:
    found: dict[str, str] = {}
    names: list[str] = []
    for line in cleandoc(model.__doc__ or "").partition("Attributes:\n")[2].splitlines():
        attribute = _ATTRIBUTE.match(line)
        if attribute is not None:
            names = attribute["names"].split(", ")
            found |= dict.fromkeys(names, attribute["text"])
        else:
            found |= {name: f"{found[name]} {line.strip()}".strip() for name in names}
    return dict(part for name, text in found.items() for part in _parts(name, text, model))


def _parts(name: str, text: str, model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """A text in which other attributes are explained, too ("…; other: …"), as that of each of them."""
    other = next((match for match in _OTHER.finditer(text) if match["name"] in model.model_fields), None)
    if other is None:
        yield name, text
        return
    yield name, text[: other.start()]
    yield from _parts(other["name"], text[other.end() :], model)


def _table(annotation: Any) -> type[BaseModel] | None:
    """The model of a field that is a table of the file, or a table of tables."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        if (found := _table(part)) is not None:
            return found
    return None


def _row(name: str, field: FieldInfo, meaning: str) -> str:
    value = _kind(field.annotation) + _bounds(
        field.metadata, "items" if _is_list(field.annotation) else "characters"
    )
    default = "*required*" if field.is_required() else _default(field.get_default(call_default_factory=True))
    # The docstrings speak of Python's None; a TOML file has no such word.
    cells = [f"`{name}`", value, default, meaning.replace("None takes", "where left out,")]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is tuple


def _default(value: object) -> str:
    if value is None:
        return "none"
    return f"`{_toml(value)}`" if value != {} else "empty"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"'


def _kind(annotation: Any) -> str:
    """What may be written, in words."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(parts[0]) + _bounds(parts[1:])
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_kind(part) for part in parts if part is not NoneType))
    if origin is Literal:
        return ", ".join(f'`"{word}"`' for word in parts)
    if origin is tuple:
        return f"list of {_kind(parts[0])}"
    if origin is not None and issubclass(origin, Mapping):
        return f"table of {_kind(parts[1])}"
    return _WORDS.get(annotation, "tables, below")


def _bounds(metadata: Any, counted: str = "characters") -> str:
    """The bounds of a number, or of a length in what is `counted`."""
    low = next((f"{bound.ge}" for bound in metadata if isinstance(bound, Ge)), "")
    above = next((f"above {bound.gt}" for bound in metadata if isinstance(bound, Gt)), "")
    high = next((f"{bound.le}" for bound in metadata if isinstance(bound, Le)), "")
    if above and high:
        return f", {above} to {high}"
    if low and high:
        return f", {low} to {high}"
    most = next((bound.max_length for bound in metadata if isinstance(bound, MaxLen)), None)
    if most is not None:
        return f", at most {most} {counted}"
    return ", one or more" if any(isinstance(bound, MinLen) for bound in metadata) else ""


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(current(), encoding="utf-8")


if __name__ == "__main__":
    main()
