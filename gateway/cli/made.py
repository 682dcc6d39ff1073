"""New files that hold secrets: their owner alone reads them, and none takes the place of one that is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["make_file"]

_OWNER_ONLY: Final = 0o600


def make_file(path: Path, text: str) -> None:
    """Write a new file, with the folders that it lies in.

    Raises:
        OSError: it is there already, or cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    try:
        with open(made, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        path.unlink()  # a part of it, which would be in the way of the next attempt
        raise
