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
    """

    user: str
    secret: Secret
    name: str = ""
    context: str = "office"
