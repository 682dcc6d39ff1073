"""Who we are to a server that asks for proof (RFC 3261 22.2 and 22.3, RFC 7616, RFC 8760).

A Prover signs our requests to one peer and answers its challenges: once for each secret, again where only the
nonce was too old. What it cannot answer it explains, for the operator. A ProvingCarrier is a Carrier through which
the requests of a dialog answer challenges by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from gateway.core.errors import Exhausted, MalformedError
from gateway.core.frozen import frozen
from gateway.sip.dialog import DialogId
from gateway.sip.digest import SESSION, Challenge, Secret, read_parameters
from gateway.sip.headers import CSeq
from gateway.sip.keepalive import Kept
from gateway.sip.message import Request, Response
from gateway.sip.session import Carrier, Member, Timer, nothing_more
from gateway.sip.transaction.base import ClientTransaction
from gateway.sip.transport import Flow

__all__ = ["CHALLENGES", "Credentials", "Prover", "ProvingCarrier"]

CHALLENGES: Final = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}
"""Where each challenge stands, and where its answer (RFC 3261 22.2, 22.3)."""
_PROOFS: Final = frozenset({"authorization", "proxy-authorization"})
MAX_STALE: Final = 3
"""Nonces in a row that may be called stale: a server that never takes one is not to be asked for ever."""
MAX_REALMS: Final = 4
"""Realms in which proofs are given to one peer by one header: more is no chain of proxies, but a trap."""


@frozen
class Credentials:
    """Who we are to the one whom we call.

    Attributes:
        user: of the digest.
        secret: the password.
        realm: the only realm in which it is used; empty for whichever asks.
    """

    user: str
    secret: Secret
    realm: str = ""


@dataclass(slots=True)
class _Answered:
    """A challenge that has been answered: for which request first, with what, how often, after how many stale."""

    challenge: Challenge
    asked: Request | None
    cnonce: str
    count: int = 0
    stale: int = 0


class Prover:
    """Our proofs to one peer.

    Args:
        credentials: who we are; None where we have nothing to prove it with.
        random: of the client nonces.
    """

    __slots__ = ("_answered", "_credentials", "_random")

    def __init__(self, credentials: Credentials | None, random: Random) -> None:
        self._credentials = credentials
        self._random = random
        self._answered: dict[tuple[str, str], _Answered] = {}  # by header and realm

    def sign(self, request: Request) -> None:
        """Put proofs on the last nonces into a new `request`, which saves the peer a challenge (RFC 7616 3.6)."""
        for answered in self._answered.values():
            answered.asked = None
        for header in dict.fromkeys(header for header, _ in self._answered):
            self._write(request, header)

    def prove(self, request: Request, response: Response) -> bool:
        """Answer the challenge of `response` in `request`, which is to be sent again.

        Several proxies may each ask in its own realm, at once or one after the other: each gets its proof, and
        keeps it in what follows (RFC 3261 22.3).

        Returns:
            False where that cannot be done, or has been done and did not convince; `refusal` says why.
        """
        asked, header = CHALLENGES[response.status]
        rows = response.headers.all(asked)
        if self._credentials is None:
            return False
        realms = [self._credentials.realm] if self._credentials.realm else _offers(rows)[0]
        found = [challenge for realm in realms if (challenge := Challenge.best(rows, realm)) is not None]
        if not found or not all([self._take(header, challenge, request) for challenge in found[:MAX_REALMS]]):
            return False
        return self._write(request, header)

    def _take(self, header: str, challenge: Challenge, request: Request) -> bool:
        """Keep a challenge to be answered; False where its last answer did not convince."""
        key = header, challenge.realm
        before = self._answered.pop(key, None)
        stale = 0
        if before is not None and before.asked is request:
            if not challenge.stale or before.stale >= MAX_STALE:
                return False
            stale = before.stale + 1
        elif sum(held == header for held, _ in self._answered) >= MAX_REALMS:
            return False
        self._answered[key] = _Answered(challenge, request, self._cnonce(), stale=stale)
        return True

    def refusal(self, response: Response) -> str:
        """What keeps us from answering the challenge of `response`, as a clause for the operator."""
        asked, _ = CHALLENGES[response.status]
        rows = response.headers.all(asked)
        if self._credentials is None:
            return "it asks for a user and a secret, and none are set"
        if not rows:
            return f"it refused with {response.summary} and asked for no proof"
        realms, algorithms = _offers(rows)
        if self._credentials.realm and self._credentials.realm not in realms:
            return f'its realm is "{", ".join(realms)}" and not "{self._credentials.realm}"'
        if Challenge.best(rows) is None:
            return f"it asks for a digest by {', '.join(algorithms)}, which is not known here"
        return f'user "{self._credentials.user}" or its secret is wrong in its realm "{", ".join(realms)}"'

    @staticmethod
    def repeat(invite: Request, ack: Request) -> Request:
        """`ack`, with the proofs of the INVITE that it acknowledges (RFC 3261 13.2.2.4)."""
        if not _PROOFS.isdisjoint(invite.headers.rows):
            ack.headers.update(invite.headers.excerpt(_PROOFS))
        return ack

    def _cnonce(self) -> str:
        return f"{self._random.getrandbits(64):016x}"

    def _write(self, request: Request, header: str) -> bool:
        """Write the proofs of a header; False where one of them cannot be given."""
        assert self._credentials is not None  # only then a challenge is kept
        proofs: list[str | None] = []
        for (held, _), answered in self._answered.items():
            if held != header:
                continue
            answered.count += 1
            if answered.count > 1 and not answered.challenge.session:
                answered.cnonce = self._cnonce()
            proof = answered.challenge.answer(
                self._credentials.user,
                self._credentials.secret,
                request.method,
                str(request.uri),
                cnonce=answered.cnonce,
                count=answered.count,
                body=request.body,
            )
            proofs.append(proof)
        given = [proof for proof in proofs if proof is not None]
        if given:
            request.headers.set_all(header, given)
        return len(given) == len(proofs)


def _offers(rows: Sequence[str]) -> tuple[list[str], list[str]]:
    """The realms and the algorithms in challenges, each once, in their order."""
    realms: dict[str, None] = {}
    algorithms: dict[str, None] = {}
    for row in rows:
        try:
            _, given = read_parameters(row)
        except MalformedError:
            continue
        realms[given.get("realm", "")] = None
        name = given.get("algorithm", "MD5")
        algorithms[f"{name} without qop" if name.upper().endswith(SESSION) and "qop" not in given else name] = None
    return list(realms), list(algorithms)


class ProvingCarrier:
    """A Carrier whose requests answer challenges; see `gateway.sip.session.Carrier`.

    Args:
        carrier: the stack.
        prover: our proofs to the peer.
        next_number: takes the dialog's CSeq number for a request that is sent again.
    """

    def __init__(self, carrier: Carrier, prover: Prover, next_number: Callable[[], int]) -> None:
        self._carrier = carrier
        self._prover = prover
        self._next_number = next_number
        self._again: dict[ClientTransaction, ClientTransaction] = {}
        """The transactions of requests that were challenged and sent again, by those that the senders know."""
        self.send_ack = carrier.send_ack
        self.resend = carrier.resend
        self.member = carrier.member
        self.is_past = carrier.is_past

    def send(
        self,
        request: Request,
        flow: Flow,
        now: float,
        *,
        answered: Callable[[Response, float], None],
        failed: Callable[[str, float], None],
        settled: Callable[[float], None] = nothing_more,
    ) -> ClientTransaction:
        """Send `request` signed, and again with an answer where it is challenged."""
        self._prover.sign(request)

        def heard(response: Response, at: float) -> None:
            if response.status in CHALLENGES and self._prover.prove(request, response):
                request.headers.set("CSeq", CSeq(self._next_number(), request.method))
                try:
                    self._again[first] = self._carrier.send(
                        request, flow, at, answered=heard, failed=silent, settled=settled
                    )
                except Exhausted as fault:
                    silent(str(fault), at)
                return
            if response.is_final:
                self._again.pop(first, None)
            answered(response, at)

        def silent(evidence: str, at: float) -> None:
            self._again.pop(first, None)
            failed(evidence, at)

        first = self._carrier.send(request, flow, now, answered=heard, failed=silent, settled=settled)
        return first

    def cancel(self, invite: ClientTransaction, now: float, reason: str) -> None:
        """Cancel an INVITE, as it is under way now."""
        self._carrier.cancel(self._again.get(invite, invite), now, reason)

    def reroute(self, invite: ClientTransaction, way: Flow, now: float) -> None:
        """Ask an INVITE again, as it is under way now, by another way."""
        self._carrier.reroute(self._again.get(invite, invite), way, now)

    def at(self, when: float, action: Callable[[float], None]) -> Timer:
        """Have `action` called at `when`."""
        return self._carrier.at(when, action)

    def after(self, seconds: float, now: float, action: Callable[[float], None]) -> Timer:
        """The same at `now + seconds`, for an interval that many wait for."""
        return self._carrier.after(seconds, now, action)

    def keep(
        self,
        flow: Flow,
        every: float,
        now: float,
        *,
        answers: bool,
        failed: Callable[[str, float], None],
        at_once: bool = False,
    ) -> Kept:
        """Keep a flow open; see `Carrier`."""
        return self._carrier.keep(flow, every, now, answers=answers, failed=failed, at_once=at_once)

    def enter(self, dialog: DialogId, member: Member) -> None:
        """Give the requests of `dialog` to `member`."""
        self._carrier.enter(dialog, member)

    def leave(self, dialog: DialogId) -> None:
        """`dialog` is over."""
        self._carrier.leave(dialog)
