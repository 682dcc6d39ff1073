"""Our registration with somebody else's registrar (RFC 3261 10.2): kept up as long as it is wanted.

Ways to registrars enter with the answers to our REGISTERs; out go REGISTERs, and what became of each is told once.
A registrar that is silent or says 5xx is left for the next; when all have failed, the wait doubles each time, with
chance in it, so that a thousand gateways do not come back at once (RFC 5626 4.5). What a registrar refuses is
explained for the operator: which of user, realm, secret, transport, port or expiry is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.core.errors import Exhausted, MalformedError
from gateway.core.machine import Machine, Table
from gateway.sip.credentials import CHALLENGES, Credentials, Prover
from gateway.sip.diagnosis import rewritten
from gateway.sip.dialog import MAX_FORWARDS
from gateway.sip.grammar import number
from gateway.sip.headers import CSeq, NameAddr
from gateway.sip.message import Request, Response
from gateway.sip.parameters import Parameters
from gateway.sip.path import PATH
from gateway.sip.resolve import Located
from gateway.sip.servers import Way
from gateway.sip.session import SUPPORTED, Setting, Timer
from gateway.sip.uri import SipUri, Uri

__all__ = ["TABLE", "Registrant", "RegistrantConfig"]


class State(Enum):
    """Where the registration stands."""

    IDLE = "not begun"
    ASKING = "waits for the registrar's answer"
    HELD = "registered"
    WAITING = "waits before it tries again"
    LEAVING = "waits for the end of the registration"
    OVER = "ended"


class Input(Enum):
    """What can happen to it."""

    START = "it is wanted"
    GRANTED = "200"
    AGAIN = "401, 407 or 423 that we can answer"
    NEXT = "silence or 5xx, and another registrar is there"
    REFUSED = "refused, or no registrar is left"
    DUE = "time to try or to renew"
    STOP = "it is not wanted any more"


_S, _I = State, Input

TABLE: Final[Table[State, Input]] = {
    _S.IDLE: {_I.START: (_S.ASKING, "ask"), _I.STOP: (_S.OVER, "")},
    # RFC 3261 10.2 and 10.2.7, 10.2.8
    _S.ASKING: {
        _I.START: (_S.ASKING, ""),
        _I.GRANTED: (_S.HELD, "hold"),
        _I.AGAIN: (_S.ASKING, "ask_again"),
        _I.NEXT: (_S.ASKING, "ask"),
        _I.REFUSED: (_S.WAITING, "wait"),
        _I.STOP: (_S.LEAVING, "leave"),
    },
    # RFC 3261 10.2.4
    _S.HELD: {_I.START: (_S.HELD, ""), _I.DUE: (_S.ASKING, "ask"), _I.STOP: (_S.LEAVING, "leave")},
    # RFC 5626 4.5
    _S.WAITING: {
        _I.START: (_S.ASKING, "ask"),
        _I.DUE: (_S.ASKING, "ask"),
        _I.STOP: (_S.LEAVING, "leave"),
    },
    # RFC 3261 10.2.2
    _S.LEAVING: {
        _I.START: (_S.LEAVING, ""),
        _I.GRANTED: (_S.OVER, "end"),
        _I.AGAIN: (_S.LEAVING, "ask_again"),
        _I.NEXT: (_S.OVER, "end"),
        _I.REFUSED: (_S.OVER, "end"),
        _I.STOP: (_S.LEAVING, ""),
    },
    _S.OVER: {given: (_S.OVER, "") for given in Input},
}

FIRST_WAIT: Final = 30.0
LONGEST_WAIT: Final = 1800.0
"""RFC 5626 4.5: seconds, doubled with each round in which all registrars failed, up to half an hour."""
MARGIN: Final = 32.0
"""Seconds before its end at which a registration is renewed at the latest: a transaction's whole life."""
SHORTEST: Final = 10
"""Seconds that a registration must last to be worth it."""
LONGEST: Final = 86_400
"""Seconds that a registrar may ask for by 423, or grant."""
LATER: Final = 7 * 86_400
"""Seconds of a Retry-After that are heeded."""
MOVED: Final = frozenset({300, 301, 302})
"""Redirections of a REGISTER that are followed."""
MOST_MOVES: Final = 8
"""Ways that redirections of one round may add."""
LINE: Final = "line"
"""The Contact parameter by which calls for this registration are known."""


@dataclass(frozen=True, slots=True)
class RegistrantConfig:
    """What is registered.

    Attributes:
        user, domain: the address of record.
        credentials: for challenges; None where there are none.
        expires: seconds that are asked for.
        keep_alive: seconds between two keep-alives on the way to the registrar; 0 sends none.
        route: the outbound proxy, or None.
    """

    user: str
    domain: str
    credentials: Credentials | None
    expires: int = 600
    keep_alive: float = 25.0
    route: SipUri | None = None


class Registrant:
    """One registration.

    Args:
        config: what is registered.
        setting: the stack's services.
        token: makes tags and Call-IDs that nobody can guess.
        contact: our Contact as seen over a way.
        ways: the ways to the registrars, the first to be tried first.
        told: what became of it, whenever that changes; `trouble` says what is wrong.
    """

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
        self._machine = Machine(TABLE, State.IDLE)
        self._prover = Prover(config.credentials, setting.random)
        self._call_id = token()
        self._tag = token()
        self.line = token()
        """Marks our Contact."""
        self._number = setting.random.randrange(1, 2**16)
        self._expires = config.expires
        self._tried: list[Way] = []
        self._moved: list[Way] = []  # where registrars of this round have sent us
        self._request: Request | None = None
        self._failures = 0
        self._retry_after: float | None = None
        self._timer: Timer | None = None
        self._keeper: Timer | None = None
        self._wanted: int | None = None  # seconds between keep-alives, where the registrar answers them (RFC 6223)
        self._expiry: Timer | None = None
        self.held: Way | None = None
        """The way to the registrar that has our registration now, or None."""
        self.trouble = ""
        """Why the last REGISTER was of no use, as a clause; empty where it was."""
        self.remark = ""
        """What is strange about the way to the registrar, as a clause; empty where nothing is."""
        self.routes: tuple[NameAddr, ...] = ()
        """The Service-Route (RFC 3608) that requests are to take."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is registered, and nothing under way."""
        return self._machine.state is State.OVER

    def start(self, now: float) -> None:
        """Register, and stay registered; also when there may be new ways after all had failed."""
        self._act(Input.START, now)

    def stop(self, now: float) -> None:
        """End the registration."""
        self._act(Input.STOP, now)

    # Actions of the table.

    def _act(self, given: Input, now: float) -> None:
        action = self._machine.feed(given)
        if action:
            getattr(self, f"_{action}")(now)

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
        contact = self._contact(way)
        headers.set("Contact", NameAddr(marked(contact.uri, self.line), contact.display))
        headers.set("Expires", expires)
        headers.set("Supported", f"{SUPPORTED}, {PATH}")  # RFC 3327 section 5.1
        self._prover.sign(request)
        self._post(request, way, now)

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
            self._act(Input.AGAIN, now)
        elif response.status == 423 and self._longer(response):
            self._act(Input.AGAIN, now)
        elif response.status in MOVED and len(self._moved) < MOST_MOVES:
            self._follow(request, way, response, now)
        else:
            self._refused(way, response, now)

    def _follow(self, request: Request, way: Way, response: Response, now: float) -> None:
        """Register where a redirection says (RFC 3261 8.1.3.4); nowhere else where it names no place to reach."""
        to = next((contact.uri for contact in response.contacts if isinstance(contact.uri, SipUri)), None)
        if to is None or self._machine.state is not State.ASKING:
            self._refused(way, response, now)
            return

        def located(found: Located, at: float) -> None:
            if request is not self._request or self._machine.state is not State.ASKING:
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
        self.trouble = ""
        self.routes = _service_route(response)
        keep = response.via.parameters.get("keep") or ""
        self._wanted = int(keep) if keep.isdigit() and len(keep) < 6 else None
        seconds = self._seconds(response)
        if self._machine.state is not State.LEAVING and seconds < SHORTEST:
            self.trouble = f"{way} took our registration for {seconds} s only, which cannot be kept up"
            self._act(Input.REFUSED, now)
            return
        self.held = way
        self._stop_timers()
        if self._machine.state is not State.LEAVING:
            early = min(max(MARGIN, seconds / 10), seconds / 2)
            self._timer = self._setting.carrier.at(now + seconds - early, lambda at: self._act(Input.DUE, at))
            self._expiry = self._setting.carrier.at(now + seconds, self._lapsed)
        self._act(Input.GRANTED, now)

    def _seconds(self, response: Response) -> int:
        """How long the registration lasts: what our own Contact says, else the Expires, else what we asked for."""
        own = None
        for contact in response.contacts:
            if isinstance(contact.uri, SipUri) and contact.uri.parameters.get(LINE) == self.line:
                own = contact
        if own is None and len(response.contacts) == 1:
            own = response.contacts[0]  # registrars that do not keep parameters
        given = own.parameters.get("expires") if own is not None else None
        try:
            seconds = number(given, "expires", LONGEST) if given is not None else None
        except MalformedError:
            seconds = None
        if seconds is None:
            seconds = self._expires if response.expires is None else response.expires
        return min(seconds, LONGEST)

    def _longer(self, response: Response) -> bool:
        """Take the Min-Expires of a 423 (10.2.8), once and upwards only."""
        try:
            least = number(response.headers.get("Min-Expires") or "", "Min-Expires", LONGEST)
        except MalformedError:
            return False
        if least <= self._expires:
            return False
        self._expires = least
        return True

    def _refused(self, way: Way, response: Response, now: float) -> None:
        self.trouble = f"{way} {self._why(way, response)}"
        later = _retry_after(response)
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
        said = f"refuses {user} with {response.summary}"
        meaning = _MEANINGS.get(response.status, "")
        return f"{said}: {meaning.format(way=way.flow)}" if meaning else said

    def _silent(self, request: Request, way: Way, evidence: str, now: float) -> None:
        if request is not self._request or self.is_over:
            return
        lost = "lost" in evidence
        self.trouble = (
            f"nobody takes connections at {way}: the port or the transport is wrong, or a firewall is between"
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
        if self._machine.state is State.HELD:
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


_MEANINGS: Final = {
    400: "it cannot read our request, so that this may be no SIP registrar; look at address and port",
    403: "the user or the secret is wrong, or the account may not register from here",
    404: "it does not know the user",
    405: "it is no registrar; look at the address and port",
    410: "the account has been closed",
    480: "it does not know the user at present",
    501: "it is no registrar; look at the address and port",
    503: "it takes no registrations now",
    604: "it does not know the user",
}
"""What a registrar's refusal says of our settings."""


def marked(uri: Uri, line: str) -> Uri:
    """A Contact's URI that tells the calls for this registration from others."""
    if not isinstance(uri, SipUri):
        return uri
    return SipUri(
        uri.host,
        uri.user,
        port=uri.port,
        scheme=uri.scheme,
        parameters=Parameters((*uri.parameters, (LINE, line))),
    )


def _service_route(response: Response) -> tuple[NameAddr, ...]:
    try:
        return tuple(NameAddr.parse(value) for value in response.headers.values("Service-Route"))
    except MalformedError:
        return ()


def _retry_after(response: Response) -> float | None:
    """Seconds of a Retry-After, whose comment and parameters are for others (RFC 3261 20.33)."""
    text = response.headers.get("Retry-After")
    if text is None:
        return None
    digits = text.partition(";")[0].partition("(")[0].strip()
    try:
        return float(number(digits, "Retry-After", LATER))
    except MalformedError:
        return None
