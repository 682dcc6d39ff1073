"""REFERs that come to us in a call (RFC 3515): somebody asks us to send elsewhere whom he talks with.

A REFER enters, and TransferAsked goes up; what comes of it comes back as TransferTold and goes out in the NOTIFYs
of the subscription that the REFER has made (unless RFC 4488 or RFC 7614 forbade one). That subscription lives in
the call's dialog, and may outlive the call by its last NOTIFY (RFC 5057).
"""

from __future__ import annotations

from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.messages import TransferAsked, TransferTold
from gateway.core.number import Party
from gateway.sip.causes import status_of
from gateway.sip.dialog import Dialog
from gateway.sip.events.header import EventType, Reason
from gateway.sip.events.package import Document
from gateway.sip.events.subscription import Subscription, Terms, unknown_subscription
from gateway.sip.headers import NameAddr
from gateway.sip.identity import number_of
from gateway.sip.message import Request, Response
from gateway.sip.replaces import replaced_by_uri
from gateway.sip.secure import secure_wish
from gateway.sip.session import Reply, SessionUser, Setting, lists, owner_of
from gateway.sip.status import REASONS
from gateway.sip.uri import OtherUri, SipUri
from gateway.sip.warning import SIPS_NOT_ALLOWED, warn

__all__ = ["SIPFRAG", "ReferRecipient"]

PACKAGE: Final = "refer"
SIPFRAG: Final = "message/sipfrag"
TERMS: Final = Terms(shortest=0, longest=300, interval=0.0)
LIFE: Final = 180
"""Seconds for which the outcome is waited for: longer than anybody lets it ring."""


class ReferRecipient:
    """The REFERs of one call, or one that came outside of it and names it (RFC 4538).

    Args:
        setting: the stack's services.
        user: who is asked.
        dialog: the call's, or the one that the REFER from outside makes.
        outside: whether it is that one, in which there is nothing but the subscription.
    """

    __slots__ = (
        "_asked",
        "_closed",
        "_count",
        "_dialog",
        "_outside",
        "_progress",
        "_setting",
        "_subscription",
        "_user",
    )

    def __init__(self, setting: Setting, user: SessionUser, dialog: Dialog, *, outside: bool = False) -> None:
        self._outside = outside
        self._setting = setting
        self._user = user
        self._dialog = dialog
        self._count = 0
        self._asked = False
        self._progress = _Progress()
        self._subscription: Subscription | None = None
        self._closed = False

    @property
    def is_busy(self) -> bool:
        """Whether a transfer is under way."""
        return self._asked

    def refer(self, request: Request, reply: Reply, now: float) -> None:
        """Take a REFER."""
        asked = self._wish(request)
        if isinstance(asked, Response):
            reply(asked, now)
            return
        self._asked = True
        self._count += 1
        self._dialog.refresh(request, "REFER")
        quiet = (request.headers.get("Refer-Sub") or "").strip().lower() == "false"
        unwatched = quiet or "nosub" in lists(request, "require")
        response = request.reply(202, to_tag=self._dialog.id.local_tag)
        response.headers.set("Contact", self._dialog.contact)
        if quiet:
            response.headers.set("Refer-Sub", "false")  # RFC 4488 section 4
        reply(response, now)
        if not unwatched:
            self._watch(request, now)
        self._user.said(asked, now)

    def tell(self, told: TransferTold, now: float) -> None:
        """Pass on how the transfer goes."""
        if not self._asked:
            return
        self._asked = not told.final
        self._progress.take(told)
        if self._subscription is None or self._subscription.is_leaving:
            return
        if told.final:
            self._subscription.end(Reason.NO_RESOURCE, now)
        else:
            self._subscription.changed(now)

    def subscribe(self, request: Request, reply: Reply, now: float) -> None:
        """Take a SUBSCRIBE in the call's dialog: only what a REFER has made can be refreshed, or ended, there."""
        if self._subscription is None:
            reply(unknown_subscription(request, PACKAGE), now)
        else:
            self._subscription.refresh(request, reply, now)

    def close(self, now: float) -> None:
        """The call is over; what is not told yet never will be."""
        self._closed = True
        if self._subscription is not None:
            self._setting.carrier.enter(self._dialog.id, self._subscription)
            self._subscription.end(Reason.NO_RESOURCE, now)

    def _watch(self, request: Request, now: float) -> None:
        # RFC 3515 section 2.4.6: the second REFER of a dialog, and later ones, are told apart by their numbers.
        event = EventType(PACKAGE, "" if self._count == 1 else str(request.cseq.number))
        if self._subscription is not None:
            self._subscription.end(Reason.NO_RESOURCE, now)
        self._progress = _Progress()
        self._subscription = Subscription(
            self._setting,
            self._dialog,
            event,
            self._progress,
            terms=TERMS,
            expires=LIFE,
            account=owner_of(self._user.name),
            over=self._over,
            now=now,
        )
        if self._outside:
            self._setting.carrier.enter(self._dialog.id, self._subscription)
        self._subscription.begin(now)

    def _over(self, subscription: Subscription) -> None:
        if subscription is self._subscription:
            self._subscription = None
            if self._closed or self._outside:
                self._setting.carrier.leave(self._dialog.id)

    def _wish(self, request: Request) -> TransferAsked | Response:
        """What a REFER asks for, or its refusal."""
        try:
            targets = [NameAddr.parse(value) for value in request.headers.values("Refer-To")]
        except MalformedError as fault:
            return request.reply(400, str(fault)[:80])
        if len(targets) != 1:
            return request.reply(400, "One Refer-To Is Needed")
        uri = targets[0].uri
        if isinstance(uri, OtherUri):
            return request.reply(416)
        if not isinstance(uri, SipUri):
            return TransferAsked(number_of(uri), referred_by=_referrer(request))
        method = (uri.parameters.get("method") or "INVITE").upper()
        if method == "BYE" and self._dialog.conference and number_of(uri):
            return TransferAsked(number_of(uri), referred_by=_referrer(request), removes=True)  # RFC 4579 5.11
        if method != "INVITE":
            return request.reply(603, "Only INVITE Can Be Asked For")
        try:
            named = replaced_by_uri(uri)
        except MalformedError as fault:
            return request.reply(400, str(fault)[:80])
        if named is None:
            called = number_of(uri)
            if not called:
                return request.reply(404)
            return TransferAsked(called, referred_by=_referrer(request), variables=secure_wish(uri))
        found = self._setting.carrier.member(named.id)
        leg = found.leg if found is not None else None
        if found is None or leg is None or leg.name == self._user.name:
            return request.reply(403, "There Is No Such Call Here")
        if uri.scheme == "sips" and not (found.flow is not None and found.flow.is_secure):
            refusal = request.reply(480)
            warn(refusal, SIPS_NOT_ALLOWED)  # RFC 5630 section 5.3: who is there is not on TLS
            return refusal
        return TransferAsked(number_of(uri), other=leg.name, referred_by=_referrer(request))


class _Progress:
    """How a transfer stands, as a message fragment (RFC 3515 section 2.4.5); see `Subject`."""

    __slots__ = ("_status",)

    def __init__(self) -> None:
        self._status = 100

    def take(self, told: TransferTold) -> None:
        if told.cause is not None:
            self._status = status_of(told.cause)
        else:
            self._status = 200 if told.final else 180

    def document(self, version: int, now: float, *, whole: bool) -> Document:
        line = f"SIP/2.0 {self._status} {REASONS[self._status]}\r\n"
        return Document(f"{SIPFRAG};version=2.0", line.encode())


def _referrer(request: Request) -> Party | None:
    """Who asks, by Referred-By (RFC 3892); it is for information, so that a bad one is as good as none."""
    text = request.headers.get("Referred-By")
    try:
        who = NameAddr.parse(text) if text is not None else None
    except MalformedError:
        return None
    return Party(number_of(who.uri), who.display) if who is not None else None
