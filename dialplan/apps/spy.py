"""ChanSpy ExtenSpy: listen to calls, whisper to one side of them, or barge in (Asterisk apps/app_chanspy.c).

Listening costs the call nothing: it goes on as before, nobody in it hears anything of it. Who spies is never spied
on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.arguments import options, split
from dialplan.script import Application, Script
from dialplan.state import Location
from gateway.core.errors import CopperlineError
from gateway.core.recording import RecordingPlan
from gateway.core.room import NONE, TALK, WHISPER, Manner, Room, Seat
from gateway.core.switch import HungUp, Leg

__all__ = ["APPLICATIONS", "OPTIONS"]

OPTIONS: Final = frozenset("bBcdeEglnoqrsSuvwWxX")
"""Letters that are built in; `l` is about a queue that is not needed here, `n` about names in mailboxes, which
without any are spelt."""
_LOOK: Final = 0.2
"""Seconds between two looks whether the call listened to is still there, and for others."""
_DOUBLE: Final = 6.0206
"""dB of a step of volume."""
_LOUDEST: Final = 4
_SPYING: Final = "SPYING"
"""The variable, of a name that no dialplan can write, by which a leg that spies is known."""
_MODES: Final = {"4": "", "5": "w", "6": "B"}
"""With option d: listen, whisper, barge in."""


class _Watch:
    """One leg being listened to by another."""

    def __init__(self, script: Script, target: Leg, mode: str, volume: int, one_side: bool) -> None:
        self.target = target
        self._mode = mode
        self._volume = volume
        self._tells = NONE if one_side else TALK
        self.room: Room = script.switch.media.room()
        try:
            self._theirs: Seat = self.room.sit(target.audio, self._their_manner())
            self._ours: Seat = self.room.sit(script.leg.audio, self._our_manner())
        except BaseException:
            self.room.close()
            raise

    def set_mode(self, mode: str) -> None:
        """Listen (""), whisper (w), whisper without hearing (W) or barge in (B) from now on."""
        self._mode = mode
        self._theirs.change(self._their_manner())
        self._ours.change(self._our_manner())

    def set_volume(self, volume: int) -> None:
        """Hear it louder or less loud."""
        self._volume = volume
        self._ours.change(self._our_manner())

    def _their_manner(self) -> Manner:
        return Manner(
            tells=self._tells,
            hears=WHISPER if self._mode else NONE,
            through=WHISPER if self._mode == "B" else NONE,
        )

    def _our_manner(self) -> Manner:
        return Manner(
            talks=WHISPER if self._mode else NONE,
            hears=NONE if self._mode == "W" else TALK,
            gain_out=_DOUBLE * self._volume,
        )


class _Spy:
    """A run of ChanSpy or ExtenSpy.

    Args:
        wanted: whether a leg is one of those to listen to.
        named: the leg that a number keyed in means, or None; None where numbers mean nothing.
    """

    def __init__(
        self,
        script: Script,
        chosen: Mapping[str, str],
        wanted: Callable[[Leg], bool],
        named: Callable[[str], Leg | None] | None,
    ) -> None:
        self._script = script
        self._chosen = chosen
        self._wanted = wanted
        self._named = named
        self._mode = next((letter for letter in "BWw" if letter in chosen), "")
        self._volume = _volume(chosen.get("v", ""))
        self._next_key = (chosen.get("c") or "*")[:1]
        self._exit_key = chosen.get("x", "")[:1]
        self._keyed = ""
        self._pick: Leg | None = None

    async def run(self) -> None:
        """Listen to one call after the other, until the leg hangs up or asks for the end."""
        heard: list[str] = []
        while True:
            target = self._pick or self._choose(heard)
            self._pick = None
            if target is None and "S" in self._chosen:
                return
            if target is None:
                key = await self._script.leg.digit(_LOOK)
                if key and self._leaves(key):
                    return
                continue
            heard.append(target.name)
            await self._announce(target)
            if await self._listen(target) or "E" in self._chosen:
                return

    def _choose(self, heard: list[str]) -> Leg | None:
        """The next leg to listen to that has not been in this round; a new round where all have."""
        fit = [leg for leg in self._script.operator.legs() if self._fits(leg)]
        fresh = [leg for leg in fit if leg.name not in heard]
        if not fresh:
            heard.clear()
            fresh = fit
        return fresh[0] if fresh else None

    def _fits(self, leg: Leg) -> bool:
        if leg is self._script.leg or leg.ending is not None or _SPYING in leg.variables or not self._wanted(leg):
            return False
        if "b" in self._chosen and self._script.operator.partner(leg) is None:
            return False
        groups = leg.variables.get("SPYGROUP", "").split(":")
        if self._chosen.get("g") and not set(self._chosen["g"].split(":")) & set(groups):
            return False
        allowed = self._chosen.get("e", "").split(":")
        return "e" not in self._chosen or _address(leg) in allowed

    async def _announce(self, target: Leg) -> None:
        """Say whom it is about to hear."""
        if "q" in self._chosen:
            return
        sounds = self._script.switch.sounds
        beep = sounds.prompt("beep", self._script.language)
        name = _address(target) if "s" in self._chosen else f"{target.technology}{_address(target)}"
        await self._script.leg.play(
            [*([beep] if beep is not None else []), *sounds.spell(name, self._script.language)]
        )

    async def _listen(self, target: Leg) -> bool:
        """Listen to one leg; True where the spy wants to leave."""
        script = self._script
        try:
            watch = _Watch(script, target, self._mode, self._volume, "o" in self._chosen)
        except (CopperlineError, RuntimeError, HungUp) as fault:
            if script.leg.ending is not None:
                raise
            script.note(f"{target.name} cannot be listened to: {fault}")
            await script.leg.wait(_LOOK)
            return False
        script.assign("SPY_CHANNEL", target.name)
        script.note(f"listens to {target.name}")
        try:
            if "r" in self._chosen:
                self._record(watch)
            while target.ending is None:
                key = await script.leg.digit(_LOOK)
                if key and self._leaves(key):
                    return True
                if key and self._moves_on(key, watch):
                    return False
        finally:
            watch.room.close()
        return False

    def _record(self, watch: _Watch) -> None:
        script = self._script
        name = f"{self._chosen['r'] or 'chanspy'}.{int(script.switch.now().timestamp())}.wav"
        try:
            script.switch.media.record(watch.room, RecordingPlan(name), script.leg.note)
        except CopperlineError as fault:
            script.note(f"no recording: {fault}")

    def _leaves(self, key: str) -> bool:
        """Whether a key ends the application."""
        if key == self._exit_key:
            return True
        if "X" not in self._chosen:
            return False
        script = self._script
        context = script.variable("SPY_EXIT_CONTEXT") or script.location.context
        if script.find(context, key) is None:
            return False
        script.go_to(Location(context, key, 1))
        return True

    def _moves_on(self, key: str, watch: _Watch) -> bool:
        """Do what a key says; whether another call is to be listened to now."""
        if "d" in self._chosen and key in _MODES:
            self._mode = _MODES[key]
            watch.set_mode(self._mode)
            return False
        if key == self._next_key:
            self._keyed = ""
            return True
        if key == "#" and self._keyed and self._named is not None:
            self._pick, self._keyed = self._named(self._keyed), ""
            return self._pick is not None
        if key == "#":
            self._volume = self._volume + 1 if self._volume < _LOUDEST else -_LOUDEST
            watch.set_volume(self._volume)
        elif key.isdecimal():
            self._keyed = (self._keyed + key)[-20:]
        return False


def _volume(text: str) -> int:
    steps = seconds(text.lstrip("-"), 0.0) or 0.0
    return max(-_LOUDEST, min(_LOUDEST, round(-steps if text.startswith("-") else steps)))


def _address(leg: Leg) -> str:
    """What stands between the slash and the number of a channel's name."""
    return leg.name.partition("/")[2].rpartition("-")[0] or leg.name.partition("/")[2]


async def _spy(
    script: Script,
    text: str,
    wanted: Callable[[Leg], bool],
    named: Callable[[str], Leg | None] | None = None,
) -> None:
    chosen = options(text)
    for letter in sorted(set(chosen) - OPTIONS):
        script.note(f"option {letter} is not known and does nothing")
    await script.leg.answer()
    script.leg.variables[_SPYING] = "1"
    try:
        await _Spy(script, chosen, wanted, named).run()
    finally:
        script.leg.variables.pop(_SPYING, None)


async def chan_spy(script: Script, arguments: str) -> None:
    """`ChanSpy([beginning of a channel's name][,options])`: listen to those channels, one after the other.

    Keys: `*` the next one; a number and `#` the channel with that number after the beginning; `#` alone louder.
    Options: `b` only who talks with somebody; `B` barge in: both sides hear the spy; `c(key)` in place of `*`; `d`
    keys 4, 5, 6 listen, whisper, barge in; `e(address:address)` only these; `E` end with the first call heard;
    `g(group:group)` only channels whose variable SPYGROUP names one; `o` only what that channel says; `q` no beep
    and no name before it; `r(name)` record what is heard; `s` leave the technology out of the name; `S` end when
    there is nobody to listen to; `u` the channel of that very name; `v(-4..4)` volume; `w` whisper: that channel
    alone hears the spy; `W` whisper without hearing anything; `x(key)` ends it; `X` a key goes to that extension,
    in SPY_EXIT_CONTEXT or here.
    SPY_CHANNEL is who was heard last.
    """
    words = [*split(arguments, limit=2), ""]
    stem = words[0].strip().lower()

    def named(digits: str) -> Leg | None:
        return script.operator.find(f"{stem.rstrip('/')}/{digits}" if stem else digits)

    whole = "u" in options(words[1])

    def wanted(leg: Leg) -> bool:
        name = leg.name.lower()
        return name == stem if whole else name.startswith(stem)

    await _spy(script, words[1], wanted, named)


async def exten_spy(script: Script, arguments: str) -> None:
    """`ExtenSpy(extension[@context][,options])`: listen to calls for it, with the keys and options of ChanSpy."""
    words = [*split(arguments, limit=2), ""]
    extension, _, context = words[0].strip().partition("@")
    context = context or script.location.context
    await _spy(script, words[1], lambda leg: leg.called == extension and leg.context == context)


APPLICATIONS: Final[Mapping[str, Application]] = {"ChanSpy": chan_spy, "ExtenSpy": exten_spy}
