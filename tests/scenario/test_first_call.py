"""The first call: an analogue telephone and a SIP telephone talk."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from tests.support.office import OfficeUnderTest
from tests.support.speech import Heard, compare

Record = Callable[[str, object], None]


def talk(
    office: OfficeUnderTest, say: Callable[[Samples], None], hear: Callable[[], Samples], said: Samples
) -> Heard:
    """Let one end say something and the other hear it; the delay is told from the moment of speaking."""
    before = len(hear())
    say(said)
    office.run(len(said) / 8000 + 0.6)
    return compare(hear()[before:], said)


def assert_understood(heard: Heard) -> None:
    assert heard.correlation > 0.98
    assert heard.worst > 0.95, "half a second of it was spoilt"
    assert heard.slip == 0, "the delay moved in mid-sentence"
    assert 0 <= heard.delay < 0.15
    assert abs(heard.gain) < 0.5


@pytest.mark.parametrize("encoding", [Encoding.PCMU, Encoding.PCMA])
def test_a_sip_phone_calls_a_telephone_and_they_talk(
    office: OfficeUnderTest,
    sentence: Samples,
    other_sentence: Samples,
    encoding: Encoding,
    record_property: Record,
) -> None:
    ada, desk = office.sip("6001", encoding=encoding), office.phone("101")
    ada.call("101")
    assert office.until(lambda: ada.status == 180) < 0.1
    office.until(lambda: desk.caller_id is not None)
    assert desk.caller_id is not None
    assert (desk.caller_id.number, desk.caller_id.name) == ("6001", "Ada")
    office.run(6)
    (first, second, *_) = desk.rings
    assert first.ms == 2000 and second.at - first.at == 6000, "the ring cadence of the US is 2 s on, 4 s off"
    assert ada.status == 180
    desk.lift()
    office.until(lambda: ada.state == "up", within=0.2)
    office.run(0.5)

    to_desk = talk(office, ada.say, lambda: desk.recording, sentence)
    to_ada = talk(office, desk.say, lambda: ada.heard, other_sentence)
    for name, heard in (("SIP to telephone", to_desk), ("telephone to SIP", to_ada)):
        record_property(f"delay {name}, ms", round(1000 * heard.delay, 1))
        record_property(f"level {name}, dB", round(heard.gain, 2))
        assert_understood(heard)

    ada.key("147*")
    office.run(1.5)
    assert desk.digits == "147*"
    desk.dial("2580#")
    office.run(2)
    assert ada.digits == "2580#"

    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=2)
    assert ada.ended_by == 'BYE Q.850;cause=16;text="normal clearing"'
    (record,) = office.records()
    assert (record.disposition, record.answer_signal) == ("ANSWERED", "off-hook")
    assert str(record.ending) == "telephone 101 hung up (ONHOOK event on port 1): normal clearing (16)."
    (heard,) = record.quality
    assert (heard.leg, heard.coding) == (record.source, encoding.value)
    assert heard.received > 300 and heard.lost == 0 and heard.score > 4.2


def test_the_sip_side_hangs_up_and_the_telephone_gets_dial_tone_again(office: OfficeUnderTest) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    ada.call("101")
    office.until(lambda: desk.ringing)
    desk.lift()
    office.until(lambda: ada.state == "up")
    ada.hang_up()
    office.until(lambda: desk.hears == "congestion", within=2)
    desk.hang_up()
    office.run(1.5)
    desk.lift()
    office.until(lambda: desk.hears == "dial", within=2)
    desk.hang_up()
    (record,) = office.records()
    assert str(record.ending) == "account 6001 hung up (BYE): normal clearing (16)."


@pytest.mark.parametrize("how", ["dial", "pulse"])
def test_a_telephone_calls_a_sip_phone_by_keys_or_by_pulses(
    office: OfficeUnderTest, sentence: Samples, how: str
) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    desk.lift()
    office.until(lambda: desk.hears == "dial", within=2)
    office.run(0.5)  # nobody dials sooner, and DAHDI looks away from the hook for 600 ms after a lift
    getattr(desk, how)("6001")
    office.until(lambda: ada.state == "offered", within=12)
    assert '"Front desk" <sip:101@' in ada.caller
    ada.ring()
    office.until(lambda: desk.hears == "ring", within=5)
    ada.answer()
    assert_understood(talk(office, ada.say, lambda: desk.recording, sentence))  # ringback gives way without a slip
    assert desk.hears is None
    assert_understood(talk(office, desk.say, lambda: ada.heard, sentence))
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=2)


def test_nobody_answers_and_the_caller_gives_up(office: OfficeUnderTest) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    ada.call("101")
    office.until(lambda: desk.ringing)
    ada.hang_up()
    office.until(lambda: ada.status == 487, within=1)
    office.run(7)
    assert len(desk.rings) == 1, "it rings no more"
    (record,) = office.records()
    assert record.disposition == "NO ANSWER"
    assert str(record.ending) == "account 6001 gave up before an answer (CANCEL): normal clearing (16)."


def test_thirty_seconds_without_an_answer_end_with_480(office: OfficeUnderTest) -> None:
    ada = office.sip("6001")
    ada.call("101")
    office.run(31)
    assert ada.status in (480, 408) and ada.state == "idle"
    (record,) = office.records()
    assert "telephone 101 did not answer (no answer for 30 s)" in str(record.ending)


def test_caller_id_is_not_sent_to_a_phone_that_is_lifted_early(office: OfficeUnderTest) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    ada.call("101")
    office.until(lambda: desk.ringing)
    office.run(2.2)
    desk.lift()
    office.until(lambda: ada.state == "up")
    office.run(2)
    assert desk.caller_id is None
    assert np.abs(desk.recording[-8000:].astype(int)).max() < 50, "no modem is heard"
    desk.hang_up()
    office.run(2)
