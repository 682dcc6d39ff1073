"""The INVITE server transaction (RFC 3261 section 17.2.1, figure 7; RFC 6026 sections 7.1 and 8.7).

Repeated INVITEs are answered with the latest response; a refusal is repeated over UDP until its ACK comes; an
acceptance is repeated by the user, who also gets its ACK. 100 is sent where the user takes longer than 200 ms.
"""

from __future__ import annotations

from typing import Final

from gateway.core.machine import Table
from gateway.core.word import Word
from gateway.sip.message import Request, Response
from gateway.sip.transaction.base import ServerTransaction

__all__ = ["INVITE_SERVER", "InviteServer", "InviteServerInput", "InviteServerState"]


class InviteServerState(Word):
    """RFC 3261 figure 7 with Accepted of RFC 6026."""

    PROCEEDING = "Proceeding"
    COMPLETED = "Completed"
    CONFIRMED = "Confirmed"
    ACCEPTED = "Accepted"
    TERMINATED = "Terminated"


class InviteServerInput(Word):
    """What may happen to it."""

    INVITE = "INVITE again"
    ACK = "ACK"
    SEND_PROVISIONAL = "1xx from user"
    SEND_SUCCESS = "2xx from user"
    SEND_FAILURE = "300-699 from user"
    TIMER_TRYING = "200 ms"
    TIMER_G = "timer G"
    TIMER_H = "timer H"
    TIMER_I = "timer I"
    TIMER_L = "timer L"
    TRANSPORT_ERROR = "transport error"


_S = InviteServerState
_I = InviteServerInput

INVITE_SERVER: Final[Table[InviteServerState, InviteServerInput]] = {
    # 17.2.1
    _S.PROCEEDING: {
        _I.INVITE: (_S.PROCEEDING, "send_latest"),
        _I.ACK: (_S.PROCEEDING, ""),
        _I.TIMER_TRYING: (_S.PROCEEDING, "send_trying"),
        _I.SEND_PROVISIONAL: (_S.PROCEEDING, "send"),
        _I.SEND_SUCCESS: (_S.ACCEPTED, "accept"),
        _I.SEND_FAILURE: (_S.COMPLETED, "refuse"),
        _I.TRANSPORT_ERROR: (_S.TERMINATED, "fail"),
    },
    # 17.2.1: "Any other final responses passed by the TU ... MUST be discarded"
    _S.COMPLETED: {
        _I.INVITE: (_S.COMPLETED, "send_latest"),
        _I.ACK: (_S.CONFIRMED, "confirm"),
        _I.TIMER_G: (_S.COMPLETED, "retransmit"),
        _I.TIMER_H: (_S.TERMINATED, "time_out"),
        _I.SEND_PROVISIONAL: (_S.COMPLETED, ""),
        _I.SEND_SUCCESS: (_S.COMPLETED, ""),
        _I.SEND_FAILURE: (_S.COMPLETED, ""),
        _I.TRANSPORT_ERROR: (_S.TERMINATED, "fail"),
    },
    _S.CONFIRMED: {
        _I.INVITE: (_S.CONFIRMED, ""),
        _I.ACK: (_S.CONFIRMED, ""),
        _I.TIMER_I: (_S.TERMINATED, ""),
        _I.SEND_PROVISIONAL: (_S.CONFIRMED, ""),
        _I.SEND_SUCCESS: (_S.CONFIRMED, ""),
        _I.SEND_FAILURE: (_S.CONFIRMED, ""),
        _I.TRANSPORT_ERROR: (_S.CONFIRMED, ""),
    },
    # RFC 6026 7.1: repeated INVITEs are absorbed; the user repeats its 2xx and hears every ACK
    _S.ACCEPTED: {
        _I.INVITE: (_S.ACCEPTED, ""),
        _I.ACK: (_S.ACCEPTED, "pass_ack"),
        _I.TIMER_L: (_S.TERMINATED, ""),
        _I.SEND_PROVISIONAL: (_S.ACCEPTED, ""),
        _I.SEND_SUCCESS: (_S.ACCEPTED, "send"),
        _I.SEND_FAILURE: (_S.ACCEPTED, ""),
        _I.TRANSPORT_ERROR: (_S.ACCEPTED, "fail"),
    },
    _S.TERMINATED: {},
}


class InviteServer(ServerTransaction):
    """One INVITE that we received."""

    __slots__ = ("_interval",)

    TABLE = INVITE_SERVER
    START = _S.PROCEEDING
    BROKEN = _I.TRANSPORT_ERROR

    @property
    def owes_response(self) -> bool:
        """Before a refusal: a provisional one, the final one, or the 2xx again."""
        return self.state in (_S.PROCEEDING, _S.ACCEPTED)

    def wait(self, now: float) -> None:
        """Send 100 in a moment, unless the user, who has heard of it, has answered already."""
        if self.state is _S.PROCEEDING and not self._latest:
            self._start(_I.TIMER_TRYING, now, self._config.trying)

    def receive(self, request: Request, now: float) -> None:
        """The INVITE again, or an ACK."""
        self._act(_I.ACK if request.method == "ACK" else _I.INVITE, now, request)

    def respond(self, response: Response, now: float) -> None:
        """Send a response."""
        if not self._STEPS[self.state]:
            return
        status = response.status
        given = _I.SEND_PROVISIONAL if status < 200 else _I.SEND_SUCCESS if status < 300 else _I.SEND_FAILURE
        self._act(given, now, response)

    def _send(self, now: float, response: Response) -> None:
        self._say(response)
        if response.status < 200:
            self._stop()
        else:
            self._latest = b""  # the user says it again

    def _send_latest(self, now: float, _: Request) -> None:
        self._say_again()

    def _send_trying(self, now: float, _: None) -> None:
        self._send(now, self.request.reply(100))

    def _accept(self, now: float, response: Response) -> None:
        self._say_finally(response)
        self._latest = b""  # the user says it again
        self._start(_I.TIMER_L, now, self._config.patience)

    def _refuse(self, now: float, response: Response) -> None:
        self._say_finally(response)
        self._interval = self._config.t1
        self._until = now + self._config.patience
        self._wait(now)

    def _retransmit(self, now: float, _: None) -> None:
        self._say_again()
        self._interval = min(2 * self._interval, self._config.t2)
        self._wait(now)

    def _wait(self, now: float) -> None:
        """Wait for the ACK."""
        self._repeat(_I.TIMER_G, _I.TIMER_H, now, self._interval)

    def _confirm(self, now: float, _: Request) -> None:
        self._start(_I.TIMER_I, now, self._linger(self._config.t4))

    def _pass_ack(self, now: float, ack: Request) -> None:
        self._outlet.user.ack_arrived(ack, self.flow, now)

    def _time_out(self, now: float, _: None) -> None:
        self._tell_time_out(_I.TIMER_H, now)
