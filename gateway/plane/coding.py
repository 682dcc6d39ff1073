"""What a row's coding makes of octets and samples: the one place that knows each coding's numbers and states.

Coded audio is counted in ticks of the RTP clock, linear audio in samples at the row's rate. G.711 and L16 keep
nothing from packet to packet; G.722 does, and so does a change of rate or clock (coding 0 of a row is what comes
in, coding 1 what goes out). Codings of which a packet is coded as a whole are in framed.py: samples wait for their
packet, and are coded when there are enough of them. Nothing here allocates.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.codec.g722 import decode_g722, encode_g722
from gateway.media.compiled import stage
from gateway.plane.access import pending_of, row_at
from gateway.plane.codes import FRAMED, G722
from gateway.plane.convert import from_linear, to_linear
from gateway.plane.framed import decode_frames, encode_frames, ticks_of_frames
from gateway.plane.keeper import keeper_of
from gateway.plane.libc import memmove
from gateway.plane.rates import narrow, widen
from gateway.plane.reclock import from_clock, to_clock
from gateway.plane.table import WIDE, Shared

__all__ = [
    "alike",
    "decode",
    "encode",
    "encode_pending",
    "in_rate",
    "is_framed",
    "is_plain",
    "is_streaming",
    "octets_waiting",
    "payload_ticks",
    "ticks_in",
]

_RATE: Final = 8000


@stage
def is_streaming(code: int) -> bool:
    """Whether packets make sense only one after the other."""
    return code >= G722


@stage
def is_framed(code: int) -> bool:
    """Whether a packet is coded as a whole."""
    return code >= FRAMED


@stage
def is_plain(t: Shared, i: int) -> bool:
    """Whether the samples of row `i` can be recoded one by one: G.711, or L16 at 8000 Hz."""
    return bool(row_at(t, i)["encoding"] < G722 and row_at(t, i)["rate"] == _RATE)


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
    return 2 * ticks if code == 2 or code == 3 else ticks


@stage
def ticks_in(code: int, octets: int) -> int:
    """Ticks in `octets` of payload that is no frames; -1 where they are no whole number."""
    if code == 2 or code == 3:
        return octets // 2 if octets % 2 == 0 else -1
    return octets


@stage
def payload_ticks(t: Shared, i: int, start: int, octets: int) -> int:
    """Ticks in the payload at `t["packet"][start:]`, as row `i` has it; -1 where it makes no sense."""
    code = row_at(t, i)["encoding"]
    if is_framed(code):
        return ticks_of_frames(code, t["packet"], start, octets)
    return ticks_in(code, octets)


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
    if code == G722:
        decode_g722(keeper_of(t, i)["g722"], packet, start, octets, out)
        return 2 * octets
    if is_framed(code):
        return decode_frames(t, i, start, octets, out)
    count = ticks_in(code, octets)
    if row["clock"] > WIDE:
        to_linear(t, packet, start, code, t["linear"][:], count)
        return from_clock(t, keeper_of(t, i), row["clock"], t["linear"][:], count, out)
    to_linear(t, packet, start, code, out, count)
    return count


@stage
def encode(t: Shared, i: int, samples: NDArray[np.int16], count: int, start: int) -> int:
    """Encode `count` samples at the rate of row `i` into `t["out"][start:]`; returns the ticks.

    Where a packet is coded as a whole the samples themselves go there, for `encode_pending`. Of clocks above the
    rate no more than 20 ms have room there.
    """
    row = row_at(t, i)
    code = row["encoding"]
    out = t["out"]
    if code == G722:
        encode_g722(keeper_of(t, t["row_count"] + i)["g722"], samples, count, out, start)
        return count // 2
    if is_framed(code):
        memmove(out.ctypes.data + start, samples.ctypes.data, 2 * count)
        return int(count * row["clock"] // row["rate"])
    if row["clock"] > WIDE:
        made = to_clock(t, keeper_of(t, t["row_count"] + i), row["clock"], samples, count, t["work"][:])
        from_linear(t, t["work"][:], made, code, out, start)
        return made
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
