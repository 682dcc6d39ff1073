"""The session timer of one dialog (RFC 4028), both roles: who refreshes, how often, and when the session has died.

Requests and responses that carry Session-Expires enter and are written here; at the right time its owner is told to
refresh, or that nobody has. It sends nothing itself. A peer that knows no session timers is refreshed by us.
"""

from __future__ import annotations

from typing import Final, Protocol

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.sip.grammar import number
from gateway.sip.message import Message, Request, Response
from gateway.sip.parameters import Parameters
from gateway.sip.session import Setting, Timer, lists

__all__ = ["SessionTimer", "too_brief"]

SHORTEST: Final = 90
"""Min-SE where a message has none (section 5)."""
LONGEST: Final = 2**31 - 1
MOST_RAISES: Final = 5
"""Times that more is asked for in a row: each server on the way may want more than the last one (section 8.1)."""
LEAST: Final = 20
"""The least that is refreshed of what the peer wants against that rule: it would be requests without end."""
MARGIN: Final = 32.0
"""Seconds, or a third of the interval if less, before its end at which a session counts as dead (section 10)."""


@frozen
class _Interval:
    """A Session-Expires value: seconds, and "uac", "uas" or "" for who refreshes."""

    seconds: int
    refresher: str


class Timed(Protocol):
    """Who has a session timer."""

    def refresh_due(self, now: float) -> None:
        """It is our turn to refresh the session."""
        ...

    def expired(self, now: float) -> None:
        """Nobody has: it is dead."""
        ...


class SessionTimer:
    """The session timer of one dialog.

    Args:
        setting: what we wish for, and where alarms come from.
    """

    __slots__ = (
        "_alarm",
        "_closed",
        "_dead_at",
        "_minimum",
        "_ours",
        "_raised",
        "_seconds",
        "_setting",
        "_user",
    )

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._minimum = setting.intervals.minimum
        self._raised = 0  # times since an interval was granted
        self._seconds = 0
        self._ours = True
        self._closed = False
        self._alarm: Timer | None = None
        self._dead_at = 0.0
        self._user: Timed | None = None

    @property
    def seconds(self) -> int:
        """The interval in force; 0 where the session does not expire."""
        return self._seconds

    def attach(self, user: Timed) -> None:
        """Tell `user` when it is time."""
        self._user = user

    def close(self) -> None:
        """The session is over, whatever still arrives."""
        self._closed = True
        self._user = None
        if self._alarm is not None:
            self._stop(self._alarm)

    def _stop(self, alarm: Timer) -> None:
        alarm.cancel()
        self._alarm = None

    # As the one who asks (section 7).

    def ask(self, request: Request) -> None:
        """Write our wish into an INVITE or UPDATE; the roles of a timer that runs are kept (section 7.4)."""
        wanted = self._seconds or self._setting.intervals.expires
        if not wanted:
            return
        role = f";refresher={'uac' if self._ours else 'uas'}" if self._seconds else ""
        request.headers.put("session-expires", (f"{max(wanted, self._minimum)}{role}",))
        request.headers.put("min-se", (str(self._minimum),))

    def raise_minimum(self, refusal: Response) -> bool:
        """Take over the Min-SE of a 422; False where asking again would not help (section 7.3)."""
        wanted = _seconds_of(refusal, "Min-SE")
        if wanted is None or wanted <= self._minimum or self._raised >= MOST_RAISES:
            return False
        self._raised += 1
        self._minimum = wanted
        if self._seconds:
            self._seconds = max(self._seconds, wanted)
        return True

    def granted(self, response: Response, now: float) -> None:
        """Take the interval of a 2xx to our INVITE or UPDATE.

        Without one the session does not expire, unless we refresh it already (section 7.2). One shorter than it may
        be, by which the call would end at once, is refreshed as it says and lasts for as long as others.
        """
        given = _interval_of(response)
        if given is not None and given.seconds:
            self._begin(given.seconds, given.refresher != "uas", now)
        elif self._ours:
            self._begin(self._seconds, True, now)
        else:
            self._begin(0, True, now)

    # As the one who is asked (section 9).

    def grant(self, request: Request, response: Response, now: float) -> None:
        """Write into the 2xx to `request` what is in force from now on."""
        asked = _interval_of(request)
        ceiling = self._setting.intervals.expires
        floor = max(_seconds_of(request, "Min-SE") or SHORTEST, self._minimum)
        seconds = asked.seconds if asked and (not ceiling or asked.seconds <= ceiling) else max(ceiling, floor)
        if not asked and not ceiling:
            seconds = 0
        theirs = asked is not None and asked.refresher == "uac" and _knows_timers(request)
        if seconds:
            response.headers.put("session-expires", (f"{seconds};refresher={'uac' if theirs else 'uas'}",))
            if theirs:
                response.headers.set("Require", "timer")
        self._begin(seconds, not theirs, now)

    def _begin(self, seconds: int, ours: bool, now: float) -> None:
        if self._alarm is not None:
            self._stop(self._alarm)
        self._raised = 0
        self._seconds, self._ours = max(seconds, LEAST) if seconds else 0, ours
        if not seconds or self._closed:
            return
        whole = max(seconds, SHORTEST)
        self._dead_at = now + whole - min(MARGIN, whole / 3)
        if ours:
            self._alarm = self._setting.carrier.at(now + self._seconds / 2, self._due)
        else:
            self._alarm = self._setting.carrier.at(self._dead_at, self._die)

    def _due(self, now: float) -> None:
        self._alarm = self._setting.carrier.at(self._dead_at, self._die)
        if self._user is not None:
            self._user.refresh_due(now)

    def _die(self, now: float) -> None:
        self._alarm = None
        if self._user is not None:
            self._user.expired(now)


def too_brief(request: Request, minimum: int) -> Response | None:
    """The 422 for an INVITE or UPDATE that asks for a shorter interval than `minimum` seconds (section 9)."""
    asked = _interval_of(request) if "session-expires" in request.headers.rows else None
    if asked is None or asked.seconds >= minimum or "timer" not in lists(request, "supported"):
        return None
    response = request.reply(422)
    response.headers.set("Min-SE", minimum)
    return response


def _knows_timers(message: Message) -> bool:
    return "timer" in lists(message, "supported") or "timer" in lists(message, "require")


def _interval_of(message: Message) -> _Interval | None:
    rows = message.headers.rows
    if "session-expires" not in rows:
        return None
    value = rows["session-expires"][0]
    text, semicolon, rest = value.partition(";")
    try:
        refresher = Parameters.parse(semicolon + rest).get("refresher") or ""
        return _Interval(number(text, "Session-Expires", LONGEST), refresher.lower())
    except MalformedError:
        return None  # the session then goes on as if none had been asked for


def _seconds_of(message: Message, name: str) -> int | None:
    value = message.headers.get(name)
    try:
        return None if value is None else number(value.partition(";")[0], name, LONGEST)
    except MalformedError:
        return None
