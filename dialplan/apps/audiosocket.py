"""AudioSocket: let a program on the network hear the caller and speak to it (Asterisk apps/app_audiosocket.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from dialplan.arguments import split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from gateway.core.ending import Act
from gateway.core.switch import DialOptions, Target

__all__ = ["APPLICATIONS"]

_PATIENCE: Final = 10.0
"""Seconds for the program to be there."""


async def audio_socket(script: Script, arguments: str) -> None:
    """`AudioSocket(uuid,host:port)`: let a program hear the caller and speak, until either hangs up.

    The caller is not answered by that. Once the program hangs up the script goes on; where it cannot be reached, or
    breaks off, the call ends. The same program as a party of its own: `Dial(AudioSocket/host:port/uuid)`.
    """
    uuid, server, *_ = [*(word.strip() for word in split(arguments)), "", ""]
    try:
        UUID(uuid)
    except ValueError as fault:
        raise ScriptError(f"AudioSocket: {uuid[:60]!r} is no UUID: write AudioSocket(UUID,HOST:PORT)") from fault
    if not server or "/" in server:
        raise ScriptError(f"AudioSocket: {server[:60]!r} is no server: write AudioSocket(UUID,HOST:PORT)")
    if not script.leg.answered:
        script.leg.early_media()
    target = Target("AudioSocket", f"{server}/{uuid}")
    outcome = await script.switch.dial(script.leg, [target], DialOptions(timeout=_PATIENCE, muffled=True))
    if outcome.leg is None:
        raise ScriptError(f"AudioSocket: {outcome.ending}")
    end = await script.switch.bridge(script.leg, outcome.leg)
    if end.ending is not None and end.ending.act is Act.FAILED:
        raise ScriptError(f"AudioSocket: {end.ending}")


APPLICATIONS: Final[Mapping[str, Application]] = {"AudioSocket": audio_socket}
