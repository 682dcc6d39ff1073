"""One opened analogue channel, driven through the DAHDI ABI: line commands in, line events out.

The same code stands above the kernel and above the emulated card. A `LineCommand` becomes the ioctls that carry
it out; what the device refuses comes back as a FAILED event that carries the errno, what has gone as REMOVED,
and neither ever raises. Audio does not pass here: the media plane reads and writes `descriptor`, one frame of
160 bytes (20 ms) a call.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any, Final

from gateway.core.codec import Encoding
from gateway.core.errors import HardwareError, LocalError, Lost, OpenFailed
from hardware.analog.line import (
    CancelDial,
    DialDigits,
    EchoCancel,
    Hook,
    LampSignal,
    LightLamp,
    LineCommand,
    LineEvent,
    LineEventKind,
    MeasureVoltage,
    OnHookTransmit,
    PortKind,
    Ring,
    SetHook,
    SetLevels,
    SetPolarity,
    StopRing,
)
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import HookCommand, Ioctl
from hardware.dahdi.gain import gain_table
from hardware.dahdi.opening import integer, open_channel, params_of, refusal
from hardware.port import Backend

__all__ = ["AnalogPort", "port_kind", "start_type"]

FRAME_BYTES: Final = 160
"""20 ms at 8000 samples a second, one byte each."""

BUFFERS: Final = 4
"""Frames that the device holds in each direction: enough to ride out 60 ms of a late media thread."""

MAX_CADENCE: Final = 16
MAX_DIAL_STRING: Final = 255

_NOT_EVENTS: Final = frozenset({abi.Event.ABORT, abi.Event.OVERRUN, abi.Event.BADFCS})
"""Only HDLC channels have these."""

_EVENTS: Final[Mapping[int, LineEventKind]] = {
    abi.Event.ONHOOK: LineEventKind.ONHOOK,
    abi.Event.RINGOFFHOOK: LineEventKind.RINGOFFHOOK,
    abi.Event.WINKFLASH: LineEventKind.WINKFLASH,
    abi.Event.ALARM: LineEventKind.ALARM,
    abi.Event.NOALARM: LineEventKind.NOALARM,
    abi.Event.DIALCOMPLETE: LineEventKind.DIALCOMPLETE,
    abi.Event.RINGERON: LineEventKind.RINGERON,
    abi.Event.RINGEROFF: LineEventKind.RINGEROFF,
    abi.Event.HOOKCOMPLETE: LineEventKind.HOOKCOMPLETE,
    abi.Event.PULSE_START: LineEventKind.PULSE_START,
    abi.Event.POLARITY: LineEventKind.POLARITY,
    abi.Event.RINGBEGIN: LineEventKind.RINGBEGIN,
    abi.Event.EC_DISABLED: LineEventKind.EC_DISABLED,
    abi.Event.REMOVED: LineEventKind.REMOVED,
    abi.Event.NEONMWI_ACTIVE: LineEventKind.NEON_ON,
    abi.Event.NEONMWI_INACTIVE: LineEventKind.NEON_OFF,
    abi.Event.TX_CED_DETECTED: LineEventKind.TX_CED,
    abi.Event.RX_CED_DETECTED: LineEventKind.RX_CED,
    abi.Event.TX_CNG_DETECTED: LineEventKind.TX_CNG,
    abi.Event.RX_CNG_DETECTED: LineEventKind.RX_CNG,
    abi.Event.EC_NLP_DISABLED: LineEventKind.EC_NLP_DISABLED,
    abi.Event.EC_NLP_ENABLED: LineEventKind.EC_NLP_ENABLED,
    abi.Event.READ_OVERRUN: LineEventKind.READ_OVERRUN,
    abi.Event.WRITE_UNDERRUN: LineEventKind.WRITE_UNDERRUN,
}

_HOOKS: Final[Mapping[Hook, HookCommand]] = {
    Hook.ONHOOK: HookCommand.ONHOOK,
    Hook.OFFHOOK: HookCommand.OFFHOOK,
    Hook.WINK: HookCommand.WINK,
    Hook.FLASH: HookCommand.FLASH,
    Hook.START: HookCommand.START,
}

_LAMPS: Final[Mapping[LampSignal, abi.Vmwi]] = {
    LampSignal.NEON: abi.Vmwi.HVAC,
    LampSignal.HIGH_VOLTAGE: abi.Vmwi.HVDC,
    LampSignal.REVERSAL: abi.Vmwi.LREV,
}

_ENCODINGS: Final[Mapping[int, Encoding]] = {
    abi.Law.MULAW: Encoding.PCMU,
    abi.Law.ALAW: Encoding.PCMA,
}


def port_kind(sigtype: int) -> PortKind | None:
    """What a channel of signalling type `sigtype` is there for; None where it is no analogue port.

    DAHDI names a port for the signalling that it speaks: FXO signalling is spoken to a telephone.
    """
    if sigtype in (abi.SigType.FXOLS, abi.SigType.FXOGS, abi.SigType.FXOKS):
        return PortKind.FXS
    if sigtype in (abi.SigType.FXSLS, abi.SigType.FXSGS, abi.SigType.FXSKS):
        return PortKind.FXO
    return None


def start_type(sigtype: int) -> str:
    """How a port of signalling type `sigtype` is seized and released: "kewl", "loop" or "ground"."""
    if sigtype in (abi.SigType.FXOGS, abi.SigType.FXSGS):
        return "ground"
    return "loop" if sigtype in (abi.SigType.FXOLS, abi.SigType.FXSLS) else "kewl"


class AnalogPort:
    """An opened analogue channel.

    Args:
        backend: the kernel or an emulated card.
        number: channel number from 1.
        zone: tone zone whose ring cadence and dialling levels apply ("us", "de", …); None for the device's.
        receive_gain, transmit_gain: dB by which what comes from the line, and goes to it, is made louder.

    Raises:
        LocalError: a zone that DAHDI has no number for.
        Unavailable: no driver or no such channel.
        OpenFailed: it is there and would not open (in use, no permission, not an analogue port).
    """

    number: int
    kind: PortKind
    start: str
    encoding: Encoding

    def __init__(
        self,
        backend: Backend,
        number: int,
        *,
        zone: str | None = None,
        receive_gain: float = 0.0,
        transmit_gain: float = 0.0,
    ) -> None:
        if zone is not None and zone not in abi.ZONES:
            raise LocalError(f"no tone zone '{zone}'; there are: {', '.join(sorted(abi.ZONES))}")
        self.number = number
        self._handle = open_channel(backend, number)
        try:
            self._set_up(zone)
            if receive_gain or transmit_gain:  # an open has made them 0 dB
                self._set_levels(receive_gain, transmit_gain)
        except OSError as error:
            self._handle.close()
            raise OpenFailed(refusal(number, error)) from error
        except HardwareError:
            self._handle.close()
            raise

    def _set_up(self, zone: str | None) -> None:
        handle = self._handle
        buffers = {
            "txbufpolicy": abi.BufferPolicy.IMMEDIATE,
            "rxbufpolicy": abi.BufferPolicy.IMMEDIATE,
            "numbufs": BUFFERS,
            "bufsize": FRAME_BYTES,
            "readbufs": 0,
            "writebufs": 0,
        }
        handle.ioctl(Ioctl.SET_BUFINFO, bytearray(structs.BUFFERINFO.build(buffers)))
        if zone is not None:
            handle.ioctl(Ioctl.SETTONEZONE, integer(abi.ZONES[zone]))
        params = self._params()
        kind = port_kind(params.sigtype)
        if kind is None:
            raise OpenFailed(
                f"DAHDI channel {self.number} has signalling type {params.sigtype:#x} and is no analogue port; "
                f"give it fxoks= (telephone) or fxsks= (exchange line) in /etc/dahdi/system.conf"
            )
        self.kind = kind
        self.start = start_type(params.sigtype)
        self.encoding = _ENCODINGS.get(params.curlaw, Encoding.PCMU)

    def _set_levels(self, receive: float, transmit: float) -> None:
        gains = {
            "chan": self.number,
            "rxgain": list(gain_table(self.encoding, receive)),
            "txgain": list(gain_table(self.encoding, transmit)),
        }
        self._handle.ioctl(Ioctl.SETGAINS, bytearray(structs.GAINS.build(gains)))

    @property
    def descriptor(self) -> int:
        """Where the media plane reads and writes frames of 160 bytes in `encoding`."""
        return self._handle.fileno()

    def attention(self) -> tuple[int, int]:
        """(descriptor, epoll mask) that tells that an event waits."""
        return self._handle.attention()

    def events(self) -> list[LineEvent]:
        """Every event that waits, oldest first; REMOVED once the device has gone."""
        found: list[LineEvent] = []
        argument = bytearray(4)
        for _ in range(abi.EVENT_QUEUE):  # a device that never says "none" must not hold us
            try:
                self._handle.ioctl(Ioctl.GETEVENT, argument)
            except OSError as error:
                if error.errno != errno.ENODEV:
                    raise Lost(refusal(self.number, error)) from error
                found.append(LineEvent(LineEventKind.REMOVED))
                break
            number = structs.INT.parse(argument)
            if number == abi.Event.NONE:
                break
            event = _event(number)
            if event is not None:
                found.append(event)
        return found

    def perform(self, command: LineCommand) -> LineEvent | None:
        """Carry out a command.

        Returns:
            None where the device took it; FAILED with its errno where it refused; REMOVED where it has gone; what
            was to be measured.
        """
        try:
            if isinstance(command, MeasureVoltage):
                return LineEvent(LineEventKind.VOLTAGE, volts=self._volts())
            self._carry_out(command)
        except OSError as error:
            if error.errno == errno.EINPROGRESS:
                return None  # a HOOK sequence runs; HOOKCOMPLETE tells its end
            if error.errno == errno.ENODEV:
                return LineEvent(LineEventKind.REMOVED)
            return LineEvent(LineEventKind.FAILED, errno=error.errno or 0, command=command)
        return None

    def _carry_out(self, command: LineCommand) -> None:
        ioctl = self._handle.ioctl
        match command:
            case SetHook(hook):
                ioctl(Ioctl.HOOK, integer(_HOOKS[hook]))
            case Ring(cadence):
                ioctl(Ioctl.SETCADENCE, None if cadence is None else _cadence(cadence))
                ioctl(Ioctl.HOOK, integer(HookCommand.RING))
            case StopRing():
                ioctl(Ioctl.HOOK, integer(HookCommand.RINGOFF))
            case DialDigits(digits):
                ioctl(Ioctl.DIAL, _dial(abi.DialOp.REPLACE, digits))
            case CancelDial():
                ioctl(Ioctl.DIAL, _dial(abi.DialOp.CANCEL, ""))
            case SetPolarity(reverse):
                ioctl(Ioctl.SETPOLARITY, integer(reverse))
            case SetLevels(receive, transmit):
                self._set_levels(receive, transmit)
            case OnHookTransmit(ms):
                ioctl(Ioctl.ONHOOKTRANSFER, integer(ms))
            case LightLamp(messages, signal):
                ioctl(Ioctl.VMWI_CONFIG, integer(_LAMPS[signal]))
                ioctl(Ioctl.VMWI, integer(messages))
            case EchoCancel(taps):
                ioctl(Ioctl.ECHOCANCEL, integer(taps))
                if taps:
                    # A channel without a canceller takes that in silence (dahdi-base.c); this one it refuses.
                    ioctl(Ioctl.ECHOCANCEL_FAX_MODE, integer(0))

    def _volts(self) -> float:
        """The line's voltage: the drivers of FXO modules tell that of their line sensor, in mV (wctdm.c)."""
        argument = bytearray(structs.WCTDM_STATS.sizeof())
        self._handle.ioctl(Ioctl.WCTDM_GET_STATS, argument)
        return abs(int(structs.WCTDM_STATS.parse(argument).tipvolt)) / 1000

    def flush(self) -> None:
        """Drop audio that waits in either direction, so that a new listener hears the present."""
        try:
            self._handle.ioctl(Ioctl.FLUSH, integer(abi.Flush.READ | abi.Flush.WRITE))
        except OSError as error:
            if error.errno != errno.ENODEV:  # of a card that has gone, REMOVED tells
                raise Lost(refusal(self.number, error)) from error

    def off_hook(self) -> bool:
        """FXS: the telephone is lifted. FXO: the line has battery."""
        try:
            return bool(self._params().rxisoffhook)
        except OSError:
            return False

    def in_service(self) -> bool:
        """Whether the device is there and reports no alarm."""
        try:
            return int(self._params().chan_alarms) == abi.Alarm.NONE
        except OSError:
            return False

    def close(self) -> None:
        """Give the channel back; the device hangs up the line."""
        self._handle.close()

    def _params(self) -> Any:
        return params_of(self._handle)


def _event(number: int) -> LineEvent | None:
    if number & abi.PULSE_DIGIT and 0x20 < number & 0xFF < 0x7F:
        return LineEvent(LineEventKind.PULSE_DIGIT, digit=chr(number & 0xFF))
    if number in _NOT_EVENTS:
        return None
    kind = _EVENTS.get(number)
    return LineEvent(LineEventKind.UNKNOWN, errno=number) if kind is None else LineEvent(kind)


def _cadence(cadence: tuple[int, ...]) -> bytearray:
    if len(cadence) > MAX_CADENCE:
        raise OSError(errno.EINVAL, "ring cadence of more than 16 values")
    filled = [*cadence, *[0] * (MAX_CADENCE - len(cadence))]
    return bytearray(structs.RING_CADENCE.build({"ringcadence": filled}))


def _dial(op: abi.DialOp, digits: str) -> bytearray:
    if len(digits) > MAX_DIAL_STRING or not digits.isascii():
        raise OSError(errno.EINVAL, "dial string too long or not ASCII")
    text = digits.encode().ljust(structs.DIALOPERATION.dialstr.sizeof(), b"\0")
    return bytearray(structs.DIALOPERATION.build({"op": op, "dialstr": text}))
