"""Which stages a row takes: the one place that decides it, without state.

In go the facts about a row, out comes a set of stages as bits. The loop asks after every change of a row and then
only tests bits, per packet and per tick; a test or a trace prints the same set with `describe`.
"""

from __future__ import annotations

from typing import Final

from gateway.media.compiled import stage

__all__ = [
    "CANCEL",
    "CAPTURE",
    "CLOCKED",
    "DECODE",
    "DETECT",
    "ECHO",
    "EVENT_OPEN",
    "FAX",
    "FORWARD",
    "HISS",
    "MIXED",
    "MUTE",
    "QUEUE",
    "REARM",
    "RECODE",
    "SEND_EVENTS",
    "SOUND",
    "TAKE",
    "describe",
    "is_ticked",
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
# What is done on the tick, for rows that are mixed or tapped and those joined to them.
CLOCKED: Final = 4096
MIXED: Final = 8192
# In place of FORWARD where the peer is coded otherwise.
RECODE: Final = 16384
# What is taken out of audio before anybody hears it.
CANCEL: Final = 32768
# What is looked for besides.
FAX: Final = 65536
# What is done for a peer that cannot be told of a pause.
HISS: Final = 131072

_WORDS: Final = {
    DECODE: "decode",
    CANCEL: "cancel echo",
    DETECT: "detect DTMF",
    FAX: "detect fax tones",
    CAPTURE: "capture",
    ECHO: "echo",
    FORWARD: "send on to an RTP peer at once",
    QUEUE: "queue for another clock",
    TAKE: "take from a queue at its own clock",
    SOUND: "play",
    SEND_EVENTS: "send telephone events",
    EVENT_OPEN: "wait for the end of a telephone event",
    REARM: "listen again to its descriptor",
    MUTE: "keep DTMF tones from the peer",
    CLOCKED: "take in and put out a frame on each tick",
    MIXED: "mix what it is sent",
    RECODE: "send on to an RTP peer, coded anew",
    HISS: "send noise to the peer until more comes in",
}


@stage
def is_ticked(frames: bool, stages: int) -> bool:
    """Whether a row with these stages is visited on the plane's tick; `frames` as for `plan`."""
    return bool(stages & (SEND_EVENTS | EVENT_OPEN | REARM | CLOCKED | HISS) or (stages & SOUND and not frames))


@stage
def _examined(detecting: bool, capturing: bool, cancelling: bool, faxing: bool) -> int:
    """What is done with audio that comes in before it goes anywhere."""
    stages = DETECT if detecting else 0
    if capturing:
        stages |= CAPTURE
    if cancelling:
        stages |= CANCEL
    if faxing:
        stages |= FAX
    return stages


@stage
def _onward(
    peer: bool, peer_frames: bool, echo: bool, mute: bool, clocked: bool, peer_mixed: bool, alike: bool
) -> int:
    """Where audio that comes in goes: to the tick where that wants it, and to the peer as before."""
    stages = QUEUE if clocked or (peer and peer_frames and not echo) else 0
    if echo:
        return stages | ECHO
    if not peer or peer_frames or peer_mixed:
        return stages
    stages |= FORWARD if alike else RECODE
    return stages | MUTE if mute else stages


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
    clocked: bool,
    mixed: bool,
    peer_mixed: bool,
    alike: bool,
    cancelling: bool,
    faxing: bool,
    voiceband: bool,
    hissing: bool,
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
        clocked: it is in a room or tapped, or its peer is: its frames are worked on at the plane's tick.
        mixed: what it is sent is mixed there, so its peer's audio is not sent on at once; `peer_mixed`: its peer's.
        alike: what comes in can go on to its peer without being decoded.
        cancelling: it has an echo canceller.
        faxing: fax tones are looked for.
        voiceband: modems talk on it: no tone of theirs is a digit, and G.168 has echo left to them.
        hissing: comfort noise came in last, and its peer takes none.
    """
    if voiceband:
        detecting = cancelling = False
    stages = _examined(detecting, capturing, frames and cancelling, faxing)
    stages |= _onward(peer, peer_frames, echo, detecting and peer_events, clocked, peer_mixed, alike)
    if hissing and stages & (FORWARD | RECODE):
        stages |= HISS
    if stages & (DETECT | CAPTURE | QUEUE | RECODE | CANCEL | FAX):
        stages |= DECODE
    if frames and (clocked or (peer and not echo)):
        stages |= TAKE
    if clocked:
        stages |= CLOCKED
    if mixed:
        stages |= MIXED
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
