"""Who sent a request: the accounts, and the digest that proves one of them (RFC 3261 22).

A request enters; an Account leaves, or the response that asks for proof or refuses it. What a refusal tells is the
same for a wrong secret and for a user that does not exist; the operator is told which it was, by AccessRefused.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.sip.account import Account
from gateway.sip.auth import Authenticator, Verdict, VerdictKind
from gateway.sip.digest import Secret, read_parameters
from gateway.sip.identity import number_of
from gateway.sip.message import Request, Response
from gateway.sip.refusals import AccessRefused
from gateway.sip.source import covers
from gateway.sip.transport import Flow
from gateway.sip.trunks import Trunks

__all__ = ["Gatekeeper", "Proved"]


MAX_ROWS: Final = 4
"""Proofs of one request that are looked at for another realm."""
MAX_REFUSED: Final = 1000
"""Proofs that were refused and are remembered: one that comes again, its answer lost, is no new attempt."""
LONGEST: Final = 64
"""Characters of a realm that are shown."""


@frozen
class Proved:
    """Who is at the other end of a connection has proved who it is.

    Attributes:
        flow: the connection.
    """

    flow: Flow


class Gatekeeper:
    """The accounts of a stack.

    Args:
        accounts: all of them.
        authenticator: makes challenges and checks their answers.
        trunks: who call without an account.
        refused: told of each who fails, with the time, and the address against which it counts as an attack may; ""
            for none.
        doubted: told of each who has shown nothing, and may be forged, with the time.
        is_home: whether telephones are registered from an address.
        admitted: told of each who gets in, by user and flow.
        proved: told of each who has proved it, besides, with the time.
        banned: whether an address is not heard at a time, so that what it was challenged with proves nothing.
        stranger: for whom calls of telephones that failed are taken, to be told so; None refuses them.
    """

    def __init__(
        self,
        accounts: Iterable[Account],
        authenticator: Authenticator,
        trunks: Trunks,
        *,
        refused: Callable[[AccessRefused, float, str], None],
        doubted: Callable[[AccessRefused, float], None],
        is_home: Callable[[str], bool],
        admitted: Callable[[str, Flow], None],
        proved: Callable[[str, Flow, float], None],
        banned: Callable[[str, float], bool],
        stranger: Account | None = None,
    ) -> None:
        self._trunks = trunks
        self.load(accounts)
        self._authenticator = authenticator
        self._refused = refused
        self._doubted = doubted
        self._is_home = is_home
        self._doubts: OrderedDict[str, str] = OrderedDict()  # who called from where, and may prove itself yet
        self._admitted = admitted
        self._proved = proved
        self._banned = banned
        self._stranger = stranger
        self._refused_proofs: OrderedDict[int, None] = OrderedDict()  # by their hash

    def load(self, accounts: Iterable[Account]) -> None:
        """Have these accounts and no others."""
        self._accounts = {account.user: account for account in accounts}

    def account(self, user: str) -> Account | None:
        """The account of that user, or None."""
        return self._accounts.get(user)

    def accounts(self) -> list[Account]:
        """All accounts."""
        return list(self._accounts.values())

    def admit(self, request: Request, flow: Flow, now: float) -> Account | Response:
        """The account that sent `request` by `flow`, or the response to send, still without a To tag.

        A trunk is known by where its requests come from, unless it is to prove itself as telephones do.
        """
        if "authorization" not in request.headers.rows:
            trunk = self._trunks.sender(request, flow)
            if trunk is not None and not trunk.config.challenge:
                self._admitted(trunk.account.user, flow)
                return trunk.account
        verdict = self._authenticator.verify(
            request.headers.all("Authorization"),
            request.method,
            self._secret,
            now,
            body=request.body,
            source=flow.remote[0],
            banned=self._banned,
        )
        account = self._known(verdict.username)
        if verdict.kind is VerdictKind.ACCEPTED and account is not None:
            if account.permit and not covers(account.permit, flow.remote[0]):
                return self._refuse(request, flow, verdict, "its account does not permit this address", now)
            if account.secure and not flow.is_secure:
                why = f"its account is for TLS alone, and it came by {flow.transport}"
                return self._refuse(request, flow, verdict, why, now)
            self._admitted(account.user, flow)
            self._proved(account.user, flow, now)
            if self._doubts and (caller := self._doubts.pop(flow.remote[0], "")):
                self._admitted(caller, flow)
            return account
        if verdict.kind is VerdictKind.REFUSED:
            why = "there is no such account" if account is None else "its secret is wrong"
            refusal = self._refuse(request, flow, verdict, why, now)
            # Whichever it was, the same happens: a call tells a stranger no more than a registration does.
            return self._stranger if self._stranger is not None and request.method == "INVITE" else refusal
        if verdict.kind is VerdictKind.MALFORMED:
            return request.reply(400, "Credentials That Cannot Be Read")
        self._note_realm(request, flow, now)
        self._note_provider(request, flow, now)
        response = request.reply(401)
        challenges = self._authenticator.challenge(now, flow.remote[0], stale=verdict.kind is VerdictKind.STALE)
        response.headers.set_all("WWW-Authenticate", challenges)
        return response

    def _refuse(self, request: Request, flow: Flow, verdict: Verdict, why: str, now: float) -> Response:
        """The one answer to everybody who may not: it tells a stranger nothing."""
        guesser = verdict.challenged if self._is_new(request) else ""
        self._refused(AccessRefused(verdict.username, request.method, flow, why), now, guesser)
        return request.reply(403)

    def _is_new(self, request: Request) -> bool:
        """Whether the proof of a request that is refused was not refused before; it is from now on."""
        proof = hash(request.headers.all("Authorization"))
        known = proof in self._refused_proofs
        self._refused_proofs[proof] = None
        if len(self._refused_proofs) > MAX_REFUSED:
            self._refused_proofs.popitem(last=False)
        return not known

    def _note_realm(self, request: Request, flow: Flow, now: float) -> None:
        """Tell of proofs for another realm; clients that know several servers try them, and it is no attack."""
        for row in request.headers.all("Authorization")[:MAX_ROWS]:
            try:
                scheme, given = read_parameters(row)
            except MalformedError:
                continue
            realm = given.get("realm", "")
            if scheme == "digest" and realm != self._authenticator.realm:
                why = f'it proves itself for the realm "{realm[:LONGEST]}"; this is "{self._authenticator.realm}"'
                self._doubted(AccessRefused(given.get("username", ""), request.method, flow, why), now)

    def _note_provider(self, request: Request, flow: Flow, now: float) -> None:
        """Tell of calls of nobody's account, in an office with trunks: a provider calls from more than it names.

        Where telephones are registered from, an exchange may be that shows whichever of its callers it likes.
        """
        caller = number_of(request.from_.uri)
        if request.method != "INVITE" or caller in self._accounts or not len(self._trunks):
            return
        host = flow.remote[0]
        if "authorization" in request.headers.rows or self._is_home(host):
            return
        if self._trunks.sender(request, flow) is None:
            why = f'it comes from no server of a trunk; where that is a provider\'s, let its sources have "{host}"'
            self._doubts[host] = caller
            if len(self._doubts) > MAX_REFUSED:
                self._doubts.popitem(last=False)
            self._doubted(AccessRefused(caller, request.method, flow, why), now)

    def _secret(self, user: str) -> Secret | None:
        account = self._known(user)
        return account.secret if account else None

    def _known(self, user: str) -> Account | None:
        return self._accounts.get(user) or self._trunks.proving(user)
