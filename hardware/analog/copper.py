"""What a line does to speech on its way: loss, noise, hum, clicks, a shifted frequency, and what it throws back.

A `Fault` says what is wrong with a line, by numbers that a maintenance engineer would measure; a `Copper` does
it to frames of 160 samples. The same seed makes the same noise. Nothing here knows of hooks or voltages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.core.errors import LocalError
from gateway.media.level import peak

__all__ = ["SOUND", "Copper", "Fault", "fault_of", "hybrid", "with_echo"]

FRAME: Final = 160
RATE: Final = 8000
MAX_ECHO: Final = 2048
"""Samples of an echo path, 256 ms: longer than any canceller's tail."""
_CLICK: Final = 24
"""Samples of a click, 3 ms."""
_SHIFTER: Final = 129
"""Taps of the Hilbert filter that shifts frequencies; 8 ms of delay."""

_SILENCE: Final = np.zeros(FRAME)

Signal = NDArray[np.float64]
Response = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line.

    Attributes:
        loss: dB of attenuation each way.
        noise: dBm0 of white noise at each end, or None.
        hum: dBm0 of mains hum at each end, or None; it has odd harmonics.
        mains: its frequency, Hz.
        clicks: a second, on average, as of a bad joint.
        click: dBm0 of the peak of one.
        shift: Hz by which frequencies are moved, as by an analogue carrier system.
        feeder_echo: impulse response by which the feeding end hears itself (samples at 8000 Hz).
        terminal_echo: that by which the terminal's end does.
        seed: of noise and clicks.
    """

    loss: float = 0.0
    noise: float | None = None
    hum: float | None = None
    mains: float = 50.0
    clicks: float = 0.0
    click: float = -6.0
    shift: float = 0.0
    feeder_echo: Response = ()
    terminal_echo: Response = ()
    seed: int = 1

    def __post_init__(self) -> None:
        if max(len(self.feeder_echo), len(self.terminal_echo)) > MAX_ECHO:
            raise LocalError(
                f"an echo path has at most {MAX_ECHO} samples (256 ms); cut it off behind its last echo"
            )
        if not 0 <= self.clicks <= 100 or not 0 < self.mains < RATE / 8 or abs(self.shift) > 100:
            raise LocalError("clicks are 0 to 100 a second, mains below 1000 Hz, a shift at most 100 Hz either way")


SOUND: Final = Fault()
"""Nothing is wrong."""


def hybrid(loss: float = 11.0, *, delay: float = 2.0, dispersion: float = 8.0, seed: int = 1) -> Response:
    """The impulse response of a two-wire to four-wire hybrid, in the manner of ITU-T G.168 annex D: a flat delay,
    then a dispersion in the band of a telephone line that dies away.

    Args:
        loss: dB by which noise comes back weaker (echo return loss).
        delay: milliseconds before it.
        dispersion: milliseconds that it lasts.
        seed: one of any number of hybrids.
    """
    length = max(8, round(dispersion * 8))
    chance = np.random.default_rng(seed)
    shape = chance.normal(size=length) * np.exp(-np.arange(length) * 5 / length)
    spectrum = np.fft.rfft(shape, 4 * length)
    frequency = np.fft.rfftfreq(4 * length, 1 / RATE)
    band = (frequency / 200) ** 4 / (1 + (frequency / 200) ** 4) / (1 + (frequency / 3500) ** 16)
    response = np.fft.irfft(spectrum * band)[:length]
    response *= 10 ** (-loss / 20) / np.sqrt(np.sum(response**2))
    return (0.0,) * round(delay * 8) + tuple(float(value) for value in response)


_NUMBERS: Final = frozenset(("loss", "noise", "hum", "mains", "clicks", "click", "shift"))
_ECHO: Final = frozenset(("echo", "delay"))


def fault_of(numbers: Mapping[str, float], *, beside: Collection[str] = ()) -> Fault:
    """A fault written as numbers by name: those of `Fault`, and `echo` with `delay` for both hybrids.

    Args:
        numbers: "noise" -45.0, …; "echo" is the return loss in dB, "delay" milliseconds before it.
        beside: names of faults that the copper has nothing to do with, for the error alone.

    Raises:
        LocalError: a name that there is not, or a number that no line has.
    """
    wrong = sorted(set(numbers) - _NUMBERS - _ECHO)
    if wrong:
        known = ", ".join(sorted({*_NUMBERS, *_ECHO, *beside}))
        raise LocalError(f"a line has no fault {wrong[0]!r}; there are: {known}")
    if not all(-200.0 <= value <= 200.0 for value in numbers.values()):
        raise LocalError("the numbers of a fault are between -200 and 200")
    echo: Response = ()
    if "echo" in numbers:
        echo = hybrid(numbers["echo"], delay=max(0.0, numbers.get("delay", 4.0)))
    plain: dict[str, Any] = {name: value for name, value in numbers.items() if name in _NUMBERS}
    return Fault(**plain, feeder_echo=echo, terminal_echo=echo)


def with_echo(fault: Fault, response: Samples) -> Fault:
    """The same line with an echo path at both ends.

    Args:
        response: its impulse response at 8000 Hz; full scale is an echo as loud as what made it.

    Raises:
        LocalError: it is longer than any echo path.
    """
    taps = tuple(float(value) / 32768 for value in response)
    return replace(fault, feeder_echo=taps, terminal_echo=taps)


class Copper:
    """One direction of a line: what goes in at one end comes out at the other.

    Args:
        fault: what is wrong with it.
        echo: by which the end that listens hears itself.
        side: 0 or 1; each direction has noise of its own.

    Attributes:
        perfect: nothing is changed at all, so that a frame may pass as it is.
    """

    def __init__(self, fault: Fault, echo: Response, side: int) -> None:
        self._fault = fault
        self.perfect: Final = fault == SOUND
        self._gain = 10 ** (-fault.loss / 20)
        self._echo: Signal = np.array(echo, np.float64)
        self._said: Signal = np.zeros(max(0, len(echo) - 1))
        self._chance = np.random.default_rng((fault.seed, side))
        self._time = 0
        self._click: Signal = np.zeros(0)
        self._shifted: Signal = np.zeros(_SHIFTER - 1)

    def carry(self, frame: Samples | None, own: Samples | None) -> Samples:
        """20 ms.

        Args:
            frame: what the far end sends, None for silence.
            own: what the end that listens sends meanwhile.
        """
        total: Signal = np.asarray(_SILENCE if frame is None else frame, np.float64) * self._gain
        if self._fault.shift:
            total = self._moved(total)
        if len(self._echo):
            said = np.concatenate([self._said, np.zeros(FRAME) if own is None else own])
            self._said = said[FRAME:]
            total = total + np.convolve(said, self._echo, mode="valid")
        total = total + self._disturbance()
        self._time += FRAME
        heard: Samples = np.clip(np.rint(total), -32768, 32767).astype(np.int16)
        return heard

    def _disturbance(self) -> Signal:
        fault = self._fault
        total = np.zeros(FRAME)
        if fault.noise is not None:
            total += self._chance.normal(scale=peak(fault.noise) / np.sqrt(2), size=FRAME)
        if fault.hum is not None:
            turns = fault.mains * (self._time + np.arange(FRAME)) / RATE
            for harmonic in (1, 3, 5):
                total += peak(fault.hum) / 1.073 * np.sin(2 * np.pi * turns * harmonic) / harmonic
        if fault.clicks:
            total += self._clicks()
        return total

    def _clicks(self) -> Signal:
        if self._chance.random() < self._fault.clicks * FRAME / RATE:
            at = int(self._chance.integers(0, FRAME))
            click = np.exp(-np.arange(_CLICK) / 4) * np.cos(np.arange(_CLICK)) * peak(self._fault.click)
            self._click = np.concatenate([np.zeros(at), click])
        now = np.zeros(FRAME)
        part = self._click[:FRAME]
        now[: len(part)] = part
        self._click = self._click[FRAME:]
        return now

    def _moved(self, frame: Signal) -> Signal:
        """Single-sideband modulation: the analytic signal, turned."""
        signal = np.concatenate([self._shifted, frame])
        self._shifted = signal[FRAME:]
        delayed = signal[_SHIFTER // 2 : _SHIFTER // 2 + FRAME]
        quadrature = np.convolve(signal, _HILBERT, mode="valid")
        turn = 2 * np.pi * self._fault.shift * (self._time + np.arange(FRAME)) / RATE
        moved: Signal = delayed * np.cos(turn) - quadrature * np.sin(turn)
        return moved


def _hilbert() -> Signal:
    place = np.arange(_SHIFTER) - _SHIFTER // 2
    odd = place % 2 != 0
    taps = np.zeros(_SHIFTER)
    taps[odd] = 2 / (np.pi * place[odd])
    windowed: Signal = taps * np.hamming(_SHIFTER)
    return windowed


_HILBERT: Final = _hilbert()
