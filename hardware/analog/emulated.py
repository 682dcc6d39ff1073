"""An emulated analogue card below the DAHDI ABI: nodes to open, channels behind them, copper behind those.

`open` gives handles that answer ioctl with the numbers, errors and timings of dahdi-linux; `Kernel` in
`hardware.analog.kernel` is its sibling. Time is moved by whoever owns the card (`hardware.world.world`), a frame of
20 ms at a time. Every handle behaves as one opened with O_NONBLOCK.
"""

from __future__ import annotations

import errno
import os
import re
import select
from collections.abc import Mapping
from functools import cache
from typing import Final

from gateway.core.audio import Encoding, Samples, Sound
from gateway.media.tone import Zone, dtmf
from gateway.media.tone import zone as zone_of
from hardware.agenda import Agenda
from hardware.analog import abi, structs
from hardware.analog.abi import Event, Ioctl, SigType
from hardware.analog.copper import SOUND, Fault
from hardware.analog.emulation.arguments import read, write
from hardware.analog.emulation.audio_requests import get_gains, set_gains
from hardware.analog.emulation.channel import EmulatedChannel, Tones
from hardware.analog.emulation.dial import DIGIT_MS
from hardware.analog.emulation.requests import carry_out, channel_params, span_stat
from hardware.analog.line import PortKind
from hardware.analog.pair import Pair

__all__ = ["ChannelHandle", "ControlHandle", "EmulatedCard"]

_SIGNALLING: Final[Mapping[PortKind, SigType]] = {PortKind.FXS: SigType.FXOKS, PortKind.FXO: SigType.FXSKS}
_CHANNEL: Final = re.compile(r"/dev/dahdi/(?:chan/001/)?([0-9]{1,4})", re.ASCII)
"""Nodes of channels; all are of one span, so that their positions in it are their numbers."""
_LAWS: Final = {Encoding.PCMU: abi.Law.MULAW, Encoding.PCMA: abi.Law.ALAW}


class EmulatedCard:
    """A card, its modules numbered from 1.

    Args:
        ports: what each module is, in order of channel numbers.
        zone: tone zone ("us", "de", …): ring cadence, tones, and the card's law.
        agenda: shared with everybody who lives behind the card.
        fault: what is wrong with every line at first, such as its loss.
        echo_cancellers: whether it has hardware echo cancellers.
        signalling: start types that differ from kewl start, by channel number; NONE leaves a channel unconfigured.

    Raises:
        LocalError: a zone that there is not.
    """

    def __init__(
        self,
        *,
        ports: list[PortKind],
        zone: str = "us",
        agenda: Agenda | None = None,
        fault: Fault = SOUND,
        echo_cancellers: bool = False,
        signalling: Mapping[int, SigType] | None = None,
    ) -> None:
        self.zone = zone_of(zone)
        self.agenda = agenda or Agenda()
        self.present = True
        self._tones = _tones(self.zone)
        self._signalling = signalling or {}
        self._echo_cancellers = echo_cancellers
        self._copper = {number: Pair(fault=fault) for number in range(1, len(ports) + 1)}
        self._kinds = dict(enumerate(ports, 1))
        self.channels = self._modules()

    def _modules(self) -> dict[int, EmulatedChannel]:
        """A channel at the end of every line, as new."""
        return {
            number: EmulatedChannel(
                number=number,
                kind=kind,
                signalling=self._signalling.get(number, _SIGNALLING[kind]),
                law=_LAWS[self.zone.law],
                tones=self._tones,
                agenda=self.agenda,
                pair=self._copper[number],
                echo_canceller=self._echo_cancellers,
            )
            for number, kind in self._kinds.items()
        }

    def open(self, node: str) -> ChannelHandle | ControlHandle:
        """Open "/dev/dahdi/channel" or "/dev/dahdi/ctl"; or a channel by its own node, "/dev/dahdi/3" or
        "/dev/dahdi/chan/001/003".

        Raises:
            OSError: ENOENT no such node; ENXIO the card has been removed, no such channel, or one that is not
                configured; EBUSY the channel is open.
        """
        if not self.present:
            raise OSError(errno.ENXIO, "no such device", node)
        if node == abi.CHANNEL_NODE:
            return ChannelHandle(self)
        if node == abi.CTL_NODE:
            return ControlHandle(self)
        named = _CHANNEL.fullmatch(node)
        if named is None:
            raise OSError(errno.ENOENT, "no such node", node)
        if int(named[1]) not in self.channels:
            raise OSError(errno.ENXIO, "no such channel", node)
        handle = ChannelHandle(self)
        handle.ioctl(Ioctl.SPECIFY, bytearray(structs.INT.build(int(named[1]))))
        return handle

    def pair(self, number: int) -> Pair:
        """The copper of channel `number`."""
        return self.channels[number].pair

    def send(self) -> None:
        """Put every channel's frame on its pair."""
        if self.present:
            for channel in self.channels.values():
                channel.send()

    def receive(self) -> None:
        """Hand up every channel's frame from its pair."""
        if self.present:
            for channel in self.channels.values():
                channel.receive()

    def remove(self) -> None:
        """Pull the card out of the machine."""
        self.present = False
        for channel in self.channels.values():
            channel.remove()

    def insert(self) -> None:
        """Put it back, with the same lines plugged in; whoever had it open has to open it anew."""
        if not self.present:
            self.channels = self._modules()
            self.present = True


class ChannelHandle:
    """An opened /dev/dahdi/channel (`hardware.port.Handle`); SPECIFY binds it to a channel."""

    def __init__(self, card: EmulatedCard) -> None:
        self._card = card
        self._channel: EmulatedChannel | None = None

    def fileno(self) -> int:
        """The descriptor of the channel's audio.

        Raises:
            OSError: EBADF no channel has been specified.
        """
        return self._bound().frames.descriptor

    def attention(self) -> tuple[int, int]:
        """An eventfd, readable while an event waits; raises as `fileno` does."""
        return self._bound().events.descriptor, select.EPOLLIN

    def read(self, count: int) -> bytes:
        """Read a buffer; the media plane, which reads the descriptor itself, is not held up by events."""
        self._no_event_waits()
        return os.read(self.fileno(), count)

    def write(self, data: bytes) -> int:
        """Write a buffer."""
        self._no_event_waits()
        return os.write(self.fileno(), data)

    def _no_event_waits(self) -> None:
        if self._gone:
            raise OSError(errno.ENODEV, "card removed")
        if self._bound().events.waiting:
            raise OSError(abi.ELAST, "an event waits")

    def ioctl(self, request: int, argument: bytearray | None = None) -> None:
        """Carry out a request."""
        if self._gone:
            if request == Ioctl.GETEVENT:
                write(structs.INT, argument, Event.REMOVED)
            raise OSError(errno.ENODEV, "card removed")
        if self._channel is not None and request == Ioctl.SPANSTAT:
            span_stat(len(self._card.channels), argument, own=True)
        elif self._channel is not None:
            carry_out(self._channel, request, argument)
        elif request == Ioctl.SPECIFY:
            self._specify(read(structs.INT, argument))
        else:
            raise OSError(errno.ENOSYS, "no channel specified")

    def close(self) -> None:
        """Give the channel back."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    @property
    def _gone(self) -> bool:
        return not self._card.present or (self._channel is not None and self._channel.removed)

    def _specify(self, number: int) -> None:
        channel = self._card.channels.get(number)
        if channel is None:
            raise OSError(errno.EINVAL, "no such channel")
        channel.open()
        self._channel = channel

    def _bound(self) -> EmulatedChannel:
        if self._channel is None:
            raise OSError(errno.EBADF, "no channel specified")
        return self._channel


class ControlHandle:
    """An opened /dev/dahdi/ctl: what the card is, without opening a channel of it."""

    def __init__(self, card: EmulatedCard) -> None:
        self._card = card

    def fileno(self) -> int:
        """There is no audio here.

        Raises:
            OSError: ENOSYS, always.
        """
        raise OSError(errno.ENOSYS, "the control node carries no audio")

    def read(self, count: int) -> bytes:
        """There is no audio here; raises as `fileno` does."""
        raise OSError(errno.ENOSYS, "the control node carries no audio")

    def write(self, data: bytes) -> int:
        """There is no audio here; raises as `fileno` does."""
        raise OSError(errno.ENOSYS, "the control node carries no audio")

    def attention(self) -> tuple[int, int]:
        """There are no events here; raises as `fileno` does."""
        raise OSError(errno.ENOSYS, "the control node has no events")

    def ioctl(self, request: int, argument: bytearray | None = None) -> None:
        """Carry out a request about the card or one of its channels; ENOTTY for what no analogue card has."""
        if not self._card.present:
            raise OSError(errno.ENODEV, "card removed")
        match request:
            case Ioctl.SPANSTAT:
                span_stat(len(self._card.channels), argument, own=False)
            case Ioctl.GET_PARAMS | Ioctl.GET_PARAMS_V1:
                channel = self._channel(read(structs.PARAMS, argument).channo)
                write(structs.PARAMS, argument, channel_params(channel))
            case Ioctl.GETGAINS | Ioctl.GETGAINS_V1:
                get_gains(self._channel(read(structs.GAINS, argument).chan), argument)
            case Ioctl.SETGAINS:
                set_gains(self._channel(read(structs.GAINS, argument).chan), argument)
            case Ioctl.GET_DIALPARAMS:
                self._dial_params(argument)
            case Ioctl.GETVERSION:
                version = {"version": b"emulated".ljust(80, b"\0"), "echo_canceller": bytes(80)}
                write(structs.VERSIONINFO, argument, version)
            case _:
                raise OSError(errno.ENOTTY, "no such request")

    def close(self) -> None:
        """Nothing is held."""

    def _dial_params(self, argument: bytearray | None) -> None:
        # dahdi-base.c has its defaults in samples, though SET_DIALPARAMS takes milliseconds.
        lengths = {"mfv1_tonelen": 544, "dtmf_tonelen": DIGIT_MS * 8, "mfr2_tonelen": 800, "reserved": [0] * 3}
        write(structs.DIALPARAMS, argument, lengths)

    def _channel(self, number: int) -> EmulatedChannel:
        channel = self._card.channels.get(number)
        if channel is None:
            raise OSError(errno.EINVAL, "no such channel")
        return channel


def _tones(zone: Zone) -> Tones:
    @cache
    def key(digit: str) -> Samples:
        return dtmf(digit, DIGIT_MS / 1000, 0.0, zone.dtmf)

    def tone(number: int) -> Sound | None:
        if 0 <= number - _DTMF_BASE < len(_KEYS):
            digit = _KEYS[number - _DTMF_BASE]
            return Sound(f"DTMF {digit}", key(digit), loop_from=0)
        if not 0 <= number < len(_SEND_TONES):
            raise OSError(errno.EINVAL, "no such tone number")
        name = _SEND_TONES[number]
        return zone.tone(name) if name in zone.tones else None

    return Tones(abi.ZONES[zone.name], zone.ring, key, tone)


_SEND_TONES: Final = "dial busy ring congestion callwaiting dialrecall record info custom1 custom2 stutter".split()
"""Names of the tones by SENDTONE number (user.h DAHDI_TONE_*)."""

_DTMF_BASE: Final = 64
"""SENDTONE numbers of DTMF digits begin here, in this order."""
_KEYS: Final = "0123456789*#ABCD"
