"""An analogue telephone and a SIP telephone of somebody else's make talk to each other."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import pytest

from gateway.core.audio import Samples
from tests.support.baresip import Baresip
from tests.support.framed import likeness
from tests.support.speech import Heard, compare
from tests.support.steady import Steadily
from tests.support.wire import PATIENCE, Hearing, RunningOffice, until

pytestmark = pytest.mark.wire

Record = Callable[[str, object], None]

LATEST = 0.3
"""Seconds by which speech may be late here: frames on both sides, a jitter buffer, a machine that is busy."""
AROUND = 0.5
"""Seconds before and after, in which it is looked for."""
WORN: Final = 0.02
"""What passing through a telephone line besides may take of a coder's likeness."""


def find(hearing: Hearing, said: Samples, about: float) -> tuple[Heard, float]:
    """What of `said` is in a recording, and the moment at which it begins there, which is soon after `about`."""
    samples = hearing.since(about - AROUND)
    heard = compare(samples, said)
    return heard, hearing.ended - len(samples) / 8000 + heard.delay


def assert_understood(name: str, hearing: Hearing, said: Samples, spoken: float, record: Record) -> None:
    """What was said at the moment `spoken` was heard, whole and soon, at the level at which it was said."""
    heard, moment = find(hearing, said, spoken)
    delay = moment - spoken
    record(f"delay {name}, ms", round(1000 * delay))
    record(f"level {name}, dB", round(heard.gain, 2))
    record(f"worst half second {name}", round(heard.worst, 4))
    # A clock of this machine that is late spoils the half second in which that happens; that none is spoilt where
    # no clock is late is held by tests/scenario, whose clock is moved by hand.
    assert heard.typical > 0.95, f"{name}: most of it was spoilt: {heard}"
    assert delay < LATEST, f"{name}: it came {delay:.3f} s late"
    assert abs(heard.gain) < 1, f"{name}: {heard}"


def assert_alike(codec: str, heard: Heard, said: Samples, record: Record) -> None:
    """What was heard is as like what was said as the coder alone leaves it."""
    alone = likeness(codec, said)
    record(f"likeness of {codec}, of its coder alone", (round(heard.typical, 3), round(alone, 3)))
    assert heard.typical > alone - WORN, f"its coder leaves {alone:.3f} of it: {heard}"


def phone_talks(
    name: str,
    phone: Baresip,
    hearing: Callable[[], Hearing],
    said: Samples,
    steadily: Steadily,
    record: Record,
) -> None:
    """A SIP telephone says something, and it is understood."""

    def talk() -> None:
        began = phone.say(said)
        wait_out(began, said)
        _, spoken = find(phone.speaking(), said, began)
        assert_understood(name, hearing(), said, spoken, record)

    steadily(talk)


def says_and_is_heard(phone: Baresip, other: Baresip, said: Samples) -> None:
    """A SIP telephone says something, and another, or itself by an echo, hears it whole."""
    began = phone.say(said)
    wait_out(began, said)
    heard, _ = find(other.hearing(), said, began)
    assert heard.correlation > 0.9 and heard.typical > 0.95, f"it was spoilt: {heard}"


def wait_out(began: float, said: Samples) -> None:
    """Until all that was said must have come."""
    last = began + len(said) / 8000 + AROUND
    until(lambda: time.monotonic() > last, 20, "the sentence to end")


def test_a_sip_phone_calls_a_telephone_and_they_talk(
    office: RunningOffice,
    ada: Callable[..., Baresip],
    sentence: Samples,
    other_sentence: Samples,
    steadily: Steadily,
    record_property: Record,
) -> None:
    phone = ada("udp")
    phone.dial("101")
    phone.wait_for("CALL_RINGING")
    until(lambda: office.heard("101")["caller_number"] == "6001", PATIENCE, "caller ID after the first ring")
    assert office.heard("101")["caller_name"] == "Ada"
    office.hand("101", "lift")
    phone.wait_for("CALL_ESTABLISHED")

    phone_talks("SIP to telephone", phone, lambda: office.recording("101"), sentence, steadily, record_property)

    def telephone_talks() -> None:
        spoken = office.say("101", other_sentence)
        wait_out(spoken, other_sentence)
        assert_understood("telephone to SIP", phone.hearing(), other_sentence, spoken, record_property)

    steadily(telephone_talks)

    phone.key("147*")
    until(lambda: office.heard("101")["digits"] == "147*", PATIENCE, "keys at the telephone")
    office.hand("101", "dial", "2580#")
    until(lambda: phone.keys_heard() == "2580#", PATIENCE, f"keys at baresip: {phone.events}")

    assert "FXS/101-" in office.copperline("calls")
    office.hand("101", "hang-up")
    phone.wait_for("CALL_CLOSED")
    until(lambda: "telephone 101 hung up (ONHOOK event" in office.log, PATIENCE, "why it ended, in the log")
    assert "telephone 101 hung up" in office.copperline("calls")
    office.hand("101", "lift")
    until(lambda: office.heard("101")["tone"] == "dial", PATIENCE, "dial tone")
    office.hand("101", "hang-up")


@pytest.mark.parametrize("codec", ["opus/48000/2", "GSM/8000/1", "AMR/8000/1", "AMR-WB/16000/1"])
def test_a_sip_phone_with_frames_of_a_coder_talks_to_a_telephone(
    office: RunningOffice,
    ada: Callable[..., Baresip],
    sentence: Samples,
    other_sentence: Samples,
    steadily: Steadily,
    record_property: Record,
    codec: str,
) -> None:
    phone = ada("udp", codec=codec)
    phone.dial("101")
    until(lambda: office.heard("101")["caller_number"] == "6001", PATIENCE, "caller ID after the first ring")
    office.hand("101", "lift")
    phone.wait_for("CALL_ESTABLISHED")
    name = codec.partition("/")[0].replace("-", "").lower()

    def phone_says_it() -> None:
        began = phone.say(sentence)
        wait_out(began, sentence)
        _, spoken = find(phone.speaking(), sentence, began)
        assert_alike(name, find(office.recording("101"), sentence, spoken)[0], sentence, record_property)

    def telephone_says_it() -> None:
        spoken = office.say("101", other_sentence)
        wait_out(spoken, other_sentence)
        assert_alike(name, find(phone.hearing(), other_sentence, spoken)[0], other_sentence, record_property)

    steadily(phone_says_it)
    steadily(telephone_says_it)
    office.hand("101", "hang-up")
    phone.wait_for("CALL_CLOSED")


def test_a_telephone_calls_a_sip_phone_which_hangs_up(
    office: RunningOffice,
    ada: Callable[..., Baresip],
    sentence: Samples,
    steadily: Steadily,
    record_property: Record,
) -> None:
    phone = ada("tcp")
    office.hand("101", "lift")
    until(lambda: office.heard("101")["tone"] == "dial", PATIENCE, "dial tone")
    office.hand("101", "dial", "6001")
    incoming = phone.wait_for("CALL_ESTABLISHED")
    assert incoming["direction"] == "incoming"
    assert (incoming["peeruri"], incoming["peerdisplayname"]) == ("sip:101@127.0.0.1", "Front desk")
    phone_talks("SIP that was called", phone, lambda: office.recording("101"), sentence, steadily, record_property)
    phone.hang_up()
    until(lambda: office.in_calls() <= 1, PATIENCE, "the call to be over")
    until(lambda: office.heard("101")["tone"], PATIENCE, "a tone for the one who is left")
    office.hand("101", "hang-up")


def test_the_echo_sends_back_what_it_hears(
    office: RunningOffice,
    ada: Callable[..., Baresip],
    sentence: Samples,
    steadily: Steadily,
    record_property: Record,
) -> None:
    phone = ada("udp")
    phone.dial("600")
    phone.wait_for("CALL_ESTABLISHED")
    phone_talks("echo", phone, phone.hearing, sentence, steadily, record_property)
    phone.hang_up()
    phone.wait_for("CALL_CLOSED")
