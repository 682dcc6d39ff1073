"""Recordings on disk: taps of the media plane on one side, one thread that writes files on the other.

Every fifth of a second what the taps have kept is handed to the thread, which alone opens, writes and closes files;
signalling never waits for a disk. Where a disk is full, gone or too slow, that recording ends: its file stays whole
up to there, the fault is counted and told, and the call goes on.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from gateway.core.audio import Audio, Capture, Samples, Side
from gateway.core.codec import Encoding
from gateway.core.errors import CopperlineError, Exhausted, LocalError
from gateway.core.log import QuietLog
from gateway.core.recording import RecordingPlan, RecordingState
from gateway.core.room import Room
from gateway.media.wavefile import FORMATS, SoundWriter
from gateway.net.folder import within
from gateway.net.ticker import Ticker

__all__ = ["FileRecording", "MediaDesk"]

_log = logging.getLogger("copperline.recordings")

PERIOD: Final = 0.2
"""Seconds between two looks at the taps: what a kill -9 costs at most."""
_KEPT: Final = 4.0
"""Seconds that a tap keeps: longer than signalling is ever busy."""
_BEHIND: Final = 30.0
"""Seconds of one recording that may wait for the disk; a disk that is further behind does not keep up."""


class FileRecording:
    """One recording; see `gateway.core.recording.Recording`. Made by `MediaDesk.record`."""

    def __init__(self, path: Path, plan: RecordingPlan, capture: Capture, on_fault: Callable[[str], None]) -> None:
        self.path = path
        self.plan = plan
        self.fault = ""
        self.waiting = 0
        """Samples handed to the thread that are not written yet."""
        self._capture = capture
        self._on_fault = on_fault
        self._taken = 0
        self._paused = False
        self._closed = False
        self._over = asyncio.Event()

    @property
    def channels(self) -> int:
        """Of its file."""
        return 2 if self.plan.side is Side.STEREO else 1

    @property
    def rate(self) -> int:
        """Samples a second of each channel."""
        return self._capture.rate

    @property
    def state(self) -> RecordingState:
        """What it does."""
        if self.fault:
            return RecordingState.FAILED
        if self._closed:
            return RecordingState.DONE
        return RecordingState.PAUSED if self._paused else RecordingState.RUNNING

    @property
    def seconds(self) -> float:
        """How much was recorded."""
        return self._taken / self.channels / self.rate

    def pause(self) -> None:
        """Leave out what is said from now on (to the next look at the tap)."""
        self._paused = True

    def resume(self) -> None:
        """Go on after a pause."""
        if self._paused:
            self._capture.read()
            self._paused = False

    def stop(self) -> None:
        """End it."""
        self._capture.stop()

    async def finished(self) -> None:
        """Wait until the file is closed."""
        await self._over.wait()

    def take(self) -> Samples:
        """What has come since the last look."""
        samples = self._capture.read()
        if self._paused:
            return samples[:0]
        self._taken += len(samples)
        return samples

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self._capture.ended

    def closed(self, fault: str) -> None:
        """Its file is closed, before its time where there is a fault."""
        self._capture.stop()
        self._closed = True
        self._over.set()
        if fault:
            self.fault = fault
            self._on_fault(fault)


_Job = tuple[FileRecording, Samples | None]
"""Samples to be written; None: the file is to be closed."""


class MediaDesk:
    """Implements `gateway.core.recording.Media`.

    Args:
        loop: where recordings are looked after.
        folder: where files go, and nowhere else.
        open_room: opens a room of the media plane.
        encoding: of WAV files.
        limit: recordings at a time.
    """

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        folder: Path,
        open_room: Callable[[], Room],
        encoding: Encoding = Encoding.L16,
        limit: int = 500,
    ) -> None:
        self._loop = loop
        self._folder = folder.absolute()
        self._open_room = open_room
        self._encoding = encoding
        self._limit = limit
        self._running: list[FileRecording] = []
        self._closing: set[FileRecording] = set()
        self._ticker: Ticker | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._quiet = QuietLog(_log, loop.time)
        self.faults = 0
        """Recordings that ended before their time."""

    @property
    def recordings(self) -> Sequence[FileRecording]:
        """Those in progress."""
        return self._running

    @property
    def usage(self) -> int:
        """Recordings whose files are not closed yet."""
        return len(self._running) + len(self._closing)

    def room(self) -> Room:
        """Open an empty room; see `Rooms.room`."""
        return self._open_room()

    def record(
        self, source: Audio | Room, plan: RecordingPlan, on_fault: Callable[[str], None] | None = None
    ) -> FileRecording:
        """Begin a recording; see `Media.record`."""
        if len(self._running) >= self._limit:
            raise Exhausted(
                f"{self._limit} recordings are in progress, and no more may be (media.recordings_at_once)"
            )
        path = within(self._folder, plan.name, "recording", tuple(FORMATS))
        if any(other.path == path for other in (*self._running, *self._closing)):
            raise LocalError(f"{plan.name} is being recorded into already; choose another name")
        rate = FORMATS[path.suffix.lower()].rate or source.rate
        if isinstance(source, Audio):
            gains = {"gain_in": plan.gain_in, "gain_out": plan.gain_out}
            capture = source.tap(plan.side, _KEPT, rate=rate, joined=plan.joined, **gains)
        else:
            capture = source.tap(_KEPT, rate)
        recording = FileRecording(path, plan, capture, on_fault or (lambda _: None))
        self._running.append(recording)
        self._hand_over(recording, np.zeros(0, np.int16))
        if self._ticker is None:
            self._ticker = Ticker(self._loop, PERIOD, lambda _: self._look())
        return recording

    def close(self) -> None:
        """End all recordings; returns when their files are closed."""
        for recording in list(self._running):
            recording.stop()
        self._look()
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None

    # In the loop.

    def _look(self) -> None:
        """Hand over what the taps have kept."""
        for recording in list(self._running):
            ended = recording.ended
            samples = recording.take()
            if len(samples):
                self._hand_over(recording, samples)
            if ended:
                self._running.remove(recording)
                self._closing.add(recording)
                self._jobs.put((recording, None))
            elif recording.waiting > _BEHIND * recording.rate * recording.channels:
                self._closed(recording, f"{recording.path}: the disk does not keep up; the recording ends there")
        if not self._running and self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def _hand_over(self, recording: FileRecording, samples: Samples) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="recordings", daemon=True)
            self._thread.start()
        recording.waiting += len(samples)
        self._jobs.put((recording, samples))

    def _written(self, recording: FileRecording, samples: int) -> None:
        recording.waiting -= samples

    def _closed(self, recording: FileRecording, fault: str) -> None:
        if recording.fault:
            return
        if recording in self._running:
            self._running.remove(recording)
            self._jobs.put((recording, None))
        self._closing.discard(recording)
        if fault:
            self.faults += 1
            self._quiet.warning("fault", "%s", fault)
        recording.closed(fault)

    # In the thread.

    def _write(self) -> None:
        """Write what comes, until told to end."""
        files: dict[FileRecording, SoundWriter | None] = {}
        while (job := self._jobs.get()) is not None:
            recording, samples = job
            try:
                self._do(files, recording, samples)
            except (OSError, CopperlineError) as error:
                broken = files.get(recording)
                if broken is not None:
                    broken.close()
                files[recording] = None
                reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
                self._tell(self._closed, recording, f"{recording.path} cannot be recorded on: {reason}")
        for file in files.values():
            if file is not None:
                with suppress(OSError):
                    file.close()

    def _do(
        self, files: dict[FileRecording, SoundWriter | None], recording: FileRecording, samples: Samples | None
    ) -> None:
        if samples is None:
            file = files.pop(recording, None)
            if file is not None:
                file.close()
                self._tell(self._closed, recording, "")
            return
        if recording not in files:
            files[recording] = SoundWriter(
                recording.path,
                self._encoding,
                recording.channels,
                rate=recording.rate,
                append=recording.plan.append,
            )
        file = files[recording]
        if file is not None and len(samples):
            file.write(samples)
            self._tell(self._written, recording, len(samples))

    def _tell(self, call: Callable[..., None], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)
