"""FFmpeg's libavcodec as it is called for G.723.1, which no other library of Debian codes.

A context of libavcodec is set up here, by its options and by the contexts of others, so that nothing need be known
of how a version lays it out. Of AVCodec, AVCodecParameters, AVPacket and AVFrame the first members are read, which
lie where they are since FFmpeg 2; whether they do is seen by a frame that is coded as the library is looked for. A
library for which that goes wrong is none. The compiled code that then codes is in g723.py.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from ctypes import POINTER, c_char_p, c_int, c_int16, c_uint8, c_void_p
from typing import Any, Final

import numpy as np

from gateway.core.errors import Unavailable
from gateway.media.codec.state import G723_FRAME, G723_STATE

__all__ = ["VERSIONS", "G723Coder", "is_fit"]

VERSIONS: Final = (63, 62, 61, 60, 59)
"""Of libavcodec, from FFmpeg 5.1 on: from there on a channel layout is set by its name."""

_CODEC: Final = b"g723_1"
_LINEAR: Final = b"pcm_s16le"
_RATE: Final = b"8000"
_BITRATE: Final = b"6300"
_OCTETS: Final = 24
"""Of a frame at 6.3 kbit/s."""

# Where members are in the library's structures, in octets.
_CODEC_ID: Final = 20  # of AVCodec
_PARAMETERS_ID: Final = 4  # of AVCodecParameters
_PACKET_DATA: Final = 24  # of AVPacket
_PACKET_SIZE: Final = 32
_FRAME_SAMPLES: Final = 112  # of AVFrame, of which `data` is the first

_FUNCTIONS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "avcodec_find_encoder_by_name": (c_void_p, [c_char_p]),
    "avcodec_find_decoder_by_name": (c_void_p, [c_char_p]),
    "avcodec_alloc_context3": (c_void_p, [c_void_p]),
    "avcodec_free_context": (None, [POINTER(c_void_p)]),
    "avcodec_open2": (c_int, [c_void_p, c_void_p, c_void_p]),
    "avcodec_parameters_alloc": (c_void_p, []),
    "avcodec_parameters_free": (None, [POINTER(c_void_p)]),
    "avcodec_parameters_from_context": (c_int, [c_void_p, c_void_p]),
    "avcodec_parameters_to_context": (c_int, [c_void_p, c_void_p]),
    "avcodec_send_packet": (c_int, [c_void_p, c_void_p]),
    "avcodec_receive_packet": (c_int, [c_void_p, c_void_p]),
    "avcodec_send_frame": (c_int, [c_void_p, c_void_p]),
    "avcodec_receive_frame": (c_int, [c_void_p, c_void_p]),
    "avcodec_flush_buffers": (None, [c_void_p]),
    "av_opt_set": (c_int, [c_void_p, c_char_p, c_char_p, c_int]),
    "av_packet_alloc": (c_void_p, []),
    "av_packet_free": (None, [POINTER(c_void_p)]),
    "av_frame_alloc": (c_void_p, []),
    "av_frame_free": (None, [POINTER(c_void_p)]),
}
"""The functions of the library, and of the libavutil that it brings along."""


class G723Coder:
    """One direction of one stream: a context of libavcodec, a packet and a frame.

    Args:
        library: libavcodec.
        is_decoder: which direction.

    Attributes:
        state: what compiled code is given: a G723_STATE.

    Raises:
        Unavailable: the library does not code G.723.1.
    """

    def __init__(self, library: Any, *, is_decoder: bool) -> None:
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        self._library = library
        self._made: list[tuple[Callable[[Any], None], int]] = []
        self.state = np.zeros(1, G723_STATE)
        try:
            self._packet = self._make("av_packet_alloc", "av_packet_free")
            self._frame = self._make("av_frame_alloc", "av_frame_free")
            self._context = self._decoder() if is_decoder else self._encoder()
        except Unavailable:
            self.release()
            raise
        for name, word in (("context", self._context), ("packet", self._packet), ("frame", self._frame)):
            self.state[name] = word
        sends, receives = ("packet", "frame") if is_decoder else ("frame", "packet")
        self.state["send"] = self._address(f"avcodec_send_{sends}")
        self.state["receive"] = self._address(f"avcodec_receive_{receives}")
        self.state["flush"] = self._address("avcodec_flush_buffers")
        self.state["packet_data"], self.state["packet_size"] = _PACKET_DATA, _PACKET_SIZE
        self.state["frame_samples"] = _FRAME_SAMPLES
        if is_decoder:
            # Which the library copies, having no reference to count.
            c_void_p.from_address(self._packet + _PACKET_DATA).value = None

    def release(self) -> None:
        """Give back all that was made."""
        while self._made:
            free, made = self._made.pop()
            free(ctypes.byref(c_void_p(made)))

    def _decoder(self) -> int:
        return self._opened(*self._described(_CODEC, "decoder"))

    def _encoder(self) -> int:
        """An encoder, and in the frame the buffer that it takes its samples from.

        Both are made by a decoder of linear samples: it fills in a frame as libavcodec wants one, and its
        parameters, under another name, are those of the encoder.
        """
        linear = self._opened(*self._described(_LINEAR, "decoder"))
        silence = (c_uint8 * (2 * G723_FRAME + 64))()  # libavcodec reads ahead
        c_void_p.from_address(self._packet + _PACKET_DATA).value = ctypes.addressof(silence)
        c_int.from_address(self._packet + _PACKET_SIZE).value = 2 * G723_FRAME
        self._done(self._library.avcodec_send_packet(linear, self._packet))
        self._done(self._library.avcodec_receive_frame(linear, self._frame))
        if c_int.from_address(self._frame + _FRAME_SAMPLES).value != G723_FRAME:
            raise Unavailable("libavcodec lays out its frames in a way that is not known")
        c_void_p.from_address(self._packet + _PACKET_DATA).value = None
        c_int.from_address(self._packet + _PACKET_SIZE).value = 0
        codec, context = self._context_of(_CODEC, "encoder")
        parameters = self._make("avcodec_parameters_alloc", "avcodec_parameters_free")
        self._done(self._library.avcodec_parameters_from_context(parameters, linear))
        identity = c_int.from_address(codec + _CODEC_ID).value
        c_int.from_address(parameters + _PARAMETERS_ID).value = identity
        self._done(self._library.avcodec_parameters_to_context(context, parameters))
        self._done(self._library.av_opt_set(context, b"b", _BITRATE, 0))
        self._done(self._library.av_opt_set(context, b"time_base", b"1/" + _RATE, 0))
        return self._opened(codec, context)

    def _context_of(self, name: bytes, kind: str) -> tuple[int, int]:
        codec = getattr(self._library, f"avcodec_find_{kind}_by_name")(name)
        if not codec:
            raise Unavailable(f"libavcodec has been built without the {kind} {name.decode()}")
        return codec, self._make("avcodec_alloc_context3", "avcodec_free_context", codec)

    def _described(self, name: bytes, kind: str) -> tuple[int, int]:
        codec, context = self._context_of(name, kind)
        self._done(self._library.av_opt_set(context, b"ar", _RATE, 0))
        self._done(self._library.av_opt_set(context, b"ch_layout", b"mono", 0))
        return codec, context

    def _opened(self, codec: int, context: int) -> int:
        self._done(self._library.avcodec_open2(context, codec, None))
        return context

    def _make(self, make: str, free: str, *arguments: int) -> int:
        made: int | None = getattr(self._library, make)(*arguments)
        if made is None:
            raise MemoryError(f"{make} has no room for another stream")
        self._made.append((getattr(self._library, free), made))
        return made

    def _done(self, result: int) -> None:
        if result < 0:
            raise Unavailable(f"libavcodec does not code G.723.1 (error {result})")

    def _address(self, function: str) -> int:
        return ctypes.cast(getattr(self._library, function), c_void_p).value or 0


def is_fit(library: Any) -> bool:
    """Whether a libavcodec codes a frame of G.723.1, and does so as is known here."""
    if not hasattr(library, "avcodec_version") or library.avcodec_version() >> 16 not in VERSIONS:
        return False
    if not all(hasattr(library, name) for name in _FUNCTIONS):
        return False
    coders: Sequence[G723Coder] = ()
    try:
        coders = [G723Coder(library, is_decoder=is_decoder) for is_decoder in (False, True)]
        return _is_heard(library, *coders)
    except Unavailable:
        return False
    finally:
        for coder in coders:
            coder.release()


def _is_heard(library: Any, encoder: G723Coder, decoder: G723Coder) -> bool:
    """Whether silence that is coded is a frame, and that frame so many samples."""
    ours, theirs = encoder.state[0], decoder.state[0]
    packet, frame = int(ours["packet"]), int(theirs["frame"])
    if library.avcodec_send_frame(int(ours["context"]), int(ours["frame"])) != 0:
        return False
    if library.avcodec_receive_packet(int(ours["context"]), packet) != 0:
        return False
    if c_int.from_address(packet + _PACKET_SIZE).value != _OCTETS:
        return False
    if library.avcodec_send_packet(int(theirs["context"]), packet) != 0:
        return False
    if library.avcodec_receive_frame(int(theirs["context"]), frame) != 0:
        return False
    heard = c_void_p.from_address(frame).value
    return (
        heard is not None
        and c_int.from_address(frame + _FRAME_SAMPLES).value == G723_FRAME
        and not np.any(np.abs(np.array((c_int16 * G723_FRAME).from_address(heard))) > 100)
    )
