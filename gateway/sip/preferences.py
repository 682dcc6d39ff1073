"""What telephones can do, and which of them a caller prefers (RFC 3840, RFC 3841).

A contact's feature parameters and the headers of a request enter; of the contacts, those that the caller does not
reject leave, with how well each fits. A contact that has said nothing of itself is left as it is (7.2.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from math import inf
from typing import Final, Protocol, TypeVar

from gateway.core.carried import PREFERENCES
from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.sip.grammar import BLANKS, split_list
from gateway.sip.headers import NameAddr
from gateway.sip.message import Request
from gateway.sip.parameters import NO_PARAMETERS, Parameters

__all__ = ["NO_PREFERENCES", "Preferences", "features_of", "preferences_of", "write_preferences"]

HEADERS: Final = ("Accept-Contact", "Reject-Contact", "Request-Disposition")
"""By these callers say what they prefer (RFC 3841 section 9), in the order of `PREFERENCES`."""
_KEYS: Final = frozenset(map(str.lower, HEADERS))
_VARIABLES: Final = frozenset(PREFERENCES)
BASE_TAGS: Final = frozenset(
    "actor application audio automata class control data description duplex events extensions isfocus language "
    "methods mobility priority schemes text type video".split()
)
"""Feature tags that stand in a Contact without "+" (RFC 3840 section 9)."""
MOST: Final = 20
"""Predicates of one request that are looked at, and features of one contact that are kept."""
LONGEST: Final = 512
"""Characters of a contact's features that are kept; more is none of what telephones say."""


def features_of(contact: NameAddr) -> Parameters:
    """The feature parameters of a Contact (RFC 3840 section 9); none where they are more than can be kept."""
    found = Parameters(tuple(pair for pair in contact.parameters if _is_feature(pair[0])))
    return found if len(found.pairs) <= MOST and len(str(found)) <= LONGEST else NO_PARAMETERS


def preferences_of(request: Request) -> dict[str, str]:
    """Channel variables by which what a caller prefers goes on with its call."""
    headers = request.headers
    if _KEYS.isdisjoint(headers.rows):
        return {}
    found = zip(PREFERENCES, HEADERS, strict=True)
    return {name: ", ".join(headers.all(header)) for name, header in found if header in headers}


def write_preferences(invite: Request, variables: Mapping[str, str]) -> None:
    """Pass on, in `invite`, what the caller prefers: hops further on may know more telephones (section 6)."""
    if _VARIABLES.isdisjoint(variables):
        return
    for name, header in zip(PREFERENCES, HEADERS, strict=True):
        if variables.get(name):
            invite.headers.set(header, variables[name])


def _is_feature(name: str) -> bool:
    return name[:1] == "+" or name.lower() in BASE_TAGS


@frozen
class _Values:
    """What a feature may be: words (text in angle brackets keeps them), a range of numbers; or all but these."""

    words: frozenset[str]
    low: float = inf
    high: float = -inf
    negated: bool = False

    def meets(self, wanted: _Values) -> bool:
        """Whether something is in both (RFC 3840 section 7.2: the intersection of the two is not empty)."""
        if self.negated and wanted.negated:
            return True
        if self.negated or wanted.negated:
            barred, asked = (self, wanted) if self.negated else (wanted, self)
            numbers = asked.low <= asked.high and not (barred.low <= asked.low and asked.high <= barred.high)
            return bool(asked.words - barred.words) or numbers
        return bool(self.words & wanted.words) or max(self.low, wanted.low) <= min(self.high, wanted.high)


@lru_cache(1024)
def _values(text: str) -> _Values:
    """A feature's value as it stands in a Contact or in a predicate (RFC 3840 section 9); a flag is true."""
    words: set[str] = set()
    low, high = inf, -inf
    rows = [row.strip(BLANKS) for row in text.split(",")] if text else ["true"]
    negated = all(row[:1] == "!" for row in rows)
    for row in rows:
        plain = row.removeprefix("!")
        if plain[:1] == "#":
            least, most = _range(plain[1:])
            low, high = min(low, least), max(high, most)
        else:
            words.add(plain if plain[:1] == "<" else plain.lower())
    return _Values(frozenset(words), low, high, negated)


def _range(text: str) -> tuple[float, float]:
    """The numbers that `=5`, `>=5`, `<=5` or `3:5` allow; none where that is no such thing."""
    try:
        if text[:2] == ">=":
            return float(text[2:]), inf
        if text[:2] == "<=":
            return -inf, float(text[2:])
        least, colon, most = text.removeprefix("=").partition(":")
        return float(least), float(most if colon else least)
    except ValueError:
        return inf, -inf


@frozen
class _Predicate:
    """One value of Accept-Contact or Reject-Contact."""

    terms: tuple[tuple[str, _Values], ...]
    require: bool
    explicit: bool

    @classmethod
    def parse(cls, text: str) -> _Predicate:
        star, semicolon, rest = text.partition(";")
        if star.strip(BLANKS) != "*":
            raise MalformedError(f"{text[:80]!r} is no preference")
        given = Parameters.parse((semicolon + rest).strip(BLANKS))
        terms = tuple(
            (name.lower(), _values((given.get(name) or "")[:LONGEST])) for name, _ in given if _is_feature(name)
        )
        return cls(terms, "require" in given, "explicit" in given)

    def rejects(self, features: dict[str, _Values]) -> bool:
        """RFC 3841 section 7.2.3: only what a contact has said of itself counts against it."""
        return bool(self.terms) and all(tag in features and features[tag].meets(value) for tag, value in self.terms)

    def score(self, features: dict[str, _Values]) -> float | None:
        """How much of it a contact has said that it can (7.2.4), 0 to 1; None where the two do not match."""
        said = [(features[tag], value) for tag, value in self.terms if tag in features]
        if not all(has.meets(value) for has, value in said):
            return None
        share = len(said) / len(self.terms) if self.terms else 1.0
        return share if share == 1.0 or not self.explicit else 0.0


class _Reached(Protocol):
    """Where a request may go: a target of a call, or a binding."""

    @property
    def q(self) -> int: ...

    @property
    def features(self) -> Parameters: ...


_Place = TypeVar("_Place", bound=_Reached)


@frozen
class Preferences:
    """What one request prefers.

    Attributes:
        accepted, rejected: predicates over contacts.
        directives: of Request-Disposition, in lower case.
    """

    accepted: tuple[_Predicate, ...] = ()
    rejected: tuple[_Predicate, ...] = ()
    directives: frozenset[str] = frozenset()

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Preferences:
        """Those of the caller of a leg, by its variables; what cannot be read is as good as none."""
        if _VARIABLES.isdisjoint(variables):
            return NO_PREFERENCES
        accepted, rejected, directives = (_elements(variables.get(name, "")) for name in PREFERENCES)
        return cls(
            tuple(_predicates(accepted)),
            tuple(_predicates(rejected)),
            frozenset(word.lower() for word in directives),
        )

    def turns(self, targets: Sequence[_Place], method: str = "INVITE") -> list[list[_Place]]:
        """Those of `targets`, the callee's dearest first, that are to be called: who is in one list, together.

        The callee's wishes go first (`q`), the caller's sort what is equal there (section 7.2.4). Whether
        several are called at all, at once or in turn, is the caller's to say (section 9.1). Where it says nothing
        of what they are to be able to, they must not have said that they lack `method` (7.2.2.1).
        """
        if not (self.accepted or self.rejected):
            targets = [target for target in targets if _takes(target.features, method)]
        if len(targets) < 2 and not self.are_stated:
            return [list(targets)] if targets else []
        if not self.are_stated:
            return [list(turn) for _, turn in groupby(targets, lambda target: target.q)]
        found = ((target, self._weigh(target.features)) for target in targets)
        weighed = [(target, weight) for target, weight in found if weight is not None]
        weighed.sort(key=lambda one: (-one[0].q, -one[1]))
        chosen = [target for target, _ in weighed]
        if "no-fork" in self.directives:
            return [chosen[:1]]
        if "parallel" in self.directives:
            return [chosen]
        if "sequential" in self.directives:
            return [[target] for target in chosen]
        return [[target for target, _ in turn] for _, turn in groupby(weighed, lambda one: (one[0].q, one[1]))]

    @property
    def are_stated(self) -> bool:
        """Whether the caller prefers anything."""
        return bool(self.accepted or self.rejected or self.directives)

    @property
    def follows(self) -> bool:
        """Whether redirections may be followed (section 9.1: no-recurse)."""
        return "no-recurse" not in self.directives

    def _weigh(self, given: Parameters) -> float | None:
        """How well a contact fits (Qa of section 7.2.4), 0 to 1; None where it is not to be called."""
        if not given:
            return 1.0  # immune (7.2.1)
        features = {name.lower(): _values(given.get(name) or "") for name, _ in given}
        if any(predicate.rejects(features) for predicate in self.rejected):
            return None
        scores: list[float] = []
        for predicate in self.accepted:
            score = predicate.score(features)
            if predicate.require and (score is None or (predicate.explicit and score < 1)):
                return None
            if score is not None:
                scores.append(score)
        if not self.accepted:
            return 1.0
        return sum(scores) / len(scores) if scores else 0.0


NO_PREFERENCES: Final = Preferences()


def _takes(features: Parameters, method: str) -> bool:
    """Whether who has said `features` takes `method`, or has not said which methods it takes."""
    methods = features.get("methods") if features.pairs else None
    return not methods or _values(methods).meets(_values(method))


def _elements(value: str) -> list[str]:
    try:
        return split_list(value)[:MOST] if value else []
    except MalformedError:
        return []


def _predicates(rows: Sequence[str]) -> Iterable[_Predicate]:
    for row in rows:
        try:
            yield _Predicate.parse(row)
        except MalformedError:
            continue
