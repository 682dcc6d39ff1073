"""Park ParkedCall: let a caller wait in a numbered place until somebody takes the call from any telephone.

Asterisk res/parking/parking_applications.c, res/res_parking.c.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.apps.play import find_sounds
from dialplan.arguments import options, split
from dialplan.script import Application, Script
from dialplan.state import Location
from gateway.core.cause import Cause
from gateway.core.ending import Act
from gateway.core.parking import DEFAULT_LOT, WANTED_PLACE, Lot, Parked
from gateway.core.switch import Place

__all__ = ["APPLICATIONS"]

_FAILED: Final = "pbx-parkingfailed"
_TRANSFERS: Final = ("BLINDTRANSFER", "ATTENDEDTRANSFER")
"""Variables that name the leg which sent this one here."""


def _lot(script: Script, name: str) -> Lot | None:
    """The lot of that name; of CHANNEL(parkinglot), or the default one, where none is named."""
    wanted = name.strip() or script.read("CHANNEL", "parkinglot") or DEFAULT_LOT
    lot = script.operator.parking.lots.get(wanted)
    if lot is None:
        known = ", ".join(sorted(script.operator.parking.lots)) or "none"
        script.note(f"there is no parking lot {wanted[:40]!r}; known are {known}")
    return lot


async def park(script: Script, arguments: str) -> None:
    """`Park([lot][,options])`: the caller waits in the next free place of a lot, hears its music, and can be taken
    back by ParkedCall from there.

    Who parks itself hears the number of its place. PARKINGSLOT and PARKEDLOT tell it, PARKER and PARKER_FLAT who
    parked the call. Once the time of the lot is over, who parked it is called; or the call goes on in the lot's
    context `comeback`, at the extension PARKER_FLAT, or else `s`. PARKINGEXTEN wants a place. Where there is no
    place or no such lot, the script goes on. Options: `c([[context,]extension,]priority)` where it goes on then;
    `r` ringing, not music; `R` any free place; `s` the place is not said; `t(seconds)` the time.
    """
    words = [*split(arguments, limit=2), ""]
    chosen = options(words[1])
    time = seconds(chosen.get("t", ""))
    back = script.locate(chosen["c"]) if chosen.get("c") else None
    lot = _lot(script, words[0])
    leg = script.leg
    sent_by = next((name for each in _TRANSFERS if (name := leg.variables.get(each, ""))), "")
    location = script.location
    parked = None
    if lot is not None:
        parked = script.operator.parking.park(
            leg,
            lot,
            parker=sent_by or leg.name,
            step=Place(location.context, location.extension, location.priority),
            wanted=leg.variables.pop(WANTED_PLACE, ""),
            by_chance="R" in chosen,
        )
    if lot is None or parked is None:
        leg.note("no place to park the call in")
        await _failed(script, silent=bool(sent_by))
        return
    try:
        _name(script, parked)
        await leg.answer()
        if not sent_by and "s" not in chosen:
            await leg.play(script.switch.sounds.spell(str(parked.number), script.language))
        await _wait(script, parked, lot.time if time is None else time, ringing="r" in chosen)
    finally:
        script.operator.parking.leave(parked)
        if leg.ending is None:
            leg.audio.stop()
    leg.note(f"nobody has taken the call from place {parked.number}")
    if back is not None:
        script.go_to(back)
    else:
        await _come_back(script, parked)


def _name(script: Script, parked: Parked) -> None:
    """Set the variables that tell of a parked call."""
    device = parked.parker.rpartition("-")[0] or parked.parker
    for name, value in (
        ("PARKINGSLOT", str(parked.number)),
        ("PARKING_SPACE", str(parked.number)),
        ("PARKEDLOT", parked.lot.name),
        ("PARKER", device),
        ("PARKER_FLAT", device.replace("/", "_")),
    ):
        script.assign(name, value)
    script.note(f"parked in place {parked.number} of {parked.lot.name}, by {device}")


async def _wait(script: Script, parked: Parked, time: float, *, ringing: bool) -> None:
    """Wait until the time is over; who takes the call meanwhile takes it out of this script."""
    sounds = script.switch.sounds
    name = parked.lot.music or script.read("CHANNEL", "musicclass") or "default"
    script.leg.audio.play(sounds.tone("ring") if ringing else sounds.music(name))
    await script.leg.wait(time)
    while parked.claimed:
        await script.leg.wait(1.0)


async def _come_back(script: Script, parked: Parked) -> None:
    """Call who parked it, or go on where the lot wants that."""
    lot, flat = parked.lot, script.variable("PARKER_FLAT")
    if lot.ring is None:
        context = lot.comeback or "default"
        number = script.leg.party.number
        known = script.operator.exists(Place(context, flat), number)
        script.go_to(Location(context, flat if known else "s", 1))
        return
    await script.execute("Dial", f"{script.variable('PARKER')},{lot.ring:g}")
    if script.leg.ending is None:
        raise script.hang_up(script.ending(Cause.NORMAL_CLEARING, Act.HUNG_UP, "the parked call is over"))


async def _failed(script: Script, *, silent: bool) -> None:
    """Say that it has failed; who was sent here goes back unspoken to, so that the transfer fails."""
    if not silent:
        sound = script.switch.sounds.prompt(_FAILED, script.language)
        if not script.leg.answered:
            script.leg.early_media()
        await script.leg.play([sound] if sound is not None else [])


async def parked_call(script: Script, arguments: str) -> None:
    """`ParkedCall([lot,][place])`: take a call back, and talk; without a place the one in the lowest of them.

    Where nobody is parked there, the caller hears so and the script goes on.
    """
    words = split(arguments, limit=2)
    name, number = (words[0], words[1].strip()) if len(words) > 1 else ("", words[0].strip())
    lots = script.operator.parking
    if len(words) == 1 and number in lots.lots:
        name, number = number, ""
    lot = _lot(script, name)
    parked = None if lot is None else lots.find(lot, number)
    if lot is None or parked is None or parked.leg is script.leg:
        script.note(f"ParkedCall: nobody is parked in place {number[:20] or 'any'}")
        await script.leg.answer()
        await _failed(script, silent=False)
        return
    parked.claimed = True
    try:
        await script.leg.answer()
        await _sound(script, parked)
        parked.leg.features |= lot.parked_may
        script.leg.features |= lot.caller_may
        script.note(f"takes {parked.leg.peer} from place {parked.number} of {lot.name}")
        await script.operator.join(script.leg, parked.leg)
    finally:
        parked.claimed = False
    raise script.hang_up(script.ending(Cause.NORMAL_CLEARING, Act.HUNG_UP, "the talk is over"))


async def _sound(script: Script, parked: Parked) -> None:
    """Let be heard that the call is taken back."""
    found, _ = find_sounds(script, parked.lot.tone)
    if not found:
        return
    if parked.lot.tone_to != "caller" and parked.leg.ending is None:
        parked.leg.audio.play(found[0])
    if parked.lot.tone_to == "parked":
        await script.leg.wait(found[0].duration)
    else:
        await script.leg.play(found)


APPLICATIONS: Final[Mapping[str, Application]] = {"Park": park, "ParkedCall": parked_call}
