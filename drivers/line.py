"""What lines of every kind have in common: a table, a row, a leg, timers and a story.

What the device says, heard digits, commands and times go in; leg events and notes come out by the shelf. What
each input means is in the table of the kind (its states.py); the actions are methods of the kind, found by their
names in the table. Timers are inputs: a timer that the new state does not list is forgotten with the old one. What
a device says and the table does not list is noted and ignored (a line may do anything); a command that it does not
list raises IllegalInput.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Final, Generic, TypeVar, get_args

from drivers.channel import LineChannel
from drivers.shelf import Shelf
from drivers.status import LineStatus
from gateway.core.appearance import Appearance
from gateway.core.audio import Audio, AudioEvent, AudioLost, DigitHeard, FaxHeard, Silent, Sound
from gateway.core.ending import Ending
from gateway.core.errors import Exhausted, IllegalInput, LocalError
from gateway.core.machine import Machine, Table
from gateway.core.messages import (
    IN_BAND,
    RFC_4733,
    CarryFax,
    CarryModem,
    CarrySpeech,
    Command,
    Digit,
    Event,
    FaxCarried,
    FaxRecognised,
    Released,
    SendDigits,
)
from gateway.core.number import Party
from gateway.core.timers import RunningTimers
from gateway.core.trace import Kind
from gateway.media.supervision import Sign

__all__ = ["Cue", "Dialect", "Line"]

_CARRIED: Final[frozenset[type[Command]]] = frozenset({CarryFax, CarryModem, CarrySpeech})
"""Commands about what is carried, which are the same in every state."""

State = TypeVar("State", bound=Enum)
Input = TypeVar("Input", bound=Enum)


@dataclass(frozen=True, slots=True)
class Cue:
    """What an action acts on.

    Attributes:
        now: engine clock, seconds.
        evidence: what happened, for an Ending: "ONHOOK event on port 1".
        subject: the command, digit or sign that it is about, where there is one.
    """

    now: float
    evidence: str = ""
    subject: Command | Digit | Sign | None = None


PASSED_ON: Final = frozenset({"pass_digit", "digit_while_waiting"})
"""The actions by which a line gives a key to its call; others take it for a digit of a number."""


@dataclass(frozen=True, kw_only=True)
class Dialect(Generic[State, Input]):
    """A kind of line as data.

    Attributes:
        technology: "FXS", "FXO", "ISDN".
        table: its states.
        start: the state of a line whose device has not been seen yet.
        digit: the input that a dialled digit is.
        lost, returned: the inputs for the device's going and coming.
    """

    technology: str
    table: Table[State, Input]
    start: State
    digit: Input
    lost: Input
    returned: Input

    @cached_property
    def commands(self) -> Mapping[type[Command], Input]:
        """The commands that the table takes: those of its inputs whose value is the name of one."""
        taken = {given.value: given for row in self.table.values() for given in row}
        return {command: taken[command.__name__] for command in get_args(Command) if command.__name__ in taken}


class Line(Generic[State, Input]):
    """One line.

    Args:
        dialect: its kind.
        device: what it is on: "port 3".
        name: as operators know it: "101", "copper1".
        peer: the same in a sentence: "telephone 101".
        shelf: its surroundings.
        number: its own number; may be empty.
        port: the number of its port, where it is on a card; 0 else.

    Attributes:
        last_caller: who called last on it: a telephone was rung for, a line to the outside brought in.
    """

    def __init__(
        self,
        dialect: Dialect[State, Input],
        *,
        device: str,
        name: str,
        peer: str,
        shelf: Shelf,
        number: str = "",
        port: int = 0,
    ) -> None:
        self.device: Final = device
        self.name: Final = name
        self.peer: Final = peer
        self.number: Final = number
        self.port: Final = port
        self.last_caller: Party | None = None
        self.since = 0.0
        self.channel: LineChannel | None = None
        self.trouble = ""
        self._dialect = dialect
        self._shelf = shelf
        self._machine: Final[Machine[State, Input]] = Machine(dialect.table, dialect.start)
        self._actions: Final[Mapping[str, Callable[[Cue], None]]] = {
            action: getattr(self, f"_{action}")
            for row in dialect.table.values()
            for _, action in row.values()
            if action
        }
        self._timers: RunningTimers[Input] = RunningTimers(shelf.due)
        self._row: Audio | None = None
        self._appearance: Appearance | None = None
        """Of the leg, where the row is one leg's at a time."""
        self._plays = 0
        self._playing = 0

    # Seen from outside.

    @property
    def technology(self) -> str:
        """The kind's name."""
        return self._dialect.technology

    @property
    def state(self) -> State:
        """The state of the line."""
        return self._machine.state

    @property
    def in_service(self) -> bool:
        """Whether its device is there and well."""
        return self._machine.state is not self._dialect.start

    @property
    def attached(self) -> bool:
        """Whether it has a row; its device is there, though it may be in alarm."""
        return self._row is not None

    @property
    def label(self) -> str:
        """The line as a dial target: "FXS/101"."""
        return f"{self.technology}/{self.name}"

    def attach(self, row: Audio, now: float) -> None:
        """The device is there and `row` carries its audio."""
        self._row = row
        self.trouble = ""
        row.listener = self.heard
        self._hear(self._dialect.returned, Cue(now, f"{self.device} opened"))

    def detach(self, reason: str, now: float) -> None:
        """The device has gone, or was not there; a call on it ends."""
        self.note(now, reason)
        self.trouble = reason
        self.since = self.since or now
        self._hear(self._dialect.lost, Cue(now, reason))
        if self._row is not None:
            self._row.listener = None
            self._row = None

    def heard(self, event: AudioEvent, now: float) -> None:
        """Take in what the row heard."""
        match event:
            case DigitHeard(digit, duration, as_event):
                self._digit(Digit(digit, duration, RFC_4733 if as_event else IN_BAND), now)
            case FaxHeard(tone):
                self.note(now, f"a fax machine is heard: {tone.name}", kind=Kind.MEDIA)
                self._tell(FaxRecognised(tone))
            case Silent(seconds):
                self.note(now, f"no audio from {self.device} for {round(seconds, 2):g} s", kind=Kind.MEDIA)
            case AudioLost(reason):
                self.detach(f"the audio of {self.device} failed: {reason}", now)

    def carry_out(self, command: Command, now: float) -> None:
        """Carry out a command of the line's leg."""
        if type(command) in _CARRIED:
            self._carry(command, now)
            return
        given = self._dialect.commands.get(type(command))
        if given is None:
            raise IllegalInput(f"{type(command).__name__} is not a command for {self.label}")
        self._feed(given, Cue(now, "", command))

    def _carry(self, command: Command, now: float) -> None:
        """Let modems have the line to themselves, or people again."""
        if isinstance(command, CarryFax):
            self._tell(FaxCarried())

    def deadline(self) -> float | None:
        """When the next timer is due."""
        return min(self._timers.values(), default=None)

    def expire(self, now: float) -> None:
        """Act on the timers that are due, the earliest first."""
        while self._timers:
            timer = min(self._timers, key=self._timers.__getitem__)
            if self._timers[timer] > now:
                return
            del self._timers[timer]
            self._feed(timer, Cue(now, timer.value))

    def status(self) -> LineStatus:
        """The line as it is shown."""
        return LineStatus(
            name=self.name,
            technology=self.technology,
            port=self.port,
            state=self.state.value,
            in_service=self.in_service,
            number=self.number,
            since=self.since,
            last_caller=self.last_caller,
            channel=self.channel.name if self.channel is not None else "",
            trouble=self.trouble,
            device="" if self.port else self.device,
        )

    def usage(self) -> int:
        """How many things the line holds that must be given back when it is idle: leg, timers."""
        return (self.channel is not None) + len(self._timers)

    @property
    def story(self) -> str:
        """Whose story tells what happens: the line's leg, or the line where it has none."""
        return self.channel.name if self.channel else self.label

    def note(self, now: float, text: str, *, kind: Kind = Kind.LINE) -> None:
        """Note something in the story of the line's leg, or of the line where it has none."""
        self._shelf.recorder.note(now, kind, self.story, text)

    # For the kinds.

    def _feed(self, given: Input, cue: Cue) -> None:
        before = self._machine.state
        action = self._machine.feed(given)
        after = self._machine.state
        if after is not before:
            self.since = cue.now
            listed = self._dialect.table[after]
            for timer in self._timers.keys() - listed.keys():
                del self._timers[timer]
        if action:
            self._actions[action](cue)
        if after is not before:
            self._shelf.changed(self.label)

    def _hear(self, given: Input, cue: Cue) -> None:
        """Feed what the line did; what the state does not expect is noted."""
        if self._machine.takes(given):
            self._feed(given, cue)
        else:
            self.note(cue.now, f"{given.name} was not expected while {self.state.value}; ignored")

    def _digit(self, digit: Digit, now: float) -> None:
        taken = self._machine.table[self.state].get(self._dialect.digit)
        # One that is passed on is no digit of a number; which it is may be nobody's business (`Recorder`).
        what = "key" if taken is not None and taken[1] in PASSED_ON else "digit"
        self.note(now, f"{what} {digit.digit} ({digit.how})", kind=Kind.MEDIA)
        if taken is not None:
            self._feed(self._dialect.digit, Cue(now, f"digit {digit.digit}", digit))

    def _tell(self, event: Event) -> None:
        if self.channel is not None:
            self._shelf.events.append((self.channel, event))

    def _open_channel(self) -> None:
        assert self._row is not None  # no state but the start is reached without a row
        self._appearance = Appearance(self._row)
        self.channel = self._channel_on(self._appearance, self.carry_out)

    def _channel_on(self, audio: Audio | None, carry_out: Callable[[Command, float], None]) -> LineChannel:
        return LineChannel(
            name=f"{self.label}-{next(self._shelf.serial):08x}",
            peer=self.peer,
            audio=audio,
            takes=self._dialect.commands.keys() | _CARRIED,
            carry_out=carry_out,
        )

    def _close_channel(self, now: float, ending: Ending | None) -> None:
        """End the leg; `ending` is told where the call does not know yet. The row is silent afterwards."""
        if self._appearance is not None:
            self._appearance.close()
            self._appearance = None
        if self.channel is not None:
            if ending is not None:
                self._tell(Released(ending))
            self.channel.finish()
            self.channel = None
        if self._row is not None:
            self._row.part()
            self._row.stop()
            self._row.detect_fax(False)
            self._row.carry_voiceband(False)
        self._playing = 0

    def _play(self, sound: Sound, now: float) -> bool:
        """Play to the line; False where the plane has no room for the sound."""
        assert self._row is not None
        self._plays += 1
        number = self._plays
        try:
            self._row.play(sound, lambda _end: self._played(number))
        except Exhausted as error:
            self.note(now, f"cannot play {sound.name}: {error}", kind=Kind.MEDIA)
            return False
        self._playing = number
        self.note(now, f"plays {sound.name}", kind=Kind.MEDIA)
        return True

    def _send(self, digits: str, duration: float, gap: float, now: float) -> bool:
        """Send digits to the line as tones; False where they are none, or the plane has no room for them."""
        assert self._row is not None
        try:
            self._row.send_digits(digits, duration, gap)
        except LocalError as error:
            self.note(now, f"cannot send keys: {error}", kind=Kind.MEDIA)
            return False
        return True

    def _tone(self, name: str, zone: str, now: float) -> None:
        self._play(self._shelf.sounds.tone(name, zone), now)

    def _hush(self) -> None:
        """Stop a sound that the line itself plays, and no other."""
        if self._playing and self._row is not None:
            self._playing = 0
            self._row.stop()

    def _played(self, number: int) -> None:
        if self._playing == number:
            self._playing = 0

    def _detect(self, on: bool) -> None:
        if self._row is not None:
            self._row.detect_digits(on)

    # Actions that all kinds have.

    def _send_digits(self, cue: Cue) -> None:
        assert isinstance(cue.subject, SendDigits)
        self._send(cue.subject.digits, cue.subject.duration, cue.subject.gap, cue.now)

    def _pass_digit(self, cue: Cue) -> None:
        assert isinstance(cue.subject, Digit)
        self._tell(cue.subject)

    def _hush_tone(self, cue: Cue) -> None:
        self._hush()
