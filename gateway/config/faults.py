"""What pydantic found wrong, said in a user's words.

A pydantic error and the document that it was found in go in; a path, a clause that says what is wrong and one
that says what to do come out. Nothing of pydantic's own language leaves here, and no secret does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from gateway.config.locate import KeyPath
from gateway.config.model import Config

__all__ = ["Finding", "explain", "nearest"]

_SECRET: Final = frozenset({"secret", "pin"})
"""Settings whose values are never shown."""
_SHOWN: Final = 60
"""Characters of a wrong value that are shown: enough to recognise it."""


_OURS: Final[Mapping[str, str]] = {
    "allow": "codecs",
    "g711": "ulaw",
    "g711a": "alaw",
    "g711u": "ulaw",
    "host": "servers",
    "login": "user",
    "mulaw": "ulaw",
    "passwd": "secret",
    "password": "secret",
    "pcma": "alaw",
    "pcmu": "ulaw",
    "pwd": "secret",
    "registrar": "servers",
}
"""What others call a setting or a codec, and what it is here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: where in the document, what, and the mend."""

    path: KeyPath
    what: str
    mend: str = ""


def nearest(word: str, known: list[str]) -> str:
    """`did you mean "…"?` where something known is like `word`, else a list of what is known."""
    ours = _OURS.get(word.lower(), "")
    if ours in known:
        return f'did you mean "{ours}"?'
    return _alike(word, known) or (f"known here: {', '.join(sorted(known))}" if known else "")


def _alike(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else ""


def explain(error: ErrorDetails) -> Finding:
    """Say one pydantic error of a `Config` in plain words."""
    path = tuple(part for part in error["loc"] if part != "[key]")
    context: Mapping[str, Any] = error.get("ctx", {})
    if error["type"] == "fault":
        return Finding(path, str(context["what"]), str(context["mend"]))
    words = _WORDS.get(error["type"])
    if words is None:
        return Finding(path, f"{_name(path)} cannot be {_show(path, error['input'])}", _kind_wanted(path))
    return words(path, error["input"], context)


def _name(path: KeyPath) -> str:
    return ".".join(f"{part}" for part in path) if path else "the file"


def _table(path: KeyPath) -> str:
    return f"[{_name(path)}]" if path else "the top of the file"


def _show(path: KeyPath, value: object) -> str:
    if not _SECRET.isdisjoint(path):
        return "what is written there"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _unknown(path: KeyPath, value: object, context: Mapping[str, Any]) -> Finding:
    name, known = str(path[-1]), _known(path[:-1])
    mend = "" if isinstance(value, dict) else _elsewhere(path)
    return Finding(path, f'{_table(path[:-1])} has no setting "{name}"', mend or nearest(name, known))


def _elsewhere(path: KeyPath) -> str:
    """Where a setting belongs that was written into another table; "" where that is not one place."""
    name = str(path[-1])
    if name in Config.model_fields and _model_in(Config.model_fields[name].annotation) is None:
        return "it stands at the top of the file, above the first table in [ ]"
    homes = [table for table, model in _tables() if name in model.model_fields]
    return f"it belongs below [{homes[0]}]" if len(homes) == 1 and len(path) < 3 else ""


def _tables() -> Iterator[tuple[str, type[BaseModel]]]:
    """The tables of which there is one each."""
    for table, field in Config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield table, field.annotation


def _missing(path: KeyPath, value: object, context: Mapping[str, Any]) -> Finding:
    mend = f"write {path[-1]} = … below {_table(path[:-1])}"
    return Finding(path, f"{_table(path[:-1])} does not say {path[-1]}", mend)


def _choice(path: KeyPath, value: object, context: Mapping[str, Any]) -> Finding:
    choices = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
    return Finding(path, f"{_name(path)} cannot be {_show(path, value)}", nearest(str(value), choices))


def _typed(kind: str) -> Callable[[KeyPath, object, Mapping[str, Any]], Finding]:
    def finding(path: KeyPath, value: object, context: Mapping[str, Any]) -> Finding:
        hidden = not _SECRET.isdisjoint(path)
        what = f"{_name(path)} is of another kind" if hidden else f"{_name(path)} is {_show(path, value)}"
        return Finding(path, what, f"write {kind}")

    return finding


def _no_table(path: KeyPath, value: object, context: Mapping[str, Any]) -> Finding:
    """What stands in place of a table of an account, a trunk or a mailbox is mostly its secret."""
    return Finding(
        path, f"{_name(path)} is no table", "write its name in [ ] on a line of its own, its settings below"
    )


def _bounded(word: str, key: str) -> Callable[[KeyPath, object, Mapping[str, Any]], Finding]:
    def finding(path: KeyPath, value: object, context: Mapping[str, Any]) -> Finding:
        return Finding(path, f"{_name(path)} is {_show(path, value)}", f"write a number {word} {context[key]:g}")

    return finding


def _empty(path: KeyPath, value: object, context: Mapping[str, Any]) -> Finding:
    return Finding(path, f"{_name(path)} is empty", "write at least one character or entry, or leave the line out")


def _long(path: KeyPath, value: object, context: Mapping[str, Any]) -> Finding:
    return Finding(path, f"{_name(path)} is too long", f"at most {context['max_length']} characters")


_WORDS: Final[Mapping[str, Callable[[KeyPath, object, Mapping[str, Any]], Finding]]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "literal_error": _choice,
    "int_type": _typed("a whole number without quotes"),
    "int_from_float": _typed("a whole number"),
    "float_type": _typed("a number without quotes"),
    "bool_type": _typed("true or false, without quotes"),
    "string_type": _typed("a text in quotes"),
    "path_type": _typed("a file name in quotes"),
    "tuple_type": _typed("a list in [ ]"),
    "model_type": _no_table,
    "mapping_type": _no_table,
    "dict_type": _no_table,
    "is_instance_of": _typed("a text in quotes"),
    "dataclass_exact_type": _typed("a text in quotes"),
    "greater_than": _bounded("above", "gt"),
    "greater_than_equal": _bounded("from", "ge"),
    "less_than_equal": _bounded("up to", "le"),
    "less_than": _bounded("below", "lt"),
    "string_too_short": _empty,
    "too_short": _empty,
    "string_too_long": _long,
}


def _kind_wanted(path: KeyPath) -> str:
    return nearest(str(path[-1]), _known(path[:-1])) if path else ""


def _known(path: KeyPath) -> list[str]:
    """The settings that a table may have: the model's fields, found by following `path` from the top."""
    model: type[BaseModel] = Config
    for part in path:
        field = model.model_fields.get(str(part))
        if field is not None:
            found = _model_in(field.annotation)
            if found is None:
                return []
            model = found
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The table class in an annotation: itself, or that of a mapping's values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _model_in(part)
        if found is not None:
            return found
    return None
