"""Applications that reach other channels by name: ChannelRedirect SoftHangup (Asterisk apps/app_channelredirect.c,
app_softhangup.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from gateway.core.cause import Cause
from gateway.core.ending import Act
from gateway.core.switch import Place

__all__ = ["APPLICATIONS"]


async def redirect(script: Script, arguments: str) -> None:
    """`ChannelRedirect(channel,[[context,]extension,]priority)`: send another channel to a place of the dialplan.

    CHANNELREDIRECT_STATUS says SUCCESS or NOCHANNEL, the latter also of one that somebody calls.
    """
    name, *place = split(arguments, limit=2)
    if not place:
        raise ScriptError("ChannelRedirect wants a channel and a place")
    location = script.locate(place[0])
    found = script.operator.find(name.strip())
    sent = found is not None and script.operator.send(found, Place(*location))
    script.assign("CHANNELREDIRECT_STATUS", "SUCCESS" if sent else "NOCHANNEL")


async def hang_up(script: Script, arguments: str) -> None:
    """`SoftHangup(TECH/address[-number][,a])`: end that channel; with `a` all channels of that device."""
    words = [*split(arguments), ""]
    wanted = words[0].strip()
    device = wanted.rpartition("-")[0] or wanted
    ending = script.ending(Cause.NORMAL_CLEARING, Act.HUNG_UP, f"SoftHangup at {script.place.short}")
    if "a" in words[1]:
        stem = f"{device.lower()}-"
        found = [leg for leg in script.operator.legs() if leg.name.lower().startswith(stem)]
    else:
        one = script.operator.find(wanted)
        found = [] if one is None else [one]
    for leg in found:
        script.operator.hang_up(leg, ending)
    if not found:
        script.note(f"SoftHangup: there is no channel {wanted}")


APPLICATIONS: Final[Mapping[str, Application]] = {"ChannelRedirect": redirect, "SoftHangup": hang_up}
