"""AudioSocket legs: `AudioSocket/host:port/uuid`, a program that hears a call and speaks in it.

Dialled, a leg connects to the program, says whose call it is, and has answered. What is keyed goes to it as keys;
keys that it sends are keys of the leg. Either side may hang up. Connections are made elsewhere (`Connect`): nothing
here knows a socket.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final, Protocol

from drivers.audiosocket.protocol import Address, Kind, Message
from gateway.core.audio import AudioEvent, AudioFactory, AudioLost, RtpAudio
from gateway.core.cause import Cause
from gateway.core.channel import Channel
from gateway.core.ending import Act, Ending
from gateway.core.errors import Exhausted, MalformedError, RemoteError
from gateway.core.messages import (
    INFO,
    Answered,
    Command,
    Dial,
    Digit,
    Event,
    Hangup,
    Proceeding,
    Released,
    SendDigits,
)
from gateway.core.switch import DeviceState

__all__ = ["AudioSocketChannel", "AudioSocketTechnology", "Connect", "Connection"]

LOOPBACK: Final = "127.0.0.1"
MOST: Final = 200
"""Legs at once."""
_DIGIT_TIME: Final = 0.1
"""Seconds that a key of the program counts as pressed."""


class Connection(Protocol):
    """The way to a program."""

    def say(self, message: Message) -> None:
        """Send a message."""
        ...

    def close(self) -> None:
        """End it, once what was said is out; nothing comes from it any more."""
        ...


Connect = Callable[[Address, "AudioSocketChannel", RtpAudio], Connection]
"""Begins to connect a leg and its row to a server; the leg's `connected` or `lost` is called later."""


class AudioSocketChannel:
    """One leg; see `gateway.core.channel.Channel`.

    Args:
        name: "AudioSocket/127.0.0.1:9092-00000001".
        address: the server, and the call's identity.
        audio: its row, owned by it.
        connect: makes the connection.
        emit: takes its events; must deliver them later, not at once.
    """

    reached: Final = True
    takes: Final[frozenset[type[Command]]] = frozenset({Dial, Hangup, SendDigits})

    def __init__(
        self,
        name: str,
        address: Address,
        *,
        audio: RtpAudio,
        connect: Connect,
        emit: Callable[[Channel, Event], object],
    ) -> None:
        self.name: Final = name
        self.peer: Final = f"AudioSocket {address.server}"
        self._address = address
        self._row: RtpAudio | None = audio
        self._connect = connect
        self._connection: Connection | None = None
        self._emit = emit
        audio.listener = self._row_says

    @property
    def audio(self) -> RtpAudio | None:
        """Its row; None once it has ended."""
        return self._row

    def command(self, command: Command, now: float) -> None:
        """Carry out a command."""
        if self._row is None:
            return
        match command:
            case Dial():
                self._connection = self._connect(self._address, self, self._row)
            case SendDigits(digits):
                for digit in digits:
                    self._say(Message(Kind.DIGIT, digit.encode()))
            case Hangup():
                self._say(Message(Kind.HANG_UP))
                self._finish()

    # What the connection tells.

    def connected(self) -> None:
        """The server is there."""
        self._say(Message(Kind.IDENTITY, self._address.uuid.bytes))
        self._tell(Proceeding())
        self._tell(Answered("the connection"))

    def heard(self, message: Message) -> None:
        """The server says something that is no audio."""
        match message:
            case Message(Kind.HANG_UP):
                self._end(Ending(Cause.NORMAL_CLEARING, self.peer, Act.HUNG_UP, "message 00"))
            case Message(Kind.ERROR, payload):
                code = payload[:1].hex() or "without a number"
                self._end(Ending(Cause.TEMPORARY_FAILURE, self.peer, Act.FAILED, f"error {code}"))
            case Message(Kind.DIGIT, payload) if payload[:1] in _KEYS:
                self._tell(Digit(payload[:1].decode(), _DIGIT_TIME, INFO))
            case _:
                pass

    def lost(self, what: str, advice: str = "", cause: Cause = Cause.DESTINATION_OUT_OF_ORDER) -> None:
        """There is no connection, or none any more."""
        self._end(Ending(cause, self.peer, Act.FAILED, what, advice))

    # Inside.

    def _say(self, message: Message) -> None:
        if self._connection is not None:
            self._connection.say(message)

    def _tell(self, event: Event) -> None:
        if self._row is not None:
            self._emit(self, event)

    def _row_says(self, event: AudioEvent, now: float) -> None:
        if isinstance(event, AudioLost):
            self.lost(f"its audio: {event.reason}", cause=Cause.TEMPORARY_FAILURE)

    def _end(self, ending: Ending) -> None:
        self._tell(Released(ending))
        self._finish()

    def _finish(self) -> None:
        row, self._row = self._row, None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        if row is not None:
            row.listener = None
            row.close()

    def __repr__(self) -> str:
        return f"<{self.name}>"


_KEYS: Final = frozenset(bytes([key]) for key in b"0123456789*#ABCD")


class AudioSocketTechnology:
    """Makes legs (`gateway.core.channel.Technology`).

    Args:
        audio: where rows come from.
        emit: takes the events of all legs; must deliver them later, not at once.
        connect: makes their connections.
    """

    def __init__(self, audio: AudioFactory, emit: Callable[[Channel, Event], object], connect: Connect) -> None:
        self._audio = audio
        self._emit = emit
        self._connect = connect
        self._serial = count(1)
        self._legs: list[AudioSocketChannel] = []

    def channel(self, address: str, now: float) -> AudioSocketChannel:
        """Make a leg to `host:port/uuid`.

        Raises:
            RemoteError: the address is none, or there is no room.
        """
        try:
            wanted = Address.parse(address)
        except MalformedError as fault:
            raise RemoteError(f"AudioSocket: {fault}", Cause.INVALID_NUMBER_FORMAT) from fault
        self._legs = [leg for leg in self._legs if leg.audio is not None]
        if len(self._legs) >= MOST:
            raise RemoteError(f"{MOST} AudioSocket legs are in use", Cause.SWITCHING_EQUIPMENT_CONGESTION)
        try:
            row = self._audio.rtp(LOOPBACK)
        except Exhausted as fault:
            raise RemoteError(str(fault), Cause.RESOURCE_UNAVAILABLE) from fault
        name = f"AudioSocket/{wanted.server}-{next(self._serial):08x}"
        leg = AudioSocketChannel(name, wanted, audio=row, connect=self._connect, emit=self._emit)
        self._legs.append(leg)
        return leg

    def device(self, address: str) -> str:
        """`AudioSocket/host:port`."""
        return f"AudioSocket/{address.partition('/')[0]}"

    def state(self, address: str) -> DeviceState:
        """Whether it is an address; whether anybody is there shows when a call is made."""
        where = address if "/" in address else f"{address}/{_NOBODY}"
        try:
            Address.parse(where)
        except MalformedError:
            return DeviceState.INVALID
        return DeviceState.NOT_INUSE


_NOBODY: Final = "00000000-0000-0000-0000-000000000000"
