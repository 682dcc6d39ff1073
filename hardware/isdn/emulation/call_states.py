"""The states of an emulated adapter's call, as a table (isdn_tty.c).

Nothing here acts: `hardware.isdn.emulation.terminal` feeds it and carries out the actions that it names.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from gateway.core.machine import Table

__all__ = ["TERMINAL", "CallInput", "CallState"]


class CallState(Enum):
    """What an adapter does."""

    IDLE = "idle"
    DIALLING = "dialling"
    RINGING = "ringing"
    ANSWERING = "answering"
    ONLINE = "in a call, taking commands"
    STREAMING = "in a call, passing audio"


class CallInput(Enum):
    """What the port and the network ask for."""

    DIALLED = auto()
    ANSWERED = auto()
    HUNG_UP = auto()
    INTERRUPTED = auto()
    STREAM_ASKED = auto()
    STREAM_OVER = auto()
    OFFERED = auto()
    PROCEEDING = auto()
    ALERTING = auto()
    CONNECTED = auto()
    RELEASED = auto()
    RING_TIME = auto()
    CARRIER_TIME = auto()


_S, _I = CallState, CallInput

TERMINAL: Final[Table[CallState, CallInput]] = {
    _S.IDLE: {
        _I.DIALLED: (_S.DIALLING, "place"),
        _I.OFFERED: (_S.RINGING, "ring"),
        _I.ANSWERED: (_S.IDLE, "tell_no_answer"),
        _I.HUNG_UP: (_S.IDLE, ""),
    },
    # Any octet from the port ends an attempt to dial.
    _S.DIALLING: {
        _I.PROCEEDING: (_S.DIALLING, "tell_proceeding"),
        _I.ALERTING: (_S.DIALLING, "tell_ringing"),
        _I.CONNECTED: (_S.ONLINE, "connect"),
        _I.RELEASED: (_S.IDLE, "tell_refusal"),
        _I.INTERRUPTED: (_S.IDLE, "give_up"),
        _I.CARRIER_TIME: (_S.IDLE, "give_up"),
    },
    _S.RINGING: {
        _I.RING_TIME: (_S.RINGING, "ring_again"),
        _I.ANSWERED: (_S.ANSWERING, "accept"),
        _I.DIALLED: (_S.RINGING, "tell_no_carrier"),
        _I.HUNG_UP: (_S.IDLE, "reject"),
        _I.RELEASED: (_S.IDLE, "tell_rung"),
    },
    _S.ANSWERING: {
        _I.CONNECTED: (_S.ONLINE, "connect"),
        _I.RELEASED: (_S.IDLE, "tell_no_carrier"),
        _I.INTERRUPTED: (_S.IDLE, "give_up"),
        _I.CARRIER_TIME: (_S.IDLE, "give_up"),
    },
    _S.ONLINE: {
        _I.STREAM_ASKED: (_S.STREAMING, ""),
        _I.ANSWERED: (_S.ONLINE, "tell_no_answer"),
        _I.HUNG_UP: (_S.IDLE, "hang_up"),
        _I.RELEASED: (_S.IDLE, "tell_no_carrier"),
    },
    _S.STREAMING: {
        _I.STREAM_ASKED: (_S.STREAMING, ""),
        _I.STREAM_OVER: (_S.ONLINE, "tell_voice"),
        _I.RELEASED: (_S.IDLE, "cut_off"),
    },
}
