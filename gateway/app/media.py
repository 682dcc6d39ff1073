"""What an office hears and says: the media plane with the rows, rooms, sounds, recordings and faxes upon it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from gateway.config.model import Config
from gateway.config.music import music_classes
from gateway.config.tones import tone_zones
from gateway.core.codec import Encoding
from gateway.core.log import QuietLog
from gateway.media.music import MusicLibrary
from gateway.media.places import OWN_SOUNDS, prompt_folders
from gateway.media.prompt import SoundLibrary
from gateway.net.audio import AudioDesk
from gateway.net.fax import FaxDesk
from gateway.net.recordings import MediaDesk
from gateway.plane.plane import Plane, PlaneConfig

__all__ = ["OfficeMedia"]

_log = logging.getLogger("copperline")

GATHERED: Final = 0.004
"""Seconds in which commands to the media plane gather, to be handed over together: each time wakes its thread, and
its thread us. It is less than anybody hears."""

TICK: Final = 0.02
"""Seconds that a tick of the media plane is."""

MOST_THREADS: Final = 8
"""Of the media plane where none were asked for: far more than a network card keeps busy."""


class OfficeMedia:
    """The audio of an office.

    Args:
        config: the office.
        loop: on whose thread the plane's listeners are called.
        by_hand: without threads; `step` moves media.

    Attributes:
        plane, audio, sounds, recordings, faxes: the plane; rows for legs; what is played; what is recorded; faxes.
    """

    def __init__(self, config: Config, *, loop: asyncio.AbstractEventLoop, by_hand: bool) -> None:
        self._loop = loop
        self._by_hand = by_hand
        self._quiet = QuietLog(logging.getLogger("copperline.media"), loop.time)
        self._skipped = self._dropped = 0
        self.sounds = SoundLibrary(
            prompt_folders(config.media.prompts, config.media.sounds),
            zone=config.tone_zone,
            zones=tone_zones(config.tones),
            language=config.office.language,
            music=MusicLibrary(music_classes(config.music), longest=config.media.arena_seconds / 12),
            own=config.media.recordings / OWN_SOUNDS,
        )
        threads = 1 if by_hand else config.media.threads or _threads()
        size = PlaneConfig(rows=config.media.rows, arena=config.media.arena_seconds, threads=threads)
        self.plane = Plane(size, loop.call_soon if by_hand else partial(loop.call_later, GATHERED))
        ports = config.sip.rtp_ports
        self.audio = AudioDesk(plane=self.plane, ports=(ports.first, ports.last))
        self.recordings = MediaDesk(
            loop=loop,
            folder=config.media.recordings,
            open_room=self.plane.room,
            encoding=Encoding(config.media.recording_coding),
            limit=config.media.recordings_at_once,
        )
        self.faxes = FaxDesk(
            loop=loop,
            audio=self.audio,
            folder=config.fax.folder,
            station=config.fax.station,
            header=config.fax.header,
            limit=config.fax.at_once,
            by_hand=by_hand,
        )

    def start(self, after: Callable[[], None]) -> None:
        """Let the plane run; `after` is called whenever it has told its listeners something."""
        self._after = after
        self._loop.add_reader(self.plane.eventfd, self._pump)
        if self._by_hand:
            return
        self.plane.start_thread()
        for clause in self.plane.missing:
            _log.info("media: %s", clause)

    def step(self, now: float) -> None:
        """Move media to `now` by hand, and all that follows from it."""
        self.plane.step(now)
        self._pump()
        self.faxes.step(now)

    def close(self) -> None:
        """End what is recorded and faxed, and stop the plane."""
        self.recordings.close()
        self.faxes.close()
        self._loop.remove_reader(self.plane.eventfd)
        self.plane.close()

    def usage(self) -> Mapping[str, int]:
        """What is in use now."""
        plane = self.plane.usage()
        return {
            "rows": plane.rows,
            "sounds": plane.sounds,
            "rooms": plane.rooms,
            "recordings": self.recordings.usage,
            "faxes": self.faxes.usage,
            "rtp sockets": self.audio.open_sockets,
        }

    def totals(self) -> Mapping[str, int]:
        """What has gone wrong since the start, counted."""
        return {
            "recording faults": self.recordings.faults,
            "media ticks skipped": self.plane.skipped,
            "media events lost": self.plane.dropped,
        }

    def fault(self) -> str | None:
        """Why the media plane has stopped by itself, or None while all is well."""
        return self.plane.fault()

    def look(self) -> None:
        """Say in the log what has gone wrong since the last look."""
        fault = self.fault()
        if fault is not None:
            self._quiet.warning(
                "stopped",
                "the media plane has stopped: %s; calls are ended, and Copperline, to be started anew",
                fault,
            )
        skipped, self._skipped = self.plane.skipped - self._skipped, self.plane.skipped
        if skipped > 0:
            self._quiet.warning(
                "skipped",
                "%g s of all calls' audio were left out: this machine did not let the media plane run; "
                "look at what else runs on it",
                round(skipped * TICK, 2),
            )
        dropped, self._dropped = self.plane.dropped - self._dropped, self.plane.dropped
        if dropped > 0:
            what = "%d events of the media plane were lost, keys and silences: more came at once than could be told"
            self._quiet.warning("dropped", what, dropped)

    def _pump(self) -> None:
        if self.plane.pump(self._loop.time()):
            self._after()


def _threads() -> int:
    """Threads of the media plane: signalling has one of the cores that this process may use."""
    return min(max(len(os.sched_getaffinity(0)) - 1, 1), MOST_THREADS)
