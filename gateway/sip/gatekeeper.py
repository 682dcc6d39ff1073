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
    """

    def __init__(
        self,
        accounts: Iterable[Account],
        authenticator: Authenticator,
        refused: Callable[[AccessRefused], None],
    ) -> None:
        self._accounts = {account.user: account for account in accounts}
        self._authenticator = authenticator
        self._refused = refused

    def account(self, user: str) -> Account | None:
        """The account of that user, or None."""
        return self._accounts.get(user)

    def admit(self, request: Request, flow: Flow, now: float) -> Account | Response:
        """The account that sent `request` by `flow`, or the response to send, still without a To tag."""
        verdict = self._authenticator.verify(
            request.headers.all("Authorization"), request.method, self._secret, now
        )
        if verdict.kind is VerdictKind.ACCEPTED:
            return self._accounts[verdict.username]
        if verdict.kind is VerdictKind.REFUSED:
            known = verdict.username in self._accounts
            why = "the secret is wrong" if known else "there is no such account"
            self._refused(AccessRefused(verdict.username, request.method, flow, why))
            return request.reply(403)
        if verdict.kind is VerdictKind.MALFORMED:
            return request.reply(400, "Credentials That Cannot Be Read")
        response = request.reply(401)
        challenges = self._authenticator.challenge(now, stale=verdict.kind is VerdictKind.STALE)
        response.headers.set("WWW-Authenticate", *challenges)
        return response

    def _secret(self, user: str) -> Secret | None:
        account = self._accounts.get(user)
        return account.secret if account else None
