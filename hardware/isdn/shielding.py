"""Octets of audio on a serial port, and the codes among them (ITU-T V.253, IS-101: DLE shielding).

DLE (10h) begins a code; an octet of audio that is itself a DLE is written twice, and some devices write two of them
as DLE SUB. Both sides of the port use this: the driver, and the emulated adapter.
"""

from __future__ import annotations

from typing import Final

__all__ = ["DC4", "DLE", "END", "ETX", "REVERSED", "STOP", "Unshielder", "shield"]

DLE: Final = b"\x10"
ETX: Final = "\x03"
"""The end of a stream."""
DC4: Final = "\x14"
"""To an adapter: stop listening; from it: nothing more is taken."""
END: Final = DLE + ETX.encode()
STOP: Final = DLE + DC4.encode()
_SUB: Final = 0x1A

REVERSED: Final = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))
"""Octets with their bits the other way round: isdn4linux passes A-law so, as B channels have it (isdn_audio.c)."""


def shield(audio: bytes) -> bytes:
    """`audio` as it is written to a port."""
    return audio.replace(DLE, DLE + DLE)


class Unshielder:
    """Takes audio and codes apart, however the octets come in pieces."""

    def __init__(self) -> None:
        self._began = False

    def take(self, data: bytes) -> tuple[bytes, str, bytes]:
        """Read up to the first code.

        Returns:
            The audio before it; the code, "" where `data` ended before one; and what follows it, which is no audio
            any more where the code says so.
        """
        if self._began:
            data = DLE + data
            self._began = False
        audio = bytearray()
        start = 0
        while (at := data.find(DLE, start)) >= 0:
            audio += data[start:at]
            if at + 1 == len(data):
                self._began = True
                return bytes(audio), "", b""
            code = data[at + 1]
            start = at + 2
            if code == DLE[0]:
                audio += DLE
            elif code == _SUB:
                audio += DLE + DLE
            else:
                return bytes(audio), chr(code), data[start:]
        return bytes(audio + data[start:]), "", b""
