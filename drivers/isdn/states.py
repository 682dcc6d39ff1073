"""The states of an ISDN adapter, as a table.

What an adapter says is named by its result codes (V.250, isdn4linux); calls go as on a basic access that is worked
en bloc (Q.931). Whatever an adapter does not answer in its time, it is reset, and what is said then is not listened
to until it answers again.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from drivers.isdn.results import Result
from drivers.line import Dialect
from gateway.core.machine import Table

__all__ = ["ISDN", "Given", "Input", "State"]


class State(Enum):
    """What goes on on it. The value is what `copperline lines` shows."""

    OUT = "out of service"
    RESETTING = "being reset"
    WAKING = "being woken"
    SETTING_UP = "being set up"
    FAULTY = "out of order"
    IDLE = "idle"
    CHECKED = "idle, being asked whether it is well"
    RINGING = "ringing, caller awaited"
    OFFERED = "ringing"
    ANSWERING = "being answered"
    RESERVED = "about to dial"
    DIALLING = "calling"
    STARTING = "connected, audio begins"
    ABANDONED = "hanging up before audio has begun"
    UP = "talking"
    ENDED = "released by the far side"
    STOPPING = "hanging up, audio ends"
    CLEARING = "hanging up"
    RESTING = "resting after a failure"


class Input(Enum):
    """What can happen to it. Values of timers are the evidence that they give."""

    # the adapter, beside its results
    STREAM_ENDED = "DLE ETX"
    DIGIT = "a digit heard in the audio"
    LOST = "its port has gone"
    RETURNED = "its port was opened"
    # what that means
    READY = "it is set up"
    SILENT = "it does not answer"
    CONNECTED = "both sides are connected"
    REFUSAL = "the network refuses"
    FAILURE = "the adapter fails"
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
    # timers
    RESET_TIME = "time for a reset is over"
    COMMAND_TIME = "no answer to a command"
    RETRY_TIME = "time to try again"
    CHECK_TIME = "time to ask whether it is well"
    CALLER_TIME = "no caller's number came"
    RING_TIME = "no further RING"
    STREAM_TIME = "no audio"
    PAUSE_TIME = "a pause in the number is over"
    REST_TIME = "rested"


Given = Result | Input
"""What an adapter says is an input as it stands."""

_UNANSWERED: Final[Mapping[Given, str]] = {
    Input.PROCEED: "",
    Input.ALERT: "",
    Input.EARLY_MEDIA: "",
    Input.HOLD: "",
    Input.RESUME: "",
    Input.SEND_DIGITS: "",
}
"""An adapter carries nothing to the far side before an answer; the network gives the caller its tones."""

_REFUSALS: Final[tuple[Given, ...]] = (
    Result.BUSY,
    Result.NO_ANSWER,
    Result.NO_CARRIER,
    Result.NO_DIALTONE,
    Result.NO_NUMBER,
    Result.ERROR,
)


def _staying(state: State, inputs: Mapping[Given, str]) -> dict[Given, tuple[State, str]]:
    return {given: (state, action) for given, action in inputs.items()}


TABLE: Final[Table[State, Given]] = {
    # From a port to an adapter that takes calls.
    State.OUT: {Input.RETURNED: (State.RESETTING, "reset"), Input.LOST: (State.OUT, "")},
    State.RESETTING: {Input.RESET_TIME: (State.WAKING, "wake"), Input.LOST: (State.OUT, "")},
    State.WAKING: {
        Result.OK: (State.SETTING_UP, "set_up"),
        Result.ERROR: (State.WAKING, ""),
        Input.COMMAND_TIME: (State.WAKING, "wake_again"),
        Input.SILENT: (State.FAULTY, "tell_silent"),
        Input.LOST: (State.OUT, ""),
    },
    State.SETTING_UP: {
        Result.OK: (State.SETTING_UP, "set_next"),
        Input.READY: (State.IDLE, "ready"),
        Result.ERROR: (State.FAULTY, "tell_refused_setting"),
        Input.COMMAND_TIME: (State.FAULTY, "tell_silent"),
        Input.LOST: (State.OUT, ""),
    },
    State.FAULTY: {Input.RETRY_TIME: (State.RESETTING, "reset"), Input.LOST: (State.OUT, "")},
    State.IDLE: {
        Result.CALLER: (State.IDLE, "note_caller"),
        Result.CALLED: (State.IDLE, "note_called"),
        Result.RING: (State.RINGING, "ring"),
        Input.RESERVE: (State.RESERVED, "reserve"),
        Input.CHECK_TIME: (State.CHECKED, "check"),
        Result.OK: (State.IDLE, ""),
        Result.NO_CARRIER: (State.IDLE, ""),
        Result.RUNG: (State.IDLE, ""),
        Input.LOST: (State.OUT, ""),
    },
    State.CHECKED: {
        Result.OK: (State.IDLE, "watch"),
        Result.CALLER: (State.CHECKED, "note_caller"),
        Result.CALLED: (State.CHECKED, "note_called"),
        Result.RING: (State.RINGING, "ring"),
        Input.RESERVE: (State.RESERVED, "reserve"),
        Input.COMMAND_TIME: (State.RESETTING, "reset"),
        Input.LOST: (State.OUT, ""),
    },
    # A call comes in. The adapter rings, tells who calls, and tells when they have given up.
    State.RINGING: {
        Result.CALLER: (State.OFFERED, "offer_caller"),
        Result.CALLED: (State.RINGING, "note_called"),
        Input.CALLER_TIME: (State.OFFERED, "offer"),
        Result.RING: (State.OFFERED, "offer_again"),
        Result.RUNG: (State.IDLE, "watch"),
        Input.RING_TIME: (State.IDLE, "watch"),
        Result.OK: (State.RINGING, ""),
        Result.NO_CARRIER: (State.RINGING, ""),
        Input.LOST: (State.OUT, ""),
    },
    State.OFFERED: {
        Result.CALLER: (State.OFFERED, ""),
        Result.CALLED: (State.OFFERED, ""),
        Result.RING: (State.OFFERED, "still_rings"),
        Result.RUNG: (State.IDLE, "caller_gave_up"),
        Input.RING_TIME: (State.IDLE, "caller_gave_up"),
        Result.OK: (State.OFFERED, ""),
        Result.NO_CARRIER: (State.OFFERED, ""),
        **_staying(State.OFFERED, _UNANSWERED),
        Input.ANSWER: (State.ANSWERING, "answer"),
        Input.HANG_UP: (State.CLEARING, "refuse"),
        Input.LOST: (State.OUT, "lose"),
    },
    State.ANSWERING: {
        Result.VOICE: (State.STARTING, "start_audio"),
        Result.OK: (State.ANSWERING, "ok_connects"),
        Input.CONNECTED: (State.STARTING, "start_audio"),
        Result.RING: (State.ANSWERING, ""),
        Result.CALLER: (State.ANSWERING, ""),
        Result.RUNG: (State.ANSWERING, ""),
        Result.NO_CARRIER: (State.IDLE, "caller_gave_up"),
        Result.NO_ANSWER: (State.IDLE, "caller_gave_up"),
        Result.ERROR: (State.CLEARING, "no_audio"),
        Input.COMMAND_TIME: (State.RESETTING, "fail"),
        **_staying(State.ANSWERING, _UNANSWERED),
        Input.HANG_UP: (State.CLEARING, "break_off"),
        Input.LOST: (State.OUT, "lose"),
    },
    # A call goes out. A ring that comes meanwhile was there first: the adapter will not dial.
    State.RESERVED: {
        Input.DIAL: (State.DIALLING, "dial"),
        Input.HANG_UP: (State.IDLE, "unreserve"),
        Result.OK: (State.RESERVED, "ok_connects"),
        Result.CALLER: (State.RESERVED, "note_caller"),
        Result.CALLED: (State.RESERVED, "note_called"),
        Result.RING: (State.RINGING, "give_way"),
        Input.LOST: (State.OUT, "lose"),
    },
    State.DIALLING: {
        Result.PROCEEDING: (State.DIALLING, "tell_proceeding"),
        Result.RINGBACK: (State.DIALLING, "tell_alerting"),
        Result.VOICE: (State.STARTING, "far_answer"),
        Result.OK: (State.DIALLING, "ok_connects"),
        Input.CONNECTED: (State.STARTING, "far_answer"),
        **_staying(State.DIALLING, dict.fromkeys(_REFUSALS, "judge")),
        Input.REFUSAL: (State.IDLE, "tell_refusal"),
        Input.FAILURE: (State.RESTING, "tell_failure"),
        Result.CALLER: (State.DIALLING, "note_caller"),
        Result.CALLED: (State.DIALLING, "note_called"),
        Result.RING: (State.RINGING, "give_way"),
        Input.COMMAND_TIME: (State.RESETTING, "fail"),
        **_staying(State.DIALLING, _UNANSWERED),
        Input.HANG_UP: (State.CLEARING, "break_off"),
        Input.LOST: (State.OUT, "lose"),
    },
    # Both sides are connected; audio is begun by a command of its own, after which only audio can be written.
    State.STARTING: {
        Result.CONNECT: (State.UP, "converse"),
        Result.NO_CARRIER: (State.IDLE, "far_hung_up"),
        Result.NO_ANSWER: (State.CLEARING, "no_audio"),
        Result.ERROR: (State.CLEARING, "no_audio"),
        Input.COMMAND_TIME: (State.RESETTING, "fail"),
        **_staying(State.STARTING, _UNANSWERED),
        Input.HANG_UP: (State.ABANDONED, "hang_up"),
        Input.LOST: (State.OUT, "lose"),
    },
    State.ABANDONED: {
        Result.CONNECT: (State.STOPPING, "stop_audio"),
        Result.NO_CARRIER: (State.IDLE, "watch"),
        Result.NO_ANSWER: (State.CLEARING, "clear"),
        Result.ERROR: (State.CLEARING, "clear"),
        Input.COMMAND_TIME: (State.RESETTING, "reset"),
        Input.LOST: (State.OUT, ""),
    },
    State.UP: {
        Input.STREAM_ENDED: (State.ENDED, "await_reason"),
        Input.STREAM_TIME: (State.RESETTING, "fail"),
        Input.PAUSE_TIME: (State.UP, "dial_on"),
        Input.DIGIT: (State.UP, "pass_digit"),
        Input.SEND_DIGITS: (State.UP, "send_digits"),
        Input.HOLD: (State.UP, ""),
        Input.RESUME: (State.UP, ""),
        Input.HANG_UP: (State.STOPPING, "hang_up_audio"),
        Input.LOST: (State.OUT, "lose"),
    },
    State.ENDED: {
        Result.NO_CARRIER: (State.IDLE, "far_hung_up"),
        Result.VOICE: (State.CLEARING, "far_left"),
        Result.OK: (State.CLEARING, "far_left"),
        Input.COMMAND_TIME: (State.CLEARING, "far_left"),
        Input.SEND_DIGITS: (State.ENDED, ""),
        Input.HOLD: (State.ENDED, ""),
        Input.RESUME: (State.ENDED, ""),
        Input.HANG_UP: (State.CLEARING, "break_off"),
        Input.LOST: (State.OUT, "lose"),
    },
    # We hang up: audio ends first, both ways, then the call.
    State.STOPPING: {
        Input.STREAM_ENDED: (State.STOPPING, ""),
        Result.VOICE: (State.CLEARING, "clear"),
        Result.OK: (State.CLEARING, "clear"),
        Result.NO_CARRIER: (State.IDLE, "watch"),
        Input.COMMAND_TIME: (State.RESETTING, "reset"),
        Input.LOST: (State.OUT, ""),
    },
    State.CLEARING: {
        Result.OK: (State.IDLE, "watch"),
        Result.ERROR: (State.IDLE, "watch"),
        Result.NO_CARRIER: (State.CLEARING, ""),
        Result.RUNG: (State.CLEARING, ""),
        Result.VOICE: (State.CLEARING, ""),
        Result.RING: (State.CLEARING, ""),
        Result.CALLER: (State.CLEARING, ""),
        Result.RINGBACK: (State.CLEARING, ""),
        Input.COMMAND_TIME: (State.RESETTING, "reset"),
        Input.LOST: (State.OUT, ""),
    },
    # What has just failed is not tried again at once: a call goes on by another adapter, if there is one.
    State.RESTING: {
        Input.REST_TIME: (State.IDLE, "watch"),
        Result.CALLER: (State.RESTING, "note_caller"),
        Result.CALLED: (State.RESTING, "note_called"),
        Result.RING: (State.RINGING, "ring"),
        Input.LOST: (State.OUT, ""),
    },
}

ISDN: Final = Dialect(
    technology="ISDN",
    table=TABLE,
    start=State.OUT,
    digit=Input.DIGIT,
    lost=Input.LOST,
    returned=Input.RETURNED,
)
