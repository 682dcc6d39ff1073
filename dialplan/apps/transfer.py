"""Applications that send people elsewhere: Transfer BlindTransfer AttendedTransfer Bridge Pickup PickupChan.

Asterisk apps/app_transfer.c, app_blind_transfer.c, app_attended_transfer.c, main/bridge.c,
apps/app_directed_pickup.c.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.script import Application, Script
from gateway.core.operator import Ringing
from gateway.core.switch import Place

__all__ = ["APPLICATIONS"]


async def transfer(script: Script, arguments: str) -> None:
    """`Transfer([TECH/]destination)`: have the caller's own side call there; TRANSFERSTATUS says what came of it.

    SUCCESS, FAILURE, or UNSUPPORTED where the caller's technology has no means for it (only SIP has).
    """
    destination = arguments.strip()
    technology, slash, rest = destination.partition("/")
    if slash and technology.upper() in ("SIP", "PJSIP"):
        destination = rest
    told = await script.leg.redirect(destination) if destination else None
    if not destination:
        status = "FAILURE"
    elif told is None:
        status = "UNSUPPORTED"
    else:
        status = "SUCCESS" if told.cause is None else "FAILURE"
    script.assign("TRANSFERSTATUS", status)
    script.assign("TRANSFERSTATUSPROTOCOL", "0" if told is None or told.cause is None else str(int(told.cause)))


def _place(script: Script, arguments: str) -> Place:
    """Read `extension[,context]`, the context as transfers take it where none is written."""
    words = [*split(arguments, limit=2), ""]
    context = words[1].strip() or script.variable("TRANSFER_CONTEXT") or script.location.context
    return Place(context, words[0].strip())


async def blind_transfer(script: Script, arguments: str) -> None:
    """`BlindTransfer(extension[,context])`: send whom this leg talks with there.

    BLINDTRANSFERSTATUS says SUCCESS, INVALID where there is no such extension, FAILURE where it talks with nobody.
    """
    place = _place(script, arguments)
    if not script.operator.exists(place, script.leg.party.number):
        status = "INVALID"
    else:
        status = "SUCCESS" if script.operator.blind_transfer(script.leg, place) else "FAILURE"
    script.assign("BLINDTRANSFERSTATUS", status)


async def attended_transfer(script: Script, arguments: str) -> None:
    """`AttendedTransfer(channel)`: join whom this leg talks with and whom that one talks with or rings.

    ATTENDEDTRANSFERSTATUS says SUCCESS, or FAILURE with the reason in the call's story.
    """
    second = script.operator.find(arguments.strip())
    why = "there is no such channel" if second is None else script.operator.attended_transfer(script.leg, second)
    if why:
        script.note(f"AttendedTransfer: {why}")
    script.assign("ATTENDEDTRANSFERSTATUS", "FAILURE" if why else "SUCCESS")


async def bridge(script: Script, arguments: str) -> None:
    """`Bridge(channel)`: talk with a channel, whatever it is about; BRIDGERESULT says how that went.

    SUCCESS, NONEXISTENT, or LOOP where it is this very channel.
    """
    other = script.operator.find(split(arguments)[0].strip())
    if other is None or other is script.leg:
        script.assign("BRIDGERESULT", "NONEXISTENT" if other is None else "LOOP")
        return
    script.assign("BRIDGERESULT", "SUCCESS")
    script.assign("BRIDGEPEER", other.name)
    await script.operator.join(script.leg, other)


async def _pick_up(script: Script, choices: list[Callable[[Ringing], bool]]) -> None:
    """Answer the first ringing leg that one of `choices` means; go on where none rings."""
    ringing = [each for each in script.operator.ringing() if each.caller is not script.leg]
    for means in choices:
        for each in ringing:
            if means(each):
                script.assign("PICKUPRESULT", "SUCCESS")
                await script.operator.pick_up(script.leg, each)
                return
    script.assign("PICKUPRESULT", "FAILURE")
    script.note("Pickup: nobody rings there")


def _dialled(word: str, here: str) -> Callable[[Ringing], bool]:
    extension, _, context = word.strip().partition("@")
    if context == "PICKUPMARK":
        return lambda each: (
            each.leg.variables.get("PICKUPMARK", each.caller.variables.get("PICKUPMARK")) == extension
        )

    def means(each: Ringing) -> bool:
        wanted = (extension, context or here)
        return wanted in ((each.caller.called, each.caller.context), (each.leg.called, each.leg.context))

    return means


def _of_my_groups(script: Script) -> Callable[[Ringing], bool]:
    return lambda each: script.operator.may_pick_up(script.leg, each)


async def pickup(script: Script, arguments: str) -> None:
    """`Pickup([extension[@context][&...]])`: answer the call that rings there; without one, what rings longest of
    those that the caller's pickup groups may take.

    `extension` is the number that was called, or the telephone that rings; `mark@PICKUPMARK` means the calls whose
    variable PICKUPMARK says so. PICKUPRESULT says SUCCESS or FAILURE.
    """
    words = [word for word in split(arguments)[0].split("&") if word.strip()]
    here = script.location.context
    await _pick_up(script, [_dialled(word, here) for word in words] or [_of_my_groups(script)])


async def pick_up_channel(script: Script, arguments: str) -> None:
    """`PickupChan(channel[&...][,p])`: answer the call for that channel; with `p` a part of its name is enough."""
    words = [*split(arguments), ""]
    part = "p" in words[1]

    def named(name: str) -> Callable[[Ringing], bool]:
        wanted = name.strip().lower()
        found = script.operator.find(name.strip())
        return lambda each: (
            each.leg is found
            or each.leg.name.lower().startswith(f"{wanted}-")
            or (part and wanted in each.leg.name.lower())
        )

    await _pick_up(script, [named(word) for word in words[0].split("&") if word.strip()])


APPLICATIONS: Final[Mapping[str, Application]] = {
    "AttendedTransfer": attended_transfer,
    "BlindTransfer": blind_transfer,
    "Bridge": bridge,
    "Pickup": pickup,
    "PickupChan": pick_up_channel,
    "Transfer": transfer,
}
