"""Telephones behind every kind of NAT hear, and are heard, with no setting anywhere.

Each telephone says where it is as it knows it itself: a private address in Via, Contact and session description.
"""

from __future__ import annotations

import re

import pytest

from tests.nat.conftest import OFFICE, Site
from tests.support.nat import (
    ADDRESS_RESTRICTED,
    FULL_CONE,
    PORT_RESTRICTED,
    SYMMETRIC,
    Habits,
    Nat,
    Network,
    Packet,
)

pytestmark = pytest.mark.namespaces

KINDS = {
    "full cone": FULL_CONE,
    "address-restricted": ADDRESS_RESTRICTED,
    "port-restricted": PORT_RESTRICTED,
    "symmetric": SYMMETRIC,
}


@pytest.mark.parametrize("habits", KINDS.values(), ids=KINDS)
def test_a_telephone_behind_a_nat_and_one_in_the_open_hear_each_other(site: Site, habits: Habits) -> None:
    office = site.office(site.machine(OFFICE))
    behind, _ = site.home(habits)
    ada, bob = office.far_phone("6001", behind), office.far_phone("6002", site.machine("5.0.0.2"))
    site.talk(office, ada, bob)
    site.talk(office, bob, ada)


def test_telephones_behind_two_symmetric_nats_hear_each_other(site: Site) -> None:
    office = site.office(site.machine(OFFICE))
    ada, bob = (office.far_phone(user, site.home(SYMMETRIC)[0]) for user in ("6001", "6002"))
    site.talk(office, ada, bob)
    site.talk(office, bob, ada)


def test_a_home_nat_behind_that_of_a_carrier(site: Site) -> None:
    """RFC 6888, RFC 7021: two NATs in a row, with shared addresses between (RFC 6598)."""
    office = site.office(site.machine(OFFICE))
    carrier = Network()
    Nat("8.9.0.1", site.world.internet, carrier, SYMMETRIC)
    ada, bob = (office.far_phone(user, site.home(PORT_RESTRICTED, carrier)[0]) for user in ("6001", "6002"))
    site.talk(office, ada, bob)
    site.talk(office, bob, ada)


def test_two_telephones_behind_one_nat_that_does_not_hairpin(site: Site) -> None:
    office = site.office(site.machine(OFFICE))
    inner = Network()
    Nat("8.9.0.1", site.world.internet, inner, Habits(*_strict(SYMMETRIC), hairpins=False))
    ada, bob = (
        office.far_phone(user, site.machine(f"192.168.1.{place}", inner))
        for place, user in enumerate(("6001", "6002"), 5)
    )
    site.talk(office, ada, bob)
    site.talk(office, bob, ada)


def _strict(habits: Habits) -> tuple:
    return habits.mapping, habits.filtering


def test_a_mapping_of_30_s_is_kept_open_and_a_call_that_comes_in_is_heard(site: Site) -> None:
    """RFC 4787 4.3 lets a NAT forget after two minutes; many do after 30 s, and only what goes out counts."""
    office = site.office(site.machine(OFFICE))
    behind, _ = site.home(Habits(*_strict(SYMMETRIC), lifetime=30))
    ada, bob = office.far_phone("6001", behind), office.far_phone("6002", site.machine("5.0.0.2"))
    office.run(200)
    site.talk(office, bob, ada)


def test_a_long_call_through_a_mapping_of_30_s_ends_at_both_sides(site: Site) -> None:
    office = site.office(site.machine(OFFICE))
    behind, _ = site.home(Habits(*_strict(SYMMETRIC), lifetime=30))
    ada, bob = office.far_phone("6001", behind, register=False), office.far_phone("6002", site.machine("5.0.0.2"))
    ada.call("6002")
    office.until(lambda: bob.state == "offered")
    bob.answer()
    office.until(lambda: ada.state == "up")
    office.run(100)
    site.hear_each_other(office, ada, bob)
    bob.hang_up()
    office.until(lambda: ada.state == "idle", wanted="the BYE to come through")


def test_a_home_router_that_starts_again_in_a_call(site: Site) -> None:
    office = site.office(site.machine(OFFICE))
    behind, nat = site.home(SYMMETRIC)
    ada, bob = office.far_phone("6001", behind), office.far_phone("6002", site.machine("5.0.0.2"))
    bob.call("6001")
    office.until(lambda: ada.state == "offered")
    ada.answer()
    office.until(lambda: bob.state == "up")
    site.hear_each_other(office, ada, bob)
    nat.reboot()
    office.run(6)
    site.hear_each_other(office, ada, bob)
    ada.register()
    office.run(1)
    bob.hang_up()
    office.until(lambda: ada.state == "idle", wanted="the BYE to come through where it has registered again")


def test_a_home_that_gets_another_public_address_in_a_call(site: Site) -> None:
    office = site.office(site.machine(OFFICE))
    behind, nat = site.home(SYMMETRIC)
    ada, bob = office.far_phone("6001", behind), office.far_phone("6002", site.machine("5.0.0.2"))
    ada.call("6002")
    office.until(lambda: bob.state == "offered")
    bob.answer()
    office.until(lambda: ada.state == "up")
    site.hear_each_other(office, ada, bob)
    nat.renumber("8.8.99.1")
    ada.register()
    office.run(1)
    site.hear_each_other(office, ada, bob)
    bob.hang_up()
    office.until(lambda: ada.state == "idle", wanted="the BYE to come through where it has registered again")


def test_an_office_behind_a_nat_whose_ports_are_mapped(site: Site) -> None:
    """A container: telephones know the address of its host, the office knows but its own."""
    inner = Network()
    ports = {port: ("172.17.0.2", port) for port in (5060, *range(20000, 21000))}
    Nat("5.0.0.1", site.world.internet, inner, SYMMETRIC, forwards=ports)
    office = site.office(site.machine("172.17.0.2", inner), server="5.0.0.1")
    ada = office.far_phone("6001", site.machine("5.0.0.2"))
    bob = office.far_phone("6002", site.home(PORT_RESTRICTED)[0])
    site.talk(office, ada, bob)
    site.talk(office, bob, ada)


def test_a_container_whose_ports_are_mapped_by_a_proxy(site: Site) -> None:
    """As by docker-proxy: everybody seems to be the bridge."""
    inner = Network()
    ports = {port: ("172.17.0.2", port) for port in (5060, *range(20000, 21000))}
    Nat("5.0.0.1", site.world.internet, inner, SYMMETRIC, forwards=ports, hides_callers=True, gateway="172.17.0.1")
    office = site.office(site.machine("172.17.0.2", inner), server="5.0.0.1")
    ada = office.far_phone("6001", site.machine("5.0.0.2"))
    bob = office.far_phone("6002", site.home(PORT_RESTRICTED)[0])
    site.talk(office, ada, bob)
    site.talk(office, bob, ada)


def test_a_telephone_beside_the_office_that_knows_its_public_address_alone(site: Site) -> None:
    """Hairpinning (RFC 4787 6): both are behind one NAT, and what they say to each other goes round by it."""
    inner = Network()
    ports = {port: ("192.168.1.2", port) for port in (5060, *range(20000, 21000))}
    Nat("5.0.0.1", site.world.internet, inner, FULL_CONE, forwards=ports)
    office = site.office(site.machine("192.168.1.2", inner), server="5.0.0.1")
    ada = office.far_phone("6001", site.machine("192.168.1.5", inner))
    bob = office.far_phone("6002", site.machine("5.0.0.2"))
    eve = office.far_phone("6003", site.machine("192.168.1.6", inner), server="192.168.1.2")
    site.talk(office, ada, bob)
    site.talk(office, bob, ada)
    site.talk(office, ada, eve)
    site.talk(office, eve, bob)


def test_an_office_on_two_networks_at_once_names_on_each_its_address_there(site: Site) -> None:
    machine = site.machine(OFFICE)
    lan = Network()
    machine.plug("10.1.0.1", lan, "10.1.0.0/16")
    office = site.office(machine, listen=(OFFICE, "10.1.0.1"))
    ada = office.far_phone("6001", site.machine("10.1.0.7", lan), server="10.1.0.1")
    bob = office.far_phone("6002", site.home(SYMMETRIC)[0])
    site.talk(office, ada, bob)
    site.talk(office, bob, ada)
    for phone, own in ((ada, "10.1.0.1"), (bob, OFFICE)):
        for message in phone.log:
            assert not message.body or f"c=IN IP4 {own}\r\n" in message.body
            assert not message["contact"] or message.method == "REGISTER" or f"@{own}:5060" in message["contact"]


def _rewrites(packet: Packet, nat: Nat, outwards: bool) -> bytes:
    """A SIP ALG: private addresses of SIP messages become those of its mappings, as it opens them."""
    if b"SIP/2.0" not in packet.data or not outwards:
        return packet.data
    head, _, body = packet.data.decode().partition("\r\n\r\n")

    def mapped(found: re.Match[str]) -> str:
        host, port = nat.public((found[1], int(found[2])), packet.target, nat.clock)
        return f"{host}:{port}"

    head = re.sub(r"(192\.168\.\d+\.\d+):(\d+)", mapped, head)
    if (line := re.search(r"c=IN IP4 (192\.168\.\S+)", body)) and (media := re.search(r"m=audio (\d+)", body)):
        host, port = nat.public((line[1], int(media[1])), packet.target, nat.clock)
        body = body.replace(line[0], f"c=IN IP4 {host}").replace(media[0], f"m=audio {port}")
    head = re.sub(r"Content-Length: \d+", f"Content-Length: {len(body)}", head)
    return f"{head}\r\n\r\n{body}".encode()


@pytest.mark.parametrize("habits", [FULL_CONE, SYMMETRIC], ids=["full cone", "symmetric"])
def test_a_sip_alg_that_rewrites_addresses(site: Site, habits: Habits) -> None:
    office = site.office(site.machine(OFFICE))
    behind, _ = site.home(habits, alters=_rewrites)
    ada, bob = office.far_phone("6001", behind), office.far_phone("6002", site.machine("5.0.0.2"))
    site.talk(office, ada, bob)
    site.talk(office, bob, ada)
