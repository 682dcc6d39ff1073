"""One subscription as its notifier keeps it (RFC 6665 section 4.2): its NOTIFYs, its time, its end.

Changes enter by `changed`, further SUBSCRIBEs of its dialog by `receive`. One NOTIFY is under way at a time, and
none goes out before its package's interval has passed since the last: what changes meanwhile is told by the next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from gateway.core.errors import Exhausted, MalformedError
from gateway.core.frozen import frozen
from gateway.core.machine import Acting, Table
from gateway.core.word import Word
from gateway.sip.dialog import Dialog
from gateway.sip.events.header import EventType, Reason, SubscriptionState
from gateway.sip.events.package import DEFAULT_EXPIRES, Document
from gateway.sip.message import Request, Response
from gateway.sip.retry_after import retry_after
from gateway.sip.session import Reply, Setting, Timer, abilities
from gateway.sip.transport import Flow
from gateway.sip.usage import ends_subscription
from gateway.sip.within import send_within

__all__ = ["TABLE", "Subject", "Subscription", "Terms", "beside", "granted_seconds", "unknown_subscription"]

BUSY: Final = 10.0
"""Seconds until the next try where there was no room for a NOTIFY."""
TRY_AGAIN: Final = frozenset({500, 503})
"""Refusals of a NOTIFY after which it may be sent again, where they say when."""
LONGEST_WAIT: Final = 300
"""Seconds that a subscriber's Retry-After is honoured at most."""


class State(Word):
    """Where the subscription stands."""

    AT_REST = "the subscriber knows the state"
    TELLING = "a NOTIFY is under way"
    BEHIND = "a NOTIFY is under way, and the state has changed again"
    PAUSING = "too early for another NOTIFY"
    HOLDING_BACK = "too early for another NOTIFY, and the state has changed"
    LEAVING = "the last NOTIFY is under way"
    OVER = "over"


class Input(Word):
    """What can happen to it."""

    CHANGE = "the state has changed"
    REFRESH = "SUBSCRIBE"
    TAKEN = "2xx to our NOTIFY"
    LATER = "our NOTIFY has to be sent again later"
    GONE = "our NOTIFY is refused, or nobody answers"
    LOST = "the connection to the subscriber is lost"
    PAUSE_OVER = "another NOTIFY may go out"
    END = "it ends"


_S, _I = State, Input

TABLE: Final[Table[State, Input]] = {
    # RFC 6665 4.2.1.2 and 4.2.2: a SUBSCRIBE is followed by a NOTIFY at once, whatever the pause.
    _S.AT_REST: {
        _I.CHANGE: (_S.TELLING, "tell"),
        _I.REFRESH: (_S.TELLING, "tell"),
        _I.END: (_S.LEAVING, "tell"),
        _I.LOST: (_S.OVER, "close"),
    },
    _S.TELLING: {
        _I.CHANGE: (_S.BEHIND, ""),
        _I.REFRESH: (_S.BEHIND, ""),
        _I.TAKEN: (_S.PAUSING, "rest"),
        _I.LATER: (_S.HOLDING_BACK, "rest"),
        _I.GONE: (_S.OVER, "close"),
        _I.END: (_S.LEAVING, "tell"),
        _I.LOST: (_S.OVER, "close"),
    },
    _S.BEHIND: {
        _I.CHANGE: (_S.BEHIND, ""),
        _I.REFRESH: (_S.BEHIND, ""),
        _I.TAKEN: (_S.HOLDING_BACK, "rest"),
        _I.LATER: (_S.HOLDING_BACK, "rest"),
        _I.GONE: (_S.OVER, "close"),
        _I.END: (_S.LEAVING, "tell"),
        _I.LOST: (_S.OVER, "close"),
    },
    _S.PAUSING: {
        _I.CHANGE: (_S.HOLDING_BACK, ""),
        _I.REFRESH: (_S.TELLING, "tell"),
        _I.PAUSE_OVER: (_S.AT_REST, ""),
        _I.END: (_S.LEAVING, "tell"),
        _I.LOST: (_S.OVER, "close"),
    },
    _S.HOLDING_BACK: {
        _I.CHANGE: (_S.HOLDING_BACK, ""),
        _I.REFRESH: (_S.TELLING, "tell"),
        _I.PAUSE_OVER: (_S.TELLING, "tell"),
        _I.END: (_S.LEAVING, "tell"),
        _I.LOST: (_S.OVER, "close"),
    },
    # RFC 6665 4.2.2: nothing follows the NOTIFY that says "terminated"; an answer to one before it may cross it.
    _S.LEAVING: {
        _I.CHANGE: (_S.LEAVING, ""),
        _I.TAKEN: (_S.OVER, "close"),
        _I.LATER: (_S.OVER, "close"),
        _I.GONE: (_S.OVER, "close"),
        _I.END: (_S.LEAVING, ""),
        _I.LOST: (_S.OVER, "close"),
    },
    _S.OVER: {given: (_S.OVER, "") for given in Input},
}


@frozen
class Terms:
    """What a subscription may ask for.

    Attributes:
        shortest, longest: seconds; less is refused with 423, more is cut.
        interval: seconds that lie between two NOTIFYs at least.
    """

    shortest: int
    longest: int
    interval: float


class Subject(Protocol):
    """What a subscription tells of."""

    def document(self, version: int, now: float, *, whole: bool) -> Document | None:
        """The state of this moment; None ends the subscription for want of its resource.

        Args:
            whole: all of it; else it may be but what is different from the document before.
        """
        ...


class Subscription(Acting):
    """One subscription; see `Member`.

    Args:
        setting: the stack's services.
        dialog: its dialog, entered with the carrier by whoever makes it.
        event: what it is of.
        subject: what it tells.
        terms: its bounds.
        expires: seconds that it lasts unless refreshed; 0 for one that is ended at once (a fetch).
        account: whose it is; see `Member`.
        over: told once, when nothing is left of it.
    """

    TABLE = TABLE
    state: State

    def __init__(
        self,
        setting: Setting,
        dialog: Dialog,
        event: EventType,
        subject: Subject,
        *,
        terms: Terms,
        expires: int,
        account: str,
        over: Callable[[Subscription], None],
        now: float,
    ) -> None:
        self.dialog = dialog
        self.event = event
        self.account = account
        self._setting = setting
        self._subject = subject
        self._terms = terms
        self._over = over
        self.state = State.AT_REST
        self._version = 0
        self._whole = True
        self._ending: SubscriptionState | None = None
        self._pause: Timer | None = None
        self._wait = terms.interval
        self._ends_at = now
        self._life: Timer | None = None
        if expires:
            self._live(expires, now)

    @property
    def flow(self) -> Flow:
        """By which the subscriber was heard last; see `Member`."""
        return self.dialog.flow

    @property
    def leg(self) -> None:
        """None: it is no call; see `Member`."""

    @property
    def is_leaving(self) -> bool:
        """Whether it has ended, but perhaps for the answer to its last NOTIFY."""
        return self._ending is not None

    # What its owner does.

    def begin(self, now: float) -> None:
        """Send the first NOTIFY; to be called once the SUBSCRIBE has been answered."""
        self._act(Input.REFRESH, now)

    def changed(self, now: float) -> None:
        """The state that it tells has changed."""
        self._act(Input.CHANGE, now)

    def end(self, reason: Reason, now: float, *, retry_after: int | None = None) -> None:
        """End it, telling the subscriber why."""
        if self._ending is None:
            self._ending = SubscriptionState("terminated", None, reason.value, retry_after)
            self._act(Input.END, now)

    # What the subscriber does.

    def receive(self, request: Request, reply: Reply, flow: Flow, now: float) -> None:
        """Take a request of the dialog; see `Member`."""
        if request.method == "ACK":
            return
        if not self.dialog.takes(request):
            reply(request.reply(500, "Request Out Of Order"), now)
        elif request.method == "SUBSCRIBE":
            self.dialog.heard(request, flow)
            self.refresh(request, reply, now)
        else:
            reply(beside(request), now)

    def refresh(self, request: Request, reply: Reply, now: float) -> None:
        """A SUBSCRIBE of its dialog: another term, or with Expires 0 the end (RFC 6665 4.2.1.4)."""
        if self._ending is not None or not self.is_meant(request):
            reply(unknown_subscription(request, self.event.package), now)
            return
        expires = granted_seconds(request, self._terms)
        if isinstance(expires, Response):
            reply(expires, now)
            return
        self.dialog.refresh(request, "SUBSCRIBE")
        reply(self.accepted(request, expires), now)
        if expires == 0:
            self.end(Reason.TIMEOUT, now)
        else:
            self._live(expires, now)
            self._whole = True
            self._act(Input.REFRESH, now)

    def is_meant(self, request: Request) -> bool:
        """Whether `request` is of this subscription, and not of another one in the dialog."""
        try:
            return EventType.parse(request.headers.get("Event") or "") == self.event
        except MalformedError:
            return False

    def accepted(self, request: Request, expires: int) -> Response:
        """The 200 to a SUBSCRIBE."""
        response = request.reply(200, to_tag=self.dialog.id.local_tag)
        response.headers.set("Expires", expires)
        response.headers.set("Contact", self.dialog.contact)
        return response

    def lost(self, flow: Flow, now: float) -> None:
        """A connection is gone, and with it a subscriber that does not say that it can be reached elsewhere.

        Another connection is made for the next NOTIFY (RFC 3261 section 18), to which it answers or is forgotten.
        """
        if not self.dialog.lives_on(flow):
            return
        way = self.way_anew(flow)
        if way is None:
            self._act(Input.LOST, now)
        else:
            self.dialog.moved(flow, way)

    def way_anew(self, lost: Flow) -> Flow | None:
        """By which other connection the subscriber is reached; see `Member`."""
        way = self.dialog.way_anew() if self.dialog.lives_on(lost) else None
        return way if way != lost else None

    def moved(self, before: Flow, after: Flow, now: float) -> None:
        """The subscriber is reached elsewhere; see `Member`."""
        self.dialog.moved(before, after)

    # Actions of the table.

    def _tell(self, now: float) -> None:
        self._stop_pause()
        document = self._subject.document(self._version, now, whole=self._whole)
        if (document is None or document.last) and self._ending is None:
            self.end(Reason.NO_RESOURCE, now)
            return
        notify = self.dialog.request("NOTIFY")
        headers = notify.headers
        headers.set("Event", self.event)
        left = SubscriptionState("active", max(0, round(self._ends_at - now)))
        headers.set("Subscription-State", self._ending or left)
        if document is not None and document.type:
            headers.set("Content-Type", document.type)
            notify.body = document.body
        self._version += 1
        self._whole = False
        try:
            send_within(
                self._setting,
                self.dialog,
                notify,
                now,
                answered=self._answered,
                failed=lambda _, at: self._act(Input.GONE, at),
            )
        except Exhausted:
            self._wait = BUSY
            self._whole = True
            self._act(Input.LATER, now)

    def _answered(self, response: Response, now: float) -> None:
        if not response.is_final:
            return
        if response.status < 300:
            self._act(Input.TAKEN, now)
        elif response.status in TRY_AGAIN and (wait := retry_after(response, LONGEST_WAIT)) is not None:
            self._wait = max(self._wait, wait)
            self._whole = True  # what was refused has been told to nobody
            self._act(Input.LATER, now)
        elif ends_subscription(response):
            self._act(Input.GONE, now)
        else:
            self._whole = True  # it was a complaint about this NOTIFY; the next is for whatever changes
            self._act(Input.TAKEN, now)

    def _rest(self, now: float) -> None:
        wait, self._wait = self._wait, self._terms.interval
        if wait:
            self._pause = self._setting.carrier.at(now + wait, lambda at: self._act(Input.PAUSE_OVER, at))
        else:
            self._act(Input.PAUSE_OVER, now)

    def _stop_pause(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    def _close(self, now: float) -> None:
        self._stop_pause()
        if self._life is not None:
            self._life.cancel()
        self._over(self)

    def _live(self, expires: int, now: float) -> None:
        if self._life is not None:
            self._life.cancel()
        self._ends_at = now + expires
        self._life = self._setting.carrier.at(self._ends_at, lambda at: self.end(Reason.TIMEOUT, at))


def beside(request: Request) -> Response:
    """What a request of a subscription's dialog hears that is not about it (RFC 3261 11.2, 21.4.6)."""
    if request.method == "OPTIONS":
        return abilities(request)
    if request.method == "BYE":
        return request.reply(481)  # there is no call
    response = request.reply(405)
    response.headers.set("Allow", "SUBSCRIBE, NOTIFY, OPTIONS")
    return response


def unknown_subscription(request: Request, package: str) -> Response:
    """What a SUBSCRIBE hears within a dialog where there are subscriptions of `package` at most, and not this one.

    That there is no such subscription (481), or that its package is none to have here (489, RFC 6665 4.2.1.1).
    """
    try:
        if EventType.parse(request.headers.get("Event") or "").package == package:
            return request.reply(481)
    except MalformedError:
        pass
    response = request.reply(489)
    response.headers.set("Allow-Events", package)
    return response


def granted_seconds(request: Request, terms: Terms) -> int | Response:
    """The seconds that a SUBSCRIBE or PUBLISH is given, or the 423 that refuses it (RFC 6665 4.2.1.1)."""
    asked = request.expires
    if asked is None:
        return min(DEFAULT_EXPIRES, terms.longest)
    if 0 < asked < terms.shortest:
        response = request.reply(423)
        response.headers.set("Min-Expires", terms.shortest)
        return response
    return min(asked, terms.longest)
