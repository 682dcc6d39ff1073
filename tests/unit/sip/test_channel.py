"""A SIP leg between its row and its call: digits, hold, silence, and the row's one end."""

from __future__ import annotations

import pytest

from gateway.core.audio import AudioLost, DigitHeard, Silent
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import IllegalInput
from gateway.core.messages import (
    IN_BAND,
    RFC_4733,
    Answer,
    Dial,
    Digit,
    EarlyMedia,
    Hangup,
    Hold,
    Offered,
    Proceed,
    Released,
    Resume,
    SendDigits,
)
from gateway.core.number import Party
from gateway.sip.channel import SipChannel
from tests.support.sip import Office, Phone, session_description

CLEAR = Ending(Cause.NORMAL_CLEARING, "the dialplan", Act.HUNG_UP, "the end of the extension")


def offered(office: Office, body: bytes | None = None) -> SipChannel:
    Phone(office).invite("101", body=body)
    ((channel, event),) = office.heard()
    assert isinstance(event, Offered)
    return channel


def test_digits_heard_in_the_row_say_which_path_they_took() -> None:
    office = Office()
    channel = offered(office)
    row = office.desk.rows[0]
    assert row.listener is not None and not row.detecting
    row.listener(DigitHeard("5", 0.1, True), office.clock.now)
    row.listener(DigitHeard("#", 0.08, False), office.clock.now)
    office.drain()
    assert office.heard() == [(channel, Digit("5", 0.1, RFC_4733)), (channel, Digit("#", 0.08, IN_BAND))]
    told = [note.text for note in office.recorder.story(channel.name) if note.text.startswith("key")]
    assert told == ["key ? (RFC 4733 event)", "key ? (in-band tone)"]


def test_a_peer_without_events_is_listened_to_for_tones() -> None:
    office = Office()
    offered(office, session_description(formats="8"))
    assert office.desk.rows[0].detecting


def test_digits_to_send_go_to_the_row() -> None:
    office = Office()
    channel = offered(office)
    office.command(channel, SendDigits("12#"))
    assert office.desk.rows[0].heard == ["digits 12#"]


def test_silence_is_noted_in_the_calls_story() -> None:
    office = Office()
    channel = offered(office)
    row = office.desk.rows[0]
    assert row.listener is not None
    row.listener(Silent(5.0), office.clock.now)
    assert "no audio has come in for 5 s" in [note.text for note in office.recorder.story(channel.name)]


def test_a_leg_whose_audio_has_failed_ends_with_a_reason() -> None:
    office = Office()
    channel = offered(office)
    office.command(channel, Answer())
    office.events()
    row = office.desk.rows[0]
    assert row.listener is not None
    row.listener(AudioLost("Bad file descriptor"), office.clock.now)
    office.drain()
    (event,) = office.events()
    assert isinstance(event, Released)
    assert str(event.ending) == (
        "Copperline could not take the call (its audio: Bad file descriptor): temporary failure (41)."
    )
    assert channel.audio is None and office.desk.open == 0


def test_what_was_agreed_stands_in_the_story_with_every_message() -> None:
    office = Office()
    channel = offered(office)
    office.command(channel, Answer())
    texts = [note.text for note in office.recorder.story(channel.name)]
    assert "audio sendrecv with 192.0.2.60:40000, PCMU 20 ms, digits as events 101" in texts
    assert [text for text in texts if text.startswith(("<-", "->"))] == [
        "<- INVITE sip:101@192.0.2.1 from udp:192.0.2.60:5070",
        "-> 401 Unauthorized to udp:192.0.2.60:5070",
        "<- ACK sip:101@192.0.2.1 from udp:192.0.2.60:5070",
        "<- INVITE sip:101@192.0.2.1 from udp:192.0.2.60:5070",
        "-> 100 Trying to udp:192.0.2.60:5070",
        "-> 200 OK to udp:192.0.2.60:5070",
    ]
    assert all("secret-6001" not in note.detail for note in office.recorder.story(channel.name))


def test_the_row_is_closed_once_and_hears_nothing_afterwards() -> None:
    office = Office()
    channel = offered(office)
    row = office.desk.rows[0]
    office.command(channel, Hangup(CLEAR))
    office.command(channel, Hangup(CLEAR))
    assert channel.audio is None and row.closings == 1 and row.listener is None
    office.command(channel, SendDigits("1"))
    assert row.heard == []


def test_commands_that_make_no_sense_are_refused() -> None:
    office = Office()
    channel = offered(office)
    office.command(channel, Proceed())
    with pytest.raises(IllegalInput):
        office.command(channel, Dial("101", Party()))
    office.command(channel, Answer())
    for command in (Answer(), EarlyMedia()):
        with pytest.raises(IllegalInput):
            office.command(channel, command)


def test_an_outgoing_leg_that_has_not_dialled_cannot_be_held() -> None:
    office = Office()
    Phone(office).register()
    channel = office.stack.channel("6001", office.clock.now)
    for command in (Hold(), Resume(), Proceed()):
        with pytest.raises(IllegalInput):
            office.command(channel, command)


def test_how_well_it_was_heard_stands_in_the_story_at_the_end() -> None:
    office = Office()
    channel = offered(office)
    office.command(channel, Hangup(CLEAR))
    told = [note.text for note in office.recorder.story(channel.name)]
    assert "audio: nothing came in, 0 packets out" in told
