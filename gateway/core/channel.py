"""A Channel is one call leg of any technology; a Technology makes outgoing ones."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from gateway.core.audio import Audio
from gateway.core.messages import Command
from gateway.core.switch import DeviceState

__all__ = ["Channel", "Technology"]


class Channel(Protocol):
    """One call leg. Its events reach the call through its engine's `events()` as (channel, event) pairs."""

    @property
    def name(self) -> str:
        """Unique while the process lives, as operators know it: "SIP/6001-0000002a", "FXS/101-00000007"."""
        ...

    @property
    def peer(self) -> str:
        """Who is at the far side, for sentences: "account 6001", "telephone 101", "line copper1"."""
        ...

    @property
    def audio(self) -> Audio | None:
        """The leg's row; None before it has audio and after it has ended."""
        ...

    @property
    def takes(self) -> Collection[type[Command]]:
        """The commands for which its technology has means; a call gives it no other."""
        ...

    @property
    def reached(self) -> bool:
        """Whether what is sent to it has somewhere to go; where not, an `Answered` will tell when it has."""
        ...

    def command(self, command: Command, now: float) -> None:
        """Carry out a call's command.

        A command that comes too late (the leg has just ended by itself) is ignored; one that makes no sense
        in the leg's state raises IllegalInput.
        """
        ...


class Technology(Protocol):
    """What makes outgoing legs: SIP, FXS, FXO, … A dialplan names it before the slash of `FXS/101`."""

    def channel(self, address: str, now: float) -> Channel:
        """Reserve an outgoing leg to `address` (what follows the slash); `Dial` then places the call.

        Raises:
            RemoteError: it cannot be had; `cause` says why (busy, unallocated, out of order, …).
        """
        ...

    def device(self, address: str) -> str:
        """The one name of the device at `address`, as its legs are named; also of one that there is not."""
        ...

    def state(self, address: str) -> DeviceState:
        """The state of the device at `address` as far as its calls do not tell; INVALID where there is none."""
        ...
