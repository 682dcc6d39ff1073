"""MESSAGE (RFC 3428) between accounts: what one telephone sends is passed on to all telephones of the other.

An authenticated MESSAGE enters; it goes on to each contact of the account that it is for, and its sender gets one
answer: 200 as soon as a telephone has taken it, the refusal that says most where all have refused it. Where none is
there, or none has answered soon, the text is kept and the answer is 202; it is delivered, in its turn, when a
telephone of the account registers. Where the sender prefers some telephones (RFC 3841), it goes to those or to none
and is never kept: who registers later need not be one of them. Nor is one too long for a datagram: that goes by
connections alone.

A text goes where a call of its sender could: to the accounts of its sender's context, and to those whose number is
an extension there. For all others there is nobody of that name, as for a call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from types import MappingProxyType
from typing import Final

from gateway.core.errors import Exhausted
from gateway.sip.account import Account
from gateway.sip.binding import Binding
from gateway.sip.dialog import MAX_FORWARDS
from gateway.sip.headers import CSeq, NameAddr
from gateway.sip.identity import number_of
from gateway.sip.message import Request, Response
from gateway.sip.preferences import NO_PREFERENCES, Preferences, preferences_of, write_preferences
from gateway.sip.session import Reply, Setting, Timer
from gateway.sip.text_queue import LIFE, Text, TextKeeper, TextQueue
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri

__all__ = ["LONGEST_TEXT", "Messages"]

MAX_BODY: Final = 1300
"""Octets of text that go by datagrams: section 8 forbids larger ones where congestion is not controlled."""
LONGEST_TEXT: Final = 16_384
"""Octets of text that go by what does that, unless it is said otherwise."""
MAX_HEADERS: Final = 600
"""Octets of the headers that go with a text: a subject and the kind of the text; what is kept must stay small."""
CARRIED: Final = ("Content-Type", "Content-Language", "Content-Disposition", "Date", "Subject")
"""Headers that belong to the text and go with it."""
COMPOSING: Final = "application/im-iscomposing+xml"
"""That somebody is typing: true for seconds (RFC 3994 section 3.3), so that it is for those there, never kept."""
AWAY: Final = frozenset({408, 480, 503})
"""What telephones answer that are there no longer, and we for them."""
PATIENCE: Final = 10.0
"""Seconds after which a text that no telephone has answered is kept: its sender waits for 32 at most."""

NO_WISHES: Final[Mapping[str, str]] = MappingProxyType({})
"""The sender prefers no telephone to another."""

Finish = Callable[[int, float], None]


class Messages:
    """Passes MESSAGE requests on.

    Args:
        setting: the stack's services.
        known: whether an account of that user exists.
        reaches: whether what an account dials leads to the account of that user.
        contacts: where an account is reached.
        token: makes tags and Call-IDs that nobody can guess.
        keeper: who keeps texts over a restart, if anybody.
        longest: octets of a text that goes by TCP, TLS or WebSocket.
        wall: the time of day, for texts that have no Date when they are kept; None writes none.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        known: Callable[[str], bool],
        reaches: Callable[[Account, str], bool],
        contacts: Callable[[str, float], Sequence[Binding]],
        token: Callable[[], str],
        keeper: TextKeeper | None = None,
        longest: int = LONGEST_TEXT,
        wall: Callable[[], datetime] | None = None,
    ) -> None:
        self._setting = setting
        self._known = known
        self._reaches = reaches
        self._contacts = contacts
        self._token = token
        self._wall = wall
        self._longest = longest
        self._queue = TextQueue(keeper)
        self._delivering: set[str] = set()

    def __len__(self) -> int:
        """How many texts wait."""
        return len(self._queue)

    def restore(self, texts: Iterable[Text]) -> None:
        """Take over the texts of an earlier run; those for accounts that are gone are dropped."""
        self._queue.restore(text for text in texts if self._known(text.recipient))

    def receive(self, request: Request, sender: Account, flow: Flow, reply: Reply, now: float) -> None:
        """Pass on what `sender` has sent over `flow`."""
        user = number_of(request.uri)
        headers = tuple((name, value) for name in CARRIED if (value := request.headers.get(name)) is not None)
        longest = self._longest if flow.is_reliable else MAX_BODY
        if len(request.body) > longest or sum(len(value) for _, value in headers) > MAX_HEADERS:
            reply(request.reply(513), now)
        elif not self._reaches(sender, user):
            reply(request.reply(404), now)
        else:
            seconds = LIFE if request.expires is None else min(request.expires, LIFE)
            text = Text(user, sender.user, sender.name, headers, request.body, now + seconds)
            hops = min(request.max_forwards or MAX_FORWARDS, MAX_FORWARDS + 1) - 1
            self._pass_on(
                text, hops, lambda status, at: reply(request.reply(status), at), now, preferences_of(request)
            )

    def send(self, recipient: str, sender: str, name: str, text: str, now: float) -> bool:
        """Send a text of our own; False where there is no such account, or no room to keep it."""
        if not self._known(recipient):
            return False
        headers = (("Content-Type", "text/plain;charset=utf-8"),)
        body = text.encode("utf-8", "replace")[:MAX_BODY]
        told: list[int] = []
        whole = Text(recipient, sender, name, headers, body, now + LIFE)
        self._pass_on(whole, MAX_FORWARDS, lambda status, at: told.append(status), now)
        return not told or told[0] < 300

    def arrived(self, user: str, now: float) -> None:
        """A telephone of the account is there: what waits for it is delivered, one text after the other."""
        text = self._queue.first(user, now)
        if text is None or user in self._delivering:
            return
        bindings = self._able(user, NO_PREFERENCES, now)
        if not bindings:
            return
        self._delivering.add(user)

        def finish(status: int, at: float) -> None:
            self._delivering.discard(user)
            if status not in AWAY:
                self._queue.drop(text)
                self.arrived(user, at)

        _Delivery(finish).start(self._written(text, MAX_FORWARDS, bindings), self._setting, now)

    def _pass_on(
        self, text: Text, hops: int, answer: Finish, now: float, wishes: Mapping[str, str] = NO_WISHES
    ) -> None:
        """Deliver `text` at once where that can be, or keep it; `answer` is given the status for its sender."""
        preferences = Preferences.of(wishes)
        fleeting = preferences.are_stated or _is_composing(text) or _is_long(text)
        keep = self._turn_down if fleeting else self._keep
        bindings = self._able(text.recipient, preferences, now)
        if _is_long(text) and bindings:
            bindings = [binding for binding in bindings if binding.flow.is_reliable]
            if not bindings:
                answer(513, now)
                return
        waits_its_turn = not fleeting and self._queue.first(text.recipient, now) is not None
        if not bindings or waits_its_turn:
            keep(text, answer, now)
            self.arrived(text.recipient, now)
            return
        attempt = _Attempt(text)
        attempt.timer = self._setting.carrier.after(PATIENCE, now, lambda at: attempt.hold(keep, answer, at))

        def finish(status: int, at: float) -> None:
            if attempt.kept is not None:
                if status not in AWAY:
                    self._queue.drop(attempt.kept)
            elif attempt.cancel():
                if status in AWAY:
                    keep(text, answer, at)
                else:
                    answer(status, at)

        onward = self._written(text, hops, bindings)
        for request, _ in onward:
            write_preferences(request, wishes)
        _Delivery(finish).start(onward, self._setting, now)

    def _able(self, user: str, preferences: Preferences, now: float) -> list[Binding]:
        """The telephones of an account that are to have a text."""
        return [one for turn in preferences.turns(self._contacts(user, now), "MESSAGE") for one in turn]

    def _turn_down(self, text: Text, answer: Finish, now: float) -> None:
        answer(480, now)  # as RFC 3841 section 7.2.4 where no contact is left

    def _keep(self, text: Text, answer: Finish, now: float) -> Text | None:
        if self._wall is not None and "Date" not in dict(text.headers):
            date = format_datetime(self._wall().astimezone(UTC), usegmt=True)
            text = replace(text, headers=(*text.headers, ("Date", date)))
        kept = self._queue.keep(text, now)
        answer(480 if kept is None else 202, now)
        return kept

    def _written(self, text: Text, hops: int, bindings: Sequence[Binding]) -> list[tuple[Request, Binding]]:
        return [(self._onward(text, hops, binding), binding) for binding in bindings]

    def _onward(self, text: Text, hops: int, binding: Binding) -> Request:
        host = binding.flow.local[0]
        onward = Request("MESSAGE", binding.contact.requested(), body=text.body)
        headers = onward.headers
        headers.set("Max-Forwards", hops)
        headers.set("From", NameAddr(SipUri.of(text.sender, host), text.sender_name).tagged(self._token()))
        headers.set("To", NameAddr(SipUri.of(binding.account, host)))
        headers.set_all("Route", binding.path)
        headers.set("Call-ID", f"{self._token()}@{host}")
        headers.set("CSeq", CSeq(1, "MESSAGE"))
        for name, value in text.headers:
            headers.set(name, value)
        return onward


def _is_composing(text: Text) -> bool:
    return dict(text.headers).get("Content-Type", "").lower().startswith(COMPOSING)


def _is_long(text: Text) -> bool:
    return len(text.body) > MAX_BODY


class _Attempt:
    """The first attempt to deliver a text, while its sender waits."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._answered = False
        self.kept: Text | None = None
        self.timer: Timer | None = None

    def hold(self, keep: Callable[[Text, Finish, float], Text | None], answer: Finish, now: float) -> None:
        """Nobody has answered in time."""
        self._answered = True
        self.kept = keep(self._text, answer, now)

    def cancel(self) -> bool:
        """The answer is here; whether the sender still waits for it."""
        if self.timer is not None:
            self.timer.cancel()
        return not self._answered


class _Delivery:
    """One text on its way to several telephones, of which one is enough."""

    def __init__(self, finish: Finish) -> None:
        self._finish = finish
        self._pending = 0
        self._best = 480
        self._done = False

    def start(self, onward: Sequence[tuple[Request, Binding]], setting: Setting, now: float) -> None:
        self._pending = len(onward)
        for request, binding in onward:
            try:
                setting.carrier.send(request, binding.flow, now, answered=self._answered, failed=self._failed)
            except Exhausted:
                self._refused(503, now)

    def _answered(self, response: Response, now: float) -> None:
        if response.status < 200:
            return
        if response.status < 300:
            self._end(200, now)
        else:
            self._refused(response.status, now)

    def _failed(self, evidence: str, now: float) -> None:
        self._refused(480, now)

    def _refused(self, status: int, now: float) -> None:
        # What a telephone says of the text (415, 488, 6xx) says more than that one is away.
        self._best = status if self._best in AWAY and status not in (401, 407) else self._best
        self._pending -= 1
        if not self._pending:
            self._end(self._best, now)

    def _end(self, status: int, now: float) -> None:
        if not self._done:
            self._done = True
            self._finish(status, now)
