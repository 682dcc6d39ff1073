"""The client transaction of every method but INVITE (RFC 3261 section 17.1.2, figure 6)."""

from __future__ import annotations

from typing import Final

from gateway.core.machine import Machine, Table
from gateway.core.word import Word
from gateway.sip.message import Request, Response
from gateway.sip.transaction.base import ClientTransaction, Key, Outlet
from gateway.sip.transaction.timers import TimerConfig
from gateway.sip.transport import Flow

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
        _I.TIMER_E: (_S.TRYING, "_retransmit"),
        _I.TIMER_F: (_S.TERMINATED, "_time_out"),
        _I.PROVISIONAL: (_S.PROCEEDING, "_proceed"),
        _I.FINAL: (_S.COMPLETED, "_complete"),
        _I.TRANSPORT_ERROR: (_S.TERMINATED, "_fail"),
    },
    _S.PROCEEDING: {
        _I.TIMER_E: (_S.PROCEEDING, "_retransmit"),
        _I.TIMER_F: (_S.TERMINATED, "_time_out"),
        _I.PROVISIONAL: (_S.PROCEEDING, "_pass_up"),
        _I.FINAL: (_S.COMPLETED, "_complete"),
        _I.TRANSPORT_ERROR: (_S.TERMINATED, "_fail"),
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

    __slots__ = ("_data", "_interval")

    def __init__(
        self, key: Key, request: Request, data: bytes, flow: Flow, outlet: Outlet, config: TimerConfig, now: float
    ) -> None:
        super().__init__(key, request, flow, outlet, config, Machine(PLAIN_CLIENT, _S.TRYING))
        self._data = data
        self._interval = config.t1
        self._say(now)
        self._start(_I.TIMER_F, now + config.patience)

    def receive(self, response: Response, now: float) -> None:
        """A response has come in."""
        self._feed(_I.FINAL if response.is_final else _I.PROVISIONAL, now, response)

    @property
    def is_unheard(self) -> bool:
        """Whether nothing at all has come back yet."""
        return self.state is _S.TRYING

    def reroute(self, data: bytes, flow: Flow, now: float) -> None:
        """Send the request another way."""
        self._data = data
        self.flow = flow
        self._say(now)

    def fail(self, now: float) -> None:
        """The flow is gone."""
        if not self.is_over:
            self._feed(_I.TRANSPORT_ERROR, now)

    def _say(self, now: float) -> None:
        self._outlet.send(self._data, self.flow, self.call_id)
        if not self.flow.is_reliable:
            self._start(_I.TIMER_E, now + self._interval)

    def _retransmit(self, now: float, _: None) -> None:
        self._outlet.send(self._data, self.flow, self.call_id)
        # In Proceeding the interval is T2 at once; before, it doubles up to there.
        longest = self._config.t2
        self._interval = longest if self.state is _S.PROCEEDING else min(2 * self._interval, longest)
        self._start(_I.TIMER_E, now + self._interval)

    def _proceed(self, now: float, response: Response) -> None:
        self._pass_up(now, response)

    def _complete(self, now: float, response: Response) -> None:
        self._stop(_I.TIMER_E, _I.TIMER_F)
        self._start(_I.TIMER_K, now + self._linger(self._config.t4))
        self._pass_up(now, response)
        self._data = b""
        del self.request

    def _time_out(self, now: float, _: None) -> None:
        self._tell_time_out(_I.TIMER_F)

    def _fail(self, now: float, _: None) -> None:
        self._outlet.transport_failed(self)
