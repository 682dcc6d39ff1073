"""Bans over a restart: who guessed secrets is not heard again because the office started anew."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from pathlib import Path

from gateway.app.bans import KeptBans
from gateway.sip.ban import Ban, BanConfig, Bans
from gateway.sip.doorman import Doorman, DoormanConfig
from gateway.sip.transport import Flow
from gateway.store import Store

CONFIG = BanConfig(after=1, seconds=300.0)


def test_a_ban_is_there_after_a_restart_until_it_ends_or_is_lifted(tmp_path: Path) -> None:
    async def loaded(now: float, *lifted: str, add: bool = False) -> list[Ban]:
        store = await Store.open(f"sqlite:///{tmp_path}/calls.db")
        keeper = KeptBans(store, lambda: now)
        bans = Bans(CONFIG, keeper)
        found = await keeper.load()
        bans.restore(found)
        if add:
            for host in ("192.0.2.9", "192.0.2.10", "2001:db8::1"):
                bans.failed(host, now, neighbours=False)
        for host in lifted:
            assert bans.lift(host)
        await store.close()
        return found

    asyncio.run(loaded(1000.0, add=True))
    found = asyncio.run(loaded(50.0, "192.0.2.10"))
    assert {ban.source for ban in found} == {"192.0.2.9", "192.0.2.10", "2001:db8::/64"}
    assert all(340.0 < ban.until <= 350.0 and "failed attempts" in ban.why for ban in found)
    assert {ban.source for ban in asyncio.run(loaded(50.0))} == {"192.0.2.9", "2001:db8::/64"}


def test_a_ban_that_has_run_out_is_forgotten() -> None:
    gone: list[str] = []

    class Keeper:
        def saved(self, ban: Ban) -> None: ...

        def removed(self, source: str) -> None:
            gone.append(source)

    bans = Bans(CONFIG, Keeper())
    bans.failed("192.0.2.9", 0.0, neighbours=False)
    assert bans.holds("192.0.2.9", 299.0) and gone == []
    assert not bans.holds("192.0.2.9", 301.0) and gone == ["192.0.2.9"]


def test_what_the_settings_now_allow_is_heard_whatever_was_banned_before() -> None:
    old = [Ban("192.0.2.9", 500.0, "x"), Ban("198.51.100.7", 500.0, "x"), Ban("2001:db8::/64", 500.0, "x")]
    for config, banned in (
        (
            DoormanConfig(bans=CONFIG, allow=[ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")]),
            [False, True],
        ),
        (DoormanConfig(bans=BanConfig()), [False, False]),
    ):
        doorman = Doorman(config, (), (), lambda source: False, lambda away: None)
        doorman.restore(old)
        heard = [
            doorman.lets_in(b"OPTIONS", Flow("udp", ("192.0.2.1", 5060), (host, 5060)), 100.0)
            for host in ("192.0.2.9", "198.51.100.7")
        ]
        assert [not each for each in heard] == banned
        assert not doorman.bans.holds("2001:db8::5", 100.0)
