"""SIP over TLS with other programs: baresip calls, openssl looks at what is shown."""

from __future__ import annotations

import subprocess
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
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def office(authority: Authority, tmp_path: Path, spoken: None) -> Iterator[RunningOffice]:
    chain = tmp_path / "office.pem"
    chain.write_bytes(authority.certificate("office.test").chain.read_bytes())
    chain.chmod(0o600)
    with running(tmp_path / "office", certificate=chain) as office:
        yield office


def openssl(office: RunningOffice, authority: Authority, *words: str) -> str:
    host, port = office.addresses["tls"]
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"{host}:{port}", "-CAfile", str(authority.file), *words],
        input="", capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_baresip_logs_in_over_tls_and_hears_itself(
    office: RunningOffice, tmp_path: Path, sentence: Samples, steadily: Steadily
) -> None:
    phone = Baresip(tmp_path / "baresip", "6001", "copper-6001", office.addresses["tls"], "tls")
    try:
        (registration,) = office.get("/api/v1/registrations")
        assert (registration["account"], registration["transport"]) == ("6001", "tls")
        phone.dial("600")
        phone.wait_for("CALL_ESTABLISHED")
        until(lambda: office.in_calls() > 0, PATIENCE, "the call")
        steadily(lambda: says_and_is_heard(phone, phone, sentence))
        phone.hang_up()
        until(lambda: office.in_calls() == 0, PATIENCE, "the end of the call")
    finally:
        phone.quit()


def test_what_openssl_sees_is_verified_and_new_after_a_reload(
    office: RunningOffice, authority: Authority, tmp_path: Path
) -> None:
    seen = openssl(office, authority, "-servername", "office.test", "-verify_hostname", "office.test")
    assert "Verify return code: 0 (ok)" in seen and ("TLSv1.3" in seen or "TLSv1.2" in seen)
    assert "no peer certificate available" in openssl(office, authority, "-tls1_1")
    chain = tmp_path / "office.pem"
    chain.write_bytes(authority.certificate("renewed.test", days=5).chain.read_bytes())
    office.reload()
    renewed = openssl(office, authority, "-servername", "renewed.test", "-verify_hostname", "renewed.test")
    assert "Verify return code: 0 (ok)" in renewed
    assert "in 4 days; have it renewed" in office.log or "in 5 days; have it renewed" in office.log
