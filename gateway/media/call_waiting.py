"""Caller ID of a call that waits (type II, off-hook): the alert that asks for it, the answer, the message.

    exchange    alert tones (CAS)            FSK: mark, message
    telephone                     DTMF D
    time        0       80   90..180   245..    at most 500 ms after the answer

GR-30-CORE 3 and TR-NWT-000575 (2130 and 2750 Hz for 80 ms, DTMF A or D within 160 ms), EN 300 659-2 (the same,
answered by DTMF D). The exchange cuts the far side off meanwhile, the telephone its microphone. Samples and times
go in, samples come out; who plays and listens is told here only when.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples, Sound
from gateway.media.cadence import dtmf, render
from gateway.media.caller_id import CallerId, encode_mdmf
from gateway.media.fsk import Standard, modulate
from gateway.media.level import peak

__all__ = ["ACKNOWLEDGEMENT", "ALERT", "AlertReceiver", "WaitingCall"]

ALERT: Final = render("CAS", "!2130@-15+2750@-15/80")
"""The alert: CPE alerting signal, 80 ms (75 to 85), -15 dBm0 a tone."""
ACKNOWLEDGEMENT: Final = Sound("CAS acknowledgement", dtmf("D", 0.065, 0.0))
"""What a telephone that can show the caller answers: DTMF D, 65 ms (60 to 70)."""
ANSWERS: Final = frozenset("AD")
ANSWER_TIME: Final = 0.4
"""Seconds from the end of the alert in which an answer is taken. The standard's 160 ms are those of the copper; two
frames each way, the digit's own length and its recognition come on top."""
SETTLE: Final = 0.08
"""Seconds of silence after the answer (50 to 500 ms)."""

_RATE: Final = 8000
_HOP: Final = 40
"""Samples between looks (5 ms)."""
_WINDOW: Final = 160
_TIME: Final = 2 * np.pi * np.arange(_WINDOW) / _RATE
_TONES: Final = np.exp(-1j * np.outer(_TIME, [2130.0, 2750.0]))
_FLOOR: Final = float(peak(-38.0) ** 2 / 2)
"""Power of the weakest tone taken: -32 dBm on the line is the least that a telephone gets."""
_SHARE: Final = 0.75
"""Of the energy, in both tones together: speech has not that much there for so long."""
_TWIST: Final = 10 ** (7 / 10)
_LENGTHS: Final = (11, 19)
"""Looks in which an alert of 75 to 85 ms fills the window; up to 8 fewer than its length, or a few more."""


class AlertReceiver:
    """Hears alerts in samples."""

    def __init__(self) -> None:
        self._tail: NDArray[np.float64] = np.zeros(_WINDOW - _HOP)
        self._rest: NDArray[np.float64] = np.zeros(0)
        self._held = 0

    def feed(self, samples: Samples) -> bool:
        """Take samples (8000 Hz, a piece of any size); whether an alert has ended in them."""
        signal = np.concatenate([self._tail, self._rest, samples])
        looks = (len(signal) - len(self._tail)) // _HOP
        ended = False
        for look in range(looks):
            window = signal[look * _HOP : look * _HOP + _WINDOW]
            if self._is_alert(window):
                self._held += 1
            elif self._held:
                ended = ended or _LENGTHS[0] <= self._held <= _LENGTHS[1]
                self._held = 0
        done = looks * _HOP
        self._tail = signal[done : done + _WINDOW - _HOP]
        self._rest = signal[done + _WINDOW - _HOP :]
        return ended

    def _is_alert(self, window: NDArray[np.float64]) -> bool:
        low, high = (np.abs(window @ _TONES) ** 2) * 2 / _WINDOW
        energy = float(window @ window)
        if min(low, high) < _FLOOR * _WINDOW or low + high < _SHARE * energy:
            return False
        return bool(low < high * _TWIST and high < low * _TWIST)


class WaitingCall:
    """The exchange's side of one such exchange of signals: play `ALERT`, tell it what is keyed, play what it says.

    Args:
        caller: who calls.
        modem: that of the country.
        now: when the alert is played, engine clock, seconds.

    Attributes:
        deadline: after this no answer is taken: the telephone cannot show who calls.

    Raises:
        LocalError: number or name cannot be carried.
    """

    def __init__(self, caller: CallerId, modem: Standard, now: float) -> None:
        self.deadline: Final = now + ALERT.duration + ANSWER_TIME
        spill = modulate(encode_mdmf(caller), modem, off_hook=True)
        self._message = Sound("caller ID of a waiting call", np.concatenate([_silence(SETTLE), spill]))

    def keyed(self, digit: str, now: float) -> Sound | None:
        """The message to be played, where `digit` is the telephone's answer."""
        return self._message if digit in ANSWERS and now <= self.deadline else None


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * _RATE), np.int16)
