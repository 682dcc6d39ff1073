"""docs/codecs.md: each codec that can be configured has its line, and the pictures are there."""

from __future__ import annotations

import re

from docs.codecs import PAGE, current, rows
from gateway.core.codecs import CODECS


def test_the_page_shows_the_codecs_as_they_stand() -> None:
    assert PAGE.read_text(encoding="utf-8") == current(), "run python -m docs"


def test_every_codec_has_a_line() -> None:
    assert [line.split("`")[1] for line in rows()] == list(CODECS)


def test_the_pictures_are_there() -> None:
    pictures = re.findall(r"\]\((\S+\.png)\)", PAGE.read_text(encoding="utf-8"))
    assert len(pictures) == 2
    assert all((PAGE.parent / picture).is_file() for picture in pictures)
