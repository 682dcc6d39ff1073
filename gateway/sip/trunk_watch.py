"""What a trunk tells us unlike calls: the messages that wait for us there, and whether its extensions are busy.

Each is a subscription of ours (RFC 6665 4.1), made when the trunk is up; what comes of it is told by events.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gateway.core.errors import MalformedError
from gateway.core.switch import DeviceState
from gateway.sip.body import find_body
from gateway.sip.events.message_summary import SUMMARY, SUMMARY_TYPE, read_summary
from gateway.sip.events.pidf import PIDF_TYPE
from gateway.sip.events.remote import DIALOG, DIALOG_TYPE, PRESENCE, RemoteExtension
from gateway.sip.events.subscriber import State, Subscriber, SubscriberConfig
from gateway.sip.message import Request
from gateway.sip.session import Setting
from gateway.sip.transport import Flow
from gateway.sip.trunk_words import ExtensionTold, MailboxTold, TrunkConfig

__all__ = ["TrunkWatch"]


class TrunkWatch:
    """The subscriptions of one trunk.

    Args:
        config: the trunk's.
        setting: the stack's services.
        asks: makes a SUBSCRIBE to a user there, with the flow on which it goes; None where there is no way now.
        told: takes what comes of them.
    """

    def __init__(
        self,
        config: TrunkConfig,
        setting: Setting,
        *,
        asks: Callable[[str], tuple[Request, Flow] | None],
        told: Callable[[MailboxTold | ExtensionTold], None],
    ) -> None:
        self._config = config
        self._told = told
        self._extensions = {number: RemoteExtension() for number in config.lamps}
        credentials = config.credentials
        self._subscribers = [
            Subscriber(
                SubscriberConfig(DIALOG, DIALOG_TYPE, credentials=credentials, instead=(PRESENCE, PIDF_TYPE)),
                setting,
                asks=partial(asks, number),
                told=partial(self._extension_told, number),
                lost=partial(self._extension_lost, number),
            )
            for number in self._extensions
        ]
        if config.mailbox:
            summary = SubscriberConfig(SUMMARY, SUMMARY_TYPE, credentials=credentials)
            asked = partial(asks, config.user)
            self._subscribers.append(Subscriber(summary, setting, asks=asked, told=self.notified))

    @property
    def is_over(self) -> bool:
        """Whether all subscriptions have ended."""
        return all(subscriber.state is State.OVER for subscriber in self._subscribers)

    def start(self, now: float) -> None:
        """Subscribe; also when there may be a way after there was none."""
        for subscriber in self._subscribers:
            subscriber.start(now)

    def stop(self, now: float) -> None:
        """End the subscriptions."""
        for subscriber in self._subscribers:
            subscriber.stop(now)

    def state(self, number: str) -> DeviceState | None:
        """The state of an extension there; None where it is not watched."""
        extension = self._extensions.get(number)
        return extension.state if extension is not None else None

    def notified(self, request: Request, now: float) -> None:
        """Take a NOTIFY that tells of our mailbox there, whether it was asked for or not."""
        body = _body(request, SUMMARY_TYPE)
        status = None if body is None else read_summary(body)
        if status is not None and self._config.mailbox:
            self._told(MailboxTold(self._config.name, self._config.mailbox, status))

    def _extension_told(self, number: str, request: Request, now: float) -> None:
        extension = self._extensions[number]
        calls, presence = _body(request, DIALOG_TYPE), _body(request, PIDF_TYPE)
        if (calls is not None and extension.take(calls)) or (presence is not None and extension.see(presence)):
            self._told(ExtensionTold(self._config.name, number))

    def _extension_lost(self, number: str) -> None:
        if self._extensions[number].lose():
            self._told(ExtensionTold(self._config.name, number))


def _body(request: Request, wanted: str) -> bytes | None:
    try:
        return find_body(request, wanted)
    except MalformedError:
        return None
