"""Questions to the dialplan's language, with the answers that are due (tests/data/dialplan).

`vectors.jsonl` has what a running Asterisk 23.4.1 answered; `questions.jsonl` what its sources say of corners that
those leave out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "data" / "dialplan"
FILE = FOLDER / "vectors.jsonl"


def vectors(category: str) -> list[dict[str, Any]]:
    """All vectors of one category, in file order."""
    return [row for row in _rows(FILE) if row["category"] == category]


def questions(*categories: str) -> list[dict[str, Any]]:
    """All questions of some categories beside the vectors, in file order."""
    return [row for row in _rows(FOLDER / "questions.jsonl") if row["category"] in categories]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
