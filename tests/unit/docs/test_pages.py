"""What the pages tell the reader to type and to write, and the files and tests that they name, are there."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest
import typer
from click import Command, Context, Group
from typer.main import get_command

from dialplan.loader import examine
from gateway.cli.program import COMMANDS, main

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_LINE = re.compile(r"^\s*(?:\$ |sudo )?copperline (\w.*)$", re.MULTILINE)
_WORDS = re.compile(r"`copperline (\w[^`]*)`")
_FILE = re.compile(r"(?<![\w/.-])((?:gateway|drivers|dialplan|hardware|tests|docs|examples|systemd)/[\w/.-]+\.\w+)")
_TEST = re.compile(r"`([\w/]+\.py)::(?:Test\w+::)?(test_\w+)`")
_MODULE = re.compile(r"python -m ((?:docs|tests|gateway)[\w.]*)")


@cache
def command(name: str) -> Command:
    """A command as click has it."""
    entry = importlib.import_module(COMMANDS[name].module).command
    if isinstance(entry, typer.Typer):
        return get_command(entry)
    single = typer.Typer(add_completion=False)
    single.command()(entry)
    return get_command(single)


def lines() -> Iterator[tuple[str, str]]:
    """Each page with each command line on it, without comments."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for line in {*_LINE.findall(text), *_WORDS.findall(text)}:
            yield str(page.relative_to(ROOT)), line.partition("  #")[0].replace("\n", " ").strip()


@pytest.mark.parametrize(("page", "line"), sorted(lines()))
def test_a_command_is_taken_as_it_is_written(page: str, line: str) -> None:
    name, *words = shlex.split(line)
    assert name in COMMANDS, page
    asked, context = command(name), Context(command(name))
    while isinstance(asked, Group) and words and words[0] in asked.commands:
        asked = asked.commands[words.pop(0)]
    asked.make_parser(context).parse_args(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_and_module_that_is_named_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {
        name for name in _FILE.findall(text) if not any((base / name).exists() for base in (ROOT, page.parent))
    }
    assert named == set()
    modules = [ROOT / name.rstrip(".").replace(".", "/") for name in _MODULE.findall(text)]
    assert all(file.with_suffix(".py").exists() or (file / "__main__.py").exists() for file in modules)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_test_that_is_named_is_there(page: Path) -> None:
    missing = [
        f"{file}::{name}"
        for file, name in _TEST.findall(page.read_text(encoding="utf-8"))
        if not re.search(rf"^ *(?:async )?def {name}\(", source(file), re.MULTILINE)
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("page", "row", "least"),
    [("rfc.md", r"\| (?:\d|none)", 50), ("hardware/analogue-features.md", r"\| (?!feature)", 50)],
)
def test_every_row_names_a_test_or_says_that_nothing_is_built(page: str, row: str, least: int) -> None:
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if re.match(row, line)]
    assert len(rows) >= least
    assert [line for line in rows if not _TEST.search(line) and "*Not built*" not in line] == []


@cache
def source(file: str) -> str:
    """A file of tests, named from the project's folder or from `tests`."""
    found = next((path for path in (ROOT / file, ROOT / "tests" / file) if path.exists()), None)
    return "" if found is None else found.read_text(encoding="utf-8")


def dialplans() -> Iterator[tuple[str, str]]:
    """Each page with each piece of dialplan on it, a paragraph of indented or fenced lines."""
    for page in PAGES:
        text = re.sub(r"^```.*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for paragraph in text.split("\n\n"):
            if re.match(r"\s*(exten =>|\[[\w-]+\]\n\s*(exten|include) =>)", paragraph):
                yield str(page.relative_to(ROOT)), dedent(paragraph).strip()


@pytest.mark.parametrize(("page", "text"), list(dialplans()))
def test_a_piece_of_dialplan_is_taken_as_it_is_written(page: str, text: str, tmp_path: Path) -> None:
    others = "".join(f"\n[{name}]\n" for name in re.findall(r"(?:include => |Goto\()(\w+)", text))
    file = tmp_path / "extensions.conf"
    file.write_text((text if text.startswith("[") else f"[office]\n{text}") + others)
    assert [str(fault) for fault in examine(str(file))[1]] == [], page


def test_the_expected_routes_are_what_the_dialplan_above_them_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(
        r"```(?:text)?\n(.*?)```", (ROOT / "docs" / "dialplan.md").read_text(encoding="utf-8"), re.DOTALL
    )
    (tmp_path / "extensions.conf").write_text(blocks[0])
    (tmp_path / "routes.txt").write_text(next(block for block in blocks if "expect" in block))
    ports = "".join(f"[phones.10{port}]\nport = {port}\n" for port in range(1, 5))
    (tmp_path / "office.toml").write_text(
        'dialplan = "extensions.conf"\n[cards.main]\nbackend = "emulated"\n'
        f'modules = ["fxs", "fxs", "fxs", "fxs", "fxo"]\n{ports}[lines.copper1]\nport = 5\n'
        '[accounts.6001]\nsecret = "one"\n[office]\ntimezone = "UTC"\n'
    )
    assert main(["test-dialplan", str(tmp_path / "routes.txt"), "--config", str(tmp_path / "office.toml")]) == 0
    assert "7 " in capsys.readouterr().out
