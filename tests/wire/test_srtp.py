"""Encrypted audio with another program: baresip, over TLS, both ways of calling."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.audio import Samples
from tests.support.baresip import Baresip
from tests.support.steady import Steadily
from tests.support.tls import Authority
from tests.support.wire import PATIENCE, RunningOffice, running, until
from tests.wire.test_call import says_and_is_heard

pytestmark = pytest.mark.wire


@pytest.fixture
def office(tmp_path: Path, spoken: None) -> Iterator[RunningOffice]:
    chain = tmp_path / "office.pem"
    chain.write_bytes(Authority(tmp_path).certificate("office.test").chain.read_bytes())
    chain.chmod(0o600)
    with running(tmp_path / "office", certificate=chain) as office:
        yield office


def test_baresip_hears_itself_through_encrypted_audio(
    office: RunningOffice, tmp_path: Path, sentence: Samples, steadily: Steadily
) -> None:
    phone = Baresip(tmp_path / "ada", "6001", "copper-6001", office.addresses["tls"], "tls", "srtp-mand")
    try:
        phone.dial("600")
        phone.wait_for("CALL_ESTABLISHED")
        steadily(lambda: says_and_is_heard(phone, phone, sentence))
        assert "encrypted by AES_CM_128_HMAC_SHA1_80" in str(office.get("/api/v1/calls"))
        phone.hang_up()
        until(lambda: office.in_calls() == 0, PATIENCE, "the end of the call")
    finally:
        phone.quit()


def test_a_telephone_that_can_is_called_and_one_in_clear_is_joined_to_it(
    office: RunningOffice, tmp_path: Path, sentence: Samples, steadily: Steadily
) -> None:
    ada = Baresip(tmp_path / "ada", "6001", "copper-6001", office.addresses["udp"], "udp")
    bob = Baresip(tmp_path / "bob", "6002", "copper-6002", office.addresses["tls"], "tls", "srtp")
    try:
        ada.dial("6002")
        ada.wait_for("CALL_ESTABLISHED")
        steadily(lambda: says_and_is_heard(ada, bob, sentence))
        assert str(office.get("/api/v1/calls")).count("encrypted by AEAD_AES_128_GCM") == 1
        ada.hang_up()
        until(lambda: office.in_calls() == 0, PATIENCE, "the end of the call")
    finally:
        ada.quit()
        bob.quit()
