"""Offers in a dialog that are answered at once: those of UPDATE (RFC 3311), PRACK (RFC 3262 5) and re-INVITE.

A request enters, its response leaves; what is agreed is in the Negotiation. Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.codec import Codec
from gateway.core.errors import MalformedError
from gateway.sdp.negotiate import Direction, Negotiation, NotAcceptable
from gateway.sip.message import Request, Response
from gateway.sip.session import describe, description_of, not_acceptable

__all__ = ["carries_offer", "response_to"]


def carries_offer(message: Request | Response) -> bool:
    """Whether `message` brings a session description, be it one that does not parse."""
    try:
        return description_of(message) is not None
    except MalformedError:
        return True


def response_to(
    request: Request,
    negotiation: Negotiation,
    wanted: Sequence[Codec],
    direction: Direction = Direction.SENDRECV,
    *,
    late: bool = False,
) -> Response:
    """A 200 with the answer to the offer in `request`, or a 488 or 400 that leaves everything as it is.

    Args:
        wanted: codecs that are dearer to us than the order of the offer is.
        direction: what we are willing to do.
        late: a request without an offer asks for ours (re-INVITE); otherwise it gets a 200 without any.
    """
    try:
        offer = description_of(request)
        description = negotiation.answer(offer, direction, wanted) if offer is not None else None
    except NotAcceptable as why:
        return not_acceptable(request, why)
    except MalformedError as fault:
        return request.reply(400, str(fault))
    if description is None and late:
        description = negotiation.offer(direction)
    response = request.reply(200)
    if description is not None:
        describe(response, description)
    return response
