"""The INVITE client transaction (RFC 3261 section 17.1.1, figure 5; 9.1 for CANCEL; RFC 6026 7.2, 8.4).

The INVITE is sent, and repeated over UDP, until something comes back; refusals are acknowledged here, acceptances
by the user. `cancel` waits for the first provisional response, as section 9.1 demands, and gives up 64*T1 after
its CANCEL where the peer ends the transaction with nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.core.machine import Table
from gateway.core.word import Word
from gateway.sip.fields import Headers
from gateway.sip.headers import CSeq
from gateway.sip.message import Request, Response
from gateway.sip.transaction.base import ClientTransaction
from gateway.sip.transport import Flow

__all__ = ["INVITE_CLIENT", "InviteClient", "InviteClientInput", "InviteClientState"]


class InviteClientState(Word):
    """RFC 3261 figure 5 with Accepted of RFC 6026; two states more for a CANCEL wanted and a CANCEL sent."""

    CALLING = "Calling"
    CALLING_TO_CANCEL = "Calling, to be cancelled"
    PROCEEDING = "Proceeding"
    CANCELLING = "Proceeding, CANCEL sent"
    COMPLETED = "Completed"
    ACCEPTED = "Accepted"
    TERMINATED = "Terminated"


class InviteClientInput(Word):
    """What may happen to it."""

    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    FAILURE = "300-699"
    CANCEL = "cancel"
    TIMER_A = "timer A"
    TIMER_B = "timer B"
    TIMER_D = "timer D"
    TIMER_M = "timer M"
    TIMER_CANCEL = "no end of the cancelled INVITE"
    TRANSPORT_ERROR = "transport error"


_S = InviteClientState
_I = InviteClientInput

_ANSWERED: Final[Mapping[InviteClientInput, tuple[InviteClientState, str]]] = MappingProxyType(
    {_I.SUCCESS: (_S.ACCEPTED, "accept"), _I.FAILURE: (_S.COMPLETED, "complete")}
)

INVITE_CLIENT: Final[Table[InviteClientState, InviteClientInput]] = {
    # 17.1.1.2
    _S.CALLING: {
        _I.TIMER_A: (_S.CALLING, "retransmit"),
        _I.TIMER_B: (_S.TERMINATED, "time_out"),
        _I.PROVISIONAL: (_S.PROCEEDING, "proceed"),
        **_ANSWERED,
        _I.CANCEL: (_S.CALLING_TO_CANCEL, ""),
        _I.TRANSPORT_ERROR: (_S.TERMINATED, "fail"),
    },
    # 9.1: "If no provisional response has been received, the CANCEL request MUST NOT be sent"
    _S.CALLING_TO_CANCEL: {
        _I.TIMER_A: (_S.CALLING_TO_CANCEL, "retransmit"),
        _I.TIMER_B: (_S.TERMINATED, "time_out"),
        _I.PROVISIONAL: (_S.CANCELLING, "proceed_and_cancel"),
        **_ANSWERED,
        _I.CANCEL: (_S.CALLING_TO_CANCEL, ""),
        _I.TRANSPORT_ERROR: (_S.TERMINATED, "fail"),
    },
    _S.PROCEEDING: {
        _I.PROVISIONAL: (_S.PROCEEDING, "pass_up"),
        **_ANSWERED,
        _I.CANCEL: (_S.CANCELLING, "cancel"),
        _I.TRANSPORT_ERROR: (_S.TERMINATED, "fail"),
    },
    # 9.1: after 64*T1 without a final response the transaction counts as cancelled
    _S.CANCELLING: {
        _I.PROVISIONAL: (_S.CANCELLING, "pass_up"),
        **_ANSWERED,
        _I.CANCEL: (_S.CANCELLING, ""),
        _I.TIMER_CANCEL: (_S.TERMINATED, "give_up"),
        _I.TRANSPORT_ERROR: (_S.TERMINATED, "fail"),
    },
    # 17.1.1.2: repeated refusals are acknowledged again and not passed up
    _S.COMPLETED: {
        _I.PROVISIONAL: (_S.COMPLETED, ""),
        _I.SUCCESS: (_S.COMPLETED, ""),
        _I.FAILURE: (_S.COMPLETED, "acknowledge_again"),
        _I.CANCEL: (_S.COMPLETED, ""),
        _I.TIMER_D: (_S.TERMINATED, ""),
        _I.TRANSPORT_ERROR: (_S.TERMINATED, "fail"),
    },
    # RFC 6026 7.2: every 2xx, repeated or of another fork, goes up to be acknowledged there
    _S.ACCEPTED: {
        _I.PROVISIONAL: (_S.ACCEPTED, ""),
        _I.SUCCESS: (_S.ACCEPTED, "pass_up"),
        _I.FAILURE: (_S.ACCEPTED, ""),
        _I.CANCEL: (_S.ACCEPTED, ""),
        _I.TIMER_M: (_S.TERMINATED, "settle"),
        _I.TRANSPORT_ERROR: (_S.ACCEPTED, ""),
    },
    _S.TERMINATED: {},
}

_ACK_MAX_FORWARDS: Final = 70
"""RFC 3261 section 8.1.1.6."""


class InviteClient(ClientTransaction):
    """One INVITE that we sent."""

    __slots__ = ("_ack", "_reason")

    TABLE = INVITE_CLIENT
    START = _S.CALLING
    BROKEN = _I.TRANSPORT_ERROR
    AGAIN, GIVE_UP = _I.TIMER_A, _I.TIMER_B

    def receive(self, response: Response, now: float) -> None:
        """A response has come in."""
        status = response.status
        given = _I.PROVISIONAL if status < 200 else _I.SUCCESS if status < 300 else _I.FAILURE
        self._act(given, now, response)

    def cancel(self, now: float, reason: str = "") -> None:
        """Cancel the INVITE as soon as that is allowed; harmless once a final response is there.

        Args:
            reason: for the Reason header of the CANCEL (RFC 3326); empty for none.
        """
        if self.is_over:
            return
        if self.state in (_S.CALLING, _S.PROCEEDING):
            self._reason = reason
        self._act(_I.CANCEL, now, None)

    @property
    def is_unheard(self) -> bool:
        """Whether nothing at all has come back yet."""
        return self.state in (_S.CALLING, _S.CALLING_TO_CANCEL)

    @property
    def is_asking(self) -> bool:
        """Whether a final response is still to come."""
        return self.state in (_S.CALLING, _S.CALLING_TO_CANCEL, _S.PROCEEDING, _S.CANCELLING)

    def reroute(self, data: bytes, flow: Flow, now: float) -> None:
        """Send the INVITE another way, as `data`; once it is cancelled, its CANCEL alone goes there."""
        if self.state is _S.CANCELLING:
            self.flow = flow
        else:
            super().reroute(data, flow, now)

    def _companion(self, method: str, to: str) -> Request:
        """A request of the same transaction: the INVITE's identity with another method (sections 9.1, 17.1.1.3)."""
        original = self.request
        fields = [
            ("Via", original.via),
            *[("Route", route) for route in original.headers.all("route")],
            ("Max-Forwards", _ACK_MAX_FORWARDS),
            ("From", original.from_),
            ("To", to),
            ("Call-ID", original.call_id),
            ("CSeq", CSeq(original.cseq.number, method)),
        ]
        return Request(method, original.uri, headers=Headers(fields))

    def _retransmit(self, now: float, _: None) -> None:
        self._outlet.send(self._data, self.flow, self.call_id)
        self._interval *= 2
        self._wait(now)

    def _proceed(self, now: float, response: Response) -> None:
        self._stop()
        self._pass_up(now, response)

    def _proceed_and_cancel(self, now: float, response: Response) -> None:
        self._proceed(now, response)
        self._cancel(now, None)

    def _cancel(self, now: float, _: None) -> None:
        cancel = self._companion("CANCEL", self.request.headers.get("to") or "")
        if self._reason:
            cancel.headers.set("reason", self._reason)
        self._outlet.cancel_wanted(self, cancel, now)
        self._start(_I.TIMER_CANCEL, now, self._config.patience)

    def _accept(self, now: float, response: Response) -> None:
        self._start(_I.TIMER_M, now, self._config.patience)
        self._data = b""  # it is repeated no more
        self._pass_up(now, response)

    def _complete(self, now: float, response: Response) -> None:
        self._start(_I.TIMER_D, now, self._linger(self._config.patience))
        self._ack = self._companion("ACK", response.headers.get("to") or "").serialise()
        self._outlet.send(self._ack, self.flow, self.call_id)
        self._pass_up(now, response)

    def _acknowledge_again(self, now: float, _: Response) -> None:
        self._outlet.send(self._ack, self.flow, self.call_id)

    def _settle(self, now: float, _: None) -> None:
        self._outlet.user.settled(self, now)

    def _give_up(self, now: float, _: None) -> None:
        self._tell_time_out(_I.TIMER_CANCEL, now)
