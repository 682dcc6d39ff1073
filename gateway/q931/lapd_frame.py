"""Frames of the data link on a D channel, without flags and check sequence (Q.921 2, 3; modulo 128).

The address of a primary rate interface is SAPI 0, TEI 0. Whether a frame is a command or a response depends on who
sent it (3.3.2): commands of the network and responses of the user have the C/R bit set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.word import Word

__all__ = ["MODULUS", "N201", "Frame", "FrameKind"]

MODULUS: Final = 128
"""Of sequence numbers (3.5.2.1)."""
N201: Final = 260
"""Octets of information that a frame carries at most (5.9.3)."""

_C_R: Final = 0x02
_TEI_0: Final = 0x01
_POLL: Final = 0x10
_POLL_NUMBERED: Final = 0x01


class FrameKind(Word):
    """Table 5 of Q.921."""

    I = "information"  # noqa: E741 - its name in Q.921
    RR = "receive ready"
    RNR = "receive not ready"
    REJ = "reject"
    SABME = "set asynchronous balanced mode extended"
    DISC = "disconnect"
    UA = "unnumbered acknowledgement"
    DM = "disconnected mode"
    FRMR = "frame reject"
    UI = "unnumbered information"
    XID = "exchange identification"


_K = FrameKind
_UNNUMBERED: Final[Mapping[int, FrameKind]] = MappingProxyType(
    {0x6F: _K.SABME, 0x0F: _K.DM, 0x03: _K.UI, 0x43: _K.DISC, 0x63: _K.UA, 0x87: _K.FRMR, 0xAF: _K.XID}
)
_SUPERVISORY: Final[Mapping[int, FrameKind]] = MappingProxyType({0x01: _K.RR, 0x05: _K.RNR, 0x09: _K.REJ})
_CONTROL: Final = MappingProxyType({kind: octet for octet, kind in (*_UNNUMBERED.items(), *_SUPERVISORY.items())})
_COMMANDS: Final = frozenset({_K.I, _K.SABME, _K.DISC, _K.UI})
_RESPONSES: Final = frozenset({_K.UA, _K.DM, _K.FRMR})
_WITH_INFORMATION: Final = frozenset({_K.I, _K.UI, _K.FRMR, _K.XID})


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        kind: which.
        command: a command, or else a response.
        final: the poll bit of a command, the final bit of a response.
        ns: N(S) of an I frame.
        nr: N(R) of I and supervisory frames.
        information: what an I or UI frame carries.
    """

    kind: FrameKind
    command: bool
    final: bool = False
    ns: int = 0
    nr: int = 0
    information: bytes = b""

    @staticmethod
    def is_ours(data: bytes) -> bool:
        """Whether `data` is addressed to the one link of a primary rate interface."""
        return len(data) >= 2 and data[0] & ~_C_R == 0 and data[1] == _TEI_0

    def serialise(self, from_network: bool) -> bytes:
        """The octets as the network or the user sends them."""
        address = bytes([_C_R if self.command == from_network else 0, _TEI_0])
        if self.kind is FrameKind.I:
            return address + bytes([self.ns << 1, self.nr << 1 | self.final]) + self.information
        control = _CONTROL[self.kind]
        if control in _SUPERVISORY:
            return address + bytes([control, self.nr << 1 | self.final])
        return address + bytes([control | _POLL * self.final]) + self.information

    @classmethod
    def parse(cls, data: bytes, from_network: bool) -> Frame:
        """The frame in `data`, which the network or the user has sent.

        Raises:
            MalformedError: it is one that Q.921 5.8.4 has rejected: no such control field, of a wrong length, or a
                command where a response is due.
        """
        command = bool(data[0] & _C_R) == from_network
        control = data[2:]
        if not control:
            raise MalformedError("frame without a control field")
        first = control[0]
        if not first & 0x01 or first & 0x03 == 0x01:
            frame = cls._numbered(control, command)
        else:
            kind = _UNNUMBERED.get(first & ~_POLL)
            if kind is None:
                raise MalformedError(f"control field {first:02x} is not of Q.921")
            frame = cls(kind, command, bool(first & _POLL), information=control[1:])
        if frame.kind in (_RESPONSES if command else _COMMANDS):
            raise MalformedError(f"{frame.kind.name} as a {'command' if command else 'response'}")
        if frame.information and frame.kind not in _WITH_INFORMATION:
            raise MalformedError(f"{frame.kind.name} with {len(frame.information)} octets of information")
        if len(frame.information) > N201:
            raise MalformedError(f"{frame.kind.name} with {len(frame.information)} octets; {N201} are the most")
        return frame

    @classmethod
    def _numbered(cls, control: bytes, command: bool) -> Frame:
        if len(control) < 2:
            raise MalformedError("frame without N(R)")
        first, second, information = control[0], control[1], control[2:]
        nr, final = second >> 1, bool(second & _POLL_NUMBERED)
        if not first & 0x01:
            return cls(FrameKind.I, command, final, first >> 1, nr, information)
        kind = _SUPERVISORY.get(first)
        if kind is None:
            raise MalformedError(f"control field {first:02x} is not of Q.921")
        return cls(kind, command, final, nr=nr, information=information)
