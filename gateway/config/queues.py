"""Queues of callers in the configuration: [queues.NAME]."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gateway.config.values import Items, Label, Settings, dial_target, word_or_none

__all__ = ["MemberSettings", "QueueSettings"]

_Seconds = Annotated[int, Field(ge=0, le=86_400)]
_Empty = Literal[
    "paused", "penalty", "inuse", "ringing", "unavailable", "invalid", "unknown", "wrapup", "nomembers"
]


class MemberSettings(Settings):
    """A member of [queues.NAME]: who is called for those that wait.

    Attributes:
        target: as Dial names it: "SIP/201", "FXS/101", "Local/201@staff".
        penalty: members with less are called first.
        name: for the books; where empty, the target.
        device: whose state says whether it is busy, as in hints; where empty, that of the target.
        ring_in_use: call it though it talks; None takes that of its queue.
        wrap_up: seconds of rest after a call; None takes that of its queue.
        paused: whether it begins paused.
    """

    target: Annotated[str, AfterValidator(dial_target)]
    penalty: Annotated[int, Field(ge=0, le=1000)] = 0
    name: Label = ""
    device: Label = ""
    ring_in_use: bool | None = None
    wrap_up: _Seconds | None = None
    paused: bool = False


class QueueSettings(Settings):
    """[queues.NAME]: callers that wait for one of several members.

    Attributes:
        strategy: who is called: "ringall", "leastrecent", "fewestcalls", "random", "rrmemory" (in turn, on from the
            last one), "rrordered" (the same, in the order of the list), "linear" (always from the first one),
            "wrandom" (random, weighed by penalty).
        members: who is called.
        timeout: seconds for which a member is called; retry: seconds until the next one is.
        wrap_up: seconds of rest after a call.
        max_length: the most that wait; 0 is no bound.
        weight: the queue with more has members first that are in several.
        service_level: seconds within which callers should be answered, for the books.
        autofill: call as many members at once as there are callers.
        autopause: pause who does not answer: "no", in this queue ("yes"), or in "all".
        ring_in_use: call members that talk.
        member_delay: seconds of silence before a member hears its caller.
        announce: prompt that the member hears first; announce_hold: it hears how long the caller has waited, too.
        join_empty: refuse new callers where no member is in another state than these; leave_empty: send away those
            that wait. Empty does neither.
        context: where callers leave to by keying an extension; where empty, they cannot.
        music: class of music that callers hear.
        ring_instead: they hear ringing instead.
        announce_frequency: seconds between two announcements of their place; 0 makes none.
        announce_position, announce_time: whether their place and the time to wait are told.
        periodic: prompts, one after the other; periodic_frequency: seconds between two of them, 0 says none.
        record: record its calls.
    """

    strategy: Literal[
        "ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "rrordered", "linear", "wrandom"
    ] = "ringall"
    members: Items[MemberSettings] = ()
    timeout: _Seconds = 15
    retry: _Seconds = 5
    wrap_up: _Seconds = 0
    max_length: Annotated[int, Field(ge=0, le=10_000)] = 0
    weight: Annotated[int, Field(ge=0, le=1000)] = 0
    service_level: _Seconds = 0
    autofill: bool = True
    autopause: Literal["no", "yes", "all"] = "no"
    ring_in_use: bool = True
    member_delay: _Seconds = 0
    announce: Label = ""
    announce_hold: bool = False
    join_empty: Items[_Empty] = ()
    leave_empty: Items[_Empty] = ()
    context: Annotated[str, AfterValidator(word_or_none)] = ""
    music: Annotated[str, AfterValidator(word_or_none)] = ""
    ring_instead: bool = False
    announce_frequency: _Seconds = 0
    announce_position: bool = True
    announce_time: bool = False
    periodic: Items[Label] = ()
    periodic_frequency: _Seconds = 0
    record: bool = False
