"""Who calls (RFC 3323, RFC 3325), numbers in URIs (RFC 3966, RFC 3261 19.1.6)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.messages import Dial, Offered
from gateway.core.number import Party, Presentation
from gateway.sip.identity import asserted_party, number_of
from gateway.sip.message import Request
from gateway.sip.uri import parse_uri
from tests.support.sip import SERVER, Office, Phone, session_description

PHONE = Party("6001", "Name 6001")
HIDDEN = Party("6001", "Name 6001", Presentation.RESTRICTED)


def offered(
    user: str, *headers: tuple[str, str], from_: str = "<sip:anna@elsewhere.example>", uri: str | None = None
) -> Offered:
    """The call that an INVITE of account `user` with these headers makes."""
    office = Office()
    phone = Phone(office, user)
    invite = phone.request("INVITE", uri or f"sip:101@{SERVER[0]}", headers=headers, body=session_description())
    invite.headers.set("From", f"{from_};tag=x")
    phone.proved(invite)
    (event,) = office.events()
    assert isinstance(event, Offered)
    return event


def sent(user: str, caller: Party, variables: dict[str, str] | None = None) -> Request:
    """The INVITE with which account `user` is called by `caller`, for a leg with these variables."""
    office = Office()
    phone = Phone(office, user)
    phone.register()
    channel = office.stack.channel(user, office.clock.now)
    office.command(channel, Dial(user, caller, variables or {}))
    return phone.arrived()


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("tel:+1-256-555-0100", "+12565550100"),
        ("tel:555-0100;phone-context=+1256", "5550100"),
        ("tel:+1-256-555-0100;npdi;rn=+1256555", "+12565550100"),
        ("sip:+1-256-555-0100;npdi@gw.example;user=phone", "+12565550100"),
        ("sip:(256)5550100@gw.example;user=phone", "2565550100"),
        ("sip:anna.bell@example", "anna.bell"),
        ("sip:%2A72%23@example", "*72#"),
        ("sip:example", ""),
        ("http://example", ""),
    ],
)
def test_rfc_3966_the_number_that_a_uri_names(uri: str, number: str) -> None:
    assert number_of(parse_uri(uri)) == number


def test_rfc_3966_an_invite_to_a_tel_uri_is_a_call_to_its_number() -> None:
    assert offered("6001", uri="tel:+1-256-555-0100").called == "+12565550100"


@pytest.mark.parametrize(
    ("headers", "from_", "caller"),
    [
        ((), "<sip:boss@x>", PHONE),
        ((("P-Asserted-Identity", "<sip:boss@x>"),), "<sip:boss@x>", PHONE),
        ((("P-Preferred-Identity", "<sip:boss@x>"),), "<sip:boss@x>", PHONE),
        ((("Privacy", "id"),), "<sip:6001@x>", HIDDEN),
        ((("Privacy", "header;id;critical"),), "<sip:6001@x>", HIDDEN),
        ((("Privacy", "none"),), '"Anonymous" <sip:anonymous@anonymous.invalid>', PHONE),
        ((), '"Anonymous" <sip:anonymous@anonymous.invalid>', HIDDEN),
    ],
)
def test_rfc_3325_section_6_a_telephone_is_who_it_has_proved_to_be(
    headers: tuple[tuple[str, str], ...], from_: str, caller: Party
) -> None:
    assert offered("6001", *headers, from_=from_).caller == caller


@pytest.mark.parametrize(
    ("headers", "from_", "caller"),
    [
        (
            (("P-Asserted-Identity", '"Anna" <sip:+12565550100@x;user=phone>, <tel:+1>'),),
            "<sip:y@x>",
            ("Anna", None),
        ),
        ((("P-Asserted-Identity", "<tel:+1-256-555-0100>"),), "<sip:y@x>", ("", None)),
        (
            (("P-Asserted-Identity", "<tel:+12565550100>"), ("Privacy", "id")),
            "<sip:anonymous@anonymous.invalid>",
            ("", Presentation.RESTRICTED),
        ),
        ((("P-Asserted-Identity", "<<<"),), '"Anna" <sip:+12565550100@x>', ("Anna", None)),
    ],
)
def test_rfc_3325_section_5_a_trusted_peer_is_believed(
    headers: tuple[tuple[str, str], ...], from_: str, caller: tuple[str, Presentation | None]
) -> None:
    name, presentation = caller
    expected = Party("+12565550100", name, presentation or Presentation.ALLOWED)
    assert offered("trunk", *headers, from_=from_).caller == expected


def test_a_trusted_peer_that_does_not_know_the_caller() -> None:
    unknown = offered("trunk", ("Privacy", "none"), from_="<sip:anonymous@anonymous.invalid>").caller
    assert unknown == Party(presentation=Presentation.UNAVAILABLE)


@pytest.mark.parametrize("uri", ["sip:anonymous@anonymous.invalid", "sip:Anonymous@pstn.example;user=phone"])
@pytest.mark.parametrize("from_", ["<sip:+12565550100@x>", "<sip:anonymous@anonymous.invalid>"])
def test_rfc_3323_section_4_1_1_3_nobody_who_is_asserted_is_nobody(uri: str, from_: str) -> None:
    caller = offered("trunk", ("P-Asserted-Identity", f'"Anonymous" <{uri}>'), from_=from_).caller
    assert caller == Party(presentation=Presentation.RESTRICTED)


@pytest.mark.parametrize("headers", [(), (("P-Asserted-Identity", "<sip:unavailable@unknown.invalid>"),)])
def test_3gpp_ts_23_003_clause_13_7_whom_a_network_does_not_know_does_not_hide(
    headers: tuple[tuple[str, str], ...],
) -> None:
    caller = offered("trunk", *headers, from_='"Unavailable" <sip:unavailable@unknown.invalid>').caller
    assert caller == Party(presentation=Presentation.UNAVAILABLE)


def test_rfc_3325_section_7_only_a_trusted_peer_is_told_a_caller_that_must_not_be_shown() -> None:
    secret = Party("+12565550100", "Anna", Presentation.RESTRICTED)
    stranger = sent("6001", secret)
    assert b"5550100" not in stranger.serialise().replace(b"sip:6001@", b"") and b"Anna" not in stranger.serialise()
    assert stranger.headers.get("Privacy") == "id"
    friend = sent("trunk", secret)
    assert str(friend.from_.uri) == "sip:anonymous@anonymous.invalid" and friend.headers.get("Privacy") == "id"
    assert friend.headers.get("P-Asserted-Identity") == '"Anna" <sip:+12565550100@192.0.2.1>'


@pytest.mark.parametrize("user", ["6001", "trunk"])
def test_rfc_3892_section_2_2_who_has_referred_the_caller_is_told_with_the_call(user: str) -> None:
    invite = sent(user, Party("5550100"), {"REFERRED_BY": "103", "REFERRED_BY_NAME": "Ada"})
    assert invite.headers.get("Referred-By") == '"Ada" <sip:103@192.0.2.1>'


@given(st.sampled_from(["P-Asserted-Identity", "Privacy", "Diversion", "History-Info"]), st.text(max_size=60))
@settings(max_examples=40, deadline=None)
def test_nonsense_in_these_headers_harms_nobody(name: str, value: str) -> None:
    clean = "".join(character for character in value if character.isprintable())
    assert offered("trunk", (name, clean)).called == "101"


@pytest.mark.parametrize(
    ("asserted", "party"),
    [
        ("<sip:anonymous@anonymous.invalid>", Party(presentation=Presentation.RESTRICTED)),
        ('"Ann" <sip:+4930@x>', Party("+4930", "Ann")),
    ],
)
def test_rfc_3325_section_9_1_who_answers_may_be_nobody_too(asserted: str, party: Party) -> None:
    request = Phone(Office()).request("UPDATE", headers=(("P-Asserted-Identity", asserted),))
    assert asserted_party(request) == party
