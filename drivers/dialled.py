"""Lines as those see them who dial: any line, and one of those to the public network of which any will do."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from drivers.channel import LineChannel
from drivers.registry import Address

__all__ = ["DialledLine", "HuntedLine"]


class DialledLine(Protocol):
    """A line as those see it who dial it."""

    @property
    def name(self) -> str:
        """As operators know it: "copper1"."""
        ...

    @property
    def device(self) -> str:
        """What it is on: "port 3"."""
        ...

    @property
    def label(self) -> str:
        """As a dial target: "FXO/copper1"."""
        ...

    @property
    def state(self) -> Enum:
        """What goes on on it."""
        ...

    @property
    def in_service(self) -> bool:
        """Whether its device is there and well."""
        ...

    @property
    def at_rest(self) -> bool:
        """Whether nobody uses it."""
        ...

    def take(self, wanted: Address, now: float, again: str = "") -> LineChannel:
        """Reserve a leg to what an address that names it says.

        Args:
            again: the address by which another line may be had where this one fails; "" for none.

        Raises:
            RemoteError: it is in use or out of service.
        """
        ...


class HuntedLine(DialledLine, Protocol):
    """A line that can be one of a hunt group.

    Attributes:
        carried: calls that it has carried, in and out.
        distrusted_until: engine clock; until then it is taken only when no other line is free.
    """

    carried: int
    distrusted_until: float

    @property
    def free(self) -> bool:
        """Whether it can be taken for an outgoing call."""
        ...
