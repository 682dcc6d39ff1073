"""Who sent a request: the accounts, and the digest that proves one of them (RFC 3261 22).

A request enters; an Account leaves, or the response that asks for proof or refuses it. What a refusal tells is the
same for a wrong secret and for a user that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.sip.account import Account
from gateway.sip.auth import Authenticator, VerdictKind
from gateway.sip.digest import Secret
from gateway.sip.message import Request, Response

__all__ = ["Gatekeeper"]


class Gatekeeper:
    """The accounts of a stack.

    Args:
        accounts: all of them.
        authenticator: makes challenges and checks their answers.
    """

    def __init__(self, accounts: Iterable[Account], authenticator: Authenticator) -> None:
        self._accounts = {account.user: account for account in accounts}
        self._authenticator = authenticator

    def account(self, user: str) -> Account | None:
        """The account of that user, or None."""
        return self._accounts.get(user)

    def admit(self, request: Request, now: float) -> Account | Response:
        """The account that sent `request`, or the response to send, still without a To tag."""
        verdict = self._authenticator.verify(
            request.headers.all("Authorization"), request.method, self._secret, now
        )
        if verdict.kind is VerdictKind.ACCEPTED:
            return self._accounts[verdict.username]
        if verdict.kind is VerdictKind.REFUSED:
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
