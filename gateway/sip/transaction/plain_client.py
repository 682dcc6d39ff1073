"""The client transaction of every method but INVITE (RFC 3261 section 17.1.2, figure 6)."""

from __future__ import annotations

from typing import Final

from gateway.core.machine import Table
from gateway.core.word import Word
from gateway.sip.message import Response
from gateway.sip.transaction.base import ClientTransaction

__all__ = ["PLAIN_CLIENT", "PlainClient", "PlainClientInput", "PlainClientState"]


class PlainClientState(Word):
    """RFC 3261 figure 6."""

    TRYING = "Trying"
    PROCEEDING = "Proceeding"
    COMPLETED = "Completed"
    TERMINATED = "Terminated"


class PlainClientInput(Word):
    """What may happen to it."""

    PROVISIONAL = "1xx"
    FINAL = "200-699"
    TIMER_E = "timer E"
    TIMER_F = "timer F"
    TIMER_K = "timer K"
    TRANSPORT_ERROR = "transport error"


_S = PlainClientState
_I = PlainClientInput

PLAIN_CLIENT: Final[Table[PlainClientState, PlainClientInput]] = {
    # 17.1.2.2
    _S.TRYING: {
        _I.TIMER_E: (_S.TRYING, "retransmit"),
        _I.TIMER_F: (_S.TERMINATED, "time_out"),
        _I.PROVISIONAL: (_S.PROCEEDING, "pass_up"),
        _I.FINAL: (_S.COMPLETED, "complete"),
        _I.TRANSPORT_ERROR: (_S.TERMINATED, "fail"),
    },
    _S.PROCEEDING: {
        _I.TIMER_E: (_S.PROCEEDING, "retransmit"),
        _I.TIMER_F: (_S.TERMINATED, "time_out"),
        _I.PROVISIONAL: (_S.PROCEEDING, "pass_up"),
        _I.FINAL: (_S.COMPLETED, "complete"),
        _I.TRANSPORT_ERROR: (_S.TERMINATED, "fail"),
    },
    # repeated responses are absorbed
    _S.COMPLETED: {
        _I.PROVISIONAL: (_S.COMPLETED, ""),
        _I.FINAL: (_S.COMPLETED, ""),
        _I.TIMER_K: (_S.TERMINATED, ""),
        _I.TRANSPORT_ERROR: (_S.COMPLETED, ""),
    },
    _S.TERMINATED: {},
}


class PlainClient(ClientTransaction):
    """One request other than INVITE that we sent."""

    __slots__ = ()

    TABLE = PLAIN_CLIENT
    START = _S.TRYING
    BROKEN = _I.TRANSPORT_ERROR
    AGAIN, GIVE_UP = _I.TIMER_E, _I.TIMER_F

    def receive(self, response: Response, now: float) -> None:
        """A response has come in."""
        self._act(_I.PROVISIONAL if response.status < 200 else _I.FINAL, now, response)

    @property
    def is_unheard(self) -> bool:
        """Whether nothing at all has come back yet."""
        return self.state is _S.TRYING

    @property
    def is_asking(self) -> bool:
        """Whether a final response is still to come."""
        return self.state in (_S.TRYING, _S.PROCEEDING)

    def _retransmit(self, now: float, _: None) -> None:
        self._outlet.send(self._data, self.flow, self.call_id)
        # In Proceeding the interval is T2 at once; before, it doubles up to there.
        longest = self._config.t2
        self._interval = longest if self.state is _S.PROCEEDING else min(2 * self._interval, longest)
        self._wait(now)

    def _complete(self, now: float, response: Response) -> None:
        self._start(_I.TIMER_K, now, self._linger(self._config.t4))
        self._data = b""
        del self.request
        self._pass_up(now, response)
