"""MixMonitor StopMixMonitor Monitor StopMonitor PauseMonitor UnpauseMonitor: record what a leg says and hears.

A recording goes on while the script does, and ends with the leg. Files lie in the configuration's folder of
recordings, whatever their names; commands after a recording run only where the configuration allows commands.
Asterisk apps/app_mixmonitor.c, res/res_monitor.c.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.arguments import options, split
from dialplan.functions.machine import run_command
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError, mark
from gateway.core.audio import Side
from gateway.core.errors import CopperlineError
from gateway.core.recording import Recording, RecordingPlan
from gateway.core.switch import HungUp, Moved

__all__ = ["APPLICATIONS", "OPTIONS"]

OPTIONS: Final = frozenset("abBcdDinprtPSvVW")
"""Letters that are built in; `c` and `n` and `S` say what is so anyway: files begin together and stay together."""
_DOUBLE: Final = 6.0206
"""dB by which a step of v, V, W doubles the voltage."""
_STEPS: Final = 4
_OWN: Final = ""
"""Under which the recordings of Monitor are kept, which has no numbers."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What MixMonitor was asked for."""

    plans: Sequence[RecordingPlan]
    command: str
    values: Sequence[str]
    delete: bool


async def mix_monitor(script: Script, arguments: str) -> None:
    """`MixMonitor([file.wav][,options[,command]])`: record both sides of this leg, added up, until it is over.

    Options: `a` append; `b` only while talking with somebody; `B(seconds)` a beep every so often; `D` what it says
    on the left, what it hears on the right; `d` delete the file in the end, once the command has run; `i(variable)`
    keep the recording's number there for StopMixMonitor; `p` and `P` a beep at the beginning, and at the end;
    `r(file)` and `t(file)` what the leg says, and what it hears, in files of their own; `v(x)` and `V(x)` make what
    it says, or hears, louder by 2^x (-4..4), `W(x)` both.
    MIXMONITOR_FILENAME is the file. A `.wav` has 16000 samples a second where the leg carries so many, else 8000; a
    `.wav16` or `.sln16` always 16000, `.sln .ulaw .alaw` 8000.
    """
    words = [*split(arguments, limit=3, raw=True), "", ""]
    chosen = options(script.plain(words[1]))
    for letter in sorted(set(chosen) - OPTIONS):
        script.note(f"MixMonitor: option {letter} is not known and does nothing")
    order = _order(script, script.plain(words[0]).strip(), chosen, words[2])
    made = _begin(script, order)
    number = str(max((int(key) for key in script.share.recordings if key), default=0) + 1)
    script.share.recordings[number] = made
    if chosen.get("i"):
        script.assign(chosen["i"], number)
    script.assign("MIXMONITOR_FILENAME", str(made[0].path))
    _look_after(script, order, made, chosen)


def _order(script: Script, name: str, chosen: Mapping[str, str], command: str) -> _Order:
    said = _gain(chosen, "v")
    heard = _gain(chosen, "V")
    append, joined = "a" in chosen, "b" in chosen
    both = Side.STEREO if "D" in chosen else Side.BOTH
    wanted = (both, name), (Side.IN, chosen.get("r", "")), (Side.OUT, chosen.get("t", ""))
    plans = [RecordingPlan(_with_suffix(file), side, append, joined, said, heard) for side, file in wanted if file]
    if not plans:
        raise ScriptError("MixMonitor wants a file")
    values = list(script.values)
    return _Order(plans, _late(script, command, values), values, "d" in chosen)


def _gain(chosen: Mapping[str, str], letter: str) -> float:
    steps = 0.0
    for text in (chosen.get(letter, ""), chosen.get("W", "")):
        steps += seconds(text, 0.0) or 0.0 if not text.startswith("-") else -(seconds(text[1:], 0.0) or 0.0)
    return _DOUBLE * max(-_STEPS, min(_STEPS, steps))


def _with_suffix(name: str) -> str:
    """A name without a suffix is a WAV file's."""
    return name if Path(name).suffix else f"{name}.wav"


def _late(script: Script, command: str, values: list[str]) -> str:
    """`^{NAME}` in a command stands for what the variable holds as the recording begins, as one word."""
    parts = command.split("^{")
    text = parts[0]
    for part in parts[1:]:
        name, closed, rest = part.partition("}")
        if not closed:
            return command
        values.append(script.variable(name))
        text += mark(len(values) - 1) + rest
    return text


def _begin(script: Script, order: _Order) -> list[Recording]:
    """Begin all recordings, or none."""
    made: list[Recording] = []
    try:
        for plan in order.plans:
            made.append(script.switch.media.record(script.leg.audio, plan, script.leg.note))
    except CopperlineError as fault:
        for recording in made:
            recording.stop()
        raise ScriptError(f"no recording: {fault}") from fault
    script.note(f"recording into {', '.join(str(recording.path) for recording in made)}")
    return made


def _look_after(script: Script, order: _Order, made: Sequence[Recording], chosen: Mapping[str, str]) -> None:
    """Beep now and then, and see to what comes after the end of the recordings."""
    beeps: list[asyncio.Task[None]] = []
    if "p" in chosen:
        _beep(script)
    if "B" in chosen:
        every = max(seconds(chosen["B"], 15.0) or 15.0, 5.0)
        beeps.append(script.shared.beside(_beep_every(script, every)))
    if beeps or order.command.strip() or order.delete or "P" in chosen:
        script.shared.beside(_afterwards(script, order, made, beeps, "P" in chosen))


async def _beep_every(script: Script, period: float) -> None:
    while True:
        await asyncio.sleep(period)
        _beep(script)


def _beep(script: Script) -> None:
    """Let both sides hear that they are recorded."""
    beep = script.switch.sounds.prompt("beep", script.language)
    if beep is None:
        return
    try:
        script.leg.audio.play(beep)
    except (HungUp, Moved, CopperlineError):
        return


async def _afterwards(
    script: Script, order: _Order, made: Sequence[Recording], beeps: Sequence[asyncio.Task[None]], beep: bool
) -> None:
    try:
        for recording in made:
            await recording.finished()
    finally:
        for task in beeps:
            task.cancel()
    if beep:
        _beep(script)
    if order.command.strip():
        try:
            await run_command(script, order.command, order.values, listens=False)
        except ScriptError as fault:
            script.note(f"MixMonitor: the command after the recording was not run: {fault}")
    if order.delete:
        for recording in made:
            recording.path.unlink(missing_ok=True)


async def stop_mix_monitor(script: Script, arguments: str) -> None:
    """`StopMixMonitor([number])`: end that recording of this leg, or all of them."""
    number = arguments.strip()
    recordings = script.share.recordings
    for key in [number] if number else [key for key in recordings if key != _OWN]:
        for recording in recordings.pop(key, []):
            recording.stop()


async def monitor(script: Script, arguments: str) -> None:
    """`Monitor([format[:url][,name[,options]]])`: record what the leg says and hears, in two files `name-in` and
    `name-out`, or mixed into one. Options: `m` mixed; `b` only while talking with somebody; `i` and `o` leave out
    the one, or the other."""
    words = [*split(arguments, limit=3), "", "", ""]
    form = script.plain(words[0]).partition(":")[0].strip() or "wav"
    name = script.plain(words[1]).strip() or f"{script.leg.name.replace('/', '-')}"
    chosen = options(script.plain(words[2]))
    joined = "b" in chosen
    if "m" in chosen:
        plans = [RecordingPlan(f"{name}.{form}", Side.BOTH, joined=joined)]
    else:
        sides = ("i", Side.IN, "in"), ("o", Side.OUT, "out")
        wanted = [(side, word) for letter, side, word in sides if letter not in chosen]
        plans = [RecordingPlan(f"{name}-{word}.{form}", side, joined=joined) for side, word in wanted]
    await stop_monitor(script, "")
    if not plans:
        script.note("Monitor: with options i and o there is nothing to record")
        return
    script.share.recordings[_OWN] = _begin(script, _Order(plans, "", (), False))


async def stop_monitor(script: Script, arguments: str) -> None:
    """`StopMonitor()`: end what Monitor records."""
    for recording in script.share.recordings.pop(_OWN, []):
        recording.stop()


async def pause_monitor(script: Script, arguments: str) -> None:
    """`PauseMonitor()`: leave out what is said from now on."""
    for recording in script.share.recordings.get(_OWN, []):
        recording.pause()


async def unpause_monitor(script: Script, arguments: str) -> None:
    """`UnpauseMonitor()`: go on after PauseMonitor."""
    for recording in script.share.recordings.get(_OWN, []):
        recording.resume()


APPLICATIONS: Final[Mapping[str, Application]] = {
    "MixMonitor": mix_monitor,
    "Monitor": monitor,
    "PauseMonitor": pause_monitor,
    "StopMixMonitor": stop_mix_monitor,
    "StopMonitor": stop_monitor,
    "UnpauseMonitor": unpause_monitor,
}
