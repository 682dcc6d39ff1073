"""State machines as tables.

A table maps each state to the inputs that it takes, each with the state it leads to and the name of the action
to carry out. An input that the present state does not list raises IllegalInput: silence is never an answer.
`docs/draw.py` draws the tables as they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Generic, TypeVar

from gateway.core.errors import IllegalInput

__all__ = ["Machine", "Table", "actions"]

State = TypeVar("State", bound=Enum)
Input = TypeVar("Input", bound=Enum)

Table = Mapping[State, Mapping[Input, tuple[State, str]]]
"""state -> input -> (next state, action name); the action "" does nothing."""


def actions(owner: type, table: Table[Any, Any]) -> Mapping[str, Callable[..., None]]:
    """What carries out each action that `table` names: the method of `owner` of that name behind an underscore.

    Raises:
        AttributeError: there is no such method.
    """
    names = {name for row in table.values() for _, name in row.values() if name}
    return {name: getattr(owner, f"_{name}") for name in names}


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
            raise IllegalInput(f"{given.name} is not an input of state {self.state.name}") from None
        return action
