"""A host name in the place of our public address: looked up, told outside, looked up again (docs/nat.md)."""

from __future__ import annotations

import pytest

from gateway.core.messages import Answer
from gateway.sip.config import SipConfig
from gateway.sip.names import AddressRecord, Kind, Question, Reply
from gateway.sip.open_ways import WayTold
from gateway.sip.transport import Flow
from tests.support.sip import SERVER, Office, Phone

NAME = "office.example.com"
ASKED = Question(NAME, Kind.A)


def opened() -> Office:
    office = Office(SipConfig(advertised=NAME))
    office.stack.opened(office.clock.now)
    return office


def answer(office: Office, *addresses: str, ttl: float = 5.0, fault: str = "") -> None:
    """A name server's reply to the one question that is out."""
    assert office.asked == [ASKED]
    office.asked.clear()
    records = tuple(AddressRecord(address) for address in addresses)
    office.names.receive(Reply(ASKED, records, ttl, fault), None, office.clock.now)
    office.drain()


def told(office: Office) -> list[tuple[str, bool]]:
    return [(event.text, event.open) for event in office.changes() if isinstance(event, WayTold)]


def told_to(office: Office, host: str) -> str:
    """The address that whoever is at `host` is told."""
    return office.stack._reach.address(Flow("udp", SERVER, (host, 5060)))[0]


def test_the_address_of_the_name_is_told_outside_and_our_own_inside() -> None:
    office = opened()
    assert told_to(office, "8.8.8.8") == SERVER[0], "before the name server has spoken"
    answer(office, "5.5.5.5")
    assert told(office) == [(f'peers outside are told that "{NAME}" is 5.5.5.5', True)]
    assert told_to(office, "192.168.1.5") == SERVER[0]
    phone = Phone(office, host="8.8.8.8")
    phone.invite("6002")
    office.command(office.heard()[-1][0], Answer())
    *_, ok = phone.messages()
    assert "@5.5.5.5:5060" in (ok.headers.get("Contact") or "") and "c=IN IP4 5.5.5.5\r\n" in ok.body.decode()


def test_it_is_looked_up_every_minute_and_a_new_address_taken() -> None:
    office = opened()
    answer(office, "5.5.5.5")
    office.wait(61)
    answer(office, "5.5.5.5", ttl=300)
    office.wait(240)
    assert not office.asked, "the reply holds for 300 s"
    office.wait(61)
    answer(office, "5.5.5.6")
    assert [text for text, _ in told(office)] == [
        f'peers outside are told that "{NAME}" is {address}' for address in ("5.5.5.5", "5.5.5.6")
    ]
    assert told_to(office, "8.8.8.8") == "5.5.5.6"


@pytest.mark.parametrize(
    ("addresses", "fault", "why"),
    [
        ((), "", f"there is no host {NAME} in the DNS"),
        ((), "timed out", f"no name server tells where {NAME} is: timed out"),
        (("192.168.1.9",), "", "it is 192.168.1.9, a private address that peers outside cannot reach"),
    ],
)
def test_a_name_that_cannot_be_told_is_named_once_and_the_address_before_it_stays(
    addresses: tuple[str, ...], fault: str, why: str
) -> None:
    office = opened()
    answer(office, *addresses, fault=fault)
    ((text, well),) = told(office)
    assert told_to(office, "8.8.8.8") == SERVER[0]
    assert not well and text.startswith(
        f'sip.advertised is "{NAME}", and that cannot be told to peers outside: {why};'
    )
    assert text.endswith("told our own address. Mend the name, or write the public IP address in its place")
    office.wait(61)
    answer(office, *addresses, fault=fault)
    assert told(office) == [], "once is enough"
    office.wait(61)
    answer(office, "5.5.5.5")
    office.wait(61)
    answer(office, *addresses, fault=fault)
    (good, _), *bad = told(office)
    assert good.endswith("is 5.5.5.5") and told_to(office, "8.8.8.8") == "5.5.5.5"
    if fault:
        assert bad == [], "where nobody can tell, what was said last holds (RFC 8767)"
    else:
        assert len(bad) == 1 and "they are told 5.5.5.5." in bad[0][0]
