"""What a coder by a library keeps between its packets: records that its setup fills and compiled code reads.

They stand apart from that code, so that to ask which codecs there are loads no compiler.
"""

from __future__ import annotations

from typing import Final

import numpy as np

__all__ = ["AMR_STATE", "G723_FRAME", "G723_STATE", "SPEEX_STATE"]

G723_FRAME: Final = 240
"""Samples of a frame of G.723.1."""

AMR_STATE: Final = np.dtype(
    [
        ("coder", "i8"),  # the library's, by address
        ("function", "i8"),  # that codes a frame
        ("mode", "i8"),  # in which the next frame goes out
        ("modes", "i8"),  # a bit for each that may be used
        ("other", "i8"),  # a decoder's: the state of the encoder to the same peer, by address; 0: none
        ("frame", "u1", (64,)),
    ],
    align=True,
)
"""What one direction of a stream in AMR or AMR-WB keeps."""

SPEEX_STATE: Final = np.dtype(
    [
        ("coder", "i8"),  # the library's, by address
        ("bits", "i8"),  # a struct SpeexBits
        ("function", "i8"),  # speex_encode_int or speex_decode_int
        ("control", "i8"),  # speex_decoder_ctl
        ("open", "i8"),  # speex_bits_reset or speex_bits_read_from
        ("end", "i8"),  # speex_bits_insert_terminator
        ("write", "i8"),  # speex_bits_write
    ],
    align=True,
)
"""What one direction of a stream in Speex keeps."""

G723_STATE: Final = np.dtype(
    [
        ("context", "i8"),  # libavcodec's, by address, as are its packet and frame
        ("packet", "i8"),
        ("frame", "i8"),
        ("send", "i8"),  # avcodec_send_packet or avcodec_send_frame
        ("receive", "i8"),  # avcodec_receive_frame or avcodec_receive_packet
        ("flush", "i8"),  # avcodec_flush_buffers
        ("packet_data", "i8"),  # where in an AVPacket, and in an AVFrame, is what is read of them
        ("packet_size", "i8"),
        ("frame_samples", "i8"),
        ("octets", "u1", (128,)),  # a coded frame, and as many zeros after it as libavcodec reads ahead
    ],
    align=True,
)
"""What one direction of a stream in G.723.1 keeps."""
