"""`copperline init`: from nothing to an office that has no fault."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path

import pytest

from gateway.cli import main


def test_a_first_office_is_made_and_has_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "etc" / "office.toml"
    assert main(["init", str(file), "--emulated", "--address", "192.0.2.10", "--country", "de"]) == 0
    told = capsys.readouterr().out
    assert "made, for de." in told and "copper1" in told and "log in at 192.0.2.10:5060" in told
    assert file.stat().st_mode & 0o777 == 0o600, "it holds secrets"
    assert main(["check", str(file)]) == 0
    assert "no faults; 10 extensions" in capsys.readouterr().out


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
