"""Message lamps of telephones that do not subscribe: NOTIFY outside of dialogs, as RFC 3842 came after them.

An account with a mailbox gets one at each change and whenever a telephone of it registers. Nobody waits for the
answers: the next change tells again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from gateway.core.errors import Exhausted
from gateway.sip.binding import Binding
from gateway.sip.dialog import MAX_FORWARDS
from gateway.sip.events.header import EventType, SubscriptionState
from gateway.sip.events.package import Document
from gateway.sip.headers import CSeq, NameAddr
from gateway.sip.message import Request
from gateway.sip.session import Setting
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri

__all__ = ["Unsolicited"]


class Unsolicited:
    """Sends them.

    Args:
        setting: the stack's services.
        token: makes tags and Call-IDs.
        contact: our Contact, over a flow.
    """

    def __init__(self, setting: Setting, *, token: Callable[[], str], contact: Callable[[Flow], NameAddr]) -> None:
        self._setting = setting
        self._token = token
        self._contact = contact

    def send(self, package: str, document: Document, binding: Binding, now: float) -> None:
        """Tell the telephone at `binding`."""
        flow = binding.flow
        host = self._contact(flow).uri
        own = SipUri.of(binding.account, host.host if isinstance(host, SipUri) else flow.local[0])
        notify = Request("NOTIFY", binding.contact.requested(), body=document.body)
        headers = notify.headers
        headers.set("Max-Forwards", MAX_FORWARDS)
        headers.set("From", NameAddr(own).tagged(self._token()))
        headers.set("To", NameAddr(own))
        headers.set_all("Route", binding.path)
        headers.set("Call-ID", f"{self._token()}@{own.host}")
        headers.set("CSeq", CSeq(1, "NOTIFY"))
        headers.set("Contact", self._contact(flow))
        headers.set("Event", EventType(package))
        headers.set("Subscription-State", SubscriptionState("active"))
        headers.set("Content-Type", document.type)
        with suppress(Exhausted):  # told again with the next change
            self._setting.carrier.send(notify, flow, now, answered=lambda *_: None, failed=lambda *_: None)
