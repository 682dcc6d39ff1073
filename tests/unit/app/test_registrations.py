"""Registrations over a restart: what a telephone has said of itself is there again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.app.registrations import KeptBindings
from gateway.sip.binding import Binding
from gateway.sip.headers import NameAddr
from gateway.sip.outbound import Outbound
from gateway.sip.parameters import Parameters
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri
from gateway.store import Store, StoredBinding
from tests.unit.store.records import on_disk

BINDING = Binding(
    "6001",
    SipUri.parse("sip:6001@192.0.2.60"),
    Flow("udp", ("192.0.2.1", 5060), ("192.0.2.60", 5060)),
    "call",
    1,
    160.0,
    since=100.0,
    outbound=Outbound("<urn:uuid:1>", 2),
    path=(NameAddr.parse("<sip:inner.example.com;lr;ob>"), NameAddr.parse("<sip:edge.example.com;lr>")),
    features=Parameters.parse(';audio;methods="INVITE,BYE"'),
)


def test_rfc_3327_5626_and_3840_the_path_the_flow_and_the_features_outlive_a_restart(tmp_path: Path) -> None:
    async def conversation() -> list[Binding]:
        for binding in (BINDING, None):
            store = await Store.open(f"sqlite:///{tmp_path}/calls.db")
            keeper = KeptBindings(store, lambda: 100.0)
            if binding is not None:
                keeper.saved(binding)
            found = await keeper.load()
            await store.close()
        return found

    (again,) = asyncio.run(conversation())
    assert replace(again, expires_at=160.0) == BINDING


def test_rfc_5626_section_6_two_flows_of_one_contact_outlive_a_restart_and_end_one_by_one(tmp_path: Path) -> None:
    other = replace(BINDING, outbound=Outbound("<urn:uuid:1>", 1))

    async def conversation() -> list[list[Outbound | None]]:
        found = []
        store = await Store.open(f"sqlite:///{tmp_path}/calls.db")
        keeper = KeptBindings(store, lambda: 100.0)
        keeper.saved(BINDING)
        keeper.saved(other)
        await on_disk(store)
        found.append([binding.outbound for binding in await keeper.load()])
        keeper.removed(BINDING)
        await on_disk(store)
        found.append([binding.outbound for binding in await keeper.load()])
        await store.close()
        return found

    both, one = asyncio.run(conversation())
    assert (set(both), one) == ({BINDING.outbound, other.outbound}, [other.outbound])


def test_rfc_5626_section_4_4_connections_and_what_cannot_be_read_end_with_the_program(tmp_path: Path) -> None:
    by_tcp = replace(BINDING, outbound=None, flow=Flow("tcp", ("192.0.2.1", 5060), ("192.0.2.60", 49152)))

    async def conversation() -> tuple[list[Binding], list[StoredBinding]]:
        store = await Store.open(f"sqlite:///{tmp_path}/calls.db")
        keeper = KeptBindings(store, lambda: 100.0)
        keeper.saved(by_tcp)
        keeper.saved(replace(BINDING, account="6002"))
        store.save_binding(replace(keeper._stored(replace(BINDING, account="6003")), contact="no address"))
        await on_disk(store)
        found = await keeper.load()
        await on_disk(store)
        kept = await store.load_bindings(datetime.now(UTC))
        await store.close()
        return found, kept

    found, kept = asyncio.run(conversation())
    assert [binding.account for binding in found] == ["6002"]
    assert [binding.account for binding in kept] == ["6002"], "and are forgotten"
