"""A studio: a plane stepped by hand, RTP telephones on loopback and frame devices on socket pairs around it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest

from gateway.core.audio import AudioEvent, Samples, SoundEnd
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import Exhausted
from gateway.media import g711
from gateway.plane.plane import Plane, PlaneConfig, PlaneUsage
from gateway.plane.row import PlaneRow
from gateway.plane.rtp_row import RtpRow
from tests.support.rtp import RtcpEndpoint, RtpEndpoint

TICK = 0.02


class Device:
    """A frame device: the far end of a row's socket pair, and what came out of it."""

    def __init__(self, encoding: Encoding, kind: int = socket.SOCK_SEQPACKET) -> None:
        self.encoding = encoding
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, kind)
        self.ours.setblocking(False)
        self.frames: list[bytes] = []

    def code(self, samples: Samples) -> bytes:
        return samples.tobytes() if self.encoding is Encoding.L16 else g711.encode(samples, self.encoding)

    def say(self, samples: Samples) -> None:
        self.ours.send(self.code(samples))

    def hear(self) -> list[bytes]:
        fresh = []
        while True:
            try:
                fresh.append(self.ours.recv(4096))
            except (BlockingIOError, ConnectionResetError):
                break
            if not fresh[-1]:
                fresh.pop()
                break
        self.frames += fresh
        return fresh

    def heard(self) -> Samples:
        self.hear()
        data = b"".join(self.frames)
        return np.frombuffer(data, np.int16) if self.encoding is Encoding.L16 else g711.decode(data, self.encoding)


def open_port(host: str) -> socket.socket:
    """A UDP socket bound to a free port by its number, as the plane wants it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.setblocking(False)
    while True:
        with socket.socket(family, socket.SOCK_DGRAM) as scout:
            scout.bind((host, 0))
            port = scout.getsockname()[1]
        with suppress(OSError):  # somebody else was given it since
            opened.bind((host, port))
            return opened


class Studio:
    """Everything that a test of the plane needs, on one hand-moved clock."""

    def __init__(self, rows: int = 16, arena: float = 30.0, now: float = 100.0, threads: int = 1) -> None:
        self.plane = Plane(PlaneConfig(rows=rows, arena=arena, threads=threads))
        self.now = now
        self.events: list[tuple[PlaneRow, AudioEvent, float]] = []
        self.ends: list[SoundEnd] = []
        self.closed: list[str] = []
        self.plays = 0
        self._opened: list[RtpEndpoint | RtcpEndpoint | Device] = []
        self.settle()  # the plane's ticks count from here

    def row(self, host: str = "127.0.0.1", name: str = "socket") -> RtpRow:
        """An RTP row that knows no peer yet."""
        ours = open_port(host)

        def on_removed() -> None:
            ours.close()
            self.closed.append(name)

        try:
            row = self.plane.add_rtp(ours.fileno(), *ours.getsockname()[:2], on_removed=on_removed)
        except Exhausted:
            ours.close()
            raise
        self._listen(row)
        return row

    def telephone(
        self,
        encoding: Encoding = Encoding.PCMU,
        payload_type: int = 0,
        event_type: int | None = 101,
        host: str = "127.0.0.1",
        ptime: int = 20,
        rate: int = 8000,
        **stream: int,
    ) -> tuple[RtpRow, RtpEndpoint]:
        """An RTP row and the endpoint at its far side, each knowing the other."""
        row = self.row(host)
        endpoint = RtpEndpoint(encoding, payload_type, event_type or 101, host=host, rate=rate, **stream)
        endpoint.connect(row.address, row.port)
        row.set_remote(endpoint.address, endpoint.port, Codec(encoding, payload_type, rate, ptime), event_type)
        self._opened.append(endpoint)
        return row, endpoint

    def device(
        self, encoding: Encoding = Encoding.PCMU, kind: int = socket.SOCK_SEQPACKET
    ) -> tuple[PlaneRow, Device]:
        """A frame row and the device at its far side."""
        device = Device(encoding, kind)
        try:
            row = self.plane.add_frames(device.theirs.fileno(), encoding, on_removed=device.theirs.close)
        except Exhausted:
            device.ours.close()
            device.theirs.close()
            raise
        self._listen(row)
        self._opened.append(device)
        return row, device

    def _listen(self, row: PlaneRow) -> None:
        row.listener = lambda event, at: self.events.append((row, event, at))

    def tick(self, times: int = 1) -> None:
        """Let 20 ms pass, `times` times."""
        for _ in range(times):
            self.now += TICK
            self.settle()

    def settle(self) -> None:
        """Carry out what was asked and what has arrived, without time passing."""
        self.plane.step(self.now)
        self.plane.pump(self.now)

    def happened(self, row: PlaneRow) -> list[AudioEvent]:
        return [event for of, event, _ in self.events if of is row]

    def close(self) -> None:
        self.plane.close()
        for opened in self._opened:
            if isinstance(opened, Device):
                opened.ours.close()
            else:
                opened.close()
        assert self.plane.usage() == PlaneUsage()


@pytest.fixture
def studio() -> Iterator[Studio]:
    before = len(os.listdir("/proc/self/fd"))
    made = Studio()
    yield made
    made.close()
    assert len(os.listdir("/proc/self/fd")) == before


def speech(seconds: float, seed: int = 1) -> Samples:
    """Noise shaped and modulated like speech: syllables at 4 Hz, most power below 1 kHz, about -18 dBm0."""
    count = round(seconds * 8000)
    noise = np.random.default_rng(seed).standard_normal(count + 32)
    band = np.convolve(noise, np.hanning(12), "same")[:count]
    syllables = 0.15 + np.abs(np.sin(np.arange(count) * (2 * np.pi * 2 / 8000)))
    return (band / np.abs(band).max() * syllables * 9000).astype(np.int16)


def delay_and_likeness(sent: Samples, heard: Samples) -> tuple[int, float]:
    """By how many samples `heard` lags, and the correlation coefficient where both overlap."""
    size = 1 << (len(sent) + len(heard)).bit_length()
    product = np.fft.rfft(heard.astype(float), size) * np.conj(np.fft.rfft(sent.astype(float), size))
    lag = int(np.argmax(np.fft.irfft(product, size)[: len(heard)]))
    overlap = min(len(sent), len(heard) - lag)
    return lag, float(np.corrcoef(sent[:overlap], heard[lag : lag + overlap])[0, 1])
