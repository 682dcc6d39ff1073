"""The server transaction of every method but INVITE (RFC 3261 section 17.2.2, figure 8)."""

from __future__ import annotations

from typing import Final

from gateway.core.machine import Table
from gateway.core.word import Word
from gateway.sip.message import Request, Response
from gateway.sip.transaction.base import ServerTransaction

__all__ = ["PLAIN_SERVER", "PlainServer", "PlainServerInput", "PlainServerState"]


class PlainServerState(Word):
    """RFC 3261 figure 8."""

    TRYING = "Trying"
    PROCEEDING = "Proceeding"
    COMPLETED = "Completed"
    TERMINATED = "Terminated"


class PlainServerInput(Word):
    """What may happen to it."""

    REQUEST = "request again"
    SEND_PROVISIONAL = "1xx from user"
    SEND_FINAL = "200-699 from user"
    TIMER_J = "timer J"
    TRANSPORT_ERROR = "transport error"


_S = PlainServerState
_I = PlainServerInput

PLAIN_SERVER: Final[Table[PlainServerState, PlainServerInput]] = {
    # 17.2.2
    _S.TRYING: {
        _I.REQUEST: (_S.TRYING, ""),
        _I.SEND_PROVISIONAL: (_S.PROCEEDING, "send"),
        _I.SEND_FINAL: (_S.COMPLETED, "complete"),
        _I.TRANSPORT_ERROR: (_S.TERMINATED, "fail"),
    },
    _S.PROCEEDING: {
        _I.REQUEST: (_S.PROCEEDING, "send_latest"),
        _I.SEND_PROVISIONAL: (_S.PROCEEDING, "send"),
        _I.SEND_FINAL: (_S.COMPLETED, "complete"),
        _I.TRANSPORT_ERROR: (_S.TERMINATED, "fail"),
    },
    _S.COMPLETED: {
        _I.REQUEST: (_S.COMPLETED, "send_latest"),
        _I.SEND_PROVISIONAL: (_S.COMPLETED, ""),
        _I.SEND_FINAL: (_S.COMPLETED, ""),
        _I.TIMER_J: (_S.TERMINATED, ""),
        _I.TRANSPORT_ERROR: (_S.TERMINATED, "fail"),
    },
    _S.TERMINATED: {},
}


class PlainServer(ServerTransaction):
    """One request other than INVITE that we received."""

    __slots__ = ()

    TABLE = PLAIN_SERVER
    START = _S.TRYING
    BROKEN = _I.TRANSPORT_ERROR

    @property
    def owes_response(self) -> bool:
        """Before the final one."""
        return self.state in (_S.TRYING, _S.PROCEEDING)

    def receive(self, request: Request, now: float) -> None:
        """The request again."""
        self._act(_I.REQUEST, now, request)

    def respond(self, response: Response, now: float) -> None:
        """Send a response."""
        if self._STEPS[self.state]:
            self._act(_I.SEND_FINAL if response.status >= 200 else _I.SEND_PROVISIONAL, now, response)

    def _send(self, now: float, response: Response) -> None:
        self._say(response)

    def _send_latest(self, now: float, _: Request) -> None:
        self._say_again()

    def _complete(self, now: float, response: Response) -> None:
        self._say_finally(response)
        self._start(_I.TIMER_J, now, self._linger(self._config.patience))
