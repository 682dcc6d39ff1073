"""Expected routes: a table of numbers and what they should do, held against a dialplan without a call.

In goes the text of a table and a Dialplan; out comes, for each line, what the number would do (`dialplan.route`)
and whether that is what the line expects. Nobody is called and nothing is kept.

    ; from    number         suppose                     expect
      6001    101                                     -> FXS/101
      6001    95550100                                -> FXO/g1/5550100
      copper1 2565551100     keys=1                   -> SIP/6001 & SIP/6002, FXS/101
      6001    102            at=2024-03-15T20:00      -> cause 17
      6001    0115550100                              -> nobody
    context = lobby                                  ; where the numbers below are dialled
      -       101                                     -> FXS/101

Who calls is an account, a telephone, a line or a trunk, which dials in its own context where none is written; any
other number; or `-`, a caller without one. What is expected is who is dialled, in order (`&` at once, `,` then),
`nobody`, and the cause of the end (`cause 17`, `cause USER_BUSY`), one of them or both, with commas between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from dialplan.applications import APPLICATIONS
from dialplan.functions import FUNCTIONS
from dialplan.model import Dialplan, Place
from dialplan.parser import nearest
from dialplan.route import Permit, Route, dry_run
from dialplan.script import Application, Function
from gateway.core.cause import Cause
from gateway.core.errors import ConfigError, Fault
from gateway.core.number import Party
from gateway.core.parking import Lot

__all__ = ["Expectation", "Origin", "Outcome", "read_expectations", "try_expectations"]

_SUPPOSITIONS: Final = ("answered", "at", "context", "keys", "name", "technology")


@dataclass(frozen=True, slots=True)
class Expectation:
    """One line of a table.

    Attributes:
        place: its file and line.
        caller: who dials.
        number: what is dialled.
        context: where.
        technology: of the caller's leg.
        origin: whose that leg is.
        keys: what the caller keys when asked.
        answered: whether the first Dial is answered.
        when: at what time; now where None.
        attempts: who is dialled, in order: those at once, sorted, in one set; None where that is not said.
        cause: with which cause it ends; None where that is not said.
        variables: that its leg brings.
    """

    place: Place
    caller: Party
    number: str
    context: str
    technology: str = "SIP"
    origin: str = ""
    keys: str = ""
    answered: bool = False
    when: datetime | None = None
    attempts: tuple[frozenset[str], ...] | None = None
    cause: Cause | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an expectation.

    Attributes:
        expectation: it.
        route: what the number would do.
        wrong: what is not as expected, one sentence; "" where all is.
    """

    expectation: Expectation
    route: Route
    wrong: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Who may call, by name, as the office's configuration has it.

    Attributes:
        context: in which it dials.
        technology: of its leg.
        number: that is shown; "" for lines and trunks, whose callers have numbers of their own.
        variables: that it brings.
    """

    context: str
    technology: str
    number: str
    variables: Mapping[str, str] = field(default_factory=dict)


_NOBODY: Final[Mapping[str, Origin]] = MappingProxyType({})


def read_expectations(path: str, text: str, origins: Mapping[str, Origin] = _NOBODY) -> list[Expectation]:
    """Read a table.

    Args:
        origins: who may call, by name.

    Raises:
        ConfigError: with every line that cannot be read.
    """
    context = ""
    found: list[Expectation] = []
    faults: list[Fault] = []
    for line, raw in enumerate(text.splitlines(), 1):
        said = raw.partition(";")[0].strip()
        if not said:
            continue
        place = Place(path, line)
        name, equals, value = said.partition("=")
        try:
            if equals and name.strip() == "context" and "->" not in said:
                context = value.strip()
            else:
                found.append(_expectation(place, said, context, origins))
        except ValueError as fault:
            what, _, mend = str(fault).partition("; ")
            faults.append(Fault(path, line, what, mend))
    if faults:
        raise ConfigError(faults)
    return found


def _expectation(place: Place, said: str, context: str, origins: Mapping[str, Origin]) -> Expectation:
    """Read one line; raises ValueError with a clause and, after a semicolon, the mend."""
    dialled, arrow, expected = said.partition("->")
    words = dialled.split()
    if not arrow or len(words) < 2:
        raise ValueError(f"{said[:60]!r} expects nothing; write FROM NUMBER -> WHOM")
    caller, number, *rest = words
    supposed: dict[str, str] = {}
    for word in rest:
        name, equals, value = word.partition("=")
        if name not in _SUPPOSITIONS or (not equals and name != "answered"):
            mend = nearest(name, _SUPPOSITIONS) or f"known here: {', '.join(_SUPPOSITIONS)}"
            mend = f"write {name}=…" if name in _SUPPOSITIONS else mend
            raise ValueError(f"{word!r} supposes nothing; {mend}")
        supposed[name] = value
    known = origins.get(caller, Origin("", "SIP", "" if caller == "-" else caller))
    where = supposed.get("context", context or known.context)
    if not where:
        raise ValueError(
            f"nobody here is called {caller[:40]}, so that its context is not known; "
            "write context = NAME above, or context=NAME in the line"
        )
    attempts, cause = _expected(expected)
    return Expectation(
        place,
        Party(known.number, supposed.get("name", "")),
        number,
        where,
        technology=supposed.get("technology", known.technology),
        origin="" if caller == "-" else caller,
        keys=supposed.get("keys", ""),
        answered="answered" in supposed,
        when=_moment(supposed["at"]) if "at" in supposed else None,
        attempts=attempts,
        cause=cause,
        variables=known.variables,
    )


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no time; write it like at=2027-03-15T20:00") from None


def _expected(text: str) -> tuple[tuple[frozenset[str], ...] | None, Cause | None]:
    attempts: list[frozenset[str]] = []
    cause: Cause | None = None
    nobody = False
    for part in (part.strip() for part in text.split(",")):
        word, _, value = part.partition(" ")
        if part == "nobody":
            nobody = True
        elif word == "cause":
            cause = _cause(value.strip())
        elif part and all("/" in target for target in part.split("&")):
            attempts.append(frozenset(target.strip() for target in part.split("&")))
        else:
            raise ValueError(f"{part[:60]!r} is nothing to expect; write TECHNOLOGY/address, nobody or cause N")
    if nobody and attempts:
        raise ValueError("somebody and nobody; expect one of them")
    return tuple(attempts) if attempts or nobody else None, cause


def _cause(text: str) -> Cause:
    if text.isdecimal() and int(text) in Cause.__members__.values():
        return Cause(int(text))
    if text.upper() in Cause.__members__:
        return Cause[text.upper()]
    raise ValueError(f"{text[:40]!r} is no Q.850 cause; write a number such as 17, or a name such as USER_BUSY")


async def try_expectations(
    dialplan: Dialplan,
    expectations: Sequence[Expectation],
    *,
    clock: Callable[[], datetime],
    permit: Permit | None = None,
    applications: Mapping[str, Application] = APPLICATIONS,
    functions: Mapping[str, Function] = FUNCTIONS,
    lots: Mapping[str, Lot] | None = None,
) -> list[Outcome]:
    """Hold every expectation against a dialplan, in order; each starts afresh.

    Args:
        clock: tells the time for lines that suppose none; its time zone counts for those that do.
        permit: asked before each leg to a target.
        lots: the parking lots, by name.
    """
    found: list[Outcome] = []
    for expectation in expectations:
        when = expectation.when
        zone = clock().tzinfo
        moment = clock() if when is None else when if when.tzinfo is not None else when.replace(tzinfo=zone)
        route = await dry_run(
            dialplan,
            expectation.context,
            expectation.number,
            caller=expectation.caller,
            clock=_still(moment),
            technology=expectation.technology,
            origin=expectation.origin,
            permit=permit,
            answered=expectation.answered,
            keys=expectation.keys,
            variables=expectation.variables,
            applications=applications,
            functions=functions,
            lots=lots,
        )
        wrong = _wrong(expectation, route)
        if expectation.context not in dialplan.contexts:
            mend = nearest(expectation.context, dialplan.contexts)
            wrong = f'there is no context "{expectation.context}"{f"; {mend}" if mend else "."}'
        found.append(Outcome(expectation, route, wrong))
    return found


def _still(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def _wrong(expectation: Expectation, route: Route) -> str:
    """What is not as expected, as a sentence."""
    dialled = tuple(frozenset(str(target) for target in attempt.targets) for attempt in route.attempts)
    parts: list[str] = []
    if expectation.attempts is not None and dialled != expectation.attempts:
        parts.append(f"dials {_shown(dialled)}, not {_shown(expectation.attempts)}")
    ending = route.ending
    if expectation.cause is not None and (ending is None or ending.cause is not expectation.cause):
        parts.append(f"ends with {ending.cause if ending else 'nothing'}, not {expectation.cause}")
    return f"{expectation.number} {' and '.join(parts)}." if parts else ""


def _shown(attempts: Sequence[frozenset[str]]) -> str:
    return ", ".join(" & ".join(sorted(targets)) for targets in attempts) or "nobody"
