"""What the pages tell the reader to type, and the files and addresses they name, are there."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
from click import Command, Context, Group
from typer.main import get_command

from gateway.cli.program import COMMANDS

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_LINE = re.compile(r"^\s*(?:\$ |sudo )?copperline (\w.*)$", re.MULTILINE)
_WORDS = re.compile(r"`copperline (\w[^`]*)`")
_FILE = re.compile(r"(?<![\w/.-])((?:gateway|drivers|dialplan|hardware|tests|docs|examples|systemd)/[\w/.-]+\.\w+)")
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
