"""INVITE transactions on both sides, over a wire that loses (RFC 3261 sections 17.1.1 and 17.2.1, RFC 6026)."""

from __future__ import annotations

import pytest

from gateway.sip.message import Response
from gateway.sip.parser import parse
from gateway.sip.transaction.base import ClientTransaction, ServerTransaction
from gateway.sip.transaction.invite_client import InviteClientState
from gateway.sip.transaction.invite_server import InviteServerInput, InviteServerState
from gateway.sip.transaction.table import TransactionLayer
from gateway.sip.transport import Flow
from tests.unit.sip.exchange import CALLEE, CALLER, Exchange, request
from tests.unit.sip.transaction_user import (
    AckArrived,
    Listener,
    RequestArrived,
    ResponseArrived,
    TimedOut,
    TransportFailed,
)

FLOW = Flow("udp", CALLER, CALLEE)


def states(exchange: Exchange) -> tuple[object, ...]:
    """Where the INVITE's two machines stand."""
    return tuple(
        transaction.state
        for layer in (exchange.caller, exchange.callee)
        for transaction in (*layer._clients.values(), *layer._servers.values())
        if transaction.method == "INVITE"
    )


def quiet(exchange: Exchange) -> None:
    """Nothing lives on, and nobody waits."""
    assert len(exchange.caller) == len(exchange.callee) == 0
    assert exchange.caller.deadline() is None and exchange.callee.deadline() is None
    assert not exchange.caller._by_flow and not exchange.callee._by_flow and not exchange.callee._merge_keys


# Calling: timers A and B


def test_an_invite_is_repeated_at_doubling_intervals_until_timer_b() -> None:
    exchange = Exchange()
    exchange.lose("*")
    transaction = exchange.send(request())
    exchange.wait(31.9)
    assert exchange.times("INVITE") == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert exchange.told["caller"] == []
    exchange.wait(0.1)
    assert exchange.told["caller"] == [TimedOut(transaction, "timer B after 32 s")]
    quiet(exchange)


def test_over_tcp_an_invite_is_sent_once_and_timer_b_still_runs() -> None:
    exchange = Exchange("tcp")
    exchange.lose("*")
    transaction = exchange.send(request())
    exchange.wait(32)
    assert exchange.times("INVITE") == [0]
    assert exchange.told["caller"] == [TimedOut(transaction, "timer B after 32 s")]
    quiet(exchange)


def test_a_provisional_response_ends_the_repetition_for_good() -> None:
    exchange = Exchange()
    exchange.send(request())
    exchange.answer(180)
    exchange.wait(1000)
    assert exchange.times("INVITE") == [0]
    assert exchange.statuses() == [180]
    assert states(exchange) == (InviteClientState.PROCEEDING, InviteServerState.PROCEEDING)


def test_a_lost_invite_gets_through_the_second_time() -> None:
    exchange = Exchange()
    exchange.lose("INVITE")
    exchange.send(request())
    assert exchange.told["callee"] == []
    exchange.wait(0.5)
    assert len(exchange.told["callee"]) == 1


# Proceeding


def test_trying_is_sent_where_the_user_takes_more_than_200_ms() -> None:
    exchange = Exchange()
    exchange.send(request())
    exchange.wait(0.19)
    assert exchange.times("100") == []
    exchange.wait(0.02)
    assert exchange.times("100") == [0.2]
    assert exchange.statuses() == [100]


def test_no_trying_is_sent_after_the_user_has_responded() -> None:
    exchange = Exchange()
    exchange.send(request())
    exchange.answer(180)
    exchange.wait(1)
    assert exchange.times("100") == []


def test_a_repeated_invite_gets_the_latest_response_and_is_told_once() -> None:
    exchange = Exchange()
    exchange.lose("180")
    exchange.send(request())
    exchange.answer(180)
    exchange.wait(0.5)
    assert exchange.times("180") == [0, 0.5]
    assert exchange.statuses() == [180]
    assert len(exchange.heard("callee", RequestArrived)) == 1


# Completed: timers D, G, H and I


def test_a_refusal_is_acknowledged_by_the_transaction() -> None:
    exchange = Exchange()
    exchange.send(request())
    exchange.answer(486)
    assert exchange.statuses() == [486]
    assert exchange.times("ACK") == [0]
    assert exchange.heard("callee", AckArrived) == []
    assert states(exchange) == (InviteClientState.COMPLETED, InviteServerState.CONFIRMED)


def test_the_ack_to_a_refusal_is_of_the_same_transaction() -> None:
    exchange = Exchange()
    invite = exchange.send(request())
    arrived = exchange.told["callee"][0]
    assert isinstance(arrived, RequestArrived)
    response = arrived.request.reply(404, to_tag="2")
    exchange.caller.receive(response, exchange.flows["caller"], 0)
    (datagram,) = exchange.caller.outgoing()
    assert datagram.data == (
        b"ACK sip:bob@x SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKcaller1;rport\r\n"
        b"Route: <sip:proxy;lr>\r\n"
        b"Max-Forwards: 70\r\n"
        b"From: <sip:ann@x>;tag=1\r\n"
        b"To: <sip:bob@x>;tag=2\r\n"
        b"Call-ID: call\r\n"
        b"CSeq: 1 ACK\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    assert invite.request.via.branch == "z9hG4bKcaller1"


def test_a_refusal_is_repeated_up_to_t2_until_timer_h() -> None:
    exchange = Exchange()
    exchange.send(request())
    exchange.lose("*")
    exchange.answer(486)
    exchange.wait(31.9)
    assert exchange.times("486") == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    exchange.wait(0.1)
    (timed_out,) = exchange.heard("callee", TimedOut)
    assert isinstance(timed_out, TimedOut) and timed_out.evidence == "timer H after 32 s"
    assert len(exchange.callee) == 0


def test_over_tcp_a_refusal_is_sent_once_and_timer_h_still_runs() -> None:
    exchange = Exchange("tcp")
    exchange.send(request())
    exchange.lose("*")
    exchange.answer(486)
    exchange.wait(32)
    assert exchange.times("486") == [0]
    assert len(exchange.heard("callee", TimedOut)) == 1


def test_a_lost_ack_is_sent_again_for_each_repeated_refusal() -> None:
    exchange = Exchange()
    exchange.send(request())
    exchange.lose("ACK", "ACK")
    exchange.answer(486)
    exchange.wait(5)
    assert exchange.times("486") == [0, 0.5, 1.5]
    assert exchange.times("ACK") == [0, 0.5, 1.5]
    assert exchange.statuses() == [486]


def test_both_sides_linger_over_udp_for_what_is_under_way() -> None:
    exchange = Exchange()
    exchange.send(request())
    exchange.answer(486)
    exchange.wait(4.9)
    assert len(exchange.callee) == 1
    exchange.wait(0.2)
    assert len(exchange.callee) == 0  # timer I
    exchange.wait(26.8)
    assert len(exchange.caller) == 1
    exchange.wait(0.2)
    quiet(exchange)  # timer D


def test_over_tcp_nobody_lingers_after_a_refusal() -> None:
    exchange = Exchange("tcp")
    exchange.send(request())
    exchange.answer(486)
    exchange.wait(0)
    quiet(exchange)


def test_the_users_second_thoughts_after_a_refusal_are_discarded() -> None:
    exchange = Exchange()
    exchange.send(request())
    exchange.lose("ACK")
    exchange.answer(486)
    for status in (180, 200, 603):
        exchange.answer(status)
    assert exchange.statuses() == [486]
    exchange.wait(1)
    exchange.answer(200)
    assert states(exchange) == (InviteClientState.COMPLETED, InviteServerState.CONFIRMED)
    exchange.wait(40)
    exchange.answer(200)
    quiet(exchange)


# Accepted (RFC 6026): timers L and M


def test_every_acceptance_goes_up_and_its_ack_is_the_users() -> None:
    exchange = Exchange()
    exchange.send(request())
    exchange.answer(200)
    exchange.wait(1)
    exchange.answer(200)  # the user repeats it
    assert exchange.statuses() == [200, 200]
    assert exchange.times("ACK") == []
    exchange.caller.send_ack(request("ACK"), exchange.flows["caller"])
    exchange.carry()
    (ack,) = exchange.heard("callee", AckArrived)
    assert isinstance(ack, AckArrived) and ack.request.method == "ACK" and ack.flow == exchange.flows["callee"]


def test_an_ack_with_the_branch_of_its_invite_is_told_too() -> None:
    exchange = Exchange()
    invite = exchange.send(request())
    exchange.answer(200)
    ack = request("ACK")
    ack.headers.set("via", invite.request.via)
    exchange.callee.receive(ack, exchange.flows["callee"], 0)
    exchange.carry()
    assert len(exchange.heard("callee", AckArrived)) == 1


def test_a_repeated_invite_after_acceptance_is_absorbed() -> None:
    exchange = Exchange()
    exchange.send(request())
    exchange.lose("200")
    exchange.answer(200)
    exchange.wait(4)
    assert len(exchange.times("INVITE")) > 1
    assert len(exchange.heard("callee", RequestArrived)) == 1
    assert len(exchange.times("200")) == 1


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_accepted_transactions_last_32_s_on_both_sides(transport: str) -> None:
    exchange = Exchange(transport)
    exchange.send(request())
    exchange.answer(200)
    exchange.wait(31.9)
    assert states(exchange) == (InviteClientState.ACCEPTED, InviteServerState.ACCEPTED)
    exchange.answer(486)
    assert exchange.statuses() == [200]
    exchange.wait(0.2)
    quiet(exchange)
    assert exchange.heard("caller", TimedOut) == []


# CANCEL (section 9)


def test_a_cancel_waits_for_the_first_provisional_response() -> None:
    exchange = Exchange()
    exchange.lose("INVITE")
    invite = exchange.send(request())
    exchange.caller.cancel(invite, 0)
    exchange.caller.cancel(invite, 0)
    exchange.carry()
    assert exchange.times("CANCEL") == []
    exchange.wait(0.5)
    exchange.answer(180)
    assert exchange.times("CANCEL") == [0.5]
    arrived = exchange.heard("callee", RequestArrived)
    assert [event.request.method for event in arrived if isinstance(event, RequestArrived)] == ["INVITE", "CANCEL"]


def test_a_cancel_finds_its_invite_and_both_are_answered() -> None:
    exchange = Exchange()
    invite = exchange.send(request())
    exchange.answer(180)
    exchange.caller.cancel(invite, 0)
    exchange.carry()
    incoming, cancel = exchange.heard("callee", RequestArrived)
    assert isinstance(cancel, RequestArrived) and isinstance(incoming, RequestArrived)
    assert cancel.cancels is incoming.transaction
    assert not cancel.merged
    cancel.transaction.respond(cancel.request.reply(200, to_tag="2"), 0)
    exchange.answer(487)
    assert exchange.statuses() == [180, 487]  # the 200 to the CANCEL is not told
    assert exchange.times("ACK") == [0]
    exchange.wait(64)
    quiet(exchange)


def test_a_cancelled_invite_that_never_ends_is_given_up() -> None:
    exchange = Exchange()
    invite = exchange.send(request())
    exchange.answer(180)
    exchange.lose("*")
    exchange.caller.cancel(invite, 0)
    exchange.wait(31.9)
    exchange.caller.cancel(invite, 31.9)
    assert exchange.heard("caller", TimedOut) == []
    exchange.wait(0.2)
    assert exchange.heard("caller", TimedOut) == [TimedOut(invite, "no end of the cancelled INVITE after 32 s")]
    assert len(exchange.caller) == 0


def test_an_answer_that_crosses_the_cancel_still_counts() -> None:
    exchange = Exchange()
    invite = exchange.send(request())
    exchange.answer(180)
    exchange.lose("CANCEL")
    exchange.caller.cancel(invite, 0)
    exchange.answer(200)
    assert exchange.statuses() == [180, 200]
    exchange.caller.cancel(invite, 0)
    exchange.wait(33)
    assert exchange.heard("caller", TimedOut) == []


def test_an_invite_that_is_over_or_refused_cannot_be_cancelled() -> None:
    exchange = Exchange()
    invite = exchange.send(request())
    exchange.answer(486)
    exchange.caller.cancel(invite, 0)
    exchange.wait(40)
    exchange.caller.cancel(invite, 40)
    assert exchange.times("CANCEL") == []


# Flows that fail


def test_a_failed_flow_ends_the_invites_on_it() -> None:
    exchange = Exchange("tcp")
    invite = exchange.send(request())
    for side in ("caller", "callee", "callee"):  # 18.2.2: who was called tries another connection, once
        exchange.layers[side].lose(exchange.flows[side])
    exchange.carry()
    assert exchange.told["caller"] == [TransportFailed(invite)]
    assert len(exchange.heard("callee", TransportFailed)) == 1
    quiet(exchange)


def test_an_accepted_invite_outlives_its_flow() -> None:
    exchange = Exchange("tcp")
    exchange.send(request())
    exchange.answer(200)
    for side in ("caller", "callee", "callee"):
        exchange.layers[side].lose(exchange.flows[side])
    exchange.carry()
    assert len(exchange.heard("callee", TransportFailed)) == 1
    assert states(exchange) == (InviteClientState.ACCEPTED, InviteServerState.ACCEPTED)


# A user that acts at once, while it is told


class Hasty(Listener):
    """Answers each request with a status, and cancels what rings."""

    layer: TransactionLayer

    def __init__(self, status: int) -> None:
        super().__init__()
        self._status = status

    def request_arrived(self, transaction: ServerTransaction, now: float, *, merged: bool) -> None:
        transaction.respond(transaction.request.reply(self._status, to_tag="2"), now)

    def response_arrived(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        super().response_arrived(transaction, response, now)
        if response.status == 180:
            self.layer.cancel(transaction, now)


@pytest.mark.parametrize(
    ("status", "timer"),
    [(100, None), (180, None), (200, InviteServerInput.TIMER_L), (486, InviteServerInput.TIMER_G)],
)
def test_section_17_2_1_no_100_is_due_to_an_invite_that_is_answered_at_once(
    status: int, timer: InviteServerInput | None
) -> None:
    user = Hasty(status)
    user.layer = layer = TransactionLayer(user)
    outgoing = TransactionLayer(Listener())
    invite = outgoing.request(request(), FLOW, 0.0)
    layer.receive(parse(outgoing.outgoing()[0].data), FLOW, 0.0)
    (transaction,) = layer._servers.values()
    assert transaction.timer is timer
    layer.expire(0.3)
    (response,) = [parse(datagram.data) for datagram in layer.outgoing()]
    assert response.status == status and invite.state is InviteClientState.CALLING


def test_section_9_1_an_invite_may_be_cancelled_as_soon_as_it_is_told_to_ring() -> None:
    user = Hasty(200)
    user.layer = layer = TransactionLayer(user)
    invite = layer.request(request(), FLOW, 0.0)
    layer.receive(invite.request.reply(180, to_tag="2"), FLOW, 0.1)
    assert [datagram.data.split()[0] for datagram in layer.outgoing()] == [b"INVITE", b"CANCEL"]
    layer.receive(invite.request.reply(487, to_tag="2"), FLOW, 0.2)
    assert [event.response.status for event in user.told if isinstance(event, ResponseArrived)] == [180, 487]
