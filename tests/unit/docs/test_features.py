"""docs/hardware/analogue-features.md: the tests that it names exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "hardware" / "analogue-features.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))


def test_every_feature_names_a_test() -> None:
    rows = [row for row in PAGE.splitlines() if row.startswith("| ")][1:]
    assert rows and not [row for row in rows if "::test_" not in row]


@pytest.mark.parametrize(("file", "function"), NAMED, ids="::".join)
def test_every_test_named_is_there(file: str, function: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {function}\(", text, re.MULTILINE), f"{file} has no {function}: amend the page"
