"""What dials out by lines of any kind: one line by its name, or one of a hunt group.

An address says which, as drivers/registry.py has it; a line that is taken knows by itself what the rest of the
address means to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from drivers.channel import LineChannel
from drivers.dialled import DialledLine
from drivers.hunt import HuntGroup
from drivers.registry import Address
from gateway.core.cause import Cause
from gateway.core.errors import RemoteError
from gateway.core.switch import DeviceState

__all__ = ["LineTechnology"]


class LineTechnology:
    """A `gateway.core.channel.Technology` on lines.

    Args:
        word: the dialplan's word for it.
        lines: the lines that it may take, in order.
        groups: the hunt groups by their numbers.
        aliases: other words for lines: the numbers of their ports.
    """

    def __init__(
        self,
        word: str,
        lines: Iterable[DialledLine],
        groups: Mapping[int, HuntGroup],
        aliases: Mapping[str, DialledLine] = MappingProxyType({}),
    ) -> None:
        self._word = word
        self._lines = list(lines)
        self._groups = groups
        self._aliases = aliases

    def joined(self, other: LineTechnology) -> LineTechnology:
        """The lines of both by this one's word, in a group of both its own first; so with other words for them."""
        groups = {**self._groups, **other._groups}
        for number in self._groups.keys() & other._groups.keys():
            groups[number] = HuntGroup([*self._groups[number].lines, *other._groups[number].lines])
        aliases = {**other._aliases, **self._aliases}
        return LineTechnology(self._word, [*self._lines, *other._lines], groups, aliases)

    def channel(self, address: str, now: float) -> LineChannel:
        """Reserve a leg to `address`, written as drivers/registry.py says.

        The number to dial is the one in the address; that of `Dial` is for technologies whose legs have none.

        Raises:
            RemoteError: no such line, no idle one, out of service, or a number that cannot be dialled.
        """
        wanted = Address.parse(address)
        if wanted.group is not None:
            return self._from_group(wanted, address, now)
        line = self._named(wanted.line)
        if line is not None:
            return line.take(wanted, now)
        known = ", ".join(line.name for line in self._lines) or "none"
        raise RemoteError(
            f"there is no line {self._word}/{wanted.line}; those that there are: {known}", Cause.UNALLOCATED_NUMBER
        )

    def device(self, address: str) -> str:
        """The line, as its legs are named: `FXS/101`, also for `DAHDI/1`; a group as written."""
        line = self._named(address)
        return f"{self._word}/{address}" if line is None else line.label

    def state(self, address: str) -> DeviceState:
        """Whether the line can be called; of a group, whether one of its lines can."""
        line = self._named(address)
        if line is not None:
            return _device_state(line)
        try:
            hunt = self._groups.get(Address.parse(address).group or 0)
        except RemoteError:
            hunt = None
        if hunt is None:
            return DeviceState.INVALID
        states = {_device_state(line) for line in hunt.lines}
        return next((state for state in _BEST_FIRST if state in states), DeviceState.INVALID)

    def _named(self, address: str) -> DialledLine | None:
        """The line of an address that names one."""
        wanted = address.partition("/")[0]
        named = next((line for line in self._lines if line.name == wanted), None)
        return named or self._aliases.get(wanted)

    def _from_group(self, wanted: Address, address: str, now: float) -> LineChannel:
        hunt = self._groups.get(wanted.group) if wanted.group is not None else None
        if hunt is None:
            raise RemoteError(f"no line is in group {wanted.group}", Cause.NO_ROUTE_TO_DESTINATION)
        if wanted.span is not None:
            span = self._aliases.get(f"i{wanted.span}")
            if span is None or span not in hunt.lines:
                raise RemoteError(
                    f"span {wanted.span} is not in group {wanted.group}", Cause.NO_ROUTE_TO_DESTINATION
                )
            return span.take(wanted, now)
        line = hunt.take(wanted.hunting, now)
        if line is None:
            states = ", ".join(f"{line.name} {line.state.value}" for line in hunt.lines)
            raise RemoteError(
                f"no line of group {wanted.group} is free ({states})",
                Cause.NO_CIRCUIT_AVAILABLE,
                advice="Call again later, or give the group more lines.",
            )
        return line.take(wanted, now, again=address)


_BEST_FIRST: Final[Sequence[DeviceState]] = (DeviceState.NOT_INUSE, DeviceState.INUSE, DeviceState.UNAVAILABLE)
"""The state of a group is the first of these that one of its lines has."""


def _device_state(line: DialledLine) -> DeviceState:
    if not line.in_service:
        return DeviceState.UNAVAILABLE
    return DeviceState.NOT_INUSE if line.at_rest else DeviceState.INUSE
