"""RFC 4694: what a number's URI tells of its network comes in, goes on, and can be rewritten on the way."""

from __future__ import annotations

import pytest

from gateway.core.carried import PORTABILITY
from gateway.core.messages import Dial, Offered
from gateway.core.number import Party
from gateway.sip.account import Account
from gateway.sip.digest import Secret
from gateway.sip.message import Request
from gateway.sip.portability import portability_of, write_portability
from gateway.sip.uri import parse_uri
from tests.support.sip import Office, Phone, session_description
from tests.unit.sip.test_trunk import Provider, opened, trunk

TRUSTED = Account("pstn", Secret(), trusted=True, trunk=True)
STRANGER = Account("6001", Secret())


def read(uri: str, account: Account = TRUSTED) -> dict[str, str]:
    return portability_of(Request("INVITE", parse_uri(uri)), account)


@pytest.mark.parametrize(
    ("uri", "variables"),
    [
        ("tel:+1-202-533-1234;npdi;rn=+1-202-544-0000", {"TEL_NPDI": "yes", "TEL_RN": "+1-202-544-0000"}),
        ("sip:+12025331234;npdi;rn=+12025440000@gw.example;user=phone",
         {"TEL_NPDI": "yes", "TEL_RN": "+12025440000"}),
        ("tel:+1-800-123-4567;cic=+1-6789", {"TEL_CIC": "+1-6789"}),
        ("tel:+18001234567;cic=2345;cic-context=+1", {"TEL_CIC": "2345", "TEL_CIC_CONTEXT": "+1"}),
        ("tel:+1;rn=D012;rn-context=gw.example", {"TEL_RN": "D012", "TEL_RN_CONTEXT": "gw.example"}),
        ("tel:+1-202-533-1234;ext=12-34", {"TEL_EXT": "12-34"}),
        ("tel:+12025331234;isub=ab%20c", {"TEL_ISUB": "ab%20c"}),
        ("tel:863-1234;phone-context=+1-914", {"TEL_CONTEXT": "+1-914"}),
        ("sip:*70;phone-context=pbx.example@gw.example;user=phone", {"TEL_CONTEXT": "pbx.example"}),
        ("tel:+12025331234;phone-context=+1", {}),
        ("tel:8631234;phone-context=+;ext=7", {"TEL_EXT": "7"}),
        ("tel:8631234;phone-context=a_b", {}),
        ("tel:+1;npdi=no;rn=xyz;cic=;ext=x;isub=", {}),
        (f"tel:+1;rn={'1' * 65}", {}),
        ("sip:+1;npdi;npdi@x", {}),
        ("sip:6001@x", {}),
        ("urn:service:sos", {}),
    ],
)  # fmt: skip
def test_section_4_the_parameters_as_variables(uri: str, variables: dict[str, str]) -> None:
    assert read(uri) == variables
    assert read(uri, STRANGER) == {}, "section 7: only who is trusted may say so"


@pytest.mark.parametrize(
    ("variables", "uri"),
    [
        ({"TEL_NPDI": "1", "TEL_RN": "+12025440000"}, "sip:+1202;npdi;rn=+12025440000@x;user=phone"),
        ({"TEL_CIC": "6789", "TEL_CIC_CONTEXT": "+1"}, "sip:+1202;cic=6789;cic-context=+1@x;user=phone"),
        ({"TEL_EXT": "1234", "TEL_ISUB": "7"}, "sip:+1202;ext=1234;isub=7@x;user=phone"),
        ({"TEL_CONTEXT": "+1-914"}, "sip:+1202@x"),
        ({"TEL_RN": "evil@host;x", "TEL_EXT": "1@host", "TEL_ISUB": "a;b"}, "sip:+1202@x"),
        ({"TEL_NPDI": ""}, "sip:+1202@x"),
        ({}, "sip:+1202@x"),
    ],
)
def test_section_5_what_the_variables_say_goes_into_the_uri(variables: dict[str, str], uri: str) -> None:
    invite = Request("INVITE", parse_uri("sip:+1202@x"))
    write_portability(invite, variables, TRUSTED)
    assert str(invite.uri) == uri
    write_portability(other := Request("INVITE", parse_uri("sip:+1202@x")), variables, STRANGER)
    assert str(other.uri) == "sip:+1202@x"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("+12025331234", ";npdi;rn=+12025440000"),
        ("8631234", ";phone-context=+1-914"),  # RFC 3966 section 5.1.5: without it, it is another number
        ("8631234", ";ext=7;phone-context=+1-914;cic=6789;cic-context=+1;npdi;rn=4;rn-context=+1"),  # section 3
    ],
)
def test_a_call_from_one_network_to_the_next_keeps_what_its_number_said(number: str, said: str) -> None:
    office = opened(trunk(register=False))
    provider = Provider(office)
    uri = f"sip:{number}{said}@192.0.2.1;user=phone"
    provider.send(provider.request("INVITE", uri, body=session_description()))
    (offered,) = [event for event in office.events() if isinstance(event, Offered)]
    assert offered.called == number
    variables = {name: offered.variables[name] for name in PORTABILITY if name in offered.variables}
    channel = office.stack.channel(f"{number}@pstn", office.clock.now)
    office.command(channel, Dial(number, Party("101"), variables))
    (invite,) = provider.asked("INVITE")
    assert str(invite.uri) == f"sip:{number}{said}@pstn.example;user=phone"
    assert str(invite.to.uri) == f"sip:{number}@pstn.example"


@pytest.mark.parametrize("called", ["+18631234", "ada"])
def test_rfc_3966_section_5_1_4_a_number_made_global_has_no_context(called: str) -> None:
    invite = Request("INVITE", parse_uri(f"sip:{called}@x"))
    write_portability(invite, {"TEL_CONTEXT": "+1-914"}, TRUSTED)
    assert str(invite.uri) == f"sip:{called}@x"


def test_a_telephone_neither_says_nor_is_told_so() -> None:
    office = Office()
    caller, called = Phone(office), Phone(office, "6002", host="192.0.2.62")
    called.register()
    caller.invite("+1202;npdi;rn=+1")
    (offered,) = [event for event in office.events() if isinstance(event, Offered)]
    assert not set(offered.variables) & set(PORTABILITY)
    office.command(office.stack.channel("6002", office.clock.now), Dial("6002", Party("101"), {"TEL_NPDI": "yes"}))
    assert "npdi" not in str(called.arrived().uri)
