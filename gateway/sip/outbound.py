"""Flows that a telephone opens and keeps, as the registrar sees them (RFC 5626 section 6).

A contact may name the telephone (`+sip.instance`) and one of its flows (`reg-id`). Such a binding is known by these
two, whatever its address: a telephone that starts anew, or comes by a new connection, takes the place of itself.
"""

from __future__ import annotations

from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.sip.grammar import number, quote
from gateway.sip.headers import NameAddr
from gateway.sip.message import Request, Response
from gateway.sip.parameters import Parameters
from gateway.sip.transport import KEEP, Flow

__all__ = ["INSTANCE", "OUTBOUND", "Outbound", "OutboundRefused", "acknowledge", "asked"]

OUTBOUND: Final = "outbound"
INSTANCE: Final = "+sip.instance"
REG_ID: Final = "reg-id"
LONGEST: Final = 256
"""Characters of an instance that are kept: a URN of a UUID has 47 with its brackets."""
STREAM_TIMER: Final = 120
"""Seconds after which a connection must have carried something (Flow-Timer, 5.4); UDP's is `KEEP`."""


class OutboundRefused(Exception):
    """A REGISTER that asks for what cannot be; carries its status."""

    def __init__(self, status: int, why: str) -> None:
        self.status = status
        super().__init__(why)


@frozen
class Outbound:
    """A flow of a telephone.

    Attributes:
        instance: the telephone, a URN in angle brackets.
        reg_id: which of its flows, from 1.
    """

    instance: str
    reg_id: int

    @property
    def parameters(self) -> Parameters:
        """As they are told back in the Contact."""
        return Parameters(((INSTANCE, quote(self.instance)), (REG_ID, str(self.reg_id))))


def asked(request: Request, contact: NameAddr) -> Outbound | None:
    """The flow that a contact of a REGISTER names; None where it names none, or the telephone cannot do it.

    Raises:
        OutboundRefused: the request breaks the rules of section 6.
    """
    instance, given = contact.parameters.get(INSTANCE), contact.parameters.get(REG_ID)
    if not instance or not given or OUTBOUND not in _supported(request):
        return None
    try:
        reg_id = number(given, REG_ID, 2**31 - 1)
    except MalformedError:
        reg_id = 0
    if reg_id == 0 or len(instance) > LONGEST or len(request.contacts) > 1:
        raise OutboundRefused(400, "One Contact With One Good Reg-Id")
    if len(request.vias) > 1 and not any(";ob" in path.lower() for path in request.headers.all("Path")):
        raise OutboundRefused(439, "First Hop Lacks Outbound Support")
    return Outbound(instance, reg_id)


def acknowledge(response: Response, flow: Flow) -> None:
    """Tell a telephone that its flow is kept, and how often it must say something there (5.4, 6)."""
    response.headers.set("Require", OUTBOUND)
    response.headers.set("Flow-Timer", STREAM_TIMER if flow.is_reliable else KEEP)


def _supported(request: Request) -> frozenset[str]:
    try:
        return frozenset(token.lower() for token in request.tokens("Supported"))
    except MalformedError:
        return frozenset()
