"""Links between pages: every file that one leads to is there, and so is the heading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
_BLOCK = re.compile(r"```.*?```", re.DOTALL)
_CODE = re.compile(r"```.*?```|`[^`\n]*`(?!\])", re.DOTALL)


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """The file and the heading of each link that stays in the project."""
    for path, heading in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8"))):
        yield ((page.parent / path).resolve() if path else page), heading


def anchors(page: Path) -> set[str]:
    """What the headings of a page are linked by."""
    headings = re.findall(r"^#+ (.*)$", _BLOCK.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_is_dead(page: Path) -> None:
    for file, heading in links(page):
        assert file.exists(), file
        assert not heading or heading in anchors(file), f"{file.name}#{heading}"


def test_a_newcomer_finds_every_page_from_the_readme() -> None:
    found, fresh = set(), {ROOT / "README.md"}
    while fresh:
        found |= fresh
        fresh = {file for page in fresh for file, _ in links(page) if file.suffix == ".md"} - found
    assert set(PAGES) <= found
