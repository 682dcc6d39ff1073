"""Codecs that others have written: their coders as addresses of C functions and of what those keep.

The media plane calls them as it calls the kernel, so no packet waits for the interpreter. GSM is libgsm's (06.10
full rate), Opus libopus's, G.729 bcg729's (annexes A and B); each is a package of Debian and optional, and libopus
comes with PyAV besides. iLBC is our own and behaves like the others.
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

from gateway.core.audio import Codec, Encoding
from gateway.core.errors import Unavailable

__all__ = ["Coder", "coder", "needs"]

_PACKAGES: Final[Mapping[Encoding, tuple[str, str]]] = MappingProxyType(
    {
        Encoding.GSM: ("libgsm.so.1", "libgsm1"),
        Encoding.OPUS: ("libopus.so.0", "libopus0"),
        Encoding.G729: ("libbcg729.so.0", "libbcg729-0"),
    }
)
"""The library of each codec and the package of Debian that it is in."""

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


class Coder:
    """One direction of one stream.

    Args:
        function: of C, that codes a frame or a packet.
        state: what it keeps.
        release: gives the state back.

    Attributes:
        function, state: addresses; the state is good as long as this object lives.
    """

    def __init__(self, function: int, state: int, release: Callable[[], object]) -> None:
        self.function = function
        self.state = state
        weakref.finalize(self, release)


def needs(encoding: Encoding) -> str | None:
    """What is missing for `encoding`, as a clause with the mend; None where it can be coded."""
    if encoding not in _PACKAGES or _library(encoding) is not None:
        return None
    name, package = _PACKAGES[encoding]
    return f"{encoding.value} needs {name}, which is not installed: apt-get install {package}"


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
    name, _ = _PACKAGES[encoding]
    library = _load(name) or (_bundled("libopus-*.so*") if encoding is Encoding.OPUS else None)
    if library is not None:
        for function, (result, arguments) in _FUNCTIONS[encoding].items():
            getattr(library, function).restype = result
            getattr(library, function).argtypes = arguments
    return library


def _load(name: str) -> Any:
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


def _bundled(pattern: str) -> Any:
    """A library that PyAV has brought along."""
    spec = find_spec("av")
    if spec is None or spec.origin is None:
        return None
    for path in sorted((Path(spec.origin).parents[1] / "av.libs").glob(pattern)):
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
}


def _made(library: Any, function: str, state: int | None, release: Any) -> Coder:
    if not state:
        raise MemoryError(f"{function} has no room for another stream")
    address = ctypes.cast(getattr(library, function), c_void_p).value or 0
    return Coder(address, state, lambda: release(state))


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


def _ilbc(codec: Codec, is_decoder: bool) -> Coder:
    # Compiled code that is not wanted before there is such a call.
    from gateway.media.codec.ilbc.coder import IlbcState, ilbc

    state = IlbcState(is_decoder=is_decoder)
    return Coder(ilbc.address, state.address, lambda: state)


_MAKERS: Final[Mapping[Encoding, Callable[[Codec, bool], Coder]]] = {
    Encoding.GSM: _gsm,
    Encoding.G729: _g729,
    Encoding.OPUS: _opus,
    Encoding.ILBC: _ilbc,
}
