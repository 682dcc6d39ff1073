"""Functions on services that an office may not have: mailboxes, queues.

They tell the truth of an office without them: there is no such mailbox or queue. Asterisk
apps/app_voicemail.c, app_queue.c.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dialplan.script import Function, Script

__all__ = ["FUNCTIONS"]


def _none(service: str, value: str) -> Callable[[Script, str], str]:
    def read(script: Script, arguments: str) -> str:
        if not value:
            script.note(f"this office has no {service}: {arguments[:60]!r} is not known")
        return value

    return read


def _information(script: Script, arguments: str) -> str:
    """`VM_INFO(mailbox,attribute[,folder])`: 0 for `exists` and `count`, nothing for all else."""
    attribute = arguments.partition(",")[2].partition(",")[0].strip().lower()
    return _none("voicemail", "0" if attribute in ("exists", "count") else "")(script, arguments)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "MAILBOX_EXISTS": Function(_none("voicemail", "0")),
    "QUEUE_EXISTS": Function(_none("queues", "0")),
    "QUEUE_MEMBER": Function(_none("queues", "0")),
    "QUEUE_MEMBER_COUNT": Function(_none("queues", "0")),
    "QUEUE_MEMBER_LIST": Function(_none("queues", "")),
    "QUEUE_MEMBER_PENALTY": Function(_none("queues", "")),
    "QUEUE_VARIABLES": Function(_none("queues", "-1")),
    "QUEUE_WAITING_COUNT": Function(_none("queues", "0")),
    "VMCOUNT": Function(_none("voicemail", "0")),
    "VM_INFO": Function(_information),
}
