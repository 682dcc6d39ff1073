"""Who sent a request: the accounts, and the digest that proves one of them (RFC 3261 22).

A request enters; an Account leaves, or the response that asks for proof or refuses it. What a refusal tells is the
same for a wrong secret and for a user that does not exist; the operator is told which it was, by AccessRefused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateway.sip.account import Account
from gateway.sip.auth import Authenticator, VerdictKind
from gateway.sip.digest import Secret
from gateway.sip.message import Request, Response
from gateway.sip.transport import Flow
from gateway.sip.trunks import Trunks

__all__ = ["AccessRefused", "Gatekeeper"]


@dataclass(frozen=True, slots=True)
class AccessRefused:
    """Somebody did not prove who they say they are; for the operator alone.

    Attributes:
        user: whom they claimed to be.
        method: what they asked for.
        flow: where it came from.
        why: what was wrong, as a clause.
    """

    user: str
    method: str
    flow: Flow
    why: str


class Gatekeeper:
    """The accounts of a stack.

    Args:
        accounts: all of them.
        authenticator: makes challenges and checks their answers.
        refused: told of each who fails.
        trunks: who call without an account.
    """

    def __init__(
        self,
        accounts: Iterable[Account],
        authenticator: Authenticator,
        refused: Callable[[AccessRefused], None],
        trunks: Trunks,
    ) -> None:
        self._trunks = trunks
        self.load(accounts)
        self._authenticator = authenticator
        self._refused = refused

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
        if "Authorization" not in request.headers:
            trunk = self._trunks.sender(request, flow)
            if trunk is not None and not trunk.config.challenge:
                return trunk.account
        verdict = self._authenticator.verify(
            request.headers.all("Authorization"), request.method, self._secret, now
        )
        if verdict.kind is VerdictKind.ACCEPTED:
            account = self._known(verdict.username)
            assert account is not None  # its secret has just been proved
            return account
        if verdict.kind is VerdictKind.REFUSED:
            known = self._known(verdict.username)
            why = "the secret is wrong" if known is not None else "there is no such account"
            self._refused(AccessRefused(verdict.username, request.method, flow, why))
            return request.reply(403)
        if verdict.kind is VerdictKind.MALFORMED:
            return request.reply(400, "Credentials That Cannot Be Read")
        response = request.reply(401)
        challenges = self._authenticator.challenge(now, stale=verdict.kind is VerdictKind.STALE)
        response.headers.set("WWW-Authenticate", *challenges)
        return response

    def _secret(self, user: str) -> Secret | None:
        account = self._known(user)
        return account.secret if account else None

    def _known(self, user: str) -> Account | None:
        return self._accounts.get(user) or self._trunks.proving(user)
