"""Enumerations that are looked up again and again: states and inputs of machines, names of codings.

Python hashes a member of an Enum by its name, in Python; a member is the only one of its kind, so that which object
it is does as well, and costs nothing. Its name and value, too, are read without Python's help.
"""

from __future__ import annotations

from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING

__all__ = ["Word"]


class Word(Enum):
    """An Enum whose members are quick keys of dictionaries, and quickly read."""

    __hash__ = object.__hash__

    if not TYPE_CHECKING:  # the checker knows what these are of each member
        name = property(attrgetter("_name_"))
        value = property(attrgetter("_value_"))
