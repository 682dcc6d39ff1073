"""Learns an exchange line: seizes it, listens, dials, and says what its exchange and its copper are like.

Frames of 160 samples and line events go in, frames and line commands come out; the whole procedure is one generator
that reads from its top to its end, 20 ms a step. It keeps no clock and touches no device.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.core.audio import Samples
from gateway.core.cause import Cause
from gateway.core.errors import RemoteError
from gateway.media.cadence import dtmf
from gateway.media.level import dbm0, level, peak
from gateway.media.measure import MeasuredTone, measure, nearest
from hardware.analog.line import Hook, LineCommand, LineEvent, LineEventKind, SetHook

__all__ = ["LineLearner", "LineProfile"]

FRAME: Final = 160
RATE: Final = 8000
SEIZE: Final = 5.0
"""Seconds for the port to close the loop."""
DIAL_TONE: Final = 4.0
NOISE: Final = 0.5
PROBE: Final = 1.5
"""Seconds of noise by which the echo is measured, between two digits: exchanges wait four at least."""
PROBE_LEVEL: Final = -16.0
REFUSAL: Final = 9.0
"""Seconds of busy tone: two whole cycles of the slowest, and what comes before it."""
RINGING: Final = 16.0
REST: Final = 2.5
BANDS: Final = ((300, 700), (700, 1800), (1800, 3300))
"""Hz: where a wrong balance capacitance shows, where speech is, where a long cable shows."""
GOOD, FAIR = 16.0, 9.0
"""dB of return loss in the worst band."""

Procedure = Generator[Samples, Samples, None]
Recording = Generator[Samples, Samples, Samples]


@dataclass(frozen=True, slots=True)
class LineProfile:
    """What was learned.

    Attributes:
        tones: by name, what was heard; a tone that was not heard is missing.
        reverses: polarity was reversed while a called party was awaited.
        noise: dBm0 of the quiet line.
        return_loss: dB by which the line's echo is weaker than what is sent.
        bands: the same in each of `BANDS`.
    """

    tones: dict[str, MeasuredTone]
    reverses: bool
    noise: float
    return_loss: float
    bands: tuple[float, ...]

    @property
    def countries(self) -> list[tuple[str, float]]:
        """Countries whose tones these are, the likeliest first, each with the share of them that fits."""
        return nearest({name: tone.text for name, tone in self.tones.items()})

    @property
    def fit(self) -> str:
        """How well the port's impedance fits the line: "well", "fairly", "badly"."""
        worst = min(self.bands)
        return "well" if worst >= GOOD else "fairly" if worst >= FAIR else "badly"

    def toml(self, name: str) -> str:
        """The profile of line `name` as a piece of configuration, to be read and added."""
        bands = ", ".join(
            f"{low}-{high} Hz {loss:.0f}" for (low, high), loss in zip(BANDS, self.bands, strict=True)
        )
        likely = (
            ", ".join(f"{country} ({share:.0%})" for country, share in self.countries[:3]) or "no country known"
        )
        lines = [
            f"# Line {name}, as measured. Tones like those of: {likely}.",
            f"# Echo return loss {self.return_loss:.0f} dB ({bands}): the impedance of the port fits {self.fit}.",
            f"# Noise {self.noise:.0f} dBm0.",
        ]
        if self.reverses:
            lines.append(f'# The exchange reverses polarity: answer = "polarity" belongs into [lines.{name}].')
        lines.append(f"[lines.{name}.tones]")
        for tone, measured in self.tones.items():
            heard = f"{measured.cycles} cycles" if measured.cycles else "steady"
            lines.append(f'{tone} = "{measured.text}"  # {measured.level:.0f} dBm0, {heard}')
        return "\n".join(lines) + "\n"


class LineLearner:
    """One line being learned.

    Args:
        busy: a number that is busy, such as the line's own.
        ring: a number that rings and is not answered; "" leaves ringback out.
        levels: dBm0 of the two tones of a digit.
    """

    def __init__(self, *, busy: str, ring: str = "", levels: tuple[float, float] = (-11.0, -9.0)) -> None:
        self.profile: LineProfile | None = None
        self._busy = busy
        self._ring = ring
        self._levels = levels
        self._commands: list[LineCommand] = []
        self._events: set[LineEventKind] = set()
        self._procedure = self._learn()
        self._out = next(self._procedure)

    def receive(self, event: LineEvent) -> None:
        """Take in what the line did.

        Raises:
            RemoteError: it has gone, or does not work its hook.
        """
        if event.kind in (LineEventKind.REMOVED, LineEventKind.ALARM, LineEventKind.FAILED):
            raise RemoteError(
                f"the line cannot be learned: its port says {event.kind.value}",
                Cause.DESTINATION_OUT_OF_ORDER,
                advice="Look at its plug and at its card.",
            )
        self._events.add(event.kind)

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
        if self._ring:
            yield from self._seize()
            yield from self._play(_silence(1.0))
            self._events.discard(LineEventKind.POLARITY)
            yield from self._dial(self._ring)
            tones["ring"] = measure((yield from self._play(_silence(RINGING))))
            yield from self._hang_up()
        whole, *bands = (_loss(probe, echo, quiet, *band) for band in ((300, 3300), *BANDS))
        self.profile = LineProfile(
            tones={name: tone for name, tone in tones.items() if tone is not None},
            reverses=LineEventKind.POLARITY in self._events,
            noise=level(quiet),
            return_loss=whole,
            bands=tuple(bands),
        )

    def _seize(self) -> Procedure:
        self._events.discard(LineEventKind.HOOKCOMPLETE)
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
