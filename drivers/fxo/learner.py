"""Learns an exchange line: seizes it, listens, dials, and says what its exchange and its copper are like.

Frames of 160 samples and line events go in, frames and line commands come out; the whole procedure is one generator
that reads from its top to its end, 20 ms a step. It keeps no clock and touches no device.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Final

import numpy as np

from drivers.fxo.profile import BANDS, LineProfile, Release
from gateway.core.audio import Samples
from gateway.core.cause import Cause
from gateway.core.errors import RemoteError
from gateway.media.cadence import dtmf
from gateway.media.level import dbm0, level, peak
from gateway.media.measure import MeasuredTone, alike, measure
from hardware.analog.line import Hook, LineCommand, LineEvent, LineEventKind, SetHook

__all__ = ["LineLearner"]

FRAME: Final = 160
RATE: Final = 8000
SEIZE: Final = 5.0
"""Seconds for the port to close the loop."""
DIAL_TONE: Final = 7.0
"""Seconds of dial tone: two whole cycles of those that have a cadence."""
NOISE: Final = 0.5
PROBE: Final = 1.5
"""Seconds of noise by which the echo is measured, between two digits: exchanges wait four at least."""
PROBE_LEVEL: Final = -16.0
REFUSAL: Final = 9.0
"""Seconds of busy tone: two whole cycles of the slowest, and what comes before it."""
RINGING: Final = 16.0
REST: Final = 2.5
ENDED: Final = 30.0
"""Seconds in which a call has been answered and ended, and the exchange has shown it."""
AFTERWARDS: Final = 9.0
"""Seconds of what is heard at the end in which a tone would have two cycles."""

Procedure = Generator[Samples, Samples, None]
Recording = Generator[Samples, Samples, Samples]


class LineLearner:
    """One line being learned.

    Args:
        busy: a number that is busy, such as the line's own.
        ring: a number that rings and is not answered; "" leaves ringback out.
        ends: a number that answers and hangs up by itself; "" leaves out how a release shows.
        levels: dBm0 of the two tones of a digit.
    """

    def __init__(
        self, *, busy: str, ring: str = "", ends: str = "", levels: tuple[float, float] = (-11.0, -9.0)
    ) -> None:
        self.profile: LineProfile | None = None
        self._busy = busy
        self._ring = ring
        self._ends = ends
        self._levels = levels
        self._commands: list[LineCommand] = []
        self._events: list[LineEventKind] = []
        self._procedure = self._learn()
        self._out = next(self._procedure)

    def receive(self, event: LineEvent) -> None:
        """Take in what the line did.

        Raises:
            RemoteError: it has gone, or does not work its hook, or somebody calls on it.
        """
        if event.kind in (LineEventKind.REMOVED, LineEventKind.ALARM, LineEventKind.FAILED):
            raise RemoteError(
                f"the line cannot be learned: its port says {event.kind.value}",
                Cause.DESTINATION_OUT_OF_ORDER,
                advice="Look at its plug and at its card.",
            )
        if event.kind is LineEventKind.RINGBEGIN:
            raise RemoteError(
                "the line cannot be learned: somebody calls on it", Cause.USER_BUSY, advice="Learn it later."
            )
        self._events.append(event.kind)

    def outgoing(self) -> list[LineCommand]:
        """What the port is to do, once, in order."""
        commands, self._commands = self._commands, []
        return commands

    def frame(self, heard: Samples) -> Samples:
        """Take in 20 ms and give what is to be sent meanwhile; `profile` is there when it is done.

        Raises:
            RemoteError: the exchange does not answer a seizure.
        """
        out = self._out
        if self.profile is None:
            try:
                self._out = self._procedure.send(heard)
            except StopIteration:
                self._out = _silence(0.02)
        return out

    def _learn(self) -> Procedure:
        tones: dict[str, MeasuredTone | None] = {}
        yield from self._seize()
        tones["dial"] = measure((yield from self._play(_silence(DIAL_TONE))))
        yield from self._dial(self._busy[:1])
        quiet = yield from self._play(_silence(NOISE))
        probe = _probe()
        echo = yield from self._play(probe)
        yield from self._dial(self._busy[1:])
        tones["busy"] = measure((yield from self._play(_silence(REFUSAL))))
        yield from self._hang_up()
        reverses = False
        if self._ring:
            yield from self._call(self._ring)
            tones["ring"] = measure((yield from self._play(_silence(RINGING))))
            reverses = LineEventKind.POLARITY in self._events
            yield from self._hang_up()
        releases = None
        # Only dial tone may be steady: what is steady elsewhere is somebody's announcement, or dial tone again.
        heard = {name: tone for name, tone in tones.items() if tone is not None and (name == "dial" or tone.cycles)}
        if self._ends:
            releases, answered = yield from self._end(heard)
            reverses = reverses or answered
        whole, *bands = (_loss(probe, echo, quiet, *band) for band in ((300, 3300), *BANDS))
        self.profile = LineProfile(
            tones=heard,
            answer_reverses=reverses,
            releases=releases,
            noise=level(quiet),
            return_loss=whole,
            bands=tuple(bands),
        )

    def _call(self, number: str) -> Procedure:
        yield from self._seize()
        yield from self._play(_silence(1.0))
        self._events.clear()
        yield from self._dial(number)

    def _end(self, tones: dict[str, MeasuredTone]) -> Generator[Samples, Samples, tuple[tuple[Release, ...], bool]]:
        """Make a call that the far end ends: how that shows, and whether its answer reversed polarity.

        A tone that comes then and is none of `tones` is added to them, as congestion.
        """
        yield from self._call(self._ends)
        tail = (yield from self._play(_silence(ENDED)))[-round(AFTERWARDS * RATE) :]
        reversals = self._events.count(LineEventKind.POLARITY)
        found = []
        if LineEventKind.ONHOOK in self._events:
            found.append(Release.LOOP_BREAK)
        if reversals > 1:
            found.append(Release.POLARITY)
        after = measure(tail)
        if after is not None and not _is_of(after, tones, "ring"):
            found.append(Release.TONE)
            if not any(_is_of(after, tones, name) for name in tones):
                tones["congestion"] = after
        yield from self._hang_up()
        return tuple(found) or (Release.NOTHING,), bool(reversals)

    def _seize(self) -> Procedure:
        self._events.clear()
        self._commands.append(SetHook(Hook.START))
        for _ in range(round(SEIZE * 50)):
            yield _silence(0.02)
            if LineEventKind.HOOKCOMPLETE in self._events:
                return
        raise RemoteError(
            f"the line could not be seized within {SEIZE:g} s",
            Cause.TEMPORARY_FAILURE,
            advice="Look at its plug and its battery; a call may be on it.",
        )

    def _dial(self, digits: str) -> Procedure:
        yield from self._play(dtmf(digits, 0.1, 0.1, self._levels))

    def _hang_up(self) -> Procedure:
        self._commands.append(SetHook(Hook.ONHOOK))
        yield from self._play(_silence(REST))

    def _play(self, samples: Samples) -> Recording:
        """Send samples; what is heard meanwhile."""
        heard = []
        for at in range(0, len(samples), FRAME):
            frame = np.zeros(FRAME, np.int16)
            frame[: len(samples[at : at + FRAME])] = samples[at : at + FRAME]
            heard.append((yield frame))
        return np.concatenate(heard)


def _is_of(measured: MeasuredTone, tones: Mapping[str, MeasuredTone], name: str) -> bool:
    return name in tones and alike(measured.text, tones[name].text)


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.int16)


def _probe() -> Samples:
    """Noise, the same each time, that no digit receiver takes for a digit."""
    noise = np.random.default_rng(1).normal(scale=peak(PROBE_LEVEL) / np.sqrt(2), size=round(PROBE * RATE))
    return np.clip(np.rint(noise), -32768, 32767).astype(np.int16)


def _loss(sent: Samples, heard: Samples, quiet: Samples, low: int, high: int) -> float:
    """dB between what was sent and what of it came back, in a band; the line's own noise is taken off."""
    back = max(_power(heard, low, high) - _power(quiet, low, high), 1e-3)
    return dbm0(_power(sent, low, high)) - dbm0(back)


def _power(samples: Samples, low: int, high: int) -> float:
    spectrum = np.fft.rfft(samples.astype(np.float64))
    frequency = np.fft.rfftfreq(len(samples), 1 / RATE)
    inside = (frequency >= low) & (frequency < high)
    return float(2 * np.sum(np.abs(spectrum[inside]) ** 2) / len(samples) ** 2)
