"""An early dialog of an INVITE of ours (RFC 3261 12.1.2): its reliable responses, the callee's UPDATEs, and keys.

It exists from the first provisional response of one fork that is reliable or lets us hear something until the end
of the INVITE; a 2xx of that fork takes its dialog over. UPDATE is served as RFC 3311 section 5.2 asks; of the rest,
what changes nothing is served as in a call, and everything else has to wait for the answer.
"""

from __future__ import annotations

from typing import Final

from gateway.sdp.negotiate import Agreement, Negotiation
from gateway.sip.dialog import Dialog
from gateway.sip.info import received
from gateway.sip.info_keys import InfoKeys
from gateway.sip.message import Request, Response
from gateway.sip.offers import carries_offer, response_to
from gateway.sip.reliable import ReliableOrder, Turn
from gateway.sip.session import Reply, SessionUser, Setting, abilities, announce, owner_of
from gateway.sip.transport import Flow

__all__ = ["MAX_FORKS", "EarlyDialog", "pass_by"]

MAX_FORKS: Final = 16
"""Early dialogs of one INVITE that are kept; a proxy forks to the telephones of one user."""
RETRY_AFTER: Final = 10
"""Upper bound of the seconds that a request before its time is told to wait (RFC 3311 section 5.2)."""


class EarlyDialog:
    """One fork of an INVITE of ours; see `Member`.

    Args:
        setting: the stack's services.
        user: told of keys, and of what an UPDATE has changed.
        dialog: entered with the carrier here.
        negotiation: the leg's.
    """

    def __init__(self, setting: Setting, user: SessionUser, dialog: Dialog, negotiation: Negotiation) -> None:
        self.dialog = dialog
        self.keys = InfoKeys(setting, user, dialog)
        """Keys as INFO; whoever takes the dialog over sends what still waits."""
        self.agreement: Agreement | None = None
        """What was agreed with this fork, if anything."""
        self._setting = setting
        self._negotiation = negotiation
        self._user = user
        self._order = ReliableOrder()
        setting.carrier.enter(dialog.id, self)

    def close(self) -> None:
        """The INVITE is over, and this fork did not win it."""
        self.keys.close()
        self.leave()

    def leave(self) -> None:
        """Take no requests any more; a session goes on with the dialog."""
        self._setting.carrier.leave(self.dialog.id)

    def acknowledge(self, response: Response, now: float) -> bool:
        """Send the PRACK for a reliable response; whether `response` is to be regarded at all (section 4)."""
        return self._order.acknowledge(self._setting, self.dialog, response, now) is not Turn.STALE

    def receive(self, request: Request, reply: Reply, flow: Flow, now: float) -> None:
        """Take a request of the callee before its answer."""
        if request.method == "ACK":
            return
        if not self.dialog.takes(request):
            reply(request.reply(500, "Request Out Of Order"), now)
        elif request.method == "UPDATE" and not (carries_offer(request) and self.agreement is None):
            response = response_to(request, self._negotiation, self._user.wanted)
            if response.status == 200:
                self.dialog.refresh(request, "UPDATE")
                response.headers.set("Contact", self.dialog.contact)
                announce(response)
            reply(response, now)
            if response.status == 200 and carries_offer(request) and self._negotiation.agreement is not None:
                self.agreement = self._negotiation.agreement
                self._user.agreed(self.agreement, now)
        elif request.method == "UPDATE":
            reply(request.reply(491), now)  # section 5.2: our offer has no answer yet
        elif not pass_by(request, reply, self._user, now):
            response = request.reply(500, "The Call Is Not Answered Yet")
            response.headers.set("Retry-After", self._setting.random.randint(0, RETRY_AFTER))
            reply(response, now)

    @property
    def flow(self) -> Flow:
        """By which the callee was heard last; see `Member`."""
        return self.dialog.flow

    @property
    def account(self) -> str:
        """Whose leg it is; see `Member`."""
        return owner_of(self._user.name)

    @property
    def leg(self) -> None:
        """None: whom it rings for knows it all the same (`OutgoingSession.began`); see `Member`."""

    def lost(self, flow: Flow, now: float) -> None:
        """A connection is gone; the INVITE's transaction tells of that."""

    def way_anew(self, lost: Flow) -> None:
        """None: the INVITE finds its way, or nobody does; see `Member`."""

    def moved(self, before: Flow, after: Flow, now: float) -> None:
        """The callee is reached elsewhere; see `Member`."""
        self.dialog.moved(before, after)


def pass_by(request: Request, reply: Reply, user: SessionUser, now: float) -> bool:
    """Serve what changes nothing in an early dialog of either side; False where `request` is something else.

    INFO goes there as in a call (RFC 6086 section 4.1): keys for an announcement that nobody has answered yet.
    """
    if request.method == "OPTIONS":
        reply(abilities(request), now)
    elif request.method == "INFO":
        response, event = received(request)
        reply(response, now)
        if event is not None:
            user.said(event, now)
    else:
        return False
    return True
