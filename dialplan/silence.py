"""What a dry run hears and keeps: rows that lead nowhere, sounds that take no time, recordings of nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from gateway.core.audio import Audio, AudioEvent, AudioStats, Samples, Side, Sound, SoundEnd
from gateway.core.codec import Codec
from gateway.core.errors import LocalError
from gateway.core.recording import RecordingPlan, RecordingState
from gateway.core.room import Room

__all__ = ["NoAudio", "NoMedia", "NoSounds"]


class NoCapture:
    """A capture of silence."""

    lost = 0
    rate = 8000
    ended = True

    def read(self) -> Samples:
        return np.zeros(0, np.int16)

    def stop(self) -> None:
        return None


class NoAudio:
    """A row that leads nowhere."""

    listener: Callable[[AudioEvent, float], None] | None = None
    codecs: Sequence[Codec] = ()
    wanted: Sequence[Codec] = ()
    digits_as_events = False
    rate = 8000

    def join(self, other: Audio) -> None:
        return None

    def part(self) -> None:
        return None

    def echo(self) -> None:
        return None

    def play(self, sound: Sound, on_end: Callable[[SoundEnd], None] | None = None) -> None:
        if on_end is not None:
            on_end(SoundEnd.PLAYED)

    def stop(self) -> None:
        return None

    def send_digits(self, digits: str, duration: float = 0.1, gap: float = 0.1) -> None:
        return None

    def detect_digits(self, on: bool) -> None:
        return None

    def detect_fax(self, on: bool) -> None:
        return None

    def carry_voiceband(self, on: bool) -> None:
        return None

    def cancel_echo(self, tail: int) -> None:
        return None

    def capture(self, seconds: float) -> NoCapture:
        return NoCapture()

    def tap(
        self,
        side: Side,
        seconds: float,
        *,
        rate: int = 8000,
        joined: bool = False,
        gain_in: float = 0.0,
        gain_out: float = 0.0,
    ) -> NoCapture:
        return NoCapture()

    def stats(self) -> AudioStats:
        return AudioStats()

    def close(self) -> None:
        return None


class NoSounds:
    """Every prompt exists and takes no time; tones go on for ever, as real ones do."""

    def tone(self, name: str, zone: str | None = None) -> Sound:
        return Sound(f"tone {name}", np.zeros(1, np.int16), loop_from=0)

    def prompt(self, name: str, language: str | None = None) -> Sound | None:
        return Sound(f"prompt {name}", np.zeros(1, np.int16))

    def music(self, name: str) -> Sound:
        return Sound(f"music {name}", np.zeros(1, np.int16), loop_from=0)

    def recorded(self, name: str, samples: Samples, rate: int, after: Sound | None = None) -> Sound:
        return Sound(name, samples)

    def keep(self, name: str, sound: Sound) -> None:
        return None

    def spell(self, text: str, language: str | None = None) -> list[Sound]:
        return []

    def number(self, value: int, language: str | None = None) -> list[Sound]:
        return []

    def clock(self, when: datetime) -> list[Sound]:
        return []


class NoRecording:
    """A recording of nothing."""

    fault = ""
    state = RecordingState.DONE
    seconds = 0.0

    def __init__(self, name: str) -> None:
        self.path = Path(name)

    def pause(self) -> None:
        return None

    def resume(self) -> None:
        return None

    def stop(self) -> None:
        return None

    async def finished(self) -> None:
        return None


class NoMedia:
    """Writes nothing down."""

    def room(self) -> Room:
        raise LocalError("a dry run has no rooms")

    def record(
        self, source: Audio | Room, plan: RecordingPlan, on_fault: Callable[[str], None] | None = None
    ) -> NoRecording:
        return NoRecording(plan.name)
