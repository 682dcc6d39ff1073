"""An emulated analogue card below the DAHDI ABI: nodes to open, channels behind them, copper behind those.

`open` gives handles that answer ioctl with the numbers, errors and timings of dahdi-linux; `Kernel` in
`hardware.dahdi.kernel` is its sibling. Time is moved by whoever owns the card (`hardware.world.world`), a frame of
20 ms at a time. Every handle behaves as one opened with O_NONBLOCK.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from gateway.core.audio import Samples, Sound
from gateway.core.codec import Encoding
from gateway.media.tone import Zone, dtmf
from gateway.media.tone import zone as zone_of
from hardware.agenda import Agenda
from hardware.analog.copper import SOUND, Fault
from hardware.analog.emulation.channel import EmulatedChannel, Tones
from hardware.analog.emulation.requests import carry_out, channel_params, span_stat
from hardware.analog.line import PortKind
from hardware.analog.pair import Pair
from hardware.dahdi import abi
from hardware.dahdi.abi import SigType
from hardware.dahdi.emulation.handles import EmulatedDevice

__all__ = ["EmulatedCard"]

_SIGNALLING: Final[Mapping[PortKind, SigType]] = {PortKind.FXS: SigType.FXOKS, PortKind.FXO: SigType.FXSKS}
_LAWS: Final = {Encoding.PCMU: abi.Law.MULAW, Encoding.PCMA: abi.Law.ALAW}


class EmulatedCard(EmulatedDevice):
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

    @property
    def nodes(self) -> Mapping[int, EmulatedChannel]:
        """Its channels by their numbers."""
        return self.channels

    def carry_out(self, channel: EmulatedChannel, request: int, argument: bytearray | None) -> None:
        """Carry out a request on an opened channel; raises as `requests.carry_out` does."""
        carry_out(channel, request, argument)

    def params(self, channel: EmulatedChannel) -> dict[str, Any]:
        """struct dahdi_params of a channel."""
        return channel_params(channel)

    def span_stat(self, argument: bytearray | None, *, own: bool) -> None:
        """SPANSTAT; raises as `requests.span_stat` does."""
        span_stat(len(self.channels), argument, own=own)

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


def _tones(zone: Zone) -> Tones:
    @cache
    def key(digit: str) -> Samples:
        return dtmf(digit, abi.DIGIT_MS / 1000, 0.0, zone.dtmf)

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
