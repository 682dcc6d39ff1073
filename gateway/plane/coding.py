"""What a row's coding makes of octets and samples: the one place that knows each coding's numbers and states.

Coded audio is counted in ticks of the RTP clock, linear audio in samples at the row's rate. G.711 and L16 keep
nothing from packet to packet; G.722 and G.726 do, and so does a change of rate (coding 0 of a row is what comes in,
coding 1 what goes out). Codings of whole frames are worked by coders outside the loop (framed.py): samples wait for
their packet, and are coded when there are enough of them. Nothing here allocates.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.codec.g722 import decode_g722, encode_g722, reset_g722
from gateway.media.codec.g726 import decode_g726, encode_g726, reset_g726
from gateway.media.compiled import stage
from gateway.plane.access import coding_at, pending_of, row_at
from gateway.plane.convert import from_linear, to_linear
from gateway.plane.framed import decode_frames, encode_frames, ticks_of_frames
from gateway.plane.libc import memmove
from gateway.plane.rates import narrow, widen
from gateway.plane.table import GSM, HISTORY, WIDE, Shared

__all__ = [
    "alike",
    "decode",
    "encode",
    "encode_pending",
    "forget_codings",
    "in_rate",
    "is_framed",
    "is_plain",
    "is_streaming",
    "keeper_of",
    "octets_waiting",
    "payload_ticks",
    "ticks_in",
]

_G722: Final = 4
_G726: Final = 5
_AAL2: Final = 6
_RATE: Final = 8000


@stage
def is_streaming(code: int) -> bool:
    """Whether packets make sense only one after the other."""
    return code >= _G722


@stage
def is_framed(code: int) -> bool:
    """Whether it codes whole frames, by a coder outside the loop."""
    return code >= GSM


@stage
def is_plain(t: Shared, i: int) -> bool:
    """Whether the samples of row `i` can be recoded one by one: G.711, or L16 at 8000 Hz."""
    return bool(row_at(t, i)["encoding"] < _G722 and row_at(t, i)["rate"] == _RATE)


@stage
def alike(t: Shared, i: int, j: int) -> bool:
    """Whether packets of row `i` can go on to row `j` sample by sample, or untouched."""
    first, second = row_at(t, i), row_at(t, j)
    same = first["encoding"] == second["encoding"] and first["clock"] == second["clock"]
    return bool(same or (is_plain(t, i) and is_plain(t, j)))


@stage
def octets_waiting(t: Shared, i: int, ticks: int) -> int:
    """Octets that `ticks` take while they wait in row `i` for their packet: as in it, or samples of frames."""
    row = row_at(t, i)
    code = row["encoding"]
    if is_framed(code):
        return int(2 * (ticks * row["rate"] // row["clock"]))
    if code == 2 or code == 3:
        return 2 * ticks
    return ticks // 2 if code == _G726 or code == _AAL2 else ticks


@stage
def ticks_in(code: int, octets: int) -> int:
    """Ticks in `octets` of payload that is no frames; -1 where they are no whole number."""
    if code == 2 or code == 3:
        return octets // 2 if octets % 2 == 0 else -1
    return 2 * octets if code == _G726 or code == _AAL2 else octets


@stage
def payload_ticks(t: Shared, i: int, start: int, octets: int) -> int:
    """Ticks in the payload at `t["packet"][start:]`, as row `i` has it; -1 where it makes no sense."""
    code = row_at(t, i)["encoding"]
    if is_framed(code):
        return ticks_of_frames(code, t["packet"], start, octets)
    return ticks_in(code, octets)


@stage
def forget_codings(t: Shared, i: int) -> None:
    """Row `i` begins anew, both ways."""
    for k in range(2):
        coding = coding_at(t, i + k * t["row_count"])
        if coding["begun"] != 0:
            coding["begun"] = 0


@stage
def keeper_of(t: Shared, index: int) -> Any:
    """What coding `index` keeps of its stream; most rows keep nothing."""
    coding = coding_at(t, index)
    if coding["begun"] == 0:
        coding["begun"] = 1
        reset_g722(coding["g722"])
        reset_g726(coding["g726"])
        for n in range(HISTORY):
            coding["history"][n] = 0
    return coding


@stage
def _swap(data: NDArray[np.uint8], start: int, octets: int) -> None:
    """The other order of codes in an octet (RFC 3551 4.5.4: AAL2 begins with the upper bits)."""
    for k in range(start, start + octets):
        data[k] = ((int(data[k]) << 4) | (int(data[k]) >> 4)) & 0xFF


@stage
def decode(t: Shared, i: int, start: int, octets: int) -> int:
    """Decode the payload at `t["packet"][start:]` that came in on row `i`.

    Returns:
        The number of samples, in `t["wide"]` for a row of 16000 Hz, else in `t["linear"]`.
    """
    row = row_at(t, i)
    code = row["encoding"]
    packet = t["packet"]
    out = t["wide"][:] if row["rate"] == WIDE else t["linear"][:]
    if code == _G722:
        decode_g722(keeper_of(t, i)["g722"], packet, start, octets, out)
        return 2 * octets
    if code == _G726 or code == _AAL2:
        if code == _AAL2:
            _swap(packet, start, octets)
        decode_g726(keeper_of(t, i)["g726"], packet, start, octets, out)
        if code == _AAL2:
            _swap(packet, start, octets)
        return 2 * octets
    if is_framed(code):
        return decode_frames(t, i, start, octets, out)
    count = ticks_in(code, octets)
    to_linear(t, packet, start, code, out, count)
    return count


@stage
def encode(t: Shared, i: int, samples: NDArray[np.int16], count: int, start: int) -> int:
    """Encode `count` samples at the rate of row `i` into `t["out"][start:]`; returns the ticks.

    Of a coding of whole frames the samples themselves go there, for `encode_pending`.
    """
    code = row_at(t, i)["encoding"]
    out = t["out"]
    if code == _G722:
        encode_g722(keeper_of(t, t["row_count"] + i)["g722"], samples, count, out, start)
        return count // 2
    if code == _G726 or code == _AAL2:
        encode_g726(keeper_of(t, t["row_count"] + i)["g726"], samples, count, out, start)
        if code == _AAL2:
            _swap(out, start, count // 2)
        return count
    if is_framed(code):
        row = row_at(t, i)
        memmove(out.ctypes.data + start, samples.ctypes.data, 2 * count)
        return int(count * row["clock"] // row["rate"])
    from_linear(t, samples, count, code, out, start)
    return count


@stage
def encode_pending(t: Shared, i: int, ticks: int, start: int) -> int:
    """Write the payload of the first `ticks` that wait in row `i` to `t["out"][start:]`; returns its octets."""
    row = row_at(t, i)
    code = row["encoding"]
    waiting = pending_of(t, i).ctypes.data
    if is_framed(code):
        return encode_frames(t, i, waiting, ticks * row["rate"] // row["clock"], start)
    octets = octets_waiting(t, i, ticks)
    memmove(t["out"].ctypes.data + start, waiting, octets)
    return octets


@stage
def in_rate(t: Shared, i: int, samples: NDArray[np.int16], count: int, rate: int) -> NDArray[np.int16]:
    """`count` samples at `rate` as samples at the rate of row `i`, to which they are to go."""
    row = row_at(t, i)
    if row["rate"] == rate:
        return samples
    changed: NDArray[np.int16] = t["changed"][:]
    coding = keeper_of(t, t["row_count"] + i)
    if rate == WIDE:
        narrow(t, coding, samples, count, changed)
    else:
        widen(t, coding, samples, count, changed)
    return changed
