"""Exchange lines on which other telephones hang: one that somebody else talks on is not to be taken.

The voltage tells: an exchange feeds 48 V, of which little is left while anybody is off-hook. Where the
configuration says that a line is shared its voltage is looked at every two seconds while it is idle; a card without
a meter is asked once.
"""

from __future__ import annotations

from typing import Final

from drivers.fxo.base import ExchangeLine
from drivers.fxo.states import Input
from drivers.line import Cue
from hardware.analog.line import LineEvent, MeasureVoltage

__all__ = ["SharedLine"]

LOOK_EVERY: Final = 2.0
"""Seconds between looks: a call that begins meets somebody who has been talking for less."""
DEAD: Final = 3.0
"""Volts below which there is no feed at all (wctdm.c takes 3 for none): that is an alarm, and told by one."""
IN_USE: Final = 20.0
"""Volts below which somebody draws current: an off-hook telephone leaves 5 to 15, the longest line's feed 24."""


class SharedLine(ExchangeLine):
    """The part of an exchange line that looks whether it is in use elsewhere."""

    _metered = True

    def usage(self) -> int:
        """The look to come is nothing that is held."""
        return super().usage() - (Input.LOOK_TIME in self._timers)

    def _feed(self, given: Input, cue: Cue) -> None:
        super()._feed(given, cue)
        if self.config.shared and self._metered and self._machine.takes(Input.LOOK_TIME):
            self._timers.setdefault(Input.LOOK_TIME, cue.now + LOOK_EVERY)

    def _look(self, cue: Cue) -> None:
        self._shelf.commands.append((self.port, MeasureVoltage()))

    def _measured(self, volts: float, now: float) -> None:
        found = Input.USED_ELSEWHERE if volts < IN_USE else Input.NOT_USED
        if volts > DEAD and self._machine.takes(found):
            self.note(now, f"{volts:g} V on {self.peer}: {found.value}")
            self._feed(found, Cue(now, f"{volts:g} V"))

    def _command_failed(self, event: LineEvent, cue: Cue) -> None:
        if isinstance(event.command, MeasureVoltage):
            self._metered = False
            self._timers.pop(Input.LOOK_TIME, None)
            self.note(cue.now, f"the card of port {self.port} does not tell whether its line is in use elsewhere")
        else:
            super()._command_failed(event, cue)
