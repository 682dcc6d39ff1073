"""Transactions of other methods on both sides, over a wire that loses (RFC 3261 sections 17.1.2 and 17.2.2)."""

from __future__ import annotations

from tests.unit.sip.exchange import Exchange, request
from tests.unit.sip.transaction_user import RequestArrived, TimedOut, TransportFailed


def test_a_request_is_repeated_up_to_t2_until_timer_f() -> None:
    exchange = Exchange()
    exchange.lose("*")
    transaction = exchange.send(request("OPTIONS"))
    exchange.wait(31.9)
    assert exchange.times("OPTIONS") == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    exchange.wait(0.1)
    assert exchange.told["caller"] == [TimedOut(transaction, "timer F after 32 s")]
    assert len(exchange.caller) == 0 and exchange.caller.deadline() is None


def test_over_tcp_a_request_is_sent_once_and_timer_f_still_runs() -> None:
    exchange = Exchange("tcp")
    exchange.lose("*")
    exchange.send(request("OPTIONS"))
    exchange.wait(32)
    assert exchange.times("OPTIONS") == [0]
    assert len(exchange.heard("caller", TimedOut)) == 1


def test_after_a_provisional_response_it_is_repeated_every_t2() -> None:
    exchange = Exchange()
    exchange.send(request("OPTIONS"))
    exchange.answer(100)
    exchange.wait(33)
    assert exchange.times("OPTIONS") == [0, 0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]
    assert exchange.statuses() == [100] * 9  # each repetition is answered with it, 17.2.2
    assert len(exchange.heard("caller", TimedOut)) == 1


def test_a_final_response_is_told_once_however_often_it_comes() -> None:
    exchange = Exchange()
    exchange.lose("200")
    exchange.send(request("OPTIONS"))
    exchange.answer(200)
    exchange.wait(0.5)
    assert exchange.times("200") == [0, 0.5]
    assert exchange.statuses() == [200]
    (arrived,) = exchange.heard("callee", RequestArrived)
    assert isinstance(arrived, RequestArrived)
    exchange.caller.receive(arrived.request.reply(200), exchange.flows["caller"], 1)
    exchange.caller.receive(arrived.request.reply(100), exchange.flows["caller"], 1)
    exchange.carry()
    assert exchange.statuses() == [200]


def test_a_request_repeated_before_any_response_is_absorbed() -> None:
    exchange = Exchange()
    exchange.send(request("OPTIONS"))
    exchange.wait(10)
    assert len(exchange.times("OPTIONS")) == 5
    assert len(exchange.heard("callee", RequestArrived)) == 1


def test_both_sides_linger_over_udp() -> None:
    exchange = Exchange()
    exchange.send(request("OPTIONS"))
    exchange.answer(200)
    exchange.wait(4.9)
    assert len(exchange.caller) == 1
    exchange.wait(0.2)
    assert len(exchange.caller) == 0  # timer K
    exchange.wait(26.8)
    assert len(exchange.callee) == 1
    exchange.wait(0.2)
    assert len(exchange.callee) == 0  # timer J


def test_over_tcp_nobody_lingers() -> None:
    exchange = Exchange("tcp")
    exchange.send(request("OPTIONS"))
    exchange.answer(200)
    exchange.wait(0)
    assert len(exchange.caller) == len(exchange.callee) == 0


def test_the_users_second_thoughts_are_discarded() -> None:
    exchange = Exchange()
    exchange.send(request("OPTIONS"))
    exchange.answer(404)
    exchange.answer(200)
    exchange.answer(100)
    exchange.wait(40)
    exchange.answer(200)
    assert exchange.statuses() == [404]
    assert exchange.times("200") == []


def test_a_failed_flow_ends_the_requests_on_it_and_no_others() -> None:
    exchange = Exchange("tcp")
    first = exchange.send(request("OPTIONS"))
    exchange.callee.lose(exchange.flows["caller"])
    exchange.carry()
    assert len(exchange.callee) == 1
    for side in exchange.layers:
        exchange.layers[side].lose(exchange.flows[side])
        exchange.layers[side].lose(exchange.flows[side])
    exchange.carry()
    assert exchange.told["caller"] == [TransportFailed(first)]
    assert len(exchange.heard("callee", TransportFailed)) == 1
    assert len(exchange.caller) == len(exchange.callee) == 0


def test_section_18_2_2_what_is_answered_late_is_by_another_connection() -> None:
    exchange = Exchange("tcp")
    exchange.send(request("OPTIONS"))
    exchange.callee.lose(exchange.flows["callee"])
    exchange.answer(200)
    assert exchange.statuses() == [200] and exchange.heard("callee", TransportFailed) == []
    exchange.wait(40)
    assert len(exchange.caller) == len(exchange.callee) == 0


def test_an_answered_request_does_not_mind_its_flow() -> None:
    exchange = Exchange()
    exchange.send(request("OPTIONS"))
    exchange.answer(200)
    exchange.caller.lose(exchange.flows["caller"])
    exchange.carry()
    assert exchange.heard("caller", TransportFailed) == []
