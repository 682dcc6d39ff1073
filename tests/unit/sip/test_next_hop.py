"""Which way requests in a dialog go: RFC 3261 8.1.2, 12.2.1.1, and telephones behind NAT (RFC 3581, 5626)."""

from __future__ import annotations

import pytest

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Answer, Answered, Dial, Hangup, Hold, Offered, Released
from gateway.core.number import Party
from gateway.sip.channel import SipChannel
from gateway.sip.message import Request, Response
from gateway.sip.next_hop import called, is_at, next_hop, sender
from gateway.sip.parser import parse
from gateway.sip.transport import Flow, stamp
from gateway.sip.uri import SipUri, TelUri, Uri
from tests.support.sip import SERVER, Office, Phone, session_description

CLEAR = Ending(Cause.NORMAL_CLEARING, "Copperline", Act.HUNG_UP, "BYE")
CONTACT = "<sip:6001@203.0.113.9:5080>"


def dialled(office: Office, phone: Phone, contact: str, *routes: str) -> tuple[SipChannel, Request, Response]:
    """A call to `phone`, whose answer names a Contact, and the proxies that it has passed."""
    phone.register()
    channel = office.stack.channel(phone.user, office.clock.now)
    office.command(channel, Dial(phone.user, Party("101")))
    invite = phone.arrived()
    ok = invite.reply(200, to_tag="below")
    ok.headers.set("Contact", contact)
    for route in routes:
        ok.headers.add("Record-Route", route)
    ok.headers.set("Content-Type", "application/sdp")
    ok.body = session_description()
    phone.send(ok)
    office.heard()
    return channel, invite, ok


def taken(office: Office, phone: Phone, contact: str, *, via: str = "", routes: tuple[str, ...] = ()) -> SipChannel:
    """A call of `phone` that was answered and acknowledged."""
    headers = (("Contact", contact), *(("Record-Route", route) for route in routes))
    first = phone.request("INVITE", f"sip:600@{SERVER[0]}", body=session_description(), headers=headers)
    phone.send(first)
    refusal = phone.response()
    phone.send(phone.ack(first, refusal))
    invite = phone.with_proof(first, refusal)
    if via:
        invite.headers.set("Via", str(invite.via).replace(f"{phone.host}:{phone.port}", via))
    phone.send(invite)
    channel = next(one for one, event in office.heard() if isinstance(event, Offered))
    phone.messages()
    office.command(channel, Answer())
    phone.send(phone.ack(invite, phone.response()))
    return channel


def methods(phone: Phone) -> list[str]:
    return [message.method for message in phone.messages() if isinstance(message, Request)]


class TestByTheRoute:
    def test_section_12_2_1_1_a_contact_elsewhere_is_where_the_requests_go(self) -> None:
        office = Office()
        phone, there = Phone(office), Phone(office, host="203.0.113.9", port=5080)
        channel, _, _ = dialled(office, phone, CONTACT)
        ack = there.arrived()
        assert ack.method == "ACK" and ack.via.host == SERVER[0] and phone.messages() == []
        office.command(channel, Hangup(CLEAR))
        bye = there.arrived()
        assert (bye.method, str(bye.uri)) == ("BYE", "sip:6001@203.0.113.9:5080")
        there.reply(bye, 200)
        office.quiet()

    def test_section_8_1_2_a_caller_whose_contact_is_another_server_is_hung_up_there(self) -> None:
        office = Office()
        phone, there = Phone(office), Phone(office, host="203.0.113.9", port=5080)
        channel = taken(office, phone, CONTACT)
        office.command(channel, Hangup(CLEAR))
        assert methods(there) == ["BYE"] and phone.messages() == []

    def test_section_16_12_a_proxy_that_is_not_who_sent_is_the_next_hop(self) -> None:
        office = Office()
        phone, proxy = Phone(office), Phone(office, host="203.0.113.20", port=5060)
        channel = taken(office, phone, CONTACT, routes=("<sip:203.0.113.20;lr>",))
        office.command(channel, Hangup(CLEAR))
        bye = proxy.arrived()
        assert str(bye.uri) == "sip:6001@203.0.113.9:5080" and str(bye.route[0]) == "<sip:203.0.113.20;lr>"

    def test_a_telephone_that_listens_on_another_port_than_it_sends_from_is_called_on_that(self) -> None:
        office = Office()
        phone, listening = Phone(office, port=51234), Phone(office, port=5060)
        channel = taken(office, phone, f"<sip:6001@{phone.host}>")
        office.command(channel, Hangup(CLEAR))
        assert methods(listening) == ["BYE"]

    def test_a_connection_that_closes_is_not_the_call_of_whoever_is_reached_elsewhere(self) -> None:
        office = Office()
        phone, there = Phone(office, transport="tcp"), Phone(office, host="203.0.113.9", port=5080)
        channel = taken(office, phone, CONTACT)
        office.stack.lost(phone.flow, office.clock.now)
        office.drain()
        assert not any(isinstance(event, Released) for event in office.events())
        office.command(channel, Hangup(CLEAR))
        assert methods(there) == ["BYE"]

    def test_the_target_may_come_back_to_where_the_peer_is_heard(self) -> None:
        office = Office()
        phone, there = Phone(office), Phone(office, host="203.0.113.9", port=5080)
        channel, invite, _ = dialled(office, phone, CONTACT)
        assert methods(there) == ["ACK"]
        phone.send(phone.from_below(invite, "below", "UPDATE"))
        update = phone.from_below(invite, "below", "UPDATE", 2)
        update.headers.set("Contact", f"<sip:6001@{phone.host}:{phone.port}>")
        phone.send(update)
        phone.messages()
        office.command(channel, Hangup(CLEAR))
        assert methods(phone) == ["BYE"] and methods(there) == []


class TestByTheFlow:
    """Whoever is behind a NAT is reached where it is heard, whatever it names."""

    @pytest.mark.parametrize("private", ["10.0.0.9:5099", "192.168.1.5:5060", "[fd00::9]:5060", "169.254.3.4"])
    def test_rfc_3581_an_address_that_means_nothing_here(self, private: str) -> None:
        office = Office()
        phone = Phone(office)
        channel, _, _ = dialled(office, phone, f"<sip:6001@{private}>")
        office.command(channel, Hangup(CLEAR))
        assert methods(phone) == ["ACK", "BYE"]

    @pytest.mark.parametrize("via", ["203.0.113.9:5070", "192.0.2.60:5999"])
    def test_rfc_3581_who_came_through_a_nat_names_its_inner_side_in_its_via(self, via: str) -> None:
        office = Office()
        phone, there = Phone(office), Phone(office, host="203.0.113.9", port=5080)
        channel = taken(office, phone, CONTACT, via=via)
        office.command(channel, Hangup(CLEAR))
        assert methods(phone) == ["BYE"] and there.messages() == []

    @pytest.mark.parametrize(("contact", "method"), [(CONTACT, "INFO"), ("", "UPDATE")])
    def test_rfc_3581_a_request_in_the_call_shows_the_nat_that_its_answer_did_not(
        self, contact: str, method: str
    ) -> None:
        office = Office()
        phone, there = Phone(office), Phone(office, host="203.0.113.9", port=5080)
        channel, invite, _ = dialled(office, phone, contact or f"<sip:6001@{phone.host}:{phone.port}>")
        request = phone.from_below(invite, "below", method)
        request.headers.set("Via", str(request.via).replace("192.0.2.60", "10.0.0.9"))
        if method == "UPDATE":
            request.headers.set("Contact", CONTACT)
        phone.send(request)
        phone.messages()
        there.messages()
        office.command(channel, Hangup(CLEAR))
        assert methods(phone) == ["BYE"] and methods(there) == []

    def test_rfc_5626_a_telephone_that_registered_through_a_nat_keeps_its_flow_in_calls(self) -> None:
        office = Office()
        phone = Phone(office)
        inner = (("Contact", "<sip:6001@203.0.113.9:5080>"), ("Expires", "600"))
        phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}", headers=inner))
        phone.messages()
        channel = office.stack.channel("6001", office.clock.now)
        office.command(channel, Dial("6001", Party("101")))
        phone.reply(phone.arrived(), 200, body=session_description())
        office.command(channel, Hangup(CLEAR))
        assert methods(phone) == ["ACK", "BYE"]

    @pytest.mark.parametrize("records", [False, True])
    def test_rfc_3327_a_proxy_on_the_path_carries_the_whole_call_unless_it_records_another_route(
        self, records: bool
    ) -> None:
        office = Office()
        phone, there = Phone(office), Phone(office, host="203.0.113.20", port=5060)
        path = (("Path", f"<sip:{phone.host}:{phone.port};lr>"), ("Supported", "path"), ("Expires", "600"))
        phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}", headers=path))
        assert phone.response().status == 200
        channel = office.stack.channel("6001", office.clock.now)
        office.command(channel, Dial("6001", Party("101")))
        ok = phone.arrived().reply(200, to_tag="below")
        ok.headers.set("Contact", CONTACT)
        if records:
            ok.headers.set("Record-Route", "<sip:203.0.113.20;lr>")
        ok.headers.set("Content-Type", "application/sdp")
        ok.body = session_description()
        phone.send(ok)
        office.command(channel, Hangup(CLEAR))
        assert methods(there if records else phone) == ["ACK", "BYE"]

    def test_rfc_5923_a_connection_stands_for_its_host_whatever_port_it_names(self) -> None:
        office = Office()
        phone = Phone(office, port=40123, transport="tcp")
        channel = taken(office, phone, f"<sip:6001@{phone.host}:5060>")
        office.command(channel, Hangup(CLEAR))
        assert methods(phone) == ["BYE"]

    def test_rfc_7118_section_5_a_browser_has_its_connection_alone(self) -> None:
        office = Office()
        phone = Phone(office, transport="ws")
        channel = taken(office, phone, CONTACT)
        office.command(channel, Hangup(CLEAR))
        assert methods(phone) == ["BYE"]


class TestAcknowledgements:
    def test_section_13_2_2_4_a_200_that_comes_again_has_its_ack_where_it_came_from_as_well(self) -> None:
        office = Office()
        phone, there = Phone(office), Phone(office, host="203.0.113.9", port=5080)
        channel, _, ok = dialled(office, phone, CONTACT)
        assert methods(there) == ["ACK"] and methods(phone) == []
        phone.send(ok)
        assert methods(there) == ["ACK"] and methods(phone) == ["ACK"]
        office.command(channel, Hangup(CLEAR))
        assert methods(phone) == ["BYE"] and methods(there) == [], "nobody was where it says that it is"

    def test_that_of_a_reinvite_as_well(self) -> None:
        office = Office()
        phone, there = Phone(office), Phone(office, host="203.0.113.9", port=5080)
        channel, _, _ = dialled(office, phone, CONTACT)
        there.messages()
        office.command(channel, Hold())
        ok = there.arrived().reply(200)
        ok.headers.set("Contact", CONTACT)
        ok.headers.set("Content-Type", "application/sdp")
        ok.body = session_description(lines=("a=recvonly",))
        for _ in range(2):
            there.send(ok)
        assert methods(there) == ["ACK", "ACK"] and methods(phone) == ["ACK"]


class TestFailover:
    """RFC 3263 4.3: a server that is silent, out of reach or overloaded is passed over for the next."""

    def by_name(self, office: Office) -> tuple[Phone, SipChannel]:
        phone = Phone(office)
        channel, _, _ = dialled(office, phone, "<sip:6001@far.example>", "<sip:near.example;lr>")
        assert methods(phone) == ["ACK"]
        office.named("near.example", udp=("71.example", "72.example"))
        return phone, channel

    def test_silence_leads_to_the_next_with_the_same_request_by_another_via(self) -> None:
        office = Office()
        phone, channel = self.by_name(office)
        first, second = (Phone(office, host=f"192.0.2.{host}", port=5060) for host in (71, 72))
        office.command(channel, Hangup(CLEAR))
        bye = first.arrived()
        office.wait(32.1)
        again = second.arrived()
        assert (again.method, str(again.cseq), again.call_id) == ("BYE", str(bye.cseq), bye.call_id)
        assert again.via.branch != bye.via.branch
        second.reply(again, 200)
        assert phone.messages() == []
        office.quiet()

    def test_503_leads_to_the_next_at_once_and_another_refusal_does_not(self) -> None:
        office = Office()
        _, channel = self.by_name(office)
        first, second = (Phone(office, host=f"192.0.2.{host}", port=5060) for host in (71, 72))
        office.command(channel, Hold())
        first.reply(first.arrived(), 503)
        assert methods(first) == ["ACK"]
        invite = second.arrived()
        second.reply(invite, 488)
        assert methods(second) == ["ACK"] and methods(first) == []
        assert not any(isinstance(event, Released) for event in office.events())

    def test_the_last_resort_is_where_the_peer_was_heard(self) -> None:
        office = Office()
        phone, channel = self.by_name(office)
        office.command(channel, Hangup(CLEAR))
        office.wait(64.2)
        assert methods(phone)[:1] == ["BYE"]
        office.quiet()

    def test_a_name_that_nobody_knows_leads_to_where_the_peer_was_heard(self) -> None:
        office = Office()
        phone = Phone(office)
        channel, _, _ = dialled(office, phone, "<sip:6001@nowhere.example>")
        assert methods(phone) == ["ACK"]
        office.command(channel, Hangup(CLEAR))
        assert phone.messages() == [], "it waits for the name servers"
        office.named("nowhere.example")
        assert methods(phone) == ["BYE"]

    def test_the_server_that_holds_the_dialog_comes_first_whatever_its_rank(self) -> None:
        office = Office()
        phone = Phone(office, host="192.0.2.72", port=5060)
        channel, _, _ = dialled(office, phone, "<sip:6001@far.example>", "<sip:near.example;lr>")
        office.named("near.example", udp=("71.example", "72.example"))
        phone.messages()
        office.command(channel, Hangup(CLEAR))
        assert methods(phone) == ["BYE"]

    def test_unless_it_has_failed_lately(self) -> None:
        office = Office()
        phone, other = (Phone(office, host=f"192.0.2.{host}", port=5060) for host in (72, 71))
        channel, _, _ = dialled(office, phone, "<sip:6001@far.example>", "<sip:near.example;lr>")
        office.named("near.example", udp=("71.example", "72.example"))
        phone.messages()
        office.command(channel, Hold())
        phone.reply(phone.arrived(), 503)
        other.reply(other.arrived(), 488)
        phone.messages()
        other.messages()
        office.command(channel, Hangup(CLEAR))
        assert methods(other) == ["BYE"] and methods(phone) == []

    def test_a_reinvite_that_is_given_up_while_its_server_is_looked_for_is_never_sent(self) -> None:
        office = Office()
        phone = Phone(office)
        channel, _, _ = dialled(office, phone, "<sip:6001@far.example>")
        phone.messages()
        office.command(channel, Hold())
        office.command(channel, Hangup(CLEAR))
        office.named("far.example", "203.0.113.30")
        there = Phone(office, host="203.0.113.30", port=5060)
        assert methods(there) == ["BYE"]
        office.quiet()

    def test_no_request_goes_to_more_than_four(self) -> None:
        office = Office()
        phone = Phone(office)
        channel, _, _ = dialled(office, phone, "<sip:6001@far.example>")
        office.named("far.example", *(f"203.0.113.{host}" for host in range(30, 50)))
        phone.messages()
        before = len(office.sent)
        office.command(channel, Hangup(CLEAR))
        office.wait(400)
        assert len({datagram.flow.remote for datagram in office.sent[before:]}) == 4
        office.quiet()


HEARD = Flow("udp", SERVER, ("192.0.2.60", 5070))


def came(via: str, flow: Flow = HEARD) -> str:
    """Who a request is from that came by `flow` under `via`."""
    text = f"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch=z9hG4bKa\r\nFrom: <sip:a@x>;tag=a\r\n"
    request = parse(f"{text}To: <sip:b@x>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n".encode())
    assert isinstance(request, Request)
    stamp(request, flow)
    return sender(request, flow)


@pytest.mark.parametrize(
    ("via", "who"),
    [
        ("192.0.2.60:5070", "192.0.2.60"),
        ("192.0.2.60:5070;rport", "192.0.2.60"),
        ("192.0.2.60:5060", "192.0.2.60"),
        ("192.0.2.60:5060;rport", ""),
        ("10.0.0.9:5070", ""),
        ("Proxy.Example", "proxy.example"),
    ],
)
def test_who_has_sent_a_request(via: str, who: str) -> None:
    assert came(via) == who


@pytest.mark.parametrize(
    ("uri", "follows"),
    [
        ("sip:6001@192.0.2.60:5070", False),
        ("sip:6001@192.0.2.60", True),
        ("sip:6001@203.0.113.9", True),
        ("sip:6001@192.0.2.60;maddr=203.0.113.9", True),
        ("sip:6001@df7jal23ls0d.invalid", False),
        ("sip:6001@phone.example", True),
        ("sip:6001@0.0.0.0", False),
        ("sip:6001@224.0.1.75", False),
        ("sip:6001@127.0.0.1", False),
        ("sip:6001@172.17.0.2", False),
    ],
)
def test_which_targets_are_followed(uri: str, follows: bool) -> None:
    assert (next_hop(SipUri.parse(uri), HEARD, "192.0.2.60") is not None) is follows


def test_a_number_has_no_host_to_be_looked_for() -> None:
    target: Uri = TelUri("+4930123")
    assert next_hop(target, HEARD, "192.0.2.60") is None
    assert called(Request("INVITE", target), HEARD) == ""


def test_networks_of_ones_own_reach_only_themselves() -> None:
    heard = Flow("udp", SERVER, ("10.1.0.4", 5060))
    for host, follows in (("10.9.9.9", True), ("192.168.0.4", False), ("203.0.113.9", True)):
        assert (next_hop(SipUri(host), heard, "10.1.0.4") is not None) is follows


def test_an_address_is_compared_and_not_its_spelling() -> None:
    flow = Flow("udp", ("2001:db8::1", 5060), ("2001:db8::60", 5060))
    assert is_at(SipUri.parse("sip:6001@[2001:DB8:0::60]"), flow)


def test_an_answered_call_is_told_though_its_ack_went_elsewhere() -> None:
    office = Office()
    phone = Phone(office)
    phone.register()
    channel = office.stack.channel(phone.user, office.clock.now)
    office.command(channel, Dial(phone.user, Party("101")))
    response = phone.arrived().reply(200, to_tag="below")
    response.headers.set("Contact", CONTACT)
    response.headers.set("Content-Type", "application/sdp")
    response.body = session_description()
    phone.send(response)
    assert Answered("200 OK") in office.events()
