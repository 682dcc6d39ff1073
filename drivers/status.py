"""A line as `copperline lines` and the console show it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.number import Party

__all__ = ["LineStatus"]


@dataclass(frozen=True, slots=True)
class LineStatus:
    """One line at one moment.

    Attributes:
        name: "101", "copper1".
        technology: "FXS", "FXO", "ISDN".
        port: DAHDI channel number; 0 where it has none.
        state: in words: "ringing".
        in_service: whether it can be used.
        number: its own number; may be empty.
        since: when it came into this state, engine clock in seconds.
        last_caller: who called last on it: an FXS line was rung for, an FXO line brought in; None since the start.
        channel: the name of its leg, "" where it has none.
        trouble: why it is out of service, and what to look at; "" where it is in service.
        device: its device, where that is no port of a card.
    """

    name: str
    technology: str
    port: int
    state: str
    in_service: bool
    number: str
    since: float
    last_caller: Party | None
    channel: str
    trouble: str = ""
    device: str = ""
