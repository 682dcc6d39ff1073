"""Codings of which a packet is coded as a whole: G.726 and DVI4, and whole frames by coders of libraries.

Those are GSM, G.723.1, G.729, Opus, iLBC, Speex and AMR (media/codec/libraries). A coder is a C function and what
it keeps, both by address; each library has its own order of arguments, and this is the one place that knows it.
Where a row's coder is not there yet, or a packet makes no sense to it, there is silence of the packet's length.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from gateway.media.codec.amr import amr_frames, decode_amr, encode_amr
from gateway.media.codec.dvi4 import DVI4_HEADER, decode_dvi4, encode_dvi4
from gateway.media.codec.g723 import decode_g723, encode_g723, g723_frames, g723_pauses
from gateway.media.codec.g726 import decode_g726, encode_g726
from gateway.media.codec.speex import decode_speex, encode_speex, speex_frames
from gateway.media.codec.state import G723_FRAME
from gateway.media.compiled import stage
from gateway.media.pointers import call_c, int16_at
from gateway.plane.access import coding_at, row_at
from gateway.plane.codes import (
    AMR,
    AMR_ALIGNED,
    AMR_WIDE,
    AMR_WIDE_ALIGNED,
    DVI4,
    G723,
    G729,
    GSM,
    ILBC_20,
    ILBC_30,
    OPUS,
    SPEEX,
    SPEEX_WIDE,
)
from gateway.plane.keeper import keeper_of
from gateway.plane.table import PACKET, Shared

__all__ = [
    "decode_frames",
    "encode_frames",
    "forget_coders",
    "pauses_after",
    "rests_after",
    "set_coders",
    "ticks_of_frames",
]

_GSM_OCTETS: Final = 33
_G729_OCTETS: Final = 10
_G729_NOISE: Final = 2
"""Octets of a frame that tells of comfort noise (annex B)."""
_OPUS_REST: Final = 2
"""Octets, at most, of a packet that is all that is sent of a pause (RFC 6716 3.1, RFC 7587 3.1.3: DTX)."""
_SPEEX_REST: Final = 6
"""Likewise: vocoder noise, of 43 bits, and 4 of a wide band (RFC 5574)."""
_AMR_REST: Final = 9
"""Likewise: SID and NO_DATA in 60 ms (RFC 4867 4.1); a frame of speech has at least 14."""
_LONGEST_OPUS: Final = 960
"""Samples in 60 ms at 16000 Hz."""


@stage
def _octets_of(code: int) -> int:
    """Octets of a frame that is always as long."""
    if code == GSM:
        return _GSM_OCTETS
    if code == G729:
        return _G729_OCTETS
    return 38 if code == ILBC_20 else 50


@stage
def _ticks_of(code: int) -> int:
    """Ticks, which are samples, of such a frame."""
    if code == G729:
        return 80
    return 240 if code == ILBC_30 else 160


@stage
def _opus_ticks(data: NDArray[np.uint8], start: int, octets: int) -> int:
    """Ticks, 48000 a second, that an Opus packet tells of in its first octets (RFC 6716 3.1, 3.2); -1 for none."""
    configuration = data[start] >> 3
    if configuration < 12:
        frame = (480, 960, 1920, 2880)[configuration & 3]
    elif configuration < 16:
        frame = 480 if configuration & 1 == 0 else 960
    else:
        frame = 120 << (configuration & 3)
    count = data[start] & 3
    if count == 0:
        return frame
    if count < 3:
        return 2 * frame
    return (data[start + 1] & 0x3F) * frame if octets > 1 else -1


@stage
def _bits_of(code: int) -> int:
    """Bits of a code of G.726."""
    return 2 + (code & 3)


@stage
def _is_high_first(code: int) -> bool:
    """Whether the earlier code is in the upper bits."""
    return code & 4 != 0


@stage
def _sample_ticks(code: int, octets: int) -> int:
    """Ticks, which are samples, of G.726 or DVI4; -1 where they are no whole number."""
    if code == DVI4:
        return 2 * (octets - DVI4_HEADER) if octets > DVI4_HEADER else -1
    bits = _bits_of(code)
    return 8 * octets // bits if 8 * octets % bits == 0 else -1


@stage
def _is_wide(code: int) -> bool:
    return code == SPEEX_WIDE or code == AMR_WIDE or code == AMR_WIDE_ALIGNED


@stage
def _is_aligned(code: int) -> bool:
    return code == AMR_ALIGNED or code == AMR_WIDE_ALIGNED


@stage
def ticks_of_frames(code: int, data: NDArray[np.uint8], start: int, octets: int) -> int:
    """Ticks of the frames in `data[start:start + octets]`, an octet or more; -1 where they are no whole number."""
    if code < GSM:
        return _sample_ticks(code, octets)
    if code == G723:
        frames = g723_frames(data, start, octets)
        return frames * G723_FRAME if frames > 0 else -1
    if code == OPUS:
        return _opus_ticks(data, start, octets)
    if code >= SPEEX:
        frames = (
            amr_frames(data, start, octets, _is_wide(code), _is_aligned(code))
            if code >= AMR
            else speex_frames(data, start, octets, _is_wide(code))
        )
        return frames * (320 if _is_wide(code) else 160) if frames > 0 else -1
    size = _octets_of(code)
    whole = octets // size
    rest = octets - whole * size
    if rest == 0:
        return whole * _ticks_of(code)
    return (whole + 1) * _ticks_of(code) if code == G729 and rest == _G729_NOISE else -1


@stage
def pauses_after(code: int, data: NDArray[np.uint8], start: int, octets: int) -> bool:
    """Whether a payload that has been counted says at its end that the speaker falls silent.

    That is annex A of G.723.1 and B of G.729: what has been decoded last is the noise that is then to be heard.
    """
    if code == G723:
        return g723_pauses(data, start, octets)
    return code == G729 and octets % _G729_OCTETS == _G729_NOISE


@stage
def rests_after(code: int, data: NDArray[np.uint8], start: int, octets: int) -> bool:
    """Whether a payload that has been counted may be the last one for long, since its speaker is said to be silent.

    That is what pauses, and what the discontinuous transmission (DTX) of others sends instead of speech.
    """
    if code == OPUS:
        return octets <= _OPUS_REST
    if code >= AMR:
        return octets <= _AMR_REST
    if code >= SPEEX:
        return octets <= _SPEEX_REST
    return bool(pauses_after(code, data, start, octets))


@stage
def set_coders(t: Shared, command: np.void, i: int) -> None:
    """Code by other coders what row `i` takes in and puts out; 0 for none. They are for `code` alone."""
    arguments = command["arguments"]
    for k in range(2):
        coding = coding_at(t, i + k * t["row_count"])
        coding["code"] = arguments[0]
        coding["function"] = arguments[1 + 2 * k]
        coding["coder"] = arguments[2 + 2 * k]


@stage
def forget_coders(t: Shared, i: int) -> None:
    """Row `i` has none."""
    for k in range(2):
        coding = coding_at(t, i + k * t["row_count"])
        if coding["function"] != 0:
            coding["function"] = 0


@stage
def decode_frames(t: Shared, i: int, start: int, octets: int, out: NDArray[np.int16]) -> int:
    """Decode the frames at `t["packet"][start:]` that came in on row `i`; returns the samples written to `out`."""
    row = row_at(t, i)
    coding = keeper_of(t, i)
    code = row["encoding"]
    count = ticks_of_frames(code, t["packet"], start, octets) * row["rate"] // row["clock"]
    data = t["packet"].ctypes.data + start
    if code == DVI4:
        return decode_dvi4(t["packet"], start, octets, out)
    if code < GSM:
        decode_g726(coding["g726"], _bits_of(code), _is_high_first(code), t["packet"], start, count, out)
        return int(count)
    if coding["code"] != code or coding["function"] == 0:
        _hush(out, 0, count)
        return int(count)
    function, coder = coding["function"], coding["coder"]
    if code == OPUS:
        made = call_c(function, coder, data, octets, out.ctypes.data, _LONGEST_OPUS, 0, 0)
        _hush(out, max(made, 0), count)
        return int(count)
    if code == G723:
        decode_g723(coder, t["packet"], start, count // G723_FRAME, out.ctypes.data)
        return int(count)
    if code >= AMR:
        decode_amr(coder, t["packet"], start, octets, _is_wide(code), _is_aligned(code), out.ctypes.data)
        return int(count)
    if code >= SPEEX:
        frame = 320 if code == SPEEX_WIDE else 160
        made = decode_speex(coder, data, octets, count // frame, frame, out.ctypes.data)
        _hush(out, made * frame, count)
        return int(count)
    size, frame = _octets_of(code), _ticks_of(code)
    for k in range(count // frame):
        source, target = data + k * size, out.ctypes.data + 2 * k * frame
        if code == GSM:
            made = call_c(function, coder, source, target, 0, 0, 0, 0)
            if made != 0:
                _hush(out, k * frame, (k + 1) * frame)
        elif code == G729:
            length = min(size, octets - k * size)
            call_c(function, coder, source, length, 0, 1 if length == _G729_NOISE else 0, 0, target)
        else:
            call_c(function, coder, source, size, target, t["frame_scratch"], 0, 0)
    return int(count)


@stage
def _hush(out: NDArray[np.int16], start: int, end: int) -> None:
    for k in range(start, end):
        out[k] = 0


@stage
def encode_frames(t: Shared, i: int, samples: int, count: int, start: int) -> int:
    """Encode `count` samples at the address `samples` into `t["out"][start:]`; returns the octets, 0 for nothing.

    What is not a whole number of frames is left out at the end.
    """
    row = row_at(t, i)
    coding = keeper_of(t, t["row_count"] + i)
    code = row["encoding"]
    if code < GSM:
        return _encode_samples(t, coding, code, samples, count, start)
    if coding["code"] != code or coding["function"] == 0:
        return 0
    function, coder = coding["function"], coding["coder"]
    out = t["out"].ctypes.data + start
    if code == OPUS:
        return int(max(call_c(function, coder, samples, count, out, PACKET // 2, 0, 0), 0))
    if code == G723:
        return encode_g723(coder, samples, count // G723_FRAME, out)
    if code >= SPEEX:
        frame = 320 if _is_wide(code) else 160
        if code >= AMR:
            return encode_amr(coder, samples, count // frame, _is_wide(code), _is_aligned(code), out)
        return encode_speex(coder, samples, count // frame, frame, out, PACKET // 2)
    size, frame = _octets_of(code), _ticks_of(code)
    whole = count // frame
    for k in range(whole):
        source, target = samples + 2 * k * frame, out + k * size
        if code == GSM:
            call_c(function, coder, source, target, 0, 0, 0, 0)
        elif code == G729:
            call_c(function, coder, source, target, t["octets"].ctypes.data, 0, 0, 0)
        else:
            call_c(function, coder, source, frame, target, t["frame_scratch"], 0, 0)
    return int(whole * size)


@stage
def _encode_samples(t: Shared, coding: np.void, code: int, samples: int, count: int, start: int) -> int:
    """Encode `count` samples at the address `samples` by G.726 or DVI4, but for those that fill no octet."""
    said = carray(int16_at(samples), (count,))
    if code == DVI4:
        return encode_dvi4(coding["dvi4"], said, count, t["out"], start)
    bits = _bits_of(code)
    octets = count * bits // 8
    encode_g726(coding["g726"], bits, _is_high_first(code), said, 8 * octets // bits, t["out"], start)
    return octets
