"""An adapter as far as no call goes: reset, woken, set up, looked after; its port, and what is heard from it.

Each method is an action of the table in drivers/isdn/states.py, or serves one. `drivers.isdn.incoming` and
`drivers.isdn.outgoing` stand on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from drivers.isdn.config import IsdnConfig
from drivers.isdn.profile import PROFILES, Profile
from drivers.isdn.results import LineReader, result_of, told_cause
from drivers.isdn.states import ISDN, Given, Input, State
from drivers.isdn.voice import FRAME_TIME, Frames, VoicePath
from drivers.line import Cue, Line
from drivers.shelf import Shelf
from gateway.core.audio import Audio, AudioEvent, Silent
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import IN_BAND, Digit, Rerouted
from gateway.core.number import Party, Presentation
from hardware.isdn.shielding import DC4, END, ETX, STOP

__all__ = ["AdapterLine", "AdapterShelf", "PortOrder"]

RESET_TIME: Final = 0.5
"""Seconds for which DTR stays down: 250 ms are needed, and what was being said must have run out."""
COMMAND_TIME: Final = 3.0
"""Seconds in which an adapter answers a setting."""
WAKE_TRIES: Final = 3
RETRY_TIME: Final = 30.0
"""Seconds until an adapter that is out of order is tried again."""
CHECK_TIME: Final = 60.0
"""Seconds between two questions to an idle adapter whether it is well."""
STREAM_TIME: Final = 5.0
"""Seconds without audio in a call after which an adapter is taken for dead: it brings 8000 octets each second."""
REASON_TIME: Final = 2.0
"""Seconds from the end of the audio to NO CARRIER."""
REST_TIME: Final = 2.0
DISTRUST: Final = 60.0
"""Seconds for which an adapter that has failed is taken only when no other is free."""
MOST_NOISE: Final = 20
"""Lines that make no sense, told of between two resets; the rest is noise of the same kind."""

_DIGITS: Final = "0123456789*#ABCD"

PortOrder = bytes | bool
"""Octets to be written, or how the wire DTR is to be."""


@dataclass(frozen=True, eq=False, kw_only=True)
class AdapterShelf(Shelf):
    """The surroundings of an adapter's line.

    Attributes:
        orders: (adapter, order) for the ports, in order; emptied by the engine.
    """

    orders: list[tuple[str, PortOrder]] = field(default_factory=list)


class AdapterLine(Line[State, Given]):
    """The part of an adapter's line that knows no direction.

    Args:
        config: what the configuration says of it.
        shelf: its surroundings.
    """

    _shelf: AdapterShelf

    def __init__(self, config: IsdnConfig, shelf: AdapterShelf) -> None:
        super().__init__(
            ISDN,
            device=config.device,
            name=config.name,
            peer=f"ISDN adapter {config.name}",
            number=next(iter(config.numbers), ""),
            shelf=shelf,
        )
        self.config: Final = config
        self.profile: Final[Profile] = PROFILES[config.profile]
        self.carried = 0
        self.distrusted_until = 0.0
        self._network: Final = f"the network behind {self.peer}"
        self._reader = LineReader()
        self._voice: VoicePath | None = None
        self._streams = False
        self._settings: list[str] = []
        self._command = ""
        self._tries = 0
        self._noise = 0
        self._called = ""
        self._caller = _UNKNOWN
        self._again = ""
        self._next_frame: float | None = None
        self._owes_ok = False

    # Seen from outside.

    @property
    def in_service(self) -> bool:
        """Whether its device is there, and has been set up."""
        return self.state not in _UNFIT

    def usage(self) -> int:
        """Its leg alone: an adapter is looked after while it is idle, too."""
        return int(self.channel is not None)

    def plug(self, row: Audio, frames: Frames, now: float) -> None:
        """The port is open; `row` carries its audio, whose other end is `frames`."""
        self._voice = VoicePath(frames, self.profile, self.config.coding)
        self._streams = False
        self._reader = LineReader()
        self.attach(row, now)

    def detach(self, reason: str, now: float) -> None:
        """As for every line."""
        self._streams = False
        super().detach(reason, now)
        self._voice = None

    def take_in(self, data: bytes, now: float) -> None:
        """Take in what the port brings; never raises for what an adapter says."""
        while data and self._voice is not None:
            if self._streams:
                out, code, data = self._voice.take(data, now)
                if out and self.state is not State.STOPPING:  # after its end nothing more is said
                    self._write(out)
                self._expect_audio(now)
                if code:
                    self._code(code, now)
            else:
                line, data = self._reader.take(data)
                if line:
                    self._line(line, now)

    def heard(self, event: AudioEvent, now: float) -> None:
        """As for every line; a row whose adapter is in no call is silent."""
        if not isinstance(event, Silent):
            super().heard(event, now)

    def deadline(self) -> float | None:
        """When the next timer is due, or the next frame of silence."""
        timer = super().deadline()
        if self._next_frame is None:
            return timer
        return self._next_frame if timer is None else min(timer, self._next_frame)

    def expire(self, now: float) -> None:
        """Act on what is due. What was missed of a silence is not made good."""
        super().expire(now)
        if self._next_frame is not None and self._next_frame <= now and self._voice is not None:
            self._voice.pass_time()
            self._next_frame = self._shelf.due.by(max(self._next_frame + FRAME_TIME, now))

    # What the adapter says.

    def _line(self, line: str, now: float) -> None:
        result, _ = result_of(line)
        if line.startswith("AT") or self.state is State.RESETTING:
            return  # an echo, or what was on its way
        if result is None:
            self._noise += 1
            if self._noise <= MOST_NOISE:
                self.note(now, f"says {line[:60]!r}, which is nothing that adapters say")
            return
        self.note(now, line)
        self._hear(result, Cue(now, line))

    def _code(self, code: str, now: float) -> None:
        """A code among the audio."""
        if code == ETX:
            self._streams = False
            self._reader.forget()
            self._hear(Input.STREAM_ENDED, Cue(now, "DLE ETX"))
        elif code in _DIGITS and self.profile.codes_tell_digits:
            self._digit(Digit(code, 0.0, IN_BAND), now)
        elif code not in _DIGITS and code != DC4:
            self.note(now, f"tells DLE {code!r}")

    # What it is told.

    def _write(self, data: bytes) -> None:
        self._shelf.orders.append((self.name, data))

    def _tell_adapter(self, command: str, now: float, within: float = COMMAND_TIME) -> None:
        """Send it a command, which it is to answer."""
        self._command = f"AT{command}"
        self.note(now, f"is told {self._command}")
        self._write(f"{self._command}\r".encode("ascii"))
        self._timers[Input.COMMAND_TIME] = now + within

    # From a port to an adapter that takes calls.

    def _reset(self, cue: Cue) -> None:
        """Bring it back from wherever it is: audio, an attempt to dial, half a command."""
        self._streams = False
        self._noise = 0
        self._shelf.orders.append((self.name, False))
        self._write(STOP + END + b"\r")
        self._timers[Input.RESET_TIME] = cue.now + RESET_TIME

    def _wake(self, cue: Cue) -> None:
        self._shelf.orders.append((self.name, True))
        self._reader.forget()
        self._tries = WAKE_TRIES
        self._wake_again(cue)

    def _wake_again(self, cue: Cue) -> None:
        if not self._tries:
            self._feed(Input.SILENT, cue)
            return
        self._tries -= 1
        self._tell_adapter("HE0V1Q0", cue.now, COMMAND_TIME / WAKE_TRIES)

    def _set_up(self, cue: Cue) -> None:
        words = {
            "own": self.config.numbers[0] if self.config.numbers else "",
            "numbers": ";".join(self.config.numbers),
            "coding": self.profile.codings[self.config.coding],
        }
        self._settings = [setting.format(**words) for setting in self.profile.settings]
        self._set_next(cue)

    def _set_next(self, cue: Cue) -> None:
        if self._settings:
            self._tell_adapter(self._settings.pop(0), cue.now)
        else:
            self._feed(Input.READY, cue)

    def _ready(self, cue: Cue) -> None:
        self.trouble = ""
        self._watch(cue)

    def _watch(self, cue: Cue) -> None:
        """It is at rest: ask it now and then whether it is well."""
        self._called, self._caller = "", _UNKNOWN
        self._timers[Input.CHECK_TIME] = cue.now + CHECK_TIME

    def _check(self, cue: Cue) -> None:
        self._tell_adapter("", cue.now)

    def _tell_silent(self, cue: Cue) -> None:
        self._out_of_order(
            f"it does not answer {self._command}; is it switched on, and is {self.device} its port?", cue
        )

    def _tell_refused_setting(self, cue: Cue) -> None:
        self._out_of_order(
            f"it refuses {self._command}: it has no audio, or is none of the family {self.config.profile}; "
            "look at profile and coding",
            cue,
        )

    def _out_of_order(self, why: str, cue: Cue) -> None:
        self.trouble = why
        self.note(cue.now, why)
        self._timers[Input.RETRY_TIME] = cue.now + RETRY_TIME

    # A call's audio.

    def _open_channel(self) -> None:
        super()._open_channel()
        self.carried += 1
        self._next_frame = self._shelf.due.by(0.0)

    def _ok_connects(self, cue: Cue) -> None:
        if self._owes_ok:
            self._owes_ok = False
        elif self.profile.ok_connects:
            self._feed(Input.CONNECTED, cue)

    def _start_audio(self, cue: Cue) -> None:
        self._tell_adapter(self.profile.stream, cue.now)

    def _begin_stream(self, now: float) -> None:
        assert self._voice is not None
        self._streams = True
        self._next_frame = None
        self._write(self._voice.begin(now))
        self._expect_audio(now)

    def _expect_audio(self, now: float) -> None:
        if self._machine.takes(Input.STREAM_TIME):
            self._timers[Input.STREAM_TIME] = now + STREAM_TIME

    def _converse(self, cue: Cue) -> None:
        self._begin_stream(cue.now)
        self._detect(not self.profile.codes_tell_digits)

    # The end.

    def _close_channel(self, now: float, ending: Ending | None) -> None:
        self._next_frame = None
        self._again = ""
        self._detect(False)
        super()._close_channel(now, ending)

    def _far_hung_up(self, cue: Cue) -> None:
        self._close_channel(cue.now, self._left(cue))
        self._watch(cue)

    def _far_left(self, cue: Cue) -> None:
        """The audio has ended, and the adapter does not say that the call has."""
        self._close_channel(cue.now, self._left(cue))
        self._clear(cue)

    def _left(self, cue: Cue) -> Ending:
        """The far side has ended a call that was answered."""
        cause = told_cause(result_of(cue.evidence)[1]) or Cause.NORMAL_CLEARING
        return Ending(cause, self._network, Act.HUNG_UP, cue.evidence)

    def _await_reason(self, cue: Cue) -> None:
        self._next_frame = self._shelf.due.by(cue.now)
        self._timers[Input.COMMAND_TIME] = cue.now + REASON_TIME

    def _hang_up(self, cue: Cue) -> None:
        self._close_channel(cue.now, None)

    def _hang_up_audio(self, cue: Cue) -> None:
        self._close_channel(cue.now, None)
        self._stop_audio(cue)

    def _stop_audio(self, cue: Cue) -> None:
        if not self._streams:
            self._begin_stream(cue.now)
        self._write(self.profile.stop)
        self._timers[Input.COMMAND_TIME] = cue.now + COMMAND_TIME

    def _clear(self, cue: Cue) -> None:
        self._tell_adapter("H", cue.now)

    def _break_off(self, cue: Cue) -> None:
        """Any octet ends an attempt to dial or to answer."""
        self._close_channel(cue.now, None)
        self._write(b"\r")
        self._clear(cue)

    def _no_audio(self, cue: Cue) -> None:
        evidence = f"{cue.evidence} to {self._command}"
        advice = f"Look at profile and coding of adapter {self.name}."
        self._distrust(cue)
        self._close_channel(cue.now, Ending(Cause.TEMPORARY_FAILURE, self.peer, Act.FAILED, evidence, advice))
        self._clear(cue)

    def _fail(self, cue: Cue) -> None:
        evidence = f"no answer to {self._command}" if cue.evidence != Input.STREAM_TIME.value else "no audio"
        advice = f"Look at adapter {self.name} and its cable; it is reset."
        self._distrust(cue)
        self._close_channel(
            cue.now, Ending(Cause.DESTINATION_OUT_OF_ORDER, self.peer, Act.VANISHED, evidence, advice)
        )
        self._reset(cue)

    def _lose(self, cue: Cue) -> None:
        advice = f"Look at the plug of adapter {self.name}."
        self._distrust(cue)
        self._close_channel(
            cue.now, Ending(Cause.DESTINATION_OUT_OF_ORDER, self.peer, Act.VANISHED, cue.evidence, advice)
        )

    def _distrust(self, cue: Cue) -> None:
        """It is of no use to its call, which goes on by another of the group if it was not answered."""
        self.distrusted_until = cue.now + DISTRUST
        if self._again:
            self._tell(Rerouted(self._again))


_UNKNOWN: Final = Party(presentation=Presentation.UNAVAILABLE)
_UNFIT: Final = (State.OUT, State.RESETTING, State.WAKING, State.SETTING_UP, State.FAULTY)
