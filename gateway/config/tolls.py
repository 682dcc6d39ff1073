"""[tolls]: what calls to the outside may be made, by whom, how much of it; and the policy that it makes.

Everything is shut that the file does not open, but calls within the country at everyday prices.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from gateway.config.values import File, Items, Name, Number, Settings, region
from gateway.core.errors import ConfigError, Fault
from gateway.toll.numbering import Kind
from gateway.toll.policy import Caps, Rules, TollPolicy, TrunkRules
from gateway.toll.rates import RateTable

__all__ = ["CallerTollSettings", "TollSettings", "TrunkTollSettings", "toll_policy"]

_TABLE_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of a table of rates: a carrier's whole world has some thirty thousand lines."""


_Kind = Literal["free", "local", "national", "mobile", "shared", "premium", "service", "international", "unknown"]
_Kinds = Items[_Kind]
_Countries = Items[Annotated[str, AfterValidator(region)]]
_Calls = Annotated[int, Field(ge=0, le=100_000)]
_Minutes = Annotated[int, Field(ge=0, le=10_000_000)]
_Money = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class CallerTollSettings(Settings):
    """[tolls.callers.NAME]: what one account, telephone, line or trunk may, or all who come in in one context.

    Attributes:
        allow: kinds of number that it may call; None takes those of [tolls].
        countries: abroad, that it may call; None takes those of [tolls].
        parallel: outside calls at once; None takes that of [tolls], as below.
        minutes_per_hour, minutes_per_day: of answered outside calls.
        spend_per_hour, spend_per_day: in the currency of the rates.
    """

    allow: _Kinds | None = None
    countries: _Countries | None = None
    parallel: _Calls | None = None
    minutes_per_hour: _Minutes | None = None
    minutes_per_day: _Minutes | None = None
    spend_per_hour: _Money | None = None
    spend_per_day: _Money | None = None


class TrunkTollSettings(Settings):
    """[tolls.trunks.NAME]: what one trunk, or one group of lines (g1, span-g1), carries, whoever calls.

    Attributes:
        parallel: outside calls at once; 0 is no cap, as below.
        minutes_per_hour, minutes_per_day: of answered outside calls.
        spend_per_hour, spend_per_day: in the currency of the rates.
        access: digits that must be dialled on it before a number, being a line of another exchange.
        e164: whether numbers are dialled on it with the country code first and no "+".
    """

    parallel: _Calls = 0
    minutes_per_hour: _Minutes = 0
    minutes_per_day: _Minutes = 0
    spend_per_hour: _Money = 0.0
    spend_per_day: _Money = 0.0
    access: str = ""
    e164: bool = False


class TollSettings(Settings):
    """[tolls]: calls to the outside, for everybody without a table of their own.

    Attributes:
        allow: kinds of number that may be called: free, local, national, mobile, shared (shared cost), premium
            (satellites, too), service (short numbers, star codes), international, unknown. Emergency always may.
        countries: abroad, that may be called though "international" is not allowed: "ca", "gb".
        parallel: outside calls of one caller at once; 0 is no cap, as below.
        minutes_per_hour, minutes_per_day: of one caller's answered outside calls.
        spend_per_hour, spend_per_day: of one caller, in the currency of the rates.
        onward: contexts of the dialplan in which a call from outside may be connected to an outside line.
        access: digits that people dial for an outside line, so that an emergency number after them is known.
        emergency: emergency numbers, beside those of the country.
        preempt: whether an emergency call takes a line that is busy with another call.
        rates: a file of lines "+44, 0.02": prefix, price a minute and, if there is one, price of the call.
        callers: by the name of an account, telephone, line or trunk, or of a context.
        trunks: by the name of a trunk, or of a group: g1 of exchange lines, span-g1 of spans.
    """

    allow: _Kinds = ("free", "local", "national", "mobile")
    countries: _Countries = ()
    parallel: _Calls = 4
    minutes_per_hour: _Minutes = 180
    minutes_per_day: _Minutes = 720
    spend_per_hour: _Money = 0.0
    spend_per_day: _Money = 0.0
    onward: Items[Name] = ()
    access: Items[Number] = ("9",)
    emergency: Items[Number] = ()
    preempt: bool = False
    rates: File | None = None
    callers: Annotated[Mapping[Name, CallerTollSettings], AfterValidator(MappingProxyType)] = {}
    trunks: Annotated[Mapping[Name, TrunkTollSettings], AfterValidator(MappingProxyType)] = {}


def toll_policy(settings: TollSettings) -> TollPolicy:
    """The rules that `settings` make; reads the table of rates.

    Raises:
        ConfigError: the table of rates cannot be read.
    """
    return TollPolicy(
        everybody=_rules(settings, CallerTollSettings(), "[tolls]"),
        callers={name: _rules(settings, own, f"[tolls.callers.{name}]") for name, own in settings.callers.items()},
        trunks={
            name: TrunkRules(
                Caps(
                    trunk.parallel,
                    trunk.minutes_per_hour,
                    trunk.minutes_per_day,
                    trunk.spend_per_hour,
                    trunk.spend_per_day,
                ),
                trunk.access,
                trunk.e164,
            )
            for name, trunk in settings.trunks.items()
        },
        onward=frozenset(settings.onward),
        preempt=settings.preempt,
        rates=RateTable() if settings.rates is None else _rates(settings.rates),
        access=settings.access,
        emergency=settings.emergency,
    )


def _rules(everybody: TollSettings, own: CallerTollSettings, table: str) -> Rules:
    def chosen(name: str) -> float:
        value = getattr(own, name)
        found: float = getattr(everybody, name) if value is None else value
        return found

    allow = everybody.allow if own.allow is None else own.allow
    countries = everybody.countries if own.countries is None else own.countries
    caps = Caps(
        parallel=int(chosen("parallel")),
        minutes_per_hour=int(chosen("minutes_per_hour")),
        minutes_per_day=int(chosen("minutes_per_day")),
        spend_per_hour=chosen("spend_per_hour"),
        spend_per_day=chosen("spend_per_day"),
    )
    return Rules(table, frozenset(map(Kind, allow)), frozenset(countries), caps)


def _rates(path: Path) -> RateTable:
    try:
        with path.open("rb") as file:
            data = file.read(_TABLE_LIMIT + 1)
        text = data.decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError([Fault(str(path), 0, f"cannot be read: {reason}", "mend rates in [tolls]")]) from error
    if len(data) > _TABLE_LIMIT:
        raise ConfigError([Fault(str(path), 0, f"is larger than {_TABLE_LIMIT} bytes", "is it the right file?")])
    return RateTable.parse(text, str(path))
