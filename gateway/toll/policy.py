"""Who may call what, and how much: the rules as the office wrote them, frozen.

A caller's rules are those under its own name (account, telephone, line, trunk), else those of the dialplan context
in which its call came in, else everybody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.toll.numbering import Destination, Kind
from gateway.toll.rates import RateTable

__all__ = ["EVERYDAY", "Caps", "Rules", "TollPolicy", "TrunkRules"]

EVERYDAY: Final = frozenset({Kind.FREE, Kind.LOCAL, Kind.NATIONAL, Kind.MOBILE})
"""What may be called where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that one payer may use; 0 is no cap.

    Attributes:
        parallel: outside calls at once.
        minutes_per_hour, minutes_per_day: of answered outside calls, in the last 60 minutes and 24 hours.
        spend_per_hour, spend_per_day: in the currency of the rates.
    """

    parallel: int = 0
    minutes_per_hour: int = 0
    minutes_per_day: int = 0
    spend_per_hour: float = 0.0
    spend_per_day: float = 0.0

    @property
    def limits_use(self) -> bool:
        """Whether anything but calls at once is capped."""
        return bool(self.minutes_per_hour or self.minutes_per_day or self.spend_per_hour or self.spend_per_day)


@dataclass(frozen=True, slots=True)
class Rules:
    """What one caller may.

    Attributes:
        table: where they are written, for sentences: "[tolls]", "[tolls.callers.6001]".
        allow: kinds of number.
        countries: countries abroad, beside all that `allow` lets through.
        caps: the most that it may use.
    """

    table: str = "[tolls]"
    allow: frozenset[Kind] = EVERYDAY
    countries: frozenset[str] = frozenset()
    caps: Caps = Caps()

    def permits(self, destination: Destination) -> bool:
        """Whether the destination may be called at all."""
        if destination.kind is Kind.EMERGENCY or destination.kind in self.allow:
            return True
        return destination.kind is Kind.INTERNATIONAL and destination.country in self.countries


@dataclass(frozen=True, slots=True)
class TrunkRules:
    """What one trunk or group of lines carries.

    Attributes:
        caps: the most that it may be used, whoever calls.
        access: digits that it wants before a number, being a line of another exchange of the house.
        e164: whether it takes numbers with the country code first and no "+".
    """

    caps: Caps = Caps()
    access: str = ""
    e164: bool = False


_NO_TRUNK: Final = TrunkRules()


@dataclass(frozen=True, slots=True)
class TollPolicy:
    """All rules of an office.

    Attributes:
        everybody: for who has none of their own.
        callers: rules by account, telephone, line, trunk or context.
        trunks: by trunk or group of lines ("g1").
        onward: contexts of the dialplan whose Dial connects callers from outside to outside lines.
        preempt: whether an emergency call takes a line that is busy with another call.
        rates: prices.
        access: digits that people dial for an outside line.
        emergency: emergency numbers beside the country's.
    """

    everybody: Rules = Rules()
    callers: Mapping[str, Rules] = field(default_factory=dict)
    trunks: Mapping[str, TrunkRules] = field(default_factory=dict)
    onward: frozenset[str] = frozenset()
    preempt: bool = False
    rates: RateTable = field(default_factory=RateTable)
    access: tuple[str, ...] = ()
    emergency: tuple[str, ...] = ()

    def rules(self, name: str, context: str) -> Rules:
        """The rules of a caller."""
        return self.callers.get(name) or self.callers.get(context) or self.everybody

    def trunk(self, name: str) -> TrunkRules:
        """The rules of a trunk."""
        return self.trunks.get(name, _NO_TRUNK)
