"""Why two people do not hear each other: within five seconds one sentence with the hop and the address."""

from __future__ import annotations

from errno import EACCES, EMSGSIZE, ENETUNREACH, EPERM

import pytest

from gateway.core.audio import AudioStats, Ceased, Silent
from gateway.core.cause import Cause
from gateway.core.hindrances import Hindrances
from gateway.core.messages import Answer, Dial, Offered, Released
from gateway.core.number import Party
from gateway.sip.channel import SipChannel
from gateway.sip.config import SipConfig
from gateway.sip.diagnosis import Troubled, rewritten
from gateway.sip.headers import Via
from gateway.sip.message import Request, Response
from gateway.sip.outfit import LegsConfig
from gateway.sip.transport import Flow
from gateway.sip.watch import Patience
from tests.support.sip import SERVER, Office, Phone, ScriptedRow, session_description

PUBLIC = "8.8.4.4"
HOME = "192.168.1.5"


def troubles(office: Office) -> list[str]:
    return [event.text for event in office.changes() if isinstance(event, Troubled)]


def counts(office: Office, **counted: int) -> None:
    """As a plane counts on the leg's row."""
    row: ScriptedRow = office.desk.rows[-1]
    row.stats = lambda: AudioStats(**counted)  # type: ignore[method-assign, arg-type]  # counters that are integers


def hears(office: Office, packets: int = 0) -> None:
    counts(office, received=packets)


def hinders(office: Office, **counted: int | tuple[str, int]) -> None:
    """As a plane counts what it does not take, and cannot send."""
    office.desk.rows[-1].hindered = Hindrances(**counted)  # type: ignore[arg-type]  # as Hindrances has them


def answered(office: Office, phone: Phone, announced: str) -> SipChannel:
    """A call that came in and was answered, and acknowledged."""
    invite = phone.invite("6002", body=session_description(address=announced))
    ((channel, offered),) = office.heard()
    assert isinstance(offered, Offered)
    hears(office)
    office.command(channel, Answer())
    *_, ok = phone.messages()
    phone.send(phone.ack(invite, ok))  # type: ignore[arg-type]  # the 200
    return channel


@pytest.mark.parametrize(
    ("source", "announced", "said"),
    [
        (
            "192.0.2.60",
            "192.0.2.60",
            "it sends none from 192.0.2.60:40000, or a firewall on the way to UDP port 20000 here drops it",
        ),
        (
            "192.0.2.60",
            HOME,
            "its session description names 192.168.1.5:40000, a private address, its messages come from "
            "192.0.2.60: the NAT at 192.0.2.60 lets no audio out to UDP port 20000 here",
        ),
        (
            PUBLIC,
            HOME,
            "it was told to send to 192.0.2.1, a private address that 8.8.4.4 cannot reach; set sip.advertised",
        ),
    ],
)
def test_a_leg_that_hears_nothing_is_told_with_the_hop(source: str, announced: str, said: str) -> None:
    office = Office()
    channel = answered(office, Phone(office, host=source), announced)
    office.wait(4)
    assert troubles(office) == []
    office.wait(1)
    (sentence,) = troubles(office)
    assert sentence.startswith("no audio from account 6001 has come to 192.0.2.1:20000 for 4.5 s: ")
    assert said in sentence
    assert office.stack.troubles() == {channel.name: sentence}
    assert sentence in [note.text for note in office.recorder.story(channel.name)]
    office.wait(60)
    assert troubles(office) == [], "once is enough"


def test_two_addresses_that_differ_point_to_an_alg_or_a_media_server() -> None:
    office = Office(SipConfig(advertised="9.9.9.9"))
    answered(office, Phone(office, host=PUBLIC), "8.8.8.8")
    office.wait(5)
    assert "a SIP ALG has rewritten one of the two, or its media server 8.8.8.8 is kept" in troubles(office)[0]


@pytest.mark.parametrize(
    ("hindered", "said"),
    [
        (
            {"misfits": 200, "payload_type": 8, "source": ("192.0.2.60", 40000)},
            "200 packets came from 192.0.2.60:40000 in payload type 8 (PCMA), where 0 (PCMU) was agreed: it does "
            "not keep to what it has said; leave it one codec in its settings",
        ),
        (
            {"misfits": 200, "payload_type": 98, "source": ("192.0.2.60", 40000)},
            "200 packets came from 192.0.2.60:40000 in payload type 98, where 0 (PCMU) was agreed: it does not "
            "keep to what it has said; leave it one codec in its settings",
        ),
        (
            {"forged": 200},
            "200 packets came that the key in its session description has not encrypted: it uses another, or none, "
            "or something between has changed it (a=crypto)",
        ),
        (
            {"strangers": 200, "source": ("198.51.100.7", 9)},
            "200 packets came from 198.51.100.7:9 instead, which are not taken: it is somebody else, or its NAT "
            "has another public address; then it is heard again once it registers from there",
        ),
        ({}, "200 packets came that are no audio, or not in the codec that was agreed"),
    ],
)
def test_packets_that_are_refused_are_told_by_what_is_wrong_with_them(
    hindered: dict[str, int | tuple[str, int]], said: str
) -> None:
    office = Office()
    answered(office, Phone(office), "192.0.2.60")
    hinders(office, refused=200, **hindered)
    office.wait(5)
    assert troubles(office) == [f"no audio from account 6001 has come to 192.0.2.1:20000 for 4.5 s: {said}"]


def test_a_few_stray_packets_explain_nothing() -> None:
    office = Office()
    answered(office, Phone(office), "192.0.2.60")
    hinders(office, refused=20, misfits=7, strangers=9, source=("198.51.100.7", 9))
    office.wait(5)
    assert "it sends none from 192.0.2.60:40000, or a firewall" in troubles(office)[0]


def test_packets_refused_because_nothing_is_learned_are_told_with_the_setting() -> None:
    office = Office(symmetric=False)
    answered(office, Phone(office), "192.0.2.60")
    assert office.desk.rows[0].strict
    hinders(office, refused=200, strangers=200, source=("198.51.100.7", 9))
    office.wait(5)
    assert troubles(office)[0].endswith(
        ": 200 packets came from 198.51.100.7:9 and none from 192.0.2.60:40000, and rtp_symmetric = false takes "
        "none but those"
    )


@pytest.mark.parametrize(
    ("announced", "said"),
    [
        (
            "0.0.0.0",
            "its session description names 0.0.0.0: it has put the call on hold from the beginning, or does not "
            "know its own address",
        ),
        (
            "127.0.0.1",
            "its session description names 127.0.0.1:40000, which is within its own machine: it does not know its "
            "own address; set that in its network settings",
        ),
    ],
)
def test_a_telephone_that_does_not_know_its_own_address_is_no_matter_of_a_nat(announced: str, said: str) -> None:
    """RFC 3264 section 8.4: 0.0.0.0 once meant hold."""
    office = Office()
    answered(office, Phone(office), announced)
    office.wait(5)
    assert troubles(office) == [f"no audio from account 6001 has come to 192.0.2.1:20000 for 4.5 s: {said}"]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ENETUNREACH, "this machine has no route there; look at its networks, and its VPN"),
        (EPERM, "a firewall of this machine forbids it"),
        (EACCES, "this machine may not: it is a broadcast address, or its routes prohibit it"),
        (EMSGSIZE, "Message too long"),
    ],
)
def test_what_this_machine_cannot_send_is_its_own_fault(error: int, why: str) -> None:
    office = Office()
    answered(office, Phone(office), "192.0.2.60")
    hears(office, packets=200)
    hinders(office, unsent=225, error=error)
    office.wait(20)
    assert troubles(office) == [
        "account 6001 hears nothing: no audio leaves 192.0.2.1:20000 for 192.0.2.60:40000: nothing can be sent "
        f"there from here, since {why}"
    ]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("recvonly", "sends no audio: that is how its session description began the call (a=recvonly)"),
        ("sendonly", "wants to hear nothing: that is how its session description began the call (a=sendonly)"),
        ("inactive", "neither sends audio nor wants any: that is how its session description began the call"),
    ],
)
def test_rfc_3264_5_1_a_call_that_begins_one_way_is_told_until_that_changes(written: str, said: str) -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("6002", body=session_description(lines=(f"a={written}",)))
    ((channel, _),) = office.heard()
    office.command(channel, Answer())
    ok = phone.messages()[-1]
    assert isinstance(ok, Response)
    phone.send(phone.ack(invite, ok))
    hears(office, packets=200)
    office.wait(5)
    (told,) = troubles(office)
    assert told.startswith(f"account 6001 {said}")
    again = phone.within(invite, ok, "INVITE", invite.cseq.number + 1, session_description())
    phone.send(again)
    phone.send(phone.ack(again, phone.messages()[-1]))  # type: ignore[arg-type]  # the 200
    assert troubles(office) == ["the audio of account 6001 goes another way now: sendrecv"]
    assert office.stack.troubles() == {}
    hears(office, packets=400)
    office.wait(20)
    assert troubles(office) == []


DEAF = "account 6001 hears nothing: it reports (RTCP) that none of 150 packets from {} to {} has come: "


@pytest.mark.parametrize(
    ("advertised", "source", "announced", "why"),
    [
        (
            "",
            "192.0.2.60",
            "192.0.2.60",
            "the NAT or a firewall at 192.0.2.60 lets nothing in from UDP port 20000 here",
        ),
        (
            "9.9.9.9",
            PUBLIC,
            PUBLIC,
            "what leaves 192.0.2.1 here by UDP port 20000 may leave 9.9.9.9 by another one, which the NAT or "
            "firewall at 8.8.4.4 does not let in; map rtp_ports with the numbers that they have",
        ),
        (
            "",
            PUBLIC,
            "8.8.8.8",
            "its messages come from 8.8.4.4: 8.8.8.8 is a media server whose firewall keeps us out, or a SIP ALG "
            "at 8.8.4.4 has written it",
        ),
    ],
)
def test_rfc_3550_6_4_1_a_leg_that_reports_to_hear_nothing_is_told_with_the_hop(
    advertised: str, source: str, announced: str, why: str
) -> None:
    office = Office(SipConfig(advertised=advertised))
    channel = answered(office, Phone(office, host=source), announced)
    counts(office, received=225, sent=225, far_told=150)
    office.wait(4)
    assert troubles(office) == []
    office.wait(1)
    sentence = DEAF.format(f"{advertised or '192.0.2.1'}:20000", f"{announced}:40000") + why
    assert troubles(office) == [sentence]
    assert office.stack.troubles() == {channel.name: sentence}
    office.wait(60)
    assert troubles(office) == [], "once is enough"


def test_who_neither_sends_nor_hears_anything_is_told_in_one_sentence() -> None:
    office = Office()
    answered(office, Phone(office), "192.0.2.60")
    counts(office, sent=225, far_told=150)
    office.wait(5)
    (sentence,) = troubles(office)
    assert sentence.startswith("no audio from account 6001 has come to 192.0.2.1:20000 for 4.5 s: it sends none")
    assert sentence.endswith(
        "; it reports (RTCP) that none of 150 packets from 192.0.2.1:20000 to 192.0.2.60:40000 has come either"
    )


def test_a_first_report_that_comes_late_is_waited_for() -> None:
    office = Office()
    answered(office, Phone(office), "192.0.2.60")
    counts(office, received=225, sent=225)
    office.wait(5)
    assert troubles(office) == []
    counts(office, received=500, sent=500, far_told=310)
    office.wait(7)
    assert "none of 310 packets" in troubles(office)[0]


@pytest.mark.parametrize(
    "counted",
    [
        {"far_told": 200, "far_heard": 200},  # some had come
        {"far_told": 200, "far_heard": 160},  # and the latest may be on their way
        {"far_told": 30},  # it reported too early
        {"far_told": 0},  # it never reports
    ],
)
def test_reports_that_prove_nothing_are_passed_over(counted: dict[str, int]) -> None:
    office = Office()
    answered(office, Phone(office), "192.0.2.60")
    counts(office, received=225, sent=225, **counted)
    office.wait(20)
    assert troubles(office) == []


def test_what_was_sent_before_the_answer_need_not_have_come() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("6002", body=session_description())
    ((channel, _),) = office.heard()
    counts(office, sent=1000, far_told=1000)
    office.command(channel, Answer())
    phone.send(phone.ack(invite, phone.messages()[-1]))  # type: ignore[arg-type]  # the 200
    counts(office, received=225, sent=1225, far_told=1030)
    office.wait(20)
    assert troubles(office) == []


def test_a_leg_that_hears_is_left_alone_and_so_is_one_on_hold() -> None:
    office = Office()
    answered(office, Phone(office), "192.0.2.60")
    hears(office, packets=200)
    office.wait(5)
    assert troubles(office) == []

    call = Talking()
    call.hold("inactive")
    call.office.wait(20)
    assert troubles(call.office) == []


def silence(office: Office, seconds: float) -> None:
    """The plane tells once in each silence, 10 s after its beginning."""
    row: ScriptedRow = office.desk.rows[-1]
    assert row.listener is not None
    row.listener(Silent(seconds), office.clock.now)


def impatient(held: bool = False) -> tuple[Office, Phone, SipChannel]:
    office = Office(SipConfig(legs=LegsConfig(patience=Patience(60.0, 600.0))))
    phone = Phone(office)
    invite = phone.invite("6002", body=session_description(lines=("a=sendonly",) if held else ()))
    ((channel, _),) = office.heard()
    office.command(channel, Answer())
    phone.send(phone.ack(invite, phone.messages()[-1]))  # type: ignore[arg-type]  # the 200
    hears(office, packets=500)
    office.heard()
    return office, phone, channel


@pytest.mark.parametrize(("held", "seconds"), [(False, 60), (True, 600)])
def test_a_leg_that_has_fallen_silent_is_given_up_where_that_is_wished(held: bool, seconds: int) -> None:
    office, phone, channel = impatient(held)
    silence(office, 10.0)
    office.wait(seconds - 11)
    assert office.heard() == []
    office.wait(2)
    ((_, released),) = office.heard()
    assert isinstance(released, Released)
    assert released.ending.cause is Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE
    assert str(released.ending).startswith(
        f"account 6001 stopped responding (no audio has come from it for {seconds} s): "
    )
    assert phone.messages()[-1].method == "BYE"  # type: ignore[union-attr]  # a request
    assert channel.audio is None


def test_a_leg_that_speaks_again_is_kept_and_may_fall_silent_again() -> None:
    office, _, _ = impatient()
    silence(office, 10.0)
    office.wait(30)
    hears(office, packets=501)
    office.wait(300)
    assert office.heard() == []
    silence(office, 10.0)
    office.wait(51)
    assert [type(event) for _, event in office.heard()] == [Released]


def test_without_the_setting_a_silent_leg_is_kept() -> None:
    office = Office()
    phone = Phone(office)
    answered(office, phone, "192.0.2.60")
    silence(office, 10.0)
    office.wait(800)
    assert not any(isinstance(event, Released) for _, event in office.heard())


def test_an_ack_that_never_came_is_told_long_before_the_call_ends() -> None:
    office = Office()
    phone = Phone(office, host=PUBLIC)
    phone.invite("6002")
    ((channel, _),) = office.heard()
    hears(office, packets=500)
    office.command(channel, Answer())
    office.wait(4)
    (sentence,) = troubles(office)
    assert sentence == (
        "no ACK from account 6001 has come for 4 s: our 200 went to 8.8.4.4:5070 and asked for the ACK at "
        "192.0.2.1, a private address that it cannot reach; set sip.advertised to this machine's public address"
    )


def test_an_alg_that_rewrites_our_invite_is_named() -> None:
    office = Office()
    phone = Phone(office)
    phone.register()
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101")))
    invite = phone.arrived()
    invite.headers.set("Via", str(invite.via).replace("192.0.2.1:5060", "203.0.113.9:1024"))
    office.happened.clear()
    phone.reply(invite, 180)
    assert troubles(office) == [
        "something between here and 192.0.2.60:5070 rewrites SIP: our Via 192.0.2.1:5060 came back as "
        "203.0.113.9:1024; switch off the SIP ALG of the router"
    ]
    phone.reply(invite, 180)
    assert troubles(office) == []


def test_a_via_that_comes_back_as_sent_is_no_alg() -> None:
    flow = Flow("udp", SERVER, ("192.0.2.60", 5060))
    assert rewritten(flow, Via.parse("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;received=203.0.113.9")) == ""
    tls = Flow("tls", ("192.0.2.1", 0), ("192.0.2.60", 5061))
    assert rewritten(tls, Via.parse("SIP/2.0/TLS 192.0.2.1;branch=z9hG4bK1")) == ""


def test_peers_outside_are_told_the_public_address_and_those_inside_our_own() -> None:
    office = Office(SipConfig(advertised="9.9.9.9"))
    for host, told in ((PUBLIC, "9.9.9.9"), ("10.0.0.7", "192.0.2.1")):
        phone = Phone(office, host=host)
        phone.invite("6002", call_id=host)
        ((channel, _),) = office.heard()
        office.command(channel, Answer())
        *_, ok = phone.messages()
        assert f"c=IN IP4 {told}".encode() in ok.body
        assert f"@{told}:5060" in (ok.headers.get("Contact") or "")
        assert office.desk.rows[-1].address == "192.0.2.1", "the socket is where this machine really is"


REMOTE = ("192.0.2.60", 40000)
SILENT = (
    "account 6001 has fallen silent: no audio has come from 192.0.2.60:40000 to 192.0.2.1:20000 for 5 s, "
    "since 0:01:00 after the answer, "
)


class Talking:
    """A call that was answered, and whose audio came for a minute; 4 s ago it stopped."""

    def __init__(self, *, comfort_noise: bool = False) -> None:
        self.office = Office(comfort_noise=comfort_noise)
        self.phone = Phone(self.office)
        formats = "0 101 13" if comfort_noise else "0 101"
        self.invite = self.phone.invite("6002", body=session_description(formats=formats))
        ((self.channel, _),) = self.office.heard()
        hears(self.office)
        self.office.command(self.channel, Answer())
        self.ok = self.phone.messages()[-1]
        assert isinstance(self.ok, Response)
        self.phone.send(self.phone.ack(self.invite, self.ok))
        counts(self.office, received=200, sent=225, far_told=150, far_heard=150)
        self.office.wait(64)
        counts(self.office, received=3000, sent=3200, far_told=3000, far_heard=3000)
        self.office.desk.rows[-1].remote = REMOTE
        self.phone.messages()
        assert troubles(self.office) == []

    def hold(self, direction: str) -> None:
        """The telephone says so in a re-INVITE."""
        self.offer(session_description(lines=(f"a={direction}",)))

    def offer(self, description: bytes) -> None:
        """The telephone offers it in a re-INVITE."""
        assert isinstance(self.ok, Response)
        again = self.phone.within(self.invite, self.ok, "INVITE", self.invite.cseq.number + 1, description)
        self.phone.send(again)
        answer = self.phone.messages()[-1]
        assert isinstance(answer, Response) and answer.status == 200
        self.phone.send(self.phone.ack(again, answer))


def ceases(office: Office, reported: float | None = None, rejected: bool = False) -> None:
    """The plane tells it 4 s after the last packet."""
    row: ScriptedRow = office.desk.rows[-1]
    assert row.listener is not None
    row.listener(Ceased(4.2, reported, rejected), office.clock.now)
    office.drain()


def asked(phone: Phone) -> Request:
    request = phone.messages()[0]
    assert isinstance(request, Request) and request.method == "OPTIONS"
    return request


@pytest.mark.parametrize(
    ("reported", "rejected", "status", "why"),
    [
        (
            1.0,
            False,
            200,
            "its RTCP goes on, its signalling at 192.0.2.60 answers: the way is open, and it has stopped sending: "
            "it is muted, or its microphone is gone",
        ),
        (
            4.3,
            False,
            200,
            "no RTCP has come since either, its signalling at 192.0.2.60 answers: it has stopped sending, or a NAT "
            "or firewall between has forgotten the way of its audio to UDP port 20000 here",
        ),
        (
            None,
            False,
            0,
            "its signalling at 192.0.2.60 does not answer: it, or its router, has lost its power, its network or "
            "its public address",
        ),
        (
            None,
            True,
            200,
            "its signalling at 192.0.2.60 answers: 192.0.2.60 says that nobody takes audio at its UDP port 40000 "
            "any more (ICMP port unreachable): what ran there has ended, or started anew",
        ),
        (
            None,
            False,
            481,
            "its signalling at 192.0.2.60 answers, but knows no such call (481): it has started anew, or gone",
        ),
    ],
)
def test_a_leg_that_falls_silent_after_it_was_heard_is_told_within_five_seconds(
    reported: float | None, rejected: bool, status: int, why: str
) -> None:
    """RFC 3261 section 11: an OPTIONS within the call shows whether its signalling is there."""
    call = Talking()
    office, phone, channel = call.office, call.phone, call.channel
    ceases(office, reported, rejected)
    request = asked(phone)
    if status:
        phone.reply(request, status)
    assert troubles(office) == []
    office.wait(0.8)
    [told] = (event for event in office.changes() if isinstance(event, Troubled))
    assert (told.text, told.meant) == (SILENT + why, reported == 1.0), "who is muted gives no alarm"
    assert office.stack.troubles() == {channel.name: SILENT + why}
    assert SILENT + why in [note.text for note in office.recorder.story(channel.name)]
    ceases(office, reported, rejected)
    office.wait(300)
    assert troubles(office) == [], "once is enough"


@pytest.mark.parametrize(
    ("status", "refused", "meant"), [(200, 0, True), (0, 0, False), (481, 0, False), (200, 40, False)]
)
def test_rfc_3389_who_has_agreed_on_comfort_noise_and_is_there_may_pause(
    status: int, refused: int, meant: bool
) -> None:
    call = Talking(comfort_noise=True)
    office = call.office
    ceases(office)
    if status:
        call.phone.reply(asked(call.phone), status)
    hinders(office, refused=refused, strangers=refused, source=("198.51.100.7", 9))
    office.wait(1)
    [told] = (event for event in office.changes() if isinstance(event, Troubled))
    assert told.meant is meant


def test_packets_that_come_from_elsewhere_meanwhile_are_told_of() -> None:
    call = Talking()
    office = call.office
    ceases(office)
    call.phone.reply(asked(call.phone), 200)
    hinders(office, refused=40, strangers=40, source=("198.51.100.7", 9))
    office.wait(1)
    assert troubles(office)[0].endswith(
        "answers: 40 packets came from 198.51.100.7:9 instead, which are not taken: it is somebody else, or its "
        "NAT has another public address; then it is heard again once it registers from there"
    )


def test_who_was_heard_from_a_place_that_nobody_named_is_told_so() -> None:
    """Whoever sends first is taken, where signalling has not shown another (RFC 7362)."""
    call = Talking()
    call.office.desk.rows[-1].remote = "198.51.100.7", 9
    ceases(call.office)
    call.office.wait(1)
    assert (
        "no audio has come from 198.51.100.7:9, which none of its messages has named, to"
        in (troubles(call.office)[0])
    )


def test_what_was_told_is_taken_back_when_audio_comes_again() -> None:
    call = Talking()
    office, channel = call.office, call.channel
    ceases(office)
    office.wait(30)
    assert len(troubles(office)) == 1
    counts(office, received=3001)
    office.desk.rows[-1].remote = ("192.0.2.61", 41000)
    office.wait(2)
    (again,) = (event for event in office.changes() if isinstance(event, Troubled))
    assert again == Troubled(
        channel.name, "account 6001 is heard, from 192.0.2.61:41000, after 35 s without audio", over=True
    )
    assert office.stack.troubles() == {}
    assert again.text in [note.text for note in office.recorder.story(channel.name)]
    ceases(office)
    office.wait(1)
    assert len(troubles(office)) == 1, "and it may fall silent again"


def test_audio_that_comes_while_its_telephone_is_asked_is_not_missed() -> None:
    office = Talking().office
    ceases(office)
    counts(office, received=3001)
    office.wait(60)
    assert troubles(office) == []


def test_who_was_not_heard_at_first_is_told_to_be_heard() -> None:
    office = Office()
    answered(office, Phone(office), "192.0.2.60")
    office.wait(5)
    assert len(troubles(office)) == 1
    hears(office, packets=20)
    office.wait(3)
    assert [text[:41] for text in troubles(office)] == ["account 6001 is heard, from 192.0.2.60:40"]
    assert office.stack.troubles() == {}


@pytest.mark.parametrize("direction", ["sendonly", "recvonly", "inactive"])
def test_rfc_3264_8_4_silence_on_hold_is_no_trouble(direction: str) -> None:
    call = Talking()
    office = call.office
    call.hold(direction)
    call.phone.messages()
    ceases(office)
    assert call.phone.messages() == [], "nor is anybody asked"
    office.wait(60)
    assert not [text for text in troubles(office) if "fallen silent" in text]


def test_a_hold_takes_back_what_was_told() -> None:
    call = Talking()
    office = call.office
    ceases(office)
    office.wait(1)
    assert len(troubles(office)) == 1
    call.hold("sendonly")
    assert troubles(office) == [
        "no audio needs to come from account 6001 now: the call is on hold, or carries a fax"
    ]
    assert office.stack.troubles() == {}
    office.wait(60)
    assert troubles(office) == []


def test_rfc_3264_8_3_1_audio_that_is_to_come_from_elsewhere_is_looked_for_there() -> None:
    call = Talking()
    call.offer(session_description(address="192.0.2.77"))
    call.office.wait(5)
    (sentence,) = troubles(call.office)
    assert sentence.endswith(
        "for 4.5 s, though some came before: it has stopped sending, or a NAT between has forgotten its way"
    )


def test_before_the_answer_and_where_none_came_since_nobody_is_asked() -> None:
    office = Office()
    phone = Phone(office)
    phone.invite("6002", body=session_description())
    hears(office, packets=10)
    ceases(office)
    assert not any(isinstance(message, Request) for message in phone.messages())

    office = Office()
    phone = Phone(office)
    answered(office, phone, "192.0.2.60")
    phone.messages()
    ceases(office)
    assert phone.messages() == []
    office.wait(20)
    assert len(troubles(office)) == 1, "what the look after the answer has told"
