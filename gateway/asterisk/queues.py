"""queues.conf: queues with their members. Asterisk docs: queues.conf.sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from dialplan.reader import Entry, Section
from gateway.asterisk.draft import Draft, is_yes, number

__all__ = ["read_queues"]

_STRATEGIES: Final = frozenset("ringall leastrecent fewestcalls random rrmemory rrordered linear wrandom".split())
_SECONDS: Final[Mapping[str, str]] = {
    "timeout": "timeout",
    "retry": "retry",
    "wrapuptime": "wrap_up",
    "servicelevel": "service_level",
    "memberdelay": "member_delay",
    "announce-frequency": "announce_frequency",
    "periodic-announce-frequency": "periodic_frequency",
}
_ON: Final[Mapping[str, str]] = {
    "autofill": "autofill",
    "ringinuse": "ring_in_use",
    "reportholdtime": "announce_hold",
    "announce-position": "announce_position",
    "announce-holdtime": "announce_time",
}
_COUNTS: Final[Mapping[str, tuple[str, int]]] = {"maxlen": ("max_length", 10_000), "weight": ("weight", 1000)}
_TEXTS: Final[Mapping[str, str]] = {
    "announce": "announce",
    "context": "context",
    "music": "music",
    "musicclass": "music",
}
_EMPTY: Final = frozenset("paused penalty inuse ringing unavailable invalid unknown wrapup nomembers".split())
_EMPTY_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "yes": (),
    "no": ("penalty", "paused", "invalid", "unknown", "unavailable"),
    "strict": ("penalty", "paused", "invalid", "unavailable"),
    "loose": ("penalty", "invalid", "unavailable"),
}
"""What joinempty's old words stand for (Asterisk docs: queues.conf.sample); leavewhenempty's are the other way."""
_MONITOR: Final = frozenset({"monitor-format", "monitor-type"})
_SAME: Final = frozenset("setinterfacevar setqueuevar setqueueentryvar eventwhencalled eventmemberstatus".split())
_OF_ALL: Final = frozenset(
    "persistentmembers autofill monitor-type shared_lastcall log_membername_as_agent updatecdr".split()
)
"""Of all queues: what is kept is kept over a restart, and the rest is how Asterisk does it."""


def read_queues(sections: Iterable[Section], draft: Draft) -> None:
    """Add the queues to `draft`."""
    for section in sections:
        if section.name.lower() == "general":
            for entry in section.entries:
                if entry.key.lower() not in _OF_ALL:
                    draft.leave_entry(entry, "all queues")
            continue
        queue: dict[str, Any] = {}
        for entry in section.entries:
            if not _setting(entry, queue):
                draft.leave_entry(entry, f"queue {section.name}")
        draft.table("queues")[section.name] = queue


def _setting(entry: Entry, queue: dict[str, Any]) -> bool:
    """Take a setting over; whether there is one."""
    key, value = entry.key.lower(), entry.value.strip()
    if key == "member":
        return _member(value, queue)
    if key == "strategy":
        word = {"roundrobin": "rrmemory"}.get(value.lower(), value.lower())
        queue["strategy"] = word
        return word in _STRATEGIES or queue.pop("strategy") == ""
    if key in _SECONDS or key in _COUNTS:
        name, most = _COUNTS.get(key, (_SECONDS.get(key, ""), 86_400))
        taken = number(value, 0, most)
        if taken is not None:
            queue[name] = taken
        return taken is not None
    if key in _ON:
        queue[_ON[key]] = is_yes(value) or value.lower() == "once"
        return value.lower() in ("yes", "no", "true", "false", "on", "off", "0", "1")
    if key in _TEXTS:
        if value:
            queue[_TEXTS[key]] = value
        return True
    if key in ("joinempty", "leavewhenempty"):
        return _empty(key, value.lower(), queue)
    if key == "autopause":
        queue["autopause"] = "all" if value.lower() == "all" else "yes" if is_yes(value) else "no"
        return True
    if key == "periodic-announce":
        queue.setdefault("periodic", []).extend(word.strip() for word in value.split(",") if word.strip())
        return True
    if key in _MONITOR:
        queue["record"] = True
        return True
    return key in _SAME


def _empty(key: str, value: str, queue: dict[str, Any]) -> bool:
    name = "join_empty" if key == "joinempty" else "leave_empty"
    if value in _EMPTY_WORDS:
        other = {"yes": "no", "no": "yes"}.get(value, value) if key == "leavewhenempty" else value
        queue[name] = list(_EMPTY_WORDS[other])
        return True
    words = [word.strip() for word in value.split(",") if word.strip()]
    queue[name] = [word for word in words if word in _EMPTY]
    return len(queue[name]) == len(words)


def _member(text: str, queue: dict[str, Any]) -> bool:
    """`member => target[,penalty[,name[,device[,ringinuse[,wrapuptime[,paused]]]]]]`."""
    words = (*(word.strip() for word in text.split(",")), *[""] * 7)[:7]
    target, penalty, label, device, in_use, rest, paused = words
    technology, slash, address = target.partition("/")
    if not slash or not technology or not address or technology.lower() == "agent":
        return False
    member: dict[str, Any] = {"target": target}
    if (taken := number(penalty, 0, 1000)) is not None and taken:
        member["penalty"] = taken
    if label:
        member["name"] = label.strip('"')
    if device:
        member["device"] = device
    if in_use:
        member["ring_in_use"] = is_yes(in_use)
    if (seconds := number(rest, 0, 86_400)) is not None:
        member["wrap_up"] = seconds
    if is_yes(paused):
        member["paused"] = True
    queue.setdefault("members", []).append(member)
    return True
