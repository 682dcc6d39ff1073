"""`copperline init`: from nothing to an office that has no fault."""

from __future__ import annotations

import io
import resource
import tomllib
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.cli.made import make_file


def test_a_first_office_is_made_and_has_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "etc" / "office.toml"
    assert main(["init", str(file), "--emulated", "--address", "192.0.2.10", "--country", "de"]) == 0
    told = capsys.readouterr().out
    assert (
        "made, for de." in told
        and "copper1" in told
        and "*43 (an echo" in told
        and "log in at 192.0.2.10:5060" in told
    )
    assert file.stat().st_mode & 0o777 == 0o600, "it holds secrets"
    assert main(["check", str(file)]) == 0
    assert "no faults; 13 extensions" in capsys.readouterr().out


def test_a_file_that_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "office.toml"
    file.write_text("mine")
    assert main(["init", str(file)]) == 1
    assert "is there already; name another file." in capsys.readouterr().err
    assert file.read_text() == "mine"


def test_the_provider_s_password_is_asked_for_and_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "office.toml"
    monkeypatch.setattr("sys.stdin", io.StringIO("hunter2\n"))
    assert main(["init", str(file), "--trunk", "sip.example.com", "--user", "4711", "--address", "127.0.0.2"]) == 1
    heard = capsys.readouterr()
    assert "sip.example.com is not on this machine" in heard.err and not file.exists()
    monkeypatch.setattr("sys.stdin", io.StringIO("hunter2\n"))
    assert main(["init", str(file), "--trunk", "sip.example.com", "--user", "4711", "--address", "192.0.2.10"]) == 0
    heard = capsys.readouterr()
    assert "hunter2" not in heard.out + heard.err
    assert tomllib.loads(file.read_text())["trunks"]["provider"]["secret"] == "hunter2"


def test_a_user_of_no_provider_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "office.toml"), "--user", "4711"]) == 1
    assert "Name its server with --trunk." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("country", "settings"),
    [
        ("gb", {"country": "uk"}),
        ("DE", {"country": "de"}),
        ("CA", {"country": "us", "numbers": "ca"}),
    ],
)
def test_a_country_by_any_of_its_names(tmp_path: Path, country: str, settings: dict[str, str]) -> None:
    file = tmp_path / "office.toml"
    assert main(["init", str(file), "--address", "127.0.0.2", "--accounts", "0", "--country", country]) == 0
    assert tomllib.loads(file.read_text())["office"] == settings


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "[::]", "224.0.0.1", "sip.example.com", '192.0.2.1"', "192.0.2.1:5060"]
)
def test_what_is_no_address_of_a_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str) -> None:
    assert main(["init", str(tmp_path / "office.toml"), "--address", address]) == 1
    told = f'"{address}" is no address of a machine; write this one\'s own, such as 192.0.2.10.\n'
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "No password of 4711 came; type it, or give it as a line of standard input."),
        ("\udcff\n", "A name or password holds characters that are not UTF-8; write it in UTF-8."),
    ],
)
def test_a_password_that_does_not_come_or_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, typed: str, told: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    asked = ["init", str(tmp_path / "office.toml"), "--trunk", "sip.example.com", "--user", "4711"]
    assert main([*asked, "--address", "192.0.2.10"]) == 1
    assert told in capsys.readouterr().err and not any(tmp_path.iterdir())


def test_a_password_of_any_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, secret = tmp_path / "office.toml", 'a"b\\c\x7fd é'
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{secret}\n"))
    asked = ["init", str(file), "--trunk", "sip.example.com", "--user", "4711", "--address", "192.0.2.10"]
    assert main(asked) == 0
    assert tomllib.loads(file.read_text())["trunks"]["provider"]["secret"] == secret


def test_a_name_that_no_file_can_have(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "x" * 300]) == 1
    assert "cannot be written: file name too long." in capsys.readouterr().err


def test_a_file_that_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            make_file(tmp_path / "office.toml", "x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not any(tmp_path.iterdir())
