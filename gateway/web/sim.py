"""Working the emulated telephones and exchange lines of an office by HTTP.

These exist only where a card is emulated: on an office with real hardware there is nothing here to misuse.
Sound comes as the bytes of a WAV file, never as a name of a file on this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway.web import wav
from gateway.web.body import json_of
from gateway.web.endpoint import WAV, Endpoint
from gateway.web.simulated import HeardView, SimCard, SimLine, SimPhone, Simulator

__all__ = ["Sim", "SimNames"]

DIGITS: Final = 64
"""Keys pressed at one go: longer than any number, and 13 s of dialling."""

_KEYS: Final = frozenset("0123456789*#ABCD")
_ROTARY: Final = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class SimNames:
    """What is emulated: telephones by number, lines and cards by name."""

    phones: tuple[str, ...]
    lines: tuple[str, ...]
    cards: tuple[str, ...]


FLASH: Final = 500
"""Milliseconds of a hook flash where none are said."""
FLASHES: Final = range(10, 3001)
"""Milliseconds that a hand can press: beyond, it is no flash in any country."""

_ACTIONS: Final[Mapping[str, tuple[Callable[[SimPhone, str], None], frozenset[str]]]] = {
    "lift": (lambda phone, digits: phone.lift(), frozenset()),
    "hang-up": (lambda phone, digits: phone.hang_up(), frozenset()),
    "dial": (lambda phone, digits: phone.dial(digits), _KEYS),
    "pulse": (lambda phone, digits: phone.pulse(digits), _ROTARY),
}
"""What a hand can do at a telephone, and which digits it needs."""

_ACTION_BODY: Final = {
    "type": "object",
    "properties": {
        "action": {"type": "string", "enum": [*_ACTIONS, "flash"]},
        "digits": {"type": "string", "maxLength": DIGITS, "description": "for dial and pulse"},
        "ms": {
            "type": "integer",
            "minimum": FLASHES.start,
            "maximum": FLASHES.stop - 1,
            "description": "for flash",
        },
    },
    "required": ["action"],
}
_CALL_BODY: Final = {
    "type": "object",
    "properties": {"number": {"type": "string"}, "name": {"type": "string"}},
}
_FAULT_BODY: Final = {"type": "object", "additionalProperties": {"type": "number"}}


class Sim:
    """The emulated world of one office.

    Args:
        simulator: the telephones and lines.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def endpoints(self) -> list[Endpoint]:
        """The rows of the interface."""
        phone, line, card = (f"/api/v1/sim/{what}" for what in ("phones/{number}", "lines/{name}", "cards/{name}"))
        return [
            Endpoint("GET", "/api/v1/sim", "What is emulated.", self._names, SimNames),
            Endpoint("POST", phone, "Work a telephone by hand.", self._act, body=_ACTION_BODY),
            Endpoint("POST", f"{phone}/say", "Speak into a telephone.", self._say, body=WAV),
            Endpoint("GET", f"{phone}/heard", "What is heard at a telephone now.", self._heard, HeardView),
            Endpoint("GET", f"{phone}/recording.wav", "What was heard lately.", self._recording, WAV),
            Endpoint("POST", f"{line}/call", "Let the exchange call in on a line.", self._call, body=_CALL_BODY),
            Endpoint("POST", f"{phone}/fault", "Let its copper be faulty.", self._spoil_phone, body=_FAULT_BODY),
            Endpoint("POST", f"{line}/fault", "Let its copper be faulty.", self._spoil_line, body=_FAULT_BODY),
            Endpoint("POST", f"{phone}/echo", "Give its copper an echo path.", self._echo_phone, body=WAV),
            Endpoint("POST", f"{line}/echo", "Give its copper an echo path.", self._echo_line, body=WAV),
            Endpoint("POST", f"{phone}/unplug", "Pull its plug.", self._unplug_phone, body={}),
            Endpoint("POST", f"{phone}/plug-in", "Put its plug back.", self._plug_in_phone, body={}),
            Endpoint("POST", f"{line}/unplug", "Cut a line.", self._unplug, body={}),
            Endpoint("POST", f"{line}/plug-in", "Mend a cut line.", self._plug_in, body={}),
            Endpoint("POST", f"{card}/remove", "Pull a card out of the machine.", self._remove, body={}),
            Endpoint("POST", f"{card}/insert", "Put it back.", self._insert, body={}),
            Endpoint("POST", f"{line}/hang-up", "Let the exchange end its call.", self._hang_up, body={}),
        ]

    async def _names(self, request: Request) -> Any:
        return SimNames(*map(tuple, self._simulator.names()))

    async def _act(self, request: Request) -> None:
        phone = self._phone(request)
        body = await json_of(request)
        action = body.get("action")
        if action == "flash":
            phone.flash(_flash(body))
            return
        if not isinstance(action, str) or action not in _ACTIONS:
            raise HTTPException(400, f"action must be one of {', '.join([*_ACTIONS, 'flash'])}.")
        act, keys = _ACTIONS[action]
        digits = body.get("digits", "")
        if (
            not isinstance(digits, str)
            or len(digits) > DIGITS
            or not set(digits) <= keys
            or bool(keys) != bool(digits)
        ):
            wanted = f"digits of {''.join(sorted(keys))}, {DIGITS} at most" if keys else "no digits"
            raise HTTPException(400, f"{action} takes {wanted}.")
        act(phone, digits)

    async def _say(self, request: Request) -> None:
        self._phone(request).say(wav.decode(await request.body()))

    async def _heard(self, request: Request) -> Any:
        return self._phone(request).heard()

    async def _recording(self, request: Request) -> Any:
        return Response(wav.encode(self._phone(request).recording()), media_type=WAV)

    async def _call(self, request: Request) -> None:
        line = self._line(request)
        body = await json_of(request)
        number, name = body.get("number", ""), body.get("name", "")
        if not all(isinstance(text, str) and len(text) <= 64 and text.isprintable() for text in (number, name)):
            raise HTTPException(400, "number and name must be printable texts of 64 characters at most.")
        line.call(number, name)

    async def _hang_up(self, request: Request) -> None:
        line = self._line(request)
        await json_of(request)
        line.hang_up()

    async def _spoil_phone(self, request: Request) -> None:
        self._phone(request).suffer(_fault(await json_of(request)))

    async def _spoil_line(self, request: Request) -> None:
        self._line(request).suffer(_fault(await json_of(request)))

    async def _echo_phone(self, request: Request) -> None:
        self._phone(request).echo(wav.decode(await request.body()))

    async def _echo_line(self, request: Request) -> None:
        self._line(request).echo(wav.decode(await request.body()))

    async def _unplug_phone(self, request: Request) -> None:
        await json_of(request)
        self._phone(request).unplug()

    async def _plug_in_phone(self, request: Request) -> None:
        await json_of(request)
        self._phone(request).plug_in()

    async def _unplug(self, request: Request) -> None:
        await json_of(request)
        self._line(request).unplug()

    async def _plug_in(self, request: Request) -> None:
        await json_of(request)
        self._line(request).plug_in()

    async def _remove(self, request: Request) -> None:
        await json_of(request)
        self._card(request).remove()

    async def _insert(self, request: Request) -> None:
        await json_of(request)
        self._card(request).insert()

    def _phone(self, request: Request) -> SimPhone:
        number = request.path_params["number"]
        phone = self._simulator.phone(number)
        if phone is None:
            raise _unknown("telephone", number, self._simulator.names()[0])
        return phone

    def _line(self, request: Request) -> SimLine:
        name = request.path_params["name"]
        line = self._simulator.line(name)
        if line is None:
            raise _unknown("line", name, self._simulator.names()[1])
        return line

    def _card(self, request: Request) -> SimCard:
        name = request.path_params["name"]
        card = self._simulator.card(name)
        if card is None:
            raise _unknown("card", name, self._simulator.names()[2])
        return card


def _unknown(what: str, name: str, known: Sequence[str]) -> HTTPException:
    return HTTPException(404, f'There is no emulated {what} "{name}"; there are: {", ".join(known) or "none"}.')


def _flash(body: dict[str, Any]) -> int:
    ms = body.get("ms", FLASH)
    if not isinstance(ms, int) or isinstance(ms, bool) or ms not in FLASHES or "digits" in body:
        raise HTTPException(400, f"flash takes {FLASHES.start} to {FLASHES.stop - 1} ms, and no digits.")
    return ms


def _fault(body: dict[str, Any]) -> dict[str, float]:
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in body.values()):
        raise HTTPException(400, 'A fault is written as numbers by name: {"noise": -45, "echo": 10}.')
    return {name: float(value) for name, value in body.items()}
