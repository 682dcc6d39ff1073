"""Header fields of calls, as Asterisk's res_pjsip_header_funcs and chan_sip have them."""

from __future__ import annotations

import asyncio

import pytest

from gateway.core.added import added
from tests.unit.dialplan.office import FakeLeg, Office

RECEIVED = (("Via", "SIP/2.0/UDP h"), ("X-Colour", "red"), ("X-Colour", "blue"), ("X-Name", "${SHELL(id)}"))


def run(*steps: str, headers: tuple[tuple[str, str], ...] = RECEIVED) -> FakeLeg:
    leg = FakeLeg(called="100")
    leg.headers = headers
    return asyncio.run(Office("[office]\nexten => 100,1," + "\n same => n,".join(steps) + "\n").call("100", leg))


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ("PJSIP_HEADER(read,X-Colour)", "red"),
        ("PJSIP_HEADER(read,x-colour,2)", "blue"),
        ("PJSIP_HEADER(read,X-Colour,3)", ""),
        ("PJSIP_HEADER(read,X-Colour,0)", ""),
        ("PJSIP_HEADER(read,X-Colour,-1)", ""),
        ("PJSIP_HEADER(read)", ""),
        ("PJSIP_HEADER(write,X-Colour)", ""),
        ("SIP_HEADER(Via)", "SIP/2.0/UDP h"),
        ("SIP_HEADER(X-Colour,2)", "blue"),
        ("PJSIP_HEADERS(x-)", "X-Colour,X-Name"),
        ("PJSIP_HEADERS()", "Via,X-Colour,X-Name"),
    ],
)
def test_what_came_with_the_call_is_read(asked: str, value: str) -> None:
    assert run(f"Set(T=${{{asked}}})").variables["T"] == value


def test_what_a_header_says_is_never_evaluated() -> None:
    leg = run("Set(T=${PJSIP_HEADER(read,X-Name)})", "Set(U=${EVAL(${T})})", "ExecIf(1?Set(V=${T}))")
    assert {leg.variables[name] for name in "TUV"} == {"${SHELL(id)}"}


def test_headers_are_added_changed_and_taken_out() -> None:
    leg = run(
        "Set(PJSIP_HEADER(add,X-A)=1)",
        "Set(PJSIP_HEADER(add,X-A)=2)",
        "Set(PJSIP_HEADER(add,Y-B)=3)",
        "Set(PJSIP_HEADER(update,X-a,2)=two)",
        "Set(PJSIP_HEADER(remove,y-*)=)",
        headers=(),
    )
    assert added(leg.variables) == [("X-A", "1"), ("X-a", "two")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Via", "x"),
        ("call-id", "x"),
        ("f", "x"),
        ("Content-Length", "0"),
        ("X A", "x"),
        ("", "x"),
        ("X-A:", "x"),
        ("X-A", "a\rVia: b"),
        ("X-A", "a\n\n"),
        ("X-A", "a\x00"),
        ("X-A", "a" * 2000),
    ],
)
def test_headers_that_would_change_the_call_are_refused(name: str, value: str) -> None:
    leg = FakeLeg(called="100")
    leg.variables["VALUE"] = value + "x"
    asyncio.run(
        Office(f"[office]\nexten => 100,1,Set(PJSIP_HEADER(add,{name})=${{VALUE}})\n same => n,Set(T=on)\n").call(
            "100", leg
        )
    )
    assert added(leg.variables) == [] and leg.variables["T"] == "on"
    assert any(note.startswith("PJSIP_HEADER: ") for note in leg.notes)


def test_a_variable_written_by_hand_carries_no_line_break_either() -> None:
    assert added(
        {"SIPADDHEADER01": "X: a\r\nVia: b", "SIPADDHEADER02": "Route: <sip:x>", "SIPADDHEADER03": "Y: 1"}
    ) == [("Y", "1")]


def test_older_offices_add_headers_for_all_that_they_call() -> None:
    office = Office(
        "[office]\nexten => 100,1,SIPAddHeader(X-A: 1:2)\n same => n,SIPAddHeader(Y: 2)\n"
        " same => n,SIPRemoveHeader(Y:)\n same => n,Dial(SIP/6002)\n"
    )
    asyncio.run(office.call("100"))
    assert added(office.passed_on) == [("X-A", "1:2")]


def test_a_header_for_one_s_own_caller_goes_to_nobody_and_that_is_noted() -> None:
    assert any("Dial's b()" in note for note in run("Set(PJSIP_HEADER(add,X-A)=1)").notes)


def test_no_call_carries_headers_without_end() -> None:
    leg = run(
        "Set(N=0)", "Set(N=$[${N} + 1])", "Set(PJSIP_HEADER(add,X-A)=${N})", "GotoIf($[${N} < 80]?2)", headers=()
    )
    assert len(added(leg.variables)) == 50
    assert any("more than 50 headers" in note for note in leg.notes)
