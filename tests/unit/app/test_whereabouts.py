"""An office whose machine loses its address, and gets another, says so."""

from __future__ import annotations

import pytest

from gateway.app.whereabouts import Whereabouts
from gateway.config.address import Listener, SocketAddress


class Machine:
    """What the system says of its addresses."""

    def __init__(self) -> None:
        self.has = {"192.0.2.10", "2001:db8::1"}

    def ours(self, host: str) -> bool:
        return host in self.has

    def address(self, name: str, version: int) -> str:
        for each in self.has:
            if (":" in each) == (version == 6):
                return each
        raise ValueError(f"{name} has none")


def at(host: str, interface: str = "") -> Listener:
    return Listener("udp", SocketAddress(host, 5060), interface)


def test_an_address_that_is_gone_is_told_until_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    places = Whereabouts([at("192.0.2.10"), at("2001:db8::1")], ours=machine.ours, address=machine.address)
    places.look(0)
    assert places.fault == ""
    machine.has.remove("2001:db8::1")
    for now in (5, 10):
        places.look(now)
    said = (
        "This machine has lost 2001:db8::1, on which SIP listens: nobody reaches it there; give it back, or write "
        "another address in [sip] listen and start anew."
    )
    assert places.fault == said and caplog.messages == [said]
    machine.has.add("2001:db8::1")
    places.look(15)
    assert places.fault == "" and len(caplog.messages) == 2


def test_an_interface_that_has_another_address_now_is_told_with_it() -> None:
    machine = Machine()
    places = Whereabouts([at("192.0.2.10", "eth0")], ours=machine.ours, address=machine.address)
    machine.has = {"192.0.2.99"}
    places.look(0)
    assert places.fault.endswith("nobody reaches it there. eth0 has 192.0.2.99 now: start anew.")
    machine.has = set()
    places.look(5)
    assert places.fault.endswith("nobody reaches it there; see why eth0 has no address.")
