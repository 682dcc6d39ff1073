"""docs/rfc.md, isdn.md, interop.md: tests that they name exist; a row names one, or says that nothing is built."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "rfc.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| (\d|none)", line)]
NAMED = re.compile(r"`([\w/]+\.py)::(?:Test\w+::)?(test_\w+)`")


@pytest.mark.parametrize(("page", "least"), [("rfc.md", 80), ("isdn.md", 40), ("interop.md", 10)])
def test_every_test_that_is_named_exists(page: str, least: int) -> None:
    named = NAMED.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert len(named) > least
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not re.search(rf"^ *(?:async )?def {name}\(", (ROOT / "tests" / file).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_every_row_names_a_test_or_says_that_nothing_is_built() -> None:
    assert len(ROWS) > 50
    assert [row for row in ROWS if not NAMED.search(row) and "*Not built*" not in row] == []
