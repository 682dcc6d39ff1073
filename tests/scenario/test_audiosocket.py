"""Programs as a call's far side: the application AudioSocket, and the technology of that name."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from gateway.core.audio import Samples
from tests.scenario.conftest import Build
from tests.support.audiosocket import AudioSocketServer
from tests.support.office import OfficeUnderTest
from tests.support.speech import compare

UUID = "40325ec2-5efd-4bd3-805f-53576e581d13"
DIALPLAN = """
[office]
exten => 1,1,Answer()
 same => n,AudioSocket({uuid},127.0.0.1:{port})
 same => n,Playback(demo-thanks)
 same => n,Hangup(17)
exten => 2,1,Dial(AudioSocket/127.0.0.1:{port}/{uuid},10,g)
 same => n,Set(GLOBAL(was)=${{DIALSTATUS}})
 same => n,Hangup()
exten => 3,1,Progress()
 same => n,AudioSocket({uuid},127.0.0.1:{port})
 same => n,Hangup(18)
[from-pstn]
exten => s,1,Hangup()
"""

Prepared = Callable[..., tuple[OfficeUnderTest, AudioSocketServer]]


@pytest.fixture
def prepared(build: Build) -> Iterator[Prepared]:
    servers: list[AudioSocketServer] = []

    def make() -> tuple[OfficeUnderTest, AudioSocketServer]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        office = build(dialplan=DIALPLAN.format(uuid=UUID, port=port))
        servers.append(AudioSocketServer(office.loop, port))
        office.idle["descriptors"] += 1
        return office, servers[-1]

    yield make
    for server in servers:
        server.close()


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * 8000), np.int16)


@pytest.mark.parametrize("number", ["1", "2"])
def test_the_two_hear_one_another_and_keys_pass(
    prepared: Prepared, sentence: Samples, other_sentence: Samples, number: str
) -> None:
    office, server = prepared()
    ada = office.sip("6001")
    ada.call(number)
    office.until(lambda: ada.state == "up" and server.talks, within=2)
    assert str(server.identity) == UUID and server.messages[0][0] == 0x01
    office.run(0.5)
    server.say(other_sentence)  # all of it in one breath
    ada.say(sentence)
    office.run(max(len(sentence), len(other_sentence)) / 8000 + 1)
    assert compare(server.heard, sentence).correlation > 0.97
    assert compare(ada.heard, other_sentence).correlation > 0.97
    ada.key("4#")
    office.run(1.5)
    assert server.keys == "4#"
    ada.hang_up()
    office.until(lambda: server.over, within=2)
    assert server.messages[-1] == (0x00, b"")


def test_an_analogue_telephone_and_its_keys(prepared: Prepared, other_sentence: Samples) -> None:
    office, server = prepared()
    desk = office.phone("101")
    desk.lift()
    office.until(lambda: desk.hears == "dial", within=2)
    desk.dial("1")
    office.until(lambda: server.talks, within=8)
    desk.dial("55")
    office.run(1.5)
    assert server.keys == "55"
    server.say(other_sentence)
    office.run(len(other_sentence) / 8000 + 0.5)
    assert compare(desk.recording, other_sentence).correlation > 0.97
    desk.hang_up()
    office.until(lambda: server.over, within=3)


def test_after_the_program_s_goodbye_the_script_goes_on(prepared: Prepared) -> None:
    office, server = prepared()
    ada = office.sip("6001")
    ada.call("1")
    office.until(lambda: server.talks, within=2)
    server.hang_up()
    office.until(lambda: ada.state == "idle", within=10)
    assert "cause=17" in ada.ended_by


def test_a_key_of_the_program_is_one_of_the_leg(prepared: Prepared) -> None:
    office, server = prepared()
    ada = office.sip("6001")
    ada.call("2")
    office.until(lambda: server.talks, within=2)
    office.run(0.2)
    server.send(0x03, b"7")
    office.run(0.5)
    assert ada.digits == "7"
    ada.hang_up()
    office.until(lambda: server.over, within=2)


def test_a_caller_who_is_not_answered_hears_it_early(prepared: Prepared, other_sentence: Samples) -> None:
    office, server = prepared()
    ada = office.sip("6001")
    ada.call("3")
    office.until(lambda: server.talks, within=2)
    server.say(other_sentence)
    office.run(len(other_sentence) / 8000 + 0.5)
    assert ada.state != "up" and ada.status == 183
    assert compare(ada.heard, other_sentence).correlation > 0.97
    server.hang_up()
    office.until(lambda: ada.state == "idle", within=2)


@pytest.mark.parametrize("how", ["error", "broken off", "nobody there", "does not read"])
def test_what_goes_wrong_ends_the_call_and_leaves_nothing(prepared: Prepared, how: str, sentence: Samples) -> None:
    office, server = prepared()
    ada = office.sip("6001")
    if how == "nobody there":
        server.close()
    ada.call("1")
    if how != "nobody there":
        office.until(lambda: server.talks, within=2)
    if how == "error":
        server.send(0xFF, b"\x04")
    elif how == "broken off":
        server.break_off()
    elif how == "does not read":
        server.stop_reading()
        for _ in range(20):
            ada.say(sentence)
            office.run(len(sentence) / 8000)
            if ada.state == "idle":
                break
    office.until(lambda: ada.state == "idle", within=10)
    assert "cause=41" in ada.ended_by
    if how == "nobody there":
        office.idle["descriptors"] -= 1


def test_messages_of_unknown_kinds_and_halves_are_no_harm(prepared: Prepared, other_sentence: Samples) -> None:
    office, server = prepared()
    ada = office.sip("6001")
    ada.call("1")
    office.until(lambda: server.talks, within=2)
    server.send(0x77, b"whatever")
    server.send(0x03, b"")
    server.send(0x03, b"x")
    server.send(0x10, b"\x01")
    server.send(0x10, b"\x01" * 63)
    server.say(other_sentence)
    office.run(len(other_sentence) / 8000 + 0.5)
    assert compare(ada.heard, other_sentence).correlation > 0.97
    server.write(b"\x10\xff")  # a message that never becomes whole
    office.run(1)
    ada.hang_up()
    office.until(lambda: server.over, within=2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("nonsense,127.0.0.1:1", "is no UUID"),
        (f"{UUID}", "is no server"),
        (f"{UUID},127.0.0.1:99999", "is no address"),
    ],
)
def test_arguments_that_make_no_sense_are_told(build: Build, arguments: str, words: str) -> None:
    plan = f"[office]\nexten => 1,1,AudioSocket({arguments})\n[from-pstn]\nexten => s,1,Hangup()\n"
    office = build(dialplan=plan)
    ada = office.sip("6001")
    ada.call("1")
    office.until(lambda: ada.state == "idle", within=2)
    (record,) = office.records()
    assert any(words in note.text for note in office.app.recorder.story(record.id))
