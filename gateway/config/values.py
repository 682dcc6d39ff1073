"""What the tables of the configuration are made of: texts, names, numbers and paths, checked one by one.

A value that cannot be raises a pydantic error of the type "fault", which says what is wrong and what to write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal, TypeVar
from zoneinfo import ZoneInfo

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

__all__ = [
    "Codec",
    "Digits",
    "Encrypted",
    "File",
    "Items",
    "Label",
    "Mailbox",
    "Name",
    "Network",
    "Networks",
    "Number",
    "Settings",
    "Variables",
    "dial_target",
    "dialled_or_none",
    "host_or_none",
    "keys_or_none",
    "mailbox_or_none",
    "refuse",
    "region",
    "resolve",
    "time_zone",
    "tone_country",
    "word_or_none",
    "written",
]

_Item = TypeVar("_Item")
_KEYS: Final = frozenset("0123456789*#+ABCD")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\([^()]*\))?")
_HOST: Final = re.compile(r"(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-)\.)*(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)
_LONGEST_HOST: Final = 253
"""Characters of a host name (RFC 1035 2.3.4, written out)."""
_LONGEST_VALUE: Final = 1024
"""Characters of a variable's value."""


def refuse(what: str, mend: str = "") -> PydanticCustomError:
    """The error of a value that cannot be."""
    return PydanticCustomError("fault", "{what}", {"what": what, "mend": mend})


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def resolve(path: Path, info: ValidationInfo) -> Path:
    """A path of the file, taken from the folder of the file."""
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / path.expanduser()


def _dialled(number: str) -> str:
    if not 0 < len(number) <= 32 or not set(number) <= _KEYS:
        raise refuse(f'"{number}" is not a number that can be dialled', "use up to 32 digits, * and #")
    return number


def dialled_or_none(number: str) -> str:
    """A number that can be dialled, or nothing."""
    return _dialled(number) if number else number


def keys_or_none(text: str) -> str:
    """What is keyed on a telephone before a number, or nothing."""
    if "+" in text:
        raise refuse(f'"{text}" has a plus, for which there is no key', "use digits, * and #")
    return dialled_or_none(text)


def host_or_none(text: str) -> str:
    """An IP address, a host name, or nothing."""
    if not text:
        return text
    try:
        return str(ip_address(text))
    except ValueError:
        pass
    # What ends in a number is an address that is written wrongly (RFC 1123 2.1).
    if len(text) > _LONGEST_HOST or _HOST.fullmatch(text) is None or text.rpartition(".")[2].isdigit():
        why = f'"{text}" is neither an IP address nor a host name'
        raise refuse(why, 'write it like "203.0.113.5" or "office.example.com"') from None
    return text.lower()


def _word(name: str) -> str:
    if not name or len(name) > 80 or not all(c.isalnum() or c in "._-+" for c in name):
        raise refuse(f'"{name}" cannot be a name', "use letters, digits and . _ - +")
    return name


def word_or_none(name: str) -> str:
    """A name, or nothing."""
    return _word(name) if name else name


def _mailbox(name: str) -> str:
    """`201`, or `201@shop`."""
    box, _, context = name.partition("@")
    _word(box)
    if "@" in name:
        _word(context)
    return name


def _variable(name: str) -> str:
    """`NAME`, `__NAME`, or a function that can be set: `CALLERID(num)`."""
    if len(name) > 80 or not _VARIABLE.fullmatch(name):
        raise refuse(f'"{name[:60]}" is no variable', "write NAME, or a function such as CALLERID(num)")
    return name


def _value(text: str) -> str:
    if not text.isprintable() or len(text) > _LONGEST_VALUE:
        raise refuse("a value holds control characters or is too long", f"write up to {_LONGEST_VALUE} characters")
    return text


def mailbox_or_none(name: str) -> str:
    """The name of a mailbox, or nothing."""
    return _mailbox(name) if name else name


def _digits(text: str) -> str:
    if len(text) > 32 or not set(text) <= set("0123456789"):
        raise refuse("a PIN has digits, at most 32", "write others, or leave it empty")
    return text


def region(code: str) -> str:
    """A country whose numbers are known: its ISO 3166 code, or uk."""
    small = code.strip().lower()
    wanted = "gb" if small == "uk" else small
    if wanted.upper() not in SUPPORTED_REGIONS:
        raise refuse(f'"{code}" is no country', 'write its ISO 3166 code, such as "gb"')
    return wanted


def tone_country(code: str) -> str:
    """A country as the tones are called: in small letters, and uk by its older name."""
    small = code.strip().lower()
    return "uk" if small == "gb" else small


def dial_target(text: str) -> str:
    """Whom a Dial calls, as it is written there."""
    technology, slash, address = text.partition("/")
    if not slash or not technology.isalnum() or not address or not _plain(text).isascii() or set(text) & set("&, "):
        raise refuse(f'"{text[:60]}" is nobody to call', "write it as in Dial: SIP/201, FXS/101, Local/201@staff")
    return text


def time_zone(name: str) -> str:
    """The name of a time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # unknown, a folder of the zone data, a path such as "../x"
        raise refuse(f'there is no time zone "{name}"', 'write a name such as "Europe/London"') from None
    return name


def _plain(text: str) -> str:
    if not text.isprintable() or len(text) > 120:
        raise refuse("a text holds control characters or is longer than 120", "write it on one line, shorter")
    return text


def written(parse: Callable[[str], object], mend: str) -> BeforeValidator:
    """A value that is written as a text, and read by `parse`, whose ValueError says what is wrong with it."""

    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return parse(value)
        except ValueError as error:
            raise refuse(str(error), mend) from None

    return BeforeValidator(read)


def _network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f'"{text}" is no network') from None


Encrypted = Literal["off", "optional", "required"]
Codec = Literal[
    "ulaw",
    "alaw",
    "g722",
    "slin",
    "slin16",
    "slin32",
    "slin44",
    "slin48",
    "g726",
    "g726aal2",
    "g726-16",
    "g726-24",
    "g726-40",
    "g726aal2-16",
    "g726aal2-24",
    "g726aal2-40",
    "dvi4",
    "dvi4wb",
    "gsm",
    "g723",
    "g729",
    "ilbc",
    "speex",
    "speex16",
    "amr",
    "amrwb",
    "opus",
]
Network = IPv4Network | IPv6Network
Items = Annotated[tuple[_Item, ...], BeforeValidator(_as_tuple)]
Networks = Items[Annotated[Network, written(_network, 'write it like "192.0.2.0/24" or "192.0.2.7"')]]
File = Annotated[Path, Field(strict=False), AfterValidator(resolve)]
Number = Annotated[str, AfterValidator(_dialled)]
Name = Annotated[str, AfterValidator(_word)]
Label = Annotated[str, AfterValidator(_plain)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Variables = Annotated[
    Mapping[Annotated[str, AfterValidator(_variable)], Annotated[str, AfterValidator(_value)]],
    AfterValidator(MappingProxyType),
]
Digits = Annotated[str, AfterValidator(_digits)]


class Settings(BaseModel):
    """A table of the file: unknown keys are refused, and nothing changes it afterwards."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        validate_default=True,
        # So that the paths of a table that is left out are resolved like those that are written.
        revalidate_instances="always",
    )
