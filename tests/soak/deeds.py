"""What operators, programs beside the office and the machine under it do while calls go on.

A deed does its thing and leaves all as it was; which there are, and how often each is done, is in `OPERATORS` and
`MACHINE`.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from random import Random
from typing import Any, Final

import httpx

from tests.support.wire import RunningOffice

__all__ = ["MACHINE", "OPERATORS", "PEOPLE", "Deeds"]

_READ: Final = (
    "calls",
    "lines",
    "trunks",
    "registrations",
    "records",
    "refusals",
    "conferences",
    "tolls",
    "office",
)
_TEMPORARY: Final = (0.2, 1.0, 3.0)


class Deeds:
    """Hands on one office.

    Args:
        office: which.
        random: decides.
    """

    def __init__(self, office: RunningOffice, random: Random) -> None:
        self.office, self.random = office, random
        self.client = httpx.AsyncClient(base_url=office.url, trust_env=False, timeout=30)
        self._config = office.folder / "office.toml"
        self._text = self._config.read_text()
        self._editing = asyncio.Lock()
        self._database = office.folder / "var" / "copperline.db"

    async def close(self) -> None:
        """Let go."""
        await self.client.aclose()

    async def tidy(self) -> None:
        """Everybody at an emulated device hangs up, and all lines and cards are there."""
        for number in ("101", "102"):
            await self._sim(f"phones/{number}", action="hang-up")
        for name in ("main", "adapter1", "e1"):
            await self._sim(f"cards/{name}/insert")
        for name in ("copper1", "copper2", "adapter1", "e1"):
            await self._sim(f"lines/{name}/plug-in")
            await self._sim(f"lines/{name}/hang-up")

    # Operators.

    async def reload(self) -> None:
        """SIGHUP."""
        os.kill(self.office.pid, signal.SIGHUP)

    async def reload_badly(self) -> None:
        """With a fault in the file, or nothing in it, and as it was again."""
        bad = self.random.choice((f"{self._text}\n[accounts.6009]\nsecrets = 7\n", ""))
        async with self._written(bad):
            answer = await self.client.post("/api/v1/reload")
            refused = answer.status_code == 409 or not answer.json()["done"]
            assert refused, f"a bad reload: {answer.status_code} {answer.text}"

    async def reload_others(self) -> None:
        """With an account more and another of another name, and back."""
        more = '\n[accounts.6009]\nsecret = "copper-6009-soak"\n'
        async with self._written(self._text.replace('name = "Edith"', 'name = "Ida"') + more):
            await self.client.post("/api/v1/reload")
            await asyncio.sleep(1.0)

    @asynccontextmanager
    async def _written(self, text: str) -> AsyncIterator[None]:
        """The office's file has another text for a while, of one editor at a time."""
        async with self._editing:
            self._config.write_text(text)
            try:
                yield
            finally:
                self._config.write_text(self._text)
            await self.client.post("/api/v1/reload")

    async def hang_up(self) -> None:
        """A call, or one leg, from the console."""
        calls = (await self.client.get("/api/v1/calls")).json()
        if calls:
            call = self.random.choice(calls)
            answer = await self.client.delete(f"/api/v1/calls/{call['id']}")
            assert answer.status_code in (204, 404), f"hang-up: {answer.status_code} {answer.text}"

    async def look_on(self) -> None:
        """All that the page and the command line ask for."""
        for what in self.random.sample(_READ, 3):
            answer = await self.client.get(f"/api/v1/{what}")
            assert answer.status_code in (200, 503), f"{what}: {answer.status_code} {answer.text[:200]}"
        for call in (await self.client.get("/api/v1/calls")).json()[:2]:
            for what in ("trace", "capture"):
                await self.client.get(f"/api/v1/calls/{call['id']}/{what}")

    async def dial_by_click(self) -> None:
        """Click to dial."""
        body = {
            "from": self.random.choice(("6001", "6002", "101")),
            "to": self.random.choice(("600", "6003", "5200")),
        }
        await self.client.post("/api/v1/calls", json=body)

    async def rule_rooms(self) -> None:
        """Lock, mute, send out."""
        rooms = (await self.client.get("/api/v1/conferences")).json()
        for room in rooms:
            act = self.random.choice(("lock", "unlock", "mute", "kick", "unmute"))
            await self.client.post(f"/api/v1/conferences/{room['name']}", json={"act": act, "member": "all"})

    async def stop_reading(self) -> None:
        """A client that asks for much and reads nothing of it."""
        host, port = self.office.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: " + f"{host}:{port}".encode() + b"\r\n\r\n")
        writer.write((b"GET /api/v1/records HTTP/1.1\r\nHost: " + f"{host}:{port}".encode() + b"\r\n\r\n") * 100)
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await writer.drain()
        await asyncio.sleep(self.random.uniform(0.5, 6))
        writer.transport.abort()

    async def knock(self) -> None:
        """Connections to SIP that say nothing, half of something, or too much, and go."""
        transport = self.random.choice([each for each in self.office.addresses if each != "udp"])
        host, port = self.office.addresses[transport]
        _, writer = await asyncio.open_connection(host, port)
        said = (b"", b"\r\n\r\n", b"INVITE sip:6001", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n", b"x" * 200_000)
        writer.write(self.random.choice(said))
        await asyncio.sleep(self.random.uniform(0, 3))
        if self.random.random() < 0.5:
            writer.transport.abort()
        else:
            writer.close()

    # People at emulated devices.

    async def use_phone(self) -> None:
        """Lift, dial, flash, hang up; sometimes only lift."""
        number = self.random.choice(("101", "102"))
        await self._sim(f"phones/{number}", action="lift")
        if self.random.random() < 0.8:
            await asyncio.sleep(0.8)
            digits = self.random.choice(
                ("6001", "6002", "600", "95550100", "75550106", "85550105", "*69", "5200", "8500", "661")
            )
            await self._sim(f"phones/{number}", action="dial", digits=digits)
        await asyncio.sleep(self.random.uniform(0.2, 8))
        if self.random.random() < 0.4:
            await self._sim(f"phones/{number}", action="flash", ms=500)
            await asyncio.sleep(self.random.uniform(0.3, 2))
            await self._sim(f"phones/{number}", action="dial", digits=self.random.choice(("6001", "102", "#", "1")))
            await asyncio.sleep(self.random.uniform(0.3, 5))
        await self._sim(f"phones/{number}", action="hang-up")

    async def use_line(self) -> None:
        """Somebody calls in from a network, and hangs up, or waits."""
        name = self.random.choice(("copper1", "copper2", "adapter1", "e1", "e1"))
        await self._sim(f"lines/{name}/call", number="2125550123", name="SOAK")
        await asyncio.sleep(self.random.uniform(0.1, 8))
        await self._sim(f"lines/{name}/hang-up")

    async def cut_line(self) -> None:
        """A line is cut, and mended."""
        name = self.random.choice(("copper1", "copper2", "adapter1", "e1"))
        await self._sim(f"lines/{name}/unplug")
        await asyncio.sleep(self.random.choice(_TEMPORARY))
        await self._sim(f"lines/{name}/plug-in")

    async def pull_card(self) -> None:
        """A card is pulled out of the running machine, and put back."""
        name = self.random.choice(("main", "adapter1", "e1"))
        await self._sim(f"cards/{name}/remove")
        await asyncio.sleep(self.random.choice(_TEMPORARY))
        await self._sim(f"cards/{name}/insert")

    async def _sim(self, what: str, **body: Any) -> None:
        answer = await self.client.post(f"/api/v1/sim/{what}", json=body)
        assert answer.status_code < 500, f"sim {what}: {answer.status_code} {answer.text}"

    # The machine.

    async def stop_process(self) -> None:
        """The host takes the machine away for some seconds."""
        os.kill(self.office.pid, signal.SIGSTOP)
        await asyncio.sleep(self.random.choice(_TEMPORARY))
        os.kill(self.office.pid, signal.SIGCONT)

    async def lock_database(self) -> None:
        """Another program holds the database for longer than anybody waits for it."""
        with closing(sqlite3.connect(self._database, timeout=20, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(self.random.choice((1.0, 8.0)))
            database.execute("ROLLBACK")

    async def hide_database(self) -> None:
        """Its folder is gone, as that of a disk that is not mounted, and back."""
        folder = self._database.parent
        away = folder.with_name("away")
        folder.rename(away)
        await asyncio.sleep(self.random.choice(_TEMPORARY))
        if folder.exists():
            for made in folder.iterdir():
                made.unlink()
            folder.rmdir()
        away.rename(folder)

    async def fill_disk(self) -> None:
        """No file becomes longer."""
        with self._limited(resource.RLIMIT_FSIZE, 4096):
            await asyncio.sleep(self.random.choice(_TEMPORARY))

    async def use_up_descriptors(self) -> None:
        """No file and no socket can be opened."""
        used = len(os.listdir(f"/proc/{self.office.pid}/fd"))
        with self._limited(resource.RLIMIT_NOFILE, used + self.random.choice((-20, 0, 3, 12))):
            await asyncio.sleep(self.random.choice(_TEMPORARY))

    @contextmanager
    def _limited(self, what: int, most: int) -> Iterator[None]:
        limits = resource.prlimit(self.office.pid, what)
        resource.prlimit(self.office.pid, what, (most, limits[1]))
        try:
            yield
        finally:
            resource.prlimit(self.office.pid, what, limits)


Deed = Callable[[Deeds], Awaitable[None]]

OPERATORS: Final[Mapping[Deed, float]] = {
    Deeds.reload: 20,
    Deeds.reload_badly: 45,
    Deeds.reload_others: 60,
    Deeds.hang_up: 5,
    Deeds.look_on: 2,
    Deeds.dial_by_click: 10,
    Deeds.rule_rooms: 7,
    Deeds.stop_reading: 15,
    Deeds.knock: 3,
}
"""Deeds by the seconds between two of them, on the average."""

PEOPLE: Final[Mapping[Deed, float]] = {
    Deeds.use_phone: 4,
    Deeds.use_line: 4,
    Deeds.cut_line: 30,
    Deeds.pull_card: 40,
}

MACHINE: Final[Mapping[Deed, float]] = {
    Deeds.stop_process: 60,
    Deeds.lock_database: 30,
    Deeds.fill_disk: 50,
    Deeds.hide_database: 50,
    Deeds.use_up_descriptors: 50,
}
