"""Answers to INVITEs of long ago (RFC 3261 13.2.2.4): how long, and how many, they are met."""

from __future__ import annotations

from gateway.sip.message import Response
from gateway.sip.strays import FORKS, REMEMBERED, Strays
from gateway.sip.transport import Flow

FLOW = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.60", 5070))


def accepted(branch: str, tag: str = "a") -> Response:
    response = Response(200, "OK")
    response.headers.set("Via", f"SIP/2.0/UDP 192.0.2.1:5060;branch={branch}")
    response.headers.set("From", "<sip:101@192.0.2.1>;tag=ours")
    response.headers.set("To", f"<sip:6001@192.0.2.60>;tag={tag}")
    response.headers.set("Call-ID", "one")
    response.headers.set("CSeq", "1 INVITE")
    response.headers.set("Contact", "<sip:6001@192.0.2.60:5070>")
    return response


def test_each_fork_is_released_once_and_not_without_end() -> None:
    strays = Strays()
    strays.remember("z9hG4bKone")
    assert strays.dialog(accepted("z9hG4bKone"), FLOW) is not None
    assert [strays.release(accepted("z9hG4bKone", tag)) for tag in ("a", "a", "b")] == [True, False, True]
    released = [strays.release(accepted("z9hG4bKone", f"fork{number}")) for number in range(FORKS)]
    assert sum(released) == FORKS - 2


def test_what_is_not_remembered_gets_nothing() -> None:
    strays = Strays()
    assert strays.dialog(accepted("z9hG4bKforged"), FLOW) is None
    assert not strays.release(accepted("z9hG4bKforged"))


def test_the_latest_are_remembered_and_those_long_ago_are_not() -> None:
    strays = Strays()
    for number in range(2 * REMEMBERED + 1):
        strays.remember(f"z9hG4bK{number}")
        if number == REMEMBERED:
            assert strays.dialog(accepted("z9hG4bK0"), FLOW) is not None
            assert strays.release(accepted("z9hG4bK0")) and not strays.release(accepted("z9hG4bK0"))
    assert strays.dialog(accepted("z9hG4bK0"), FLOW) is None
    assert strays.dialog(accepted(f"z9hG4bK{REMEMBERED + 1}"), FLOW) is not None
