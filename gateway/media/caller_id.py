"""Caller ID messages: what GR-30 and ETSI EN 300 659-3 put into an FSK data spill, to bytes and back.

A CallerId goes in and a whole message (type, length, data, checksum) comes out, or the other way round. Two
formats: SDMF (type 04, time and number alone) and MDMF (type 80, parameters). A message that does not verify raises
MalformedError, never anything else; parameters that are not known are passed over, as the standards ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.core.errors import LocalError, MalformedError
from gateway.core.number import Presentation

__all__ = ["CallerId", "decode", "decode_lamp", "encode_lamp", "encode_mdmf", "encode_sdmf", "verify"]

SDMF_CALL: Final = 0x04
MDMF_CALL: Final = 0x80
SDMF_WAITING: Final = 0x06
MDMF_WAITING: Final = 0x82

_TIME: Final = 0x01
_NUMBER: Final = 0x02
_NO_NUMBER: Final = 0x04
_NAME: Final = 0x07
_NO_NAME: Final = 0x08
_INDICATOR: Final = 0x0B
_LIT: Final = {0xFF: True, 0x00: False}
_SDMF_LIT: Final = {b"BBB": True, b"ooo": False}
"""Data of single message waiting messages: 42 three times, 6F three times."""

_REASON: Final = {Presentation.RESTRICTED: b"P", Presentation.UNAVAILABLE: b"O"}
_PRESENTATION: Final = {reason: presentation for presentation, reason in _REASON.items()}

_MAX_NUMBER: Final = 20
"""Digits that ETSI displays take; those of the US take 10."""
_MAX_NAME: Final = 50
"""Characters of a name by ETSI; 15 in the US."""
_YEAR: Final = 2000
"""Messages carry no year; in this one every date of a message exists."""


@dataclass(frozen=True, slots=True)
class CallerId:
    """What a spill tells of a call.

    Attributes:
        number: digits, * and #; empty where it is not told.
        name: empty where it is not told.
        presentation: why a number is not told; ALLOWED where it is.
        when: local time of the call, to the minute; its year is not in a message.
    """

    number: str = ""
    name: str = ""
    presentation: Presentation = Presentation.ALLOWED
    when: datetime | None = None


def encode_mdmf(caller: CallerId) -> bytes:
    """A multiple data message, with the name.

    Raises:
        LocalError: number or name are longer than a message may carry, or are not of its characters.
    """
    parameters = [(_TIME, _time(caller))] if caller.when is not None else []
    if caller.presentation is not Presentation.ALLOWED:
        reason = _REASON[caller.presentation]
        parameters += [(_NO_NUMBER, reason), (_NO_NAME, reason)]
    else:
        number, name = _number(caller), _name(caller)
        parameters.append((_NUMBER, number) if number else (_NO_NUMBER, b"O"))
        if name:
            parameters.append((_NAME, name))
    return _message(MDMF_CALL, b"".join(bytes((code, len(value))) + value for code, value in parameters))


def encode_sdmf(caller: CallerId) -> bytes:
    """A single data message: time and number.

    Raises:
        LocalError: the number cannot be carried, or there is no time (this format has no place for its absence).
    """
    if caller.when is None:
        raise LocalError("a single data message cannot go without the time of the call; use encode_mdmf")
    if caller.presentation is not Presentation.ALLOWED:
        shown = _REASON[caller.presentation]
    else:
        shown = _number(caller) or b"O"
    return _message(SDMF_CALL, _time(caller) + shown)


def encode_lamp(on: bool, *, single: bool = False) -> bytes:
    """A message that lights the telephone's message lamp, or puts it out (visual indicator), MDMF or `single`."""
    if single:
        return _message(SDMF_WAITING, next(data for data, lit in _SDMF_LIT.items() if lit is on))
    return _message(MDMF_WAITING, bytes((_INDICATOR, 1, 0xFF if on else 0x00)))


def decode_lamp(message: bytes) -> bool | None:
    """Whether a message lights the lamp (True) or puts it out (False); None where it is about something else.

    Raises:
        MalformedError: it does not verify or is cut short.
    """
    verify(message)
    kind, data = message[0], message[2:-1]
    if kind == SDMF_WAITING:
        return _SDMF_LIT.get(data)
    if kind != MDMF_WAITING:
        return None
    indicator = _parameters(data).get(_INDICATOR, b"")
    return _LIT.get(indicator[0]) if len(indicator) == 1 else None


def decode(message: bytes, year: int = _YEAR) -> CallerId:
    """The caller told by a whole message.

    Args:
        message: from the type to the checksum.
        year: put into `when`.

    Raises:
        MalformedError: it does not verify, is cut short, or is not about a call.
    """
    verify(message)
    kind, data = message[0], message[2:-1]
    if kind == SDMF_CALL:
        if len(data) < 8:
            raise MalformedError(f"a single data message of {len(data)} octets has no room for its time")
        return _caller(data[:8], data[8:], b"", year)
    if kind != MDMF_CALL:
        raise MalformedError(f"a message of type {kind:02X} does not tell a caller")
    found = _parameters(data)
    number = found.get(_NUMBER, b"") or found.get(_NO_NUMBER, b"O")
    return _caller(found.get(_TIME, b""), number, found.get(_NAME, b""), year)


def verify(message: bytes) -> None:
    """Check length and checksum of a message of any type.

    Raises:
        MalformedError: they do not hold.
    """
    if len(message) < 3 or len(message) != message[1] + 3:
        raise MalformedError(f"a caller ID message of {len(message)} octets is not as long as it says")
    if sum(message) & 0xFF:
        raise MalformedError("the checksum of a caller ID message does not hold")


def _caller(when: bytes, number: bytes, name: bytes, year: int) -> CallerId:
    presentation = _PRESENTATION.get(number, Presentation.ALLOWED)
    digits = "" if number in _PRESENTATION else _text(number)
    shown = "" if presentation is Presentation.RESTRICTED else _text(name)
    if shown and presentation is Presentation.UNAVAILABLE:
        presentation = Presentation.ALLOWED  # a name alone is told: a caller without a telephone number
    return CallerId(digits, shown, presentation, _when(when, year))


def _text(value: bytes) -> str:
    """Printable ASCII of what a peer sent; anything else becomes a question mark."""
    return "".join(chr(octet) if 0x20 <= octet < 0x7F else "?" for octet in value).strip()


def _when(value: bytes, year: int) -> datetime | None:
    if len(value) != 8 or not value.isdigit():
        return None
    try:
        return datetime(year, int(value[:2]), int(value[2:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return None  # exchanges whose clock was never set send 00000000


def _parameters(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    position = 0
    while position < len(data):
        if position + 2 > len(data) or position + 2 + data[position + 1] > len(data):
            raise MalformedError(f"parameter {data[position]:02X} of a caller ID message is cut short")
        end = position + 2 + data[position + 1]
        found.setdefault(data[position], data[position + 2 : end])
        position = end
    return found


def _message(kind: int, data: bytes) -> bytes:
    message = bytes((kind, len(data))) + data
    return message + bytes((-sum(message) & 0xFF,))


def _time(caller: CallerId) -> bytes:
    return f"{caller.when:%m%d%H%M}".encode()


def _number(caller: CallerId) -> bytes:
    if len(caller.number) > _MAX_NUMBER or not set("0123456789*#").issuperset(caller.number):
        raise LocalError(f"{caller.number!r} is not a number of at most {_MAX_NUMBER} digits, * and #")
    return caller.number.encode()


def _name(caller: CallerId) -> bytes:
    if len(caller.name) > _MAX_NAME or not (caller.name.isascii() and caller.name.isprintable()):
        raise LocalError(f"{caller.name!r} is not a name of at most {_MAX_NAME} printable ASCII characters")
    return caller.name.encode()
