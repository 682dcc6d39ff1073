"""What a coder by a library keeps between its packets: records that its setup fills and compiled code reads.

They stand apart from that code, so that to ask which codecs there are loads no compiler.
"""

from __future__ import annotations

from typing import Final

import numpy as np

__all__ = ["AMR_STATE", "SPEEX_STATE"]

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
