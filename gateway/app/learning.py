"""Has a line of a configuration learned: its port opened, its frames carried to the learner and back.

An emulated line is learned as fast as the machine can, a real one in its own time. The office must not be running
with the same card.
"""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Callable
from typing import Final

import numpy as np

from drivers.fxo.learner import LineLearner
from drivers.fxo.profile import LineProfile
from gateway.app.cards import Cards
from gateway.config.model import Config
from gateway.core.audio import Samples
from gateway.core.errors import LocalError, Lost
from gateway.media import g711
from gateway.media.tone import zone
from hardware.analog.dahdi import AnalogPort
from hardware.dahdi import abi

__all__ = ["learn"]

FRAME: Final = 160
LONGEST: Final = 120
"""Seconds in which the procedure is over, come what may."""
PATIENCE: Final = 1.0
"""Seconds without a frame after which a card counts as gone."""


def learn(config: Config, name: str, *, busy: str = "", ring: str = "", ends: str = "") -> LineProfile:
    """Learn the line `name`.

    Args:
        busy: a number that is busy; the line's own where empty.
        ring: a number that rings and is not answered; where empty ringback is not learned.
        ends: a number that answers and hangs up by itself; where empty it is not learned how a release shows.

    Raises:
        LocalError: there is no such line, or no number to dial.
        HardwareError: its port would not open, or has gone.
        RemoteError: the exchange does not take part.
    """
    cards = Cards(config)
    line = next((line for line in cards.fxo if line.name == name), None)
    if line is None:
        known = ", ".join(line.name for line in cards.fxo) or "none"
        raise LocalError(f"there is no line {name!r} to be learned; the configuration has: {known}")
    called = busy or line.number
    if not called:
        raise LocalError(f"line {name} has no number of its own that would be busy; name one that is, with --busy")
    port = cards.open(line.port, line.zone)
    try:
        learner = LineLearner(busy=called, ring=ring, ends=ends, levels=zone(line.zone).dtmf)
        emulated = cards.step if name in cards.exchange_lines else None
        return _run(port, learner, emulated)
    finally:
        port.close()


def _run(port: AnalogPort, learner: LineLearner, step: Callable[[float], None] | None) -> LineProfile:
    frames = LONGEST * 50
    for number in range(frames):
        if step is not None:
            step(number * 0.02)
        for event in port.events():
            learner.receive(event)
        for command in learner.outgoing():
            refused = port.perform(command)
            if refused is not None:
                learner.receive(refused)
        heard = _read(port, wait=step is None)
        if heard is not None:
            sent = learner.frame(heard)
            _write(port, sent)
        if learner.profile is not None:
            return learner.profile
    raise Lost(f"DAHDI channel {port.number}: no end came within {LONGEST} s of frames; look at its card")


def _read(port: AnalogPort, *, wait: bool) -> Samples | None:
    """A frame; None where there is none at this moment."""
    if wait and not select.select([port.descriptor], [], [], PATIENCE)[0]:
        raise Lost(f"DAHDI channel {port.number} gives no audio; look at its card")
    try:
        data = os.read(port.descriptor, FRAME)
    except OSError as error:
        if error.errno in (errno.EAGAIN, abi.ELAST):
            return None
        raise Lost(f"DAHDI channel {port.number}: {error.strerror}") from error
    samples = np.zeros(FRAME, np.int16)
    samples[: len(data)] = g711.decode(data, port.encoding)
    return samples


def _write(port: AnalogPort, samples: Samples) -> None:
    """Send a frame; one for which the device has no room is lost, as on any line."""
    try:
        os.write(port.descriptor, g711.encode(samples, port.encoding))
    except OSError as error:
        if error.errno not in (errno.EAGAIN, abi.ELAST):
            raise Lost(f"DAHDI channel {port.number}: {error.strerror}") from error
