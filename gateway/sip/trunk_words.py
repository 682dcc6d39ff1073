"""What is said of trunks: their settings, how calls on them are written, their states and what they tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.core.frozen import frozen
from gateway.core.watch import MailboxStatus
from gateway.sip.account import Account
from gateway.sip.credentials import Credentials
from gateway.sip.headers import NameAddr
from gateway.sip.servers import ServersConfig
from gateway.sip.source import Network
from gateway.sip.transport import Flow

__all__ = ["ExtensionTold", "MailboxTold", "Outbound", "TrunkChanged", "TrunkConfig", "TrunkStatus"]


@frozen
class TrunkConfig:
    """What a trunk is like.

    Attributes:
        account: who it is to us: its name as `user`, its context, whether it is trusted, its number rules.
        servers: where it is, and how it is watched.
        domain: the provider's domain in what we send; empty takes the server's.
        user: our user there; may be empty.
        credentials: for challenges; None where there are none.
        register: whether we register there.
        expires: seconds of a registration.
        keep_alive: seconds between two keep-alives of a registration; 0 sends none.
        from_user: what our From says as user in place of the caller's number, which then goes as
            P-Asserted-Identity alone; empty for the caller's number.
        from_domain: what it says as domain; empty takes `domain`.
        sources: networks from which its calls may come, beside its servers' own addresses.
        challenge: whether calls from it must prove our user and secret.
        instance: who we are to it whatever our address, a URN (RFC 5626); "" to be known by our address.
        lamps: extensions of the office there whose states are watched: the devices `SIP/NUMBER@NAME` of hints.
        mailbox: our mailbox that shows the messages which wait for our user there (RFC 3842); "" for none.
    """

    account: Account
    servers: ServersConfig
    domain: str = ""
    user: str = ""
    credentials: Credentials | None = None
    register: bool = False
    expires: int = 600
    keep_alive: float = 25.0
    from_user: str = ""
    from_domain: str = ""
    sources: Sequence[Network] = ()
    challenge: bool = False
    instance: str = ""
    mailbox: str = ""
    lamps: Sequence[str] = ()

    @property
    def name(self) -> str:
        """As it is dialled: `SIP/5551234@NAME`."""
        return self.account.user


@frozen
class TrunkChanged:
    """A trunk went up or down; for logs.

    Attributes:
        name: which.
        up: whether calls can be made on it.
        text: a clause that says why.
    """

    name: str
    up: bool
    text: str


@frozen
class MailboxTold:
    """A provider has told how many messages wait for us there.

    Attributes:
        trunk: which.
        mailbox: ours that shows them.
        status: the counts.
    """

    trunk: str
    mailbox: str
    status: MailboxStatus


@frozen
class ExtensionTold:
    """The state of an extension of another office has changed.

    Attributes:
        trunk: by which that is reached.
        number: the extension.
    """

    trunk: str
    number: str


@frozen
class TrunkStatus:
    """A trunk as lists show it.

    Attributes:
        name: which.
        up: whether calls can be made on it.
        text: its state, and why, as a clause.
        server: the server in use; empty where there is none.
        user: our user there; may be empty.
        calls: how many legs it has.
        round_trip: seconds for an answer of that server; None where it is not asked.
        since: engine clock at the last change.
    """

    name: str
    up: bool
    text: str
    server: str
    user: str
    calls: int
    round_trip: float | None
    since: float


@frozen
class Outbound:
    """How the calls out on a trunk are written.

    Attributes:
        domain: of To.
        from_domain: of our From.
        from_user: see `TrunkConfig`.
        credentials: for challenges.
        routes: through which its INVITE goes.
        contact: our Contact on a flow.
    """

    domain: str
    from_domain: str
    from_user: str
    credentials: Credentials | None
    routes: Sequence[NameAddr]
    contact: Callable[[Flow], NameAddr]
