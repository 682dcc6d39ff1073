"""What the tab key offers: commands, actions, and the names of what the running office emulates."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.cli.completion import VARIABLE, words_to_complete
from tests.unit.cli.test_program import Served


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    office = Served()
    yield office
    office.stop()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("copperline sim pho", ["phone"]),
        ("copperline completion z", ["zsh"]),
        ("copperline sim phone 101 h", ["hang-up", "heard", "hears"]),
        ("copperline sim phone ", ["101"]),
        ("copperline sim phone 2", []),
        ("copperline sim line co", ["copper1"]),
        ("copperline sim card ", ["main"]),
        ("copperline sim card main ", ["remove", "insert"]),
        ('copperline sim line "cop', ["copper1"]),
    ],
)
def test_words_are_offered(
    served: Served,
    line: str,
    offered: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COPPERLINE_URL", served.url)
    monkeypatch.setenv(VARIABLE, "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - (not line.endswith(" "))))
    assert main([]) == 0
    assert capsys.readouterr().out.split() == offered


def test_without_an_office_no_name_is_offered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COPPERLINE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv(VARIABLE, "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "copperline sim phone ")
    assert main([]) == 0
    assert capsys.readouterr().out.strip() == "_files"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"{VARIABLE}=complete_{shell}" in script and "copperline" in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=10)


def test_bash_itself_completes_by_the_script(served: Served, tmp_path: Path) -> None:
    program = tmp_path / "copperline"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m gateway "$@"\n')
    program.chmod(0o755)
    asks = (
        'eval "$(copperline completion bash)"; COMP_WORDS=(copperline sim phone 1); COMP_CWORD=3; '
        '_copperline_completion copperline; echo "${COMPREPLY[@]}"'
    )
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "COPPERLINE_URL": served.url}
    done = subprocess.run(["bash", "-c", asks], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "101", done.stderr


def test_an_unknown_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "bash" in capsys.readouterr().err


def test_nothing_is_completed_where_no_shell_asks() -> None:
    assert words_to_complete({}) is None
    assert words_to_complete({VARIABLE: "complete_bash", "COMP_WORDS": 'copperline "'}) == ['"']
