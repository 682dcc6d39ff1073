"""An office of fixed views for tests of what shows it, and hands that note what was done with them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from dialplan.database import Database, MemoryDatabase
from gateway.call.call import CallRecord
from gateway.core.audio import Samples
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import LocalError
from gateway.core.quality import Quality
from gateway.core.trace import Kind, Note
from gateway.toll.guard import Account
from gateway.web.admission import Admission, BanView, RefusalView
from gateway.web.conferences import MemberView, Rooms, RoomView
from gateway.web.office import (
    CallView,
    LegView,
    LineView,
    RegistrationView,
    ReloadView,
    TollView,
    TrunkView,
)
from gateway.web.simulated import HeardView, SimCard, SimLine, SimPhone, Simulator

__all__ = ["ShownOffice", "ShownWorld"]

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class ShownPhone:
    """A telephone that notes what a hand does to it."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.done: list[str] = []
        self.said: Samples = np.zeros(0, np.int16)

    def lift(self) -> None:
        self.done.append("lift")

    def hang_up(self) -> None:
        self.done.append("hang-up")

    def flash(self, ms: int) -> None:
        self.done.append(f"flash {ms}")

    def echo(self, response: Samples) -> None:
        self.done.append(f"echo {len(response)}")

    def unplug(self) -> None:
        self.done.append("unplug")

    def plug_in(self) -> None:
        self.done.append("plug in")

    def suffer(self, fault: Mapping[str, float]) -> None:
        self.done.append(f"fault {dict(fault)}")

    def dial(self, digits: str) -> None:
        self.done.append(f"dial {digits}")

    def pulse(self, digits: str) -> None:
        self.done.append(f"pulse {digits}")

    def say(self, samples: Samples) -> None:
        self.said = samples

    def heard(self) -> HeardView:
        return HeardView(self.number, True, False, 2, "dial", "12#", "6001", "Ada", -13.04)

    def recording(self) -> Samples:
        return np.arange(-80, 80, dtype=np.int16)


class ShownLine:
    """A line that notes who was made to call on it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def call(self, number: str, name: str) -> None:
        if self.done:
            raise LocalError("The line copper1 is in use.")
        self.done.append(f"call {number} {name}")

    def hang_up(self) -> None:
        self.done.append("hang-up")

    def suffer(self, fault: Mapping[str, float]) -> None:
        self.done.append(f"fault {dict(fault)}")

    def echo(self, response: Samples) -> None:
        self.done.append(f"echo {len(response)}")

    def unplug(self) -> None:
        self.done.append("unplug")

    def plug_in(self) -> None:
        self.done.append("plug in")


class ShownCard:
    """A card that notes whether it is there."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def remove(self) -> None:
        self.done.append("remove")

    def insert(self) -> None:
        self.done.append("insert")


class ShownWorld:
    """One telephone, 101, one line, copper1, and the card of both, main."""

    def __init__(self) -> None:
        self.phone_101 = ShownPhone("101")
        self.copper1 = ShownLine()
        self.main = ShownCard()

    def phone(self, number: str) -> SimPhone | None:
        return self.phone_101 if number == "101" else None

    def line(self, name: str) -> SimLine | None:
        return self.copper1 if name == "copper1" else None

    def card(self, name: str) -> SimCard | None:
        return self.main if name == "main" else None

    def names(self) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
        return ["101"], ["copper1"], ["main"]


class ShownDoor:
    """One telephone with a wrong secret, one thief."""

    def __init__(self) -> None:
        self.banned = ["203.0.113.66"]

    async def refusals(self) -> AsyncIterator[RefusalView]:
        yield RefusalView("6OO1", "192.0.2.7:5060", "udp", "REGISTER", "there is no such account", 3, 61.0)

    def bans(self) -> Sequence[BanView]:
        return [BanView(source, "10 failed attempts within 600 s", 1800.0) for source in self.banned]

    def lift(self, source: str) -> bool:
        if source in self.banned:
            self.banned.remove(source)
            return True
        return False


class ShownRooms:
    """A room with Ada, who talks, and somebody muted in it; it notes what is done."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str, str]] = []

    def rooms(self) -> Sequence[RoomView]:
        ada = MemberView(1, "SIP/6001-00000001", "6001", "Ada", "heard", True, True, False, 65.0)
        other = MemberView(2, "FXO/1-00000002", "", "", "muted", False, False, True, 5.0)
        return [RoomView("board", True, False, True, (ada, other))]

    def act(self, room: str, act: str, member: str) -> None:
        if room != "board":
            raise LocalError(f"Nobody is in a conference room {room}.")
        self.done.append((room, act, member))


class ShownOffice:
    """An office in the middle of one call."""

    name = "Test office"
    directory: Mapping[str, str] = {"*72": "forward", "600": "echo"}  # it is never changed

    def __init__(self, world: ShownWorld | None = None) -> None:
        self.way_trouble = ""
        self.simulator: Simulator | None = world
        self.sick = ""
        legs = (
            LegView("SIP/6001-00000001", "account 6001", "up"),
            LegView("FXS/101-00000002", "telephone 101", "up"),
        )
        self.shown_calls = [CallView("call-7", "up", "6001", "Ada", "101", "office", START, START, 65.2, legs)]
        self.placed: list[tuple[str, str]] = []
        self.hung_up: list[str] = []
        self.reloads: list[ReloadView] = []
        self.database: Database = MemoryDatabase()
        self.admission: Admission = ShownDoor()
        self.shown_rooms = ShownRooms()
        self.rooms: Rooms = self.shown_rooms
        self.database.put("cfu/101", "5550100")

    def trouble(self) -> str:
        return self.sick

    def worries(self) -> Sequence[str]:
        return [self.sick] if self.sick else []

    def certificates(self) -> Mapping[Path, datetime]:
        return {Path("/etc/office.pem"): START + timedelta(days=30)}

    def tolls(self) -> TollView:
        accounts = [
            Account("caller 6001", 1, 12.5, 90.0, 0.25, 1.5),
            Account("trunk span-g1", 0, 0.0, 0.0, 0.0, 0.0),
        ]
        return TollView(accounts, ["emergency call to 911 by 101 on g1"], {"trunk span-g1": "spans e1, e2"})

    async def call(self, caller: str, called: str) -> None:
        if caller != "101":
            raise LocalError(f'No account or telephone is called "{caller}".')
        self.placed.append((caller, called))

    def hang_up(self, name: str) -> None:
        if name not in ("call-7", "FXS/101-00000002"):
            raise LocalError(f'No call or leg "{name}" is in progress.')
        self.hung_up.append(name)

    def reload(self) -> ReloadView:
        return self.reloads.pop()

    async def calls(self, search: str = "") -> AsyncIterator[CallView]:
        for call in self.shown_calls:
            if search.lower() in f"{call.id} {call.caller} {call.caller_name} {call.called}".lower():
                yield call

    @property
    def call_count(self) -> int:
        return len(self.shown_calls)

    def call_in_progress(self, name: str) -> CallView | None:
        known = (each for each in self.shown_calls if name in (each.id, *(leg.name for leg in each.legs)))
        return next(known, None)

    def states(self) -> Sequence[str]:
        return [each.state for each in self.shown_calls]

    def story(self, name: str) -> Sequence[Note]:
        if name not in ("call-7", "FXS/101-00000002"):
            return []
        return [
            Note(
                100.0,
                Kind.MESSAGE,
                "SIP/6001-00000001",
                "INVITE sip:101@127.0.0.1",
                "INVITE sip:101@127.0.0.1\r\nVia: x",
            ),
            Note(100.25, Kind.LINE, "FXS/101-00000002", "ringing\x1b[2J"),
        ]

    def capture(self, name: str) -> bytes:
        return b"pcapng" if name == "call-7" else b""

    def lines(self) -> Sequence[LineView]:
        return [
            LineView("101", "FXS", "main", 1, "up", True, "101", 61.0, "6001"),
            LineView("copper1", "FXO", "main", 3, "red alarm", False, "2565551100", trouble="it has no battery"),
        ]

    def trunks(self) -> Sequence[TrunkView]:
        return [
            TrunkView("pstn", True, "registered", "192.0.2.9:5060 by udp", "4711", 2, 12.5, 65.0),
            TrunkView("spare", False, "does not answer OPTIONS", "", "", 0, None, 5.0),
        ]

    async def registrations(self, search: str = "") -> AsyncIterator[RegistrationView]:
        if search in "6001":
            yield RegistrationView(
                "6001", "sip:6001@192.0.2.7", 300.0, "udp", "192.0.2.7:5060", "baresip", self.way_trouble
            )

    @property
    def registration_count(self) -> int:
        return 1

    async def records(self, limit: int) -> Sequence[CallRecord]:
        ending = Ending(Cause.USER_BUSY, "telephone 101", Act.REFUSED, "off-hook", "Try again later.")
        return [
            CallRecord(
                id=f"call-{number}",
                started=START,
                answered=None,
                ended=START,
                caller="6001",
                caller_name="Ada [bold]",
                called="101",
                context="office",
                source="SIP/6001-00000001",
                destination="",
                duration=1.5,
                billed=0.0,
                disposition="BUSY",
                ending=ending,
                quality=(Quality("SIP/6001-00000001", "PCMU", 80, 100, 20, 0, 0.012, None, 0, 2.4),) * (number % 2),
            )
            for number in range(6, 6 - min(limit, 3), -1)
        ]

    async def records_between(
        self, since: datetime, until: datetime, after: str, limit: int
    ) -> Sequence[CallRecord]:
        every = [
            replace(record, id=f"call-{number:04}", started=START + timedelta(minutes=number))
            for number in range(1200)
            for record in await self.records(1)
        ]
        found = [
            each for each in every if since <= each.started < until and (each.started, each.id) > (since, after)
        ]
        return found[:limit]

    def usage(self) -> Mapping[str, int]:
        return {"rows": 2}

    def totals(self) -> Mapping[str, int]:
        return {"calls answered": 5}
