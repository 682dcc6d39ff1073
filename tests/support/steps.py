"""How many functions were called while a profile looked on."""

from __future__ import annotations

import cProfile

__all__ = ["steps_of"]


def steps_of(profile: cProfile.Profile) -> int:
    """Calls of functions that `profile` has seen, those of C too.

    `pstats` knows a function by its file, line and name; of several that are alike in these, as what dataclasses
    write, it counts one: which one is chance.
    """
    return sum(entry.callcount for entry in profile.getstats())
