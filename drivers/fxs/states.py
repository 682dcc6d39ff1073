"""The states of a telephone line, as a table.

A telephone has one call or two: one in front, which it hears, and the other one, which waits or is on hold. What
the hook flash does with two is that of subscriber services in North America (GR-571 call waiting, GR-577 three-way
calling) and of Asterisk's `sig_analog.c`; a telephone put down with a call on hold rings again for it, or transfers
it to the one that it consulted.

Off-hook to dial tone, digits, the call and back to on-hook after the subscriber line states of ITU-T Q.71 / GR-506
(idle, dialling, awaiting answer, ringing, talking, reorder, lock-out) and the order of Asterisk's `sig_analog.c`.
Line events are named in DAHDI's words beside each input.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from drivers.analog_line import AnalogDialect
from gateway.core.machine import Table
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
    BOOKED = "talking; another call is about to wait"
    WAITED_FOR = "talking; another call waits"
    LEFT_WAITING = "hears why its call ended; another call waits"
    HOLDING = "talking; another call is on hold"
    RECALL = "hears recall dial tone; a call is on hold"
    RECALL_COLLECT = "dialling; a call is on hold"
    CONSULTED = "calling; a call is on hold"
    LEFT_HOLDING = "hears why its call ended; another call is on hold"
    CONSULTING = "consulting; a call is on hold"
    THREE_WAY = "talking with two"
    TRANSFERRING = "transferring a call"
    RINGING_BACK = "ringing for a call on hold"
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
    TRANSFER_TOLD = "TransferTold"
    # the other call
    OTHER_DIAL = "Dial for a call that waits"
    OTHER_HANG_UP = "Hangup for the other call"
    # what a flash, or the receiver put down with a call on hold, means for this telephone
    RECALL_ASKED = "a flash for a second call"
    SWAP = "a flash to change calls"
    CONFER = "a flash for a conference"
    TRANSFER = "put down to transfer"
    RING_BACK = "put down with a call on hold"
    TRANSFERRED = "the transfer has been carried out"
    # timers
    DIGIT_TIME = "no further digit came"
    TONE_TIME = "nobody put the receiver down"
    HOTLINE_TIME = "nothing was dialled"
    LAMP_TIME = "messages are to be shown"
    SHOWN = "who calls has been shown"
    HOOK_TIME = "the port was busy with its hook"
    WAITING_TIME = "the next signal of a call that waits"
    RING_TIME = "the telephone was not lifted for its call on hold"
    TRANSFER_TIME = "nothing came of a transfer"


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
        Input.ALERT: (State.OFFERED, "ring_back_tone"),
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
        Input.HOOK_TIME: (State.RINGING, "ring_again"),
        Input.HANG_UP: (State.IDLE, "stop_ringing"),
        Input.ON_HOOK: (State.RINGING, ""),
        Input.FLASH: (State.RINGING, ""),
        Input.LOST: (State.OUT, "lose"),
    },
    State.UP: {
        Input.DIGIT: (State.UP, "pass_digit"),
        Input.PULSE: (State.UP, ""),
        Input.FLASH: (State.UP, "flash"),
        Input.RECALL_ASKED: (State.RECALL, "recall"),
        Input.RESERVE: (State.BOOKED, "reserve_waiting"),
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
    # Call waiting: a tone in the talk, the caller shown between its bursts; a flash answers and holds the other.
    State.BOOKED: {
        Input.OTHER_DIAL: (State.WAITED_FOR, "announce_waiting"),
        Input.OTHER_HANG_UP: (State.UP, "forget_held"),
        Input.HANG_UP: (State.CONGESTION, "turn_away"),
        Input.ON_HOOK: (State.RESERVED, "wait_to_ring"),
        Input.FLASH: (State.BOOKED, ""),
        Input.DIGIT: (State.BOOKED, "pass_digit"),
        Input.PULSE: (State.BOOKED, ""),
        Input.SEND_DIGITS: (State.BOOKED, "send_digits"),
        Input.HOLD: (State.BOOKED, ""),
        Input.RESUME: (State.BOOKED, ""),
        Input.LOST: (State.OUT, "lose"),
    },
    State.WAITED_FOR: {
        Input.WAITING_TIME: (State.WAITED_FOR, "signal_waiting"),
        Input.OTHER_HANG_UP: (State.UP, "forget_waiting"),
        Input.FLASH: (State.HOLDING, "answer_waiting"),
        Input.HANG_UP: (State.LEFT_WAITING, "leave_waiting"),
        Input.ON_HOOK: (State.RINGING, "ring_waiting"),
        Input.DIGIT: (State.WAITED_FOR, "digit_while_waiting"),
        Input.PULSE: (State.WAITED_FOR, ""),
        Input.SEND_DIGITS: (State.WAITED_FOR, "send_digits"),
        Input.HOLD: (State.WAITED_FOR, ""),
        Input.RESUME: (State.WAITED_FOR, ""),
        Input.LOST: (State.OUT, "lose"),
    },
    State.LEFT_WAITING: {
        Input.TONE_TIME: (State.LEFT_WAITING, "hush_tone"),
        Input.OTHER_HANG_UP: (State.CONGESTION, "end_waiting"),
        Input.FLASH: (State.UP, "answer_left_waiting"),
        Input.DIGIT: (State.LEFT_WAITING, ""),
        Input.PULSE: (State.LEFT_WAITING, ""),
        Input.ON_HOOK: (State.RINGING, "ring_waiting"),
        Input.LOST: (State.OUT, "lose"),
    },
    State.HOLDING: {
        Input.FLASH: (State.HOLDING, "swap"),
        Input.HANG_UP: (State.UP, "return_after_release"),
        Input.OTHER_HANG_UP: (State.UP, "forget_held"),
        Input.ON_HOOK: (State.RINGING_BACK, "ring_back"),
        Input.DIGIT: (State.HOLDING, "pass_digit"),
        Input.PULSE: (State.HOLDING, ""),
        Input.SEND_DIGITS: (State.HOLDING, "send_digits"),
        Input.HOLD: (State.HOLDING, ""),
        Input.RESUME: (State.HOLDING, ""),
        Input.LOST: (State.OUT, "lose"),
    },
    # Consultation: recall dial tone, a second number, and a call to it while the first one is on hold.
    State.RECALL: {
        Input.DIGIT: (State.RECALL_COLLECT, "collect"),
        Input.PULSE: (State.RECALL_COLLECT, "pulse"),
        Input.DIGIT_TIME: (State.LEFT_HOLDING, "give_up_consulting"),
        Input.FLASH: (State.UP, "return_to_held"),
        Input.OTHER_HANG_UP: (State.DIALTONE, "forget_held"),
        Input.ON_HOOK: (State.RINGING_BACK, "ring_back"),
        Input.LOST: (State.OUT, "lose"),
    },
    State.RECALL_COLLECT: {
        Input.DIGIT: (State.RECALL_COLLECT, "collect"),
        Input.PULSE: (State.RECALL_COLLECT, "pulse"),
        Input.DIGIT_TIME: (State.RECALL_COLLECT, "use_digits"),
        Input.NUMBER: (State.CONSULTED, "offer"),
        Input.NO_NUMBER: (State.LEFT_HOLDING, "give_up_consulting"),
        Input.FLASH: (State.UP, "return_to_held"),
        Input.OTHER_HANG_UP: (State.COLLECT, "forget_held"),
        Input.ON_HOOK: (State.RINGING_BACK, "ring_back"),
        Input.LOST: (State.OUT, "lose"),
    },
    State.CONSULTED: {
        Input.PROCEED: (State.CONSULTED, ""),
        Input.ALERT: (State.CONSULTED, "ring_back_tone"),
        Input.EARLY_MEDIA: (State.CONSULTED, "hush_tone"),
        Input.ANSWER: (State.CONSULTING, "hush_tone"),
        Input.HANG_UP: (State.LEFT_HOLDING, "hear_why_consulted"),
        Input.SEND_DIGITS: (State.CONSULTED, "send_digits"),
        Input.HOLD: (State.CONSULTED, ""),
        Input.RESUME: (State.CONSULTED, ""),
        Input.DIGIT: (State.CONSULTED, "pass_digit"),
        Input.PULSE: (State.CONSULTED, ""),
        Input.FLASH: (State.UP, "return_to_held"),
        Input.OTHER_HANG_UP: (State.OFFERED, "forget_held"),
        Input.ON_HOOK: (State.CONSULTED, "put_down_consulting"),
        Input.TRANSFER: (State.TRANSFERRING, "transfer"),
        Input.RING_BACK: (State.RINGING_BACK, "ring_back"),
        Input.LOST: (State.OUT, "lose"),
    },
    State.LEFT_HOLDING: {
        Input.FLASH: (State.UP, "return_to_held"),
        Input.TONE_TIME: (State.UP, "return_to_held"),
        Input.OTHER_HANG_UP: (State.CONGESTION, "end_held"),
        Input.DIGIT: (State.LEFT_HOLDING, ""),
        Input.PULSE: (State.LEFT_HOLDING, ""),
        Input.ON_HOOK: (State.RINGING_BACK, "ring_back"),
        Input.LOST: (State.OUT, "lose"),
    },
    State.CONSULTING: {
        Input.FLASH: (State.CONSULTING, "flash_consulting"),
        Input.CONFER: (State.THREE_WAY, "confer"),
        Input.SWAP: (State.CONSULTING, "swap"),
        Input.HANG_UP: (State.UP, "return_after_release"),
        Input.OTHER_HANG_UP: (State.UP, "forget_held"),
        Input.ON_HOOK: (State.CONSULTING, "put_down_consulting"),
        Input.TRANSFER: (State.TRANSFERRING, "transfer"),
        Input.RING_BACK: (State.RINGING_BACK, "ring_back"),
        Input.DIGIT: (State.CONSULTING, "pass_digit"),
        Input.PULSE: (State.CONSULTING, ""),
        Input.SEND_DIGITS: (State.CONSULTING, "send_digits"),
        Input.HOLD: (State.CONSULTING, ""),
        Input.RESUME: (State.CONSULTING, ""),
        Input.LOST: (State.OUT, "lose"),
    },
    # A flash sends away the one that was added; put down, the two others stay connected where transfer is allowed.
    State.THREE_WAY: {
        Input.FLASH: (State.UP, "dismiss"),
        Input.HANG_UP: (State.UP, "return_after_release"),
        Input.OTHER_HANG_UP: (State.UP, "forget_third"),
        Input.ON_HOOK: (State.THREE_WAY, "put_down_conferring"),
        Input.TRANSFER: (State.TRANSFERRING, "transfer"),
        Input.TRANSFERRED: (State.IDLE, "finish"),
        Input.DIGIT: (State.THREE_WAY, "pass_digit"),
        Input.PULSE: (State.THREE_WAY, ""),
        Input.SEND_DIGITS: (State.THREE_WAY, "send_digits"),
        Input.HOLD: (State.THREE_WAY, ""),
        Input.RESUME: (State.THREE_WAY, ""),
        Input.LOST: (State.OUT, "lose"),
    },
    State.TRANSFERRING: {
        Input.TRANSFER_TOLD: (State.TRANSFERRING, "judge_transfer"),
        Input.TRANSFERRED: (State.IDLE, "put_down"),
        Input.RING_BACK: (State.RINGING_BACK, "ring_back"),
        Input.TRANSFER_TIME: (State.RINGING_BACK, "ring_back"),
        Input.OTHER_HANG_UP: (State.IDLE, "finish"),
        Input.HANG_UP: (State.TRANSFERRING, "drop_consulted"),
        Input.PROCEED: (State.TRANSFERRING, ""),
        Input.ALERT: (State.TRANSFERRING, ""),
        Input.EARLY_MEDIA: (State.TRANSFERRING, ""),
        Input.ANSWER: (State.TRANSFERRING, ""),
        Input.SEND_DIGITS: (State.TRANSFERRING, ""),
        Input.HOLD: (State.TRANSFERRING, ""),
        Input.RESUME: (State.TRANSFERRING, ""),
        Input.OFF_HOOK: (State.TRANSFERRING, ""),
        Input.ON_HOOK: (State.TRANSFERRING, ""),
        Input.LOST: (State.OUT, "lose"),
    },
    State.RINGING_BACK: {
        Input.OFF_HOOK: (State.UP, "pick_up_held"),
        Input.BURST_BEGAN: (State.RINGING_BACK, ""),
        Input.BURST_ENDED: (State.RINGING_BACK, ""),
        Input.ON_HOOK: (State.RINGING_BACK, ""),
        Input.FLASH: (State.RINGING_BACK, ""),
        Input.RING_FAILED: (State.IDLE, "ring_failed"),
        Input.HOOK_TIME: (State.RINGING_BACK, "ring_again"),
        Input.RING_TIME: (State.IDLE, "ring_in_vain"),
        Input.HANG_UP: (State.IDLE, "stop_ringing"),
        Input.SEND_DIGITS: (State.RINGING_BACK, ""),
        Input.HOLD: (State.RINGING_BACK, ""),
        Input.RESUME: (State.RINGING_BACK, ""),
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

FXS: Final = AnalogDialect(
    technology="FXS",
    table=TABLE,
    start=State.OUT,
    line_events=LINE_EVENTS,
    digit=Input.DIGIT,
    lost=Input.LOST,
    returned=Input.RETURNED,
)
