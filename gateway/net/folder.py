"""Names of files that dialplans give, which callers may have had a hand in: kept within one folder."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path, PurePath
from typing import Final

from gateway.core.errors import LocalError

__all__ = ["within"]

_LONGEST_NAME: Final = 200


def within(folder: Path, name: str, what: str, suffixes: Collection[str]) -> Path:
    """The path of the file `name`, which must lie in `folder`.

    Args:
        folder: absolute.
        name: relative to it, or absolute and within it.
        what: what the file is, for sentences: "recording".
        suffixes: those it may have, in small letters.

    Raises:
        LocalError: it leads out of the folder, is no name, or has another suffix.
    """
    wanted = PurePath(name)
    inside = wanted.relative_to(folder) if wanted.is_relative_to(folder) else wanted
    parts = inside.parts
    if not parts or inside.is_absolute() or ".." in parts or len(name) > _LONGEST_NAME or not name.isprintable():
        raise LocalError(f"{name!r:.220} is no name of a {what}: it must lie in {folder}")
    if inside.suffix.lower() not in suffixes:
        raise LocalError(f"{name!r} does not say its format; {what}s end in {', '.join(suffixes)}")
    return folder / inside
