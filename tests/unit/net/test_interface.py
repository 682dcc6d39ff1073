"""What the system tells of its interfaces: the loopback interface is on every machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.address import Listener, SocketAddress
from gateway.net import interface
from gateway.net.interface import address_of, is_ours


def test_an_interface_has_its_address() -> None:
    assert address_of("lo", 4) == "127.0.0.1"
    assert Listener.parse("udp:lo:5060") == Listener("udp", SocketAddress("127.0.0.1", 5060), "lo")
    assert str(Listener.parse("udp:lo:5060")) == "udp:127.0.0.1:5060"


def test_one_that_is_not_there_or_has_no_address_is_told() -> None:
    with pytest.raises(ValueError, match=r'^there is no network interface "wlan77" here, but .*\blo\b'):
        Listener.parse("tcp:wlan77:5060")
    with pytest.raises(ValueError, match=r'^the network interface "lo" has no address of IPv6$'):
        address_of("lo", 6)  # ::1 is of the machine alone


def test_of_ipv6_is_taken_what_others_reach_and_is_not_about_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "if_inet6"
    lines = [
        "fe800000000000000000000000000001 01 40 20 80 lo",
        "20010db8000000000000000000000001 01 40 00 20 lo",
        "20010db8000000000000000000000002 01 40 00 40 lo",
        "20010db8000000000000000000000003 01 40 00 00 lo",
        "20010db8000000000000000000000004 02 40 00 80 eth9",
    ]
    table.write_text("\n".join(lines))
    monkeypatch.setattr(interface, "_IPV6", table)
    assert Listener.parse("tls:[lo]:5061") == Listener("tls", SocketAddress("2001:db8::3", 5061), "lo")


def test_an_address_is_ours_or_not() -> None:
    assert is_ours("127.0.0.1") and not is_ours("192.0.2.254")
