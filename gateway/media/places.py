"""Where the file of a prompt may lie: folders by language, as Asterisk has them, and then without one.

In go folders, a name from a dialplan and languages; out come paths that still want a suffix. Names cannot leave the
folders. Nothing is opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from os.path import isdir
from pathlib import Path
from typing import Final

__all__ = ["ASTERISK_SOUNDS", "LAST_LANGUAGE", "OWN_SOUNDS", "SPOKEN", "has_language", "prompt_folders", "stems"]

ASTERISK_SOUNDS: Final = Path("/usr/share/asterisk/sounds")
"""Where Debian's asterisk-core-sounds packages put theirs."""

OWN_SOUNDS: Final = "sounds"
"""Where sounds that scripts record are, in the folder of recordings."""

SPOKEN: Final = "spoken"
"""Where prompts that a program spoke are, in the folder of prompts."""

LAST_LANGUAGE: Final = "en"
"""In which a prompt is heard that there is in no language that was asked for: silence tells nobody anything."""

_NAME: Final = re.compile(r"[A-Za-z0-9_+=,@-][A-Za-z0-9_+=,@ .-]*(?:/[A-Za-z0-9_+=,@-][A-Za-z0-9_+=,@ .-]*)*")
"""No part of a name is empty or begins with a dot, so none is absolute or climbs."""
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*")
_MAX_NAME: Final = 128


def prompt_folders(prompts: Path, further: Sequence[Path]) -> tuple[Path, ...]:
    """Where prompts are looked for, in this order: whatever somebody recorded goes before what a program spoke.

    Args:
        prompts: the folder of the office's own.
        further: folders that its owner names besides, before the distribution's packages.
    """
    return (prompts, *further, ASTERISK_SOUNDS, prompts / SPOKEN)


def stems(folders: Sequence[Path], name: str, languages: Sequence[str]) -> Iterator[Path]:
    """Paths without suffix that may hold a prompt: for "en_GB" in en_GB, en/GB, en, then of further languages."""
    if len(name) > _MAX_NAME or not _NAME.fullmatch(name):
        return
    known = [word for word in languages if _LANGUAGE.fullmatch(word)]
    places = dict.fromkeys(place for word in known for place in _places(word))
    for folder in folders:
        for place in (*places, ""):
            yield folder / place / name


def has_language(folders: Sequence[Path], language: str) -> bool:
    """Whether any of the folders has one for a language."""
    places = _places(language) if _LANGUAGE.fullmatch(language) else ()
    return any(isdir(folder / place) for folder in folders for place in places)


def _places(language: str) -> list[str]:
    parts = re.split("[_-]", language)
    return [language, *("/".join(parts[:length]) for length in range(len(parts), 0, -1))]
