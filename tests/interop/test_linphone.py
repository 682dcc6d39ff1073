"""linphone's command line client: it registers, calls, talks, keys, holds, transfers, texts and is called."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from gateway.core.audio import Samples
from tests.support.linphone import OPUS, Linphone
from tests.support.speech import compare
from tests.support.steady import Steadily
from tests.support.tls import Authority
from tests.support.wire import PATIENCE, Hearing, RunningOffice, running, until

pytestmark = [
    pytest.mark.wire,
    pytest.mark.skipif(shutil.which("linphonec") is None, reason="linphone-cli is not installed"),
]

Bob = Callable[..., Linphone]


@pytest.fixture
def bob(office: RunningOffice, tmp_path: Path, other_sentence: Samples) -> Iterator[Bob]:
    """Gives 6002's telephone: a linphonec that registers over the transport named."""
    phones: list[Linphone] = []

    def make(transport: str, codec: str = OPUS) -> Linphone:
        folder = tmp_path / f"linphone-{len(phones)}"
        address = office.addresses[transport]
        phones.append(Linphone(folder, "6002", "copper-6002", address, transport, other_sentence, codec))
        return phones[-1]

    yield make
    for phone in phones:
        phone.quit()


def understood(
    name: str, hearing: Callable[[], Hearing], since: float, said: Samples, likeness: float = 0.9
) -> None:
    """Within some seconds, what was said is heard, most of it unspoilt: its jitter buffer may slip once."""

    def heard() -> bool:
        samples = hearing().since(since)
        return len(samples) >= len(said) and compare(samples, said).typical > likeness

    try:
        until(heard, PATIENCE, f"{name} to be understood")
    except AssertionError as fault:
        raise AssertionError(f"{fault}: {compare(hearing().since(since), said)}") from fault


def phone_is_understood(
    phone: Linphone,
    office: RunningOffice,
    since: float,
    said: Samples,
    steadily: Steadily,
    likeness: float = 0.9,
) -> None:
    """What it says from `since` on is heard at telephone 101."""
    moments = [since]

    def talk() -> None:
        if not moments:
            moments.append(time.monotonic())
            phone.say_again()
        understood("linphone", lambda: office.recording("101"), moments.pop(), said, likeness)

    steadily(talk)


def telephone_is_understood(
    office: RunningOffice,
    name: str,
    hearing: Callable[[], Hearing],
    said: Samples,
    steadily: Steadily,
    likeness: float = 0.9,
) -> None:
    """What is said into telephone 101 is heard."""

    def talk() -> None:
        spoken = office.say("101", said)
        understood(name, hearing, spoken - 0.5, said, likeness)

    steadily(talk)


def test_it_calls_a_telephone_keys_holds_and_transfers(
    office: RunningOffice, bob: Bob, sentence: Samples, other_sentence: Samples, steadily: Steadily
) -> None:
    phone = bob("udp")
    phone.dial("101")
    until(lambda: office.heard("101")["ringing"], PATIENCE, "101 to ring")
    began = time.monotonic()
    office.hand("101", "lift")
    phone.wait_for("connected")
    phone_is_understood(phone, office, began, other_sentence, steadily)
    telephone_is_understood(office, "the telephone", phone.hearing, sentence, steadily)

    phone.type("4")
    phone.type("7")
    until(lambda: office.heard("101")["digits"] == "47", PATIENCE, "keys at the telephone")
    office.hand("101", "dial", "28#")
    until(lambda: phone.printed.count("Receiving tone") == 3, PATIENCE, f"keys at linphone: {phone.printed[-500:]}")

    phone.type("pause")
    phone.wait_for("is now paused")
    held = time.monotonic()
    time.sleep(1.5)
    assert np.abs(office.recording("101").since(held).astype(float)).mean() > 100, "music on hold"
    began = time.monotonic()
    phone.type("resume")  # and it begins to speak anew
    phone.wait_for("Media streams established", 2)
    phone_is_understood(phone, office, began, other_sentence, steadily)

    phone.transfer("102")
    until(lambda: office.heard("102")["ringing"], PATIENCE, "102 to ring")
    office.hand("102", "lift")
    phone.wait_for("ended")
    telephone_is_understood(office, "101", lambda: office.recording("102"), sentence, steadily)
    assert "account 6002 transferred the call" in office.copperline("calls")


def test_it_is_called_over_tcp_and_either_side_hangs_up(
    office: RunningOffice, bob: Bob, sentence: Samples, other_sentence: Samples, steadily: Steadily
) -> None:
    phone = bob("tcp")
    for turn, hangs_up in enumerate((lambda: office.hand("101", "hang-up"), lambda: phone.type("terminate")), 1):
        office.hand("101", "lift")
        until(lambda: office.heard("101")["tone"] == "dial", PATIENCE, "dial tone")
        began = time.monotonic()
        office.hand("101", "dial", "6002")
        phone.wait_for("Media streams established", turn)
        phone_is_understood(phone, office, began, other_sentence, steadily)
        hangs_up()
        phone.wait_for("ended", turn)
        until(lambda: office.in_calls() <= 1, PATIENCE, "the call to be over")
        office.hand("101", "hang-up")
        until(office.on_hook, PATIENCE, "the telephone to be down")


@pytest.mark.parametrize("codec", ["speex/8000", "speex/16000"])
def test_it_talks_in_speex(
    office: RunningOffice, bob: Bob, sentence: Samples, other_sentence: Samples, steadily: Steadily, codec: str
) -> None:
    """RFC 5574."""
    phone = bob("udp", codec)
    phone.dial("101")
    until(lambda: office.heard("101")["ringing"], PATIENCE, "101 to ring")
    began = time.monotonic()
    office.hand("101", "lift")
    phone.wait_for("connected")
    assert ": speex, " in office.copperline("calls")
    phone_is_understood(phone, office, began, other_sentence, steadily, 0.75)
    telephone_is_understood(office, "the telephone", phone.hearing, sentence, steadily, 0.75)
    phone.type("terminate")
    phone.wait_for("ended")
    office.hand("101", "hang-up")
    until(office.on_hook, PATIENCE, "the telephone to be down")


def test_over_tls_it_encrypts_consults_brings_two_together_and_texts(
    tmp_path: Path, spoken: None, sentence: Samples, other_sentence: Samples, steadily: Steadily
) -> None:
    """RFC 4568 6, RFC 3515 and RFC 3891, RFC 3428; it looks whether the certificate is for the name it calls."""
    authority = Authority(tmp_path)
    chain = tmp_path / "office.pem"
    chain.write_bytes(authority.certificate("localhost").chain.read_bytes())
    chain.chmod(0o600)
    with running(tmp_path / "office", certificate=chain) as office:
        server = ("localhost", office.addresses["tls"][1])
        phone = Linphone(
            tmp_path / "linphone", "6002", "copper-6002", server, "tls", other_sentence, authority=authority.file
        )
        try:
            office.hand("101", "lift")
            until(lambda: office.heard("101")["tone"] == "dial", PATIENCE, "dial tone")
            office.hand("101", "dial", "6002")
            phone.wait_for("Media streams established")
            phone.type("pause 1")
            phone.wait_for("is now paused")

            phone.dial("102")
            until(lambda: office.heard("102")["ringing"], PATIENCE, "102 to ring")
            began = time.monotonic()
            office.hand("102", "lift")
            phone.wait_for("Media streams established", 2)
            assert ": opus, encrypted by AES_CM_128_HMAC_SHA1_80" in office.copperline("calls")
            understood("linphone", lambda: office.recording("102"), began, other_sentence)

            phone.bring_together(1, 2)
            phone.wait_for("has been transfered")
            telephone_is_understood(office, "101", lambda: office.recording("102"), sentence, steadily)
            assert "account 6002 transferred the call" in office.copperline("calls")

            phone.text("6002", "is heard by whom it is for")
            phone.wait_for("Message received from sip:6002@")
        finally:
            for number in ("101", "102"):
                office.hand(number, "hang-up")
            phone.quit()
