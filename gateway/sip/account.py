"""A SIP account: somebody who may register telephones and place calls."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.sip.digest import Secret

__all__ = ["Account"]


@dataclass(frozen=True, slots=True)
class Account:
    """One account.

    Attributes:
        user: its number and user name, also of its digest credentials.
        secret: its password.
        name: shown to those it calls.
        context: of the dialplan, in which it dials.
        trusted: whether it belongs to our trust domain (RFC 3325 section 2.4): its word about who calls is
            believed, and it is told callers that must not be shown. For trunks; a telephone is just itself.
    """

    user: str
    secret: Secret
    name: str = ""
    context: str = "office"
    trusted: bool = False
