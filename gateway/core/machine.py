"""State machines as tables.

A table maps each state to the inputs that it takes, each with the state it leads to and the name of the action
to carry out. An input that the present state does not list raises IllegalInput: silence is never an answer.
`docs/draw.py` draws the tables as they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, ClassVar, Generic, TypeVar

from gateway.core.errors import IllegalInput

__all__ = ["Acting", "Machine", "Table"]

State = TypeVar("State", bound=Enum)
Input = TypeVar("Input", bound=Enum)

Table = Mapping[State, Mapping[Input, tuple[State, str]]]
"""state -> input -> (next state, action name); the action "" does nothing."""


class Machine(Generic[State, Input]):
    """The present state of one instance of a table."""

    __slots__ = ("state", "table")

    def __init__(self, table: Table[State, Input], start: State) -> None:
        self.table = table
        self.state = start

    def takes(self, given: Input) -> bool:
        """Whether the present state lists `given`."""
        return given in self.table[self.state]

    def feed(self, given: Input) -> str:
        """Take `given`: move to the next state and return the action's name.

        Raises:
            IllegalInput: the present state does not list it; the state is unchanged.
        """
        try:
            self.state, action = self.table[self.state][given]
        except KeyError:
            raise _illegal(given, self.state) from None
        return action


_Steps = Mapping[Any, Mapping[Any, tuple[Any, Callable[..., None] | None]]]
"""A table with what carries out each action in the place of its name; None for those that do nothing."""


class Acting:
    """What has a state of its own, and methods that carry out the actions of its table.

    The method of an action has its name, behind an underscore. A subclass is of no use without it: AttributeError.

    Attributes:
        TABLE: the table; each instance sets its first state itself.
        state: the present one.
    """

    __slots__ = ("state",)

    TABLE: ClassVar[Table[Any, Any]] = {}
    _STEPS: ClassVar[_Steps] = {}
    state: Any

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._STEPS = {
            state: {
                given: (then, getattr(cls, f"_{name}") if name else None) for given, (then, name) in row.items()
            }
            for state, row in cls.TABLE.items()
        }

    def _act(self, given: Enum, *told: Any) -> None:
        """Take `given`: move to the next state and carry out the action, which is `told` something.

        Raises:
            IllegalInput: the present state does not list it; the state is unchanged.
        """
        try:
            self.state, action = self._STEPS[self.state][given]
        except KeyError:
            raise _illegal(given, self.state) from None
        if action is not None:
            action(self, *told)


def _illegal(given: Enum, state: Enum) -> IllegalInput:
    return IllegalInput(f"{given.name} is not an input of state {state.name}")
