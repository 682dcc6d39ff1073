"""A call that comes in: SETUP has come, digits may follow it, and we answer (Q.931 5.1, 5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from gateway.core.errors import IllegalInput
from gateway.q931 import setup
from gateway.q931.call import Call, Cue, Desk, pressed
from gateway.q931.call_states import Input
from gateway.q931.coding import ElementCode, MessageType, ProgressDescription
from gateway.q931.element import CauseElement, ProgressIndicator
from gateway.q931.message import Element, Message
from gateway.q931.primitive import (
    Alert,
    AskMore,
    Command,
    Connect,
    MoreDigits,
    Proceed,
    TellProgress,
)

__all__ = ["TakenCall"]


class TakenCall(Call):
    """One call that came in.

    Args:
        number: its name among all that ever were.
        reference: its call reference on the link.
        desk: its surroundings.
        channel: its B channel, taken for it already.
    """

    PLACED = False
    COMMANDS: ClassVar[Mapping[type[Command], Input]] = MappingProxyType(
        {
            AskMore: Input.ASK_MORE,
            Proceed: Input.PROCEED,
            Alert: Input.ALERT,
            TellProgress: Input.TELL_PROGRESS,
            Connect: Input.CONNECT_US,
        }
    )

    def __init__(self, number: int, reference: int, desk: Desk, channel: int) -> None:
        super().__init__(number, reference, desk)
        self.channel = channel
        self._has_answered = False

    def begin(self, message: Message, now: float) -> None:
        """The SETUP has come, and nothing is wrong with it."""
        self.feed(Input.SETUP, now, message)

    def _present(self, now: float, message: Message) -> None:
        assert self.channel is not None
        self._tell(setup.read(message, self.number, self.channel, self._dialect))

    def _ask_more(self, now: float, command: AskMore) -> None:
        self._answer(MessageType.SETUP_ACKNOWLEDGE, audio=command.audio)
        self._start(Input.T302, now)

    def _more_digits(self, now: float, message: Message) -> None:
        complete = message.has(ElementCode.SENDING_COMPLETE)
        if complete:
            self._stop(Input.T302)
        else:
            self._start(Input.T302, now)
        self._tell(MoreDigits(self.number, pressed(message), complete))

    def _no_more_digits(self, now: float, _: Cue) -> None:
        self._tell(MoreDigits(self.number, "", True))

    def _proceed(self, now: float, command: Proceed) -> None:
        self._stop(Input.T302)
        self._answer(MessageType.CALL_PROCEEDING, audio=command.audio)

    def _proceed_and_tell(self, now: float, command: TellProgress) -> None:
        self._answer(MessageType.CALL_PROCEEDING)
        self._tell_progress(now, command)

    def _tell_progress(self, now: float, command: TellProgress) -> None:
        elements: list[Element] = [
            ProgressIndicator(description, self._location) for description in command.descriptions
        ]
        if command.cause is not None:
            elements.append(CauseElement(command.cause, self._location))
        self._send(MessageType.PROGRESS, *elements)

    def _alert(self, now: float, command: Alert) -> None:
        self._stop(Input.T302)
        self._answer(MessageType.ALERTING, audio=command.audio)

    def _alert_again(self, now: float, command: Alert) -> None:
        """The caller knows that it rings; that the tone can be heard from now on is news."""
        if command.audio:
            self._tell_progress(now, TellProgress())

    def _connect(self, now: float, command: Connect) -> None:
        self._connect_at_once(now, command)
        self._start(Input.T313, now)

    def _connect_at_once(self, now: float, command: Connect) -> None:
        self._stop_all()
        self._answer(MessageType.CONNECT, *filter(None, [command.party]))

    def _confirmed(self, now: float, _: Cue) -> None:
        self._stop(Input.T313)

    def _answer(self, kind: MessageType, *elements: Element, audio: bool = False) -> None:
        """Send a message; the first one tells the B channel (5.1.2, 5.2.3)."""
        tone = (ProgressIndicator(ProgressDescription.IN_BAND, self._location),) if audio else ()
        channel = () if self._has_answered else (self._channel_element(),)
        self._has_answered = True
        self._send(kind, *channel, *tone, *elements)

    def _refuse_command(self, command: Command) -> None:
        raise IllegalInput(f"{type(command).__name__} is for calls that we place; call {self.number} came in")
