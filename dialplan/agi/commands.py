"""The commands of AGI, each by its words: what it does for the call, and what it answers.

A table of coroutines; `find` takes the longest name that a line begins with. What was left out of Asterisk's own:
speech recognition, images and asynchronous AGI.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dialplan.agi.protocol import Reply
from dialplan.apps.control import Control, control
from dialplan.apps.digits import BETWEEN_DIGITS
from dialplan.apps.play import bare, find_sounds
from dialplan.apps.read import keyed
from dialplan.apps.record import record_sound
from dialplan.functions.clock import moment
from dialplan.script import Script
from dialplan.substitution import ScriptError
from gateway.core.audio import Sound
from gateway.core.cause import Cause

__all__ = ["COMMANDS", "AgiCommand", "Session", "find"]

_RATE: Final = 8
"""Samples a millisecond."""
_MOST_DIGITS: Final = 1024


@dataclass(slots=True)
class Session:
    """What the commands of one program act on.

    Attributes:
        script: the run of the dialplan that waits for the program.
        execute: runs an application of the dialplan; gives what AGI says of it.
        context, extension, priority: where the dialplan goes on afterwards, as far as the program has said so.
    """

    script: Script
    execute: Callable[[str, str], Awaitable[Reply]]
    context: str = ""
    extension: str = ""
    priority: str = ""


@dataclass(frozen=True, slots=True)
class AgiCommand:
    """A command.

    Attributes:
        run: carries it out, given the words after its name.
        least: how many of those there must be.
        usage: how it is written.
        dead: whether it makes sense once the call is over.
    """

    run: Callable[[Session, Sequence[str]], Awaitable[Reply]]
    least: int
    usage: str
    dead: bool = False


def find(words: Sequence[str]) -> tuple[AgiCommand, Sequence[str]] | None:
    """The command that a line names, and the words after its name."""
    for length in (3, 2, 1):
        found = COMMANDS.get(" ".join(words[:length]).upper()) if len(words) >= length else None
        if found is not None:
            return found, words[length:]
    return None


def _whole(text: str, default: int = 0) -> int:
    text = text.strip()
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 16):
        if text:
            raise ScriptError(f"{text[:40]!r} is no whole number")
        return default
    return int(text)


def _word(words: Sequence[str], at: int) -> str:
    return words[at] if len(words) > at else ""


def _seconds(words: Sequence[str], at: int) -> float | None:
    """A time-out given in milliseconds; None for none at all."""
    given = _whole(_word(words, at))
    return given / 1000 if given > 0 else None


def _key(key: str) -> int:
    return ord(key) if key else 0


# The call.


async def _answer(session: Session, words: Sequence[str]) -> Reply:
    await session.script.leg.answer()
    return Reply()


async def _status(session: Session, words: Sequence[str]) -> Reply:
    script = session.script
    leg = script.operator.find(words[0]) if words else script.leg
    if leg is None:
        return Reply(-1)
    return Reply(0 if leg.ending is not None else 6 if leg.answered else 4)


async def _hang_up(session: Session, words: Sequence[str]) -> Reply:
    script = session.script
    leg = script.operator.find(words[0]) if words and words[0] != script.leg.name else script.leg
    if leg is None:
        return Reply(-1)
    ending = script.ending(Cause.NORMAL_CLEARING, evidence=f"AGI HANGUP at {script.place.short}")
    if leg is script.leg:
        script.leg.hang_up(ending)
    else:
        script.operator.hang_up(leg, ending)
    return Reply(1)


async def _end_after(session: Session, words: Sequence[str]) -> Reply:
    seconds = _whole(words[0])
    session.script.end_after(float(seconds) if seconds > 0 else None)
    return Reply()


async def _send_text(session: Session, words: Sequence[str]) -> Reply:
    return Reply(0 if session.script.leg.send_text(words[0]) else -1)


async def _set_music(session: Session, words: Sequence[str]) -> Reply:
    on = words[0].lower() == "on"
    await session.execute("StartMusicOnHold" if on else "StopMusicOnHold", _word(words, 1) if on else "")
    return Reply()


async def _set_caller(session: Session, words: Sequence[str]) -> Reply:
    session.script.write("CALLERID", "all", words[0])
    return Reply(1)


# What is heard and keyed.


async def _stream(session: Session, words: Sequence[str]) -> Reply:
    script = session.script
    begin = _whole(_word(words, 2))
    sounds, missing = find_sounds(script, words[0])
    if missing or not sounds:
        return Reply(0, position=begin)
    control_keys = Control(stop=_word(words, 1))
    end = await control(script, sounds[0], control_keys, begin)
    script.pressed(end.key, begins=True)
    return Reply(_key(end.key), position=end.position)


async def _control_stream(session: Session, words: Sequence[str]) -> Reply:
    keys = [_word(words, at) for at in range(3, 6)]
    chosen = Control(
        stop=words[1],
        step=_whole(_word(words, 2), 3000),
        forward=keys[0] or "#",
        rewind=keys[1] or "*",
        pause=keys[2],
    )
    sounds, missing = find_sounds(session.script, words[0])
    if missing or not sounds:
        return Reply(-1, position=0)
    end = await control(session.script, sounds[0], chosen, _whole(_word(words, 6)) * _RATE)
    session.script.pressed(end.key, begins=True)
    return Reply(_key(end.key), position=end.position)


async def _option(session: Session, words: Sequence[str]) -> Reply:
    reply = await _stream(session, words[:2])
    if reply.result == 0:
        timeout = _seconds(words, 2) or session.script.digit_timeout or BETWEEN_DIGITS
        key = await session.script.leg.digit(timeout)
        session.script.pressed(key)
        return Reply(_key(key) if key in words[1] else 0, position=reply.position)
    return reply


async def _data(session: Session, words: Sequence[str]) -> Reply:
    sounds = find_sounds(session.script, words[0])[0]
    most = _whole(_word(words, 2)) or _MOST_DIGITS
    digits, late = await keyed(session.script, sounds, most, "#", _seconds(words, 1) or 6.0)
    return Reply(digits, "timeout" if late else None)


async def _wait_for_digit(session: Session, words: Sequence[str]) -> Reply:
    milliseconds = _whole(words[0])
    key = await session.script.leg.digit(None if milliseconds < 0 else milliseconds / 1000)
    session.script.pressed(key)
    return Reply(_key(key))


async def _record(session: Session, words: Sequence[str]) -> Reply:
    """`RECORD FILE name format keys milliseconds [offset] [BEEP] [s=seconds]`."""
    script, rest = session.script, list(words[4:])
    if rest and rest[0].isdecimal():
        rest.pop(0)
    if any(word.upper() == "BEEP" for word in rest):
        beep = script.switch.sounds.prompt("beep", script.language)
        await script.leg.play([beep] if beep is not None else [])
    silence = next((_whole(word[2:]) for word in rest if word.lower().startswith("s=")), 0)
    sound, key, status = await record_sound(script, bare(words[0]), float(silence), _seconds(words, 3), words[2])
    said = {"DTMF": "dtmf", "ERROR": "writefile"}.get(status, "timeout")
    return Reply(_key(key), said, len(sound.samples))


async def _say(session: Session, sounds: Sequence[Sound], keys: str) -> Reply:
    key = await session.script.leg.play(sounds, escape=keys)
    session.script.pressed(key, begins=True)
    return Reply(_key(key))


async def _say_number(session: Session, words: Sequence[str]) -> Reply:
    return await _say(
        session, session.script.switch.sounds.number(_whole(words[0]), session.script.language), words[1]
    )


async def _say_spelt(session: Session, words: Sequence[str]) -> Reply:
    return await _say(session, session.script.switch.sounds.spell(words[0], session.script.language), words[1])


async def _say_time(session: Session, words: Sequence[str]) -> Reply:
    when = moment(session.script, words[0], _word(words, 3))
    return await _say(session, session.script.switch.sounds.clock(when), words[1])


# Variables, the database and the dialplan.


async def _variable(session: Session, words: Sequence[str]) -> Reply:
    script, name = session.script, words[0]
    if name.endswith(")") and "(" in name:
        function, _, arguments = name[:-1].partition("(")
        value = await script.read_waiting(function, arguments, ())
    else:
        value = script.variable(name)
    return Reply(1, value) if value else Reply(0)


async def _full_variable(session: Session, words: Sequence[str]) -> Reply:
    value = session.script.read("EVAL", words[0])
    return Reply(1, value) if value else Reply(0)


async def _set_variable(session: Session, words: Sequence[str]) -> Reply:
    session.script.assign(words[0], words[1])
    return Reply(1)


async def _get(session: Session, words: Sequence[str]) -> Reply:
    value = session.script.shared.database.get(f"{words[0]}/{words[1]}")
    return Reply(0) if value is None else Reply(1, value)


async def _put(session: Session, words: Sequence[str]) -> Reply:
    session.script.shared.database.put(f"{words[0]}/{words[1]}", words[2])
    return Reply(1)


async def _delete(session: Session, words: Sequence[str]) -> Reply:
    database, path = session.script.shared.database, f"{words[0]}/{words[1]}"
    known = database.get(path) is not None
    database.delete(path)
    return Reply(int(known))


async def _delete_tree(session: Session, words: Sequence[str]) -> Reply:
    database = session.script.shared.database
    paths = list(database.paths("/".join(words[:2]).strip("/")))
    for path in paths:
        database.delete(path)
    return Reply(int(bool(paths)))


async def _execute(session: Session, words: Sequence[str]) -> Reply:
    return await session.execute(words[0], ",".join(words[1:]))


async def _gosub(session: Session, words: Sequence[str]) -> Reply:
    place, given = ",".join(words[:3]), ",".join(words[3:])
    await session.script.runner.subroutine(session.script, place, given.split(",") if given else [])
    return Reply(0, session.script.variable("GOSUB_RETVAL"))


async def _set_context(session: Session, words: Sequence[str]) -> Reply:
    session.context = words[0]
    return Reply()


async def _set_extension(session: Session, words: Sequence[str]) -> Reply:
    session.extension = words[0]
    return Reply()


async def _set_priority(session: Session, words: Sequence[str]) -> Reply:
    session.priority = words[0]
    return Reply()


async def _note(session: Session, words: Sequence[str]) -> Reply:
    session.script.note(words[0])
    return Reply(1)


async def _nothing(session: Session, words: Sequence[str]) -> Reply:
    return Reply()


COMMANDS: Final[Mapping[str, AgiCommand]] = {
    "ANSWER": AgiCommand(_answer, 0, "ANSWER"),
    "CHANNEL STATUS": AgiCommand(_status, 0, "CHANNEL STATUS [channel]", dead=True),
    "CONTROL STREAM FILE": AgiCommand(
        _control_stream, 2, "CONTROL STREAM FILE file keys [skip [forward [rewind [pause [offset]]]]]"
    ),
    "DATABASE DEL": AgiCommand(_delete, 2, "DATABASE DEL family key", dead=True),
    "DATABASE DELTREE": AgiCommand(_delete_tree, 1, "DATABASE DELTREE family [key]", dead=True),
    "DATABASE GET": AgiCommand(_get, 2, "DATABASE GET family key", dead=True),
    "DATABASE PUT": AgiCommand(_put, 3, "DATABASE PUT family key value", dead=True),
    "EXEC": AgiCommand(_execute, 1, "EXEC application [arguments]"),
    "GET DATA": AgiCommand(_data, 1, "GET DATA file [milliseconds [most]]"),
    "GET FULL VARIABLE": AgiCommand(_full_variable, 1, "GET FULL VARIABLE expression", dead=True),
    "GET OPTION": AgiCommand(_option, 2, "GET OPTION file keys [milliseconds]"),
    "GET VARIABLE": AgiCommand(_variable, 1, "GET VARIABLE name", dead=True),
    "GOSUB": AgiCommand(_gosub, 3, "GOSUB context extension priority [arguments]"),
    "HANGUP": AgiCommand(_hang_up, 0, "HANGUP [channel]", dead=True),
    "NOOP": AgiCommand(_nothing, 0, "NOOP", dead=True),
    "RECORD FILE": AgiCommand(
        _record, 4, "RECORD FILE name format keys milliseconds [offset] [BEEP] [s=seconds of silence]"
    ),
    "SAY ALPHA": AgiCommand(_say_spelt, 2, "SAY ALPHA text keys"),
    "SAY DATE": AgiCommand(_say_time, 2, "SAY DATE seconds keys"),
    "SAY DATETIME": AgiCommand(_say_time, 2, "SAY DATETIME seconds keys [format [zone]]"),
    "SAY DIGITS": AgiCommand(_say_spelt, 2, "SAY DIGITS digits keys"),
    "SAY NUMBER": AgiCommand(_say_number, 2, "SAY NUMBER number keys [gender]"),
    "SAY PHONETIC": AgiCommand(_say_spelt, 2, "SAY PHONETIC text keys"),
    "SAY TIME": AgiCommand(_say_time, 2, "SAY TIME seconds keys"),
    "SEND TEXT": AgiCommand(_send_text, 1, "SEND TEXT text"),
    "SET AUTOHANGUP": AgiCommand(_end_after, 1, "SET AUTOHANGUP seconds"),
    "SET CALLERID": AgiCommand(_set_caller, 1, "SET CALLERID number"),
    "SET CONTEXT": AgiCommand(_set_context, 1, "SET CONTEXT context", dead=True),
    "SET EXTENSION": AgiCommand(_set_extension, 1, "SET EXTENSION extension", dead=True),
    "SET MUSIC": AgiCommand(_set_music, 1, "SET MUSIC on|off [class]"),
    "SET PRIORITY": AgiCommand(_set_priority, 1, "SET PRIORITY priority", dead=True),
    "SET VARIABLE": AgiCommand(_set_variable, 2, "SET VARIABLE name value", dead=True),
    "STREAM FILE": AgiCommand(_stream, 2, "STREAM FILE file keys [offset]"),
    "TDD MODE": AgiCommand(_nothing, 1, "TDD MODE on|off"),
    "VERBOSE": AgiCommand(_note, 1, "VERBOSE message [level]", dead=True),
    "WAIT FOR DIGIT": AgiCommand(_wait_for_digit, 1, "WAIT FOR DIGIT milliseconds"),
}
