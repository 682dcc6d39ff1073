"""What belongs to no dialog yet, as the carrier tells it: requests that begin something, and what is no message."""

from __future__ import annotations

from typing import Protocol

from gateway.core.frozen import frozen
from gateway.sip.dialog import DialogId
from gateway.sip.message import Request, Response
from gateway.sip.session import Member, Reply
from gateway.sip.transaction.base import ServerTransaction
from gateway.sip.transport import Flow

__all__ = ["Garbled", "Newcomers"]


@frozen
class Garbled:
    """Octets came that are no message; for the operator.

    Attributes:
        flow: where they came from.
        fault: what is wrong with them, as a clause.
    """

    flow: Flow
    fault: str


class Newcomers(Protocol):
    """Who takes what belongs to no dialog."""

    def arrived(self, transaction: ServerTransaction, reply: Reply, now: float) -> Response | None:
        """A new request outside of all dialogs, understood by `screen`; it must be replied to.

        Returns:
            The response to somebody who has proved nothing, of whose request nothing is to be kept; else None.
        """
        ...

    def early(self, dialog: DialogId) -> Member | None:
        """Who takes requests in that dialog, where it is an early one of an INVITE of ours and nobody does yet."""
        ...

    def tag(self, invite: ServerTransaction) -> str | None:
        """Our tag in the dialog of an INVITE that has not been answered; None where there is none."""
        ...

    def cancelled(self, invite: ServerTransaction, cancel: Request, now: float) -> None:
        """A CANCEL for an INVITE came, and has been answered itself."""
        ...

    def screened(self, transaction: ServerTransaction, refusal: Response, now: float) -> None:
        """A request is not understood, and refused."""
        ...

    def garbled(self, garbled: Garbled) -> None:
        """Octets came that are no message; they have been answered where they can be."""
        ...

    def settled(self, transaction: ServerTransaction) -> None:
        """The transaction has its final response, or will never have one."""
        ...
