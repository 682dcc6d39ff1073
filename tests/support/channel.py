"""A channel that only writes down what it is told: a leg's far side, played by the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import ClassVar, get_args

from gateway.core.audio import Audio, AudioEvent, AudioStats, Capture, RtpAudio, Side, Sound, SoundEnd
from gateway.core.cause import Cause
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import Exhausted, RemoteError
from gateway.core.hindrances import UNHINDERED, Hindrances
from gateway.core.messages import CarryFax, Command, Hangup
from gateway.core.switch import DeviceState

__all__ = ["ScriptedAudio", "ScriptedChannel", "ScriptedRows", "ScriptedTechnology"]


class ScriptedAudio(Audio):
    """Audio whose sounds end when the test says so."""

    def __init__(self, digits_as_events: bool) -> None:
        self.listener: Callable[[AudioEvent, float], None] | None = None
        self.codecs: Sequence[Codec] = ()
        self.wanted: Sequence[Codec] = ()
        self.joined: Audio | None = None
        self.playing: Sound | None = None
        self.heard: list[str] = []
        self.closed = False
        self.voiceband = False
        self.hindered = UNHINDERED
        self._digits_as_events = digits_as_events
        self._on_end: Callable[[SoundEnd], None] | None = None

    @property
    def digits_as_events(self) -> bool:
        return self._digits_as_events

    @property
    def rate(self) -> int:
        return 8000

    def join(self, other: Audio) -> None:
        assert isinstance(other, ScriptedAudio)
        self.joined, other.joined = other, self

    def part(self) -> None:
        if isinstance(self.joined, ScriptedAudio):
            self.joined.joined = None
        self.joined = None

    def echo(self) -> None:
        self.joined = self

    def play(self, sound: Sound, on_end: Callable[[SoundEnd], None] | None = None) -> None:
        self._end(SoundEnd.STOPPED)
        self.playing, self._on_end = sound, on_end
        self.heard.append(sound.name)

    def stop(self) -> None:
        self._end(SoundEnd.STOPPED)

    def finish(self) -> None:
        """The sound has played to its end."""
        self._end(SoundEnd.PLAYED)

    def _end(self, how: SoundEnd) -> None:
        on_end, self.playing, self._on_end = self._on_end, None, None
        if on_end is not None:
            on_end(how)

    def send_digits(self, digits: str, duration: float = 0.1, gap: float = 0.1) -> None:
        self.heard.append(f"digits {digits}")

    def detect_digits(self, on: bool) -> None:
        pass

    def detect_fax(self, on: bool) -> None:
        self.heard += ["fax"] if on else []

    def carry_voiceband(self, on: bool) -> None:
        self.voiceband = on

    def cancel_echo(self, tail: int) -> None:
        pass

    def capture(self, seconds: float) -> Capture:
        raise AssertionError("nothing here captures")

    def tap(
        self,
        side: Side,
        seconds: float,
        *,
        rate: int = 8000,
        joined: bool = False,
        gain_in: float = 0.0,
        gain_out: float = 0.0,
    ) -> Capture:
        raise AssertionError("nothing here is tapped")

    def stats(self) -> AudioStats:
        return AudioStats()

    def hindrances(self) -> Hindrances:
        return self.hindered

    def close(self) -> None:
        self._end(SoundEnd.LOST)
        self.closed = True


class ScriptedRtp(ScriptedAudio, RtpAudio):
    """The same, with an address."""

    def __init__(self, port: int) -> None:
        super().__init__(digits_as_events=True)
        self.address, self.port = "127.0.0.1", port
        self._remote: tuple[str, int] | None = None

    @property
    def remote(self) -> tuple[str, int] | None:
        return self._remote

    def set_remote(self, address: str, port: int, *rest: object, **more: object) -> None:
        self._remote = (address, port)

    def send_flash(self) -> None:
        self.heard.append("flash")


class ScriptedRows:
    """Gives rows, as many as there are `free`."""

    def __init__(self, free: int = 100) -> None:
        self.free = free
        self._ports = count(20000, 2)

    def rtp(self, local_address: str) -> ScriptedRtp:
        if not self.free:
            raise Exhausted("no row is free")
        self.free -= 1
        return ScriptedRtp(next(self._ports))

    def frames(self, descriptor: int, encoding: Encoding, owner: object = None) -> ScriptedAudio:
        raise AssertionError("nothing here has frames")


_FAXES = frozenset({CarryFax})


class ScriptedChannel:
    """A channel that writes its commands down.

    Attributes:
        expected: {CarryFax} where faxes are to be expected on the legs made.
    """

    expected: ClassVar[frozenset[type[Command]]] = frozenset()

    def __init__(self, name: str, peer: str, *, digits_as_events: bool = True) -> None:
        self.name = name
        self.peer = peer
        self.commands: list[Command] = []
        self.audio: ScriptedAudio | None = ScriptedAudio(digits_as_events)
        self.reached = True
        self.takes: set[type[Command]] = set(get_args(Command)) - (_FAXES - self.expected)

    def command(self, command: Command, now: float) -> None:
        self.commands.append(command)
        if isinstance(command, Hangup) and self.audio is not None:
            self.audio.close()
            self.audio = None

    @property
    def last(self) -> Command:
        """The latest command."""
        return self.commands[-1]


class ScriptedTechnology:
    """Makes scripted channels; an address in `refusals` is refused with that cause."""

    def __init__(self, word: str, refusals: dict[str, Cause] | None = None) -> None:
        self.word = word
        self.refusals = refusals or {}
        self.states: dict[str, DeviceState] = {}
        self.made: dict[str, ScriptedChannel] = {}
        self._serial = count(1)

    def channel(self, address: str, now: float) -> ScriptedChannel:
        if address in self.refusals:
            raise RemoteError(f"{address} is not to be had", self.refusals[address])
        name = f"{self.word}/{address}-{next(self._serial):08x}"
        self.made[address] = channel = ScriptedChannel(name, f"telephone {address}")
        return channel

    def device(self, address: str) -> str:
        return f"{self.word}/{address}"

    def state(self, address: str) -> DeviceState:
        return self.states.get(address, DeviceState.NOT_INUSE)
