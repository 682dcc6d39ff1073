"""Line events and commands in words, as they stand in the story of a call and in the evidence of an ending."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hardware.analog.line import (
    CancelDial,
    DialDigits,
    EchoCancel,
    Hook,
    LightLamp,
    LineCommand,
    LineEvent,
    LineEventKind,
    MeasureVoltage,
    OnHookTransmit,
    Ring,
    SetHook,
    SetLevels,
    SetPolarity,
    StopRing,
)

__all__ = ["command_words", "event_words"]

_HOOKS: Final[Mapping[Hook, str]] = {
    Hook.ONHOOK: "go on-hook",
    Hook.OFFHOOK: "go off-hook",
    Hook.WINK: "wink",
    Hook.FLASH: "flash",
    Hook.START: "seize the line",
}


def command_words(command: LineCommand) -> str:
    """A command: "go off-hook", "ring 2000/4000 ms"."""
    match command:
        case SetHook(hook):
            return _HOOKS[hook]
        case Ring(cadence):
            return "ring" if cadence is None else f"ring {'/'.join(map(str, cadence))} ms"
        case StopRing():
            return "stop ringing"
        case DialDigits(digits):
            return f"dial {digits}"
        case CancelDial():
            return "stop dialling"
        case SetPolarity(reverse):
            return "reverse the polarity" if reverse else "restore the polarity"
        case OnHookTransmit(ms):
            return f"speak to the on-hook telephone for {ms} ms"
        case LightLamp(messages, signal):
            return (
                f"light the message lamp ({signal.value}) for {messages}"
                if messages
                else "put out the message lamp"
            )
        case EchoCancel(taps):
            return f"cancel echo with {taps} taps" if taps else "cancel no echo"
        case SetLevels(receive, transmit):
            return f"receive {receive:+g} dB, send {transmit:+g} dB"
        case MeasureVoltage():
            return "tell the voltage on its line"


def event_words(event: LineEvent, port: int) -> str:
    """An event: "ONHOOK event on port 1", "'ring' failed on port 1 (errno 16)"."""
    if event.kind is LineEventKind.FAILED:
        if isinstance(event.command, EchoCancel):  # which a card is asked for to learn whether it has one
            return f"port {port} has no echo canceller of its own (errno {event.errno})"
        what = command_words(event.command) if event.command is not None else "a command"
        return f"'{what}' failed on port {port} (errno {event.errno})"
    extra = f" {event.digit}" if event.digit else f" {event.errno}" if event.errno else ""
    return f"{event.kind.name}{extra} event on port {port}"
