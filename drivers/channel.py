"""The call leg of a line: analogue, or behind an adapter.

Commands go straight to the line that made it; its events are told by the line. It holds no rule: what a command
means is in the table of its line (the states.py of each kind).
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from gateway.core.audio import Audio
from gateway.core.messages import Command

__all__ = ["LineChannel"]


class LineChannel:
    """A `gateway.core.channel.Channel` on a line.

    Args:
        name: "FXS/101-00000007".
        peer: "telephone 101", "line copper1".
        audio: the line's row, lent to the leg while it lives; None where it is to be had later.
        takes: the commands that its line knows.
        carry_out: what carries out its commands.
    """

    def __init__(
        self,
        *,
        name: str,
        peer: str,
        audio: Audio | None,
        takes: Collection[type[Command]],
        carry_out: Callable[[Command, float], None],
    ) -> None:
        self._name = name
        self._peer = peer
        self._audio = audio
        self._over = False
        self._takes = takes
        self._carry_out = carry_out

    @property
    def name(self) -> str:
        """The leg's name, unique while the process lives."""
        return self._name

    @property
    def peer(self) -> str:
        """Who is at the far side."""
        return self._peer

    @property
    def audio(self) -> Audio | None:
        """The line's row; None before there is one, and once the leg is over."""
        return self._audio

    @property
    def over(self) -> bool:
        """Whether the leg has ended."""
        return self._over

    @property
    def reached(self) -> bool:
        """Always: what is sent to a line needs no answer to know its way."""
        return True

    @property
    def takes(self) -> Collection[type[Command]]:
        """The commands that its line knows."""
        return self._takes

    def command(self, command: Command, now: float) -> None:
        """Carry out a call's command; one that comes after the end is ignored.

        Raises:
            IllegalInput: the command makes no sense in the line's state.
        """
        if not self.over:
            self._carry_out(command, now)

    def lend(self, audio: Audio) -> None:
        """There is a row now."""
        self._audio = audio

    def finish(self) -> None:
        """End the leg: its line takes the row back and hears no further command of it."""
        self._over = True
        self._audio = None

    def __repr__(self) -> str:
        return f"<{self._name}>"
