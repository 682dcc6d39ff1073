"""A subscription of ours with somebody else's notifier (RFC 6665 section 4.1): made, refreshed, ended, made again.

Its SUBSCRIBEs leave, NOTIFYs enter, each told to whoever wants the state. The dialog is that of the first NOTIFY,
which may overtake the answer to the SUBSCRIBE (4.1.2.4). What ends it says when it is worth another attempt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gateway.core.errors import Exhausted, MalformedError
from gateway.core.frozen import frozen
from gateway.core.machine import Acting, Table
from gateway.core.word import Word
from gateway.sip.credentials import Credentials, Prover, ProvingCarrier
from gateway.sip.dialog import Dialog, DialogId
from gateway.sip.events.header import EventType, SubscriptionState
from gateway.sip.events.subscription import beside
from gateway.sip.headers import CSeq
from gateway.sip.message import Request, Response
from gateway.sip.register_answers import min_expires
from gateway.sip.retry_after import retry_after
from gateway.sip.session import Reply, Setting, Timer
from gateway.sip.transport import Flow
from gateway.sip.usage import ends_subscription
from gateway.sip.within import send_within

__all__ = ["TABLE", "State", "Subscriber", "SubscriberConfig"]


class State(Word):
    """Where the subscription stands."""

    IDLE = "not begun"
    ASKING = "waits for the first NOTIFY"
    HELD = "subscribed"
    WAITING = "waits before it tries again"
    LEAVING = "waits for the last NOTIFY"
    OVER = "ended"


class Input(Word):
    """What can happen to it."""

    START = "it is wanted"
    TAKEN = "NOTIFY"
    ENDED = "NOTIFY that ends it"
    REFUSED = "SUBSCRIBE refused, or nobody answers"
    DUE = "time to try, to renew, or to wait no longer"
    STOP = "it is not wanted any more"


_S, _I = State, Input

TABLE: Final[Table[State, Input]] = {
    _S.IDLE: {_I.START: (_S.ASKING, "ask"), _I.STOP: (_S.OVER, "")},
    # RFC 6665 4.1.2.1 and 4.1.2.4: granted is what a NOTIFY says; without one for timer N there is nothing.
    _S.ASKING: {
        _I.START: (_S.ASKING, ""),
        _I.TAKEN: (_S.HELD, "hold"),
        _I.ENDED: (_S.WAITING, "wait"),
        _I.REFUSED: (_S.WAITING, "wait"),
        _I.DUE: (_S.WAITING, "wait"),
        _I.STOP: (_S.LEAVING, "leave"),
    },
    # 4.1.2.2, 4.1.3
    _S.HELD: {
        _I.START: (_S.HELD, ""),
        _I.TAKEN: (_S.HELD, "hold"),
        _I.ENDED: (_S.WAITING, "wait"),
        _I.REFUSED: (_S.WAITING, "wait"),
        _I.DUE: (_S.HELD, "renew"),
        _I.STOP: (_S.LEAVING, "leave"),
    },
    _S.WAITING: {
        _I.START: (_S.ASKING, "ask"),
        _I.TAKEN: (_S.WAITING, ""),
        _I.ENDED: (_S.WAITING, ""),
        _I.REFUSED: (_S.WAITING, ""),
        _I.DUE: (_S.ASKING, "ask"),
        _I.STOP: (_S.OVER, "end"),
    },
    # 4.1.2.3
    _S.LEAVING: {
        _I.START: (_S.LEAVING, ""),
        _I.TAKEN: (_S.LEAVING, ""),
        _I.ENDED: (_S.OVER, "end"),
        _I.REFUSED: (_S.OVER, "end"),
        _I.DUE: (_S.OVER, "end"),
        _I.STOP: (_S.LEAVING, ""),
    },
    _S.OVER: {given: (_S.OVER, "") for given in Input},
}

SOON: Final = 2.0
"""Seconds until a subscription is made anew that ended for no fault of ours."""
RENEW_AGAIN: Final = 20.0
"""Seconds until a refresh is tried again that was refused for no fault of the subscription."""
PAUSE: Final = 300.0
"""Seconds until the next attempt after a failure; half of it is chance."""
LONG: Final = 3600.0
"""The same where the answer will hardly be another."""
FIRST_PAUSE: Final = 8.0
"""The same where nobody could be reached; each further time twice that, up to PAUSE (as RFC 5626 section 4.5)."""
MOST_FAILURES: Final = 8
"""How many failures in a row are counted: by then the pause is the longest."""
AT_ONCE: Final = frozenset({"deactivated", "timeout", ""})
NEVER: Final = frozenset({"rejected", "noresource", "invariant"})
"""Reasons of an end after which another attempt is made at once, and such where it is of little use (4.1.3)."""
NOT_THIS: Final = frozenset({406, 415, 489})
"""Refusals of a SUBSCRIBE that are of its package, or of how that is written (RFC 6665 4.2.1.1)."""
HOPELESS: Final = frozenset({403, 404, 405, 406, 415, 489, 501, 603, 604})
"""Refusals of a SUBSCRIBE that asking again does not change."""


@frozen
class SubscriberConfig:
    """What is watched.

    Attributes:
        package: the event package.
        accept: the media type of its documents.
        expires: seconds that are asked for.
        credentials: for challenges; None where there are none.
        instead: the package and its media type that are asked for where the notifier does not know the first; None
            for none.
    """

    package: str
    accept: str
    expires: int = 3600
    credentials: Credentials | None = None
    instead: tuple[str, str] | None = None


class Subscriber(Acting):
    """One subscription of ours; see `Member`.

    Args:
        config: what is watched.
        setting: the stack's services.
        asks: makes a SUBSCRIBE without CSeq, and gives the flow on which it goes; None where there is no way now.
        told: takes each NOTIFY that tells a state.
        lost: told when there is a subscription no longer, so that what was told may be out of date.
    """

    TABLE = TABLE
    state: State

    def __init__(
        self,
        config: SubscriberConfig,
        setting: Setting,
        *,
        asks: Callable[[], tuple[Request, Flow] | None],
        told: Callable[[Request, float], None],
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._config = config
        self._lost = lost
        self._carrier = ProvingCarrier(
            setting.carrier, Prover(config.credentials, setting.random), self._next_number
        )
        self._setting = replace(setting, carrier=self._carrier)
        self._asks = asks
        self._told = told
        self.state = State.IDLE
        self._number = setting.random.randrange(1, 2**16)
        self._request: Request | None = None
        self._flow: Flow | None = None
        self._half: DialogId | None = None
        self._dialog: Dialog | None = None
        self._timer: Timer | None = None
        self._wait_for: float | None = None
        self._until = config.expires  # seconds that are left, as was said last
        self._ends_at = 0.0
        self._is_renewing = False
        self._failures = 0
        self.trouble = ""
        """Why there is no subscription, as a clause; empty where there is one."""

    @property
    def flow(self) -> Flow | None:
        """By which the notifier is asked; see `Member`."""
        return self._flow

    @property
    def account(self) -> str:
        """None's: the notifier is a server; see `Member`."""
        return ""

    @property
    def leg(self) -> None:
        """None: it is no call; see `Member`."""

    def start(self, now: float) -> None:
        """Subscribe, and stay subscribed; also when there may be a way after there was none."""
        self._act(Input.START, now)

    def stop(self, now: float) -> None:
        """End the subscription."""
        self._act(Input.STOP, now)

    # What the notifier does.

    def receive(self, request: Request, reply: Reply, flow: Flow, now: float) -> None:
        """Take a request of the dialog, or the NOTIFY that makes it; see `Member`."""
        if request.method != "NOTIFY":
            reply(beside(request), now)
            return
        if not self._is_ours(request):
            reply(request.reply(481), now)
            return
        try:
            state = SubscriptionState.parse(request.headers.get("Subscription-State") or "")
            if self._dialog is None:
                self._enter(request, flow)
            elif not self._dialog.takes(request):
                reply(request.reply(500, "Request Out Of Order"), now)
                return
        except MalformedError as fault:
            reply(request.reply(400, str(fault)[:80]), now)
            return
        assert self._dialog is not None  # made just now, if it was not there
        self._dialog.heard(request, flow)
        self._dialog.refresh(request, "NOTIFY")
        reply(request.reply(200), now)
        if request.body:
            self._told(request, now)
        if state.is_over:
            self._wait_for = _pause_after(state)
            self.trouble = f"it ended the subscription ({state.reason or 'no reason given'})"
            self._act(Input.ENDED, now)
        else:
            self.trouble = ""
            self._until = self._until if state.expires is None else state.expires
            self._act(Input.TAKEN, now)

    def lost(self, flow: Flow, now: float) -> None:
        """A connection is gone, and it was we who had made it: what is held is renewed by another; see `Member`."""
        if flow != self._flow or self.state in (State.WAITING, State.OVER):
            return
        self._wait_for, self.trouble = SOON, f"the connection {flow} was lost"
        held = self.state is State.HELD and not self._is_renewing
        self._act(Input.DUE if held else Input.REFUSED, now)

    def way_anew(self, lost: Flow) -> None:
        """None: we have made the connection, or ask anew; see `Member`."""

    def moved(self, before: Flow, after: Flow, now: float) -> None:
        """The notifier is reached elsewhere; see `Member`."""
        if self._flow == before:
            self._flow = after
        if self._dialog is not None:
            self._dialog.moved(before, after)

    def _is_ours(self, request: Request) -> bool:
        """A second NOTIFY of another notifier, to which our SUBSCRIBE was forked, is none (4.1.4 allows 481)."""
        try:
            event = EventType.parse(request.headers.get("Event") or "")
        except MalformedError:
            return False
        known = self._dialog is None or request.from_.tag == self._dialog.id.remote_tag
        return event == EventType(self._config.package) and known and self._request is not None

    def _enter(self, notify: Request, flow: Flow) -> None:
        """The dialog that the first NOTIFY makes (4.1.2.4)."""
        assert self._request is not None  # it is asked for
        own = self._request
        self._dialog = Dialog.as_server(
            notify, tag=own.from_.tag or "", flow=flow, contact=own.contacts[0], number=self._number
        )
        self._leave_half()
        self._carrier.enter(self._dialog.id, self)

    # Actions of the table.

    def _ask(self, now: float) -> None:
        self._stop_timer()
        found = self._asks()
        if found is None:
            self._act(Input.REFUSED, now)
            return
        self._request, self._flow = found
        self._half = DialogId(self._request.call_id, self._request.from_.tag or "", "")
        self._carrier.enter(self._half, self)
        self._due_at(now + self._setting.timers.patience)
        self.trouble = "no NOTIFY has come"
        self._subscribe(self._request, self._config.expires, now)

    def _renew(self, now: float) -> None:
        assert self._dialog is not None  # it is held
        self._is_renewing = True
        self._due_at(now + self._setting.timers.patience)
        self._subscribe(self._dialog.request("SUBSCRIBE"), self._config.expires, now)

    def _hold(self, now: float) -> None:
        self._is_renewing, self._wait_for, self._failures = False, None, 0
        self._ends_at = now + self._until
        early = min(max(32.0, self._until / 10), self._until / 2)
        self._due_at(now + max(1.0, self._until - early))

    def _wait(self, now: float) -> None:
        self._is_renewing = False
        self._forget()
        self._lost()
        pause, self._wait_for = self._wait_for, None
        if pause is None:
            pause = PAUSE * self._setting.random.uniform(0.5, 1.0)
        self._due_at(now + pause)

    def _leave(self, now: float) -> None:
        self._stop_timer()
        if self._dialog is None:
            self._act(Input.REFUSED, now)  # whatever comes of what we have asked is answered with 481
            return
        self._due_at(now + self._setting.timers.patience)
        self._subscribe(self._dialog.request("SUBSCRIBE"), 0, now)

    def _end(self, now: float) -> None:
        self._stop_timer()
        self._forget()

    # SUBSCRIBE and its answers.

    def _subscribe(self, request: Request, expires: int, now: float) -> None:
        headers = request.headers
        if request is self._request:
            headers.set("CSeq", CSeq(self._next_number(), "SUBSCRIBE"))
        headers.set("Event", EventType(self._config.package))
        headers.set("Accept", self._config.accept)
        headers.set("Expires", expires)
        assert self._flow is not None  # it is asked on

        def answered(response: Response, at: float) -> None:
            self._answered(request, response, at)

        try:
            if self._dialog is None:
                self._carrier.send(request, self._flow, now, answered=answered, failed=self._failed)
            else:
                send_within(self._setting, self._dialog, request, now, answered=answered, failed=self._failed)
        except Exhausted as fault:
            self._failed(str(fault), now)

    def _answered(self, request: Request, response: Response, now: float) -> None:
        if response.status < 300:
            if response.is_final and response.expires is not None:
                self._until = response.expires
            if response.is_final and self.state is State.HELD:
                self._hold(now)
            return  # whether there is a subscription, the NOTIFY says
        if self.state in (State.WAITING, State.OVER):
            return
        if self._stands_without(request, response, now):
            return
        self.trouble = f"it refuses to be watched with {response.summary}"
        if response.status == 481 and request is not self._request:
            self._wait_for = SOON  # it has forgotten the subscription (4.1.2.2)
        elif response.status in NOT_THIS and self._config.instead is not None:
            package, accept = self._config.instead
            self._config = replace(self._config, package=package, accept=accept, instead=None)
            self._wait_for = SOON
        elif response.status == 423 and (least := min_expires(response)) > self._config.expires:
            self._config = replace(self._config, expires=least)
            self._wait_for = SOON
        elif response.status in HOPELESS:
            self._wait_for = LONG
        else:
            self._wait_for = retry_after(response)
        self._act(Input.REFUSED, now)

    def _stands_without(self, request: Request, response: Response, now: float) -> bool:
        """Whether what is held goes on, for as long as was said last (4.1.2.2); its refresh is tried again."""
        left = self._ends_at - now
        if self.state is not State.HELD or request is self._request or left <= SOON:
            return False
        if ends_subscription(response) or response.status == 423:
            return False
        self._due_at(now + min(retry_after(response) or RENEW_AGAIN, left - SOON / 2))
        return True

    def _failed(self, evidence: str, now: float) -> None:
        """Nobody was reached: that may be over soon, while those who refuse are asked again seldom."""
        if self.state in (State.WAITING, State.OVER):
            return
        self.trouble = evidence
        self._wait_for = min(FIRST_PAUSE * 2**self._failures, PAUSE) * self._setting.random.uniform(0.5, 1.0)
        self._failures = min(self._failures + 1, MOST_FAILURES)
        self._act(Input.REFUSED, now)

    def _next_number(self) -> int:
        if self._dialog is not None:
            return self._dialog.count()
        self._number += 1
        return self._number

    def _forget(self) -> None:
        self._leave_half()
        if self._dialog is not None:
            self._carrier.leave(self._dialog.id)
        self._dialog = self._request = None

    def _leave_half(self) -> None:
        if self._half is not None:
            self._carrier.leave(self._half)
            self._half = None

    def _due_at(self, when: float) -> None:
        self._stop_timer()
        self._timer = self._carrier.at(when, lambda now: self._act(Input.DUE, now))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _pause_after(state: SubscriptionState) -> float | None:
    """Seconds until another attempt, by the end of the last (4.1.3); None for the usual."""
    if state.reason in NEVER:
        return LONG
    if state.retry_after is not None:
        return min(max(float(state.retry_after), SOON), LONG)
    return SOON if state.reason in AT_ONCE else None
