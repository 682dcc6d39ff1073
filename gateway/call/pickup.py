"""Pickup groups: whose ringing a telephone may answer without naming it (Asterisk's callgroup and pickupgroup)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Groups", "PickupGroups"]

_COMMON: Final = frozenset({""})
"""The group of every device that names none."""


@dataclass(frozen=True, slots=True)
class Groups:
    """What one device is a member of.

    Attributes:
        call: whoever answers for one of these may take its calls.
        pickup: it may take the calls of these.
    """

    call: frozenset[str] = frozenset()
    pickup: frozenset[str] = frozenset()


_NONE: Final = Groups()


@dataclass(frozen=True, slots=True)
class PickupGroups:
    """The groups of an office.

    Attributes:
        devices: their groups by name (`FXS/101`); who is not listed, or in no group, is in one with all the like.
    """

    devices: Mapping[str, Groups] = field(default_factory=dict)

    def may(self, device: str, ringing: str) -> bool:
        """Whether `device` may answer the call for which `ringing` rings."""
        answers = self.devices.get(device, _NONE).pickup or _COMMON
        return bool(answers & (self.devices.get(ringing, _NONE).call or _COMMON))
