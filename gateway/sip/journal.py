"""Every message, in and out, noted in the recorder under the leg that it belongs to.

A message whose Call-ID is no leg's yet is noted under the Call-ID; those notes join the leg's story when it begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Self

from gateway.core.frozen import frozen
from gateway.core.trace import Kind, Note, Packet, Recorder, whole
from gateway.sip.message import Request, Response
from gateway.sip.transport import Datagram, Flow

__all__ = ["Journal"]

_CALL_ID: Final = re.compile(rb"\r\n(?:Call-ID|i)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
UNKNOWN: Final = "SIP"
"""The story of messages that are of no call at all."""

LONGEST_NAME: Final = 128
"""Characters of a Call-ID that tell one story from another."""


@frozen
class _Message:
    """A message that came in or went out; what the story's list says of it is written out for those who read it."""

    at: float
    leg: str
    sent: bool
    flow: Flow
    data: bytes

    def read(self) -> Note:
        summary = _summary(self.data)
        text = f"-> {summary} to {self.flow}" if self.sent else f"<- {summary} from {self.flow}"
        return Note(self.at, Kind.MESSAGE, self.leg, text, whole(self.data))

    def packet(self) -> Packet:
        flow = self.flow
        return Packet(self.at, self.leg, self.sent, flow.transport, flow.local, flow.remote, self.data)

    def flat(self) -> tuple[float, str, bool, str, str, int, str, int, bytes]:
        flow = self.flow
        return self.at, self.leg, self.sent, flow.transport, *flow.local, *flow.remote, self.data

    @classmethod
    def of(
        cls,
        at: float,
        leg: str,
        sent: bool,
        transport: str,
        here: str,
        ours: int,
        host: str,
        port: int,
        data: bytes,
    ) -> Self:
        return cls(at, leg, sent, Flow(transport, (here, ours), (host, port)), data)


class Journal:
    """What a stack writes down.

    Args:
        recorder: where it goes.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._legs: dict[str, str] = {}

    def __len__(self) -> int:
        """Call-IDs that belong to a leg at present."""
        return len(self._legs)

    def begin(self, call_id: str, leg: str) -> None:
        """The call of that Call-ID is `leg` from now on."""
        self._legs[call_id] = leg
        self._recorder.join(leg, _stray(call_id))

    def leg(self, call_id: str) -> str:
        """The leg of that Call-ID; "" where it is none's."""
        return self._legs.get(call_id, "")

    def end(self, call_ids: Iterable[str]) -> None:
        """The leg of these Call-IDs is over, and nothing more of it is under way."""
        for call_id in call_ids:
            self._legs.pop(call_id, None)

    def received(self, message: Request | Response, data: bytes, flow: Flow, now: float) -> None:
        """Note a message that came in."""
        call_id = message.headers.typed["call-id"]
        leg = self._legs[call_id] if call_id in self._legs else _stray(call_id)
        self._recorder.keep(leg, _Message(now, leg, False, flow, data), len(data))

    def refused(self, data: bytes, fault: str, flow: Flow, now: float) -> None:
        """Note octets that are no message."""
        self._recorder.note(now, Kind.MESSAGE, self._leg_of(data), f"<- {fault}, from {flow}", data)

    def sent(self, datagram: Datagram, now: float) -> None:
        """Note a message that goes out."""
        call_id = datagram.call_id
        data = datagram.data
        if call_id in self._legs:
            leg = self._legs[call_id]
        else:
            leg = _stray(call_id) if call_id else self._leg_of(data)
        self._recorder.keep(leg, _Message(now, leg, True, datagram.flow, data), len(data))

    def _leg_of(self, data: bytes) -> str:
        """The story to which octets belong."""
        found = _CALL_ID.search(data)
        call_id = found[1].decode("utf-8", "surrogateescape") if found else ""
        return self._legs.get(call_id) or (_stray(call_id) if call_id else UNKNOWN)


def _summary(data: bytes) -> str:
    """A message in one phrase: its start line without the version."""
    line = data.lstrip(b"\r\n").partition(b"\r\n")[0].decode("utf-8", "replace")
    return line.removeprefix("SIP/2.0 ").removesuffix(" SIP/2.0")


def _stray(call_id: str) -> str:
    """The name of the story of a Call-ID that is no leg's: never that of a leg or call, whatever a peer writes."""
    return f"Call-ID {call_id[:LONGEST_NAME]}"
