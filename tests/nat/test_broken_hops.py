"""Where no audio can pass, one sentence says within 5 s which hop is broken, and at which address.

It stands in the log, in the list of calls and in the call's story.
"""

from __future__ import annotations

import logging
import re

import pytest

from gateway.plane.rtcp import RtcpReport
from gateway.testing.sip_phone import SipPhone
from tests.nat.conftest import OFFICE, FarOffice, Site
from tests.support.nat import FULL_CONE, PORT_RESTRICTED, SYMMETRIC, Nat, Network, Packet
from tests.support.rtp import RtcpEndpoint

pytestmark = pytest.mark.namespaces


def is_sip(packet: Packet) -> bool:
    return b"SIP/2.0" in packet.data


def sentence(office: FarOffice, caplog: pytest.LogCaptureFixture) -> str:
    """The one that stands everywhere, within 5 s."""
    took = office.until(lambda: office.troubles, within=5, wanted="a sentence")
    assert took < 5
    (told,) = office.troubles
    assert told in caplog.text, "in the log"
    legs = [leg for call in office.calls() for leg in call.legs]
    assert told in [leg.trouble for leg in legs], "in the list of calls"
    assert told in office.story(), "in the story"
    return told


def answered(office: FarOffice, caller: SipPhone, callee: SipPhone) -> None:
    caller.call(callee.user)
    office.until(lambda: callee.state == "offered")
    callee.answer()
    office.until(lambda: caller.state == "up")


def over(office: FarOffice, caller: SipPhone, callee: SipPhone) -> None:
    callee.hang_up()
    office.until(lambda: caller.state == "idle")


def test_a_firewall_before_a_telephone_that_lets_sip_out_and_nothing_else(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    office = site.office(site.machine(OFFICE))
    behind, _ = site.home(SYMMETRIC, alters=lambda packet, nat, out: packet.data if is_sip(packet) else None)
    ada, bob = office.far_phone("6001", behind), office.far_phone("6002", site.machine("5.0.0.2"))
    answered(office, bob, ada)
    told = sentence(office, caplog)
    assert re.fullmatch(
        r"no audio from account 6001 has come to 5\.0\.0\.1:\d+ for 4\.5 s: its session description names "
        r"192\.168\.1\.5:\d+, a private address, its messages come from 8\.8\.1\.1: the NAT at 8\.8\.1\.1 "
        r"lets no audio out to UDP port \d+ here",
        told,
    )
    over(office, bob, ada)


def test_a_firewall_that_lets_audio_out_and_none_in(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """The telephone is heard, and its RTCP says that it hears nothing itself (RFC 3550 6.4.1)."""
    office = site.office(site.machine(OFFICE))
    behind, _ = site.home(SYMMETRIC, alters=lambda packet, nat, out: packet.data if out or is_sip(packet) else None)
    ada = office.far_phone("6001", behind)
    with behind.inside():
        reports = RtcpEndpoint(behind.address)
    ada.call("600")
    office.until(lambda: ada.state == "up")
    office.run(3)
    assert ada.voice.peer is not None
    reports.send(RtcpReport(1), ada.voice.peer[0], ada.voice.peer[1] + 1)
    office.run(1)
    assert re.fullmatch(
        r"account 6001 hears nothing: it reports \(RTCP\) that none of 1[45]\d packets from 5\.0\.0\.1:(\d+) to "
        r"8\.8\.1\.1:\d+ has come: the NAT or a firewall at 8\.8\.1\.1 lets nothing in from UDP port \1 here",
        sentence(office, caplog),
    )
    reports.close()
    ada.hang_up()
    office.run(1)


def test_a_container_whose_audio_ports_are_not_mapped(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    inner = Network()
    Nat("5.0.0.1", site.world.internet, inner, PORT_RESTRICTED, forwards={5060: ("172.17.0.2", 5060)})
    office = site.office(site.machine("172.17.0.2", inner), server="5.0.0.1")
    ada, bob = office.far_phone("6001", site.machine("5.0.0.2")), office.far_phone("6002", site.machine("5.0.0.3"))
    ada.call("600")
    office.until(lambda: ada.state == "up")
    told = sentence(office, caplog)
    assert re.fullmatch(
        r"no audio from account 6001 has come to 5\.0\.0\.1:(\d+) for 4\.5 s: it sends none from 5\.0\.0\.2:\d+, "
        r"or UDP port \1 of 5\.0\.0\.1 is not mapped to 172\.17\.0\.2 here, or a firewall drops it",
        told,
    )
    ada.hang_up()
    office.run(1)
    assert bob.state == "idle"


def test_an_alg_that_writes_an_address_that_is_not_there(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """It names itself in the session description, and drops the audio that it should pass on."""
    office = site.office(site.machine(OFFICE))

    def alg(packet: Packet, nat: Nat, outwards: bool) -> bytes | None:
        if not is_sip(packet):
            return None
        changed = re.sub(rb"c=IN IP4 192\.168\.\d+\.\d+", b"c=IN IP4 8.8.200.9", packet.data)
        length = len(changed.partition(b"\r\n\r\n")[2])
        return re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % length, changed)

    behind, _ = site.home(FULL_CONE, alters=alg)
    ada = office.far_phone("6001", behind)
    ada.call("600")
    office.until(lambda: ada.state == "up")
    told = sentence(office, caplog)
    assert "names 8.8.200.9:" in told and "(while its o= names 192.168.1.5)" in told
    assert told.endswith("a SIP ALG has rewritten it; switch off the SIP ALG of the router at 8.8.1.1")
    ada.hang_up()
    office.run(1)


def test_an_alg_that_rewrites_what_we_ask_is_named(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    office = site.office(site.machine(OFFICE))

    def alg(packet: Packet, nat: Nat, outwards: bool) -> bytes | None:
        return (
            packet.data
            if outwards
            else packet.data.replace(b"SIP/2.0/UDP 5.0.0.1:5060", b"SIP/2.0/UDP 192.168.1.1:5060")
        )

    behind, _ = site.home(FULL_CONE, alters=alg)
    ada, bob = office.far_phone("6001", behind), office.far_phone("6002", site.machine("5.0.0.2"))
    answered(office, bob, ada)
    assert (
        "something between here and 8.8.1.1:40000 rewrites SIP: our Via 5.0.0.1:5060 came back as "
        "192.168.1.1:5060; switch off the SIP ALG of the router"
    ) in caplog.text
    over(office, bob, ada)


@pytest.mark.parametrize("lost", [b"ACK ", b"SIP/2.0 200 OK\r\n"], ids=["its ACK", "our 200"])
def test_an_ack_that_never_comes(site: Site, caplog: pytest.LogCaptureFixture, lost: bytes) -> None:
    office = site.office(site.machine(OFFICE))

    def loses(packet: Packet, nat: Nat, outwards: bool) -> bytes | None:
        to_invite = b" INVITE\r\n" in packet.data or outwards
        return None if packet.data.startswith(lost) and to_invite else packet.data

    behind, _ = site.home(FULL_CONE, alters=loses)
    ada = office.far_phone("6001", behind)
    ada.call("600")
    assert sentence(office, caplog) == (
        "no ACK from account 6001 has come for 4 s: our 200 went to 8.8.1.1:40000 and asked for the ACK "
        "at sip:copperline@5.0.0.1:5060: a NAT or firewall between loses one of them, or a SIP ALG rewrites "
        "the Contact"
    )
    office.run(40)
    assert office.app.usage()["calls"] == 0, "it ends, and says why"


LOST = {
    True: (
        "answers",
        "it has stopped sending, or a NAT or firewall between has forgotten the way of its audio to UDP port "
        r"\1 here",
    ),
    False: ("does not answer", "it, or its router, has lost its power, its network or its public address"),
}


@pytest.mark.parametrize("signalling", [True, False], ids=["audio alone", "all of it"])
def test_a_telephone_that_is_lost_in_mid_call(
    site: Site, caplog: pytest.LogCaptureFixture, signalling: bool
) -> None:
    """Its NAT forgets the way of its audio, or loses its network; and finds it again."""
    caplog.set_level(logging.INFO, "copperline")
    office = site.office(site.machine(OFFICE))
    broken = False
    behind, _ = site.home(
        PORT_RESTRICTED,
        alters=lambda packet, nat, out: None if broken and not (signalling and is_sip(packet)) else packet.data,
    )
    ada, bob = office.far_phone("6001", behind), office.far_phone("6002", site.machine("5.0.0.2"))
    answered(office, bob, ada)
    site.hear_each_other(office, bob, ada)
    broken = True
    answers, why = LOST[signalling]
    told = sentence(office, caplog)
    assert re.fullmatch(
        r"account 6001 has fallen silent: no audio has come from 8\.8\.1\.1:\d+ to 5\.0\.0\.1:(\d+) for 5 s, "
        rf"since 0:00:0\d after the answer, its signalling at 8\.8\.1\.1 {answers}: {why}",
        told,
    ), told
    broken = False
    office.until(lambda: not office.troubles, within=3, wanted="to be heard again")
    assert re.search(r"account 6001 is heard, from 8\.8\.1\.1:\d+, after \d s without audio", office.story())
    assert re.search(r"account 6001 is heard, from 8\.8\.1\.1:\d+", caplog.text)
    over(office, bob, ada)


def test_audio_that_goes_on_from_another_public_address_is_told_with_it(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is followed to another host for sending here (RFC 7362); a REGISTER from there takes it along."""
    office = site.office(site.machine(OFFICE))
    behind, nat = site.home(SYMMETRIC)
    ada, bob = office.far_phone("6001", behind), office.far_phone("6002", site.machine("5.0.0.2"))
    answered(office, bob, ada)
    site.hear_each_other(office, bob, ada)
    nat.renumber("8.8.99.1")
    assert re.search(
        r"no audio has come from 8\.8\.1\.1:\d+ to .*: [34]\d packets came from 8\.8\.99\.1:\d+ instead, which are "
        r"not taken: it is somebody else, or its NAT has another public address; then it is heard again once it "
        r"registers from there$",
        sentence(office, caplog),
    )
    ada.register()
    office.until(lambda: not office.troubles, within=4, wanted="to be heard again")
    site.hear_each_other(office, bob, ada)
    over(office, bob, ada)
