"""Enumerations that are looked up again and again: states and inputs of machines, names of codings.

Python hashes a member of an Enum by its name, in Python; a member is the only one of its kind, so that which object
it is does as well, and costs nothing.
"""

from __future__ import annotations

from enum import Enum

__all__ = ["Word"]


class Word(Enum):
    """An Enum whose members are quick keys of dictionaries."""

    __hash__ = object.__hash__
