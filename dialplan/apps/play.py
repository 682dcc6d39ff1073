"""Applications that let a leg hear something: Playback Playtones StopPlaytones Milliwatt Echo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.script import Application, Script
from gateway.core.audio import Sound

__all__ = ["APPLICATIONS", "bare", "find_sounds", "sound_named"]

_OFFICES: Final = (
    "/var/lib/asterisk/sounds/",
    "/usr/share/asterisk/sounds/",
    "/var/spool/asterisk/",
)
"""Folders whose files older dialplans name in full."""


def bare(name: str) -> str:
    """The name of a sound, of one that may be a path of Asterisk's."""
    for folder in _OFFICES:
        name = name.removeprefix(folder)
    return name.lstrip("/")


def sound_named(script: Script, name: str, language: str = "") -> Sound | None:
    """The sound of a name: a recording of this call, or a prompt; None where there is none."""
    known = bare(name)
    return script.recordings.get(known) or script.switch.sounds.prompt(known, language or script.language)


def find_sounds(script: Script, names: str, language: str = "") -> tuple[list[Sound], list[str]]:
    """The sounds of `name&name`, and the names of which there is none; recordings of this call come first."""
    found: list[Sound] = []
    missing: list[str] = []
    for name in filter(None, (part.strip() for part in names.split("&"))):
        sound = sound_named(script, name, language)
        if sound is None:
            missing.append(name)
            script.note(f"no prompt {name!r}")
        else:
            found.append(sound)
    return found, missing


async def playback(script: Script, arguments: str) -> None:
    """`Playback(file[&file...][,options])`: play prompts to their end; PLAYBACKSTATUS says SUCCESS or FAILED.

    Answers first, unless the options are `noanswer` (play as early media) or `skip` (nothing unless answered).
    """
    words = split(arguments, limit=2)
    chosen = {word.strip().lower() for word in words[1].replace("&", ",").split(",")} if len(words) > 1 else set()
    if "skip" in chosen and not script.leg.answered:
        script.assign("PLAYBACKSTATUS", "SUCCESS")
        return
    if "noanswer" not in chosen:
        await script.leg.answer()
    elif not script.leg.answered:
        script.leg.early_media()
    sounds, missing = find_sounds(script, words[0])
    await script.leg.play(sounds)
    script.assign("PLAYBACKSTATUS", "FAILED" if missing or not sounds else "SUCCESS")


async def playtones(script: Script, arguments: str) -> None:
    """`Playtones(name)`: play a call progress tone while the script goes on."""
    tone = script.switch.sounds.tone(arguments.strip())
    if not script.leg.answered:
        script.leg.early_media()
    script.leg.audio.play(tone)


async def stop_playtones(script: Script, arguments: str) -> None:
    """`StopPlaytones()`: end what Playtones began."""
    script.leg.audio.stop()


async def milliwatt(script: Script, arguments: str) -> None:
    """`Milliwatt()`: play 1004 Hz at 0 dBm0 until the leg hangs up."""
    await script.leg.play([script.switch.sounds.tone("milliwatt")])


async def echo(script: Script, arguments: str) -> None:
    """`Echo()`: send back what comes in, until # is pressed or the leg hangs up."""
    script.leg.audio.echo()
    while await script.leg.digit() != "#":
        continue
    script.leg.audio.part()


APPLICATIONS: Final[Mapping[str, Application]] = {
    "Echo": echo,
    "Milliwatt": milliwatt,
    "Playback": playback,
    "Playtones": playtones,
    "StopPlaytones": stop_playtones,
}
