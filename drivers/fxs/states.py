"""The states of a telephone line, as a table.

Off-hook to dial tone, digits, the call and back to on-hook after the subscriber line states of ITU-T Q.71 / GR-506
(idle, dialling, awaiting answer, ringing, talking, reorder, lock-out) and the order of Asterisk's `sig_analog.c`.
Line events are named in DAHDI's words beside each input.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from drivers.line import Dialect
from gateway.core.machine import Table
from gateway.core.messages import Alert, Answer, Dial, EarlyMedia, Hangup, Hold, Proceed, Resume, SendDigits
from hardware.analog.line import LineEventKind

__all__ = ["FXS", "Input", "State"]


class State(Enum):
    """Where the telephone is. The value is what `copperline lines` shows."""

    OUT = "out of service"
    IDLE = "on-hook"
    DIALTONE = "hears dial tone"
    COLLECT = "dialling"
    OFFERED = "calling"
    RESERVED = "about to ring"
    ANNOUNCING = "being shown who calls"
    RINGING = "ringing"
    UP = "talking"
    CONGESTION = "hears why its call ended"
    HOWLING = "howled at"
    LOCKED_OUT = "left off-hook"


class Input(Enum):
    """What can happen to it. Values of timers are the evidence that they give."""

    # the telephone and its port
    OFF_HOOK = "RINGOFFHOOK"
    ON_HOOK = "ONHOOK"
    FLASH = "WINKFLASH"
    PULSE = "PULSE_START"
    DIGIT = "a digit, by tone or by pulses"
    BURST_BEGAN = "RINGERON"
    BURST_ENDED = "RINGEROFF"
    LOST = "ALARM or REMOVED"
    RETURNED = "NOALARM or opened"
    RING_FAILED = "the port does not ring"
    # the number, as the collector sees it
    NUMBER = "a number was dialled"
    NO_NUMBER = "no number can be made of what was dialled"
    # the call
    RESERVE = "an outgoing leg was made"
    DIAL = "Dial"
    ANNOUNCE = "who calls is shown before ringing"
    PROCEED = "Proceed"
    ALERT = "Alert"
    EARLY_MEDIA = "EarlyMedia"
    ANSWER = "Answer"
    HANG_UP = "Hangup"
    HOLD = "Hold"
    RESUME = "Resume"
    SEND_DIGITS = "SendDigits"
    # timers
    DIGIT_TIME = "no further digit came"
    TONE_TIME = "nobody put the receiver down"
    HOTLINE_TIME = "nothing was dialled"
    LAMP_TIME = "messages are to be shown"
    SHOWN = "who calls has been shown"
    HOOK_TIME = "the port was busy with its hook"


LINE_EVENTS: Final[Mapping[LineEventKind, Input]] = {
    LineEventKind.RINGOFFHOOK: Input.OFF_HOOK,
    LineEventKind.ONHOOK: Input.ON_HOOK,
    LineEventKind.WINKFLASH: Input.FLASH,
    LineEventKind.PULSE_START: Input.PULSE,
    LineEventKind.RINGERON: Input.BURST_BEGAN,
    LineEventKind.RINGEROFF: Input.BURST_ENDED,
    LineEventKind.ALARM: Input.LOST,
    LineEventKind.NOALARM: Input.RETURNED,
}

COMMANDS: Final = {
    Dial: Input.DIAL,
    Proceed: Input.PROCEED,
    Alert: Input.ALERT,
    EarlyMedia: Input.EARLY_MEDIA,
    Answer: Input.ANSWER,
    Hangup: Input.HANG_UP,
    Hold: Input.HOLD,
    Resume: Input.RESUME,
    SendDigits: Input.SEND_DIGITS,
}

TABLE: Final[Table[State, Input]] = {
    State.OUT: {
        Input.RETURNED: (State.IDLE, ""),
        Input.LOST: (State.OUT, ""),
    },
    # On-hook. A port tells its present hook state once after it is opened; late ring events end here as well.
    State.IDLE: {
        Input.OFF_HOOK: (State.DIALTONE, "lift"),
        Input.ON_HOOK: (State.IDLE, ""),
        Input.FLASH: (State.IDLE, ""),
        Input.BURST_BEGAN: (State.IDLE, ""),
        Input.BURST_ENDED: (State.IDLE, ""),
        Input.RETURNED: (State.IDLE, ""),
        Input.RESERVE: (State.RESERVED, "reserve"),
        Input.LAMP_TIME: (State.IDLE, "show_lamp"),
        Input.LOST: (State.OUT, ""),
    },
    # Off-hook, dialling: first-digit, inter-digit and match timers of drivers/digits.py.
    State.DIALTONE: {
        Input.DIGIT: (State.COLLECT, "collect"),
        Input.PULSE: (State.COLLECT, "pulse"),
        Input.DIGIT_TIME: (State.CONGESTION, "give_up_dialling"),
        Input.HOTLINE_TIME: (State.DIALTONE, "use_hotline"),
        Input.NUMBER: (State.OFFERED, "offer"),
        Input.FLASH: (State.DIALTONE, "lift"),
        Input.ON_HOOK: (State.IDLE, "put_down"),
        Input.HOOK_TIME: (State.DIALTONE, "close_loop"),
        Input.LOST: (State.OUT, "put_down"),
    },
    State.COLLECT: {
        Input.DIGIT: (State.COLLECT, "collect"),
        Input.PULSE: (State.COLLECT, "pulse"),
        Input.DIGIT_TIME: (State.COLLECT, "use_digits"),
        Input.NUMBER: (State.OFFERED, "offer"),
        Input.NO_NUMBER: (State.CONGESTION, "give_up_dialling"),
        Input.FLASH: (State.DIALTONE, "lift"),
        Input.ON_HOOK: (State.IDLE, "put_down"),
        Input.HOOK_TIME: (State.COLLECT, "close_loop"),
        Input.LOST: (State.OUT, "put_down"),
    },
    # A call from the telephone, not answered yet.
    State.OFFERED: {
        Input.PROCEED: (State.OFFERED, ""),
        Input.ALERT: (State.OFFERED, "ring_back"),
        Input.EARLY_MEDIA: (State.OFFERED, "hush_tone"),
        Input.ANSWER: (State.UP, "signal_answer"),
        Input.HANG_UP: (State.CONGESTION, "hear_why"),
        Input.SEND_DIGITS: (State.OFFERED, "send_digits"),
        Input.HOLD: (State.OFFERED, ""),
        Input.RESUME: (State.OFFERED, ""),
        Input.DIGIT: (State.OFFERED, "pass_digit"),
        Input.PULSE: (State.OFFERED, ""),
        Input.FLASH: (State.OFFERED, ""),
        Input.HOOK_TIME: (State.OFFERED, "close_loop"),
        Input.ON_HOOK: (State.IDLE, "cancel"),
        Input.LOST: (State.OUT, "lose"),
    },
    # A call to the telephone. A receiver that is lifted before the ringing was ordered wants to dial.
    State.RESERVED: {
        Input.DIAL: (State.RESERVED, "take_call"),
        Input.ANNOUNCE: (State.ANNOUNCING, "announce"),
        Input.SHOWN: (State.RINGING, "ring"),
        Input.HANG_UP: (State.IDLE, "hang_up"),
        Input.OFF_HOOK: (State.DIALTONE, "lift_first"),
        Input.ON_HOOK: (State.RESERVED, ""),
        Input.FLASH: (State.RESERVED, ""),
        Input.BURST_BEGAN: (State.RESERVED, ""),
        Input.BURST_ENDED: (State.RESERVED, ""),
        Input.LOST: (State.OUT, "lose"),
    },
    # Polarity is reversed and the caller told, in many countries, before the first ring.
    State.ANNOUNCING: {
        Input.SHOWN: (State.RINGING, "ring"),
        Input.OFF_HOOK: (State.UP, "pick_up_early"),
        Input.RING_FAILED: (State.IDLE, "ring_failed"),
        Input.HANG_UP: (State.IDLE, "stop_announcing"),
        Input.ON_HOOK: (State.ANNOUNCING, ""),
        Input.FLASH: (State.ANNOUNCING, ""),
        Input.BURST_BEGAN: (State.ANNOUNCING, ""),
        Input.BURST_ENDED: (State.ANNOUNCING, ""),
        Input.LOST: (State.OUT, "lose"),
    },
    State.RINGING: {
        Input.BURST_ENDED: (State.RINGING, "count_burst"),
        Input.BURST_BEGAN: (State.RINGING, "hush_tone"),
        Input.OFF_HOOK: (State.UP, "pick_up"),
        Input.RING_FAILED: (State.IDLE, "ring_failed"),
        Input.HANG_UP: (State.IDLE, "stop_ringing"),
        Input.ON_HOOK: (State.RINGING, ""),
        Input.FLASH: (State.RINGING, ""),
        Input.LOST: (State.OUT, "lose"),
    },
    State.UP: {
        Input.DIGIT: (State.UP, "pass_digit"),
        Input.PULSE: (State.UP, ""),
        Input.FLASH: (State.UP, "pass_flash"),
        Input.SEND_DIGITS: (State.UP, "send_digits"),
        Input.HOLD: (State.UP, ""),
        Input.RESUME: (State.UP, ""),
        Input.BURST_BEGAN: (State.UP, ""),
        Input.BURST_ENDED: (State.UP, ""),
        Input.HOOK_TIME: (State.UP, "close_loop"),
        Input.HANG_UP: (State.CONGESTION, "hear_release"),
        Input.ON_HOOK: (State.IDLE, "finish"),
        Input.LOST: (State.OUT, "lose"),
    },
    # The call is over and the receiver is not down: a tone, howler, then silence (line lock-out, ITU-T E.182).
    State.CONGESTION: {
        Input.TONE_TIME: (State.HOWLING, "howl"),
        Input.FLASH: (State.DIALTONE, "lift"),
        Input.DIGIT: (State.CONGESTION, ""),
        Input.PULSE: (State.CONGESTION, ""),
        Input.HOOK_TIME: (State.CONGESTION, "close_loop"),
        Input.ON_HOOK: (State.IDLE, "put_down"),
        Input.LOST: (State.OUT, "put_down"),
    },
    State.HOWLING: {
        Input.TONE_TIME: (State.LOCKED_OUT, "lock_out"),
        Input.FLASH: (State.DIALTONE, "lift"),
        Input.PULSE: (State.HOWLING, ""),
        Input.ON_HOOK: (State.IDLE, "put_down"),
        Input.LOST: (State.OUT, "put_down"),
    },
    State.LOCKED_OUT: {
        Input.FLASH: (State.DIALTONE, "lift"),
        Input.PULSE: (State.LOCKED_OUT, ""),
        Input.ON_HOOK: (State.IDLE, "put_down"),
        Input.LOST: (State.OUT, "put_down"),
    },
}

FXS: Final = Dialect(
    technology="FXS",
    table=TABLE,
    start=State.OUT,
    line_events=LINE_EVENTS,
    commands=COMMANDS,
    digit=Input.DIGIT,
    lost=Input.LOST,
    returned=Input.RETURNED,
)
