"""What telephones show of the office without a call: busy lamps, presence, message lamps; joined here.

Legs, registrations and the dialplan tell what changes, `gateway.services` works out what that means, and the SIP
stack and the analogue lines show it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from dialplan.hints import devices_of
from dialplan.model import Dialplan
from drivers.lines import AnalogLines
from gateway.call.manager import CallManager
from gateway.config.model import Config
from gateway.core.switch import DeviceState
from gateway.core.watch import MailboxStatus, Watched
from gateway.services.conferences import OfficeConferences
from gateway.services.mailboxes import Mailboxes
from gateway.services.presence import Presence
from gateway.sip.stack import SipStack

__all__ = ["Lamps", "reminded"]

_REMINDERS: Final = ("Custom:Forward", "Custom:DND")
"""With its number behind: devices in use while a telephone's calls are forwarded, or it is not to be disturbed."""


class Lamps:
    """The lamps of one office.

    Args:
        config: whose numbers have mailboxes.
        dialplan: gives the one in force.
        manager: knows the calls.
        conferences: knows the rooms.
        lines: the analogue lines.
        sip: gives the SIP stack, once there is one.
        clock: engine clock, seconds.
        wake: asks the runner to drain the engines soon.
    """

    def __init__(
        self,
        config: Config,
        *,
        dialplan: Callable[[], Dialplan],
        manager: CallManager,
        conferences: OfficeConferences,
        lines: AnalogLines,
        sip: Callable[[], SipStack],
        clock: Callable[[], float],
        wake: Callable[[], None],
    ) -> None:
        self._manager = manager
        self._lines = lines
        self._sip = sip
        self._clock = clock
        self._wake = wake
        self._telephones = _telephones(config)
        self.mailboxes = Mailboxes(_mailboxes(config), self._messages_changed)
        self.presence = Presence(
            hints=lambda context, number: devices_of(dialplan(), context, number, manager.device_state),
            devices=manager.devices,
            changed=self._extension_changed,
            mailboxes=self.mailboxes,
            room=conferences.shown,
            room_changed=self._room_changed,
        )
        conferences.on_change = self.presence.conference_changed
        manager.devices.conferring = lambda room: conferences.find(room) is not None

    def reloaded(self, config: Config) -> None:
        """Dialplan and accounts are others."""
        self.mailboxes.know(_mailboxes(config))
        self._telephones = _telephones(config)
        self.presence.hints_changed()

    def _extension_changed(self, watched: Watched) -> None:
        self._sip().watching.extension_changed(watched, self._clock())
        self._wake()

    def _room_changed(self, watched: Watched) -> None:
        self._sip().watching.conference_changed(watched, self._clock())
        self._wake()

    def _messages_changed(self, number: str, status: MailboxStatus) -> None:
        now = self._clock()
        self._sip().watching.mailbox_changed(number, now)
        for telephone in self._telephones.get(number, ()):
            self._lines.show_messages(telephone, status.new + status.urgent_new, now)
        self._wake()


def _mailboxes(config: Config) -> Iterable[str]:
    """Every telephone's own number, what telephones, accounts and trunks name beside, and what [voicemail] has."""
    named = [trunk.mailbox for trunk in config.trunks.values() if trunk.mailbox]
    named += [account.mailbox for account in config.accounts.values() if account.mailbox]
    named += [phone.mailbox for phone in config.phones.values() if phone.mailbox]
    return [*config.accounts, *config.phones, *named, *config.voicemail]


def _telephones(config: Config) -> dict[str, list[str]]:
    """The analogue telephones that show each mailbox."""
    found: dict[str, list[str]] = {}
    for number, phone in config.phones.items():
        found.setdefault(phone.mailbox or number, []).append(number)
    return found


def reminded(number: str, state: Callable[[str], DeviceState]) -> bool:
    """Whether dial tone is to remind telephone `number` of something that it has switched on.

    Args:
        state: gives the state of a device.
    """
    return any(state(f"{device}{number}") is DeviceState.INUSE for device in _REMINDERS)
