"""Applications of services that an office may not have: voicemail, queues, follow-me, directory.

A file that names them loads. Where the service is not there, each says so: its status variable has what Asterisk
gives for a mailbox or queue that does not exist, the caller hears that the service cannot be had, and the
script goes on; where nothing else is done for a caller whom nobody answered, the call ends with cause 79. A service
that comes to an office takes its names out of here with a family of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.script import Application, Script
from gateway.core.cause import Cause
from gateway.core.ending import Act

__all__ = ["APPLICATIONS", "SERVICES"]

_ANNOUNCEMENT: Final = "service-not-available"
_STATUS: Final[Mapping[str, tuple[str, str]]] = {
    "AddQueueMember": ("AQMSTATUS", "NOSUCHQUEUE"),
    "MailboxExists": ("VMBOXEXISTSSTATUS", "FAILED"),
    "PauseQueueMember": ("PQMSTATUS", "NOTFOUND"),
    "Queue": ("QUEUESTATUS", "UNKNOWN"),
    "RemoveQueueMember": ("RQMSTATUS", "NOSUCHQUEUE"),
    "UnpauseQueueMember": ("UPQMSTATUS", "NOTFOUND"),
    "VMAuthenticate": ("VM_AUTHENTICATE_STATUS", "FAILED"),
    "VoiceMail": ("VMSTATUS", "FAILED"),
    "VoiceMailPlayMsg": ("VOICEMAIL_PLAYBACKSTATUS", "FAILED"),
}
"""What each sets where there is nothing of the name that it is given."""
_NAMES: Final[Mapping[str, str]] = {
    "voicemail": "MailboxExists VMAuthenticate VMSayName VoiceMail VoiceMailMain VoiceMailPlayMsg",
    "queues": "AddQueueMember PauseQueueMember Queue QueueLog QueueUpdate RemoveQueueMember UnpauseQueueMember",
    "announced parking": "ParkAndAnnounce",
    "follow-me": "FollowMe",
    "directory": "Directory",
}
_SILENT: Final = frozenset(
    "AddQueueMember MailboxExists PauseQueueMember QueueLog QueueUpdate RemoveQueueMember "
    "UnpauseQueueMember".split()
)
"""Those that a caller does not notice: they are for the office's own books."""


SERVICES: Final[Mapping[str, str]] = {
    name.lower(): service for service, names in _NAMES.items() for name in names.split()
}
"""The service that each application belongs to, by the application's name in small letters."""


def _application(name: str, service: str) -> Application:
    """What stands for an application whose service is not there."""

    async def application(script: Script, arguments: str) -> None:
        told = f"{name}: this office has no {service}"
        script.note(told)
        if name in _STATUS:
            script.assign(*_STATUS[name])
        if name in _SILENT:
            return
        if not script.leg.answered:
            evidence = f"{told}, at {script.place.short}"
            script.refusal = script.ending(Cause.SERVICE_NOT_IMPLEMENTED, Act.REFUSED, evidence)
            script.cause = script.refusal.cause
            script.leg.early_media()
        sound = script.switch.sounds.prompt(_ANNOUNCEMENT, script.language)
        await script.leg.play([sound] if sound is not None else [])

    status = f" {' says '.join(_STATUS[name])}." if name in _STATUS else ""
    heard = "" if name in _SILENT else " The caller hears so, and the script goes on."
    application.__doc__ = f"`{name}(...)`: not there: the office has no {service}.{status}{heard}"
    return application


APPLICATIONS: Final[Mapping[str, Application]] = {
    name: _application(name, service) for service, names in _NAMES.items() for name in names.split()
}
