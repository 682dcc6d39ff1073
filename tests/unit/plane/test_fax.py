"""Fax tones on rows of every kind: what is heard is told once, and only while it is wanted."""

from __future__ import annotations

import numpy as np

from gateway.core.audio import FaxHeard, FaxTone, Samples
from gateway.media.level import peak
from tests.unit.plane.conftest import Studio


def tone(hertz: float, seconds: float) -> Samples:
    time = np.arange(round(seconds * 8000)) / 8000
    return np.rint(peak(-13.0) * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def test_a_fax_machine_is_heard_on_packets_and_on_frames(studio: Studio) -> None:
    row, phone = studio.telephone()
    frames, device = studio.device()
    row.detect_fax(True)
    frames.detect_fax(True)
    cng, ced = tone(1100, 0.5), tone(2100, 1.0)
    for at in range(0, len(ced), 160):
        phone.say(cng[at : at + 160] if at < len(cng) else np.zeros(160, np.int16))
        device.say(ced[at : at + 160])
        studio.tick()
    assert studio.happened(row) == [FaxHeard(FaxTone.CALLING)]
    assert studio.happened(frames) == [FaxHeard(FaxTone.ANSWER)]


def test_nobody_is_told_who_does_not_want_to_know(studio: Studio) -> None:
    row, device = studio.device()
    row.detect_fax(True)
    row.detect_fax(False)
    for at in range(0, 4000, 160):
        device.say(tone(1100, 0.5)[at : at + 160])
        studio.tick()
    assert studio.happened(row) == []
