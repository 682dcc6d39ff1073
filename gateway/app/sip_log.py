"""What the SIP stack has to tell the operator, as lines of the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from gateway.core.log import QuietLog
from gateway.sip.binding import RegistrationChanged
from gateway.sip.diagnosis import Troubled
from gateway.sip.doorman import TurnedAway
from gateway.sip.newcomers import Garbled
from gateway.sip.open_ways import WayTold
from gateway.sip.refusals import AccessRefused
from gateway.sip.trunk_words import ExtensionTold, MailboxTold, TrunkChanged

__all__ = ["SipLog"]

_log = logging.getLogger("copperline")

FEW: Final = 20
"""Legs whose audio was lost or came back that are told one by one in `PERIOD` seconds: where there are more, a
network has failed and not a call. The story of each call tells it all the same.
"""
PERIOD: Final = 60.0


class SipLog:
    """Writes them; what strangers can cause at will is written now and then.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._quiet = QuietLog(logging.getLogger("copperline.sip"), clock)
        self._clock = clock
        self._troubled = 0
        """Legs of this period."""
        self._period_ends = 0.0

    def note(
        self,
        event: TrunkChanged
        | MailboxTold
        | ExtensionTold
        | RegistrationChanged
        | Troubled
        | AccessRefused
        | TurnedAway
        | Garbled
        | WayTold,
    ) -> None:
        """Write one down."""
        match event:
            case TrunkChanged():
                say = _log.info if event.up else _log.warning
                say("trunk %s is %s: %s", event.name, "up" if event.up else "down", event.text)
            case MailboxTold(trunk, mailbox, status):
                _log.info(
                    "trunk %s: %d new messages for mailbox %s", trunk, status.new + status.urgent_new, mailbox
                )
            case RegistrationChanged(binding, what):
                _log.info("account %s: %s %s", binding.account, binding.contact, what.value)
            case Troubled():
                self._note_trouble(event)
            case WayTold(text, is_open):
                (_log.info if is_open else _log.warning)("%s", text)
            case AccessRefused():
                self._quiet.warning(
                    f"{event.method} {event.user} {event.flow.remote[0]}",
                    "%s%s from %s refused: %s",
                    event.method,
                    f" as {event.user[:32]!r}" if event.user else "",
                    event.flow,
                    event.why,
                )
            case TurnedAway():
                host = event.flow.remote[0]
                self._quiet.warning(f"turned away {host}", "%s is not heard: %s", event.flow, event.why)
            case Garbled(flow, fault):
                self._quiet.warning(f"garbled {flow.remote[0]}", "no SIP message from %s: %.200s", flow, fault)

    def _note_trouble(self, event: Troubled) -> None:
        now = self._clock()
        if now >= self._period_ends:
            unsaid, self._troubled, self._period_ends = self._troubled - FEW, 0, now + PERIOD
            if unsaid > 0:
                _log.warning("so it was, in that minute, with %d legs that were not told of", unsaid)
        self._troubled += 1
        if self._troubled <= FEW:
            say = _log.info if event.over or event.meant else _log.warning
            say("%s: %s", event.leg, event.text)
        elif self._troubled == FEW + 1:
            _log.warning(
                "the audio of more than %d legs has failed or come back within a minute: look at the network "
                "rather than at calls; further ones are counted, and `copperline calls` shows them",
                FEW,
            )
