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


def test_a_proposal_that_is_accepted_is_in_the_configuration(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office.write_text(OFFICE.replace("port = 1", "port = 1  # the copper by the door") + "\n# The end.\n")
    words = ["learn", "copper1", str(office), "--busy", "5550101", "--ring", "5550102", "--ends", "5550105"]
    assert main([*words, "--accept"]) == 0
    shown = capsys.readouterr().out
    assert "It shows by taking battery away (loop break), that the far end has hung up." in shown
    assert f"Written into [lines.copper1] of {office}; it holds from the next start." in shown
    written = office.read_text()
    assert "port = 1  # the copper by the door" in written and "# The end." in written
    assert set(tomllib.loads(written)["lines"]["copper1"]["tones"]) == {"dial", "busy", "ring"}
    assert main(["check", str(office)]) == 0
    assert main([*words, "--accept"]) == 0, "again, over what was accepted before"
    assert office.read_text() == written


def test_without_a_word_of_acceptance_nothing_is_written(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = office.read_text()
    assert main(["learn", "copper1", str(office), "--busy", "5550101"]) == 0
    assert office.read_text() == before
    assert "With --accept this is written" in capsys.readouterr().out
    assert main(["learn", "copper1", str(office), "--busy", "5550101", "--save", str(office.parent)]) == 1
    assert "cannot be written: is a directory" in capsys.readouterr().err


def test_a_line_that_there_is_not_and_a_number_that_is_missing(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["learn", "copper9", str(office)]) == 1
    assert "there is no line 'copper9' to be learned; the configuration has: copper1" in capsys.readouterr().err
    assert main(["learn", "copper1", str(office)]) == 1
    assert "name one that is, with --busy" in capsys.readouterr().err


def test_the_own_number_of_a_line_is_busy_and_what_is_no_busy_tone_is_not_proposed(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office.write_text(OFFICE + 'number = "2565551100"\n')
    assert main(["learn", "copper1", str(office)]) == 0
    assert "us (100%)" in capsys.readouterr().out
    assert main(["learn", "copper1", str(office), "--busy", "2565550103"]) == 0
    shown = capsys.readouterr().out
    assert "No busy tone was heard: name a number that is busy with --busy." in shown
    assert set(tomllib.loads(shown.partition("With --accept")[0])["lines"]["copper1"]["tones"]) == {"dial"}
