"""The answers of a running Asterisk 23.4.1 that the dialplan is measured against (tests/data/dialplan)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[2] / "data" / "dialplan" / "vectors.jsonl"


def vectors(category: str) -> list[dict[str, Any]]:
    """All vectors of one category, in file order."""
    rows = (json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines())
    return [row for row in rows if row["category"] == category]
