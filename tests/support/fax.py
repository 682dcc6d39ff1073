"""What tests of fax share: pages that any slip shows on, telephone lines and packet networks moved by hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence

from gateway.core.audio import Samples
from gateway.core.fax import T38, Correction, FaxOptions
from gateway.fax.document import Page
from gateway.fax.library import missing
from gateway.fax.machine import FRAME, AudioMachine, PacketMachine
from gateway.fax.relay import Relay
from gateway.fax.udptl import UdptlReceiver, UdptlSender

__all__ = ["Network", "document", "needs_spandsp", "page", "read_pages", "same", "write_pages"]

SILENCE = np.zeros(FRAME, np.int16)

needs_spandsp = missing()
"""Why tests of machines cannot run here; "" where they can."""


def page(rows: int = 400, *, width: int = 1728, seed: int = 1) -> Page:
    """A page of something like words, no two rows alike."""
    chance = np.random.default_rng(seed)
    dots = np.zeros((rows, width), np.bool_)
    for _ in range(rows // 8):
        top, left = chance.integers(0, rows - 14), chance.integers(0, width - 80)
        dots[top : top + 14, left : left + 80] = chance.random((14, 80)) > 0.5
    return dots


def write_pages(path: Path, pages: Sequence[Page], dpi: tuple[float, float] = (204.0, 196.0)) -> None:
    """Write a TIFF file of pages, as other programs do; `dpi` are dots an inch, across and down."""
    first, *others = [Image.fromarray(~dots) for dots in pages]
    first.save(path, save_all=True, append_images=others, compression="group4", dpi=dpi)


def read_pages(path: Path) -> list[Page]:
    """The pages of a TIFF file, as other programs see them."""
    with Image.open(path) as file:
        return [~np.asarray(frame.convert("1"), np.bool_) for frame in ImageSequence.Iterator(file)]


def document(path: Path, pages: int = 1, rows: int = 400) -> list[Page]:
    """Write a document; its pages."""
    made = [page(rows, seed=number) for number in range(pages)]
    write_pages(path, made)
    return made


def same(path: Path, pages: list[Page]) -> bool:
    """Whether the file has these pages, dot by dot."""
    came = read_pages(path)
    return len(came) == len(pages) and all(
        np.array_equal(one, other) for one, other in zip(came, pages, strict=True)
    )


class Network:
    """Two UDPTL streams, and the network between them.

    Args:
        loss: share of the datagrams that go astray, each by itself.
        correction: what makes it good.
    """

    def __init__(self, loss: float = 0.0, correction: Correction = Correction.REDUNDANCY, seed: int = 5) -> None:
        self.theirs = T38(correction=correction)
        self.cut = False
        self._chance = random.Random(seed)
        self._loss = loss
        self._senders = [UdptlSender(correction, self.theirs.datagram) for _ in range(2)]
        self.receivers = [UdptlReceiver(), UdptlReceiver()]
        self._ways: list[list[bytes]] = [[], []]

    def sends(self, side: int) -> Callable[[bytes, int], None]:
        """What takes the IFP packets of one side."""

        def send(packet: bytes, times: int) -> None:
            datagram = self._senders[side].send(packet)
            for _ in range(times):
                if not self.cut and self._chance.random() >= self._loss:
                    self._ways[side].append(datagram)

        return send

    def carry(self, *sides: PacketMachine | Relay) -> None:
        """Give each side what the other one has sent."""
        for way, receiver, side in zip(self._ways, self.receivers, reversed(sides), strict=True):
            for datagram in way:
                for number, packet in receiver.receive(datagram):
                    side.receive(number, packet)
            way.clear()


def packet_machines(source: Path, target: Path, network: Network, options: FaxOptions) -> tuple[PacketMachine, ...]:
    """One that sends and one that takes, at the ends of a network."""
    return tuple(
        PacketMachine(path, sends=sends, options=options, theirs=network.theirs, send=network.sends(side))
        for side, (path, sends) in enumerate(((source, True), (target, False)))
    )


class Line:
    """Two who hear each other a frame later, by functions that hear a frame and say one."""

    def __init__(self, one: Callable[[Samples], Samples], other: Callable[[Samples], Samples]) -> None:
        self._one, self._other = one, other
        self._to_one = self._to_other = SILENCE

    def work(self) -> None:
        """20 ms."""
        said = self._one(self._to_one)
        self._to_one, self._to_other = self._other(self._to_other), said


def audio_machines(source: Path, target: Path, options: FaxOptions) -> tuple[AudioMachine, AudioMachine]:
    """One that sends and one that takes."""
    return (
        AudioMachine(source, sends=True, options=options),
        AudioMachine(target, sends=False, options=options),
    )
