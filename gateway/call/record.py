"""Recording by keys during a talk (automixmon of Asterisk's features.conf): the same keys begin it and end it.

Either side may end what the other began. The file is named by the moment and the two legs, or by the variable
TOUCH_MIXMONITOR in place of these; TOUCH_MIXMONITOR_OUTPUT says its path. It ends with the leg that began it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from gateway.call.leg import CallLeg
from gateway.core.errors import CopperlineError
from gateway.core.recording import Media, Recording, RecordingPlan, RecordingState
from gateway.core.sounds import Sounds
from gateway.core.trace import Kind

__all__ = ["TalkRecorder"]

_UNFIT: Final = re.compile(r"[^A-Za-z0-9_.+-]+")
"""What is left out of names of files that are made of names of channels."""


class TalkRecorder:
    """Begins and ends recordings of talks.

    Args:
        media: records.
        sounds: the beep that tells whoever asked that it is done.
        wall: wall clock in the office's zone.
    """

    def __init__(self, *, media: Media, sounds: Sounds, wall: Callable[[], datetime]) -> None:
        self._media = media
        self._sounds = sounds
        self._wall = wall
        self._running: dict[CallLeg, Recording] = {}

    def toggle(self, leg: CallLeg) -> None:
        """Begin to record the talk of `leg`, or end it where it is recorded already."""
        self._running = {each: made for each, made in self._running.items() if made.state is RecordingState.RUNNING}
        partner = None if leg.bridge is None else leg.bridge.partner(leg)
        recorded = [each for each in (leg, partner) if each in self._running]
        for each in recorded:
            if each is not None:
                self._running.pop(each).stop()
                leg.note("the recording is ended by keys", kind=Kind.CALL)
        if not recorded and partner is not None:
            self._begin(leg, partner)
        beep = self._sounds.prompt("beep")
        if beep is not None:
            leg.audio.play(beep)

    def _begin(self, leg: CallLeg, partner: CallLeg) -> None:
        chosen = leg.variables.get("TOUCH_MIXMONITOR") or partner.variables.get("TOUCH_MIXMONITOR")
        stem = chosen or f"{self._wall():%Y%m%d-%H%M%S}-{leg.name}-{partner.name}"
        plan = RecordingPlan(f"auto-{_UNFIT.sub('-', stem)}.wav")
        try:
            made = self._media.record(leg.audio, plan, leg.note)
        except CopperlineError as fault:
            leg.note(f"no recording: {fault}", kind=Kind.CALL)
            return
        self._running[leg] = made
        leg.note(f"recorded by keys into {made.path}", kind=Kind.CALL)
        for each in (leg, partner):
            each.variables["TOUCH_MIXMONITOR_OUTPUT"] = str(made.path)
