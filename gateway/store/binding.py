"""A registration as it is kept over a restart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["StoredBinding"]


@dataclass(frozen=True, slots=True)
class StoredBinding:
    """One contact of one account (RFC 3261 section 10.3).

    Attributes:
        account: the address of record: the account's number.
        place: what it is known by there: the telephone's flow (RFC 5626 section 6), or else its contact.
        contact: the contact URI, as it was registered.
        call_id, cseq: of the REGISTER that made it, to refuse older ones.
        expires: when it ends, with zone.
        q: preference in thousandths, 0..1000.
        user_agent: what the telephone calls itself; may be empty.
        transport: "udp" or "tcp".
        local, remote: the addresses of the flow that it came by, as "host:port".
        instance, reg_id: the telephone, and which of its flows this is (RFC 5626); "" and 0 where it did not say.
        path: the proxies before it, as in a Route (RFC 3327); may be empty.
        features: what it can, as parameters of a Contact (RFC 3840); may be empty.
    """

    account: str
    place: str
    contact: str
    call_id: str
    cseq: int
    expires: datetime
    q: int = 1000
    user_agent: str = ""
    transport: str = "udp"
    local: str = ""
    remote: str = ""
    instance: str = ""
    reg_id: int = 0
    path: str = ""
    features: str = ""
