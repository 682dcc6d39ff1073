"""MESSAGE (RFC 3428) between accounts: what one telephone sends is passed on to all telephones of the other.

An authenticated MESSAGE enters; it goes on to each contact of the account that it is for, and its sender gets one
answer: 200 as soon as a telephone has taken it, the refusal that says most where none has. Nothing is kept for
accounts that are away, which are answered for with 480.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gateway.core.errors import Exhausted
from gateway.sip.account import Account
from gateway.sip.binding import Binding
from gateway.sip.dialog import MAX_FORWARDS
from gateway.sip.headers import CSeq, NameAddr
from gateway.sip.identity import number_of
from gateway.sip.message import Request, Response
from gateway.sip.session import Reply, Setting
from gateway.sip.uri import SipUri

__all__ = ["Messages"]

MAX_BODY: Final = 1300
"""Octets of text that are passed on: section 8 forbids messages too large for a datagram outside of sessions."""
CARRIED: Final = ("Content-Type", "Content-Language", "Content-Disposition", "Date", "Subject")
"""Headers that belong to the text and go with it."""


class Messages:
    """Passes MESSAGE requests on.

    Args:
        setting: the stack's services.
        known: whether an account of that user exists.
        contacts: where an account is reached.
        token: makes tags and Call-IDs that nobody can guess.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        known: Callable[[str], bool],
        contacts: Callable[[str, float], Sequence[Binding]],
        token: Callable[[], str],
    ) -> None:
        self._setting = setting
        self._known = known
        self._contacts = contacts
        self._token = token

    def receive(self, request: Request, sender: Account, reply: Reply, now: float) -> None:
        """Pass on what `sender` has sent."""
        user = number_of(request.uri)
        if len(request.body) > MAX_BODY:
            reply(request.reply(513), now)
        elif not self._known(user):
            reply(request.reply(404), now)
        else:
            _Delivery(request, reply).start(
                [self._onward(request, sender, binding) for binding in self._contacts(user, now)],
                self._setting,
                now,
            )

    def _onward(self, request: Request, sender: Account, binding: Binding) -> tuple[Request, Binding]:
        host = binding.flow.local[0]
        onward = Request("MESSAGE", binding.contact, body=request.body)
        headers = onward.headers
        headers.set("Max-Forwards", min(request.max_forwards or MAX_FORWARDS, MAX_FORWARDS + 1) - 1)
        headers.set("From", NameAddr(SipUri.of(sender.user, host), sender.name).tagged(self._token()))
        headers.set("To", NameAddr(SipUri.of(binding.account, host)))
        headers.set("Call-ID", f"{self._token()}@{host}")
        headers.set("CSeq", CSeq(1, "MESSAGE"))
        for name in CARRIED:
            headers.set(name, *request.headers.all(name)[:1])
        return onward, binding


class _Delivery:
    """One MESSAGE on its way to several telephones, of which one is enough."""

    def __init__(self, request: Request, reply: Reply) -> None:
        self._request = request
        self._reply = reply
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
        if not onward:
            self._finish(480, now)

    def _answered(self, response: Response, now: float) -> None:
        if response.status < 200:
            return
        if response.status < 300:
            self._finish(200, now)
        else:
            self._refused(response.status, now)

    def _failed(self, evidence: str, now: float) -> None:
        self._refused(480, now)

    def _refused(self, status: int, now: float) -> None:
        # What a telephone says of the text (415, 488, 6xx) says more than that one is away.
        self._best = status if self._best in (408, 480, 503) and status not in (401, 407) else self._best
        self._pending -= 1
        if not self._pending:
            self._finish(self._best, now)

    def _finish(self, status: int, now: float) -> None:
        if not self._done:
            self._done = True
            self._reply(self._request.reply(status), now)
