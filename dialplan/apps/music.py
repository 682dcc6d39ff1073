"""MusicOnHold StartMusicOnHold StopMusicOnHold: let a leg hear the office's music (Asterisk main/asterisk.c,
res/res_musiconhold.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.arguments import split
from dialplan.script import Application, Script
from gateway.core.audio import Sound

__all__ = ["APPLICATIONS"]


def _music(script: Script, name: str) -> Sound:
    """The music of a class; of the leg's own, CHANNEL(musicclass), where none is named."""
    return script.switch.sounds.music(name.strip() or script.read("CHANNEL", "musicclass") or "default")


async def music_on_hold(script: Script, arguments: str) -> None:
    """`MusicOnHold([class[,seconds]])`: let the caller hear music, until it hangs up or the time is over."""
    words = [*split(arguments, limit=2), "", ""]
    if not script.leg.answered:
        script.leg.early_media()
    script.leg.audio.play(_music(script, words[0]))
    length = seconds(words[1])
    if length is None:
        await script.leg.released()
        return
    await script.leg.wait(length)
    script.leg.audio.stop()


async def start_music(script: Script, arguments: str) -> None:
    """`StartMusicOnHold([class])`: let the caller hear music while the script goes on."""
    if not script.leg.answered:
        script.leg.early_media()
    script.leg.audio.play(_music(script, arguments))


async def stop_music(script: Script, arguments: str) -> None:
    """`StopMusicOnHold()`: end what StartMusicOnHold began."""
    script.leg.audio.stop()


APPLICATIONS: Final[Mapping[str, Application]] = {
    "MusicOnHold": music_on_hold,
    "StartMusicOnHold": start_music,
    "StopMusicOnHold": stop_music,
}
