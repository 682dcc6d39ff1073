"""REFERs that we send in a call (RFC 3515): we ask the far side to call somebody else by itself.

What comes of it is told once as TransferTold: by the refusal of the REFER, or by the last NOTIFY of the
subscription that it has made.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.core.cause import Cause
from gateway.core.errors import Exhausted, MalformedError
from gateway.core.messages import TransferTold
from gateway.sip.causes import cause_of
from gateway.sip.dialog import Dialog
from gateway.sip.events.header import EventType, SubscriptionState
from gateway.sip.headers import NameAddr
from gateway.sip.message import Request, Response
from gateway.sip.session import Reply, SessionUser, Setting, Timer, announce
from gateway.sip.uri import SipUri
from gateway.sip.within import send_within

__all__ = ["ReferIssuer", "refer_target"]

PATIENCE: Final = 180.0
"""Seconds for which the outcome is waited for: longer than anybody lets it ring."""
_STATUS: Final = re.compile(rb"SIP/2\.0 ([1-6][0-9][0-9])(?: |\r|\n|$)")


class ReferIssuer:
    """The REFERs of one call.

    Args:
        setting: the stack's services.
        user: who is told.
        dialog: the call's.
    """

    __slots__ = ("_dialog", "_number", "_patience", "_setting", "_user")

    def __init__(self, setting: Setting, user: SessionUser, dialog: Dialog) -> None:
        self._setting = setting
        self._user = user
        self._dialog = dialog
        self._number: int | None = None
        self._patience: Timer | None = None

    def refer(self, called: str, now: float) -> None:
        """Ask the far side to call `called`, a number or a SIP URI.

        Raises:
            MalformedError: it is a SIP URI that cannot be read.
        """
        target = refer_target(called, self._dialog.contact)
        if self._number is not None:
            self._told_now(Cause.FACILITY_REJECTED, now)  # one at a time
            return
        refer = self._dialog.request("REFER")
        announce(refer)
        refer.headers.set("Refer-To", target)
        refer.headers.set("Referred-By", NameAddr(self._dialog.local.uri))
        self._number = refer.cseq.number
        self._patience = self._setting.carrier.at(
            now + PATIENCE, lambda at: self._over(Cause.RECOVERY_ON_TIMER_EXPIRY, at)
        )
        try:
            send_within(
                self._setting,
                self._dialog,
                refer,
                now,
                answered=self._answered,
                failed=lambda _, at: self._over(Cause.RECOVERY_ON_TIMER_EXPIRY, at),
            )
        except Exhausted:
            self._over(Cause.SWITCHING_EQUIPMENT_CONGESTION, now)

    def notified(self, request: Request, reply: Reply, now: float) -> None:
        """Take a NOTIFY in the call's dialog."""
        if not self._is_ours(request):
            reply(request.reply(481), now)
            return
        try:
            state = SubscriptionState.parse(request.headers.get("Subscription-State") or "")
        except MalformedError as fault:
            reply(request.reply(400, str(fault)[:80]), now)
            return
        self._dialog.refresh(request, "NOTIFY")
        reply(request.reply(200), now)
        found = _STATUS.match(request.body.lstrip())
        status = int(found[1]) if found is not None else 0
        if status >= 200:
            self._over(None if status < 300 else cause_of(status), now)
        elif state.is_over:
            self._over(None, now)  # it was accepted, and we are told no more

    def close(self) -> None:
        """The call is over: nobody is told any more."""
        self._number = None
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _is_ours(self, request: Request) -> bool:
        try:
            event = EventType.parse(request.headers.get("Event") or "")
        except MalformedError:
            return False
        return self._number is not None and event.package == "refer" and event.id in ("", str(self._number))

    def _answered(self, response: Response, now: float) -> None:
        if response.status >= 300:
            self._over(cause_of(response.status), now)
        elif response.is_final and (response.headers.get("Refer-Sub") or "").strip().lower() == "false":
            self._over(None, now)  # RFC 4488: there will be no NOTIFY

    def _over(self, cause: Cause | None, now: float) -> None:
        if self._number is not None:
            self.close()
            self._told_now(cause, now)

    def _told_now(self, cause: Cause | None, now: float) -> None:
        self._user.said(TransferTold(cause), now)


def refer_target(called: str, contact: NameAddr) -> NameAddr:
    """`called`, a number or a SIP URI, as the far side is to call it; numbers through us, at `contact`.

    Raises:
        MalformedError: it is a SIP URI that cannot be read.
    """
    if called.lower().startswith(("sip:", "sips:")):
        return NameAddr(SipUri.parse(called))
    own = contact.uri
    host, port = (own.host, own.port) if isinstance(own, SipUri) else ("", None)
    return NameAddr(SipUri.of(called, host, port))
