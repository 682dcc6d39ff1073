"""The office as the web sees it: views to show, and what may be done; `gateway.web.simulated` is what it emulates.

`Office` is implemented where everything is built. Views are frozen copies made when asked for, so a request that
takes its time never shows half of one state and half of another. Everything is called on the event loop and
answers at once, but for what reads the store, and what may be long: that comes entry by entry.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from dialplan.database import Database
from gateway.call.call import CallRecord
from gateway.core.trace import Note
from gateway.toll.guard import Account
from gateway.web.admission import Admission
from gateway.web.conferences import Rooms
from gateway.web.simulated import Simulator

__all__ = [
    "CallView",
    "LegView",
    "LineView",
    "Office",
    "OfficeView",
    "RegistrationView",
    "ReloadView",
    "TollView",
    "TrunkView",
]


@dataclass(frozen=True, slots=True)
class LegView:
    """One leg of a call.

    Attributes:
        name: the channel's name: "FXS/101-00000007".
        peer: who is at its far side: "telephone 101".
        state: in words: "ringing", "up".
        audio: how it hears its far side, in a line: coding, loss, jitter, round trip and MOS; "" for lines.
        trouble: what keeps it from hearing or being heard, and what to do; empty where nothing does.
    """

    name: str
    peer: str
    state: str
    audio: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class CallView:
    """A call in progress.

    Attributes:
        id: the call's id.
        state: in words: "ringing", "up".
        caller, caller_name: who calls; called: the number first wanted.
        context: the dialplan context that it was wanted in.
        started, answered: wall clock with zone; None where not answered.
        duration: seconds since `started`.
        legs: the leg that came in, then those made for it.
    """

    id: str
    state: str
    caller: str
    caller_name: str
    called: str
    context: str
    started: datetime
    answered: datetime | None
    duration: float
    legs: tuple[LegView, ...] = ()


@dataclass(frozen=True, slots=True)
class LineView:
    """A telephone or exchange line.

    Attributes:
        name: "101", "copper1".
        kind: "FXS", "FXO" or "ISDN".
        card, port: where it is plugged in; a serial adapter has its device and port 0.
        state: in words.
        in_service: whether calls can be made on it.
        number: its own number; may be empty.
        seconds: how long it has been in `state`.
        last_caller: who called last on it; may be empty.
        trouble: why no calls can be made on it; empty where they can.
    """

    name: str
    kind: str
    card: str
    port: int
    state: str
    in_service: bool
    number: str = ""
    seconds: float = 0.0
    last_caller: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class TrunkView:
    """A SIP trunk and how it does.

    Attributes:
        name: as it is dialled: SIP/NUMBER@NAME.
        up: whether calls can be made on it.
        state: why, in words.
        server: the server in use; empty where there is none.
        user: our user there; may be empty.
        calls: how many are on it.
        round_trip: milliseconds for an answer of the server; None where it is not asked.
        seconds: how long it has been up or down.
    """

    name: str
    up: bool
    state: str
    server: str
    user: str
    calls: int
    round_trip: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class RegistrationView:
    """A telephone that is registered for an account.

    Attributes:
        account: its number.
        contact: the contact URI.
        expires: seconds until the registration ends.
        transport, remote: how and from where it came: "udp", "192.0.2.7:5060".
        user_agent: what the telephone calls itself; may be empty.
        trouble: what is wrong with the way there; empty where nothing is known to be.
    """

    account: str
    contact: str
    expires: float
    transport: str
    remote: str
    user_agent: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class TollView:
    """What calls to the outside have cost.

    Attributes:
        accounts: of every caller and trunk that has been used within a day.
        notices: what the operator was told of refusals, caps and emergency calls, the latest last.
        groups: who is in each hunt group that pays: "trunk g1" is "lines copper1, copper2".
    """

    accounts: Sequence[Account]
    notices: Sequence[str]
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OfficeView:
    """The office itself.

    Attributes:
        name: as configured.
        directory: numbers worth knowing, each with what answers there, in the order of the configuration.
        worries: what an operator should look at, a sentence each: what keeps the office from its work, or records
            from the disk.
        calls, registrations: how many are in progress, and in force.
    """

    name: str
    directory: Sequence[tuple[str, str]]
    worries: Sequence[str]
    calls: int
    registrations: int


@dataclass(frozen=True, slots=True)
class ReloadView:
    """What came of reading the configuration anew.

    Attributes:
        done: whether the office goes on by it; else as it was.
        told: the faults where it does not, each a sentence; else what was taken over, and what is worth a look.
    """

    done: bool
    told: Sequence[str]


class Office(Protocol):
    """A running office."""

    @property
    def name(self) -> str:
        """As configured, for headings."""
        ...

    @property
    def simulator(self) -> Simulator | None:
        """The emulated world; None where no card is emulated."""
        ...

    def worries(self) -> Sequence[str]:
        """What an operator should look at, a sentence each; what keeps the office from its work is the first."""
        ...

    def certificates(self) -> Mapping[Path, datetime]:
        """When the certificates that SIP shows end, by their files."""
        ...

    @property
    def directory(self) -> Mapping[str, str]:
        """Numbers worth knowing, each with what answers there."""
        ...

    def trouble(self) -> str:
        """Why the office should be given no more calls, as a sentence; else ""."""
        ...

    def calls(self, search: str = "") -> AsyncIterator[CallView]:
        """Calls in progress, the oldest first.

        Args:
            search: only those with this text in an id, a number, a name or the name of a leg, in any case.
        """
        ...

    @property
    def call_count(self) -> int:
        """How many calls are in progress."""
        ...

    def call_in_progress(self, name: str) -> CallView | None:
        """The call in progress whose id, or the name of one of whose legs, is `name`; None where there is none."""
        ...

    def states(self) -> Sequence[str]:
        """The state of every call in progress, and nothing else of it."""
        ...

    async def call(self, caller: str, called: str) -> None:
        """Call a telephone of the office; when it is answered, it calls a number as if that were dialled on it.

        Returns as soon as the telephone is being called.

        Raises:
            LocalError: there is no such telephone, or it cannot be called; the text says why.
        """
        ...

    def hang_up(self, name: str) -> None:
        """End the call whose id is `name`, or the one leg of that name.

        Raises:
            LocalError: there is neither.
        """
        ...

    def reload(self) -> ReloadView:
        """Read the configuration and the dialplan anew, all or nothing.

        Raises:
            LocalError: it has none to read.
        """
        ...

    def story(self, name: str) -> Sequence[Note]:
        """All notes kept of the call, or of the call of the leg, `name`; empty where it is not known.

        Also of calls that are over, as long as the recorder keeps them.
        """
        ...

    def capture(self, name: str) -> bytes:
        """The messages of the call (or the call of the leg) `name` as a pcapng file; b"" without any."""
        ...

    def lines(self) -> Sequence[LineView]:
        """Every telephone and exchange line that is configured."""
        ...

    def trunks(self) -> Sequence[TrunkView]:
        """Every SIP trunk."""
        ...

    def registrations(self, search: str = "") -> AsyncIterator[RegistrationView]:
        """Telephones that are registered; with `search`, those that show this text anywhere, in any case."""
        ...

    @property
    def registration_count(self) -> int:
        """How many telephones are registered."""
        ...

    async def records(self, limit: int) -> Sequence[CallRecord]:
        """The latest call records, the newest first."""
        ...

    async def records_between(
        self, since: datetime, until: datetime, after: str, limit: int
    ) -> Sequence[CallRecord]:
        """The records of calls that began from `since` until before `until`, the oldest first.

        Args:
            after: of those that began at `since`, only those whose ids are greater.
            limit: how many at most.
        """
        ...

    @property
    def admission(self) -> Admission:
        """Who is let in by SIP."""
        ...

    @property
    def rooms(self) -> Rooms:
        """The conference rooms."""
        ...

    @property
    def database(self) -> Database:
        """What scripts keep."""
        ...

    def tolls(self) -> TollView:
        """What calls to the outside have cost."""
        ...

    def usage(self) -> Mapping[str, int]:
        """What is in use now, by resource: rows, ports, transactions, dialogs, records waiting for the disk."""
        ...

    def totals(self) -> Mapping[str, int]:
        """What has been counted since the start: calls by disposition, records lost, packets refused."""
        ...
