"""Which stages a row takes: the one place that decides it, without state.

In go the facts about a row, out comes a set of stages as bits. The loop asks after every change of a row and then
only tests bits, per packet and per tick; a test or a trace prints the same set with `describe`.
"""

from __future__ import annotations

from typing import Final

from gateway.plane.compiled import stage

__all__ = [
    "CAPTURE",
    "DECODE",
    "DETECT",
    "ECHO",
    "EVENT_OPEN",
    "FORWARD",
    "MUTE",
    "QUEUE",
    "REARM",
    "SEND_EVENTS",
    "SOUND",
    "TAKE",
    "TICKED",
    "describe",
    "plan",
]

# What is done with audio as it comes in.
DECODE: Final = 1
DETECT: Final = 2
CAPTURE: Final = 4
ECHO: Final = 8
FORWARD: Final = 16
QUEUE: Final = 32
# What is done for what goes out.
TAKE: Final = 64
SOUND: Final = 128
SEND_EVENTS: Final = 256
# What is looked after on the tick.
EVENT_OPEN: Final = 512
REARM: Final = 1024
# What is kept from the peer.
MUTE: Final = 2048

_WORDS: Final = {
    DECODE: "decode",
    DETECT: "detect DTMF",
    CAPTURE: "capture",
    ECHO: "echo",
    FORWARD: "send on to an RTP peer at once",
    QUEUE: "queue for a frame peer",
    TAKE: "take from the peer's queue",
    SOUND: "play",
    SEND_EVENTS: "send telephone events",
    EVENT_OPEN: "wait for the end of a telephone event",
    REARM: "listen again to its descriptor",
    MUTE: "keep DTMF tones from the peer",
}

TICKED: Final = EVENT_OPEN | REARM
"""Stages for which any row is visited on the plane's tick."""


@stage
def _onward(peer: bool, peer_frames: bool, echo: bool, mute: bool) -> int:
    """Where audio that comes in goes."""
    if echo:
        return ECHO
    if not peer:
        return 0
    if peer_frames:
        return QUEUE
    return FORWARD | MUTE if mute else FORWARD


@stage
def plan(
    frames: bool,
    peer: bool,
    peer_frames: bool,
    echo: bool,
    sounding: bool,
    events: bool,
    detecting: bool,
    capturing: bool,
    event_open: bool,
    disarmed: bool,
    peer_events: bool,
) -> int:
    """The stages of a row.

    Args:
        frames: it is a frame row, clocked by its descriptor (else RTP, clocked by packets and the tick).
        peer: it is joined; `peer_frames`: to a frame row.
        echo: it hears itself.
        sounding: a sound or DTMF tones are to be played to it.
        events: telephone events are to be sent to it.
        detecting, capturing: DTMF is looked for; what comes in is kept.
        event_open: a telephone event came in and has not ended.
        disarmed: its descriptor is not listened to until the next tick.
        peer_events: its peer is given digits as telephone events, so it must not hear them as tones besides.
    """
    stages = 0
    if detecting:
        stages |= DETECT
    if capturing:
        stages |= CAPTURE
    stages |= _onward(peer, peer_frames, echo, detecting and peer_events)
    if stages & (DETECT | CAPTURE | QUEUE):
        stages |= DECODE
    if frames and peer and not echo:
        stages |= TAKE
    if sounding:
        stages |= SOUND
    if events:
        stages |= SEND_EVENTS
    if event_open:
        stages |= EVENT_OPEN
    if disarmed:
        stages |= REARM
    return stages


def describe(stages: int) -> str:
    """The stages in words, in the order in which they act: "decode, queue for a frame peer"."""
    return ", ".join(word for bit, word in _WORDS.items() if stages & bit) or "nothing"
