"""A whole office on a hand-moved clock: emulated card, media plane, SIP on loopback, dialplan, database.

office = OfficeUnderTest(folder, TOML, DIALPLAN)
phone = office.phone("101"); ada = office.sip("6001")
phone.lift(); office.until(lambda: phone.hears == "dial")
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable
from pathlib import Path

from gateway.app.application import Application
from gateway.call.call import CallRecord
from gateway.config.office import load_office
from gateway.core.audio import Encoding
from hardware.world.office_line import OfficeLine
from hardware.world.telephone import Telephone
from tests.support.loop import ManualLoop
from tests.support.sip_phone import SipPhone
from tests.support.sip_wire import wire_to

__all__ = ["OfficeUnderTest"]

TICK = 0.02


class OfficeUnderTest:
    """An office whose time the test moves.

    Args:
        folder: where its files go.
        configuration: the TOML; ports 0 are taken free.
        dialplan: extensions.conf, or None for the built-in one.
        beside: an office whose time is this one's, too; it is to be closed after this one.
    """

    def __init__(
        self,
        folder: Path,
        configuration: str,
        dialplan: str | None = None,
        *,
        beside: OfficeUnderTest | None = None,
    ) -> None:
        self._beside = beside
        self.loop: ManualLoop = ManualLoop() if beside is None else beside.loop
        asyncio.set_event_loop(self.loop)
        self.folder = folder
        path = folder / "office.toml"
        if dialplan is not None:
            (folder / "extensions.conf").write_text(dialplan)
            configuration = f'dialplan = "extensions.conf"\n{configuration}'
        path.write_text(configuration)
        self.config, plan = load_office(path)
        self.app = Application(self.config, plan, loop=self.loop, by_hand=True)
        self.loop.run_until_complete(self.app.start())
        self._sip_phones: list[SipPhone] = []
        self.run(0.1)
        self.idle = self._held()

    # People.

    def phone(self, number: str) -> Telephone:
        """The analogue telephone `number`."""
        return self.app.cards.telephones[number]

    def exchange(self, name: str) -> OfficeLine:
        """The central office's end of line `name`."""
        return self.app.cards.exchange_lines[name][1]

    def call_in(self, name: str, number: str, caller_name: str = "") -> None:
        """Somebody in the public network calls line `name`."""
        simulator = self.app.console.simulator
        assert simulator is not None
        line = simulator.line(name)
        assert line is not None
        line.call(number, caller_name)

    def sip(
        self,
        user: str,
        *,
        encoding: Encoding = Encoding.PCMU,
        register: bool = True,
        transport: str = "udp",
        host: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> SipPhone:
        """A SIP telephone of account `user`, registered.

        Args:
            transport, host: by which it comes, and to which of the office's addresses; empty for the first.
            tls: what it needs for TLS.
        """
        server = next(address for kind, address in self.app.bound if kind == transport and host in ("", address[0]))
        wire = wire_to(server, transport, tls)
        phone = SipPhone(user, self.config.accounts[user].secret, server, encoding=encoding, wire=wire)
        self._sip_phones.append(phone)
        if register:
            phone.register()
            self.until(lambda: phone.status == 200)
        return phone

    def pull_out_card(self) -> None:
        """The emulated card is gone, with everything on it."""
        for world in {id(world): world for world, _ in self.app.cards.exchange_lines.values()}.values():
            world.card.remove()

    # Time.

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.loop.advance(seconds, TICK, self._tick)

    def until(self, condition: Callable[[], object], within: float = 10.0) -> float:
        """Let time pass until `condition` holds; how long that took."""
        begun = self.loop.now
        while not condition():
            assert self.loop.now - begun < within, f"not within {within} s"
            self.run(TICK)
        return self.loop.now - begun

    def _tick(self, now: float) -> None:
        if self._beside is not None:
            self._beside._tick(now)
        self.app.step(now)
        for phone in self._sip_phones:
            phone.tick(now)

    # What was written down.

    def records(self) -> list[CallRecord]:
        """The call records, the oldest first."""
        self.loop.run_until_complete(self._stored())
        return list(reversed(self.loop.run_until_complete(self.app.console.records(1000))))

    async def _stored(self) -> None:
        while self.app.usage()["records waiting"]:
            await asyncio.sleep(0)

    def settle_down(self) -> None:
        """Log the telephones off, wait until every timer of past calls has run out, and look what was left."""
        for phone in self._sip_phones:
            phone.register(expires=0)
        self.run(1)
        for phone in self._sip_phones:
            phone.disconnect()
        self.loop.advance(180, 1, self._tick)
        self.loop.run_until_complete(self._stored())
        left = {what: count for what, count in self._held().items() if count > self.idle[what]}
        assert not left, f"left behind: {left}; idle: {self.idle}"

    def _held(self) -> dict[str, int]:
        """What is in use: the office's own counts, and what the system and the loop count."""
        descriptors = len(os.listdir("/proc/self/fd")) - sum(phone.sockets for phone in self._sip_phones)
        return {**self.app.usage(), "tasks": len(asyncio.all_tasks(self.loop)), "descriptors": descriptors}

    def close(self) -> None:
        """Stop the office."""
        for phone in self._sip_phones:
            phone.close()
        stopped = self.loop.create_task(self.app.stop())
        while not stopped.done():
            self.loop.advance(0.1, 0.1)
        stopped.result()
        if self._beside is not None:
            return
        asyncio.set_event_loop(None)
        self.loop.close()
