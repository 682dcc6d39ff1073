"""The states of an exchange line, as a table.

Loop-start and kewl-start lines as a subscriber's equipment sees them (GR-506 network interface: ringing, seizure,
forward disconnect), in the order of Asterisk's `sig_analog.c`. Line events are named in DAHDI's words beside each
input; ONHOOK is DAHDI's word for battery that the exchange has taken away, RINGOFFHOOK for the end of a burst.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from drivers.analog_line import AnalogDialect
from gateway.core.machine import Table
from hardware.analog.line import LineEventKind

__all__ = ["FXO", "Input", "State"]


class State(Enum):
    """What goes on on the line. The value is what `copperline lines` shows."""

    OUT = "out of service"
    IDLE = "idle"
    ELSEWHERE = "in use by another telephone on the line"
    ANNOUNCED = "told who calls"
    RINGING = "ringing, caller ID awaited"
    OFFERED = "ringing"
    CAUGHT = "caught by an incoming call while being seized"
    REFUSED = "ringing unanswered"
    RESERVED = "about to be seized"
    SEIZING = "being seized"
    AWAITING_TONE = "waiting for dial tone"
    DIALLING = "dialling"
    CALLING = "calling"
    UP = "talking"
    GUARD = "resting after a call"


class Input(Enum):
    """What can happen to it. Values of timers are the evidence that they give."""

    # the exchange and the port
    RING_BEGAN = "RINGBEGIN"
    RING_ENDED = "RINGOFFHOOK"
    BATTERY_LOST = "ONHOOK"
    POLARITY = "POLARITY"
    SEIZED = "HOOKCOMPLETE"
    DIAL_COMPLETE = "DIALCOMPLETE"
    DIGIT = "a digit heard in the audio"
    LOST = "ALARM or REMOVED"
    RETURNED = "NOALARM or opened"
    HOOK_FAILED = "the port did not work its hook"
    # who calls
    ANNOUNCEMENT = "the exchange announces a call"
    CALLER_KNOWN = "caller ID came, or cannot come"
    # who else uses the line
    USED_ELSEWHERE = "another telephone is off-hook on the line"
    NOT_USED = "no other telephone is off-hook on the line"
    # how a call goes on
    WAIT_FOR_TONE = "dial tone is waited for"
    TONE_HEARD = "dial tone is heard"
    NOTHING_TO_DIAL = "no number to dial"
    CANNOT_DIAL = "the number cannot be sent"
    FAR_ANSWER = "the far side has answered"
    COUNTS_AS_ANSWER = "the far side counts as answered"
    REFUSAL = "the exchange refuses by a tone"
    FAR_HANGUP = "the far side has hung up"
    # the call
    RESERVE = "an outgoing leg was made"
    DIAL = "Dial"
    PROCEED = "Proceed"
    ALERT = "Alert"
    EARLY_MEDIA = "EarlyMedia"
    ANSWER = "Answer"
    HANG_UP = "Hangup"
    HOLD = "Hold"
    RESUME = "Resume"
    SEND_DIGITS = "SendDigits"
    SEND_FLASH = "SendFlash"
    # timers
    LOOK_TIME = "a look whether another telephone is off-hook"
    LISTEN_TIME = "a look at what was heard"
    ANNOUNCED_TIME = "no ring followed what was announced"
    CADENCE_TIME = "a cycle of the ringing is over"
    RING_TIME = "no further ring for 8 s"
    SEIZE_TIME = "no HOOKCOMPLETE for 5 s"
    TONE_TIME = "no dial tone"
    PAUSE_TIME = "time for the exchange is over"
    DIAL_TIME = "the device has not told that it has dialled"
    DIALLED = "all digits are sent"
    MESSAGE_TIME = "no message of a second caller came"
    FOLLOW_TIME = "a look at what the exchange says"
    ANSWER_TIME = "the time set for an answer"
    GUARD_TIME = "guard time over"


LINE_EVENTS: Final[Mapping[LineEventKind, Input]] = {
    LineEventKind.RINGBEGIN: Input.RING_BEGAN,
    LineEventKind.RINGOFFHOOK: Input.RING_ENDED,
    LineEventKind.ONHOOK: Input.BATTERY_LOST,
    LineEventKind.POLARITY: Input.POLARITY,
    LineEventKind.HOOKCOMPLETE: Input.SEIZED,
    LineEventKind.DIALCOMPLETE: Input.DIAL_COMPLETE,
    LineEventKind.ALARM: Input.LOST,
    LineEventKind.NOALARM: Input.RETURNED,
}

TABLE: Final[Table[State, Input]] = {
    State.OUT: {
        Input.RETURNED: (State.IDLE, ""),
        Input.LOST: (State.OUT, ""),
    },
    State.IDLE: {
        Input.RING_BEGAN: (State.RINGING, "ring_began"),
        Input.RING_ENDED: (State.RINGING, "ring_ended"),
        Input.BATTERY_LOST: (State.IDLE, ""),
        Input.POLARITY: (State.IDLE, "reversal_announces"),
        Input.DIGIT: (State.IDLE, "digit_announces"),
        Input.ANNOUNCEMENT: (State.ANNOUNCED, "announced"),
        Input.SEIZED: (State.IDLE, ""),
        Input.RETURNED: (State.IDLE, ""),
        Input.RESERVE: (State.RESERVED, "reserve"),
        Input.LOOK_TIME: (State.IDLE, "look"),
        Input.USED_ELSEWHERE: (State.ELSEWHERE, ""),
        Input.LOST: (State.OUT, ""),
    },
    # A shared line: somebody else is off-hook. A ring shows that this is over.
    State.ELSEWHERE: {
        Input.LOOK_TIME: (State.ELSEWHERE, "look"),
        Input.NOT_USED: (State.IDLE, ""),
        Input.RING_BEGAN: (State.RINGING, "ring_began"),
        Input.RING_ENDED: (State.RINGING, "ring_ended"),
        Input.BATTERY_LOST: (State.ELSEWHERE, ""),
        Input.POLARITY: (State.ELSEWHERE, ""),
        Input.DIGIT: (State.ELSEWHERE, ""),
        Input.SEIZED: (State.ELSEWHERE, ""),
        Input.LOST: (State.OUT, ""),
    },
    # Who calls is told before the first ring (EN 300 659-1), by FSK or DTMF.
    State.ANNOUNCED: {
        Input.DIGIT: (State.ANNOUNCED, "gather"),
        Input.LISTEN_TIME: (State.ANNOUNCED, "listen_early"),
        Input.RING_BEGAN: (State.RINGING, "ring_announced"),
        Input.RING_ENDED: (State.RINGING, "ring_announced"),
        Input.ANNOUNCED_TIME: (State.IDLE, "forget"),
        Input.POLARITY: (State.ANNOUNCED, ""),
        Input.BATTERY_LOST: (State.ANNOUNCED, ""),
        Input.LOST: (State.OUT, "forget"),
    },
    # A call comes in: caller ID is sent between the first and the second burst (GR-30, on-hook transmission).
    State.RINGING: {
        Input.RING_ENDED: (State.RINGING, "ring_ended"),
        Input.RING_BEGAN: (State.RINGING, "ring_again"),
        Input.LISTEN_TIME: (State.RINGING, "listen"),
        Input.CADENCE_TIME: (State.RINGING, "cadence_over"),
        Input.CALLER_KNOWN: (State.OFFERED, "offer"),
        Input.RING_TIME: (State.IDLE, "forget"),
        Input.POLARITY: (State.RINGING, ""),
        Input.BATTERY_LOST: (State.RINGING, ""),
        Input.LOST: (State.OUT, "forget"),
    },
    State.OFFERED: {
        Input.RING_BEGAN: (State.OFFERED, "still_rings"),
        Input.RING_ENDED: (State.OFFERED, "still_rings"),
        Input.RING_TIME: (State.IDLE, "caller_gave_up"),
        Input.POLARITY: (State.OFFERED, ""),
        Input.BATTERY_LOST: (State.OFFERED, ""),
        Input.PROCEED: (State.OFFERED, ""),
        Input.ALERT: (State.OFFERED, ""),
        Input.EARLY_MEDIA: (State.OFFERED, ""),
        Input.HOLD: (State.OFFERED, ""),
        Input.RESUME: (State.OFFERED, ""),
        Input.ANSWER: (State.UP, "answer"),
        Input.HANG_UP: (State.REFUSED, "refuse"),
        Input.LOST: (State.OUT, "lose"),
    },
    # The gateway ended the call before an answer. A line cannot refuse: it rings until the caller gives up, and
    # those rings are no new call.
    State.REFUSED: {
        Input.RING_BEGAN: (State.REFUSED, "still_rings"),
        Input.RING_ENDED: (State.REFUSED, "still_rings"),
        Input.RING_TIME: (State.IDLE, ""),
        Input.POLARITY: (State.REFUSED, ""),
        Input.BATTERY_LOST: (State.REFUSED, ""),
        Input.LOST: (State.OUT, ""),
    },
    # Glare: the exchange rang while the loop was being closed, which has answered its call.
    State.CAUGHT: {
        Input.SEIZED: (State.CAUGHT, ""),
        Input.HOOK_FAILED: (State.OFFERED, "still_rings"),
        Input.RING_BEGAN: (State.CAUGHT, ""),
        Input.RING_ENDED: (State.CAUGHT, ""),
        Input.POLARITY: (State.CAUGHT, ""),
        Input.DIGIT: (State.CAUGHT, "pass_digit"),
        Input.PROCEED: (State.CAUGHT, ""),
        Input.ALERT: (State.CAUGHT, "ring_back"),
        Input.EARLY_MEDIA: (State.CAUGHT, "hush_tone"),
        Input.SEND_DIGITS: (State.CAUGHT, "send_digits"),
        Input.SEND_FLASH: (State.CAUGHT, ""),
        Input.HOLD: (State.CAUGHT, ""),
        Input.RESUME: (State.CAUGHT, ""),
        Input.ANSWER: (State.UP, "answer"),
        Input.BATTERY_LOST: (State.GUARD, "caller_left"),
        Input.HANG_UP: (State.GUARD, "hang_up"),
        Input.LOST: (State.OUT, "lose"),
    },
    # A call goes out: seizure, dialling, and what the exchange lets us know of an answer.
    State.RESERVED: {
        Input.DIAL: (State.SEIZING, "seize"),
        Input.HANG_UP: (State.IDLE, "unreserve"),
        Input.RING_BEGAN: (State.RINGING, "glare"),
        Input.RING_ENDED: (State.RESERVED, ""),
        Input.POLARITY: (State.RESERVED, ""),
        Input.BATTERY_LOST: (State.RESERVED, ""),
        Input.LOST: (State.OUT, "lose"),
    },
    State.SEIZING: {
        Input.SEIZED: (State.SEIZING, "seized"),
        Input.WAIT_FOR_TONE: (State.AWAITING_TONE, ""),
        Input.PAUSE_TIME: (State.DIALLING, "dial"),
        Input.RING_BEGAN: (State.CAUGHT, "caught"),
        Input.RING_ENDED: (State.SEIZING, ""),
        Input.POLARITY: (State.SEIZING, ""),
        Input.HOOK_FAILED: (State.GUARD, "seizure_failed"),
        Input.SEIZE_TIME: (State.GUARD, "seizure_failed"),
        Input.BATTERY_LOST: (State.GUARD, "seizure_failed"),
        Input.HANG_UP: (State.GUARD, "hang_up"),
        Input.LOST: (State.OUT, "lose"),
    },
    # The exchange says by dial tone that it is ready; what rings now has met us.
    State.AWAITING_TONE: {
        Input.FOLLOW_TIME: (State.AWAITING_TONE, "hear_dial_tone"),
        Input.TONE_HEARD: (State.DIALLING, "dial"),
        Input.TONE_TIME: (State.GUARD, "no_dial_tone"),
        Input.REFUSAL: (State.GUARD, "refused_by_tone"),
        Input.RING_BEGAN: (State.CAUGHT, "caught"),
        Input.RING_ENDED: (State.AWAITING_TONE, ""),
        Input.POLARITY: (State.AWAITING_TONE, ""),
        Input.SEIZED: (State.AWAITING_TONE, ""),
        Input.BATTERY_LOST: (State.GUARD, "seizure_failed"),
        Input.HANG_UP: (State.GUARD, "hang_up"),
        Input.LOST: (State.OUT, "lose"),
    },
    State.DIALLING: {
        Input.DIAL_COMPLETE: (State.CALLING, "dialled"),
        Input.DIAL_TIME: (State.GUARD, "dialling_failed"),
        Input.DIALLED: (State.CALLING, "dialled"),
        Input.NOTHING_TO_DIAL: (State.CALLING, "dialled"),
        Input.CANNOT_DIAL: (State.GUARD, "dialling_failed"),
        Input.PAUSE_TIME: (State.DIALLING, "dial"),
        Input.POLARITY: (State.DIALLING, ""),
        Input.RING_ENDED: (State.DIALLING, ""),
        Input.BATTERY_LOST: (State.GUARD, "exchange_released"),
        Input.HANG_UP: (State.GUARD, "hang_up"),
        Input.LOST: (State.OUT, "lose"),
    },
    State.CALLING: {
        Input.FOLLOW_TIME: (State.CALLING, "hear_progress"),
        Input.ANSWER_TIME: (State.CALLING, "time_answers"),
        Input.FAR_ANSWER: (State.UP, "far_answer"),
        Input.COUNTS_AS_ANSWER: (State.UP, "count_as_answer"),
        Input.REFUSAL: (State.GUARD, "refused_by_tone"),
        Input.POLARITY: (State.CALLING, "reversal_answers"),
        Input.SEND_DIGITS: (State.CALLING, "send_digits"),
        Input.SEND_FLASH: (State.CALLING, ""),
        Input.HOLD: (State.CALLING, ""),
        Input.RESUME: (State.CALLING, ""),
        Input.BATTERY_LOST: (State.GUARD, "exchange_released"),
        Input.HANG_UP: (State.GUARD, "hang_up"),
        Input.LOST: (State.OUT, "lose"),
    },
    State.UP: {
        Input.FOLLOW_TIME: (State.UP, "hear_release"),
        Input.PAUSE_TIME: (State.UP, "dial_on"),
        Input.MESSAGE_TIME: (State.UP, "talk_on"),
        Input.REFUSAL: (State.GUARD, "refused_by_tone"),
        Input.DIGIT: (State.UP, "pass_digit"),
        Input.SEND_DIGITS: (State.UP, "send_digits"),
        Input.SEND_FLASH: (State.UP, "flash"),
        Input.HOLD: (State.UP, ""),
        Input.RESUME: (State.UP, ""),
        Input.RING_BEGAN: (State.UP, ""),
        Input.RING_ENDED: (State.UP, ""),
        Input.SEIZED: (State.UP, ""),
        Input.HOOK_FAILED: (State.GUARD, "hook_failed"),
        Input.POLARITY: (State.UP, "reversal_releases"),
        Input.FAR_HANGUP: (State.GUARD, "exchange_released"),
        Input.BATTERY_LOST: (State.GUARD, "exchange_released"),
        Input.HANG_UP: (State.GUARD, "hang_up"),
        Input.LOST: (State.OUT, "lose"),
    },
    # The exchange needs a moment to see that the loop is open; a new call may ring in meanwhile.
    State.GUARD: {
        Input.GUARD_TIME: (State.IDLE, ""),
        Input.RING_BEGAN: (State.RINGING, "ring_began"),
        Input.RING_ENDED: (State.GUARD, ""),
        Input.BATTERY_LOST: (State.GUARD, ""),
        Input.POLARITY: (State.GUARD, ""),
        Input.SEIZED: (State.GUARD, ""),
        Input.DIAL_COMPLETE: (State.GUARD, ""),
        Input.LOST: (State.OUT, ""),
    },
}

FXO: Final = AnalogDialect(
    technology="FXO",
    table=TABLE,
    start=State.OUT,
    line_events=LINE_EVENTS,
    digit=Input.DIGIT,
    lost=Input.LOST,
    returned=Input.RETURNED,
)
