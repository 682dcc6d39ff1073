"""The emulated telephones and exchange lines of an office, worked through the web by `copperline sim`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import numpy as np

from gateway.core.audio import Samples
from gateway.core.errors import LocalError
from gateway.media.level import level
from gateway.web.simulated import HeardView, SimCard, SimLine
from hardware.analog.copper import fault_of, with_echo
from hardware.analog.emulated import EmulatedCard
from hardware.isdn.emulated import EmulatedAdapter
from hardware.world.access import IsdnAccess
from hardware.world.office_line import OfficeLine
from hardware.world.span import SpanWorld
from hardware.world.telephone import Telephone
from hardware.world.world import World

__all__ = ["EmulatedWorld"]

HOOK: Final[Mapping[str, int]] = {"bounce": 200, "early-flash": 10_000}
"""Faults of a telephone's hook, each with the most milliseconds of it."""

LATELY: Final = 800
"""Samples (100 ms) of what is heard now."""


class _Phone:
    """One telephone (`gateway.web.simulated.SimPhone`)."""

    def __init__(self, number: str, telephone: Telephone) -> None:
        self._number = number
        self._telephone = telephone
        self.lift = telephone.lift
        self.unplug = telephone.unplug
        self.plug_in = telephone.plug_in
        self.hang_up = telephone.hang_up
        self.say = telephone.say

    def suffer(self, fault: Mapping[str, float]) -> None:
        """Something is wrong with its copper, or with its hook."""
        copper = fault_of({name: value for name, value in fault.items() if name not in HOOK}, beside=HOOK)
        hook = {name: fault.get(name, 0.0) for name in HOOK}
        if not all(0 <= hook[name] <= most for name, most in HOOK.items()):
            limits = " and ".join(f"{name} 0 to {most}" for name, most in HOOK.items())
            raise LocalError(f"A hook has {limits} milliseconds.")
        self._telephone.suffer(copper)
        self._telephone.bounce, self._telephone.early_flash = round(hook["bounce"]), round(hook["early-flash"])

    def echo(self, response: Samples) -> None:
        """Its copper has this echo path, beside all else that is wrong with it."""
        self._telephone.suffer(with_echo(self._telephone.fault, response))

    def flash(self, ms: int) -> None:
        """Tap the hook."""
        self._telephone.flash(ms)

    def dial(self, digits: str) -> None:
        """Press keys."""
        self._telephone.dial(digits)

    def pulse(self, digits: str) -> None:
        """Turn a rotary dial."""
        self._telephone.pulse(digits)

    def heard(self) -> HeardView:
        """What is heard and seen at it now."""
        phone = self._telephone
        shown = phone.caller_id
        now = phone.recording[-LATELY:] if phone.off_hook else np.zeros(0, np.int16)
        return HeardView(
            number=self._number,
            off_hook=phone.off_hook,
            ringing=phone.ringing,
            rings=len(phone.rings),
            tone=phone.hears,
            digits=phone.digits,
            caller_number=shown.number if shown is not None else "",
            caller_name=shown.name if shown is not None else "",
            level=round(level(now), 1) if now.any() else None,
        )

    def recording(self) -> Samples:
        """What was heard lately."""
        return self._telephone.recording


class _Line:
    """One exchange line (`gateway.web.simulated.SimLine`)."""

    def __init__(self, name: str, world: World, line: OfficeLine) -> None:
        self._name = name
        self._world = world
        self._line = line
        self.plug_in = line.plug_in
        self.unplug = line.unplug

    def suffer(self, fault: Mapping[str, float]) -> None:
        """Something is wrong with its copper."""
        self._line.suffer(fault_of(fault))

    def echo(self, response: Samples) -> None:
        """Its copper has this echo path, beside all else that is wrong with it."""
        self._line.suffer(with_echo(self._line.fault, response))

    def call(self, number: str, name: str) -> None:
        """Call in on it."""
        port = next(port for port, line in self._world.office.lines.items() if line is self._line)
        try:
            self._world.office.call(port, number, name, when=datetime.now())
        except LocalError as error:
            raise LocalError(f"Nobody can call in on line {self._name} now: {error}.") from error

    def hang_up(self) -> None:
        """Whoever called, or was called, on it hangs up."""
        _end_call(self._name, self._line.hang_up)


class _Access:
    """One basic access (`gateway.web.simulated.SimLine`)."""

    def __init__(self, name: str, access: IsdnAccess) -> None:
        self._name = name
        self._access = access
        self.plug_in = access.plug_in
        self.unplug = access.unplug

    def suffer(self, fault: Mapping[str, float]) -> None:
        """It is digital, and has no copper to spoil."""
        raise LocalError(f"Line {self._name} is digital, and has no copper that could be faulty; cut it instead.")

    def echo(self, response: Samples) -> None:
        """The same."""
        self.suffer({})

    def call(self, number: str, name: str) -> None:
        """Call in on it; ISDN tells no names."""
        try:
            self._access.call(number)
        except LocalError as error:
            raise LocalError(f"Nobody can call in on line {self._name} now: {error}.") from error

    def hang_up(self) -> None:
        """Whoever called, or was called, on it hangs up."""
        _end_call(self._name, self._access.hang_up)


class _Span:
    """One span and its exchange (`gateway.web.simulated.SimLine`)."""

    def __init__(self, name: str, world: SpanWorld) -> None:
        self._name = name
        self._world = world
        self.plug_in = world.span.cable.mend
        self.unplug = world.span.cable.cut

    def suffer(self, fault: Mapping[str, float]) -> None:
        """It is digital, and has no copper to spoil."""
        raise LocalError(f"Span {self._name} is digital, and has no copper that could be faulty; cut it instead.")

    def echo(self, response: Samples) -> None:
        """The same."""
        self.suffer({})

    def call(self, number: str, name: str) -> None:
        """Call in on it; there may be other calls."""
        try:
            self._world.exchange.call(number, name)
        except LocalError as error:
            raise LocalError(f"Nobody can call in on span {self._name} now: {error}.") from error

    def hang_up(self) -> None:
        """End the call that began last."""
        live = self._world.exchange.live
        if not live:
            raise LocalError(f"Span {self._name} has no call to end.")
        live[-1].hang_up()


def _end_call(name: str, hang_up: Callable[[], None]) -> None:
    try:
        hang_up()
    except LocalError as error:
        raise LocalError(f"Line {name} has no call to end.") from error


class EmulatedWorld:
    """All that is emulated (`gateway.web.simulated.Simulator`).

    Args:
        telephones: by number.
        lines: exchange lines by name, with the world of their central office.
        cards: by name.
        accesses: ISDN accesses by name.
        adapters: the adapters at these, which are pulled out and put back as cards are.
        spans: by name, each with its exchange; they are cards and lines in one.
    """

    def __init__(
        self,
        telephones: Mapping[str, Telephone],
        lines: Mapping[str, tuple[World, OfficeLine]],
        cards: Mapping[str, EmulatedCard],
        accesses: Mapping[str, IsdnAccess],
        adapters: Mapping[str, EmulatedAdapter],
        spans: Mapping[str, SpanWorld],
    ) -> None:
        self._cards: Mapping[str, SimCard] = {
            **{name: world.span for name, world in spans.items()},
            **adapters,
            **cards,
        }
        self._phones = {number: _Phone(number, telephone) for number, telephone in telephones.items()}
        self._lines: dict[str, SimLine] = {name: _Line(name, *line) for name, line in lines.items()}
        self._lines |= {name: _Access(name, access) for name, access in accesses.items()}
        self._lines |= {name: _Span(name, world) for name, world in spans.items()}

    def phone(self, number: str) -> _Phone | None:
        """The telephone with `number`, if it is emulated."""
        return self._phones.get(number)

    def line(self, name: str) -> SimLine | None:
        """The line `name`, if it is emulated."""
        return self._lines.get(name)

    def card(self, name: str) -> SimCard | None:
        """The card or adapter `name`, if it is emulated."""
        return self._cards.get(name)

    def names(self) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
        """All telephones, all lines, all cards."""
        return list(self._phones), list(self._lines), list(self._cards)
