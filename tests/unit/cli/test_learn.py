"""`copperline learn`: an emulated line of a configuration learned, and what it says when it cannot be."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from gateway.cli import main

OFFICE = """
[cards.main]
backend = "emulated"
modules = ["fxo"]

[lines.copper1]
port = 1
"""


@pytest.fixture
def office(tmp_path: Path) -> Path:
    dialplan = "[from-pstn]\nexten => s,1,Hangup()\n[office]\nexten => 1,1,Hangup()\n"
    (tmp_path / "extensions.conf").write_text(dialplan)
    file = tmp_path / "office.toml"
    file.write_text(OFFICE)
    return file


def test_a_proposal_is_shown_and_written(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proposal = office.parent / "copper1.toml"
    words = ["learn", "copper1", str(office), "--busy", "5550101", "--ring", "5550102", "--save", str(proposal)]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "Tones like those of: us (100%)" in shown and "Echo return loss" in shown
    tones = tomllib.loads(proposal.read_text())["lines"]["copper1"]["tones"]
    assert set(tones) == {"dial", "busy", "ring"}
    office.write_text(OFFICE + proposal.read_text())
    assert main(["check", str(office)]) == 0, "what it proposes is a configuration"


def test_a_line_that_there_is_not_and_a_number_that_is_missing(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["learn", "copper9", str(office)]) == 1
    assert "there is no line 'copper9' to be learned; the configuration has: copper1" in capsys.readouterr().err
    assert main(["learn", "copper1", str(office)]) == 1
    assert "name one that is, with --busy" in capsys.readouterr().err
