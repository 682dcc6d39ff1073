"""Whole calls on emulated hardware, on a hand-moved clock."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.core.audio import Samples
from gateway.media.places import SPOKEN
from gateway.media.speech import synthesise
from tests.support.office import OfficeUnderTest
from tests.support.speech import speak

EXAMPLE = Path(__file__).parents[2] / "examples" / "office"

Build = Callable[..., OfficeUnderTest]


@pytest.fixture(scope="session")
def prompts() -> Path:
    """The demo office's prompts, spoken once for all tests and all runs."""
    folder = EXAMPLE / "var" / "prompts"
    synthesise(folder / SPOKEN)
    return folder


@pytest.fixture
def build(tmp_path: Path, prompts: Path) -> Iterator[Build]:
    """Builds the demo office on free ports, with pieces of its text exchanged; looks for leaks at the end."""
    numbers = itertools.count()

    def make(*exchanges: tuple[str, str], dialplan: str | None = None) -> OfficeUnderTest:
        text = (EXAMPLE / "office.toml").read_text()
        for old, new in (
            ('dialplan = "extensions.conf"\n', ""),
            ("udp:127.0.0.1:5060", "udp:127.0.0.1:0"),
            ("tcp:127.0.0.1:5060", "tcp:127.0.0.1:0"),
            *exchanges,
        ):
            assert old in text, f"{old!r} is not in the example any more"
            text = text.replace(old, new)
        text += f'\n[web]\nlisten = "127.0.0.1:0"\n[media]\nprompts = "{prompts}"\n'
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        for part in EXAMPLE.glob("*.conf"):
            (folder / part.name).write_text(part.read_text())
        plan = (EXAMPLE / "extensions.conf").read_text() if dialplan is None else dialplan
        return offices.enter_context(OfficeUnderTest(folder, text, plan))

    with contextlib.ExitStack() as offices:
        yield make


@pytest.fixture
def office(build: Build) -> OfficeUnderTest:
    """The demo office."""
    return build()


@pytest.fixture(scope="session")
def sentence() -> Samples:
    """A sentence, about four seconds of it."""
    return speak("The quick brown fox jumps over the lazy dog, and calls four seven one one.")


@pytest.fixture(scope="session")
def other_sentence() -> Samples:
    """Another one."""
    return speak("Copper wires carried every word that was spoken between two towns.")
