"""Caller preferences (RFC 3841) over what telephones say of themselves (RFC 3840)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.carried import PREFERENCES
from gateway.core.messages import Dial, Offered, Released
from gateway.core.number import Party
from gateway.sip.headers import NameAddr
from gateway.sip.message import Request
from gateway.sip.parameters import Parameters
from gateway.sip.preferences import MOST, Preferences, features_of
from gateway.sip.target import Target
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri
from tests.support.sip import SERVER, Office, Phone, session_description

FLOW = Flow("udp", SERVER, ("192.0.2.60", 5060))


def target(features: str, q: int = 1000) -> Target:
    return Target(SipUri.of("6001", "192.0.2.60"), FLOW, q, features=Parameters.parse(features))


def turns(targets: list[Target], *, accept: str = "", reject: str = "", disposition: str = "") -> list[list[int]]:
    """The places of the targets that are called, in their turns."""
    preferences = Preferences.of(dict(zip(PREFERENCES, (accept, reject, disposition), strict=True)))
    return [[targets.index(one) for one in turn] for turn in preferences.turns(targets)]


DESK = target(';audio;methods="INVITE,BYE,OPTIONS,ACK,CANCEL"')
VIDEO = target(';audio;video;methods="INVITE,BYE,OPTIONS,ACK,CANCEL,INFO"')
MOBILE = target(';audio;mobility="mobile";class="business"')
SILENT = target("")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", [[0, 1, 2, 3]]),
        # One that matches goes before one that has not said whether it does; who says nothing is immune (7.2.1).
        ("*;video", [[1, 3], [0, 2]]),
        ("*;video;require", [[1, 3], [0, 2]]),
        ("*;video;require;explicit", [[1, 3]]),
        ("*;mobility=mobile", [[2, 3], [0, 1]]),
        ("*;mobility=mobile;explicit", [[2, 3], [0, 1]]),
        ("*;mobility=fixed;require", [[3], [0, 1]]),
        ("*;audio;video;explicit", [[1, 3], [0, 2]]),
        ("*;audio;video", [[1, 3], [0, 2]]),
        ('*;methods="INFO";require', [[1, 3], [2]]),
        ('*;audio, *;class="business"', [[2, 3], [0, 1]]),
        ("no star;video", [[0, 1, 2, 3]]),
    ],
)
def test_section_7_2_4_accept_contact_sorts_and_drops(accept: str, expected: list[list[int]]) -> None:
    assert turns([DESK, VIDEO, MOBILE, SILENT], accept=accept) == expected


@pytest.mark.parametrize(
    ("reject", "expected"),
    [
        ("*;mobility=mobile", [[0, 1, 3]]),
        ("*;video;audio", [[0, 2, 3]]),
        ("*;video;mobility=mobile", [[0, 1, 2, 3]]),  # no contact has said both
        ("*;audio", [[3]]),
        ('*;methods="INFO", *;class=business', [[0, 3]]),
        ("*", [[0, 1, 2, 3]]),
    ],
)
def test_section_7_2_3_reject_contact_drops_what_a_contact_has_said(reject: str, expected: list[list[int]]) -> None:
    assert turns([DESK, VIDEO, MOBILE, SILENT], reject=reject) == expected


@pytest.mark.parametrize(
    ("said", "asked", "matches"),
    [
        (';priority="#=1"', '*;priority="#>=1"', True),
        (';priority="#<=10"', '*;priority="#>=20"', False),
        (';priority="#10:30"', '*;priority="#=20"', True),
        (';priority="#x"', '*;priority="#=20"', False),
        (';language="!fr"', '*;language="en"', True),
        (';language="!fr"', '*;language="fr"', False),
        (';language="!fr"', '*;language="!fr"', True),
        (';description="<Fax>"', '*;description="<Fax>"', True),
        (';description="<Fax>"', '*;description="<fax>"', False),
        (";automata=FALSE", "*;automata", False),
        (';+com.example.colour="red,green"', '*;+com.example.colour="GREEN"', True),
    ],
)
def test_rfc_3840_section_7_2_values_that_have_something_in_common_match(
    said: str, asked: str, matches: bool
) -> None:
    assert turns([target(said)], accept=f"{asked};require") == ([[0]] if matches else [])


def test_section_7_2_4_the_callees_own_order_goes_first() -> None:
    dearest, other = target(";audio", q=1000), target(";audio;video", q=500)
    assert turns([dearest, other], accept="*;video") == [[0], [1]]


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [("sequential", [[0], [1], [2]]), ("parallel", [[0, 1, 2]]), ("no-fork", [[0]]), ("queue, NO-FORK", [[0]])],
)
def test_section_9_1_the_caller_says_whether_several_are_called_and_how(
    disposition: str, expected: list[list[int]]
) -> None:
    assert turns([DESK, VIDEO, target(";audio", q=300)], disposition=disposition) == expected


def test_section_7_2_2_1_who_lacks_the_method_is_not_called_unless_the_caller_says_what_it_wants() -> None:
    texts, talks = target(';methods="MESSAGE,OPTIONS"'), target(';methods="INVITE,ACK,BYE"')
    assert turns([texts, talks, DESK, SILENT], disposition="") == [[1, 2, 3]]
    assert turns([texts, talks], disposition="proxy") == [[1]]
    assert turns([texts, talks], accept='*;methods="MESSAGE"') == [[0], [1]], "it has said what it wants"
    assert turns([target(';methods=""'), target(";methods")]) == [[0, 1]], "which says nothing of methods"
    assert Preferences().turns([texts, talks, SILENT], "MESSAGE") == [[texts, SILENT]]


def test_section_7_2_2_1_a_text_waits_for_a_telephone_that_takes_it() -> None:
    office = Office()
    desk = registered(office, "192.0.2.61", ';methods="INVITE,ACK,BYE,CANCEL"')
    office.changes()
    sender = Phone(office, "6002", host="192.0.2.70")
    sender.proved(sender.request("MESSAGE", "sip:6001@192.0.2.1", body=b"Come"))
    assert sender.statuses() == [202] and desk.messages() == []
    mobile = Phone(office, host="192.0.2.62")
    contact = ("Contact", '<sip:6001@192.0.2.62:5070>;methods="MESSAGE"')
    mobile.proved(mobile.request("REGISTER", "sip:192.0.2.1", headers=(contact,), call_id="register"))
    _, text = mobile.messages()
    assert text.body == b"Come" and desk.messages() == []


@pytest.mark.parametrize(
    "disposition", ["proxy", "redirect", "cancel", "no-cancel", "fork", "recurse", "queue", "no-queue", "x-new"]
)
def test_section_9_1_what_is_as_it_is_anyway_or_ours_to_say_changes_nothing(disposition: str) -> None:
    targets = [DESK, VIDEO, target(";audio", q=300)]
    assert turns(targets, disposition=disposition) == turns(targets) == [[0, 1], [2]]


def test_section_7_1_a_caller_that_wants_to_be_redirected_or_none_cancelled_is_called_for_all_the_same() -> None:
    """Addresses behind NAT are of no use to a caller, and no telephone is to ring on for nobody: local policy."""
    office = Office()
    desk, mobile = (registered(office, host, ";audio") for host in ("192.0.2.61", "192.0.2.62"))
    office.heard()
    caller = Phone(office, "6002", host="192.0.2.70")
    caller.invite("6001", headers=(("Request-Disposition", "redirect, no-cancel"),), body=session_description())
    (offered,) = office.events()
    assert isinstance(offered, Offered) and caller.statuses() == [100]
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("6002"), dict(offered.variables)))
    desk.reply(desk.arrived(), 180)
    mobile.reply(mobile.arrived(), 200, body=session_description())
    assert [message.method for message in desk.messages() if isinstance(message, Request)] == ["CANCEL"]


def test_rfc_3840_section_9_what_a_contact_says_that_it_can() -> None:
    contact = NameAddr.parse('<sip:a@b>;expires=5;q=0.3;audio;+sip.instance="<urn:uuid:1>";tag=x;Methods="INVITE"')
    assert str(features_of(contact)) == ';audio;+sip.instance="<urn:uuid:1>";Methods="INVITE"'
    many = ";".join(f"+x{place}" for place in range(MOST + 1))
    assert str(features_of(NameAddr.parse(f"<sip:a@b>;{many}"))) == ""


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_preference_crashes(accept: str, reject: str, disposition: str) -> None:
    turns([DESK, VIDEO, SILENT], accept=f"*;{accept}", reject=f"*;{reject}", disposition=disposition)


# In an office.


def registered(office: Office, host: str, features: str) -> Phone:
    phone = Phone(office, host=host)
    contact = ("Contact", f"<sip:6001@{host}:5070>{features}")
    phone.proved(phone.request("REGISTER", "sip:192.0.2.1", headers=(contact,), call_id=f"register-{host}"))
    assert features in str(phone.response().contacts[-1])
    return phone


def test_a_callers_preferences_choose_among_the_telephones_of_whom_it_calls() -> None:
    office = Office()
    desk = registered(office, "192.0.2.61", ";audio")
    mobile = registered(office, "192.0.2.62", ";audio;mobility=mobile")
    office.heard()
    caller = Phone(office, "6002", host="192.0.2.70")
    wish = (
        ("Accept-Contact", "*;mobility=mobile;require;explicit"),
        ("j", "*;video"),
        ("Request-Disposition", "no-recurse"),
    )
    caller.invite("6001", headers=wish)
    (offered,) = office.events()
    assert isinstance(offered, Offered)
    office.command(
        office.stack.channel("6001", office.clock.now), Dial("6001", Party("6002"), dict(offered.variables))
    )
    invite = mobile.arrived()
    assert desk.messages() == []
    assert [invite.headers.get(name) for name, _ in wish] == [value for _, value in wish]
    moved = invite.reply(302, to_tag="below")
    moved.headers.set("Contact", "<sip:6002@192.0.2.1>")
    mobile.send(moved)
    assert isinstance(office.events()[-1], Released)


def test_where_no_telephone_is_left_the_call_fails() -> None:
    office = Office()
    desk = registered(office, "192.0.2.61", ";audio")
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101"), {PREFERENCES[1]: "*;audio"}))
    assert not [message for message in desk.messages() if isinstance(message, Request)]
    (released,) = [event for event in office.events() if isinstance(event, Released)]
    assert int(released.ending.cause) == 20
    office.quiet()


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (("Accept-Contact", "*;mobility=mobile;require;explicit"), ["mobile"]),
        (("Reject-Contact", "*;mobility=mobile"), ["desk"]),
        (("Request-Disposition", "no-fork"), ["desk"]),
        (("Accept-Contact", "*;video;require;explicit"), []),
    ],
)
def test_a_texts_preferences_choose_among_the_telephones_of_whom_it_is_for(
    wish: tuple[str, str], expected: list[str]
) -> None:
    office = Office()
    phones = {
        "desk": registered(office, "192.0.2.61", ";audio"),
        "mobile": registered(office, "192.0.2.62", ";audio;mobility=mobile"),
    }
    office.changes()
    sender = Phone(office, "6002", host="192.0.2.70")
    sender.proved(sender.request("MESSAGE", "sip:6001@192.0.2.1", headers=(wish,), body=b"Come"))
    heard = {name: phone.messages() for name, phone in phones.items()}
    assert [name for name, messages in heard.items() if messages] == expected
    for name in expected:
        (onward,) = heard[name]
        assert isinstance(onward, Request) and onward.headers.get(wish[0]) == wish[1]
        phones[name].reply(onward, 200, contact=False)
    assert sender.statuses() == ([200] if expected else [480])
    office.quiet()


def test_a_text_with_preferences_waits_for_no_other_telephone() -> None:
    office = Office()
    mobile = registered(office, "192.0.2.62", ";audio;mobility=mobile")
    office.changes()
    sender = Phone(office, "6002", host="192.0.2.70")
    wish = ("Accept-Contact", "*;mobility=mobile;require;explicit")
    sender.proved(sender.request("MESSAGE", "sip:6001@192.0.2.1", headers=(wish,), body=b"Come"))
    assert mobile.arrived().body == b"Come"
    office.wait(10.1)
    assert sender.statuses() == [480]
    assert len(office.stack.messages) == 0
