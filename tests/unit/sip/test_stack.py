"""The stack as a whole: what it refuses and with which words, strangers, overload, and what it leaves behind."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import LocalError, RemoteError
from gateway.core.messages import Answer, Dial, EarlyMedia, Hangup, Offered
from gateway.core.number import Party
from gateway.sip.config import SipConfig
from gateway.sip.digest import Algorithm, Challenge
from gateway.sip.message import Request, Response
from gateway.sip.refusals import AccessRefused
from tests.support.sip import SERVER, Office, Phone, ScriptedRow, session_description

CLEAR = Ending(Cause.NORMAL_CLEARING, "the dialplan", Act.HUNG_UP, "the end of the extension")


def asked(
    office: Office, method: str, *headers: tuple[str, str], uri: str | None = None, body: bytes = b""
) -> Response:
    """The response to one request."""
    phone = Phone(office)
    phone.send(phone.request(method, uri, headers=headers, body=body))
    return phone.response()


def test_options_tells_what_we_can() -> None:
    response = asked(Office(), "OPTIONS")
    assert response.status == 200 and response.to.tag
    assert response.headers.get("Allow") == (
        "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, "
        "REFER"
    )
    told = [response.headers.get(name) for name in ("Accept", "Accept-Encoding", "Accept-Language")]
    assert told == ["application/sdp", "identity", "en"], "section 11.2"
    assert response.headers.get("Allow-Events") == "conference, dialog, message-summary, presence, refer, reg"
    assert (
        response.headers.get("Supported")
        == "100rel, timer, replaces, join, norefersub, nosub, tdialog, from-change"
    )


def test_a_method_that_we_do_not_know_is_refused_with_those_that_we_do() -> None:
    response = asked(Office(), "NEWMETHOD")
    assert response.status == 501 and "INVITE" in (response.headers.get("Allow") or "")


@pytest.mark.parametrize("algorithms", [(Algorithm.MD5,), (Algorithm.SHA_256, Algorithm.MD5)])
def test_the_digests_that_are_configured_are_offered_and_no_other(algorithms: tuple[Algorithm, ...]) -> None:
    response = asked(Office(SipConfig(algorithms=algorithms)), "REGISTER")
    challenges = [Challenge.parse(value) for value in response.headers.all("WWW-Authenticate")]
    assert [challenge.algorithm for challenge in challenges] == list(algorithms)


def test_a_number_with_line_ends_in_it_is_400() -> None:
    assert asked(Office(), "INVITE", uri="sip:1%0d%0aFORGED@192.0.2.1").status == 400


@pytest.mark.parametrize("uri", ["urn:service:sos", "URN:service:SOS", "urn:service:sos.fire"])
@pytest.mark.parametrize("number", ["112", ""])
def test_rfc_5031_section_4_2_a_call_for_help_is_for_the_number_that_does_it_here(uri: str, number: str) -> None:
    office = Office(SipConfig(help=number))
    phone = Phone(office)
    phone.proved(phone.request("INVITE", uri, to=f"<{uri}>", body=session_description()))
    assert [event.called for event in office.events() if isinstance(event, Offered)] == ([number] if number else [])
    assert phone.response().status == (100 if number else 416)


@pytest.mark.parametrize("uri", ["urn:service:sosx", "urn:service:counseling"])
def test_rfc_5031_section_4_2_other_services_are_416(uri: str) -> None:
    assert asked(Office(SipConfig(help="112")), "INVITE", uri=uri).status == 416
    assert asked(Office(SipConfig(help="112")), "OPTIONS", uri="urn:service:sos").status == 416


def test_a_strange_scheme_is_416() -> None:
    assert asked(Office(), "INVITE", uri="mailto:a@b.example").status == 416


def test_an_extension_that_we_lack_is_420() -> None:
    response = asked(Office(), "INVITE", ("Require", "100rel, precondition"))
    assert (response.status, response.headers.get("Unsupported")) == (420, "precondition")


def test_rfc_3261_8_2_2_3_an_ack_and_a_cancel_are_never_refused_for_what_they_require() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101", headers=(("Supported", "100rel"),))
    ((channel, _),) = office.heard()
    phone.messages()
    office.command(channel, EarlyMedia())
    progress = phone.response()
    rack = ("RAck", f"{progress.headers.get('RSeq')} {progress.cseq}")
    prack = phone.within(invite, progress, "PRACK", 3, headers=(rack, ("Require", "precondition")))
    phone.send(prack)
    assert phone.response().status == 420, "a PRACK is a request like others"
    phone.send(phone.within(invite, progress, "PRACK", 4, headers=(rack,)))
    assert phone.response().status == 200
    office.command(channel, Answer())
    ack = phone.ack(invite, phone.response())
    ack.headers.set("Require", "precondition")
    phone.send(ack)
    office.wait(40)
    assert phone.messages() == [], "the 200 is acknowledged"
    other = phone.invite("102", call_id="other")
    phone.messages()
    cancel = phone.request(
        "CANCEL", str(other.uri), call_id="other", branch=other.via.branch, number=other.cseq.number
    )
    cancel.headers.set("From", other.from_)
    cancel.headers.set("Require", "precondition")
    phone.send(cancel)
    assert sorted(phone.statuses()) == [200, 487]


@pytest.mark.parametrize(
    ("headers", "status", "told"),
    [
        ((("Content-Type", "text/plain"),), 415, "Accept"),
        ((("Content-Type", "application/sdp"), ("Content-Encoding", "gzip")), 415, "Accept-Encoding"),
        ((("Content-Type", "application/sdp"), ("Content-Encoding", "Identity")), 401, None),
        ((("Content-Type", "application/sdp"), ("Content-Disposition", "early-session")), 415, "Accept"),
        (
            (("Content-Type", "application/sdp"), ("Content-Disposition", "early-session;handling=Optional")),
            401,
            None,
        ),
        ((("Content-Type", "application/sdp"), ("Content-Disposition", "Session;handling=required")), 401, None),
        ((("Content-Type", "nonsense"),), 400, None),
        ((("Content-Type", "text/plain"), ("Content-Disposition", "icon;handling=optional")), 401, None),
        ((("Content-Type", "multipart/mixed;boundary=x"),), 401, None),
        ((("Content-Type", "multipart/mixed"),), 400, None),
    ],
)
def test_bodies_that_we_cannot_read_are_415(
    headers: tuple[tuple[str, str], ...], status: int, told: str | None
) -> None:
    response = asked(Office(), "INVITE", *headers, body=b"hello")
    assert response.status == status
    assert told is None or told in response.headers


@pytest.mark.parametrize(
    ("kind", "disposition", "status"),
    [
        ("mixed", "signal;handling=required", 415),
        ("mixed", "signal; handling=REQUIRED", 415),
        ("mixed", "signal;handling=optional", 401),
        ("mixed", "by-reference", 401),
        ("alternative", "signal;handling=required", 401),
        ("mixed", ";;", 400),
    ],
)
def test_rfc_5621_5_3_a_part_that_must_be_understood_and_is_not_is_415(
    kind: str, disposition: str, status: int
) -> None:
    parts = [
        b"--b\r\nContent-Type: application/sdp\r\n\r\n" + session_description(),
        b"--b\r\nContent-Type: application/isup\r\nContent-Disposition: " + disposition.encode() + b"\r\n\r\n\1\2",
        b"--b--",
    ]
    response = asked(Office(), "INVITE", ("Content-Type", f"multipart/{kind};boundary=b"), body=b"\r\n".join(parts))
    assert response.status == status
    assert (response.headers.get("Accept") == "application/sdp") is (status == 415)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Content-Disposition: session;handling=required", 401),
        ("Content-Disposition: early-session;handling=required", 415),
        ("Content-Encoding: gzip\r\nContent-Disposition: session;handling=required", 415),
        ("Content-Encoding: gzip", 401),
    ],
)
def test_rfc_5621_5_3_a_description_that_must_be_understood_and_cannot_be_is_415(header: str, status: int) -> None:
    body = f"--b\r\nContent-Type: application/sdp\r\n{header}\r\n\r\nv=0\r\n--b--".encode()
    assert asked(Office(), "INVITE", ("Content-Type", "multipart/mixed;boundary=b"), body=body).status == status


@pytest.mark.parametrize("method", ["INVITE", "MESSAGE"])
def test_what_we_pass_on_and_has_gone_too_far_is_483(method: str) -> None:
    phone = Phone(Office())
    request = phone.request(method)
    request.headers.set("Max-Forwards", "0")
    phone.send(request)
    assert phone.response().status == 483


@pytest.mark.parametrize(
    ("came", "goes"), [("70", "69"), ("7", "6"), ("1", "0"), ("255", "70"), (None, "70"), ("4294967295", "70")]
)
def test_rfc_7332_section_3_a_call_that_goes_through_us_has_one_hop_less(came: str | None, goes: str) -> None:
    office = Office()
    bert = Phone(office, "6002", host="192.0.2.61")
    bert.register()
    office.events()
    phone = Phone(office)
    invite = phone.request("INVITE", body=session_description())
    if came is None:
        invite.headers.remove("Max-Forwards")
    else:
        invite.headers.set("Max-Forwards", came)
    phone.proved(invite)
    (offered,) = office.events()
    assert isinstance(offered, Offered)
    channel = office.stack.channel("6002", office.clock.now)
    office.command(channel, Dial("6002", Party("6001"), dict(offered.variables)))
    assert bert.arrived().headers.get("Max-Forwards") == goes


@pytest.mark.parametrize("hops", ["", "many", "-3", "9" * 5000, "\N{SUPERSCRIPT TWO}"])
def test_hops_that_a_dialplan_has_set_to_nonsense_are_70(hops: str) -> None:
    office = Office()
    bert = Phone(office, "6002", host="192.0.2.61")
    bert.register()
    channel = office.stack.channel("6002", office.clock.now)
    office.command(channel, Dial("6002", Party("6001"), {"HOPS_LEFT": hops}))
    assert bert.arrived().headers.get("Max-Forwards") == "70"


def test_the_same_request_by_two_ways_is_482() -> None:
    office = Office()
    phone = Phone(office)
    proved = phone.invite("101")
    other = proved.headers.copy()
    other.set("Via", str(proved.via).replace("z9hG4bK", "z9hG4bKother"))
    phone.send(Request("INVITE", proved.uri, headers=other, body=proved.body))
    assert phone.statuses() == [100, 482]


@pytest.mark.parametrize("method", ["BYE", "INFO", "INVITE"])
def test_a_request_of_a_dialog_that_is_not_is_481(method: str) -> None:
    office = Office()
    phone = Phone(office)
    phone.send(phone.request(method, to="<sip:101@192.0.2.1>;tag=gone"))
    assert phone.response().status == 481


@pytest.mark.parametrize("method", ["INVITE", "BYE", "INFO", "NOTIFY"])
def test_rfc_3261_12_2_2_who_invents_a_dialog_needs_no_transaction_and_is_answered_as_often_as_it_asks(
    method: str,
) -> None:
    office = Office(SipConfig(transactions=0))  # there is no room for any
    phone = Phone(office)
    request = phone.request(method, to="<sip:6001@192.0.2.1>;tag=invented", call_id="invented")
    answers = []
    for _ in range(3):
        phone.send(request)
        answers.append(phone.response())
    assert {answer.summary for answer in answers} == {"481 Call/Transaction Does Not Exist"}
    assert {(answer.to.tag, answer.via.rport, answer.via.received) for answer in answers} == {
        ("invented", phone.port, phone.host)
    }
    office.quiet()


def test_a_bye_that_is_repeated_after_the_end_of_its_dialog_has_its_200_again() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101")
    channel = next(leg for leg, event in office.heard() if isinstance(event, Offered))
    phone.messages()
    office.command(channel, Answer())
    ok = phone.response()
    phone.send(phone.ack(invite, ok))
    bye = phone.within(invite, ok, "BYE", 3)
    for _ in range(2):
        phone.send(bye)
        assert phone.response().status == 200
    phone.send(phone.within(invite, ok, "BYE", 4))
    assert phone.response().status == 481
    office.quiet()


def test_a_bye_without_a_dialog_is_481_and_an_ack_is_never_answered() -> None:
    office = Office()
    phone = Phone(office)
    phone.send(phone.request("BYE"))
    assert phone.response().status == 481
    phone.send(phone.request("ACK", to="<sip:101@192.0.2.1>;tag=gone"))
    phone.send(phone.request("ACK", number=2))
    assert phone.messages() == []


def test_what_does_not_parse_but_can_be_answered_is_400() -> None:
    office = Office()
    phone = Phone(office)
    data = phone.request("INVITE").serialise()
    phone.send(data.replace(b"Contact: <sip:", b"Contact: <sip"))
    refusal = phone.response()
    assert refusal.status == 400 and refusal.call_id == "call@192.0.2.60"
    phone.send(data.replace(b"SIP/2.0\r\nVia", b"SIP/7.0\r\nVia", 1))
    assert phone.response().status == 505
    for silent in (b"\r\n\r\n", b"\0", b"hello", b"SIP/2.0 2xx\r\n\r\n", data.replace(b"Via:", b"Vie:")):
        phone.send(silent)
    phone.send(phone.request("ACK").serialise().replace(b"CSeq: 1", b"CSeq: one"))
    assert phone.messages() == []


def test_garbage_is_noted_with_where_it_came_from() -> None:
    office = Office()
    Phone(office).send(b"hello")
    (note,) = office.recorder.story("SIP")
    assert "from udp:192.0.2.60:5070" in note.text and note.detail == "hello"


def test_a_stranger_who_calls_is_asked_for_a_password_and_gets_no_leg() -> None:
    office = Office()
    phone = Phone(office, "mallory")
    invite = phone.request("INVITE", body=session_description())
    phone.send(invite)
    challenge = phone.response()
    phone.send(phone.ack(invite, challenge))
    phone.send(phone.with_proof(invite, challenge, "guess"))
    assert phone.response().status == 403
    assert office.events() == [] and office.desk.rows == []
    office.quiet()


def test_a_repeated_invite_makes_one_leg() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101")
    phone.send(invite)
    phone.send(invite)
    assert phone.statuses() == [100, 100, 100]
    assert len(office.events()) == 1


def test_an_invite_without_contact_makes_no_leg() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.request("INVITE", body=session_description())
    invite.headers.remove("Contact")
    phone.proved(invite)
    assert phone.response().status == 400
    assert office.desk.rows == []


def test_when_rows_run_out_callers_are_asked_to_wait_and_the_operator_is_told() -> None:
    office = Office(rows=0)
    phone = Phone(office)
    phone.invite("101")
    refusal = phone.response()
    assert refusal.status == 503 and refusal.headers.get("Retry-After")
    told = [(event.user, event.why) for event in office.changes() if isinstance(event, AccessRefused)]
    assert told == [("6001", "all 0 rows are in use")]
    office.quiet()


def test_where_no_audio_can_be_opened_no_call_is_left_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    why = "RTP cannot be received on 192.0.2.1: Cannot assign requested address"

    def refuse(local_address: str) -> ScriptedRow:
        raise LocalError(why)

    office = Office()
    phone = Phone(office)
    phone.register()
    monkeypatch.setattr(office.desk, "rtp", refuse)
    phone.invite("101")
    assert phone.response().status == 503
    assert why in [event.why for event in office.changes() if isinstance(event, AccessRefused)]
    with pytest.raises(RemoteError, match="Cannot assign") as refused:
        office.stack.channel("6001", office.clock.now)
    assert refused.value.cause is Cause.RESOURCE_UNAVAILABLE


def test_when_transactions_run_out_requests_are_asked_to_wait() -> None:
    office = Office(SipConfig(transactions=2))
    phone = Phone(office)
    for number in range(2):
        phone.register(call_id=f"c{number}", number=1 + 2 * number)
    phone.send(phone.request("REGISTER", f"sip:{SERVER[0]}", call_id="c3"))
    refusal = phone.response()
    assert refusal.status == 503 and refusal.headers.get("Retry-After")
    office.quiet()


def test_rfc_3261_26_3_2_4_who_has_proved_nothing_is_answered_once_and_takes_no_room() -> None:
    office = Office()
    stranger = Phone(office, host="203.0.113.66")
    invite = stranger.request("INVITE", "sip:101@192.0.2.1", body=session_description())
    stranger.send(invite)
    challenge = stranger.response()
    assert challenge.status == 401 and office.stack.usage()["transactions"] == 0
    stranger.send(invite)
    again = stranger.response()
    assert again.to.tag == challenge.to.tag, "8.2.7: the same tag for the same request"
    office.wait(64)
    assert stranger.messages() == [], "a forged address would get what is repeated"


@pytest.mark.parametrize(
    ("method", "status"), [("INVITE", 401), ("OPTIONS", 200), ("BYE", 481), ("CANCEL", 481), ("FOO", 501)]
)
def test_strangers_do_not_take_the_room_of_those_who_talk(method: str, status: int) -> None:
    office = Office(SipConfig(transactions=8))
    ann = Phone(office)
    invite = ann.invite("101")
    ((channel, _),) = office.heard()
    office.command(channel, Answer())
    *_, ok = ann.messages()
    assert isinstance(ok, Response)
    ann.send(ann.ack(invite, ok))
    stranger = Phone(office, host="203.0.113.66")
    for number in range(50):
        to = "<sip:6001@192.0.2.1>;tag=invented" if method == "BYE" else "<sip:6001@192.0.2.1>"
        stranger.send(stranger.request(method, to=to, call_id=f"c{number}"))
        assert stranger.response().status == status
    ann.send(ann.within(invite, ok, "BYE", invite.cseq.number + 1))
    assert ann.statuses() == [200]


@pytest.mark.parametrize(
    ("uri", "called"),
    [
        ("sip:101@192.0.2.1", "101"),
        ("sip:%31%30%31@192.0.2.1", "101"),
        ("tel:+1-256-555-0100", "+12565550100"),
        ("sip:192.0.2.1", "s"),
    ],
)
def test_the_request_line_says_who_is_called(uri: str, called: str) -> None:
    office = Office()
    phone = Phone(office)
    phone.proved(phone.request("INVITE", uri, body=session_description()))
    (event,) = office.events()
    assert isinstance(event, Offered) and event.called == called


def test_an_offer_inside_a_multipart_is_found() -> None:
    office = Office()
    phone = Phone(office)
    body = b"--x\r\nContent-Type: application/sdp\r\n\r\n" + session_description() + b"\r\n--x--\r\n"
    phone.proved(phone.request("INVITE", headers=(("Content-Type", "multipart/mixed;boundary=x"),), body=body))
    assert office.desk.rows[0].remotes[0][:2] == ("192.0.2.60", 40000)


def test_many_calls_come_and_go_and_leave_nothing() -> None:
    office = Office()
    phones = [Phone(office, f"600{1 + index % 3}", host=f"192.0.2.{60 + index}") for index in range(30)]
    for index, phone in enumerate(phones):
        invite = phone.invite("101", tag=f"f{index}")
        ((channel, _),) = office.heard()
        if index % 3 == 0:
            continue
        office.command(channel, Answer() if index % 3 == 1 else Hangup(CLEAR))
        last = phone.messages()[-1]
        assert isinstance(last, Response)
        if index % 2:
            phone.send(phone.ack(invite, last))
    assert office.stack.usage()["channels"] == 20
    office.wait(40)
    for phone in phones[::3]:
        office.stack.lost(phone.flow, office.clock.now)
    office.drain()
    assert office.stack.usage()["channels"] == sum(index % 3 == 1 and index % 2 == 1 for index in range(30))
    for index, phone in enumerate(phones):
        if index % 3 == 1 and index % 2:
            office.stack.lost(phone.flow, office.clock.now)
    office.drain()
    office.quiet()


INVITE = Phone(Office()).request("INVITE", body=session_description()).serialise()


@given(st.integers(0, len(INVITE)), st.integers(0, 30), st.binary(max_size=20))
@settings(max_examples=150, deadline=None)
def test_mangled_requests_never_raise_and_never_get_a_leg(at: int, cut: int, noise: bytes) -> None:
    office = Office()
    phone = Phone(office)
    phone.send(INVITE[:at] + noise + INVITE[at + cut :])
    assert office.events() == []
    office.wait(100)
    assert office.stack.usage() == dict.fromkeys(office.stack.usage(), 0)


@given(st.integers(0, 600), st.integers(0, 30), st.binary(max_size=20), st.sampled_from(["INVITE", "INFO", "BYE"]))
@settings(max_examples=60, deadline=None)
def test_mangled_requests_of_a_call_never_raise(at: int, cut: int, noise: bytes, method: str) -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101")
    ((channel, _),) = office.heard()
    phone.messages()
    office.command(channel, Answer())
    ok = phone.response()
    phone.send(phone.ack(invite, ok))
    data = phone.within(invite, ok, method, 3, session_description()).serialise()
    phone.send(data[:at] + noise + data[at + cut :])
    office.wait(40)
    office.command(channel, Hangup(CLEAR))
    office.quiet()


@given(st.binary(max_size=60), st.sampled_from([180, 183, 200, 401, 486]), st.integers(0, 300), st.integers(0, 30))
@settings(max_examples=60, deadline=None)
def test_mangled_responses_never_raise(noise: bytes, status: int, at: int, cut: int) -> None:
    office = Office()
    phone = Phone(office)
    phone.register()
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101")))
    invite = phone.arrived()
    response = invite.reply(status, to_tag="x")
    response.headers.set("Contact", "<sip:6001@192.0.2.60>")
    response.headers.set("Content-Type", "application/sdp")
    response.body = session_description()
    data = response.serialise()
    phone.send(data[:at] + noise + data[at + cut :])
    office.wait(1)
    office.command(channel, Hangup(CLEAR))
    office.wait(200)
    office.command(channel, Hangup(CLEAR))
    assert office.desk.open == 0


def test_what_is_turned_away_or_comes_to_nothing_is_counted() -> None:
    office = Office(SipConfig(transactions=0))
    phone = Phone(office)
    phone.send(phone.request("OPTIONS").reply(200, to_tag="x"))
    phone.send(phone.request("OPTIONS"))
    assert phone.response().status == 503
    assert office.stack.totals() == {
        "requests over the rate": 0,
        "requests without room": 1,
        "responses to nothing": 1,
    }
