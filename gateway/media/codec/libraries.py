"""Codecs that others have written: their coders as addresses of C functions and of what those keep.

The media plane calls them as it calls the kernel, so no packet waits for the interpreter. GSM is libgsm's (06.10
full rate), Opus libopus's, G.729 bcg729's (annexes A and B), Speex libspeex's, AMR those of OpenCORE and VisualOn,
G.723.1 that of FFmpeg; each is a package of Debian and optional, and PyAV brings some along besides. iLBC is our
own and behaves like the others.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable, Mapping
from ctypes import c_int, c_int32, c_uint8, c_void_p
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from gateway.core.codec import Codec, Encoding
from gateway.core.errors import Unavailable
from gateway.media.codec.libavcodec import VERSIONS, G723Coder, is_fit
from gateway.media.codec.state import AMR_STATE, SPEEX_STATE

__all__ = ["Coder", "coder", "coders", "needs"]

_PACKAGES: Final[Mapping[Encoding, tuple[str, str]]] = MappingProxyType(
    {
        Encoding.GSM: ("libgsm.so.1", "libgsm1"),
        Encoding.OPUS: ("libopus.so.0", "libopus0"),
        Encoding.G729: ("libbcg729.so.0", "libbcg729-0"),
        Encoding.SPEEX: ("libspeex.so.1", "libspeex1"),
        Encoding.AMR: ("libopencore-amrnb.so.0", "libopencore-amrnb0"),
        Encoding.AMR_WB: ("libopencore-amrwb.so.0", "libopencore-amrwb0"),
        Encoding.G723: (f"libavcodec.so.{VERSIONS[-1]} or later", "libavcodec-extra"),
    }
)
"""The library of each codec and the package of Debian that it is in."""

_WIDE_ENCODER: Final = ("libvo-amrwbenc.so.0", "libvo-amrwbenc0")
"""AMR-WB is coded by one library and decoded by another."""
_NARROW: Final = 8000
_SAMPLING: Final = 16000
"""Samples a second on the plane's side of an Opus coder; what is on the wire is its own affair (RFC 7587 4.1)."""
_OPUS_VOIP: Final = 2048
_OPUS_SETTINGS: Final = {"bitrate": 4002, "complexity": 4010, "fec": 4012, "loss": 4014}
"""CTL requests of opus_defines.h."""
_OPUS_COMPLEXITY: Final = 5
"""Of 0 to 10: beyond it the cost doubles for what nobody hears in speech."""
_OPUS_BITRATE: Final = 24000
_OPUS_LOSS: Final = 5
"""Percent of packets that are taken to be lost where forward error correction is wished."""

_SPEEX_QUALITY: Final = 4
_SPEEX_MODE: Final = 6
"""Requests of speex.h; the modes of RFC 5574 are those of a narrow-band frame, and qualities of a wide-band one."""
_SPEEX_MODES: Final = (3, 8)
"""Narrow-band and wide-band, where a peer says nothing of its own (RFC 5574 4.1.1)."""
_SPEEX_BITS: Final = 64
"""Octets, and then some, of a struct SpeexBits (speex_bits.h)."""
_AMR_MODES: Final = {Encoding.AMR: 8, Encoding.AMR_WB: 9}
"""How many modes it has; the last is the best."""
_OTHER: Final = AMR_STATE.fields["other"][1] if AMR_STATE.fields is not None else 0


class Coder:
    """One direction of one stream.

    Args:
        function: of C, that codes a frame or a packet.
        state: what it keeps, by address.
        release: gives back what a library gave.
        kept: what must live as long as this object.

    Attributes:
        function, state: addresses; the state is good as long as this object lives.
    """

    def __init__(self, function: int, state: int, release: Callable[[], object], kept: object = None) -> None:
        self.function = function
        self.state = state
        self._kept = kept
        weakref.finalize(self, release)


def needs(encoding: Encoding) -> str | None:
    """What is missing for `encoding`, as a clause with the mend; None where it can be coded."""
    if encoding in _PACKAGES and _library(encoding) is None:
        name, package = _PACKAGES[encoding]
    elif encoding is Encoding.AMR_WB and _wide_encoder() is None:
        name, package = _WIDE_ENCODER
    else:
        return None
    return f"{encoding.value} needs {name}, which is not installed: apt-get install {package}"


def coders(codec: Codec) -> tuple[Coder, Coder]:
    """A decoder and an encoder of a stream of `codec` to one peer, which in AMR asks by one for the other's mode.

    Raises:
        Unavailable: its library is not installed.
    """
    theirs, ours = coder(codec, is_decoder=True), coder(codec, is_decoder=False)
    if codec.encoding in (Encoding.AMR, Encoding.AMR_WB):
        ctypes.c_int64.from_address(theirs.state + _OTHER).value = ours.state
    return theirs, ours


def coder(codec: Codec, *, is_decoder: bool) -> Coder:
    """A coder for one direction of a stream of `codec`, which has one in this module.

    Raises:
        Unavailable: its library is not installed.
    """
    missing = needs(codec.encoding)
    if missing is not None:
        raise Unavailable(missing)
    return _MAKERS[codec.encoding](codec, is_decoder)


@cache
def _library(encoding: Encoding) -> Any:
    """The library, its functions typed as far as they are called from here; None where it is not to be had."""
    if encoding is Encoding.G723:
        return _libavcodec()
    name, _ = _PACKAGES[encoding]
    library = _load(name) or _bundled(name)
    if library is not None:
        for function, (result, arguments) in _FUNCTIONS[encoding].items():
            getattr(library, function).restype = result
            getattr(library, function).argtypes = arguments
    return library


def _libavcodec() -> Any:
    """PyAV's, which brings along less than a distribution's does; else that."""
    name = "libavcodec.so"
    for library in (_bundled(name), *[_load(f"{name}.{version}") for version in VERSIONS]):
        if library is not None and is_fit(library):
            return library
    return None


def _load(name: str) -> Any:
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


def _bundled(name: str) -> Any:
    """A library that PyAV has brought along."""
    spec = find_spec("av")
    if spec is None or spec.origin is None:
        return None
    for path in sorted((Path(spec.origin).parents[1] / "av.libs").glob(f"{name.partition('.so')[0]}-*.so*")):
        return _load(str(path))
    return None


_FUNCTIONS: Final[Mapping[Encoding, Mapping[str, tuple[Any, list[Any]]]]] = {
    Encoding.GSM: {"gsm_create": (c_void_p, []), "gsm_destroy": (None, [c_void_p])},
    Encoding.OPUS: {
        "opus_encoder_create": (c_void_p, [c_int32, c_int, c_int, c_void_p]),
        "opus_encoder_destroy": (None, [c_void_p]),
        "opus_decoder_create": (c_void_p, [c_int32, c_int, c_void_p]),
        "opus_decoder_destroy": (None, [c_void_p]),
    },
    Encoding.G729: {
        "initBcg729EncoderChannel": (c_void_p, [c_uint8]),
        "closeBcg729EncoderChannel": (None, [c_void_p]),
        "initBcg729DecoderChannel": (c_void_p, []),
        "closeBcg729DecoderChannel": (None, [c_void_p]),
    },
    Encoding.SPEEX: {
        "speex_lib_get_mode": (c_void_p, [c_int]),
        "speex_encoder_init": (c_void_p, [c_void_p]),
        "speex_encoder_destroy": (None, [c_void_p]),
        "speex_encoder_ctl": (c_int, [c_void_p, c_int, c_void_p]),
        "speex_decoder_init": (c_void_p, [c_void_p]),
        "speex_decoder_destroy": (None, [c_void_p]),
        "speex_bits_init": (None, [c_void_p]),
        "speex_bits_destroy": (None, [c_void_p]),
    },
    Encoding.AMR: {
        "Encoder_Interface_init": (c_void_p, [c_int]),
        "Encoder_Interface_exit": (None, [c_void_p]),
        "Decoder_Interface_init": (c_void_p, []),
        "Decoder_Interface_exit": (None, [c_void_p]),
    },
    Encoding.AMR_WB: {"D_IF_init": (c_void_p, []), "D_IF_exit": (None, [c_void_p])},
}


def _made(library: Any, function: str, state: int | None, release: Any) -> Coder:
    if not state:
        raise MemoryError(f"{function} has no room for another stream")
    return Coder(_address(library, function), state, lambda: release(state))


def _address(library: Any, function: str) -> int:
    return ctypes.cast(getattr(library, function), c_void_p).value or 0


def _gsm(codec: Codec, is_decoder: bool) -> Coder:
    library = _library(codec.encoding)
    function = "gsm_decode" if is_decoder else "gsm_encode"
    return _made(library, function, library.gsm_create(), library.gsm_destroy)


def _g729(codec: Codec, is_decoder: bool) -> Coder:
    library = _library(codec.encoding)
    if is_decoder:
        state = library.initBcg729DecoderChannel()
        return _made(library, "bcg729Decoder", state, library.closeBcg729DecoderChannel)
    without_pauses = 0  # no annex B: pauses are sent as well, as SDP has it (annexb=no)
    state = library.initBcg729EncoderChannel(without_pauses)
    return _made(library, "bcg729Encoder", state, library.closeBcg729EncoderChannel)


def _opus(codec: Codec, is_decoder: bool) -> Coder:
    library = _library(codec.encoding)
    if is_decoder:
        state = library.opus_decoder_create(_SAMPLING, 1, None)
        return _made(library, "opus_decode", state, library.opus_decoder_destroy)
    state = library.opus_encoder_create(_SAMPLING, 1, _OPUS_VOIP, None)
    made = _made(library, "opus_encode", state, library.opus_encoder_destroy)
    fec = codec.parameter("useinbandfec") == "1"
    most = codec.parameter("maxaveragebitrate")
    bitrate = min(max(int(most), 6000), _OPUS_BITRATE) if most.isdigit() and len(most) < 8 else _OPUS_BITRATE
    wishes = {"bitrate": bitrate, "complexity": _OPUS_COMPLEXITY, "fec": int(fec), "loss": _OPUS_LOSS if fec else 0}
    for name, value in wishes.items():
        # Variadic, which must not be told to ctypes by types (docs of ctypes: "Calling varadic functions").
        library.opus_encoder_ctl(c_void_p(state), c_int(_OPUS_SETTINGS[name]), c_int32(value))
    return made


def _speex(codec: Codec, is_decoder: bool) -> Coder:
    library = _library(codec.encoding)
    is_wide = codec.rate > _NARROW
    kind = "decoder" if is_decoder else "encoder"
    coder = getattr(library, f"speex_{kind}_init")(library.speex_lib_get_mode(int(is_wide)))
    destroy = getattr(library, f"speex_{kind}_destroy")
    if not coder:
        raise MemoryError("libspeex has no room for another stream")
    if not is_decoder:
        first = codec.parameter("mode").strip('"').partition(",")[0].strip()
        wished = int(first) if first.isdigit() and int(first[:2]) <= 10 else _SPEEX_MODES[is_wide]
        request = _SPEEX_QUALITY if is_wide else _SPEEX_MODE
        library.speex_encoder_ctl(coder, request, ctypes.byref(c_int(wished)))
    bits = ctypes.create_string_buffer(_SPEEX_BITS)
    library.speex_bits_init(bits)
    state = np.zeros(1, SPEEX_STATE)
    state["coder"], state["bits"] = coder, ctypes.addressof(bits)
    state["function"] = _address(library, "speex_decode_int" if is_decoder else "speex_encode_int")
    state["open"] = _address(library, "speex_bits_read_from" if is_decoder else "speex_bits_reset")
    state["control"] = _address(library, f"speex_{kind}_ctl")
    state["end"] = _address(library, "speex_bits_insert_terminator")
    state["write"] = _address(library, "speex_bits_write")

    def release() -> None:
        destroy(coder)
        library.speex_bits_destroy(bits)

    return Coder(int(state["function"][0]), int(state.ctypes.data), release, state)


def _amr(codec: Codec, is_decoder: bool) -> Coder:
    library = _library(codec.encoding)
    if is_decoder:
        made = library.Decoder_Interface_init()
        return _amr_coder(codec, library, "Decoder_Interface_Decode", made, "Decoder_Interface_exit")
    without_pauses = 0
    made = library.Encoder_Interface_init(without_pauses)
    return _amr_coder(codec, library, "Encoder_Interface_Encode", made, "Encoder_Interface_exit")


def _amr_wide(codec: Codec, is_decoder: bool) -> Coder:
    library = _library(codec.encoding)
    if is_decoder:
        return _amr_coder(codec, library, "D_IF_decode", library.D_IF_init(), "D_IF_exit")
    library = _wide_encoder()
    return _amr_coder(codec, library, "E_IF_encode", library.E_IF_init(), "E_IF_exit")


def _amr_coder(codec: Codec, library: Any, function: str, coder: int | None, destroy: str) -> Coder:
    if not coder:
        raise MemoryError(f"{function} has no room for another stream")
    most = _AMR_MODES[codec.encoding]
    named = {word.strip() for word in codec.parameter("mode-set").split(",")}
    modes = [mode for mode in range(most) if str(mode) in named] or range(most)
    state = np.zeros(1, AMR_STATE)
    state["coder"], state["function"] = coder, _address(library, function)
    state["mode"], state["modes"] = max(modes), sum(1 << mode for mode in modes)
    release = getattr(library, destroy)
    return Coder(int(state["function"][0]), int(state.ctypes.data), lambda: release(coder), state)


@cache
def _wide_encoder() -> Any:
    library = _load(_WIDE_ENCODER[0])
    if library is not None:
        library.E_IF_init.restype, library.E_IF_init.argtypes = c_void_p, []
        library.E_IF_exit.restype, library.E_IF_exit.argtypes = None, [c_void_p]
    return library


def _g723(codec: Codec, is_decoder: bool) -> Coder:
    made = G723Coder(_library(codec.encoding), is_decoder=is_decoder)
    return Coder(int(made.state["send"][0]), int(made.state.ctypes.data), made.release, made.state)


def _ilbc(codec: Codec, is_decoder: bool) -> Coder:
    # Compiled code that is not wanted before there is such a call.
    from gateway.media.codec.ilbc.coder import IlbcState, ilbc

    state = IlbcState(is_decoder=is_decoder)
    return Coder(ilbc.address, state.address, lambda: None, state)


_MAKERS: Final[Mapping[Encoding, Callable[[Codec, bool], Coder]]] = {
    Encoding.GSM: _gsm,
    Encoding.G729: _g729,
    Encoding.G723: _g723,
    Encoding.OPUS: _opus,
    Encoding.ILBC: _ilbc,
    Encoding.SPEEX: _speex,
    Encoding.AMR: _amr,
    Encoding.AMR_WB: _amr_wide,
}
