"""HDLC as a time slot carries it (Q.921 2): flags, zero bit insertion, frame check sequence, aborts.

A `Framer` turns frames into the octets of a time slot, 160 for 20 ms; a `Deframer` finds frames in them. Both keep
bits as text, "0" and "1" in the order of their sending (low bit of an octet first), where insertion and its
undoing are replacements of words; the octets of the slot hold the first of their bits in the high place, as a PCM
frame sends them.
"""

from __future__ import annotations

import re
from collections import deque
from enum import Enum
from typing import Final

__all__ = ["Deframer", "FrameFault", "Framer", "check_sequence"]

FLAG: Final = "01111110"
SLOT: Final = 160
"""Octets of a time slot in 20 ms."""
SHORTEST: Final = 2
"""Octets of the check sequence: what holds no more is no frame (an abort's remains, a flag's zero shared)."""

_SHARED: Final = FLAG[:-1]
_TO_FLAG: Final = re.compile(f"{_SHARED}(?=0)")
"""A flag but for its last zero, which may be the first one of the next (ISO/IEC 13239 4.2.5)."""
_BITS: Final = SLOT * 8
_ABORT: Final = "1111111"
_OCTETS: Final = [f"{octet:08b}"[::-1] for octet in range(256)]
_GOOD: Final = 0xF0B8
"""What a frame with its check sequence leaves in the register (ITU-T V.42 8.1.1.6.1)."""


def _row(index: int) -> int:
    for _ in range(8):
        index = index >> 1 ^ (0x8408 if index & 1 else 0)
    return index


_TABLE: Final = [_row(index) for index in range(256)]


def _register(data: bytes) -> int:
    value = 0xFFFF
    for octet in data:
        value = value >> 8 ^ _TABLE[(value ^ octet) & 0xFF]
    return value


def check_sequence(data: bytes) -> bytes:
    """The two octets that follow `data`: CRC-16 with x^16 + x^12 + x^5 + 1, complemented, low octet first."""
    return (_register(data) ^ 0xFFFF).to_bytes(2, "little")


class FrameFault(Enum):
    """What is wrong with a frame that was received."""

    ABORT = "seven ones or more within a frame"
    BAD_FCS = "wrong frame check sequence, or octets cut short"
    TOO_LONG = "longer than the buffer"


class Framer:
    """Sends frames in a time slot, flags between them.

    Args:
        checked: add the frame check sequence.
    """

    def __init__(self, *, checked: bool) -> None:
        self._checked = checked
        self._bits = ""
        self._phase = 0

    @property
    def backlog(self) -> int:
        """Octets of the slot that what was put needs still."""
        return -(-len(self._bits) // 8)

    def put(self, frame: bytes) -> None:
        """Send a frame, after those before it."""
        whole = frame + check_sequence(frame) if self._checked else frame
        stuffed = "".join(map(_OCTETS.__getitem__, whole)).replace("11111", "111110")
        # The slot idles in the middle of a flag; what is left of that one opens the frame.
        opening = "" if self._bits else FLAG[self._phase :]
        self._phase = 0
        self._bits += opening + stuffed + FLAG

    def clear(self) -> None:
        """Send nothing of what waits; what is under way is aborted (Q.921 2.9: eight ones)."""
        if self._bits:
            self._bits = "1" * 8 + FLAG

    def take(self) -> bytes | None:
        """The slot's next 160 octets; None where they hold flags from end to end."""
        if not self._bits and not self._phase:
            return None
        sent, self._bits = self._bits[:_BITS], self._bits[_BITS:]
        if len(sent) < _BITS:
            if not sent:
                sent = FLAG[self._phase :]
                self._phase = 0
            missing = _BITS - len(sent)
            # Flags that share a zero (ISO/IEC 13239 4.2.5) bring their ends in line with the slot's.
            shared = -missing % 8
            if missing >= shared * len(_SHARED):
                sent += _SHARED * shared
                missing -= shared * len(_SHARED)
            sent += FLAG * (missing // 8) + FLAG[: missing % 8]
            self._phase = missing % 8
        return int(sent, 2).to_bytes(SLOT, "big")


class Deframer:
    """Finds frames in a time slot.

    Args:
        checked: look at the frame check sequence; a frame is given without it.
        longest: octets that a frame may have, its check sequence among them.
    """

    def __init__(self, *, checked: bool, longest: int) -> None:
        self._checked = checked
        self.longest = longest
        self._open: str | None = None
        self._carry = ""

    def feed(self, octets: bytes | None) -> deque[bytes | FrameFault]:
        """Take in octets of the slot, None for flags from end to end; what ended in them, in order."""
        found: deque[bytes | FrameFault] = deque()
        if octets is None:
            if not self._open and not self._carry:
                return found
            octets = _IDLE
        bits = self._carry + f"{int.from_bytes(octets, 'big'):0{len(octets) * 8}b}"
        first, *rest = _TO_FLAG.split(bits)
        if not rest:
            self._gather(first, found)
            return found
        self._end(first, found)
        # Each begins with the last zero of the flag before it, but where the next flag begins with that one.
        for part in rest[:-1]:
            self._open = ""
            self._carry = ""
            self._end(part[1:], found)
        self._open, self._carry = "", ""
        self._gather(rest[-1][1:], found)
        return found

    def _gather(self, bits: str, found: deque[bytes | FrameFault]) -> None:
        """Keep what has no flag at its end yet. Its last seven bits may be the beginning of one."""
        keep = max(0, len(bits) - 7)
        settled, self._carry = bits[:keep], bits[keep:]
        if self._open is None:
            return
        self._open += settled
        if _ABORT in self._open + self._carry:
            if len(self._open.partition(_ABORT)[0]) > 8:
                found.append(FrameFault.ABORT)
            self._open = None
        elif len(self._open) > self.longest * 10:  # an inserted zero for every five bits, and some
            found.append(FrameFault.TOO_LONG)
            self._open = None

    def _end(self, bits: str, found: deque[bytes | FrameFault]) -> None:
        """A flag has come; `bits` stood before it, the carry among them."""
        if self._open is None:
            return
        content = self._open + bits
        if _ABORT in content:
            if len(content.partition(_ABORT)[0]) > 8:
                found.append(FrameFault.ABORT)
            return
        plain = content.replace("111110", "11111")
        if len(plain) < SHORTEST * 8:
            return  # flag after flag, or flags that share a zero
        if len(plain) % 8:
            found.append(FrameFault.BAD_FCS)
            return
        frame = int(plain[::-1], 2).to_bytes(len(plain) // 8, "little")
        if len(frame) > self.longest:
            found.append(FrameFault.TOO_LONG)
        elif not self._checked:
            found.append(frame)
        elif _register(frame) != _GOOD:
            found.append(FrameFault.BAD_FCS)
        elif len(frame) > SHORTEST:
            found.append(frame[:-2])


_IDLE: Final = int(FLAG * SLOT, 2).to_bytes(SLOT, "big")
