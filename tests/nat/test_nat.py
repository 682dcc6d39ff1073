"""The NATs of the other tests, by RFC 4787: mappings (4.1), filters (5), lifetimes (4.3), hairpins (6)."""

from __future__ import annotations

import pytest

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

INSIDE = ("192.168.1.5", 5060)
BOB, EVE = ("5.0.0.2", 5060), ("5.0.0.3", 5060)


class Listener:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.got: list[Packet] = []

    def deliver(self, packet: Packet) -> None:
        self.got.append(packet)


class Town:
    """A home behind a NAT, and two outside."""

    def __init__(self, habits: Habits, **settings: object) -> None:
        self.internet, self.home = Network(), Network()
        self.nat = Nat("8.8.0.1", self.internet, self.home, habits, **settings)  # type: ignore[arg-type]
        self.inside, self.bob, self.eve = Listener(), Listener(), Listener()
        self.home.join(INSIDE[0], self.inside)
        self.internet.join(BOB[0], self.bob)
        self.internet.join(EVE[0], self.eve)

    def out(self, to: tuple[str, int], now: float = 0.0, source: tuple[str, int] = INSIDE) -> tuple[str, int]:
        """Send from inside; as whom the one outside sees that."""
        self.home.route(Packet(source, to, b"x"), now)
        return {BOB[0]: self.bob, EVE[0]: self.eve}[to[0]].got[-1].source

    def comes_in(self, source: tuple[str, int], to: tuple[str, int], now: float = 0.0) -> bool:
        before = len(self.inside.got)
        self.internet.route(Packet(source, to, b"y"), now)
        return len(self.inside.got) > before


@pytest.mark.parametrize(
    ("habits", "one_mapping", "other_port", "other_host"),
    [
        (FULL_CONE, True, True, True),
        (ADDRESS_RESTRICTED, True, True, False),
        (PORT_RESTRICTED, True, False, False),
        (SYMMETRIC, False, False, False),
    ],
)
def test_who_comes_in_where(habits: Habits, one_mapping: bool, other_port: bool, other_host: bool) -> None:
    town = Town(habits)
    seen = town.out(BOB)
    assert seen[0] == "8.8.0.1"
    assert town.comes_in(BOB, seen) and town.inside.got[-1].target == INSIDE
    assert town.comes_in((BOB[0], 9), seen) is other_port
    assert town.comes_in(EVE, seen) is other_host
    assert (town.out(EVE) == seen) is one_mapping


def test_only_what_goes_out_keeps_a_mapping() -> None:
    town = Town(Habits(SYMMETRIC.mapping, SYMMETRIC.filtering, lifetime=30))
    seen = town.out(BOB, 0)
    assert town.comes_in(BOB, seen, 29) and not town.comes_in(BOB, seen, 31)
    assert town.out(BOB, 32) != seen


def test_forwards_lead_in_for_everybody_and_answers_leave_by_them() -> None:
    town = Town(SYMMETRIC, forwards={5070: INSIDE})
    assert town.comes_in(EVE, ("8.8.0.1", 5070))
    assert town.out(BOB) == ("8.8.0.1", 5070)


def test_a_proxy_shows_itself_inside_and_the_caller_gets_its_answer() -> None:
    town = Town(SYMMETRIC, forwards={5070: INSIDE}, hides_callers=True, gateway="192.168.1.1")
    assert town.comes_in(EVE, ("8.8.0.1", 5070))
    caller = town.inside.got[-1].source
    assert caller[0] == "192.168.1.1"
    town.home.route(Packet(INSIDE, caller, b"z"), 0)
    assert town.eve.got[-1].source == ("8.8.0.1", 5070)


@pytest.mark.parametrize("hairpins", [True, False])
def test_a_hairpin_leads_back_in_where_the_nat_has_one(hairpins: bool) -> None:
    town = Town(Habits(FULL_CONE.mapping, FULL_CONE.filtering, hairpins=hairpins))
    seen = town.out(BOB)
    town.home.route(Packet(("192.168.1.6", 5060), seen, b"x"), 0)
    assert [packet.source[0] for packet in town.inside.got] == (["8.8.0.1"] if hairpins else [])


def test_a_nat_that_starts_again_or_moves_knows_nobody() -> None:
    town = Town(FULL_CONE)
    seen = town.out(BOB)
    town.nat.reboot()
    assert not town.comes_in(BOB, seen)
    town.nat.renumber("8.8.0.9")
    assert town.out(BOB)[0] == "8.8.0.9" and not town.comes_in(BOB, ("8.8.0.1", 40000))
