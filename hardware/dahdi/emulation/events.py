"""A channel's event queue, and the descriptor that is readable while an event waits in it."""

from __future__ import annotations

import os
from collections import deque

from hardware.dahdi.abi import EVENT_QUEUE, Event

__all__ = ["EventQueue"]


class EventQueue:
    """At most 63 events; further ones are dropped, as by the kernel."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._events: deque[int] = deque()

    @property
    def waiting(self) -> bool:
        """Whether an event waits to be taken."""
        return bool(self._events)

    def put(self, event: int) -> None:
        """Queue an event."""
        if len(self._events) < EVENT_QUEUE:
            if not self._events:
                os.eventfd_write(self.descriptor, 1)
            self._events.append(event)

    def get(self) -> int:
        """The oldest event, taken from the queue; NONE where there is none."""
        if not self._events:
            return Event.NONE
        event = self._events.popleft()
        if not self._events:
            os.eventfd_read(self.descriptor)
        return event

    def clear(self) -> None:
        """Forget all events."""
        while self._events:
            self.get()

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.descriptor)
