"""A terminal adapter without its port: octets in, octets out, and an ISDN behind it.

Commands are edited and carried out as by the modem emulator of isdn4linux (isdn_tty.c), calls go by the table in
`hardware.isdn.emulation.call_states`, audio by `hardware.isdn.emulation.voice`; in what other families differ is in
`hardware.isdn.emulation.dialect`.
"""

from __future__ import annotations

from enum import Enum
from fnmatch import fnmatchcase
from typing import Final

from gateway.core.cause import Cause
from gateway.core.errors import LocalError
from gateway.core.machine import Machine
from hardware.agenda import Agenda, Appointment
from hardware.isdn.access import (
    SPEECH,
    Access,
    AccessEvent,
    CallAlerting,
    CallConnected,
    CallOffered,
    CallProceeding,
    CallReleased,
)
from hardware.isdn.emulation.call_states import TERMINAL, CallInput, CallState
from hardware.isdn.emulation.commands import Interpreter
from hardware.isdn.emulation.dialect import DIALECTS
from hardware.isdn.emulation.registers import (
    AUTO_ANSWER,
    CARRIER_WAIT,
    LAST_SERVICE,
    RING_COUNT,
    SERVICES,
    Bit,
    Registers,
)
from hardware.isdn.emulation.voice import Streams, VoiceSettings
from hardware.isdn.shielding import END, STOP

__all__ = ["TerminalAdapter"]

MAX_COMMAND: Final = 255
"""Characters of a command line; more are left out."""

_CR, _LF, _BS, _RUBOUT = 3, 4, 5, 127


class Result(Enum):
    """What ends a command: (number, text)."""

    OK = (0, "OK")
    CONNECT = (1, "CONNECT")
    RING = (2, "RING")
    NO_CARRIER = (3, "NO CARRIER")
    ERROR = (4, "ERROR")
    NO_DIALTONE = (6, "NO DIALTONE")
    BUSY = (7, "BUSY")
    NO_ANSWER = (8, "NO ANSWER")
    RINGING = (9, "RINGING")
    NO_MSN = (10, "NO MSN/EAZ")
    VCON = (11, "VCON")
    RUNG = (12, "RUNG")
    PROCEEDING = (13, "PROCEEDING")


_WITH_CAUSE: Final = (Result.NO_CARRIER, Result.NO_DIALTONE, Result.BUSY, Result.NO_ANSWER)

_EVENTS: Final = {
    CallOffered: CallInput.OFFERED,
    CallProceeding: CallInput.PROCEEDING,
    CallAlerting: CallInput.ALERTING,
    CallConnected: CallInput.CONNECTED,
    CallReleased: CallInput.RELEASED,
}


class TerminalAdapter:
    """One adapter.

    Args:
        access: its basic access, whose terminal it becomes.
        agenda: the world's agenda.
        family: a key of `DIALECTS`.

    Attributes:
        registers, voice: its settings.
        msn: its number, shown by calls that it places.
        listens: patterns of the numbers whose calls it takes, by ";"; where empty, those of its own number.
    """

    def __init__(self, access: Access, agenda: Agenda, family: str = "i4l") -> None:
        self._dialect = DIALECTS[family]
        self.registers = Registers()
        self.voice = VoiceSettings(self._dialect)
        self.msn = ""
        self.listens = ""
        self._access = access
        self._agenda = agenda
        self._machine = Machine(TERMINAL, CallState.IDLE)
        self._interpreter = Interpreter(self)
        self._cut = self._streams = Streams(self.voice)
        self._timer: Appointment | None = None
        self._command = bytearray()
        self._out = bytearray()
        self._call = CallOffered("", "")
        self._number = ""
        self._cause = "0000"
        access.terminal = self._network_says

    # The port.

    def receive(self, data: bytes) -> None:
        """Take in what was written to the port."""
        while data:
            if self._streams.active:
                told, data = self._streams.take(data)
                self._out += told
                self._end_streams()
            elif self._machine.takes(CallInput.INTERRUPTED):
                self._feed(CallInput.INTERRUPTED)
                data = b""
            else:
                data = self._edit(data)

    @property
    def full(self) -> bool:
        """Whether the port is not to be read for now (CTS is low)."""
        return self._streams.speaks and self._streams.full

    def outgoing(self) -> bytes:
        """What is to be read from the port, once."""
        out = bytes(self._out)
        self._out.clear()
        return out

    def frame(self) -> None:
        """Pass 20 ms each way."""
        heard = self._access.frame()
        if self.connected:
            self._out += self._streams.hear(heard)
            self._access.hear(self._streams.speak())
            self._end_streams()

    def power_off(self) -> None:
        """Its plug is pulled: the exchange loses it, and it will have forgotten all."""
        self._access.release(Cause.DESTINATION_OUT_OF_ORDER)
        if self._timer is not None:
            self._timer.cancel()
        self.msn = self.listens = ""
        self.registers.reset()
        self.voice.reset()
        self._machine = Machine(TERMINAL, CallState.IDLE)
        self._streams = Streams(self.voice)
        self._command.clear()
        self._out.clear()

    # What commands ask for (`hardware.isdn.emulation.commands.Terminal`).

    @property
    def state(self) -> CallState:
        """What it does."""
        return self._machine.state

    @property
    def connected(self) -> bool:
        """Whether there is a call with both sides in it."""
        return self.state in (CallState.ONLINE, CallState.STREAMING)

    def ask(self, given: CallInput, number: str = "") -> None:
        """Ask something of the call."""
        self._number = number
        if given is CallInput.DIALLED and self._dialect.numbered and not self.msn:
            self._result(Result.NO_MSN)
        elif self._machine.takes(given):
            self._feed(given)

    def stream(self, *, hears: bool = False, speaks: bool = False) -> None:
        """Begin to pass audio."""
        if not self.connected:
            self._result(Result.NO_ANSWER)
        elif not self._streams.begin(hears=hears, speaks=speaks):
            raise LocalError("a coding that is not emulated")
        else:
            self._feed(CallInput.STREAM_ASKED)
            self._result(Result.CONNECT)

    def tell(self, text: str) -> None:
        """Write a line."""
        self._write(f"\r\n{text}")

    # Commands.

    def _edit(self, data: bytes) -> bytes:
        """Read up to the end of a command line; returns what follows it."""
        registers = self.registers
        for place, octet in enumerate(data):
            if octet in (registers[_CR], registers[_LF]):
                self._echo(octet)
                line, self._command = bytes(self._command), bytearray()
                if line.startswith(b"AT"):
                    self._perform(line[2:].decode("ascii", "replace"))
                return data[place + 1 :]
            if octet == registers[_BS]:
                del self._command[-1:]
                self._echo(octet)
            elif 0x20 <= octet <= _RUBOUT:
                self._echo(octet)
                self._add(ord(chr(octet).upper()))
        return b""

    def _add(self, octet: int) -> None:
        """Add a character; a line begins at the latest "AT" that no command has begun before."""
        if len(self._command) == 1 and octet != ord("T"):
            self._command.clear()
        if self._command or octet == ord("A"):
            self._command += bytes([octet] if len(self._command) < MAX_COMMAND else [])

    def _perform(self, text: str) -> None:
        try:
            if self._interpreter.perform(text):
                self._result(Result.OK)
        except LocalError:
            self._result(Result.ERROR)

    def _echo(self, octet: int) -> None:
        if self.registers.on(Bit.ECHO):
            self._out.append(octet)

    # What is told.

    def _result(self, result: Result) -> None:
        registers, (number, text) = self.registers, result.value
        if not registers.on(Bit.ANSWERS):
            return
        if registers.on(Bit.NUMERIC):
            self._write(f"\r\n{number}\r\n")
            return
        if result in _WITH_CAUSE and registers.on(Bit.EXTENDED):
            text = f"{text}/{self._cause}"
        self._write(f"\r\n{text}\r\n")

    def _write(self, text: str) -> None:
        crlf = {ord("\r"): self.registers[_CR], ord("\n"): self.registers[_LF]}
        self._out += bytes(crlf.get(octet, octet) for octet in text.encode("ascii", "replace"))

    # The network.

    def _network_says(self, event: AccessEvent) -> bool:
        if isinstance(event, CallOffered):
            if self.state is not CallState.IDLE or not self._takes(event):
                return False
            self._call = event
        if isinstance(event, CallReleased):
            self._cause = f"E{event.location:02X}{int(event.cause):02X}"
        given = _EVENTS[type(event)]
        if self._machine.takes(given):
            self._feed(given)
        return True

    def _takes(self, call: CallOffered) -> bool:
        patterns = [pattern for pattern in (self.listens or self.msn).split(";") if pattern]
        wanted = not self._dialect.numbered or any(fnmatchcase(call.called, pattern) for pattern in patterns)
        return wanted and bool(self.registers[SERVICES] & call.service)

    # The table's actions.

    def _feed(self, given: CallInput) -> None:
        before = self.state
        action = self._machine.feed(given)
        if self.state is not before and self._timer is not None:
            self._timer.cancel()
        if self.state is CallState.IDLE:
            self._cut, self._streams = self._streams, Streams(self.voice)
        if action:
            getattr(self, f"_{action}")()

    def _after(self, ms: int, given: CallInput) -> None:
        self._timer = self._agenda.after(ms, lambda: self._feed(given))

    def _place(self) -> None:
        self._cause = "0000"
        if self._access.place(self._number, self.msn):
            self._after(1000 * self.registers[CARRIER_WAIT], CallInput.CARRIER_TIME)
        else:
            self._machine = Machine(TERMINAL, CallState.IDLE)
            self._result(Result.NO_DIALTONE)

    def _tell_proceeding(self) -> None:
        if self.registers.on(Bit.PROCEEDING):
            self._result(Result.PROCEEDING)

    def _tell_ringing(self) -> None:
        if self.registers.on(Bit.RINGING) or not self._dialect.numbered:
            self._result(Result.RINGING)

    def _tell_refusal(self) -> None:
        """isdn4linux says BUSY to every refusal, and the cause where it is asked for."""
        busy = self._dialect.numbered or self._cause.endswith(f"{Cause.USER_BUSY:02X}")
        self._result(Result.BUSY if busy else Result.NO_CARRIER)

    def _connect(self) -> None:
        self._cause = "0000"
        self.registers[LAST_SERVICE] = SPEECH
        self._tell_voice()

    def _give_up(self) -> None:
        self._access.release(Cause.NORMAL_CLEARING)
        self._result(Result.NO_CARRIER)

    def _ring(self) -> None:
        self.registers[RING_COUNT] = 0
        self.registers[LAST_SERVICE] = self._call.service
        self._ring_again()

    def _ring_again(self) -> None:
        registers = self.registers
        registers[RING_COUNT] = min(registers[RING_COUNT] + 1, 255)
        first = registers[RING_COUNT] == 1
        if first or not registers.on(Bit.RUNG):
            once = registers.on(Bit.CALLER_ONCE) or not self._dialect.numbered
            if not once:
                self._tell_numbers()
            called = f"/{self._call.called}" if registers.on(Bit.CALLED_IN_RING) else ""
            self.tell(f"RING{called}" if not registers.on(Bit.NUMERIC) else "2")
            if once and first:
                self._tell_numbers()
            self._write("\r\n")
        if registers[RING_COUNT] == registers[AUTO_ANSWER]:
            self.ask(CallInput.ANSWERED)
        else:
            self._after(self._dialect.ring_every, CallInput.RING_TIME)

    def _tell_numbers(self) -> None:
        if self.registers.on(Bit.NUMERIC):
            return
        if not self._dialect.numbered:
            self.tell(f"NMBR = {self._call.calling or 'P'}" if self.voice.caller_id else "")
            return
        self.tell(f"CALLER NUMBER: {self._call.calling or '0'}")
        if self.registers.on(Bit.CALLED_LINE):
            self.tell(f"CALLED NUMBER: {self._call.called}")

    def _accept(self) -> None:
        self._after(1000 * self.registers[CARRIER_WAIT], CallInput.CARRIER_TIME)
        self._access.accept()

    def _reject(self) -> None:
        self._access.release(Cause.CALL_REJECTED)
        self._tell_rung()

    def _tell_rung(self) -> None:
        if self.registers.on(Bit.RUNG):
            self._result(Result.RUNG)

    def _hang_up(self) -> None:
        self._access.release(Cause.NORMAL_CLEARING)
        self._result(Result.NO_CARRIER)

    def _tell_no_carrier(self) -> None:
        self._result(Result.NO_CARRIER)

    def _tell_no_answer(self) -> None:
        self._result(Result.NO_ANSWER)

    def _tell_voice(self) -> None:
        self._result(Result[self._dialect.connected])

    def _cut_off(self) -> None:
        """The far side has gone in the middle of the audio."""
        hears, speaks = self._cut.hears, self._cut.speaks
        self._out += (END if hears else b"") + (STOP if speaks and self._dialect.numbered else b"")
        self._result(Result.NO_CARRIER)

    def _end_streams(self) -> None:
        if self.state is CallState.STREAMING and not self._streams.active:
            self._feed(CallInput.STREAM_OVER)
