"""The alarms of one end of a span: what is declared when, and when an end says that it receives nothing.

Times are those of Digium's quad span driver: red and blue after 2.5 s, yellow after 0.5 s (wct4xxp/base.c,
alarmdebounce, losalarmdebounce, aisalarmdebounce, yelalarmdebounce), and 5 s of recovery after red and blue, in
which remote alarm is sent still (kernel.h, DAHDI_ALARMSETTLE_TIME). Nobody has compared this with a card.
"""

from __future__ import annotations

from typing import Final

from hardware.dahdi.abi import Alarm
from hardware.span.cable import LineSignal

__all__ = ["AlarmReceiver"]

DEBOUNCE: Final = {Alarm.RED: 2500, Alarm.BLUE: 2500, Alarm.YELLOW: 500}
"""Milliseconds for which a fault must last."""
SETTLE: Final = 5000
"""Milliseconds of recovery."""
_FATAL: Final = Alarm.RED | Alarm.BLUE
_UNHEARD: Final = _FATAL | Alarm.RECOVER


class AlarmReceiver:
    """Watches what is received.

    Attributes:
        alarms: in force; NONE where the span can be used.
    """

    def __init__(self) -> None:
        self.alarms = Alarm.NONE
        self._lasts = dict.fromkeys(DEBOUNCE, 0)
        self._settles = 0
        self._watches = False

    @property
    def sends_remote_alarm(self) -> bool:
        """Whether our end is to say that it receives nothing."""
        return self.alarms is not Alarm.NONE and bool(self.alarms & _UNHEARD)

    def feed(self, signal: LineSignal, ms: int) -> bool:
        """Take in what was received for `ms` milliseconds; whether `alarms` has changed."""
        if signal.present and not (signal.ais or signal.rai or self._watches):
            return False  # as nearly always
        faults = {
            Alarm.RED: not signal.present,
            Alarm.BLUE: signal.ais,
            Alarm.YELLOW: signal.rai,
        }
        found = Alarm.NONE
        for alarm, fault in faults.items():
            self._lasts[alarm] = self._lasts[alarm] + ms if fault else 0
            if self._lasts[alarm] >= DEBOUNCE[alarm]:
                found |= alarm
        if found & Alarm.RED:
            found |= Alarm.LOS
        if found & _FATAL:
            self._settles = SETTLE
        elif self._settles:
            self._settles -= ms
            found |= Alarm.RECOVER if self._settles > 0 else Alarm.NONE
            self._settles = max(0, self._settles)
        self._watches = bool(found or self._settles or any(self._lasts.values()))
        before, self.alarms = self.alarms, found
        return found != before
