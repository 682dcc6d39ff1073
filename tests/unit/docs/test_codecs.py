"""docs/codecs.md: each codec that can be configured has its line, and the pictures are there."""

from __future__ import annotations

import re

import pytest

from docs.codecs import PAGE, current, figures, rows
from gateway.core.codec import CODECS
from tests.bench.bench_codecs import row
from tests.support.reference import measure


def test_the_page_shows_the_codecs_as_they_stand() -> None:
    assert PAGE.read_text(encoding="utf-8") == current(), "run python -m docs"


def test_every_codec_has_a_line() -> None:
    assert [line.split("`")[1] for line in rows()] == list(CODECS)


def test_the_pictures_are_there() -> None:
    pictures = re.findall(r"\]\((\S+\.png)\)", PAGE.read_text(encoding="utf-8"))
    assert len(pictures) == 2
    assert all((PAGE.parent / picture).is_file() for picture in pictures)


@pytest.mark.parametrize("name", list(CODECS))
def test_the_figures_on_the_page_are_what_is_measured(name: str) -> None:
    """By more than half a dB they differ where something has changed; what was bit for bit stays so."""
    for told, found in zip(figures()[name], row(measure(name)), strict=True):
        if told.endswith("dB") and found.endswith("dB"):
            assert abs(float(told[:-2]) - float(found[:-2])) < 0.5
        else:
            assert told == found
