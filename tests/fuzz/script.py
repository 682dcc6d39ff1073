"""Octets as decisions: what a fuzzer changes at random becomes a message, or a story of many.

Whatever made the octets (hypothesis, libFuzzer, a seeded generator), the same octets give the same decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

__all__ = ["Script", "mutated"]

T = TypeVar("T")

LONGEST: Final = 70_000
"""Octets of what a mutation may give: more than any message that is read."""

FRAGMENTS: Final = (
    b"\r\n", b"\r\n\r\n", b"\r\n ", b"\n", b"\0", b"\xff\xfe", b"%00", b"%zz", b'"', b"\\", b"<", b">", b"<>",
    b";", b",", b"=", b":", b"@", b" ", b"\t", b"[::1]", b"[", b"*", b"-1", b"0", b"1", b"255", b"4294967296",
    b"9" * 40, b"a" * 300, b";;;;", b",,,,", b"((((", b"${", b"$[", b"}", b"]", b"INVITE", b"ACK", b"BYE",
    b"CANCEL", b"REGISTER", b"SIP/2.0", b"sip:", b"sips:", b"tel:+1", b";lr", b";maddr=224.0.0.1", b";tag=",
    b";branch=z9hG4bK", b"Content-Length: 0\r\n", b"Require: 100rel\r\n", b"Supported: timer\r\n",
    b"Session-Expires: 0\r\n", b"Route: <sip:a;lr>\r\n", b"RSeq: 1\r\n", b"Replaces: a;to-tag=b;from-tag=c\r\n",
    b"Contact: *\r\n", b"Expires: 0\r\n", b"Event: presence\r\n", b"a=rtpmap:", b"m=audio 0 RTP/AVP 0\r\n",
    b"m=audio 9 RTP/AVP 0 101\r\n", b"c=IN IP4 0.0.0.0\r\n", b"a=inactive\r\n",
)  # fmt: skip
"""What the grammars of these protocols turn on."""


class Script:
    """Decisions read from octets, one after another; when they are used up, every further one is the first choice.

    Args:
        data: the octets.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def goes_on(self) -> bool:
        """Whether octets are left."""
        return self._at < len(self._data)

    def number(self, below: int) -> int:
        """A whole number from 0 up to, not including, `below`."""
        size = 1 if below <= 256 else 3
        piece = self.octets(size)
        return int.from_bytes(piece, "big") % max(1, below)

    def octets(self, size: int) -> bytes:
        """The next octets, `size` of them or as many as are left."""
        piece = self._data[self._at : self._at + size]
        self._at += size
        return piece

    def one_of(self, choices: Sequence[T]) -> T:
        """One of these."""
        return choices[self.number(len(choices))]


def mutated(data: bytes, script: Script, most: int = 4) -> bytes:
    """`data` with up to `most` changes: octets replaced, cut out, repeated, exchanged; fragments put in."""
    for _ in range(script.number(most + 1)):
        at = script.number(len(data) + 1)
        match script.number(7):
            case 0:
                data = data[:at] + script.octets(1 + script.number(4)) + data[at + 1 :]
            case 1:
                data = data[:at] + data[at + 1 + script.number(40) :]
            case 2:
                data = data[:at] + script.one_of(FRAGMENTS) + data[at:]
            case 3:
                data = data[:at] + script.one_of(FRAGMENTS) + data[at + 1 + script.number(20) :]
            case 4:
                piece = data[at : at + 1 + script.number(60)]
                data = data[:at] + piece * (1 + script.number(100)) + data[at:]
            case 5:
                lines = data.split(b"\r\n")
                first, second = script.number(len(lines)), script.number(len(lines))
                lines[first], lines[second] = lines[second], lines[first]
                data = b"\r\n".join(lines)
            case _:
                data = data[:at]
        data = data[:LONGEST]
    return data
