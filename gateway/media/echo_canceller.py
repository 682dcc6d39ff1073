"""A line echo canceller after ITU-T G.168, as a compiled stage: what was sent to a line and came back is taken out.

In go frames of 160 samples (20 ms at 8000 Hz), what was sent and what came in; out comes what came in without the
echo. All state is one record that the caller owns, so the stage allocates nothing and runs without the
interpreter lock.

How: the echo path is a filter in the frequency domain, in partitions of 40 ms (overlap and save, 512 samples).
Each bin of each partition is followed by a Kalman filter whose gain is known, at every moment, from how uncertain
the path still is and from how loud everything is that is no echo (Enzner and Vary, Signal Processing 86, 2006;
Kuech, Mabande and Enzner, ICASSP 2014). That makes it fast on speech, where a plain NLMS is slow, and it holds
still by itself when both sides talk: no detector of double talk has to decide first. Each frame is used twice until
the path is known. Two things are watched besides: a filter that makes matters worse begins anew (the path has
changed), and one whose residue still resembles its echo is made uncertain again.

What is left goes to the suppressor of `gateway.media.echo_suppressor`. Answer tone, from either side, turns the
suppressor off; with phase reversals it turns the canceller off as well, until both sides are silent (G.168 7).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.media import answer_tone as answer_tones
from gateway.media import echo_suppressor, spectrum
from gateway.media.answer_tone import ANSWER_TONE_STATE, NONE, REVERSING, answer_tone
from gateway.media.compiled import checksum
from gateway.media.echo_suppressor import SUPPRESSOR_STATE, suppress
from gateway.media.level import peak
from gateway.media.spectrum import BINS, LENGTH, SPECTRUM_SCRATCH, from_spectrum, to_spectrum

__all__ = [
    "ECHO_SCRATCH",
    "ECHO_STATE",
    "MAX_PARTITIONS",
    "EchoCanceller",
    "cancel_echo",
    "partitions",
    "return_loss",
]

FRAME: Final = 160
_PARTITION: Final = 320
"""Taps of a partition, two frames."""
MAX_PARTITIONS: Final = 4
"""160 ms: a tail of 128 ms, and what a device holds back."""
_FLAT_DELAY: Final = 16.0
"""Milliseconds by which a device may hold back what was written: they are added to the tail."""

_SPECTRA: Final = 2 * MAX_PARTITIONS - 1
_VALID: Final = LENGTH - FRAME
"""The last 160 samples of a filtered block are right, the others have wrapped around."""
_SHARE: Final = np.float32(FRAME / LENGTH)
_CAUTION: Final = np.float32(0.6)
"""What a bin is taken to explain of a block. By the theory it is `_SHARE`, but neighbouring bins and partitions
are not independent of each other; with twice that it converges faster, and never overshoots."""
_UNCERTAIN: Final = np.float32(0.5)
"""Variance of each bin of an unknown path: that of a hybrid with 6 dB of return loss (G.168 6.2), and some more."""
_MEMORY: Final = np.float32(0.999)
"""Of the path, from frame to frame: it drifts with the temperature, not faster."""
_SMOOTH: Final = np.float32(0.8)
_FRESH: Final = np.float32(0.2)
_LEAST: Final = np.float32(0.5)
"""Added to the noise: a thousandth of a sample step, so that nothing is divided by zero."""
_KNOWN: Final = 0.01
"""Residue, as a part of what came in, below which a frame is used once."""
_QUIET: Final = float(FRAME * peak(-55.0) ** 2 / 2)
"""Energy of a frame from which nothing is learned."""
_WORSE: Final = 1.3
_WORSE_FRAMES: Final = 3.0
"""Frames in which the filter made it louder by more than 1 dB, after which it begins anew."""
_LOUDEST_FADES: Final = 0.8
"""A frame is compared with the loudest of late: an echo may end within it, its estimate a little later."""
_RESEMBLES: Final = 0.3
"""Of the estimated echo, what the residue may still hold."""
_RELEASE: Final = 13
"""Frames (260 ms) of silence on both sides that end the disabling (G.168 7.4: 250 ms, 150 more or less)."""
_SILENT: Final = float(FRAME * peak(-36.0) ** 2 / 2)

ECHO_STATE: Final = np.dtype(
    [
        ("partitions", np.int64),  # 0: off
        ("newest", np.int64),  # which of the spectra is the newest
        ("history", np.float32, LENGTH),  # the latest of what was sent
        ("spectra_re", np.float32, (_SPECTRA, BINS)),
        ("spectra_im", np.float32, (_SPECTRA, BINS)),
        ("path_re", np.float32, (MAX_PARTITIONS, BINS)),
        ("path_im", np.float32, (MAX_PARTITIONS, BINS)),
        ("variance", np.float32, (MAX_PARTITIONS, BINS)),  # of the path's error
        ("noise", np.float32, BINS),  # power of all that is no echo
        ("loudest", np.float64),  # energy of the loudest frame that came in of late
        ("worse", np.float64),  # frames that the filter made louder
        ("resembling", np.float64),
        ("echo", np.float64),
        ("disabled", np.int64),
        ("silence", np.int64),
        ("sent_tone", ANSWER_TONE_STATE),
        ("heard_tone", ANSWER_TONE_STATE),
        ("suppressor", SUPPRESSOR_STATE),
        ("sent_power", np.float64),  # smoothed energies of a frame: what was sent, came in, and is left of it
        ("heard_power", np.float64),
        ("left_power", np.float64),
    ],
    align=True,
)
"""State of one canceller; zeros are one that is off. Set `partitions` to begin."""

ECHO_SCRATCH: Final = np.dtype(
    [
        ("spectrum", SPECTRUM_SCRATCH),
        ("block", np.float32, LENGTH),
        ("estimate", np.float32, FRAME),
        ("residue", np.float32, FRAME),
        ("first_residue", np.float32, FRAME),
        ("re", np.float32, BINS),
        ("im", np.float32, BINS),
        ("error_re", np.float32, BINS),
        ("error_im", np.float32, BINS),
        ("power", np.float32, BINS + 2),
        ("total", np.float32, BINS),
    ],
    align=True,
)
"""Where a frame is worked on; one serves any number of cancellers, one after the other."""


def partitions(tail: int) -> int:
    """How many partitions cover an echo path of `tail` milliseconds."""
    return min(MAX_PARTITIONS, math.ceil((tail + _FLAT_DELAY) * 8 / _PARTITION))


@njit(nogil=True, fastmath=True)
def _energy(samples: NDArray[np.float32]) -> float:
    total = np.float32(0)
    for k in range(FRAME):
        total += samples[k] * samples[k]
    return float(total)


@njit(nogil=True, fastmath=True)
def _filter(state: Any, scratch: Any, heard: NDArray[np.int16]) -> None:
    """Estimate the echo in `heard`, and what is left without it."""
    re, im = scratch["re"], scratch["im"]
    for k in range(BINS):
        re[k] = np.float32(0)
        im[k] = np.float32(0)
    for partition in range(state["partitions"]):
        place = (state["newest"] + 2 * partition) % _SPECTRA
        xr, xi = state["spectra_re"][place], state["spectra_im"][place]
        wr, wi = state["path_re"][partition], state["path_im"][partition]
        for k in range(BINS):
            re[k] += xr[k] * wr[k] - xi[k] * wi[k]
            im[k] += xr[k] * wi[k] + xi[k] * wr[k]
    from_spectrum(scratch["spectrum"], re, im, scratch["block"])
    block, estimate, residue = scratch["block"], scratch["estimate"], scratch["residue"]
    for k in range(FRAME):
        estimate[k] = block[_VALID + k]
        residue[k] = np.float32(heard[k]) - estimate[k]


@njit(nogil=True, fastmath=True)
def _measure_noise(state: Any, scratch: Any, again: bool) -> None:
    """The spectrum of the residue, and by it the power of what is no echo."""
    block, residue = scratch["block"], scratch["residue"]
    for k in range(_VALID):
        block[k] = np.float32(0)
    for k in range(FRAME):
        block[_VALID + k] = residue[k]
    er, ei = scratch["error_re"], scratch["error_im"]
    to_spectrum(scratch["spectrum"], block, er, ei)
    power, noise = scratch["power"], state["noise"]
    for k in range(BINS):
        power[k + 1] = er[k] * er[k] + ei[k] * ei[k]
    power[0], power[BINS + 1] = power[2], power[BINS - 1]
    for k in range(BINS):
        smooth = np.float32(0.25) * (power[k] + power[k + 2]) + np.float32(0.5) * power[k + 1]
        value = _SMOOTH * noise[k] + _FRESH * smooth
        noise[k] = min(value, noise[k]) if again else value


@njit(nogil=True, fastmath=True)
def _learn(state: Any, scratch: Any, memory: np.float32) -> None:
    """Correct the path by the residue: a Kalman step in each bin of each partition."""
    er, ei = scratch["error_re"], scratch["error_im"]
    total, noise = scratch["total"], state["noise"]
    for k in range(BINS):
        total[k] = noise[k] / _SHARE + _LEAST
    for partition in range(state["partitions"]):
        place = (state["newest"] + 2 * partition) % _SPECTRA
        xr, xi = state["spectra_re"][place], state["spectra_im"][place]
        variance = state["variance"][partition]
        for k in range(BINS):
            total[k] += _CAUTION * (xr[k] * xr[k] + xi[k] * xi[k]) * variance[k]
    re, im, block = scratch["re"], scratch["im"], scratch["block"]
    for partition in range(state["partitions"]):
        place = (state["newest"] + 2 * partition) % _SPECTRA
        xr, xi = state["spectra_re"][place], state["spectra_im"][place]
        wr, wi = state["path_re"][partition], state["path_im"][partition]
        variance = state["variance"][partition]
        for k in range(BINS):
            gain = variance[k] / total[k]
            re[k] = gain * (xr[k] * er[k] + xi[k] * ei[k])
            im[k] = gain * (xr[k] * ei[k] - xi[k] * er[k])
            variance[k] *= memory * (np.float32(1) - _SHARE * gain * (xr[k] * xr[k] + xi[k] * xi[k]))
        # A partition holds 320 taps: what the correction has beyond them is an artefact of the block.
        from_spectrum(scratch["spectrum"], re, im, block)
        for k in range(_PARTITION, LENGTH):
            block[k] = np.float32(0)
        to_spectrum(scratch["spectrum"], block, re, im)
        for k in range(BINS):
            wr[k] += re[k]
            wi[k] += im[k]
            variance[k] += (np.float32(1) - memory) * (wr[k] * wr[k] + wi[k] * wi[k])


@njit(nogil=True)
def _forget_path(state: Any) -> None:
    for partition in range(state["partitions"]):
        for k in range(BINS):
            state["path_re"][partition][k] = np.float32(0)
            state["path_im"][partition][k] = np.float32(0)
            state["variance"][partition][k] = _UNCERTAIN
    state["worse"] = 0.0
    state["resembling"] = 0.0
    state["echo"] = 0.0


@njit(nogil=True)
def _watch(state: Any, scratch: Any, before: float, after: float) -> bool:
    """See whether the path is still the one that was learned; False where it has to be learned anew.

    Args:
        before, after: energy of the frame as it came in, and of the residue.
    """
    state["loudest"] = max(before, _LOUDEST_FADES * state["loudest"])
    if after > _WORSE * state["loudest"] and after > _QUIET:
        state["worse"] += 1.0
    else:
        state["worse"] = max(0.0, state["worse"] - 0.3)
    if state["worse"] >= _WORSE_FRAMES:
        _forget_path(state)
        return False
    echo = _energy(scratch["estimate"])
    if echo < _QUIET:
        return True
    resembling = np.float32(0)
    for k in range(FRAME):
        resembling += scratch["residue"][k] * scratch["estimate"][k]
    state["resembling"] = 0.9 * state["resembling"] + 0.1 * resembling
    state["echo"] = 0.9 * state["echo"] + 0.1 * echo
    share = np.float32(state["resembling"] / state["echo"])
    if abs(share) > _RESEMBLES:
        for partition in range(state["partitions"]):
            for k in range(BINS):
                wr, wi = state["path_re"][partition][k], state["path_im"][partition][k]
                doubt = share * share * (wr * wr + wi * wi)
                state["variance"][partition][k] = max(state["variance"][partition][k], doubt)
    return True


@njit(nogil=True)
def _disable(state: Any, sent: NDArray[np.int16], heard: NDArray[np.int16], loudest: float) -> int:
    """Listen for answer tone on both sides; what they say together, and until when it holds."""
    tone = max(answer_tone(state["sent_tone"], sent), answer_tone(state["heard_tone"], heard))
    state["disabled"] = max(state["disabled"], tone)
    if state["disabled"] == NONE:
        return NONE
    state["silence"] = state["silence"] + 1 if loudest < _SILENT else 0
    if state["silence"] >= _RELEASE:
        state["disabled"] = NONE
        state["silence"] = 0
    return int(state["disabled"])


@njit(nogil=True)
def _cancel(state: Any, scratch: Any, sent: NDArray[np.int16], heard: NDArray[np.int16]) -> None:
    history = state["history"]
    if state["echo"] == 0.0 and state["variance"][0][0] == np.float32(0):
        _forget_path(state)
    for k in range(_VALID):
        history[k] = history[k + FRAME]
    before = far = 0.0
    for k in range(FRAME):
        history[_VALID + k] = sent[k]
        far += float(sent[k]) * float(sent[k])
        before += float(heard[k]) * float(heard[k])
    state["newest"] = (state["newest"] + _SPECTRA - 1) % _SPECTRA
    newest = state["newest"]
    to_spectrum(scratch["spectrum"], history, state["spectra_re"][newest], state["spectra_im"][newest])
    disabled = _disable(state, sent, heard, max(before, far))
    if disabled == REVERSING:
        return
    _filter(state, scratch, heard)
    first = scratch["first_residue"]
    for k in range(FRAME):
        first[k] = scratch["residue"][k]
    after = _energy(first)
    echo = _energy(scratch["estimate"])
    state["sent_power"] = 0.95 * state["sent_power"] + 0.05 * far
    if state["sent_power"] > _QUIET:
        sure = _watch(state, scratch, before, after)
        if not sure:
            _filter(state, scratch, heard)
            for k in range(FRAME):
                first[k] = scratch["residue"][k]
            after, echo = before, 0.0
            state["suppressor"]["leak"] = 0.0
        _measure_noise(state, scratch, False)
        _learn(state, scratch, _MEMORY)
        if after > _KNOWN * before:
            _filter(state, scratch, heard)
            _measure_noise(state, scratch, True)
            _learn(state, scratch, np.float32(1))
        if far > _SILENT:
            state["heard_power"] = 0.95 * state["heard_power"] + 0.05 * before
            state["left_power"] = 0.95 * state["left_power"] + 0.05 * after
    suppress(state["suppressor"], first, far, echo, after, disabled == NONE)
    for k in range(FRAME):
        heard[k] = np.int16(max(-32768.0, min(32767.0, np.rint(first[k]))))


def _entry(fingerprint: int) -> Callable[[Any, Any, NDArray[np.int16], NDArray[np.int16]], int]:
    @njit(nogil=True, cache=True)
    def cancel_echo(state: Any, scratch: Any, sent: NDArray[np.int16], heard: NDArray[np.int16]) -> int:
        """Take the echo of what was sent out of a frame that came in, in place.

        Args:
            state: a record of ECHO_STATE.
            scratch: a record of ECHO_SCRATCH.
            sent: 160 samples that went out; their echo is sought in `heard` from its first sample on.
            heard: 160 samples that came in.
        """
        _cancel(state, scratch, sent, heard)
        return fingerprint

    return cast(Callable[[Any, Any, NDArray[np.int16], NDArray[np.int16]], int], cancel_echo)


SOURCES: Final = tuple(
    Path(file) for file in (__file__, answer_tones.__file__, echo_suppressor.__file__, spectrum.__file__)
)
"""All that is compiled into it."""

cancel_echo: Final = _entry(checksum(SOURCES))


def return_loss(state: Any) -> tuple[float, float] | None:
    """What the line gives back, of late: dB by which the echo is weaker than what was sent, and dB by which the
    filter has lowered it; None until enough has been sent to tell."""
    sent, heard, left = (float(state[name]) for name in ("sent_power", "heard_power", "left_power"))
    if heard <= 0 or left <= 0 or sent <= 0:
        return None
    return 10 * math.log10(sent / heard), 10 * math.log10(heard / left)


class EchoCanceller:
    """A canceller for callers outside the media plane.

    Args:
        tail: milliseconds of the longest echo path, 16 to 128.
        suppress: whether what the filter leaves is suppressed.
    """

    def __init__(self, tail: int = 64, *, suppress: bool = True) -> None:
        self._state: NDArray[np.void] = np.zeros(1, ECHO_STATE)
        self._scratch: NDArray[np.void] = np.zeros(1, ECHO_SCRATCH)
        self._state[0]["partitions"] = partitions(tail)
        self._state[0]["suppressor"]["off"] = int(not suppress)

    @property
    def disabled(self) -> bool:
        """Whether a modem's answer tone has turned it off."""
        return bool(self._state[0]["disabled"] == REVERSING)

    def feed(self, sent: Samples, heard: Samples) -> Samples:
        """Whole frames of 160 samples, what was sent and what came in: the latter without echo."""
        clean = np.array(heard, np.int16)
        for start in range(0, len(clean) - FRAME + 1, FRAME):
            piece = np.ascontiguousarray(sent[start : start + FRAME], np.int16)
            cancel_echo(self._state[0], self._scratch[0], piece, clean[start : start + FRAME])
        return clean
