"""A binding: where one telephone of an account is reached (RFC 3261 10.3); and who keeps bindings over restarts."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from gateway.core.frozen import frozen
from gateway.sip.outbound import Outbound
from gateway.sip.parameters import NO_PARAMETERS, Parameters
from gateway.sip.path import Path
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri

__all__ = ["Binding", "Bindings", "Registration", "RegistrationChanged"]


@frozen
class Binding:
    """One contact of one account.

    Attributes:
        account: the account's user.
        contact: as the telephone gave it.
        flow: how its REGISTER came; calls go back the same way, through whatever NAT lies there.
        call_id, number: of that REGISTER, to refuse older ones.
        expires_at: engine clock, seconds.
        q: preference in thousandths, 0..1000.
        user_agent: what the telephone calls itself; may be empty.
        since: when it was registered last, engine clock.
        outbound: the telephone's flow that this is, where it said so (RFC 5626).
        path: the proxies through which it is reached (RFC 3327).
        features: what it has said that it can, in its Contact (RFC 3840).
    """

    account: str
    contact: SipUri
    flow: Flow
    call_id: str
    number: int
    expires_at: float
    q: int = 1000
    user_agent: str = ""
    since: float = 0.0
    outbound: Outbound | None = None
    path: Path = ()
    features: Parameters = NO_PARAMETERS

    @property
    def place(self) -> str:
        """What it is known by in its account: the telephone's flow (RFC 5626 section 6), or else its contact."""
        own = self.outbound
        return str(self.contact) if own is None else f"{own.instance};{own.reg_id}"

    def same_as(self, other: Binding) -> bool:
        """Whether one takes the place of the other: the same flow of a telephone, or else the same address."""
        if self.outbound is not None and other.outbound is not None:
            return self.outbound == other.outbound
        return self.contact.same_as(other.contact)


class Bindings(Protocol):
    """Who keeps bindings over a restart; called for each change, must not wait."""

    def saved(self, binding: Binding) -> None:
        """A binding is new or was renewed."""
        ...

    def removed(self, binding: Binding) -> None:
        """A binding has ended."""
        ...


class Registration(Enum):
    """What happened to a binding."""

    REGISTERED = "registered"
    RENEWED = "renewed"
    UNREGISTERED = "unregistered"
    EXPIRED = "expired"
    LOST = "lost with its connection"


@frozen
class RegistrationChanged:
    """A binding has begun, gone on or ended; for logs.

    Attributes:
        binding: it.
        what: which of these.
        before: the one that it renews, as that was; of one that begins, the one that the same telephone takes back.
    """

    binding: Binding
    what: Registration
    before: Binding | None = None
