"""docs/rfc.md: every test that it names exists, and every row names one or says that nothing is built."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "rfc.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| (\d|none)", line)]
NAMED = re.compile(r"`([\w/]+\.py)::(?:Test\w+::)?(test_\w+)`")


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) > 80
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not re.search(rf"^ *(?:async )?def {name}\(", (ROOT / "tests" / file).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_every_row_names_a_test_or_says_that_nothing_is_built() -> None:
    assert len(ROWS) > 50
    assert [row for row in ROWS if not NAMED.search(row) and "*Not built*" not in row] == []
