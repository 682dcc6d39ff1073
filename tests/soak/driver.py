"""A stretch of load on a running office, the rest after it, and what was found."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import ssl
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Final

import httpx

from gateway.testing.sip_wire import UdpWire, Wire, wire_to
from tests.soak.agent import Agent, Talk
from tests.soak.audit import Measure, ended_last, faults_in_log, faults_in_records, measure
from tests.soak.deeds import Deed, Deeds
from tests.soak.scripts import act, answer, register
from tests.soak.wires import FAIR, STORM
from tests.support.tls import Authority
from tests.support.wire import EXAMPLE, RunningOffice, free_port

__all__ = ["Soak"]

HOST: Final = "127.0.0.1"
PROVIDERS: Final = ("127.0.0.7", "127.0.0.8")
ACCOUNTS: Final = {"6001": "udp", "6002": "tcp", "6003": "ws", "6004": "tls", "6005": "wss"}
SETTINGS: Final = """
[trunks.far]
servers = ["127.0.0.7:{provider}"]
registers = false
qualify = 30
[trunks.farther]
servers = ["127.0.0.8:{provider}", "127.0.0.9:{provider}"]
registers = false
qualify = 30
[tolls]
allow = ["free", "local", "national", "service"]
onward = ["from-pstn"]
parallel = 0
minutes_per_hour = 0
minutes_per_day = 0
[accounts.6004]
secret = "copper-6004"
[accounts.6005]
secret = "copper-6005"
[sip.tls]
certificate = "{certificate}"
[sip.timers]
t1 = 0.1
t2 = 0.4
t4 = 0.5
[permissions]
agi = "{folder}/agi"
shell = true
[web]
listen = "127.0.0.1:{web}"
[media]
prompts = "{prompts}"
"""
PROGRAMS: Final = {
    "flood": "exec yes NOOP",
    "noise": "exec cat /dev/urandom",
    "stubborn": "trap '' HUP TERM\nwhile :; do sleep 1; done",
    "orphan": "sleep 20 &\nexit 0",
    "dies": "echo ANSWER\nkill -9 $$",
}
"""What programs do that drive calls (AGI), by their names: who dials 66 and the name is recorded meanwhile."""
EXTENSIONS: Final = """
[office]
exten => _66.,1,Answer
 same => n,MixMonitor(${UNIQUEID}.wav,,true)
 same => n,System(sleep 5 &)
 same => n,AGI(${EXTEN:2})
 same => n,Wait(3)
exten => _600[45],1,Dial(SIP/${EXTEN},20,tT)
exten => _520X,1,Dial(SIP/${EXTEN}@far,12)
 same => n,Dial(SIP/${EXTEN}@farther,5)
 same => n,Dial(SIP/6001&SIP/6002&FXS/101,5,tTkKhH)
[from-pstn]
exten => _520X,1,Dial(SIP/6001&SIP/6003,8)
exten => 2565558000,1,Goto(office,8500,1)
exten => 2565558001,1,Goto(office,602,1)
"""
_AT_REST: Final = {("on-hook", True), ("idle", True), ("0 of 30 in use", True)}
_MAY_WAIT: Final = {"sip texts"}
"""Texts wait for days for those who are not registered."""
PATIENCE: Final = 40.0
"""Seconds within which the last script of a stretch is over."""


class Soak:
    """An office and all who are around it.

    Args:
        folder: the office's home.
        random: decides.
        rate: things that agents begin, a second.
        storm: the share of a stretch in which datagrams are lost, doubled and late.

    Attributes:
        done: how often each thing was done.
        faults: what was found in this stretch.
    """

    def __init__(self, folder: Path, random: Random, *, rate: float, storm: float = 0.5) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._random, self._rate, self._storm = folder, random, rate, storm
        self._ports = {name: free_port() for name in ("udp", "tcp", "ws", "tls", "wss", "web", "provider")}
        authority = Authority(folder)
        self._certificate = authority.certificate("office.test", HOST).chain
        self._tls = ssl.create_default_context(cafile=str(authority.file))
        self.done: Counter[str] = Counter()
        self.faults: list[str] = []
        self._forgiven: set[str] = set()
        self._write_office()
        self.office = self._start()
        self._idle = self.office.idle

    def _write_office(self) -> None:
        ports = self._ports
        listen = str([f"{transport}:{HOST}:{ports[transport]}" for transport in ACCOUNTS.values()]).replace(
            "'", '"'
        )
        text = (EXAMPLE / "office.toml").read_text()
        for old, new in (
            ('["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"]', listen),
            ("[sip]\n", '[sip]\nrtp_ports = "22000-23999"\nrtp_timeout = 10\nrtp_timeout_hold = 10\n'),
        ):  # fmt: skip
            assert old in text, f"{old!r} is not in the example any more"
            text = text.replace(old, new, 1)
        more = SETTINGS.format(
            **ports, certificate=self._certificate, prompts=EXAMPLE / "var" / "prompts", folder=self.folder
        )
        for name, source in PROGRAMS.items():
            program = self.folder / "agi" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(f"#!/bin/sh\n{source}\n")
            program.chmod(0o755)
        (self.folder / "office.toml").write_text(text + more)
        for plan in EXAMPLE.glob("*.conf"):
            own = EXTENSIONS if plan.name == "extensions.conf" else ""
            (self.folder / plan.name).write_text(plan.read_text() + own)

    def _start(self) -> RunningOffice:
        return RunningOffice(self.folder, config=self.folder / "office.toml")

    # A stretch.

    async def stretch(self, seconds: float, deeds: Mapping[Deed, float], *, stops: bool = False) -> None:
        """Load for some seconds; all who take part are gone at its end. The office may stop meanwhile."""
        async with asyncio.TaskGroup() as group:
            agents = [self._agent(user) for user in (*ACCOUNTS, *PROVIDERS)]
            hands = Deeds(self.office, self._random)
            lives = [group.create_task(agent.live()) for agent in agents]
            chores = [group.create_task(self._again(hands, deed, every)) for deed, every in deeds.items()]
            weather = group.create_task(self._weather(agents))
            await self._load(agents, seconds)
            for task in (*chores, weather):
                task.cancel()
            await asyncio.gather(*chores, weather, return_exceptions=True)
            await self._finished(agents)
            if not stops:
                await self._leave(agents, hands)
            for task in lives:
                task.cancel()
        for agent in agents:
            await agent.close()
            self.faults += agent.faults
        await hands.close()

    def _agent(self, user: str) -> Agent:
        transport = ACCOUNTS.get(user, "udp")
        server = (HOST, self._ports[transport])

        def connect() -> Wire:
            if user in PROVIDERS:
                return UdpWire(server, user, self._ports["provider"])
            return wire_to(server, transport, self._tls if transport in ("tls", "wss") else None)

        name, secret = ("provider", "") if user in PROVIDERS else (user, f"copper-{user}")
        return Agent(name, secret, server, connect, self._random, answer)

    async def _load(self, agents: list[Agent], seconds: float) -> None:
        for agent in agents:
            if agent.secret:
                registering = agent.talk(agent.registrar)
                agent.start(registering.play(register(agent, registering)))
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            await asyncio.sleep(self._random.expovariate(self._rate))
            agent = self._random.choice(agents)
            agent.start(act(agent))
            self.done["begun"] += 1

    async def stop_amid(self, seconds: float, *, twice: bool) -> int:
        """SIGTERM after half of a stretch, and a second one 3 s later or not; the exit code.

        Without the second, calls in progress go on and no new ones are taken: it ends once they are over.
        """

        async def stop() -> None:
            await asyncio.sleep(seconds / 2)
            os.kill(self.office.pid, signal.SIGTERM)
            if twice:
                await asyncio.sleep(3)
                os.kill(self.office.pid, signal.SIGTERM)

        async with asyncio.TaskGroup() as group:
            group.create_task(stop())
            group.create_task(self.stretch(seconds, {}, stops=True))
        return await asyncio.to_thread(self.office.wait, PATIENCE)

    async def _finished(self, agents: list[Agent]) -> None:
        for agent in agents:
            agent.bad.weather = FAIR
        ends = time.monotonic() + PATIENCE
        while any(agent.busy for agent in agents) and time.monotonic() < ends:
            await asyncio.sleep(0.2)

    async def _leave(self, agents: list[Agent], hands: Deeds) -> None:
        assert self.office.alive, f"the office is gone: {self.office.log[-3000:]}"
        await hands.tidy()
        for agent in agents:
            if agent.secret:
                leaving = agent.talk(agent.registrar)
                await leaving.play(_unregister(leaving))

    async def _weather(self, agents: list[Agent]) -> None:
        while True:
            weather = STORM if self._random.random() < self._storm else FAIR
            for agent in agents:
                agent.bad.weather = weather
            await asyncio.sleep(5)

    async def _again(self, hands: Deeds, deed: Deed, every: float) -> None:
        name = deed.__name__
        while True:
            await asyncio.sleep(self._random.expovariate(1 / every))
            try:
                await deed(hands)
                self.done[name] += 1
            except (httpx.HTTPError, OSError, sqlite3.Error) as error:
                self.done[f"{name}: {type(error).__name__}"] += 1
            except Exception as error:
                self.faults.append(f"{name}: {type(error).__name__}: {error}")

    # The end of a stretch.

    async def rest(self, seconds: float) -> Measure:
        """Wait until nothing is left over, at most so long; what is held then."""
        ends = time.monotonic() + seconds
        while self._left_over() and time.monotonic() < ends:
            await asyncio.sleep(1)
        return measure(self.office)

    def _left_over(self) -> dict[str, int]:
        held = self.office.in_use()
        return {
            what: count - self._idle.get(what, 0)
            for what, count in held.items()
            if count != self._idle.get(what, 0) and what not in _MAY_WAIT
        }

    def audit(self) -> list[str]:
        """What is wrong now that all is at rest; what was found before is forgotten."""
        left = self._left_over()
        found = [*self.faults, *faults_in_log(self.office.log), *self._records()]
        found += [f"left over: {left}"] if left else []
        lines = {line["name"]: (line["state"], line["in_service"]) for line in self.office.get("/api/v1/lines")}
        found += [f"line {name}: {now}" for name, now in lines.items() if now not in _AT_REST]
        self.faults.clear()
        return found

    def audit_stopped(self) -> list[str]:
        """What is wrong after it has stopped."""
        return [*self.faults, *faults_in_log(self.office.log), *self._records()]

    def _records(self) -> list[str]:
        return faults_in_records(self.office, self._forgiven)

    async def cut_off(self, seconds: float) -> None:
        """The power fails in the midst of a stretch, and comes back."""

        def cut() -> None:
            time.sleep(seconds / 2)
            self.office.kill()
            self._forgiven |= ended_last(self.office.log)
            self.office = self._start()

        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.to_thread(cut))
            group.create_task(self.stretch(seconds, {}))


async def _unregister(talk: Talk) -> None:
    await talk.ask("REGISTER", "Expires: 0\r\n")
