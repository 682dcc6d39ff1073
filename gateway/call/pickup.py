"""Pickup groups: whose ringing a telephone may answer without naming it (Asterisk's callgroup and pickupgroup)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from gateway.core.frozen import frozen
from gateway.core.operator import CALL_GROUPS, NAMED_CALL_GROUPS, NAMED_PICKUP_GROUPS, PICKUP_GROUPS

__all__ = ["Groups", "PickupGroups", "groups_of"]

_LAST: Final = 63
"""The last number of a group."""

_COMMON: Final = frozenset({""})
"""The group of every device that names none."""


@frozen
class Groups:
    """What one device is a member of.

    Attributes:
        call: whoever answers for one of these may take its calls.
        pickup: it may take the calls of these.
    """

    call: frozenset[str] = frozenset()
    pickup: frozenset[str] = frozenset()


_NONE: Final = Groups()


@frozen
class PickupGroups:
    """The groups of an office.

    Attributes:
        devices: their groups by name (`FXS/101`); who is not listed, or in no group, is in one with all the like.
    """

    devices: Mapping[str, Groups] = field(default_factory=dict)

    def may(self, device: str, ringing: str, own: Groups = _NONE, theirs: Groups = _NONE) -> bool:
        """Whether `device` may answer the call for which `ringing` rings.

        Args:
            own, theirs: groups of the two calls, in the place of the devices'.
        """
        answers = own.pickup or self.devices.get(device, _NONE).pickup or _COMMON
        return bool(answers & (theirs.call or self.devices.get(ringing, _NONE).call or _COMMON))


def groups_of(variables: Mapping[str, str]) -> Groups:
    """The groups that a script has given a leg."""
    call = _members(variables.get(CALL_GROUPS, "")) | _names(variables.get(NAMED_CALL_GROUPS, ""))
    return Groups(call, _members(variables.get(PICKUP_GROUPS, "")) | _names(variables.get(NAMED_PICKUP_GROUPS, "")))


def _names(text: str) -> frozenset[str]:
    return frozenset(filter(None, (word.strip() for word in text.split(","))))


def _members(text: str) -> frozenset[str]:
    """The numbers of "1,3-5", which go from 0 to 63."""
    found: set[str] = set()
    for word in _names(text):
        first, dash, last = word.partition("-")
        if first.isdecimal() and (not dash or last.isdecimal()):
            end = int((last if dash else first)[:3])
            found.update(str(number) for number in range(int(first[:3]), min(end, _LAST) + 1))
    return frozenset(found)
