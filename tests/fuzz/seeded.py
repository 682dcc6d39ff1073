"""Inputs by number: the input with a number is always the same, so that what it broke can be said in a word."""

from __future__ import annotations

from random import Random
from typing import Final

from tests.fuzz.script import Script, mutated
from tests.fuzz.seeds import seeds
from tests.fuzz.targets import STORIES

__all__ = ["numbered"]

STORY: Final = 400
"""Octets of a story at most."""


def numbered(target: str, number: int) -> bytes:
    """Input `number` of a target: one of its seeds, mutated."""
    random = Random(f"{target} {number}")
    if target in STORIES:
        return random.randbytes(random.randrange(STORY))
    return mutated(random.choice(seeds(target)), Script(random.randbytes(200)), most=8)
