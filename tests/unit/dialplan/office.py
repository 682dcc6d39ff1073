"""An office for scripts to run in: legs that remember what they were told, a switch that answers as it is told.

    office = Office("[office]\nexten => 101,1,Dial(FXS/101,30)")
    leg = await office.call("101")

No time passes and no clock is read: what a leg is to key, and how far sides behave, is set beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from dialplan.engine import DialplanEngine
from dialplan.loader import load
from dialplan.model import Dialplan
from gateway.core.audio import Audio, AudioEvent, AudioStats, Samples, Side, Sound, SoundEnd
from gateway.core.cause import Cause
from gateway.core.codec import Codec
from gateway.core.ending import Act, Ending
from gateway.core.errors import CopperlineError, LocalError
from gateway.core.fax import FaxJob, FaxReport
from gateway.core.feature import Feature, TalkLimit
from gateway.core.messages import TransferTold
from gateway.core.number import Party
from gateway.core.sounds import Sounds
from gateway.core.switch import (
    LEVEL,
    PLAIN,
    BridgeEnd,
    DeviceState,
    DialOptions,
    DialOutcome,
    DialStatus,
    HungUp,
    Leg,
    Place,
    Target,
)

FAR_SIDE_HUNG_UP = Ending(Cause.NORMAL_CLEARING, "telephone 101", Act.HUNG_UP, "ONHOOK event on port 1")
CALLER_HUNG_UP = Ending(Cause.NORMAL_CLEARING, "account 6001", Act.HUNG_UP, "BYE")
BUSY = Ending(Cause.USER_BUSY, "telephone 101", Act.REFUSED, "off-hook")
NOON = datetime(2024, 3, 15, 12, 0, tzinfo=UTC)


def read_text(text: str, name: str = "extensions.conf") -> Dialplan:
    """A dialplan from its text."""
    return load(name, read=lambda path: text)


class FakeAudio:
    """A row that remembers."""

    listener: Callable[[AudioEvent, float], None] | None = None
    codecs: Sequence[Codec] = ()
    wanted: Sequence[Codec] = ()
    digits_as_events = False
    rate = 8000

    def __init__(self, heard: list[str], incoming: Samples) -> None:
        self._heard = heard
        self._incoming = incoming
        self.echoing = False
        self.sent: list[tuple[str, float, float]] = []

    def join(self, other: Audio) -> None: ...
    def part(self) -> None:
        self.echoing = False

    def echo(self) -> None:
        self.echoing = True

    def play(self, sound: Sound, on_end: Callable[[SoundEnd], None] | None = None) -> None:
        self._heard.append(sound.name)

    def stop(self) -> None:
        self._heard.append("(stopped)")

    def send_digits(self, digits: str, duration: float = 0.1, gap: float = 0.1) -> None:
        self.sent.append((digits, duration, gap))

    def detect_digits(self, on: bool) -> None: ...
    def detect_fax(self, on: bool) -> None:
        pass

    def carry_voiceband(self, on: bool) -> None:
        pass

    def cancel_echo(self, tail: int) -> None:
        pass

    def capture(self, seconds: float) -> FakeCapture:
        return FakeCapture(self._incoming)

    def tap(self, side: Side, seconds: float, *, rate: int = 8000) -> FakeCapture:
        assert side is Side.IN
        assert rate == self.rate
        return FakeCapture(self._incoming, rate)

    def stats(self) -> AudioStats:
        return AudioStats()

    def close(self) -> None: ...


class FakeCapture:
    """What comes in, a fifth of a second at each look."""

    def __init__(self, incoming: Samples, rate: int = 8000) -> None:
        self._incoming = incoming
        self._step = rate // 5

    def read(self) -> Samples:
        taken, self._incoming = self._incoming[: self._step], self._incoming[self._step :]
        return taken

    def stop(self) -> None:
        self._incoming = self._incoming[:0]


class FakeLeg:
    """A leg. Each character of `keys` is a key in its turn; "-" stands for a time-out, "h" for hanging up."""

    def __init__(
        self, name: str = "SIP/6001-1", *, called: str = "", keys: str = "", incoming: Samples | None = None
    ) -> None:
        self.name = name
        self.technology = name.partition("/")[0]
        self.peer = "account 6001"
        self.party = Party()
        self.called = called
        self.held = False
        self.context = "office"
        self.standing = "office"
        self.variables: dict[str, str] = {}
        self.headers: Sequence[tuple[str, str]] = ()
        self.answered = False
        self.ending: Ending | None = None
        self.features: frozenset[Feature] = frozenset()
        self.reveals = True
        self.gains = LEVEL
        self.afterwards: Place | None = None
        self.told: list[str] = []
        self.redirection: TransferTold | None = None
        self.heard: list[str] = []
        self.notes: list[str] = []
        self.waited = 0.0
        self.patience: list[float | None] = []
        self._keys = list(keys)
        self._audio = FakeAudio(self.heard, np.zeros(0, np.int16) if incoming is None else incoming)

    @property
    def sent(self) -> list[tuple[str, float, float]]:
        """The keys sent to it, with their length and the gap after."""
        return self._audio.sent

    @property
    def up(self) -> float | None:
        return 0.0 if self.answered else None

    @property
    def audio(self) -> FakeAudio:
        self._living()
        return self._audio

    def note(self, text: str, detail: str = "") -> None:
        self.notes.append(text)

    def proceed(self) -> None:
        self._living()
        self.told.append("proceeding")

    def ringing(self) -> None:
        self._living()
        self.told.append("ringing")

    def early_media(self) -> None:
        self._living()
        self.told.append("early media")

    def identify(self, party: Party) -> None:
        self._living()
        self.told.append(f"identify {party}")

    def confer(self, number: str) -> bool:
        self._living()
        self.told.append(f"confer {number}".rstrip())
        return self.technology == "SIP"

    def send_text(self, text: str) -> bool:
        self._living()
        self.told.append(f"text {text}")
        return self.technology == "SIP"

    def send_digits(self, digits: str, duration: float = 0.1, gap: float = 0.1) -> bool:
        self._living()
        self.audio.send_digits(digits, duration, gap)
        return True

    def flash(self) -> bool:
        self._living()
        self.told.append("flash")
        return self.technology == "FXO"

    async def answer(self) -> None:
        self._living()
        if not self.answered:
            self.told.append("answer")
        self.answered = True

    async def play(self, sounds: Sequence[Sound], escape: str = "") -> str:
        self._living()
        self.heard.extend(sound.name for sound in sounds)
        if any(sound.loop_from is not None for sound in sounds):
            self.hang_up(CALLER_HUNG_UP)
            self._living()
        key = self._key() if escape and sounds else ""
        return key if key in escape else ""

    async def digit(self, timeout: float | None = None) -> str:
        self._living()
        self.patience.append(timeout)
        key = self._key()
        if not key and timeout is None:
            self.hang_up(CALLER_HUNG_UP)
            self._living()
        return key

    async def attend(self, timeout: float | None = None) -> str:
        return await self.digit(timeout)

    def nudge(self) -> None:
        pass

    async def wait(self, seconds: float) -> None:
        self._living()
        self.waited += seconds

    async def released(self) -> None:
        self.hang_up(CALLER_HUNG_UP)
        self._living()

    async def redirect(self, called: str) -> TransferTold | None:
        self._living()
        self.told.append(f"redirect {called}")
        return self.redirection

    def tune(self, said: float, heard: float) -> None:
        self.gains = (said, heard)

    def hang_up(self, ending: Ending) -> None:
        if self.ending is None:
            self.ending = ending

    def _key(self) -> str:
        key = self._keys.pop(0) if self._keys else "-"
        if key == "h":
            self.hang_up(CALLER_HUNG_UP)
            self._living()
        return "" if key == "-" else key

    def _living(self) -> None:
        if self.ending is not None:
            raise HungUp(self.ending)


class FakeSounds:
    """Tones by any of a few names; every prompt whose name does not begin with "no-", and what is kept."""

    def __init__(self) -> None:
        self.kept: dict[str, Samples] = {}

    def tone(self, name: str, zone: str | None = None) -> Sound:
        if name not in ("dial", "busy", "ring", "congestion", "milliwatt"):
            raise LocalError(f"no tone {name!r}")
        return Sound(f"tone {name}", np.zeros(1, np.int16), loop_from=0)

    def prompt(self, name: str, language: str | None = None) -> Sound | None:
        if language == "de":
            name = f"de/{name}"
        if name in self.kept:
            return Sound(f"kept {name}", self.kept[name])
        return None if name.startswith("no-") else Sound(name, np.zeros(1, np.int16))

    def music(self, name: str) -> Sound:
        return Sound(f"music {name}", np.zeros(1, np.int16), loop_from=0)

    def recorded(self, name: str, samples: Samples, rate: int, after: Sound | None = None) -> Sound:
        if after is not None:
            samples = np.concatenate((after.samples, samples))
        return Sound(name, samples[:: rate // 8000], wide=samples if rate > 8000 else None)

    def keep(self, name: str, sound: Sound) -> None:
        if name.startswith("full-"):
            raise LocalError("the disk is full")
        self.kept[name] = sound.samples if sound.wide is None else sound.wide

    def spell(self, text: str, language: str | None = None) -> list[Sound]:
        return [Sound(f"say {character}", np.zeros(1, np.int16)) for character in text]

    def number(self, value: int, language: str | None = None) -> list[Sound]:
        return [Sound(f"number {value}", np.zeros(1, np.int16))]

    def clock(self, when: datetime) -> list[Sound]:
        return [Sound(f"clock {when:%H:%M:%S}", np.zeros(1, np.int16))]


class Office:
    """A switch with a dialplan. `answers` says who answers a dial; others are busy."""

    def __init__(self, text: str, *, answers: Sequence[str] = (), step_limit: int = 1000) -> None:
        self.dialplan = read_text(text)
        self.sounds: Sounds = FakeSounds()
        self.answers = set(answers)
        self.dialled: list[tuple[list[str], float | None]] = []
        self.passed_on: Mapping[str, str] = {}
        self.ringback: str | None = None
        self.others: list[FakeLeg] = []
        self.options = PLAIN
        self.escape: Callable[[str], bool] | None = None
        self.shown: Party | None = None
        self.far_keys = ""
        self.limit: TalkLimit | None = None
        self.bridge_ends: Ending | None = FAR_SIDE_HUNG_UP
        self.custom: dict[str, DeviceState] = {}
        self.caller_ends_bridge = False
        self.faxes: list[tuple[FaxJob, bool]] = []
        self.fax_ends: FaxReport | CopperlineError = FaxReport(over=True)
        self.caller_ends_fax = False
        self.time = NOON
        self.engine = DialplanEngine(self.dialplan, self, step_limit=step_limit)

    async def call(self, number: str, leg: FakeLeg | None = None, context: str = "office") -> FakeLeg:
        leg = leg or FakeLeg(called=number)
        await self.engine.run(leg, context, number)
        assert leg.ending is not None
        return leg

    async def dial(self, leg: Leg, targets: Sequence[Target], options: DialOptions = PLAIN) -> DialOutcome:
        if leg.ending is not None:
            raise HungUp(leg.ending)
        self.dialled.append(([str(target) for target in targets], options.timeout))
        self.options = options
        self.shown = options.caller
        self.escape = options.escape
        self.passed_on = dict(options.variables)
        self.ringback = options.ringback.name if options.ringback else None
        for target in targets:
            if str(target) in self.answers:
                self.others.append(FakeLeg(f"{target}-2", called=target.address, keys=self.far_keys))
                return DialOutcome(DialStatus.ANSWER, leg=self.others[-1])
        return DialOutcome(DialStatus.BUSY, ending=BUSY, attempts=[(target, BUSY) for target in targets])

    async def bridge(self, leg: Leg, other: Leg, limit: TalkLimit | None = None) -> BridgeEnd:
        self.limit = limit
        if self.caller_ends_bridge:
            leg.hang_up(CALLER_HUNG_UP)
            other.hang_up(CALLER_HUNG_UP)
            raise HungUp(CALLER_HUNG_UP)
        return BridgeEnd(other, self.bridge_ends)

    async def fax(self, leg: Leg, job: FaxJob, *, image: bool, told: Callable[[FaxReport], None]) -> None:
        self.faxes.append((job, image))
        outcome = self.fax_ends
        if isinstance(outcome, CopperlineError):
            raise outcome
        told(outcome)
        if self.caller_ends_fax:
            leg.hang_up(CALLER_HUNG_UP)
            raise HungUp(CALLER_HUNG_UP)

    def device_state(self, device: str) -> DeviceState:
        return DeviceState.INUSE if device == "FXS/101" else self.custom.get(device, DeviceState.INVALID)

    def set_custom_state(self, name: str, state: DeviceState) -> None:
        self.custom[f"Custom:{name}"] = state

    def now(self) -> datetime:
        return self.time
