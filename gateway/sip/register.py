"""Our registration with somebody else's registrar (RFC 3261 10.2): kept up as long as it is wanted.

Ways to registrars enter with the answers to our REGISTERs; out go REGISTERs, and what became of each is told once.
A registrar that is silent or says 5xx is left for the next; when all have failed, the wait doubles each time, with
chance in it, so that a thousand gateways do not come back at once (RFC 5626 4.5). What a registrar refuses is
explained for the operator: which of user, realm, secret, transport, port or expiry is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gateway.core.errors import Exhausted
from gateway.core.frozen import frozen
from gateway.core.machine import Acting
from gateway.sip.credentials import CHALLENGES, Credentials, Prover
from gateway.sip.diagnosis import rewritten
from gateway.sip.dialog import MAX_FORWARDS
from gateway.sip.headers import CSeq, NameAddr
from gateway.sip.message import Request, Response
from gateway.sip.outbound import OUTBOUND, Outbound
from gateway.sip.parameters import NO_PARAMETERS, Parameters
from gateway.sip.path import PATH
from gateway.sip.register_answers import (
    MEANINGS,
    granted_seconds,
    keep_alive_wanted,
    marked,
    min_expires,
    service_route,
)
from gateway.sip.register_states import TABLE, Input, State
from gateway.sip.resolve import Located
from gateway.sip.retry_after import retry_after
from gateway.sip.servers import Way
from gateway.sip.session import SUPPORTED, Setting, Timer, lists
from gateway.sip.uri import SipUri, Uri

__all__ = ["Registrant", "RegistrantConfig"]

FIRST_WAIT: Final = 30.0
LONGEST_WAIT: Final = 1800.0
"""RFC 5626 4.5: seconds, doubled with each round in which all registrars failed, up to half an hour."""
MARGIN: Final = 32.0
"""Seconds before its end at which a registration is renewed at the latest: a transaction's whole life."""
SHORTEST: Final = 10
"""Seconds that a registration must last to be worth it."""
MOVED: Final = frozenset({300, 301, 302})
"""Redirections of a REGISTER that are followed."""
MOST_MOVES: Final = 8
"""Ways that redirections of one round may add."""
MOST_RAISES: Final = 5
"""Times in a row that a longer expiry is asked for: a registrar says at once which one it takes."""
_GONE: Final = Parameters((("expires", "0"),))


@frozen
class RegistrantConfig:
    """What is registered.

    Attributes:
        user, domain: the address of record.
        credentials: for challenges; None where there are none.
        expires: seconds that are asked for.
        keep_alive: seconds between two keep-alives on the way to the registrar; 0 sends none.
        route: the outbound proxy, or None.
        instance: who we are whatever our address, a URN, for registrars that keep flows (RFC 5626); "" for those
            that do not.
    """

    user: str
    domain: str
    credentials: Credentials | None
    expires: int = 600
    keep_alive: float = 25.0
    route: SipUri | None = None
    instance: str = ""


class Registrant(Acting):
    """One registration.

    Args:
        config: what is registered.
        setting: the stack's services.
        token: makes tags and Call-IDs that nobody can guess.
        contact: our Contact as seen over a way.
        ways: the ways to the registrars, the first to be tried first.
        told: what became of it, whenever that changes; `trouble` says what is wrong.
    """

    TABLE = TABLE
    state: State

    def __init__(
        self,
        config: RegistrantConfig,
        setting: Setting,
        *,
        token: Callable[[], str],
        contact: Callable[[Way], NameAddr],
        ways: Callable[[], Sequence[Way]],
        told: Callable[[float], None],
    ) -> None:
        self._config = config
        self._setting = setting
        self._contact = contact
        self._ways = ways
        self._told = told
        self.state = State.IDLE
        self._prover = Prover(config.credentials, setting.random)
        self._shown: Uri | None = None  # our Contact in the latest REGISTER
        self._kept: Uri | None = None  # the one that the registrar has
        self._call_id = token()
        self._tag = token()
        self._takes_flows = bool(config.instance)
        self.keeps_flow = False
        """Whether the registrar sends calls over the very flow of our REGISTER (RFC 5626 section 4.2.1)."""
        self.line = token()
        """Marks our Contact."""
        self._number = setting.random.randrange(1, 2**16)
        self._expires = config.expires
        self._tried: list[Way] = []
        self._moved: list[Way] = []  # where registrars of this round have sent us
        self._request: Request | None = None
        self._failures = 0
        self._retry_after: float | None = None
        self._raised = 0  # times that a longer expiry was asked for since the last that was granted
        self._timer: Timer | None = None
        self._keeper: Timer | None = None
        self._wanted: int | None = None  # seconds between keep-alives, where the registrar answers them (RFC 6223)
        self._expiry: Timer | None = None
        self.held: Way | None = None
        """The way to the registrar that has our registration now, or None."""
        self.trouble = ""
        """Why the last REGISTER was of no use, as a clause; empty where it was."""
        self.refused = False
        """Whether that is so because the registrar has said so."""
        self.remark = ""
        """What is strange about the way to the registrar, as a clause; empty where nothing is."""
        self.routes: tuple[NameAddr, ...] = ()
        """The Service-Route (RFC 3608) that requests are to take."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is registered, and nothing under way."""
        return self.state is State.OVER

    def start(self, now: float) -> None:
        """Register, and stay registered; also when there may be new ways after all had failed."""
        self._act(Input.START, now)

    def stop(self, now: float) -> None:
        """End the registration."""
        self._act(Input.STOP, now)

    # Actions of the table.

    def _ask(self, now: float) -> None:
        self._stop_timer()
        ways = [way for way in (*self._moved, *self._ways()) if way not in self._tried]
        if self.held in ways:
            ways.insert(0, self.held)
        if not ways:
            self.trouble = self.trouble or "no registrar is found"
            self._act(Input.REFUSED, now)
            return
        self._tried.append(ways[0])
        self._send(ways[0], self._expires, now)

    def _ask_again(self, now: float) -> None:
        assert self._request is not None and self._tried
        self._number += 1
        self._request.headers.set("CSeq", CSeq(self._number, "REGISTER"))
        if int(self._request.headers.get("Expires") or 0):
            self._request.headers.set("Expires", self._expires)
        self._post(self._request, self._tried[-1], now)

    def _hold(self, now: float) -> None:
        self._tried.clear()
        self._failures = 0
        self._keep_alive(now)
        self._told(now)

    def _wait(self, now: float) -> None:
        self._tried.clear()
        self._moved.clear()
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self._failures, 10))
        self._failures += 1
        wait = longest * self._setting.random.uniform(0.5, 1.0)
        if self._retry_after is not None:
            wait, self._retry_after = max(self._retry_after, 1.0), None
        self._timer = self._setting.carrier.at(now + wait, lambda at: self._act(Input.DUE, at))
        self._told(now)

    def _leave(self, now: float) -> None:
        self._stop_timer()
        if self.held is not None:
            self._tried.append(self.held)
        if self._tried:  # also one who has not answered yet: our REGISTER may have reached it
            self._send(self._tried[-1], 0, now)
        else:
            self._act(Input.REFUSED, now)

    def _end(self, now: float) -> None:
        self._lapse(now)

    # REGISTER and its answers.

    def _send(self, way: Way, expires: int, now: float) -> None:
        self._number += 1
        config = self._config
        request = Request("REGISTER", SipUri(config.domain))
        me = NameAddr(SipUri.of(config.user, config.domain))
        headers = request.headers
        headers.set("Max-Forwards", MAX_FORWARDS)
        headers.set("From", me.tagged(self._tag))
        headers.set("To", me)
        headers.set("Call-ID", self._call_id)
        headers.set("CSeq", CSeq(self._number, "REGISTER"))
        if config.route is not None:
            headers.set("Route", NameAddr(config.route))
        headers.set("Expires", expires)
        self._present(request, way)
        self._prover.sign(request)
        self._post(request, way, now)

    def _present(self, request: Request, way: Way) -> None:
        """Write where we are, and what the registrar is to keep of it (RFC 5626 4.2, RFC 3327 5.1)."""
        contact = self._contact(way)
        flow = Outbound(f"<{self._config.instance}>", 1).parameters if self._takes_flows else NO_PARAMETERS
        shown = NameAddr(marked(contact.uri, self.line), contact.display, flow)
        # A NAT of ours has moved us: the registrar would go on calling us where we were as well (10.2.2).
        request.headers.set("Contact", shown)
        if self._kept is not None and self._kept != shown.uri and not self._takes_flows:
            request.headers.add("Contact", NameAddr(self._kept, "", _GONE))
        self._shown = shown.uri
        extensions = (SUPPORTED, PATH, OUTBOUND) if self._takes_flows else (SUPPORTED, PATH)
        request.headers.set("Supported", ", ".join(extensions))

    def _post(self, request: Request, way: Way, now: float) -> None:
        self._request = request
        try:
            self._setting.carrier.send(
                request,
                way.flow,
                now,
                answered=lambda response, at: self._answered(request, way, response, at),
                failed=lambda evidence, at: self._silent(request, way, evidence, at),
            )
        except Exhausted as fault:
            self.trouble = str(fault)
            self._act(Input.REFUSED, now)

    def _answered(self, request: Request, way: Way, response: Response, now: float) -> None:
        if not response.is_final or request is not self._request or self.is_over:
            return
        self._look_at_the_way(way, response)
        if response.status < 300:
            self._granted(way, response, now)
        elif response.status in CHALLENGES and self._prover.prove(request, response):
            self._present(request, way)  # it has told where it sees us
            self._act(Input.AGAIN, now)
        elif response.status == 423 and self._longer(response):
            self._act(Input.AGAIN, now)
        elif response.status == 439 and self._takes_flows:
            self._takes_flows = False  # a hop between does not know of flows (RFC 5626 section 6)
            self._present(request, way)
            self._act(Input.AGAIN, now)
        elif response.status in MOVED and len(self._moved) < MOST_MOVES:
            self._follow(request, way, response, now)
        else:
            self._refused(way, response, now)

    def _follow(self, request: Request, way: Way, response: Response, now: float) -> None:
        """Register where a redirection says (RFC 3261 8.1.3.4); nowhere else where it names no place to reach."""
        to = next((contact.uri for contact in response.contacts if isinstance(contact.uri, SipUri)), None)
        if to is None or self.state is not State.ASKING:
            self._refused(way, response, now)
            return

        def located(found: Located, at: float) -> None:
            if request is not self._request or self.state is not State.ASKING:
                return
            there = [Way(to, flow) for flow in found.flows if Way(to, flow) not in self._tried]
            if there:
                self._moved += there
                self._act(Input.NEXT, at)
            else:
                why = found.fault or "which has been asked already"
                self.trouble = f"{way} sends our registration to {to.shown}: {why}"
                self._act(Input.REFUSED, at)

        self._setting.resolver.locate(to, located, now)

    def _granted(self, way: Way, response: Response, now: float) -> None:
        self.trouble, self.refused = "", False
        self.routes = service_route(response)
        self.keeps_flow = self._takes_flows and OUTBOUND in lists(response, "require")
        self._wanted = keep_alive_wanted(response)
        seconds = granted_seconds(response, self.line, self._expires)
        if self.state is not State.LEAVING and seconds < SHORTEST:
            self.trouble = f"{way} took our registration for {seconds} s only, which cannot be kept up"
            self._act(Input.REFUSED, now)
            return
        self.held = way
        self._raised = 0
        self._kept = self._shown
        self._stop_timers()
        if self.state is not State.LEAVING:
            early = min(max(MARGIN, seconds / 10), seconds / 2)
            self._timer = self._setting.carrier.at(now + seconds - early, lambda at: self._act(Input.DUE, at))
            self._expiry = self._setting.carrier.at(now + seconds, self._lapsed)
        self._act(Input.GRANTED, now)

    def look(self, now: float) -> None:
        """Register anew where the registrar has our Contact from before a NAT of ours has moved us."""
        if self.held is None or self.state is not State.HELD:
            return
        if marked(self._contact(self.held).uri, self.line) != self._kept:
            self._stop_timer()
            self._act(Input.DUE, now)

    def _longer(self, response: Response) -> bool:
        """Take the Min-Expires of a 423 (10.2.8), upwards only, and not for ever."""
        least = min_expires(response)
        if least <= self._expires or self._raised >= MOST_RAISES:
            return False
        self._raised += 1
        self._expires = least
        return True

    def _refused(self, way: Way, response: Response, now: float) -> None:
        self.trouble, self.refused = f"{way} {self._why(way, response)}", True
        later = retry_after(response)
        if later is not None:
            self._retry_after = later if self._retry_after is None else min(later, self._retry_after)
        if response.status < 500 and response.status != 408:
            self._lapse(now)  # what a registrar refuses, it does not keep either
            self._retry_after = later
            self._act(Input.REFUSED, now)
        else:
            self._act(Input.NEXT, now)

    def _why(self, way: Way, response: Response) -> str:
        user = f"{self._config.user}@{self._config.domain}"
        if response.status in CHALLENGES:
            return f"refuses {user}: {self._prover.refusal(response)}"
        if response.status == 423:
            return f"does not take an expiry of {self._expires} s, and names none that it would"
        meaning = MEANINGS.get(response.status, "")
        return f"refuses {user} with {response.summary}{meaning and ': '}{meaning}"

    def _silent(self, request: Request, way: Way, evidence: str, now: float) -> None:
        if request is not self._request or self.is_over:
            return
        self.refused = False
        lost = "lost" in evidence
        fault = self._setting.resolver.fault(way.flow)
        self.trouble = (
            f"{way}: {fault}"
            if fault
            else f"nobody takes connections at {way}: the port or the transport is wrong, or a firewall is between"
            if lost
            else f"{way} does not answer: the address, the port or the transport is wrong, or a firewall is between"
        )
        self._act(Input.NEXT, now)

    def _look_at_the_way(self, way: Way, response: Response) -> None:
        """What comes back in our own Via shows who has changed it on the way (RFC 3581, SIP ALGs)."""
        back = response.via
        self.remark = rewritten(way.flow, back)
        if not self.remark and back.received not in (None, way.flow.local[0]):
            self.remark = f"behind a NAT: seen there as {back.received}:{back.rport or way.flow.local[1]}"

    # The registration while it stands.

    def _keep_alive(self, now: float) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            self._keeper = None
        every = self._config.keep_alive
        if self.held is not None and every:
            if self._wanted:
                every = min(every, self._wanted)
            self._keeper = self._setting.carrier.keep(
                self.held.flow, every, now, answers=self._wanted is not None, failed=self._flow_failed
            )

    def _flow_failed(self, evidence: str, now: float) -> None:
        """Register anew at once: calls in would not find us (RFC 5626 4.4)."""
        self.remark = evidence
        self._keeper = None
        if self.state is State.HELD:
            self._stop_timer()
            self._act(Input.DUE, now)

    def _lapsed(self, now: float) -> None:
        """Nobody has renewed it in time."""
        self._lapse(now)
        self._told(now)

    def _lapse(self, now: float) -> None:
        self.held = None
        for timer in (self._keeper, self._expiry):
            if timer is not None:
                timer.cancel()
        self._keeper = self._expiry = None

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_timers(self) -> None:
        self._stop_timer()
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
