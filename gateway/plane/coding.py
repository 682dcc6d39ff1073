"""What a row's coding makes of octets and samples: the one place that knows each coding's numbers and states.

Coded audio is counted in ticks of the RTP clock, linear audio in samples at the row's rate. G.711 and L16 keep
nothing from packet to packet; G.722 and G.726 do, and so does a change of rate (coding 0 of a row is what comes in,
coding 1 what goes out). Nothing here allocates.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.codec.g722 import decode_g722, encode_g722, reset_g722
from gateway.media.codec.g726 import decode_g726, encode_g726, reset_g726
from gateway.media.compiled import stage
from gateway.plane.access import coding_at, row_at
from gateway.plane.convert import from_linear, to_linear
from gateway.plane.rates import narrow, widen
from gateway.plane.table import HISTORY, WIDE, Shared

__all__ = [
    "alike",
    "decode",
    "encode",
    "forget_codings",
    "in_rate",
    "is_plain",
    "is_streaming",
    "octets_in",
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
def octets_in(code: int, ticks: int) -> int:
    """Octets of payload that `ticks` take; an even number for G.726."""
    if code == 2 or code == 3:
        return 2 * ticks
    return ticks // 2 if code == _G726 or code == _AAL2 else ticks


@stage
def ticks_in(code: int, octets: int) -> int:
    """Ticks in `octets` of payload; -1 where they are no whole number."""
    if code == 2 or code == 3:
        return octets // 2 if octets % 2 == 0 else -1
    return 2 * octets if code == _G726 or code == _AAL2 else octets


@stage
def forget_codings(t: Shared, i: int) -> None:
    """Row `i` begins anew, both ways."""
    for k in range(2):
        coding = coding_at(t, i + k * t["row_count"])
        reset_g722(coding["g722"])
        reset_g726(coding["g726"])
        for n in range(HISTORY):
            coding["history"][n] = 0


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
        decode_g722(coding_at(t, i)["g722"], packet, start, octets, out)
        return 2 * octets
    if code == _G726 or code == _AAL2:
        if code == _AAL2:
            _swap(packet, start, octets)
        decode_g726(coding_at(t, i)["g726"], packet, start, octets, out)
        if code == _AAL2:
            _swap(packet, start, octets)
        return 2 * octets
    count = ticks_in(code, octets)
    to_linear(t, packet, start, code, out, count)
    return count


@stage
def encode(t: Shared, i: int, samples: NDArray[np.int16], count: int, start: int) -> int:
    """Encode `count` samples at the rate of row `i` into `t["out"][start:]`; returns the ticks."""
    code = row_at(t, i)["encoding"]
    out = t["out"]
    if code == _G722:
        encode_g722(coding_at(t, t["row_count"] + i)["g722"], samples, count, out, start)
        return count // 2
    if code == _G726 or code == _AAL2:
        encode_g726(coding_at(t, t["row_count"] + i)["g726"], samples, count, out, start)
        if code == _AAL2:
            _swap(out, start, count // 2)
        return count
    from_linear(t, samples, count, code, out, start)
    return count


@stage
def in_rate(t: Shared, i: int, samples: NDArray[np.int16], count: int, rate: int) -> NDArray[np.int16]:
    """`count` samples at `rate` as samples at the rate of row `i`, to which they are to go."""
    row = row_at(t, i)
    if row["rate"] == rate:
        return samples
    changed: NDArray[np.int16] = t["changed"][:]
    coding = coding_at(t, t["row_count"] + i)
    if rate == WIDE:
        narrow(t, coding, samples, count, changed)
    else:
        widen(t, coding, samples, count, changed)
    return changed
