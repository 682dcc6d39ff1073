"""Where the office ends: which targets of a Dial leave it on a paid line, and which legs belong to it.

Known by name alone, from the configuration: what is not one of the office's own telephones and accounts is outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from dialplan.exits import Entry, Leaves
from dialplan.spread import ANY, NUMBER
from drivers.registry import TECHNOLOGIES, Address
from gateway.config.model import Config
from gateway.config.ways import TABLES, called_at, group_name, span_names, ways
from gateway.core.errors import RemoteError
from gateway.core.switch import Target
from gateway.toll.guard import Outside

__all__ = ["Boundary"]

_SIP: Final = ("SIP", "PJSIP")


class Boundary:
    """The boundary of one office (`gateway.call.tolls.Border`)."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._accounts = frozenset(config.accounts)
        self._telephones = frozenset(config.phones) | {str(phone.port) for phone in config.phones.values()}
        self._kinds = {word: _outside(kinds) for word, kinds in TECHNOLOGIES.items() if _outside(kinds)}
        self._groups = {word: _groups(config, kinds) for word, kinds in self._kinds.items()}
        self._hunted = {word: _hunted(config, kinds) for word, kinds in self._kinds.items()}
        self._names = frozenset(config.phones)

    def outside(self, target: Target) -> Outside | None:
        """The way out that a target is; None where it stays in the office or leads nowhere."""
        technology = target.technology.upper()
        if technology in _SIP:
            return self._sip(target.address)
        groups = self._groups.get(technology)
        if groups is None:
            return None
        try:
            address = Address.parse(target.address)
        except RemoteError:
            return None  # it cannot be dialled at all
        if address.group is not None:
            nobody = group_name(self._kinds[technology][0], address.group)
            return Outside(self._hunted[technology].get(address.group, nobody), address.number)
        if technology == "DAHDI" and address.line in self._telephones and address.line not in groups:
            return None
        return Outside(groups.get(address.line, address.line), address.number)

    def leaves(self, target: Target) -> Leaves:
        """Whether a target leaves, of whose address some may be known only when a call comes."""
        technology, address = target.technology.upper(), target.address
        # What a caller may write into an address can hold "&" and another target behind it.
        otherwise = Leaves.MAYBE if ANY in address else Leaves.NO
        if technology in _SIP:
            if "@" in address or "/" in address:
                return Leaves.YES
            # A number has no @ and no slash in it: it can be an account's name and not a trunk's number.
            return otherwise if ANY in address or NUMBER in address or address in self._accounts else Leaves.YES
        line = address.partition("/")[0]
        if technology == "DAHDI" and NUMBER in line:
            return Leaves.MAYBE
        known = Target(technology, f"{line.replace(ANY, '1').replace(NUMBER, '1')}/1")
        return otherwise if self.outside(known) is None else Leaves.YES

    def entries(self) -> list[Entry]:
        """Where callers from outside come into the dialplan."""
        lines, trunks = self._config.lines.items(), self._config.trunks.items()
        found = [Entry(f"line {name}", line.context, called_at(line)) for name, line in lines]
        for name, line in lines:
            for ring, own in line.rings.items():
                called = own.did or called_at(line)
                found.append(Entry(f"line {name}, ring {ring}", own.context or line.context, called))
        for name, adapter in self._config.isdn.items():
            found += [Entry(f"ISDN adapter {name}", adapter.context, called) for called in adapter.called]
        # Who calls by a span or a trunk, or is not known, chooses the number.
        found += [Entry(f"span {name}", span.context) for name, span in self._config.spans.items()]
        found += [Entry(f"trunk {name}", trunk.context) for name, trunk in trunks]
        corner = self._config.sip.strangers
        return [*found, Entry("an unknown telephone", corner)] if corner else found

    def own(self, leg: str) -> tuple[str, bool]:
        """Whose a leg is, by its name "SIP/6001-0000002a", and whether that is one of the office's own."""
        technology, _, rest = leg.partition("/")
        name = rest.rpartition("-")[0] or rest
        if technology.upper() in _SIP:
            return name, name in self._accounts
        return name, technology.upper() == "FXS" and name in self._names

    def trunk(self, leg: str) -> str:
        """The trunk or group of lines that a leg takes up, by its name; "" where it takes up none."""
        technology, _, rest = leg.partition("/")
        name = rest.rpartition("-")[0]
        if technology in _SIP:
            return name if name in self._config.trunks else ""
        return self._groups.get(technology, {}).get(name, "")

    def flashes(self, leg: str) -> bool:
        """Whether who is behind a leg, by its name, may flash an outside line, and there dial what it likes."""
        name, inside = self.own(leg)
        account = self._config.accounts.get(name)
        return inside and (account is None or account.flash == "pass")

    def _sip(self, address: str) -> Outside | None:
        """`6001` is an account; `NUMBER@trunk`, `trunk/NUMBER` and all else leaves the office."""
        if address in self._accounts:
            return None
        number, at, trunk = address.rpartition("@")
        if not at:
            trunk, _, number = address.partition("/")
        return Outside(trunk, number.removeprefix("sip:"))


def _outside(kinds: Iterable[str]) -> list[str]:
    """Those of the kinds of line that lead to the public network."""
    return [kind for kind in kinds if kind in TABLES]


def _groups(config: Config, kinds: Iterable[str]) -> dict[str, str]:
    """The hunt groups of lines of some kinds, as the toll rules call them, by whatever Dial may call the lines."""
    groups = {name: group_name(kind, way.group) for kind in kinds for name, way in ways(config, kind).items()}
    if "SPAN" in kinds:
        groups |= {word: groups[name] for name, words in span_names(config).items() for word in words}
    if "FXO" in kinds:
        groups |= {str(line.port): group_name("FXO", line.group) for line in config.lines.values()}
    return groups


def _hunted(config: Config, kinds: Sequence[str]) -> dict[int, str]:
    """What the toll rules call the group of each number; where two kinds have it, as they have rules for it."""
    found: dict[int, str] = {}
    for kind in kinds:
        for way in ways(config, kind).values():
            name = group_name(kind, way.group)
            if found.setdefault(way.group, name) not in config.tolls.trunks and name in config.tolls.trunks:
                found[way.group] = name
    return found
