"""Settings written into a file: what was asked for is in it, all else is as it was, and a fault writes nothing."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from gateway.config.amend import amend
from gateway.core.errors import ConfigError, LocalError

HEAD = """\
# Our office.
[cards.main]
backend = "emulated"
modules = ["fxo", "fxo"]
"""
SETTINGS = {"answer": "polarity", "tones": {"dial": "437@-12", "busy": "433@-13/350,0/370"}}


def written(tmp_path: Path, lines: str) -> Path:
    file = tmp_path / "office.toml"
    file.write_text(HEAD + lines)
    return file


@pytest.mark.parametrize(
    "lines",
    [
        "[lines.copper1]\nport = 1 # by the door\n\n[lines.copper2]\nport = 2\n",
        '[lines.copper1]\nport = 1\nanswer = "timer"\n[lines.copper1.tones]\ndial = "425"  # measured\n'
        'ring = "425/1000,0/4000"\n',
        "lines.copper1.port = 1\n",
        '[lines]\ncopper1 = { port = 1, tones = { ring = "425/1000,0/4000" } }\ncopper2.port = 2\n',
        "[lines.copper1] # first\nport = 1\n\n# second\n[lines.copper2]\nport = 2\n# the end",
    ],
)
def test_what_is_set_is_there_and_all_else_as_it_was(tmp_path: Path, lines: str) -> None:
    lines = lines if not lines.startswith("lines.") else lines.replace("lines.", "[lines]\n", 1)
    file = written(tmp_path, lines)
    wanted = tomllib.loads(file.read_text())
    line = wanted["lines"]["copper1"]
    line["answer"] = "polarity"
    line["tones"] = {**line.get("tones", {}), **SETTINGS["tones"]}  # type: ignore[dict-item]
    comments = [part.partition("#")[2] for part in file.read_text().splitlines() if "#" in part]
    amend(file, ("lines", "copper1"), SETTINGS)
    text = file.read_text()
    assert tomllib.loads(text) == wanted
    assert [part.partition("#")[2] for part in text.splitlines() if "#" in part] == comments
    amend(file, ("lines", "copper1"), SETTINGS)
    assert file.read_text() == text


def test_permissions_stay_and_a_link_goes_on_leading_to_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "[lines.copper1]\nport = 1\n")
    file.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    amend(link, ("lines", "copper1"), SETTINGS)
    assert link.is_symlink() and "polarity" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link.toml", "office.toml"]


@pytest.mark.parametrize(
    ("lines", "table", "settings", "says"),
    [
        ("[lines.copper1]\nport = 1\n", ("lines", "copper9"), SETTINGS, r"has no table \[lines.copper9\]"),
        ("[lines.copper1]\nport = 1\n", ("lines", "copper1", "port"), SETTINGS, "has no table"),
        ("[lines.copper1]\nport = 1\n", ("lines", "copper1"), {"answer": "yes"}, "answer"),
        ("[lines.copper1]\nport = 0\n", ("lines", "copper1"), SETTINGS, "port"),
        ("[lines.copper1\n", ("lines", "copper1"), SETTINGS, "office.toml:5"),
    ],
)
def test_what_would_be_a_fault_is_told_and_not_written(
    tmp_path: Path, lines: str, table: tuple[str, ...], settings: dict[str, object], says: str
) -> None:
    file = written(tmp_path, lines)
    before = file.read_text()
    with pytest.raises((ConfigError, LocalError), match=says):
        amend(file, table, settings)
    assert file.read_text() == before and os.listdir(tmp_path) == ["office.toml"]


def test_a_folder_that_cannot_be_written_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "[lines.copper1]\nport = 1\n")

    def full(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(LocalError, match=r"cannot be written: no space left on device\."):
        amend(file, ("lines", "copper1"), SETTINGS)
    assert os.listdir(tmp_path) == ["office.toml"] and "polarity" not in file.read_text()
