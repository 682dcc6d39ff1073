"""UDP ways to telephones behind NAT, held open from our side.

A NAT forgets a way after as little as 30 s, and only what the telephone itself sends renews it everywhere (RFC 4787
4.3). So it is asked something that it answers: OPTIONS. A telephone that answers no longer is told of, and asked
again and again; it is called there all the same, until its registration ends. Registrations and calls hold ways;
who is seen at its own private address has no NAT before it, and is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.core.errors import Exhausted
from gateway.core.frozen import frozen
from gateway.sip.binding import Binding, Registration, RegistrationChanged
from gateway.sip.dialog import MAX_FORWARDS
from gateway.sip.headers import CSeq, NameAddr
from gateway.sip.message import Request
from gateway.sip.session import Carrier, Setting, Timer
from gateway.sip.transport import DEFAULT_PORT, Flow, is_private
from gateway.sip.uri import SipUri, Uri

__all__ = ["OpenWays", "RegisteredWays", "WayTold", "is_hidden"]

EARLY: Final = 0.2
"""Part of the interval by which a question may come early, so that they spread."""


@frozen
class WayTold:
    """A telephone behind NAT does not answer any more, or answers again; for logs.

    Attributes:
        text: the sentence.
        open: whether it answers.
    """

    text: str
    open: bool


@dataclass(slots=True)
class _Way:
    """One that is held.

    Attributes:
        who: whose it is, for sentences.
        uri: the telephone's Contact.
        holders: registrations and calls that hold it.
        timer: of the next question; None while one is under way.
        trouble: what is wrong with it; empty where nothing is.
    """

    who: str
    uri: Uri
    holders: int = 0
    timer: Timer | None = None
    trouble: str = ""


def is_hidden(flow: Flow, contact: Uri) -> bool:
    """Whether a NAT may stand before the telephone that is heard by `flow` and says that it is at `contact`."""
    if flow.is_reliable or not isinstance(contact, SipUri):
        return False
    own = contact.host, contact.port or DEFAULT_PORT
    return own != flow.remote or not is_private(flow.remote[0])


class OpenWays:
    """All ways that are held open.

    Args:
        setting: the stack's services.
        every: seconds between two questions, at most; 0 holds nothing open.
        contact: our Contact on a flow.
        token: tags and Call-IDs that nobody can guess.
        told: takes who does not answer, and who does again.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        every: float,
        contact: Callable[[Flow], NameAddr],
        token: Callable[[], str],
        told: Callable[[WayTold], None],
    ) -> None:
        self._carrier: Carrier = setting.carrier
        self._random = setting.random
        self._every = every
        self._contact = contact
        self._token = token
        self._told = told
        self._ways: dict[Flow, _Way] = {}

    def __len__(self) -> int:
        """How many are held."""
        return len(self._ways)

    def hold(self, who: str, contact: Uri, flow: Flow, now: float) -> bool:
        """Hold `flow` open, where that is of use; whether it is, and is to be released."""
        if not self._every or not is_hidden(flow, contact):
            return False
        way = self._ways.get(flow)
        if way is None:
            way = self._ways[flow] = _Way(who, contact)
            self._wait(flow, way, now)
        way.who, way.uri = who, contact
        way.holders += 1
        return True

    def release(self, flow: Flow) -> None:
        """One holder less."""
        way = self._ways[flow]
        way.holders -= 1
        if not way.holders:
            del self._ways[flow]
            if way.timer is not None:
                way.timer.cancel()

    def trouble(self, flow: Flow) -> str:
        """What is wrong with a way; empty where it is open, or not held."""
        way = self._ways.get(flow)
        return way.trouble if way is not None else ""

    def _wait(self, flow: Flow, way: _Way, now: float) -> None:
        when = now + self._every * (1 - EARLY * self._random.random())
        way.timer = self._carrier.at(when, lambda at: self._ask(flow, way, at))

    def _ask(self, flow: Flow, way: _Way, now: float) -> None:
        way.timer = None
        try:
            self._carrier.send(
                self._question(flow, way.uri),
                flow,
                now,
                answered=lambda response, at: self._answered(flow, way, at) if response.is_final else None,
                failed=lambda evidence, at: self._failed(flow, way, at),
            )
        except Exhausted:
            self._wait(flow, way, now)  # the shortage is ours

    def _question(self, flow: Flow, contact: Uri) -> Request:
        own = self._contact(flow)
        uri = contact.requested() if isinstance(contact, SipUri) else contact
        request = Request("OPTIONS", uri)
        headers = request.headers
        headers.set("Max-Forwards", MAX_FORWARDS)
        headers.set("From", NameAddr(own.uri).tagged(self._token()))
        headers.set("To", NameAddr(uri))
        headers.set("Call-ID", self._token())
        headers.set("CSeq", CSeq(1, "OPTIONS"))
        headers.set("Contact", own)
        headers.set("Accept", "application/sdp")
        return request

    def _answered(self, flow: Flow, way: _Way, now: float) -> None:
        if self._ways.get(flow) is not way:
            return
        if way.trouble:
            way.trouble = ""
            self._told(WayTold(f"{way.who} answers again at {flow}", True))
        self._wait(flow, way, now)

    def _failed(self, flow: Flow, way: _Way, now: float) -> None:
        if self._ways.get(flow) is not way:
            return
        if not way.trouble:
            way.trouble = (
                f"{way.who} does not answer at {flow}, where it was heard last as {way.uri}: it is off, or the NAT "
                "before it has forgotten the way; calls reach it when it registers again"
            )
            self._told(WayTold(way.trouble, False))
        self._wait(flow, way, now)


class RegisteredWays:
    """Holds open the ways of all registrations.

    Args:
        ways: where they are held.
        moved: told of telephones that come another way than before: by another mapping of their NAT, or over
            another connection.
    """

    def __init__(self, ways: OpenWays, moved: Callable[[Binding, Binding, float], None]) -> None:
        self._ways = ways
        self._moved = moved
        self._held: dict[tuple[str, str], Flow] = {}

    def changed(self, change: RegistrationChanged, now: float) -> None:
        """A registration has begun, was renewed or is over."""
        binding, before = change.binding, change.before or change.binding
        places = {before.place, binding.place}
        held = [flow for place in places if (flow := self._held.pop((binding.account, place), None)) is not None]
        if change.what in (Registration.REGISTERED, Registration.RENEWED):
            self.hold(binding, now)
        for flow in held:
            self._ways.release(flow)
        if before.flow != binding.flow:
            self._moved(before, binding, now)

    def hold(self, binding: Binding, now: float) -> None:
        """Hold the way of a registration; not one that keeps its own (RFC 5626), nor to a proxy (RFC 3327)."""
        who = f"the telephone of {binding.account}"
        if (
            binding.outbound is None
            and not binding.path
            and self._ways.hold(who, binding.contact, binding.flow, now)
        ):
            self._held[binding.account, binding.place] = binding.flow
