"""AT command lines, and what each command does to an emulated adapter (ITU-T V.250, isdn_tty.c, IS-101).

A line is a row of commands. What is not known, or has a value that cannot be, ends it with ERROR, and what came
before has been done; answering, dialling and starting audio end it with a result of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from gateway.core.errors import LocalError
from hardware.isdn.emulation.call_states import CallInput
from hardware.isdn.emulation.dialect import DIALECTS
from hardware.isdn.emulation.registers import SERVICES, Bit, Registers
from hardware.isdn.emulation.voice import VoiceSettings

__all__ = ["Interpreter", "Terminal"]

MAX_NUMBER: Final = 31
"""Digits of a number (ISDN_MSNLEN)."""

_DIALLED: Final = " 0123456789,#.*WPTSR-"
_SENT: Final = "0123456789*#"
_LISTENS: Final = "0123456789,-*[]?;"
_RATE: Final = 8000

_PARTICULAR: Final = frozenset().union(*(dialect.commands for dialect in DIALECTS.values()))
"""Commands that not every family has."""


class Terminal(Protocol):
    """The adapter as its commands see it."""

    registers: Registers
    voice: VoiceSettings
    msn: str
    listens: str

    def ask(self, given: CallInput, number: str = "") -> None:
        """Ask something of the call."""
        ...

    def stream(self, *, hears: bool = False, speaks: bool = False) -> None:
        """Begin to pass audio."""
        ...

    def tell(self, text: str) -> None:
        """Write a line."""
        ...

    @property
    def connected(self) -> bool:
        """Whether there is a call with both sides in it."""
        ...


class _Line:
    """A command line as it is read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._text)

    def next(self) -> str:
        """One character; "" at the end."""
        character = self._text[self._at : self._at + 1]
        self._at += 1
        return character

    def continues(self, word: str) -> bool:
        """Whether `word` follows."""
        return self._text.startswith(word, self._at)

    def take(self, word: str) -> bool:
        """Whether `word` follows; it is read then."""
        found = self.continues(word)
        self._at += len(word) if found else 0
        return found

    def run(self, characters: str) -> str:
        """All that follows and is one of `characters`."""
        start = self._at
        while self._at < len(self._text) and self._text[self._at] in characters:
            self._at += 1
        return self._text[start : self._at]

    def number(self) -> int:
        """A number; 0 where there is none."""
        digits = self.run("0123456789")
        return int(digits[:4]) if digits else 0


class Interpreter:
    """Carries out command lines.

    Args:
        terminal: whose they are.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._basic: Final[Mapping[str, Callable[[_Line], bool]]] = {
            "A": self._answer,
            "D": self._dial,
            "E": lambda line: self._switch(Bit.ECHO, line),
            "H": self._hang_up,
            "I": self._identify,
            "Q": lambda line: self._switch(Bit.ANSWERS, line, inverted=True),
            "S": self._register,
            "V": lambda line: self._switch(Bit.NUMERIC, line, inverted=True),
            "Z": self._reset,
        }
        dialect = terminal.voice.dialect
        extended: Mapping[str, Callable[[_Line], bool]] = {
            "&E": self._own_number,
            "&F": self._reset,
            "&L": self._listen,
            "+FCLASS": self._fax_class,
            "+VDD": lambda line: self._pair(line, "digits", 15),
            "+VIP": self._voice_reset,
            "+VCID": lambda line: self._choice(line, "caller_id", (0, 1)),
            "+VIT": lambda line: self._choice(line, "inactivity", tuple(range(256))),
            "+VLS": lambda line: self._choice(line, "line", dialect.lines),
            "+VNH": lambda line: self._choice(line, "no_hang_up", (1,)),
            "+VRX": lambda line: self._stream(hears=True),
            "+VSD": lambda line: self._pair(line, "silence", 31),
            "+VSM": self._coding,
            "+VTR": lambda line: self._stream(hears=True, speaks=True),
            "+VTX": lambda line: self._stream(speaks=True),
        }
        self._extended: Final = {
            name: command
            for name, command in extended.items()
            if name not in _PARTICULAR or name in dialect.commands
        }

    def perform(self, text: str) -> bool:
        """Carry out what follows AT; whether it ends with OK.

        Raises:
            LocalError: it ends with ERROR.
        """
        line = _Line(text)
        told = False
        while line:
            if line.take(" ") or line.take(";"):
                continue
            told = self._one(line)
            if told and not line.continues("+V"):  # audio both ways is begun by two commands of one line
                return False
        return not told

    def _one(self, line: _Line) -> bool:
        for name, command in self._extended.items():
            if line.take(name):
                if name.startswith("+V") and not self._terminal.registers[SERVICES] & 1:
                    raise LocalError(f"{name} without audio")
                return command(line)
        letter = line.next()
        if letter not in self._basic:
            raise LocalError(f"no command {letter}")
        return self._basic[letter](line)

    # Calls.

    def _answer(self, line: _Line) -> bool:
        self._terminal.ask(CallInput.ANSWERED)
        return True

    def _dial(self, line: _Line) -> bool:
        number = "".join(key for key in line.run(_DIALLED) if key in _SENT)[:MAX_NUMBER]
        if self._terminal.connected or not number:
            raise LocalError("nothing can be dialled")
        self._terminal.ask(CallInput.DIALLED, number)
        return True

    def _hang_up(self, line: _Line) -> bool:
        if line.number() == 0:
            self._terminal.ask(CallInput.HUNG_UP)
        return False

    # Settings.

    def _switch(self, bit: Bit, line: _Line, *, inverted: bool = False) -> bool:
        value = line.number()
        if value > 1:
            raise LocalError("neither on nor off")
        self._terminal.registers.switch(bit, bool(value) is not inverted)
        return False

    def _identify(self, line: _Line) -> bool:
        line.number()
        self._terminal.tell(self._terminal.voice.dialect.identity)
        return False

    def _reset(self, line: _Line) -> bool:
        line.number()
        self._terminal.ask(CallInput.HUNG_UP)
        self._terminal.registers.reset()
        self._terminal.voice.reset()
        return False

    def _register(self, line: _Line) -> bool:
        registers, number = self._terminal.registers, line.number()
        if number >= len(registers.values):
            raise LocalError("no such register")
        if line.take("="):
            registers.write(number, line.number())
        elif line.take("?"):
            self._terminal.tell(str(registers[number]))
        elif line.take("."):
            place = line.number()
            if place > 7:
                raise LocalError("no such bit")
            if line.take("="):
                bit = line.number()
                registers.write(number, registers[number] & ~(1 << place) | (min(bit, 1) << place))
            elif line.take("?"):
                self._terminal.tell(str(registers[number] >> place & 1))
        else:
            raise LocalError("neither read nor written")
        return False

    def _own_number(self, line: _Line) -> bool:
        self._terminal.msn = line.run("0123456789,:")[:MAX_NUMBER]
        return False

    def _listen(self, line: _Line) -> bool:
        self._terminal.listens = line.run(_LISTENS)
        return False

    # Audio.

    def _fax_class(self, line: _Line) -> bool:
        if line.take("=?"):
            self._terminal.tell("0,8")
        elif line.take("?"):
            self._terminal.tell("8" if self._terminal.registers[SERVICES] & 1 else "0")
        elif line.take("=8"):
            self._terminal.registers[SERVICES] = 5
        elif line.take("=0"):
            self._terminal.registers[SERVICES] = 4
        else:
            raise LocalError("no such class")
        return False

    def _voice_reset(self, line: _Line) -> bool:
        self._terminal.voice.reset()
        return False

    def _coding(self, line: _Line) -> bool:
        """A coding, and its rate where one is said."""
        self._choice(line, "coding", tuple(self._terminal.voice.dialect.codings))
        if line.take(",") and line.number() != _RATE:
            raise LocalError("no such rate")
        return False

    def _choice(self, line: _Line, name: str, choices: tuple[int, ...]) -> bool:
        """A setting with one value."""
        if line.take("=?"):
            self._terminal.tell(",".join(map(str, choices)))
        elif line.take("?"):
            self._terminal.tell(str(getattr(self._terminal.voice, name)))
        elif line.take("="):
            value = line.number()
            if value not in choices:
                raise LocalError("no such value")
            setattr(self._terminal.voice, name, value)
        else:
            raise LocalError("neither read nor written")
        return False

    def _pair(self, line: _Line, name: str, most: int) -> bool:
        """A setting with two values, a threshold and a time."""
        if line.take("=?"):
            self._terminal.tell(f"<0-{most}>,<0-255>")
        elif line.take("?"):
            first, second = getattr(self._terminal.voice, name)
            self._terminal.tell(f"<{first}>,<{second}>")
        elif line.take("="):
            first, comma, second = line.number(), line.take(","), line.number()
            if not comma or first > most or second > 255:
                raise LocalError("no such values")
            setattr(self._terminal.voice, name, (first, second))
        else:
            raise LocalError("neither read nor written")
        return False

    def _stream(self, *, hears: bool = False, speaks: bool = False) -> bool:
        if not self._terminal.voice.line:
            raise LocalError("no line is chosen")
        self._terminal.stream(hears=hears, speaks=speaks)
        return True
