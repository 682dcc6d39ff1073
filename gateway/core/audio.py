"""A leg's audio as signalling sees it: sounds, and the row that carries them.

The media plane implements these; channels, drivers, calls and dialplan applications use them and never see a
sample that passes. Times are seconds, rates Hz; samples are signed 16-bit linear mono.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from gateway.core.codec import Codec, Encoding
from gateway.core.frozen import frozen
from gateway.core.hindrances import Hindrances
from gateway.core.srtp import Protection, Suite
from gateway.core.word import Word

__all__ = [
    "Audio",
    "AudioEvent",
    "AudioFactory",
    "AudioLost",
    "AudioStats",
    "Capture",
    "Ceased",
    "DigitHeard",
    "FaxHeard",
    "FaxTone",
    "FlashHeard",
    "RtpAudio",
    "Samples",
    "Side",
    "Silent",
    "Sound",
    "SoundEnd",
]

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Sound:
    """Something to play, once or for ever.

    Attributes:
        name: for logs and traces: "dial tone us", "prompt not-in-service".
        samples: mono int16 at 8000 Hz.
        wide: the same at 16000 Hz, twice as many, for legs that carry so much; None where there is no more in it.
        loop_from: index to which play returns at the end, or None to end there.
        live: it plays all the time, whether heard or not, and a play joins it where it is: music on hold.
    """

    name: str
    samples: Samples = field(repr=False, compare=False)
    loop_from: int | None = None
    live: bool = False
    wide: Samples | None = field(default=None, repr=False, compare=False)

    @property
    def duration(self) -> float:
        """Seconds of one pass."""
        return len(self.samples) / 8000

    def since(self, begin: int) -> Sound:
        """What follows the first `begin` samples (of 8000 a second), once."""
        wide = None if self.wide is None else self.wide[2 * begin :]
        return Sound(self.name, self.samples[begin:], wide=wide)


class SoundEnd(Word):
    """How a play ended."""

    PLAYED = "played to its end"
    STOPPED = "stopped or replaced"
    LOST = "its row is gone"


@frozen
class DigitHeard:
    """A DTMF digit came in on the row and has ended.

    Attributes:
        digit: 0-9 * # A-D.
        duration: seconds.
        event: True where it came as an RFC 4733 event, False where it was heard as a tone.
    """

    digit: str
    duration: float
    event: bool


@frozen
class FlashHeard:
    """A hook flash came in as an RFC 4733 event."""


@frozen
class Silent:
    """Nothing has come in on the row for `seconds` although it should."""

    seconds: float


@frozen
class Ceased:
    """Audio that came in on the row has stopped, and nothing has said that it would pause; told once each time.

    Attributes:
        seconds: since when.
        reported: seconds since the peer's last report (RTCP); None where it has never sent one.
        rejected: its host has said since that nobody takes what is sent there (ICMP port unreachable).
    """

    seconds: float
    reported: float | None = None
    rejected: bool = False


@frozen
class AudioLost:
    """The row's descriptor has failed; the row stays silent until it is closed. `reason` is a clause."""

    reason: str


class FaxTone(Word):
    """What a fax machine or modem gives itself away by (ITU-T T.30, V.25)."""

    CALLING = 1
    """CNG, 1100 Hz: a fax machine calls."""
    ANSWER = 2
    """CED, 2100 Hz: a fax machine or modem has answered."""
    PREAMBLE = 3
    """V.21 flags: a fax machine is about to say what it can do."""


@frozen
class FaxHeard:
    """A fax machine's tone was recognised in what comes in; told once for each."""

    tone: FaxTone


AudioEvent = DigitHeard | FlashHeard | Silent | Ceased | AudioLost | FaxHeard


@frozen
class AudioStats:
    """Counters of a row, read at any time without disturbing it."""

    received: int = 0
    """Packets or frames taken in."""
    sent: int = 0
    """Packets or frames put out."""
    refused: int = 0
    """Packets dropped as malformed, from a wrong source or of an unknown payload type."""
    lost: int = 0
    """Gaps in the sequence received."""
    jitter: float = 0.0
    """Seconds by which the spacing of packets received varies (RFC 3550 6.4.1)."""
    far_lost: int = 0
    """Packets of ours that the peer reports as lost; negative where it got some twice."""
    far_jitter: float = 0.0
    """Seconds of jitter that the peer reports."""
    far_told: int = 0
    """Packets that had been sent when the peer's latest report came; 0 before there was one."""
    far_heard: int = 0
    """Packets that had been sent when the peer last reported that more of them had come."""
    round_trip: float | None = None
    """Seconds to the peer and back, by its latest report; None until there was one."""
    encoding: Encoding | None = None
    """How what comes in is coded; None where nothing was agreed, or the row is a device's."""
    late: int = 0
    """Packets that came when their time to be heard had gone by."""
    concealed: int = 0
    """Frames of 20 ms that were made up because nothing had come for them."""

    @property
    def loss(self) -> float:
        """Packets lost on their way here, as a fraction of all that were sent."""
        return self.lost / (self.lost + self.received) if self.lost > 0 else 0.0

    return_loss: float | None = None
    """dB by which the line's echo is weaker than what was sent; None without a canceller or before it knows."""
    echo_lowered: float | None = None
    """dB by which the canceller's filter has lowered that echo."""
    suite: Suite | None = None
    """What encrypts the row's packets; None for packets in clear."""
    forged: int = 0
    """Packets refused because the peer's key has not made them as they are."""
    replayed: int = 0
    """Packets refused because they had been taken before, or came too late to know."""


class Side(Word):
    """Which side of a leg's audio is kept, as the media plane numbers them."""

    IN = 1
    """What comes in on the row: what the leg says."""
    OUT = 2
    """What is sent to it: what the leg hears."""
    BOTH = 3
    """Both, added up."""
    STEREO = 7
    """Both, a sample of IN before each of OUT."""


class Capture(Protocol):
    """Samples being taken from a row, for callers that look at them now and then."""

    @property
    def lost(self) -> int:
        """Samples that came and were not read in time."""
        ...

    @property
    def rate(self) -> int:
        """Samples a second: 8000 or 16000."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing more is captured: it was stopped, or its row is gone."""
        ...

    def read(self) -> Samples:
        """Everything captured since the last read (int16, a copy)."""
        ...

    def stop(self) -> None:
        """End the capture; one more read gives what was left unread."""
        ...


@runtime_checkable
class Audio(Protocol):
    """One leg's audio: a row of the media plane. Calls take effect within one tick, in the order made."""

    listener: Callable[[AudioEvent, float], None] | None
    """Who is told of audio events, with the time (engine clock, seconds)."""
    codecs: Sequence[Codec]
    """What the far side can use, dearest first, once that is known; empty where there is no choice (a line)."""
    wanted: Sequence[Codec]
    """What those with whom it is to talk can use: a choice still open falls on the first that both have."""

    @property
    def digits_as_events(self) -> bool:
        """Whether digits go to this leg as RFC 4733 events; otherwise they go as tones in its audio."""
        ...

    @property
    def rate(self) -> int:
        """Samples a second that it carries, 8000 or 16000; before anything is agreed, that it may come to carry."""
        ...

    def join(self, other: Audio) -> None:
        """Connect both ways with `other`; ends what either was joined to before."""
        ...

    def part(self) -> None:
        """End a join; both rows fall silent."""
        ...

    def echo(self) -> None:
        """Send back what comes in; ended by `part` or `join`."""
        ...

    def play(self, sound: Sound, on_end: Callable[[SoundEnd], None] | None = None) -> None:
        """Play toward the leg, over anything joined, replacing what played before.

        `on_end` is called exactly once, from the plane's event pump.
        """
        ...

    def stop(self) -> None:
        """Stop playing; a join is heard again."""
        ...

    def send_digits(self, digits: str, duration: float = 0.1, gap: float = 0.1) -> None:
        """Send DTMF toward the leg: RFC 4733 events where negotiated, tones otherwise."""
        ...

    def detect_digits(self, on: bool) -> None:
        """Look for DTMF tones in what comes in (RFC 4733 events are always reported)."""
        ...

    def detect_fax(self, on: bool) -> None:
        """Look for the tones of fax machines in what comes in."""
        ...

    def carry_voiceband(self, on: bool) -> None:
        """Carry what comes in as the signals of modems (voiceband data, V.152), or as speech again.

        The delay is fixed, nothing is made up for what is lost, no echo is cancelled (G.168), no digit looked for.
        """
        ...

    def cancel_echo(self, tail: int) -> None:
        """Take the echo of what is sent to the leg out of what comes in; rows of packets have none.

        Args:
            tail: milliseconds of the longest echo path, up to 128; 0 ends it.

        Raises:
            Exhausted: all cancellers are in use.
        """
        ...

    def capture(self, seconds: float) -> Capture:
        """Start to keep what comes in, at most `seconds` of it unread at a time.

        It is kept at 8000 Hz, whatever the row carries: what is listened for in it (tones, FSK, a voice that
        answers) lies below 4 kHz by its standards, and who listens is spared the other half. `tap` keeps more.
        """
        ...

    def tap(
        self,
        side: Side,
        seconds: float,
        *,
        rate: int = 8000,
        joined: bool = False,
        gain_in: float = 0.0,
        gain_out: float = 0.0,
    ) -> Capture:
        """Start to keep both sides or one by the plane's clock, a frame each 20 ms; a row may have many taps.

        Args:
            seconds: how much is kept unread at a time, in whole frames.
            rate: samples a second of what is kept, 8000 or 16000, whatever the row carries.
            joined: only while there is somebody to talk with: a joined row, or a room.
            gain_in, gain_out: dB by which each side is made louder in what is kept.

        Raises:
            Exhausted: no tap is free, or the arena has no room for so many seconds.
        """
        ...

    def stats(self) -> AudioStats:
        """The row's counters."""
        ...

    def close(self) -> None:
        """Take the row out of the plane; its descriptor is closed once the plane has let go."""
        ...


class RtpAudio(Audio, Protocol):
    """A row whose audio is RTP on a UDP socket of ours."""

    address: str
    """Our IP address, to be written into SDP."""
    port: int
    """Our RTP port (even)."""

    @property
    def remote(self) -> tuple[str, int] | None:
        """Where audio goes: what was signalled, or where a peer behind NAT was found; None before either."""
        ...

    def hindrances(self) -> Hindrances:
        """What was refused and could not be sent, and why."""
        ...

    def set_remote(
        self,
        address: str,
        port: int,
        codec: Codec,
        event_payload_type: int | None,
        send: bool = True,
        *,
        rtcp: tuple[str, int] | None = None,
        rtcp_mux: bool = False,
        via: str | None = None,
        strict: bool = False,
        accepts: tuple[int, int | None] | None = None,
        noise: tuple[int, int] | None = None,
        protection: Protection | None = None,
    ) -> None:
        """Send to and accept from a peer.

        Args:
            address, port: where the peer's SDP says it listens; a peer behind NAT is found by its packets.
            codec: what to send and to expect.
            event_payload_type: RFC 4733 payload type, or None where not negotiated.
            send: False while the peer wants nothing from us (hold).
            rtcp: address and port for reports (RFC 3605); None for the port after the audio's.
            rtcp_mux: reports go to and come from the audio's own port (RFC 5761).
            via: the IP address from which the peer's signalling came: its audio is expected from there too.
            strict: take audio from `address`:`port` alone, also from a peer behind NAT (which is then not heard).
            accepts: payload types of what comes in, audio and events, where they differ from those sent.
            noise: payload types of comfort noise (RFC 3389), sent and accepted, where it was agreed on: silence is
                then told of and not sent. None where it was not.
            protection: keys of both ways; None for audio and reports in clear. A key that stays the same goes on
                where it was.
        """
        ...

    def send_flash(self) -> None:
        """Send a hook flash as an event (RFC 4733 table 3: event 16), to a peer that takes it."""
        ...


class AudioFactory(Protocol):
    """Where legs get their rows from."""

    def rtp(self, local_address: str) -> RtpAudio:
        """Open an RTP socket on `local_address` and give it a row.

        Raises:
            Exhausted: no port or no row is free.
            LocalError: none can be opened there: the address is no longer this machine's, or the ports are barred.
        """
        ...

    def frames(self, descriptor: int, encoding: Encoding, owner: Any = None) -> Audio:
        """Give a row to a descriptor that carries 20 ms frames (160 samples at 8000 Hz).

        The descriptor stays its device's: the row never closes it.

        Raises:
            Exhausted: no row is free.
        """
        ...
