"""AudioSocket messages and addresses, and legs without a network."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.audiosocket.channel import MOST, AudioSocketChannel, AudioSocketTechnology
from drivers.audiosocket.protocol import Address, Decoder, Kind, Message
from gateway.core.audio import RtpAudio
from gateway.core.cause import Cause
from gateway.core.channel import Channel
from gateway.core.errors import MalformedError, RemoteError
from gateway.core.messages import Answered, Dial, Digit, Event, Hangup, Proceeding, Released, SendDigits
from gateway.core.number import Party
from gateway.core.switch import DeviceState
from tests.support.channel import ScriptedRows
from tests.unit.call.exchange import BYE

TEXT = "40325ec2-5efd-4bd3-805f-53576e581d13"
UUID_ = UUID(TEXT)
MESSAGES = st.lists(st.builds(Message, st.integers(0, 255), st.binary(max_size=400)), max_size=8)


@given(MESSAGES, st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_messages_come_out_whole_however_they_are_cut(messages: list[Message], cuts: list[int]) -> None:
    data = b"".join(message.serialise() for message in messages)
    decoder, found, at = Decoder(), list[Message](), 0
    while at < len(data):
        cut = cuts[at % len(cuts)]
        found += decoder.receive(data[at : at + cut])
        at += cut
    assert found == messages


def test_the_form_on_the_wire() -> None:
    assert Message(Kind.IDENTITY, UUID_.bytes).serialise() == b"\x01\x00\x10" + UUID_.bytes
    assert Message(Kind.HANG_UP).serialise() == b"\x00\x00\x00"
    assert Message(Kind.AUDIO, bytes(320)).serialise()[:3] == b"\x10\x01\x40"


@pytest.mark.parametrize(
    ("text", "server"),
    [
        (f"127.0.0.1:9092/{TEXT}", ("127.0.0.1", 9092)),
        (f"example.org/{TEXT.upper()}", ("example.org", 9092)),
        (f"[::1]:4000/{TEXT}/c(slin)", ("::1", 4000)),
        (f"[::1]/{TEXT}", ("::1", 9092)),
    ],
)
def test_an_address_is_read(text: str, server: tuple[str, int]) -> None:
    address = Address.parse(text)
    assert (address.host, address.port, address.uuid) == (*server, UUID_)
    assert address.server == (f"[{server[0]}]:{server[1]}" if server[0] == "::1" else "{}:{}".format(*server))


@pytest.mark.parametrize(
    "text", ["", "x", f"/{TEXT}", f"a:0/{TEXT}", f"a:99999/{TEXT}", f"a:b/{TEXT}", "a:1/", "a:1/1234"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        Address.parse(text)


class Office:
    """A technology whose connections only write down what is said."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.said: list[Message] = []
        self.closed = 0
        self.rows = ScriptedRows()
        self.technology = AudioSocketTechnology(self.rows, self._emit, self._connect)

    def _emit(self, channel: Channel, event: Event) -> None:
        self.events.append(event)

    def _connect(self, address: Address, leg: AudioSocketChannel, row: RtpAudio) -> Office:
        return self

    def say(self, message: Message) -> None:
        self.said.append(message)

    def close(self) -> None:
        self.closed += 1

    def dialled(self) -> AudioSocketChannel:
        leg = self.technology.channel(f"a:1/{TEXT}", 0.0)
        leg.command(Dial("", Party("6001")), 0.0)
        return leg


def test_a_leg_says_whose_call_it_is_and_has_answered() -> None:
    office = Office()
    leg = office.dialled()
    assert leg.name == "AudioSocket/a:1-00000001" and office.events == []
    leg.connected()
    assert office.said == [Message(Kind.IDENTITY, UUID_.bytes)]
    assert office.events == [Proceeding(), Answered("the connection")]
    leg.command(SendDigits("4#"), 0.0)
    assert office.said[1:] == [Message(Kind.DIGIT, b"4"), Message(Kind.DIGIT, b"#")]
    leg.heard(Message(Kind.DIGIT, b"5"))
    assert isinstance(office.events[-1], Digit) and office.events[-1].digit == "5"
    leg.command(Hangup(BYE), 0.0)
    assert office.said[-1] == Message(Kind.HANG_UP) and office.closed == 1 and leg.audio is None


@pytest.mark.parametrize(
    ("message", "cause"),
    [(Message(Kind.HANG_UP), Cause.NORMAL_CLEARING), (Message(Kind.ERROR, b"\x02"), Cause.TEMPORARY_FAILURE)],
)
def test_the_program_ends_it_and_nothing_is_said_after(message: Message, cause: Cause) -> None:
    office = Office()
    leg = office.dialled()
    leg.connected()
    leg.heard(message)
    assert isinstance(office.events[-1], Released) and office.events[-1].ending.cause is cause
    before = list(office.events)
    leg.heard(message)
    leg.lost("too late")
    leg.command(SendDigits("1"), 0.0)
    assert office.events == before and office.closed == 1


def test_bounds() -> None:
    office = Office()
    legs = [office.technology.channel(f"a:1/{TEXT}", 0.0) for _ in range(100)]
    with pytest.raises(RemoteError, match="no row is free") as refused:
        office.technology.channel(f"a:1/{TEXT}", 0.0)
    assert refused.value.cause is Cause.RESOURCE_UNAVAILABLE
    office.rows.free = 1000
    legs += [office.technology.channel(f"a:1/{TEXT}", 0.0) for _ in range(MOST - 100)]
    with pytest.raises(RemoteError, match="are in use"):
        office.technology.channel(f"a:1/{TEXT}", 0.0)
    legs[0].command(Hangup(BYE), 0.0)
    office.technology.channel(f"a:1/{TEXT}", 0.0)
    with pytest.raises(RemoteError, match="is no UUID"):
        office.technology.channel("a:1/x", 0.0)


def test_the_state_of_a_server() -> None:
    technology = Office().technology
    assert technology.state("a:1") is DeviceState.NOT_INUSE
    assert technology.state(":") is DeviceState.INVALID
    assert technology.device(f"a:1/{TEXT}") == "AudioSocket/a:1"
