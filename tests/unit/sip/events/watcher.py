"""A telephone that watches, for conversations about subscriptions."""

from __future__ import annotations

from itertools import count
from xml.etree.ElementTree import Element, fromstring

from gateway.core.switch import DeviceState
from gateway.core.watch import ExtensionStatus
from gateway.sip.events.header import SubscriptionState
from gateway.sip.message import Request, Response
from tests.support.sip import SERVER, Office, Phone
from tests.support.watch import ScriptedWatchable, at

_SERIAL = count(1)

__all__ = ["Watcher", "office_to_watch"]


def office_to_watch() -> tuple[Office, ScriptedWatchable]:
    """An office, and what can be watched of it."""
    watchable = ScriptedWatchable()
    return Office(watchable=watchable), watchable


class Watcher:
    """A telephone with at most one subscription.

    Attributes:
        asked: its first SUBSCRIBE that was let in.
        answer: the response to it.
    """

    def __init__(self, office: Office, user: str = "6001", **where: object) -> None:
        self.office = office
        place = {"port": 5100 + next(_SERIAL)} | where
        self.phone = Phone(office, user, **place)  # type: ignore[arg-type]  # passed on
        self.phone.messages()
        self.numbers = 10
        self.waiting: list[Request | Response] = []

    def subscribe(
        self,
        to: str = "101",
        event: str | None = "dialog",
        *,
        expires: int | None = 600,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Response:
        """Subscribe, answering the challenge; the first response to what was let in. NOTIFYs are left unread."""
        given = list(headers)
        if event is not None:
            given.append(("Event", event))
        if expires is not None:
            given.append(("Expires", str(expires)))
        uri = f"sip:{to}@{SERVER[0]}"
        request = self.phone.request(
            "SUBSCRIBE", uri, to=f"<{uri}>", call_id=f"watch-{next(_SERIAL)}", headers=tuple(given)
        )
        self.phone.send(request)
        refusal = self.phone.response()
        assert refusal.status == 401, refusal.summary
        self.asked = self.phone.with_proof(request, refusal)
        self.phone.send(self.asked)
        self.waiting = self.phone.messages()
        answer = self.waiting.pop(0)
        assert isinstance(answer, Response)
        self.answer = answer
        return answer

    def again(
        self, *, expires: int = 600, event: str = "dialog", number: int | None = None, contact: str = ""
    ) -> Response:
        """SUBSCRIBE within the dialog."""
        self.numbers += 1
        request = self.phone.within(
            self.asked,
            self.answer,
            "SUBSCRIBE",
            number or self.numbers,
            headers=(("Event", event), ("Expires", str(expires))),
        )
        if contact:
            request.headers.set("Contact", contact)
        self.phone.send(request)
        self.waiting = self.phone.messages()
        answer = self.waiting.pop(0)
        assert isinstance(answer, Response)
        return answer

    def notified(self, status: int | None = 200) -> Request:
        """The only NOTIFY that has come; it is answered with `status`, or not at all."""
        waiting, self.waiting = [*self.waiting, *self.phone.messages()], []
        assert len(waiting) == 1, [message.summary for message in waiting]
        notify = waiting[0]
        assert isinstance(notify, Request) and notify.method == "NOTIFY", notify.summary
        if status is not None:
            self.phone.reply(notify, status, contact=False)
        return notify

    def hears_nothing(self) -> bool:
        """Whether nothing has come."""
        return not self.waiting and not self.phone.messages()

    def change(self, watchable: ScriptedWatchable, state: DeviceState, number: str = "101") -> None:
        """The extension is in another state."""
        watchable.extensions[at(number)] = ExtensionStatus(state)
        self.office.stack.watching.extension_changed(at(number), self.office.clock.now)
        self.office.drain()


def state(notify: Request) -> SubscriptionState:
    """The Subscription-State of a NOTIFY."""
    return SubscriptionState.parse(notify.headers.get("Subscription-State") or "")


def document(notify: Request) -> Element:
    """The XML document in a NOTIFY."""
    return fromstring(notify.body)


def dialogs(notify: Request) -> list[str]:
    """The states of the dialogs in a NOTIFY."""
    return [found.text or "" for found in document(notify).iter("{urn:ietf:params:xml:ns:dialog-info}state")]
