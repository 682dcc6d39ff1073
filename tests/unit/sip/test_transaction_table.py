"""Which transaction a message belongs to, what happens at the limits, and that the tables are whole."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest

from gateway.core.errors import Exhausted
from gateway.sip.message import Request, Response
from gateway.sip.parser import parse
from gateway.sip.transaction.base import Transaction
from gateway.sip.transaction.invite_client import INVITE_CLIENT, InviteClient, InviteClientInput, InviteClientState
from gateway.sip.transaction.invite_server import INVITE_SERVER, InviteServer, InviteServerInput, InviteServerState
from gateway.sip.transaction.plain_client import PLAIN_CLIENT, PlainClient, PlainClientInput, PlainClientState
from gateway.sip.transaction.plain_server import PLAIN_SERVER, PlainServer, PlainServerInput, PlainServerState
from gateway.sip.transaction.table import TransactionLayer
from gateway.sip.transport import Flow
from tests.unit.sip.exchange import Exchange, request
from tests.unit.sip.transaction_user import AckArrived, Layer, Listener, RequestArrived, StrayResponse

FLOW = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.2", 5060))

MACHINES: list[tuple[type[Transaction], Any, type[Enum], type[Enum]]] = [
    (InviteClient, INVITE_CLIENT, InviteClientState, InviteClientInput),
    (InviteServer, INVITE_SERVER, InviteServerState, InviteServerInput),
    (PlainClient, PLAIN_CLIENT, PlainClientState, PlainClientInput),
    (PlainServer, PLAIN_SERVER, PlainServerState, PlainServerInput),
]


@pytest.mark.parametrize(("kind", "table", "states", "inputs"), MACHINES)
def test_a_table_takes_all_that_comes_from_outside(
    kind: type[Transaction], table: Any, states: type[Enum], inputs: type[Enum]
) -> None:
    assert kind.TABLE is table
    assert set(table) == set(states)
    outside = {given for given in inputs if not given.name.startswith("TIMER")}
    for state, row in table.items():
        if state.name == "TERMINATED":
            assert not row
            continue
        assert outside <= set(row), state
    assert {given for row in table.values() for given in row} == set(inputs)


def options(
    via: str, *, method: str = "OPTIONS", tag: str = ";tag=1", number: int = 1, to: str = "", uri: str = "sip:bob@x"
) -> Request:
    data = (
        f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\nFrom: <sip:ann@x>{tag}\r\nTo: <sip:bob@x>{to}\r\n"
        f"Call-ID: c\r\nCSeq: {number} {method}\r\n\r\n"
    )
    message = parse(data.encode())
    assert isinstance(message, Request)
    return message


def arrivals(layer: Layer, *requests: Request) -> list[RequestArrived]:
    for message in requests:
        layer.receive(message, FLOW, 0)
    return [event for event in layer.events() if isinstance(event, RequestArrived)]


# 17.2.3


@pytest.mark.parametrize(
    "other",
    [
        options("a;branch=z9hG4bK2"),
        options("b;branch=z9hG4bK1"),
        options("a:5060;branch=z9hG4bK1"),
        options("a;branch=z9hG4bK1", method="INFO"),
    ],
)
def test_branch_sent_by_and_method_make_a_transaction(other: Request) -> None:
    assert len(arrivals(Layer(), options("a;branch=z9hG4bK1"), other)) == 2


def test_nothing_but_branch_sent_by_and_method_makes_one() -> None:
    layer = Layer()
    again = options("A;branch=z9hG4bK1", number=2, tag=";tag=2", uri="sip:other@x")
    assert len(arrivals(layer, options("a;branch=z9hG4bK1"), again)) == 1


@pytest.mark.parametrize("branch", ["", ";branch=1", ";branch=z9hG4bK"])
def test_without_a_unique_branch_the_rules_of_rfc_2543_hold(branch: str) -> None:
    via = f"a{branch}"
    same = arrivals(Layer(), options(via), options(via))
    assert len(same) == 1
    for other in (
        options(via, number=2),
        options(via, tag=";tag=2"),
        options(via, tag=""),
        options(via, uri="sip:x"),
        options(f"b{branch}"),
        options(via, method="INFO"),
    ):
        assert len(arrivals(Layer(), options(via), other)) == 2


@pytest.mark.parametrize("branch", ["", ";branch=z9hG4bK1"])
def test_the_ack_to_a_refusal_is_absorbed_by_its_invite(branch: str) -> None:
    layer = Layer()
    invite = options(f"a{branch}", method="INVITE")
    (arrived,) = arrivals(layer, invite)
    arrived.transaction.respond(arrived.request.reply(486, to_tag="2"), 0)
    layer.receive(options(f"a{branch}", method="ACK", to=";tag=2"), FLOW, 0)
    assert layer.events() == []
    assert arrived.transaction.state is InviteServerState.CONFIRMED


@pytest.mark.parametrize("via", ["a", "a;branch=1", "a;rport", "192.0.2.77", "a;branch=z9hG4bK1"])
def test_a_cancel_finds_the_invite_of_the_same_via_wherever_both_have_come_from(via: str) -> None:
    """Section 9.2: also by the rules of RFC 2543, and where our own stamp says of the Via where it came from."""
    layer = Layer()
    (invite,) = arrivals(layer, options(via, method="INVITE"))
    (cancel,) = arrivals(layer, options(via, method="CANCEL"))
    assert cancel.cancels is invite.transaction


def test_an_ack_that_belongs_to_nothing_is_told_and_never_answered() -> None:
    layer = Layer()
    layer.receive(options("a;branch=z9hG4bK1", method="ACK"), FLOW, 0)
    (told,) = layer.events()
    assert isinstance(told, AckArrived)
    assert layer.outgoing() == [] and len(layer) == 0


def test_a_cancel_without_an_invite_says_so() -> None:
    (arrived,) = arrivals(Layer(), options("a;branch=z9hG4bK1", method="CANCEL"))
    assert arrived.cancels is None and not arrived.merged


def test_a_request_that_comes_by_two_ways_is_seen_to_be_merged() -> None:
    layer = Layer()
    first, second, fresh = arrivals(
        layer,
        options("a;branch=z9hG4bK1"),
        options("b;branch=z9hG4bK2"),
        options("c;branch=z9hG4bK3", number=2),
    )
    assert (first.merged, second.merged, fresh.merged) == (False, True, False)
    for arrived in (first, second, fresh):
        arrived.transaction.respond(arrived.request.reply(200, to_tag="2"), 0)
    layer.expire(33)
    assert len(layer) == 0
    (later,) = arrivals(layer, options("d;branch=z9hG4bK4"))
    assert not later.merged


def test_a_request_within_a_dialog_is_not_merged() -> None:
    first, second = arrivals(
        Layer(), options("a;branch=z9hG4bK1", to=";tag=2"), options("b;branch=z9hG4bK2", to=";tag=2")
    )
    assert not first.merged and not second.merged


# 17.1.3


def test_a_response_belongs_to_branch_and_method() -> None:
    exchange = Exchange()
    invite = exchange.send(request())
    for wrong in (
        options("a;branch=z9hG4bKother", method="INVITE").reply(200),
        options("a;branch=z9hG4bKcaller1", method="BYE").reply(200),
        options("a;branch=z9hG4bKother", method="INVITE").reply(486),
    ):
        exchange.caller.receive(wrong, FLOW, 0)
    assert [type(event) for event in exchange.caller.events()] == [StrayResponse]
    assert exchange.caller.unasked == 2
    assert invite.state is InviteClientState.CALLING


def test_a_response_with_two_vias_is_not_ours() -> None:
    exchange = Exchange()
    exchange.send(request())
    response = options("192.0.2.1;branch=z9hG4bKcaller1", method="INVITE").reply(200)
    response.headers.add("Via", "SIP/2.0/UDP b;branch=z9hG4bKx")
    exchange.caller.receive(response, FLOW, 0)
    assert exchange.caller.events() == [] and exchange.caller.unasked == 1


def test_the_users_request_may_be_changed_and_sent_again() -> None:
    layer = Layer()
    message = request()
    first = layer.request(message, FLOW, 0)
    message.headers.set("CSeq", "2 INVITE")
    second = layer.request(message, FLOW, 0)
    assert "via" not in message.headers
    assert first.request.cseq.number == 1 and second.request.cseq.number == 2
    assert first.request.via.branch != second.request.via.branch
    assert len(first.request.vias) == len(second.request.vias) == 1


def test_an_ack_of_the_users_has_a_branch_of_its_own_and_is_given_back_to_be_repeated() -> None:
    layer = Layer()
    data = layer.send_ack(request("ACK"), FLOW)
    (datagram,) = layer.outgoing()
    assert datagram.data == data and b";branch=z9hG4bK" in data
    assert len(layer) == 0


# Limits


def test_beyond_the_limit_new_requests_get_503_and_old_ones_go_on() -> None:
    layer = Layer(limit=2)
    first, _ = arrivals(layer, options("a;branch=z9hG4bK1"), options("b;branch=z9hG4bK2", number=2))
    layer.receive(options("c:5070;rport;branch=z9hG4bK3", number=3), FLOW, 0)
    (refusal,) = layer.outgoing()
    assert refusal.data.startswith(b"SIP/2.0 503 ") and b"\r\nRetry-After: 5\r\n" in refusal.data
    assert refusal.flow == FLOW and layer.events() == [] and layer.turned_away == 1
    layer.receive(options("d;branch=z9hG4bK4", method="ACK"), FLOW, 0)
    assert layer.outgoing() == []
    first.transaction.respond(first.request.reply(200, to_tag="2"), 0)
    layer.receive(options("a;branch=z9hG4bK1"), FLOW, 0)
    assert len(layer.outgoing()) == 2
    with pytest.raises(Exhausted, match="all 2 SIP transactions"):
        layer.request(request(), FLOW, 0)


def test_strangers_cannot_take_the_room_in_which_calls_end() -> None:
    layer = Layer(limit=8)
    for number in range(20):
        layer.receive(options(f"a;branch=z9hG4bK{number}", number=number + 1), FLOW, 0)
    assert len(layer) == 6 and layer.turned_away == 14
    layer.events()
    (bye,) = arrivals(layer, options("b;branch=z9hG4bKbye", method="BYE", to=";tag=2"))
    bye.transaction.respond(bye.request.reply(200), 0)
    for number in range(20):
        layer.receive(options(f"c;branch=z9hG4bKi{number}", method="INFO", to=";tag=2", number=number + 1), FLOW, 0)
    assert len(layer) == 8
    own = request()
    own = Request("BYE", own.uri, headers=own.headers)
    own.headers.set("CSeq", "2 BYE")
    layer.request(own, FLOW, 0)
    assert len(layer) == 9, "what ends a call always finds room"


def test_a_cancel_of_ours_goes_out_even_at_the_limit() -> None:
    layer = Layer(limit=1)
    invite = layer.request(request(), FLOW, 0)
    layer.receive(invite.request.reply(180), FLOW, 0)
    layer.cancel(invite, 0)
    assert [datagram.data.split()[0] for datagram in layer.outgoing()] == [b"INVITE", b"CANCEL"]


def test_thousands_of_transactions_come_and_go_and_leave_nothing() -> None:
    layer = Layer()
    for number in range(3000):
        now = number / 100
        layer.expire(now)
        (arrived,) = arrivals_at(layer, options(f"a;branch=z9hG4bK{number}x", number=number + 1), now)
        arrived.transaction.respond(arrived.request.reply(200, to_tag="2"), now)
    assert len(layer) == 3000
    layer.expire(100)
    assert len(layer) == 0 and layer.deadline() is None and layer.unasked + layer.turned_away == 0


def arrivals_at(layer: Layer, message: Request, now: float) -> list[RequestArrived]:
    layer.receive(message, FLOW, now)
    return [event for event in layer.events() if isinstance(event, RequestArrived)]


class Clumsy(Listener):
    """Fails when it is told that a peer is silent."""

    def timed_out(self, transaction: Transaction, evidence: str, now: float) -> None:
        raise ArithmeticError(evidence)


def test_a_user_that_fails_leaves_no_transaction_behind() -> None:
    layer = TransactionLayer(Clumsy())
    layer.request(request(), FLOW, 0)
    with pytest.raises(ArithmeticError, match="timer B after 32 s"):
        for second in range(40):
            layer.expire(float(second))
    assert len(layer) == 0 and not layer._by_flow
    layer.expire(100.0)
    assert layer.deadline() is None


def test_stopped_timers_do_not_gather() -> None:
    layer = Layer()
    for number in range(2000):
        invite = layer.request(request(number=number + 1), FLOW, 0)
        layer.receive(invite.request.reply(180), FLOW, 0)  # stops timers A and B
        layer.lose(FLOW)
    assert len(layer) == 0
    assert len(layer._schedule._all()) <= 512


def test_a_late_expiry_fires_everything_in_order() -> None:
    exchange = Exchange()
    exchange.lose("*")
    exchange.send(request())
    exchange.clock.now = 100.0
    exchange.caller.expire(100.0)
    exchange.carry()
    assert len(exchange.times("INVITE")) == 2  # one repetition, then timer B, due before the next
    assert len(exchange.told["caller"]) == 1 and len(exchange.caller) == 0


def test_expiring_early_does_nothing() -> None:
    layer = Layer()
    layer.request(request(), FLOW, 0)
    layer.outgoing()
    layer.expire(0.49)
    assert layer.outgoing() == [] and layer.deadline() == 0.5


def test_a_response_without_a_transaction_goes_where_its_request_came_from() -> None:
    layer = Layer()
    layer.send_response(options("c;branch=z9hG4bK3").reply(400), FLOW)
    (datagram,) = layer.outgoing()
    assert isinstance(parse(datagram.data), Response) and datagram.flow == FLOW


@pytest.mark.parametrize(
    ("flow", "method", "via"),
    [
        (FLOW, "OPTIONS", "UDP 192.0.2.1:5060;branch=z9hG4bKb;rport"),
        (FLOW, "REGISTER", "UDP 192.0.2.1:5060;branch=z9hG4bKb;rport;keep"),
        (
            Flow("tls", ("192.0.2.1", 0), ("192.0.2.2", 5061), "example.com"),
            "OPTIONS",
            "TLS 192.0.2.1;branch=z9hG4bKb;rport;alias",
        ),
        (Flow("tcp", ("2001:db8::1", 5060), ("2001:db8::2", 5060)), "OPTIONS",
         "TCP [2001:db8::1]:5060;branch=z9hG4bKb;rport"),
    ],
)  # fmt: skip
def test_our_via_asks_for_what_keeps_the_way_back_open(flow: Flow, method: str, via: str) -> None:
    """RFC 3581 rport, RFC 6223 keep, RFC 5923 alias."""
    layer = Layer(token=lambda: "b")
    layer.request(options("x", method=method), flow, 0.0)
    (datagram,) = layer.outgoing()
    sent = parse(datagram.data)
    assert str(sent.via) == f"SIP/2.0/{via}"
