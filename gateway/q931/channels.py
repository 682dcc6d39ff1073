"""The B channels of an interface: which are free, whose the others are, which are out of service (Q.931 5.1.2)."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.q931.config import Hunt

__all__ = ["Channels"]


class Channels:
    """The channels of one interface.

    Args:
        numbers: their time slots.
        hunt: in which order free ones are looked for.
    """

    def __init__(self, numbers: Iterable[int], hunt: Hunt) -> None:
        self.numbers = tuple(sorted(set(numbers)))
        self._hunt = hunt
        self._holders: dict[int, int] = {}
        self._out: dict[int, set[str]] = {}
        self._last = 0

    def __contains__(self, channel: int) -> bool:
        return channel in self.numbers

    def holder(self, channel: int) -> int | None:
        """The number of the call that has `channel`, or None."""
        return self._holders.get(channel)

    def is_free(self, channel: int) -> bool:
        """Whether a call can have `channel`."""
        return channel in self.numbers and channel not in self._holders and channel not in self._out

    def free(self) -> list[int]:
        """All that a call can have, in the order in which they are looked for."""
        free = [channel for channel in self.numbers if self.is_free(channel)]
        if self._hunt is Hunt.DESCENDING:
            free.reverse()
        elif self._hunt is Hunt.CYCLIC:
            free.sort(key=lambda channel: (channel <= self._last, channel))
        return free

    def take(self, channel: int, call: int) -> bool:
        """Give `channel` to `call`; False where it cannot be had."""
        if not self.is_free(channel):
            return False
        self._holders[channel] = call
        self._last = channel
        return True

    def find(self, call: int) -> int | None:
        """Give `call` a free channel, or None where there is none."""
        channel = next(iter(self.free()), None)
        if channel is not None:
            self.take(channel, call)
        return channel

    def give_back(self, channel: int, call: int) -> None:
        """`call` does not need `channel` any more; harmless where it has not got it."""
        if self._holders.get(channel) == call:
            del self._holders[channel]

    def put_out(self, channels: Iterable[int], why: str) -> tuple[int, ...]:
        """Take `channels` out of service for a reason of many; those that were in service until now."""
        went = []
        for channel in channels:
            if channel in self.numbers:
                if channel not in self._out:
                    went.append(channel)
                self._out.setdefault(channel, set()).add(why)
        return tuple(went)

    def put_back(self, channels: Iterable[int], why: str) -> tuple[int, ...]:
        """A reason is gone; those channels that are in service again."""
        came = []
        for channel in channels:
            reasons = self._out.get(channel)
            if reasons is not None and why in reasons:
                reasons.discard(why)
                if not reasons:
                    del self._out[channel]
                    came.append(channel)
        return tuple(came)

    def out(self) -> dict[int, tuple[str, ...]]:
        """Channels out of service, each with its reasons."""
        return {channel: tuple(sorted(reasons)) for channel, reasons in sorted(self._out.items())}
