"""Certificates that cannot serve are faults with their line, and those that soon will not are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from gateway.config.load import parse
from gateway.config.office import load_office, setting_doubts
from gateway.core.errors import ConfigError
from tests.support.tls import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def faults(text: str, folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, "office.toml", folder)
    return [str(fault).replace(f"{folder}/", "") for fault in caught.value.faults]


def pair(certificate: Path, key: Path | None = None) -> str:
    lines = f'[sip.tls]\ncertificate = "{certificate}"\n'
    return lines if key is None else f'{lines}key = "{key}"\n'


def doubts(folder: Path, text: str) -> list[str]:
    """What is worth a look in an office of these lines, in which there is somebody."""
    path = folder / "office.toml"
    path.write_text(f'{text}\n[accounts.6009]\nsecret = "u8Rk2vQw0Zt4"\n')
    found = setting_doubts(path, *load_office(path))
    return [str(doubt).replace(f"{folder}/", "") for doubt in found]


def test_a_good_certificate_has_no_faults_and_no_doubts(authority: Authority, tmp_path: Path) -> None:
    assert doubts(tmp_path, pair(authority.certificate("office.test").chain)) == []


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert faults(pair(Path("office.pem")), tmp_path) == [
        "office.toml:2: office.pem cannot be read: no such file or directory; name a file that can"
    ]


def test_a_file_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "office.pem").write_text("hello")
    assert faults(pair(Path("office.pem")), tmp_path) == [
        "office.toml:2: office.pem holds no certificate in PEM form; name a file with a certificate"
    ]
    (tmp_path / "ca.pem").write_text("hello")
    assert faults('[sip.tls]\nauthorities = "ca.pem"', tmp_path) == [
        "office.toml:2: ca.pem holds no certificates of authorities in PEM form;"
        " name a file with certificates of authorities"
    ]


def test_a_certificate_without_its_key(authority: Authority, tmp_path: Path) -> None:
    assert faults(pair(authority.file), tmp_path)[0].endswith(
        "holds no private key in PEM form; write key = with the file that holds it"
    )
    assert "there is a key without its certificate" in faults('[sip.tls]\nkey = "x.pem"', tmp_path)[0]


def test_a_key_of_another_certificate(authority: Authority, tmp_path: Path) -> None:
    one, other = authority.certificate("one.test").chain, authority.certificate("two.test").chain
    (fault,) = faults(pair(one, other), tmp_path)
    assert fault == (
        f"office.toml:3: the key in {other.name} is not that of {one.name};"
        " name the key with which the certificate was asked for"
    )


def test_an_encrypted_key(authority: Authority, tmp_path: Path) -> None:
    chain = authority.certificate("one.test").chain
    key = load_pem_private_key(chain.read_bytes(), None)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (tmp_path / "key.pem").write_bytes(secret)
    assert (
        "the key in key.pem is encrypted; write it without a passphrase"
        in faults(pair(chain, Path("key.pem")), tmp_path)[0]
    )


@pytest.mark.parametrize(("days", "since", "said"), [(-1, 30, "ended on"), (30, -2, "is good from")])
def test_a_certificate_out_of_its_time(
    authority: Authority, tmp_path: Path, days: float, since: float, said: str
) -> None:
    (fault,) = faults(pair(authority.certificate("old.test", days=days, since=since).chain), tmp_path)
    assert fault.startswith("office.toml:2: ") and said in fault


def test_one_for_a_name_is_checked_like_the_first(authority: Authority, tmp_path: Path) -> None:
    text = f'{pair(authority.certificate("a.test").chain)}[sip.tls.names."b.test"]\ncertificate = "b.pem"\n'
    assert faults(text, tmp_path) == [
        "office.toml:4: b.pem cannot be read: no such file or directory; name a file that can"
    ]


def test_a_certificate_that_ends_soon_and_a_key_that_all_can_read_are_doubts(
    authority: Authority, tmp_path: Path
) -> None:
    chain = authority.certificate("soon.test", days=9.5).chain
    chain.chmod(0o644)
    readable, ends = doubts(tmp_path, pair(chain))
    assert ends.startswith(f"office.toml:2: {chain.name} ends on ") and "in 9 days; have it renewed" in ends
    assert f"everybody on this machine can read the key in {chain.name}; chmod 600" in readable


def test_secure_addresses_need_a_certificate(tmp_path: Path) -> None:
    (fault,) = faults('[sip]\nlisten = ["tls:127.0.0.1:5061"]', tmp_path)
    assert fault == (
        "office.toml:2: tls:127.0.0.1:5061 needs a certificate, and there is none;"
        " set certificate = and key = in [sip.tls]"
    )


def test_two_transports_of_tcp_cannot_share_a_port(tmp_path: Path) -> None:
    (fault,) = faults('[sip]\nlisten = ["tcp:127.0.0.1:5061", "udp:127.0.0.1:5061", "ws:127.0.0.1:5061"]', tmp_path)
    assert "ws:127.0.0.1:5061 is taken by tcp:127.0.0.1:5061 already" in fault


def test_secrets_that_all_can_read_are_a_doubt_once_the_office_can_be_reached(
    tmp_path: Path,
) -> None:
    text = '[sip]\nlisten = ["udp:%s:5060"]\n[accounts.6001]\nsecret = "u8Rk2vQw0Zt4"\n'
    (tmp_path / "office.toml").touch(0o644)
    (doubt,) = doubts(tmp_path, text % "192.0.2.1")
    assert (
        doubt
        == "office.toml:2: everybody on this machine can read the secrets in office.toml; chmod o= office.toml"
    )
    assert doubts(tmp_path, text % "127.0.0.1") == []
    (tmp_path / "office.toml").chmod(0o640)
    assert doubts(tmp_path, text % "192.0.2.1") == []
