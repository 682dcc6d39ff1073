"""The calls of one telephone: the one that it is about, and the other one, on hold or waiting.

Each is a leg of its own; which of the two has the telephone's row is said here alone. What happens to the call in
front are the inputs of a line with one call; what happens to the other one has inputs of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from drivers.analog_line import AnalogLine
from drivers.channel import LineChannel
from drivers.fxs.config import FxsConfig
from drivers.fxs.states import FXS, Input, State
from drivers.line import Cue
from drivers.shelf import AnalogShelf
from gateway.core.appearance import Appearance
from gateway.core.ending import Ending
from gateway.core.messages import Command, Dial, Event, Hangup, Held, Released, Resumed, TransferTold

__all__ = ["TwoCalls"]

_BEHIND: Final[Mapping[type[Command], Input]] = {
    Dial: Input.OTHER_DIAL,
    Hangup: Input.OTHER_HANG_UP,
    TransferTold: Input.TRANSFER_TOLD,
}
"""What the other call is told that the telephone has to do with; all else can wait, as that call does."""


class TwoCalls(AnalogLine[State, Input]):
    """A telephone line as far as its legs go.

    Attributes:
        other: the leg on hold or waiting.
    """

    def __init__(self, config: FxsConfig, shelf: AnalogShelf) -> None:
        super().__init__(
            FXS,
            port=config.port,
            name=config.number,
            peer=f"telephone {config.number}",
            number=config.number,
            shelf=shelf,
            echo=config.echo,
        )
        self.config: Final = config
        self.other: LineChannel | None = None
        self._appearances: dict[LineChannel, Appearance] = {}

    def usage(self) -> int:
        """The other leg counts, too."""
        return super().usage() + (self.other is not None)

    # Legs begin and end.

    def _open_channel(self) -> None:
        self.channel = self._call()

    def _open_other(self) -> None:
        """A leg beside the one in front."""
        self.other = self._call(present=False)

    def _close_channel(self, now: float, ending: Ending | None) -> None:
        if self.channel is not None:
            self._appearances.pop(self.channel).close()
        super()._close_channel(now, ending)

    def _close_other(self, ending: Ending | None) -> None:
        """End the other leg; `ending` is told where its call does not know yet."""
        if self.other is None:
            return
        if ending is not None:
            self._tell_other(Released(ending))
        self._appearances.pop(self.other).close()
        self.other.finish()
        self.other = None

    def _drop(self, ending: Ending | None) -> None:
        """End the leg in front alone: the telephone goes on with the other one."""
        if self.channel is None:
            return
        if ending is not None:
            self._tell(Released(ending))
        self._appearances.pop(self.channel).close()
        self.channel.finish()
        self.channel = None

    # Legs change places.

    def _step_back(self) -> None:
        """Put the call in front on hold: there is none in front now."""
        assert self.channel is not None and self.other is None
        self._tell(Held())
        self._lay_aside()
        self.other, self.channel = self.channel, None

    def _exchange(self) -> None:
        """The other call comes to the front; the one that was there is on hold."""
        assert self.channel is not None and self.other is not None
        self._tell(Held())
        self._lay_aside()
        self.channel, self.other = self.other, self.channel
        self._take_up()

    def _come_forward(self) -> None:
        """The other call comes to the front, where there is none now."""
        assert self.channel is None and self.other is not None
        self.channel, self.other = self.other, None
        self._take_up()

    def _resume(self) -> None:
        """Whom the telephone is with now hears it again."""
        self._tell(Resumed())

    def _lay_aside(self) -> None:
        if self.channel is not None:
            self._appearances[self.channel].lay_aside()

    def _take_up(self) -> None:
        """Let the call in front have the row, which plays nothing of the line's own any more."""
        self._hush()
        if self.channel is not None:
            self._appearances[self.channel].take_up()

    def _tell_other(self, event: Event) -> None:
        if self.other is not None:
            self._shelf.events.append((self.other, event))

    def _call(self, present: bool = True) -> LineChannel:
        assert self._row is not None  # no state but the start is reached without a row
        appearance = Appearance(self._row, present)

        def carry_out(command: Command, now: float) -> None:
            if channel is self.channel:
                self.carry_out(command, now)
            elif type(command) in _BEHIND:
                self._feed(_BEHIND[type(command)], Cue(now, "", command))

        channel = self._channel_on(appearance, carry_out)
        self._appearances[channel] = appearance
        return channel
