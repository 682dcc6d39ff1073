"""A telephone whose transport or port is wrong: the operator is told so, the telephone hears nothing."""

from __future__ import annotations

import pytest

from gateway.testing.sip_phone import SipPhone
from gateway.testing.sip_wire import StreamWire, UdpWire
from tests.nat.conftest import OFFICE, Site

pytestmark = pytest.mark.namespaces


def test_a_wrong_port_and_a_wrong_transport_are_told(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    office = site.office(site.machine(OFFICE))
    home = site.machine("5.0.0.2")
    with home.inside():
        lost = SipPhone("6001", "x", (OFFICE, 5061), wire=UdpWire((OFFICE, 5061), home.address), own=home.address)
    with office.machine.inside():
        astray = SipPhone("6002", "x", (OFFICE, 5060), wire=StreamWire((OFFICE, 5060), "tcp"), own=OFFICE)
    office._sip_phones += [lost, astray]
    for phone in (lost, astray):
        phone.register()
    office.run(1)
    told = {view.user: view.why for view in office.refusals()}
    assert told == {
        "6001": "it comes by udp to port 5061, where nobody listens for that: its port is wrong; "
        "SIP is at udp:5.0.0.1:5060",
        "6002": "it comes by tcp to port 5060, where nobody listens for that: its transport is wrong; "
        "SIP is at udp:5.0.0.1:5060",
    }
    assert "connection as '6001' from udp:5.0.0.2:" in caplog.text
    assert lost.log == astray.log == []
