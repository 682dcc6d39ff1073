"""Trunks as conversations with a provider: RFC 3261 10.2 and 11, RFC 3263 4.3, RFC 5626 4.5, RFC 3608."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from dialplan.pattern import Pattern
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import RemoteError
from gateway.core.messages import Answer, Answered, Confer, Dial, Hangup, Hold, Offered, Released
from gateway.core.number import Party, Presentation
from gateway.core.switch import DeviceState
from gateway.sip.account import Account
from gateway.sip.credentials import Credentials
from gateway.sip.digest import Secret
from gateway.sip.message import Request, Response
from gateway.sip.number_rules import NumberRule, NumberRules
from gateway.sip.refusals import AccessRefused
from gateway.sip.servers import ServersConfig
from gateway.sip.source import source_of
from gateway.sip.stun import is_stun
from gateway.sip.transport import Flow
from gateway.sip.trunk_words import TrunkChanged, TrunkConfig
from gateway.sip.uri import SipUri
from tests.support.sip import SERVER, Office, Phone, session_description

FIRST, SECOND = "192.0.2.201", "192.0.2.202"
CHALLENGE = 'Digest realm="pstn.example", nonce="n1", algorithm=MD5, qop="auth"'


class Provider(Phone):
    """A provider's server, played by the test."""

    def __init__(self, office: Office, host: str = FIRST) -> None:
        super().__init__(office, "provider", host=host, port=5060)

    def asked(self, method: str) -> list[Request]:
        """The requests of that kind that have come since the last look, each once; others are passed over."""
        came = [message for message in self.messages() if isinstance(message, Request)]
        return list({request.via.branch: request for request in came if request.method == method}.values())

    def registers(self, *, expires: int = 600) -> Request:
        """Challenge the REGISTER that has come, and take the next."""
        (first,) = self.asked("REGISTER")
        self.challenge(first)
        (second,) = self.asked("REGISTER")
        self.grant(second, expires)
        return second

    def challenge(self, request: Request, row: str = CHALLENGE) -> None:
        """Ask for proof."""
        response = request.reply(401, to_tag="p")
        response.headers.set("WWW-Authenticate", row)
        self.send(response)

    def grant(self, request: Request, expires: int = 600, **headers: str) -> None:
        """Take a REGISTER."""
        response = request.reply(200, to_tag="p")
        if expires:
            response.headers.set("Contact", f"{request.contacts[0]};expires={expires}")
        for name, value in headers.items():
            response.headers.set(name.replace("_", "-"), value)
        self.send(response)

    def refuse(self, request: Request, status: int, **headers: str) -> None:
        """Refuse a request."""
        response = request.reply(status, to_tag="p")
        for name, value in headers.items():
            response.headers.set(name.replace("_", "-"), value)
        self.send(response)


def trunk(*servers: str, **changes: object) -> TrunkConfig:
    """A trunk that registers and is not asked by OPTIONS."""
    watched = {"qualify": 0.0} | {name: changes.pop(name) for name in ("qualify", "proxy") if name in changes}
    account = Account("pstn", Secret(), context="from-pstn", trusted=True, trunk=True)
    uris = [SipUri.parse(f"sip:{server}") for server in servers or (FIRST,)]
    return replace(
        TrunkConfig(
            account=account,
            servers=ServersConfig(uris, **watched),  # type: ignore[arg-type]  # as ServersConfig has them
            domain="pstn.example",
            user="4711",
            credentials=Credentials("4711", Secret("s3cret")),
            register=True,
            keep_alive=0.0,
        ),
        **changes,  # type: ignore[arg-type]  # as TrunkConfig has them
    )


def opened(*configs: TrunkConfig) -> Office:
    office = Office()
    office.stack.trunks.load(configs, office.clock.now)
    office.drain()
    return office


def told(office: Office) -> list[tuple[bool, str]]:
    return [(change.up, change.text) for change in office.changes() if isinstance(change, TrunkChanged)]


# Registration.


def test_section_10_2_it_registers_with_proof_and_says_so_once() -> None:
    office = opened(trunk())
    request = Provider(office).registers()
    assert str(request.uri) == "sip:pstn.example"
    assert str(request.to.uri) == str(request.from_.uri) == "sip:4711@pstn.example"
    assert (request.expires, request.to.tag) == (600, None)
    contact = request.contacts[0].uri
    assert isinstance(contact, SipUri) and (contact.user, contact.host, contact.port) == ("4711", "192.0.2.1", 5060)
    assert told(office) == [(True, "registered with 192.0.2.201:5060 by udp")]


def test_section_10_2_4_it_renews_in_time_signed_ahead_with_one_call_id() -> None:
    office = opened(trunk())
    provider = Provider(office)
    first = provider.registers()
    office.wait(539)
    assert provider.asked("REGISTER") == []
    office.wait(1)
    (again,) = provider.asked("REGISTER")
    assert again.call_id == first.call_id and again.cseq.number == first.cseq.number + 1
    assert "nc=00000002" in (again.headers.get("Authorization") or "")
    provider.grant(again)
    assert told(office) == [(True, "registered with 192.0.2.201:5060 by udp")]


def test_a_provider_that_grants_less_is_asked_sooner() -> None:
    office = opened(trunk())
    provider = Provider(office)
    provider.registers(expires=60)
    office.wait(29)
    assert provider.asked("REGISTER") == []
    office.wait(1)
    assert len(provider.asked("REGISTER")) == 1


def test_section_10_2_8_too_brief_is_asked_again_with_min_expires() -> None:
    office = opened(trunk(expires=60))
    provider = Provider(office)
    (first,) = provider.asked("REGISTER")
    provider.refuse(first, 423, Min_Expires="1800")
    (second,) = provider.asked("REGISTER")
    assert second.expires == 1800
    provider.grant(second, 1800)
    assert told(office)[0][0]


def test_section_10_2_8_who_wants_a_little_longer_each_time_is_not_asked_for_ever() -> None:
    office = opened(trunk(expires=60))
    provider = Provider(office)
    asked: list[int | None] = []
    while requests := provider.asked("REGISTER"):
        (request,) = requests
        asked.append(request.expires)
        provider.refuse(request, 423, Min_Expires=str(60 + len(asked)))
    assert asked == [60, 61, 62, 63, 64, 65]
    assert "names none that it would" in told(office)[0][1]


def test_section_10_2_2_it_unregisters_when_it_is_stopped() -> None:
    office = opened(trunk())
    provider = Provider(office)
    provider.registers()
    office.stack.trunks.stop(office.clock.now)
    office.drain()
    (last,) = provider.asked("REGISTER")
    assert last.expires == 0 and office.stack.trunks.leaving == 1
    provider.grant(last, 0)
    assert office.stack.trunks.leaving == 0
    office.quiet()


def test_a_register_that_is_under_way_when_it_is_stopped_is_undone() -> None:
    office = opened(trunk())
    provider = Provider(office)
    provider.asked("REGISTER")
    office.stack.trunks.stop(office.clock.now)
    office.drain()
    (undone,) = provider.asked("REGISTER")
    assert undone.expires == 0
    office.wait(40)
    assert office.stack.trunks.leaving == 0
    office.quiet()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            (403, {}),
            "refuses 4711@pstn.example with 403 Forbidden: the user or the secret is wrong, or the account",
        ),
        ((404, {}), "refuses 4711@pstn.example with 404 Not Found: it does not know the user"),
        ((405, {}), "with 405 Method Not Allowed: it is no registrar; look at the address and port"),
        ((423, {}), "does not take an expiry of 600 s, and names none that it would"),
        ((400, {}), "so that this may be no SIP registrar; look at address and port"),
        (
            (401, {"WWW_Authenticate": 'Digest realm="elsewhere", nonce="1"'}),
            'its realm is "elsewhere" and not "pstn.example"',
        ),
        (
            (401, {"WWW_Authenticate": 'Digest realm="pstn.example", nonce="1", algorithm=AKAv1-MD5'}),
            "it asks for a digest by AKAv1-MD5, which is not known here",
        ),
    ],
)
def test_what_is_wrong_with_a_registration_is_said(answer: tuple[int, dict[str, str]], said: str) -> None:
    office = opened(trunk(credentials=Credentials("4711", Secret("s3cret"), realm="pstn.example")))
    provider = Provider(office)
    (request,) = provider.asked("REGISTER")
    provider.refuse(request, answer[0], **answer[1])
    ((up, text),) = told(office)
    assert not up and text.startswith("not registered: 192.0.2.201:5060 by udp") and said in text


def test_a_wrong_secret_is_told_from_a_wrong_realm() -> None:
    office = opened(trunk())
    provider = Provider(office)
    (first,) = provider.asked("REGISTER")
    provider.challenge(first)
    (second,) = provider.asked("REGISTER")
    provider.challenge(second, CHALLENGE.replace("n1", "n2"))
    assert 'user "4711" or its secret is wrong in its realm "pstn.example"' in told(office)[0][1]
    assert provider.asked("REGISTER") == []


def test_a_silent_registrar_is_told_from_one_that_refuses() -> None:
    office = opened(trunk())
    office.wait(33)
    ((up, text),) = told(office)
    assert not up and "does not answer: the address, the port or the transport is wrong" in text


def test_a_refused_connection_names_port_and_transport() -> None:
    office = opened(trunk(f"{FIRST};transport=tcp"))
    flow = next(datagram.flow for datagram in office.sent)
    office.stack.lost(flow, office.clock.now)
    office.drain()
    assert (
        "nobody takes connections at 192.0.2.201:5060 by tcp: the port or the transport is wrong"
        in told(office)[0][1]
    )


@pytest.mark.parametrize("way", [{"register": True}, {"register": False, "qualify": 30.0}])
def test_rfc_5922_section_7_a_server_that_proves_nothing_is_told_with_what_is_wrong_once_for_each_fault(
    way: dict[str, object],
) -> None:
    """A trunk whose certificate has expired is not taken for one that is off, and not told at each attempt."""
    office = opened(trunk(f"{FIRST};transport=tcp", **way))
    flow = next(datagram.flow for datagram in office.sent)
    faults = []
    for why in ("its certificate has expired", "its certificate has expired", "its certificate is revoked"):
        for _ in range(2):
            office.stack.lost(flow, office.clock.now, why=why)
            office.drain()
        faults += told(office)
        seen = len(office.sent)
        while len(office.sent) == seen:  # until it is tried again
            office.wait(1)
    assert [text.rpartition(": ")[2] for _, text in faults] == [
        "its certificate has expired",
        "its certificate is revoked",
    ]
    assert not faults[0][0] and f"{FIRST}:5060 by tcp: " in faults[0][1]
    with pytest.raises(RemoteError, match=r"trunk pstn is down: .*its certificate is revoked"):
        office.stack.channel("5550100@pstn", office.clock.now)
    for _ in range(2):
        office.stack.lost(flow, office.clock.now)
    office.drain()
    ((_, text),) = told(office)
    assert "certificate" not in text, "now nobody is there at all"


def test_rfc_5626_section_4_5_waits_double_with_chance_and_retry_after_is_heeded() -> None:
    office = opened(trunk())
    provider = Provider(office)
    waits = []
    for _ in range(5):
        (request,) = provider.asked("REGISTER")
        provider.refuse(request, 403)
        begun = office.clock.now
        while not any(b"REGISTER" in datagram.data[:8] for datagram in office.sent[provider._seen :]):
            office.wait(1)
        waits.append(office.clock.now - begun)
    assert all(15 * 2**place <= wait <= 30 * 2**place + 1 for place, wait in enumerate(waits)), waits
    assert any(wait < 30 * 2**place - 1 for place, wait in enumerate(waits)), "all branches would come at once"
    (request,) = provider.asked("REGISTER")
    provider.refuse(request, 503, Retry_After="7 (soon)")
    office.wait(6)
    assert provider.asked("REGISTER") == []
    office.wait(1)
    assert len(provider.asked("REGISTER")) == 1


@pytest.mark.parametrize("least", ["600", "60", "never"])
def test_section_10_2_8_too_brief_with_no_longer_time_is_a_refusal_and_no_circle(least: str) -> None:
    office = opened(trunk(expires=600))
    provider = Provider(office)
    (request,) = provider.asked("REGISTER")
    provider.refuse(request, 423, Min_Expires=least)
    assert provider.asked("REGISTER") == []
    ((up, text),) = told(office)
    assert not up and "does not take an expiry of 600 s" in text


def test_a_registration_for_a_moment_is_none_and_is_not_asked_for_again_at_once() -> None:
    office = opened(trunk())
    provider = Provider(office)
    (request,) = provider.asked("REGISTER")
    provider.grant(request, 1)
    assert provider.asked("REGISTER") == []
    ((up, text),) = told(office)
    assert not up and "took our registration for 1 s only" in text


def test_a_registrar_that_is_down_is_left_for_the_next() -> None:
    office = opened(trunk(FIRST, SECOND))
    first, second = Provider(office), Provider(office, SECOND)
    (request,) = first.asked("REGISTER")
    first.refuse(request, 503)
    second.registers()
    assert told(office) == [(True, "registered with 192.0.2.202:5060 by udp")]


INSTANCE = "urn:uuid:00000000-0000-1000-8000-000a95a0e128"


def test_rfc_5626_section_4_2_it_registers_a_flow_and_keeps_it_as_the_registrar_says() -> None:
    office = opened(trunk(instance=INSTANCE, keep_alive=600.0))
    provider = Provider(office)
    (request,) = provider.asked("REGISTER")
    (contact,) = request.contacts
    assert (contact.parameters.get("+sip.instance"), contact.parameters.get("reg-id")) == (f"<{INSTANCE}>", "1")
    assert {"outbound", "path"} <= set(request.tokens("Supported"))
    provider.grant(request, Require="outbound", Flow_Timer="40")
    office.wait(31)
    assert not any(is_stun(datagram.data) for datagram in office.sent)
    office.wait(10)
    assert any(is_stun(datagram.data) for datagram in office.sent)
    dialled(office)
    (invite,) = provider.asked("INVITE")
    assert "ob" in invite.contacts[0].uri.parameters  # type: ignore[union-attr]  # ours is a SIP URI
    office.wait(16)
    (again,) = provider.asked("REGISTER")
    assert again.contacts == request.contacts, "nobody has answered the ping: the flow is dead (4.4)"


def test_rfc_5626_section_6_a_hop_that_knows_no_flows_gets_a_register_without() -> None:
    office = opened(trunk(instance=INSTANCE))
    provider = Provider(office)
    (request,) = provider.asked("REGISTER")
    provider.refuse(request, 439)
    (again,) = provider.asked("REGISTER")
    assert not again.contacts[0].parameters and "outbound" not in again.tokens("Supported")
    provider.grant(again)
    dialled(office)
    (invite,) = provider.asked("INVITE")
    assert "ob" not in invite.contacts[0].uri.parameters  # type: ignore[union-attr]  # ours is a SIP URI


def test_section_8_1_3_4_a_redirected_register_goes_where_it_is_sent() -> None:
    office = opened(trunk())
    first, second = Provider(office), Provider(office, SECOND)
    (request,) = first.asked("REGISTER")
    first.refuse(request, 302, Contact=f"<sip:{SECOND}>")
    second.registers(expires=600)
    assert told(office) == [(True, f"registered with {SECOND}:5060 by udp")]
    office.wait(560)
    assert len(second.asked("REGISTER")) == 1 and first.asked("REGISTER") == [], "it is renewed there"


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        (f"<sip:{FIRST}>", f"sends our registration to sip:{FIRST}: which has been asked already"),
        ("<tel:+1555>", "refuses 4711@pstn.example with 302 Moved Temporarily"),
        ("<sips:192.0.2.202>", "sends our registration to sips:192.0.2.202: sips:192.0.2.202 wants tls"),
    ],
)
def test_a_redirection_of_a_register_that_leads_nowhere_is_told(contact: str, said: str) -> None:
    office = opened(trunk())
    provider = Provider(office)
    (request,) = provider.asked("REGISTER")
    provider.refuse(request, 302, Contact=contact)
    ((up, text),) = told(office)
    assert not up and said in text
    office.wait(31)
    assert len(provider.asked("REGISTER")) == 1, "the next round begins at the server that is set"


def test_redirections_of_a_register_in_a_circle_end() -> None:
    office = opened(trunk())
    provider = Provider(office)
    for port in range(5061, 5080):
        requests = provider.asked("REGISTER")
        if not requests:
            break
        provider.refuse(requests[0], 301, Contact=f"<sip:{FIRST}:{port}>")
        provider = Provider(office)
        provider.flow = Flow("udp", SERVER, (FIRST, port))
    assert port < 5071
    assert not told(office)[-1][0]


def test_a_registration_that_nobody_renews_any_more_takes_the_trunk_down() -> None:
    office = opened(trunk())
    Provider(office).registers()
    office.wait(700)
    assert [up for up, _ in told(office)] == [True, False]


def test_keep_alives_hold_the_nat_open_between_registrations() -> None:
    office = opened(trunk(keep_alive=25.0))
    Provider(office).registers()
    office.wait(100)
    assert [datagram.data for datagram in office.sent].count(b"\r\n\r\n") == 4


def test_a_sip_alg_and_a_nat_are_named() -> None:
    office = opened(trunk())
    provider = Provider(office)
    (first,) = provider.asked("REGISTER")
    first.headers.set("Via", f"{first.via};received=198.51.100.9".replace("rport", "rport=61000"))
    provider.grant(first)
    assert "behind a NAT: seen there as 198.51.100.9:61000" in told(office)[0][1]
    office.wait(540)
    (second,) = provider.asked("REGISTER")
    second.headers.set("Via", str(second.via).replace("192.0.2.1:5060", "198.51.100.9:1024"))
    provider.grant(second)
    assert "our Via 192.0.2.1:5060 came back as 198.51.100.9:1024; switch off the SIP ALG" in told(office)[0][1]


# Qualifying.


def test_section_11_any_answer_to_options_shows_it_up_once() -> None:
    office = opened(trunk(register=False, qualify=30.0))
    provider = Provider(office)
    (question,) = provider.asked("OPTIONS")
    provider.refuse(question, 404)  # any answer shows that somebody is there
    assert told(office) == [(True, "192.0.2.201:5060 by udp answers")]
    office.wait(31)
    (question,) = provider.asked("OPTIONS")
    provider.refuse(question, 200)
    assert told(office) == []


def test_a_server_that_says_503_takes_no_calls() -> None:
    office = opened(trunk(register=False, qualify=30.0))
    provider = Provider(office)
    (question,) = provider.asked("OPTIONS")
    provider.refuse(question, 503)
    assert told(office) == [(False, "192.0.2.201:5060 by udp answers that it takes no calls")]
    office.wait(30)
    (question,) = provider.asked("OPTIONS")
    provider.refuse(question, 200)
    assert told(office) == [(True, "192.0.2.201:5060 by udp answers")]


def test_a_lost_answer_is_forgiven_and_two_are_not() -> None:
    office = opened(trunk(register=False, qualify=30.0))
    provider = Provider(office)
    (question,) = provider.asked("OPTIONS")
    provider.refuse(question, 200)
    told(office)
    office.wait(36)
    *_, again = provider.asked("OPTIONS")
    provider.refuse(again, 200)
    assert told(office) == []
    office.wait(200)
    ((up, text),) = told(office)
    assert not up and "does not answer OPTIONS" in text
    with pytest.raises(RemoteError, match=r"trunk pstn is down: .*does not answer OPTIONS") as refused:
        office.stack.channel("5551234@pstn", office.clock.now)
    assert refused.value.cause is Cause.NETWORK_OUT_OF_ORDER


def test_a_provider_that_registers_us_and_answers_no_options_is_called() -> None:
    """Many drop OPTIONS outside of calls; silence says something once they have answered one (RFC 3261 11)."""
    office = opened(trunk(qualify=30.0))
    provider = Provider(office)
    provider.grant(
        next(each for each in provider.messages() if isinstance(each, Request) and each.method == "REGISTER")
    )
    office.wait(120)
    assert told(office) == [(True, "registered with 192.0.2.201:5060 by udp")]
    provider.messages()
    dialled(office)
    (invite,) = provider.asked("INVITE")
    provider.refuse(invite, 404)
    office.wait(31)
    *_, question = provider.asked("OPTIONS")
    provider.refuse(question, 200)
    office.wait(100)
    ((up, text),) = told(office)
    assert not up and "does not answer OPTIONS" in text


def test_a_provider_that_refuses_us_and_answers_no_options_is_quoted() -> None:
    """Whoever looks for a firewall then looks in vain."""
    office = opened(trunk(qualify=30.0))
    provider = Provider(office)
    for request in provider.messages():
        if isinstance(request, Request) and request.method == "REGISTER":
            provider.refuse(request, 403)
    office.wait(25)
    ((up, text),) = told(office)
    assert not up and "403 Forbidden" in text


def test_a_server_that_does_not_answer_options_gets_no_calls() -> None:
    office = opened(trunk(FIRST, SECOND, register=False, qualify=30.0))
    first, second = Provider(office), Provider(office, SECOND)
    for _ in range(8):
        for question in second.asked("OPTIONS"):
            second.refuse(question, 200)
        office.wait(15)
    first.messages()
    dialled(office)
    (invite,) = second.asked("INVITE")
    second.refuse(invite, 503)
    assert first.asked("INVITE") == []


def test_the_server_that_is_shown_is_one_that_answers() -> None:
    office = opened(trunk(FIRST, SECOND, register=False, qualify=30.0))
    first, second = Provider(office), Provider(office, SECOND)
    assert office.stack.trunks.status()[0].server.startswith(FIRST)
    for _ in range(2):  # before the servers are looked for anew
        for question in second.asked("OPTIONS"):
            second.refuse(question, 200)
        office.wait(15)
    assert office.stack.trunks.status()[0].server.startswith(SECOND)
    assert len(first.asked("OPTIONS")) > 1


# Calls out.


def dialled(office: Office, number: str = "5551234", caller: Party | None = None) -> object:
    channel = office.stack.channel(f"{number}@pstn", office.clock.now)
    office.command(channel, Dial(number, caller or Party("101", "Ada")))
    return channel


def hang_up(office: Office, channel: object) -> None:
    office.command(channel, Hangup(Ending(Cause.NORMAL_CLEARING, "the test", Act.HUNG_UP, "its end")))  # type: ignore[arg-type]  # a leg of ours


def test_a_call_goes_out_with_proof_and_its_bye_as_well() -> None:
    office = opened(trunk())
    provider = Provider(office)
    provider.registers()
    channel = dialled(office)
    (invite,) = provider.asked("INVITE")
    assert str(invite.uri) == "sip:5551234@pstn.example" and str(invite.to.uri) == "sip:5551234@pstn.example"
    assert str(invite.from_.uri) == "sip:101@pstn.example"
    response = invite.reply(407, to_tag="p")
    response.headers.set("Proxy-Authenticate", CHALLENGE)
    provider.send(response)
    (again,) = provider.asked("INVITE")
    assert "Proxy-Authorization" in again.headers
    provider.reply(again, 200, body=session_description())
    (ack,) = provider.asked("ACK")
    assert ack.headers.get("Proxy-Authorization") == again.headers.get("Proxy-Authorization")
    assert isinstance(office.events()[-1], Answered)
    hang_up(office, channel)
    (bye,) = provider.asked("BYE")
    refused = bye.reply(407)
    refused.headers.set("Proxy-Authenticate", CHALLENGE.replace("n1", "n2"))
    provider.send(refused)
    (proved,) = provider.asked("BYE")
    assert 'nonce="n2"' in (proved.headers.get("Proxy-Authorization") or "")
    assert proved.cseq.number == bye.cseq.number + 1
    provider.reply(proved, 200)


def test_where_there_is_no_room_to_answer_a_challenge_the_request_has_failed() -> None:
    office = opened(trunk(register=False))
    channel = dialled(office)
    provider = Provider(office)
    (invite,) = provider.asked("INVITE")
    provider.reply(invite, 200, body=session_description())
    provider.messages()
    office.command(channel, Hold())
    (hold,) = provider.asked("INVITE")
    office.events()
    office.stack._carrier._layer._limit = 0
    provider.challenge(hold)
    assert any(isinstance(event, Released) for event in office.events()), "and nothing is raised for it"


def test_section_13_2_2_4_the_ack_to_a_reinvite_that_was_challenged_repeats_its_proof_and_number() -> None:
    office = opened(trunk())
    provider = Provider(office)
    provider.registers()
    channel = dialled(office)
    (invite,) = provider.asked("INVITE")
    provider.reply(invite, 200, body=session_description())
    provider.asked("ACK")
    office.command(channel, Hold())
    (hold,) = provider.asked("INVITE")
    provider.refuse(hold, 407, Proxy_Authenticate=CHALLENGE)
    (again,) = provider.asked("INVITE")
    provider.reply(again, 200, body=session_description(lines=("a=recvonly",)))
    (ack,) = provider.asked("ACK")
    assert ack.cseq.number == again.cseq.number == hold.cseq.number + 1
    proof = again.headers.get("Proxy-Authorization")
    assert proof and ack.headers.get("Proxy-Authorization") == proof


def test_section_9_1_a_reinvite_that_was_challenged_and_is_never_answered_leaves_nothing() -> None:
    office = opened(trunk())
    provider = Provider(office)
    provider.registers()
    channel = dialled(office)
    (invite,) = provider.asked("INVITE")
    provider.reply(invite, 200, body=session_description())
    provider.asked("ACK")
    office.command(channel, Hold())
    (hold,) = provider.asked("INVITE")
    challenge = hold.reply(407)
    challenge.headers.set("Proxy-Authenticate", CHALLENGE)
    provider.send(challenge)
    (again,) = provider.asked("INVITE")
    provider.reply(again, 100)
    hang_up(office, channel)
    (cancel,) = provider.asked("CANCEL")
    assert cancel.via.branch == again.via.branch
    office.wait(100)
    assert office.stack.usage()["transactions"] == 0


def test_rfc_3263_section_4_3_a_silent_server_is_left_within_seconds() -> None:
    office = opened(trunk(FIRST, SECOND, register=False))
    dialled(office)
    assert Provider(office, SECOND).messages() == []
    office.wait(5)
    assert len(Provider(office, SECOND).asked("INVITE")) == 1


def test_rfc_3263_section_4_3_503_fails_over_and_busy_does_not() -> None:
    """Neither does a redirection: a provider does not say whom else we are to call (RFC 3261 8.1.3.4)."""
    for status, tried in ((503, 1), (486, 0), (302, 0)):
        office = opened(trunk(FIRST, SECOND, register=False))
        dialled(office)
        first, second = Provider(office), Provider(office, SECOND)
        (invite,) = first.asked("INVITE")
        first.refuse(invite, status, Contact=f"<sip:5550100@{SECOND}>")
        assert len(second.asked("INVITE")) == tried


@pytest.mark.parametrize(("retry_after", "seconds"), [("", 30), ("120 (no lines)", 120), ("7200;duration=60", 300)])
def test_section_21_5_4_a_server_that_takes_nothing_is_left_alone_for_as_long_as_it_says(
    retry_after: str, seconds: int
) -> None:
    office = opened(trunk(FIRST, SECOND, register=False, qualify=0))
    first, second = Provider(office), Provider(office, SECOND)

    def tried() -> list[int]:
        """Which of the two gets the call first, which then gives it up."""
        dialled(office)
        found = []
        for place, provider in enumerate((first, second)):
            for invite in provider.asked("INVITE"):
                found.append(place)
                provider.refuse(invite, 486)
        return found

    dialled(office)
    (invite,) = first.asked("INVITE")
    busy = invite.reply(503, to_tag="full")
    if retry_after:
        busy.headers.set("Retry-After", retry_after)
    first.send(busy)
    (invite,) = second.asked("INVITE")
    second.refuse(invite, 486)
    assert tried() == [1]
    office.wait(seconds - 1)
    assert tried() == [1]
    office.wait(2)
    assert tried() == [0]


def test_section_4_3_a_silent_server_costs_one_call_its_five_seconds() -> None:
    office = opened(trunk(FIRST, SECOND, register=False, qualify=0))
    second = Provider(office, SECOND)
    dialled(office)
    office.wait(5)
    (invite,) = second.asked("INVITE")
    second.refuse(invite, 486)
    dialled(office)
    assert len(second.asked("INVITE")) == 1, "at once"


def test_numbers_are_rewritten_both_ways() -> None:
    rules = NumberRules(
        caller_out=[NumberRule(Pattern.parse("_1XX"), prepend="+1256555")],
        called_out=[NumberRule(Pattern.parse("_00X."), strip=2, prepend="+")],
        caller_in=[NumberRule(Pattern.parse("_+44X."), strip=3, prepend="0")],
        called_in=[NumberRule(Pattern.parse("_+12565551XXX"), strip=9)],
    )
    account = Account("pstn", Secret(), context="from-pstn", trusted=True, trunk=True, rules=rules)
    office = opened(trunk(register=False, account=account))
    provider = Provider(office)
    dialled(office, "004420", Party("101"))
    (invite,) = provider.asked("INVITE")
    assert (str(invite.uri), str(invite.from_.uri)) == ("sip:+4420@pstn.example", "sip:+1256555101@pstn.example")
    assert invite.headers.get("P-Asserted-Identity") == "<sip:+1256555101@pstn.example>"
    incoming = provider.request("INVITE", "sip:+12565551123@192.0.2.1", body=session_description())
    incoming.headers.set("From", "<sip:+44123@pstn.example>;tag=x")
    provider.send(incoming)
    (offered,) = [event for event in office.events() if isinstance(event, Offered)]
    assert (offered.called, offered.caller.number, offered.context) == ("123", "0123", "from-pstn")


def test_from_user_shows_the_customer_and_the_caller_goes_as_asserted_identity() -> None:
    office = opened(trunk(register=False, from_user="4711", from_domain="customer.example"))
    dialled(office, caller=Party("101", "Ada"))
    (invite,) = Provider(office).asked("INVITE")
    assert str(invite.from_.uri) == "sip:4711@customer.example"
    assert invite.headers.get("P-Asserted-Identity") == '"Ada" <sip:101@customer.example>'


def test_rfc_3323_a_caller_that_is_not_to_be_shown_is_anonymous_to_the_called_and_known_to_the_provider() -> None:
    office = opened(trunk(register=False))
    dialled(office, caller=Party("101", "Ada", Presentation.RESTRICTED))
    (invite,) = Provider(office).asked("INVITE")
    assert str(invite.from_.uri) == "sip:anonymous@anonymous.invalid"
    assert invite.headers.get("Privacy") == "id"
    assert invite.headers.get("P-Asserted-Identity") == '"Ada" <sip:101@pstn.example>'


def test_rfc_3608_calls_take_the_service_route_and_all_requests_the_proxy() -> None:
    office = opened(trunk(proxy=SipUri.parse(f"sip:{SECOND}")))
    proxy = Provider(office, SECOND)
    (request,) = proxy.asked("REGISTER")
    assert request.headers.all("Route") == ("<sip:192.0.2.202;lr>",)
    proxy.grant(request, Service_Route="<sip:edge.pstn.example;lr>")
    dialled(office)
    (invite,) = proxy.asked("INVITE")
    assert invite.headers.all("Route") == ("<sip:edge.pstn.example;lr>",)


def test_a_trunk_carries_so_many_calls_and_no_more() -> None:
    account = Account("pstn", Secret(), trusted=True, trunk=True, calls=1)
    office = opened(trunk(register=False, account=account))
    channel = dialled(office)
    with pytest.raises(RemoteError, match="all 1 calls of trunk pstn are in progress") as full:
        dialled(office)
    assert full.value.cause is Cause.NO_CIRCUIT_AVAILABLE
    hang_up(office, channel)
    dialled(office)


@pytest.mark.parametrize("address", ["pstn", "@pstn"])
def test_a_trunk_is_dialled_with_a_number(address: str) -> None:
    office = opened(trunk(register=False))
    with pytest.raises(RemoteError, match="does not say which number") as wrong:
        office.stack.channel(address, office.clock.now)
    assert wrong.value.cause is Cause.INVALID_NUMBER_FORMAT


# Calls in.


def calls_in(office: Office, sender: Phone, uri: str, **more: object) -> list[Offered]:
    sender.send(sender.request("INVITE", uri, body=session_description(), **more))  # type: ignore[arg-type]  # passed on
    return [event for event in office.events() if isinstance(event, Offered)]


def test_a_call_to_our_registered_contact_is_the_trunks_wherever_it_comes_from() -> None:
    office = opened(trunk())
    contact = Provider(office).registers().contacts[0].uri
    media_gateway = Phone(office, "x", host="198.51.100.77")
    (offered,) = calls_in(office, media_gateway, str(contact), to="<sip:+12565551100@pstn.example>")
    assert (offered.context, offered.called) == ("from-pstn", "+12565551100")


def test_a_mark_that_was_guessed_is_challenged_like_any_stranger() -> None:
    office = opened(trunk())
    Provider(office).registers()
    stranger = Phone(office, "x", host="198.51.100.77")
    assert calls_in(office, stranger, "sip:4711@192.0.2.1;line=t0000001") == []
    assert stranger.response().status == 401


def test_calls_come_from_its_servers_and_from_the_sources_listed_and_from_nowhere_else() -> None:
    office = opened(trunk(register=False, sources=[ip_network("203.0.113.0/24")]))
    for host, port, context in ((FIRST, 5060, "from-pstn"), ("203.0.113.9", 1234, "from-pstn")):
        sender = Phone(office, "x", host=host, port=port)
        (offered,) = calls_in(office, sender, "sip:1100@192.0.2.1", call_id=host)
        assert (offered.context, offered.called) == (context, "1100")
    for host, port in ((FIRST, 5061), ("203.0.114.9", 5060)):
        stranger = Phone(office, "x", host=host, port=port)
        assert calls_in(office, stranger, "sip:1100@192.0.2.1", call_id=f"{host}{port}") == []
        assert stranger.response().status == 401


def test_calls_from_an_address_that_no_trunk_has_are_told_of_with_the_mend() -> None:
    """A provider calls from more machines than it names; those that have an account are but challenged."""
    office = opened(trunk(register=False))
    stranger = Phone(office, "x", host="203.0.113.9")
    stranger.send(stranger.request("INVITE", "sip:1100@192.0.2.1", body=session_description()))
    Phone(office, "6001", host="203.0.113.10").invite("101")
    told = [(each.user, each.method, each.why) for each in office.changes() if isinstance(each, AccessRefused)]
    assert told == [
        (
            "x",
            "INVITE",
            'it comes from no server of a trunk; where that is a provider\'s, let its sources have "203.0.113.9"',
        )
    ]
    office = Office()
    stranger = Phone(office, "x", host="203.0.113.9")
    stranger.send(stranger.request("INVITE", "sip:1100@192.0.2.1", body=session_description()))
    assert not [each for each in office.changes() if isinstance(each, AccessRefused)], "it has no trunk"


def test_who_has_an_account_and_shows_another_caller_is_not_taken_for_a_provider() -> None:
    """A private exchange shows whichever of its extensions calls: it is challenged, and proves itself."""
    office = opened(trunk(register=False))
    exchange = Phone(office, "6001", host="203.0.113.10")
    shown = "<sip:0301234567@192.0.2.1>;tag=phone"

    def call(number: int) -> None:
        invite = exchange.request(
            "INVITE", "sip:101@192.0.2.1", call_id=f"c{number}", body=session_description(), number=number
        )
        invite.headers.set("From", shown)
        exchange.proved(invite)
        exchange.messages()

    call(1)
    assert office.stack.refusals.all() == []
    exchange.register(call_id="reg")
    office.changes()
    call(10)
    assert not [each for each in office.changes() if isinstance(each, AccessRefused)]


def test_a_flood_of_forged_calls_does_not_push_out_who_was_refused() -> None:
    office = opened(trunk(register=False))
    ada = Phone(office, "6001", host="203.0.113.10")
    ada.send(ada.request("REGISTER", "sip:192.0.2.1"))
    ada.send(ada.with_proof(ada.request("REGISTER", "sip:192.0.2.1"), ada.response(), "wrong"))
    for number in range(300):
        forged = Phone(office, f"x{number}", host=f"198.51.100.{number % 250}", port=5000 + number)
        forged.send(forged.request("INVITE", "sip:1100@192.0.2.1", body=session_description()))
        proof = ("Authorization", f'Digest username="y{number}", realm="elsewhere"')
        forged.send(forged.request("REGISTER", "sip:192.0.2.1", headers=(proof,)))
    refused = [entry.refused.user for entry in office.stack.refusals.all()]
    assert len(refused) < 30 and refused[-1] == "6001"


@pytest.mark.parametrize(
    ("server", "transport", "believed"),
    [
        (FIRST, "udp", True),
        (f"{FIRST};transport=tcp", "tcp", True),
        (f"{FIRST};transport=tcp", "udp", False),
        (f"{FIRST}:5060;transport=tls", "tcp", False),
        (f"{FIRST}:5060;transport=tls", "tls", True),
        (f"{FIRST}:5060;transport=tls", "udp", False),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_an_address_is_believed_by_transports_as_good_as_the_trunks_own_alone(
    server: str, transport: str, believed: bool, listed: bool
) -> None:
    """Anybody can write an address into a datagram."""
    office = Office(listening=["tls"])
    sources = [ip_network("203.0.113.0/24")] if listed else []
    office.stack.trunks.load([trunk(server, register=False, sources=sources)], office.clock.now)
    office.drain()
    caller = Phone(office, "x", host="203.0.113.9" if listed else FIRST, port=5060, transport=transport)
    caller.send(caller.request("INVITE", "sip:1100@192.0.2.1", body=session_description()))
    assert caller.statuses()[0] == (100 if believed else 401)


@pytest.mark.parametrize(
    ("networks", "host", "known"),
    [
        ("203.0.113.0/24", "203.0.113.9", True),
        ("203.0.113.0/24", "203.0.114.9", False),
        ("2001:db8::/32", "2001:db8:1::9", True),
        ("2001:db8::9/128", "2001:db8::9", False),  # its neighbours are of the same source
        ("203.0.113.0/24", "2001:db8::9", False),
    ],
)
def test_sources_that_are_listed_may_call_as_often_as_servers(networks: str, host: str, known: bool) -> None:
    office = opened(trunk(register=False, sources=[ip_network(networks)]))
    assert office.stack.trunks.lives_at(source_of(host)) == known


def test_a_trunk_that_is_to_prove_itself_does() -> None:
    office = opened(
        trunk(
            register=False, challenge=True, account=Account("pstn", Secret("s3cret"), "", "from-pstn", True, True)
        )
    )
    provider = Provider(office)
    invite = provider.request("INVITE", "sip:1100@192.0.2.1", body=session_description())
    provider.send(invite)
    refusal = provider.response()
    assert refusal.status == 401
    provider.user = "4711"
    provider.send(provider.with_proof(invite, refusal, "s3cret"))
    (offered,) = [event for event in office.events() if isinstance(event, Offered)]
    assert offered.context == "from-pstn"


def test_a_trunk_does_not_register_here() -> None:
    office = opened(trunk(register=False))
    provider = Provider(office)
    provider.send(provider.request("REGISTER", "sip:192.0.2.1"))
    assert provider.response().status == 403
    assert office.stack.bindings == []


# Changes while it runs.


def test_a_reload_leaves_alone_what_is_as_before() -> None:
    other = trunk(SECOND, account=Account("other", Secret(), trusted=True, trunk=True))
    office = opened(trunk(), other)
    first, second = Provider(office), Provider(office, SECOND)
    first.registers()
    second.registers()
    office.stack.trunks.load([trunk()], office.clock.now)
    office.drain()
    assert first.messages() == []
    (gone,) = second.asked("REGISTER")
    assert gone.expires == 0
    assert [status.name for status in office.stack.trunks.status()] == ["pstn"]


def test_a_call_in_progress_outlives_its_trunk() -> None:
    office = opened(trunk(register=False))
    provider = Provider(office)
    channel = dialled(office)
    (invite,) = provider.asked("INVITE")
    provider.reply(invite, 200, body=session_description())
    office.stack.trunks.load([], office.clock.now)
    office.drain()
    provider.send(provider.from_below(invite, "below", "BYE"))
    assert isinstance(office.events()[-1], Released)
    assert channel is not None
    office.quiet()


def test_a_trunk_is_unavailable_until_it_is_up_and_accounts_until_they_register() -> None:
    office = opened(trunk())
    stack = office.stack
    assert stack.device("5550100@pstn") == stack.device("pstn") == "SIP/pstn"
    assert stack.state("5550100@pstn") is DeviceState.UNAVAILABLE
    Provider(office).registers()
    assert stack.state("pstn") is DeviceState.NOT_INUSE
    assert stack.state("6001") is DeviceState.UNAVAILABLE and stack.state("nobody") is DeviceState.INVALID


# Behind a NAT of ours.


def seen_at(request: Request, place: str) -> Request:
    """`request` as it came out of our NAT (RFC 3581 4)."""
    host, port = place.split(":")
    via = request.via.parameters.having("received", host).having("rport", port)
    request.set_top_via(replace(request.via, parameters=via))
    return request


def called_behind_nat() -> tuple[Office, Provider, object, Request]:
    """A call goes out to a provider that sees us at 9.9.9.9:5060; every 30 s we ask whether it still does."""
    office = opened(trunk(register=False, qualify=30.0))
    provider = Provider(office)
    (question,) = provider.asked("OPTIONS")
    provider.refuse(seen_at(question, "9.9.9.9:5060"), 200)
    channel = dialled(office)
    (invite,) = provider.asked("INVITE")
    return office, provider, channel, invite


def test_rfc_3581_4_it_registers_where_its_registrar_has_seen_it() -> None:
    office = opened(trunk())
    provider = Provider(office)
    (first,) = provider.asked("REGISTER")
    assert [str(contact.uri.host) for contact in first.contacts] == ["192.0.2.1"]  # type: ignore[union-attr]  # SIP URIs
    provider.challenge(seen_at(first, "9.9.9.9:1024"))
    (second,) = provider.asked("REGISTER")
    (contact,) = second.contacts
    assert isinstance(contact.uri, SipUri) and (contact.uri.host, contact.uri.port) == ("9.9.9.9", 1024)


def test_section_14_a_line_that_gets_another_public_address_takes_its_calls_along() -> None:
    office, provider, channel, invite = called_behind_nat()
    assert b"c=IN IP4 9.9.9.9" in invite.body
    provider.reply(seen_at(invite, "9.9.9.9:5060"), 200, tag="p", body=session_description())
    provider.asked("ACK")
    office.wait(30)
    (question,) = provider.asked("OPTIONS")
    provider.refuse(seen_at(question, "9.9.9.77:5060"), 200)
    office.wait(0)
    (again,) = provider.asked("INVITE")
    assert again.to.tag == "p" and b"c=IN IP4 9.9.9.77" in again.body
    assert "@9.9.9.77:5060" in str(again.contacts[0].uri)
    first, second = (one.body.split(b"\r\n")[1].split() for one in (invite, again))
    assert int(second[2]) == int(first[2]) + 1, "RFC 3264 section 8"
    # It says another address each time: that is not asked about each time.
    provider.reply(seen_at(again, "9.9.9.88:5060"), 200, tag="p", body=session_description())
    office.wait(9)
    assert not provider.asked("INVITE")
    office.wait(1.1)
    (third,) = provider.asked("INVITE")
    assert b"c=IN IP4 9.9.9.88" in third.body
    provider.refuse(third, 488)
    office.wait(25)
    assert not provider.asked("INVITE"), "what was refused is not asked for again"
    hang_up(office, channel)
    assert provider.asked("BYE")


def test_section_14_a_call_that_shows_another_public_address_as_it_rings_asks_for_audio_there_once_answered() -> (
    None
):
    office, provider, channel, invite = called_behind_nat()
    assert b"c=IN IP4 9.9.9.9" in invite.body
    provider.reply(seen_at(invite, "9.9.9.77:5060"), 180, tag="p")
    office.wait(5)
    assert not provider.asked("INVITE")
    provider.reply(invite, 200, tag="p", body=session_description())
    (again,) = provider.asked("INVITE")
    assert again.to.tag == "p" and b"c=IN IP4 9.9.9.77" in again.body
    provider.reply(again, 200, tag="p", body=session_description())
    office.wait(25)
    assert not provider.asked("INVITE")
    hang_up(office, channel)
    assert provider.asked("BYE")


def test_section_14_another_public_address_is_told_after_an_offer_that_is_refused_meanwhile() -> None:
    office, provider, channel, invite = called_behind_nat()
    provider.reply(seen_at(invite, "9.9.9.9:5060"), 200, tag="p", body=session_description())
    provider.asked("ACK")
    office.wait(29.9)
    office.command(channel, Hold())  # type: ignore[arg-type]  # a leg of ours
    (hold,) = provider.asked("INVITE")
    office.wait(0.1)
    (question,) = provider.asked("OPTIONS")
    provider.refuse(seen_at(question, "9.9.9.77:5060"), 200)
    office.wait(0)
    provider.refuse(hold, 488)
    (again,) = provider.asked("INVITE")
    assert b"c=IN IP4 9.9.9.77" in again.body and b"a=sendonly" not in again.body
    provider.refuse(again, 488)
    office.wait(25)
    assert not provider.asked("INVITE"), "what was refused is not asked for again"
    hang_up(office, channel)
    assert provider.asked("BYE")


def test_rfc_3261_10_2_2_where_its_nat_has_moved_it_the_old_contact_ends() -> None:
    office = opened(trunk(qualify=30.0))
    provider = Provider(office)
    for request in provider.messages():
        assert isinstance(request, Request)
        answer = provider.grant if request.method == "REGISTER" else lambda asked: provider.refuse(asked, 200)
        answer(seen_at(request, "9.9.9.9:1024"))
    office.wait(30)
    (question,) = provider.asked("OPTIONS")
    provider.refuse(seen_at(question, "9.9.9.9:2048"), 200)
    (again,) = provider.asked("REGISTER")
    shown = [(str(contact.uri), contact.parameters.get("expires")) for contact in again.contacts]
    assert [expires for _, expires in shown] == [None, "0"]
    assert "9.9.9.9:2048" in shown[0][0]
    provider.grant(seen_at(again, "9.9.9.9:2048"))
    office.wait(30)
    (question,) = provider.asked("OPTIONS")
    provider.refuse(seen_at(question, "9.9.9.9:2048"), 200)
    assert provider.asked("REGISTER") == [], "it is known there"


@pytest.mark.parametrize(("transport", "status"), [("udp", 403), ("tcp", 202)])
def test_rfc_4579_section_5_5_what_may_be_forged_asks_nothing_of_a_conference(transport: str, status: int) -> None:
    """A datagram may bear a trunk's address, whoever has sent it; who has opened a connection is there."""
    office = opened(trunk(register=False))
    provider = Provider(office)
    invite = provider.request("INVITE", "sip:8500@192.0.2.1", body=session_description())
    provider.send(invite)
    [(channel, _)] = office.heard()
    office.command(channel, Confer("8500"))
    office.command(channel, Answer())
    ok = [message for message in provider.messages() if isinstance(message, Response)][-1]
    provider.send(provider.ack(invite, ok))
    other = Phone(office, "provider", host=FIRST, port=5060, transport=transport)
    headers = (("Refer-To", "<sip:102@192.0.2.1;method=BYE>"),)
    other.send(other.request("REFER", "sip:8500@192.0.2.1", headers=headers, call_id="out"))
    answers = [one for one in other.messages() if isinstance(one, Response) and one.cseq.method == "REFER"]
    assert [one.status for one in answers] == [status]
    assert bool(office.heard()) is (status == 202)


@pytest.mark.parametrize(("transport", "told"), [("udp", FIRST), ("tcp", "198.51.100.66")])
def test_what_may_be_forged_has_nobody_told_but_the_trunk_itself(transport: str, told: str) -> None:
    """Whoever writes a trunk's address into a SUBSCRIBE, and its own into the Contact, is sent no NOTIFY."""
    office = opened(trunk(register=False))
    phone = Phone(office, "pstn", host=FIRST, port=5060, transport=transport)
    headers = (("Event", "reg"), ("Contact", f"<sip:me@198.51.100.66;transport={transport}>"))
    phone.send(phone.request("SUBSCRIBE", "sip:pstn@192.0.2.1", to="<sip:pstn@192.0.2.1>", headers=headers))
    assert [one.flow.remote[0] for one in office.sent if one.data.startswith(b"NOTIFY ")] == [told]
