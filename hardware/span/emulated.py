"""An emulated E1 or T1 card with one span below the DAHDI ABI: nodes to open, time slots behind them, a cable.

Its sibling is `Kernel` in `hardware.dahdi.kernel`, with a card. Time is moved by whoever owns the span
(`hardware.world.span`), a frame of 20 ms at a time. Every handle behaves as one opened with O_NONBLOCK. It comes
up as dahdi_cfg leaves it: bearer channels clear, the signalling channel HDLC with check sequence.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

from hardware.agenda import Agenda
from hardware.dahdi import structs
from hardware.dahdi.abi import Alarm, Ioctl, Law, LineConfig, SigType
from hardware.dahdi.emulation.arguments import read, write
from hardware.dahdi.emulation.handles import EmulatedDevice
from hardware.span.alarms import AlarmReceiver
from hardware.span.cable import Cable, LineSignal
from hardware.span.emulation.channel import SpanChannel
from hardware.span.emulation.requests import REQUESTS, SIGNALLING, channel_params
from hardware.span.kinds import E1, SpanKind

__all__ = ["EmulatedSpan"]

FRAME_MS = 20


class EmulatedSpan(EmulatedDevice):
    """A card with one span.

    Args:
        kind: E1 or T1.
        agenda: shared with whoever is at the other end.
        signalling: position of the D channel; None for the kind's usual one.
        signalling_type: what the D channel is configured for: HDLCFCS, or HARDHDLC where a chip does it.

    Attributes:
        cable: what is plugged in.
        running: whether it was started; a span that is shut down sends nothing.
        line: framing and coding in force.
    """

    def __init__(
        self,
        kind: SpanKind = E1,
        *,
        agenda: Agenda | None = None,
        signalling: int | None = None,
        signalling_type: SigType = SigType.HDLCFCS,
    ) -> None:
        self.kind = kind
        self.agenda = agenda or Agenda()
        self.cable = Cable()
        self.line = kind.framing | kind.coding
        self._signalling = signalling or kind.signalling
        self._signalling_type = signalling_type
        self._come_up()

    def _come_up(self) -> None:
        self.running = True
        self.channels = {
            number: SpanChannel(
                number,
                self.kind.law,
                self._signalling_type if number == self._signalling else SigType.CLEAR,
            )
            for number in range(1, self.kind.channels + 1)
        }
        self._receiver = AlarmReceiver()
        self._opened: list[SpanChannel] = []
        self._sent: dict[int, bytes] = {}
        self._errors = 0

    @property
    def alarms(self) -> Alarm:
        """Its alarms."""
        return self._receiver.alarms

    # Device nodes.

    @property
    def nodes(self) -> Mapping[int, SpanChannel]:
        """Its channels by their numbers."""
        return self.channels

    def carry_out(self, channel: SpanChannel, request: int, argument: bytearray | None) -> None:
        """Carry out a request on an opened channel; ENOTTY for what the kernel does not know either."""
        handler = REQUESTS.get(request)
        if handler is None:
            raise OSError(errno.ENOTTY, "no such request")
        handler(channel, argument)

    def params(self, channel: SpanChannel) -> dict[str, Any]:
        """struct dahdi_params of a channel."""
        return channel_params(channel)

    def span_stat(self, argument: bytearray | None, *, own: bool) -> None:
        """SPANSTAT."""
        if read(structs.SPANINFO, argument).spanno not in ((0, 1) if own else (1,)):
            raise OSError(errno.EINVAL, "no such span")
        blank: dict[str, Any] = dict(structs.SPANINFO.parse(bytes(structs.SPANINFO.sizeof())))
        synchronised = not self.alarms & (Alarm.RED | Alarm.BLUE)
        blank |= {
            "spanno": 1,
            "name": b"EMU/1".ljust(20, b"\0"),
            "desc": f"Emulated {self.kind.name}".encode().ljust(40, b"\0"),
            "alarms": self.alarms,
            "crc4count": self._errors if LineConfig.CRC4 in self.line else 0,
            "cvcount": self._errors,
            "syncsrc": int(synchronised),
            "numchans": sum(channel.signalling is not SigType.NONE for channel in self.channels.values()),
            "totalchans": len(self.channels),
            "totalspans": 1,
            "lineconfig": self.line,
            "linecompat": self.kind.takes,
            "lboname": b"0 db (CSU)/0-133 feet (DSX-1)".ljust(40, b"\0"),
            "manufacturer": b"Copperline".ljust(40, b"\0"),
            "devicetype": b"Emulated span".ljust(40, b"\0"),
            "spantype": self.kind.name.encode().ljust(6, b"\0"),
        }
        write(structs.SPANINFO, argument, blank)

    def control(self, request: int, argument: bytearray | None) -> None:
        """What dahdi_cfg asks on the control node: SPANCONFIG, CHANCONFIG, STARTUP, SHUTDOWN."""
        match request:
            case Ioctl.SPANCONFIG:
                self._configure_span(read(structs.LINECONFIG, argument))
            case Ioctl.CHANCONFIG:
                self._configure_channel(read(structs.CHANCONFIG, argument))
            case Ioctl.STARTUP:
                self._known(read(structs.INT, argument))
                self.running = True
            case Ioctl.SHUTDOWN:
                self._known(read(structs.INT, argument))
                self.running = False
                for channel in self.channels.values():
                    channel.configure(SigType.NONE, self.kind.law)
            case _:
                super().control(request, argument)

    def _known(self, span: int) -> None:
        if span != 1:
            raise OSError(errno.ENXIO, "no such span")

    def _configure_span(self, given: Any) -> None:
        self._known(given.span)
        words = LineConfig(given.lineconfig & 0x11FF0)
        if words & ~self.kind.takes:
            raise OSError(errno.EINVAL, "the span does not take such a line")
        self.line = words

    def _configure_channel(self, given: Any) -> None:
        channel = self.channels.get(given.chan)
        if channel is None:
            raise OSError(errno.EINVAL, "no such channel")
        if given.sigtype & SIGNALLING != given.sigtype or given.sigtype not in _SIGNALLING_TYPES:
            raise OSError(errno.EINVAL, "the channel does not take such signalling")
        channel.configure(SigType(given.sigtype), Law(given.deflaw) if given.deflaw in (1, 2) else self.kind.law)

    # The line, driven by the world.

    def send(self) -> None:
        """Put every slot's 20 ms on the cable."""
        if not self.present or not self.running:
            self.cable.send_to_far(LineSignal(present=False))
            return
        self._opened = [channel for channel in self.channels.values() if channel.opened]
        sent = ((channel.number, channel.send()) for channel in self._opened)
        self._sent = {number: octets for number, octets in sent if octets is not None}
        self.cable.send_to_far(LineSignal(rai=self._receiver.sends_remote_alarm, slots=self._sent))

    def receive(self) -> None:
        """Hand up every slot's 20 ms from the cable."""
        if not self.present or not self.running:
            return
        signal = self.cable.heard_by_card()
        self._errors += signal.errors
        if self._receiver.feed(signal, FRAME_MS):
            for channel in self.channels.values():
                channel.tell_alarms(self.alarms)
        lost = not signal.present or signal.ais
        for channel in self._opened:
            octets = _ALL_ONES if lost else signal.slots.get(channel.number)
            channel.receive(octets, self._sent.get(channel.number))

    def remove(self) -> None:
        """Pull the card out of the machine."""
        self.present = False
        for channel in self.channels.values():
            channel.remove()

    def insert(self) -> None:
        """Put it back, with the same cable plugged in; whoever had it open has to open it anew."""
        if not self.present:
            self._come_up()
            self.present = True


_ALL_ONES = b"\xff" * 160
"""What a framer hands up while it has no frame alignment."""
_SIGNALLING_TYPES = frozenset({SigType.NONE, SigType.CLEAR, SigType.HDLCRAW, SigType.HDLCFCS, SigType.HARDHDLC})
