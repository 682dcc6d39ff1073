"""What is under way on a connection that closes is asked again by another, once (RFC 3261 17.2.3, 18.2.2, 18.4)."""

from __future__ import annotations

import pytest

from gateway.core.messages import Alerting, Answer, Command, Dial, Hangup, Hold, Redirect, Released, SendText
from gateway.core.number import Party
from gateway.core.switch import DeviceState
from gateway.sip.channel import SipChannel
from gateway.sip.dialog import DialogId
from gateway.sip.message import Request
from gateway.sip.transport import Flow
from tests.support.sip import SERVER, Office, Phone
from tests.unit.sip.events.watcher import Watcher, office_to_watch
from tests.unit.sip.exchange import Exchange, request
from tests.unit.sip.test_session import CLEAR, ended, offered
from tests.unit.sip.test_trunk import FIRST, Provider, opened, told, trunk
from tests.unit.sip.transaction_user import RequestArrived, TransportFailed

BY_TCP = f"{FIRST};transport=tcp"
TRUNK = Flow("tcp", SERVER, (FIRST, 5060))


def lose(office: Office, flow: Flow, *, again: bool = False) -> None:
    """A connection closes; `again` where we had made it, so that we can make another."""
    office.stack.lost(flow, office.clock.now, again=again)
    office.drain()


# Transactions.


@pytest.mark.parametrize("method", ["OPTIONS", "INVITE"])
def test_a_request_is_asked_again_by_its_branch_and_answered_once(method: str) -> None:
    exchange = Exchange("tcp")
    exchange.send(request(method))
    exchange.caller.lose(exchange.flows["caller"], again=True)
    exchange.carry()
    assert exchange.times(method) == [0, 0] and len(exchange.heard("callee", RequestArrived)) == 1
    exchange.answer(404)
    assert exchange.statuses()[-1] == 404 and exchange.heard("caller", TransportFailed) == []
    exchange.wait(40)
    assert len(exchange.caller) == len(exchange.callee) == 0


def test_it_is_asked_again_once() -> None:
    exchange = Exchange("tcp")
    exchange.lose("*")
    sent = exchange.send(request("OPTIONS"))
    failed: list[TransportFailed]
    for failed in ([], [TransportFailed(sent)]):
        exchange.caller.lose(exchange.flows["caller"], again=True)
        exchange.carry()
        assert exchange.told["caller"] == failed
    assert exchange.times("OPTIONS") == [0, 0] and len(exchange.caller) == 0


def test_section_17_2_1_an_invite_that_rings_is_said_again_and_so_is_its_ringing() -> None:
    """A peer that has forgotten all is found out so."""
    exchange = Exchange("tcp")
    exchange.send(request())
    exchange.answer(180)
    exchange.caller.lose(exchange.flows["caller"], again=True)
    exchange.carry()
    assert exchange.statuses() == [180, 180]
    exchange.wait(40)  # timer B is for who has not been heard (17.1.1.2)
    exchange.answer(200)
    assert exchange.statuses() == [180, 180, 200]


def test_of_a_cancelled_invite_the_cancel_alone_is_said_again() -> None:
    exchange = Exchange("tcp")
    invite = exchange.send(request())
    exchange.answer(180)
    exchange.lose("CANCEL")
    exchange.caller.cancel(invite, 0)
    exchange.carry()
    exchange.caller.lose(exchange.flows["caller"], again=True)
    exchange.carry()
    assert exchange.times("CANCEL") == [0, 0] and exchange.times("INVITE") == [0]
    exchange.answer(487)
    assert exchange.statuses() == [180, 487]
    exchange.wait(40)
    assert len(exchange.caller) == 0


def test_section_18_2_2_who_asks_again_by_another_connection_is_answered_by_that_one() -> None:
    """A peer may know before we do that its connection is gone."""
    exchange = Exchange("tcp")
    exchange.send(request("OPTIONS"))
    (arrived,) = exchange.heard("callee", RequestArrived)
    assert isinstance(arrived, RequestArrived)
    other = exchange.flows["callee"]._replace(remote=("192.0.2.1", 40124))
    exchange.callee.receive(arrived.request, other, 0)
    exchange.callee.lose(exchange.flows["callee"])
    arrived.transaction.respond(arrived.request.reply(200), 0)
    assert [datagram.flow for datagram in exchange.callee.outgoing()] == [other]


# Calls.


def up(office: Office) -> tuple[SipChannel, Phone, Phone]:
    """A call of a telephone, by the connection that it has made, and where it listens."""
    phone, there = (Phone(office, transport="tcp", port=port) for port in (40123, 5060))
    invite = phone.invite("101", headers=(("Contact", f"<sip:6001@{there.host};transport=tcp>"),))
    channel = offered(office)
    phone.messages()
    office.command(channel, Answer())
    phone.send(phone.ack(invite, phone.response()))
    return channel, phone, there


@pytest.mark.parametrize(
    ("command", "method"), [(Hold(), "INVITE"), (SendText("hello"), "MESSAGE"), (Redirect("102"), "REFER")]
)
def test_section_18_what_a_call_asks_goes_on_by_another_connection(command: Command, method: str) -> None:
    office = Office()
    channel, phone, there = up(office)
    office.command(channel, command)
    first = phone.arrived()
    lose(office, phone.flow)
    again, options = sorted(there.messages(), key=lambda message: message.cseq.number)
    assert isinstance(again, Request) and (again.method, options.cseq.method) == (method, "OPTIONS")
    assert (again.via.branch, again.cseq) == (first.via.branch, first.cseq)
    there.reply(options, 200, contact=False)
    there.reply(again, 603)
    assert not [event for event in office.events() if isinstance(event, Released)]
    office.command(channel, Hangup(CLEAR))
    assert [message.cseq.method for message in there.messages()][-1] == "BYE"


def test_where_no_other_connection_can_be_made_the_call_ends_with_what_it_asked() -> None:
    office = Office()
    channel, phone, there = up(office)
    office.command(channel, Hold())
    lose(office, phone.flow)
    lose(office, there.flow)
    ended(office)
    assert channel.audio is None
    office.quiet()


def test_rfc_6665_a_notify_under_way_reaches_who_listens_elsewhere() -> None:
    office, watchable = office_to_watch()
    watcher, there = Watcher(office, transport="tcp", port=40123), Phone(office, transport="tcp", port=5060)
    watcher.subscribe(headers=(("Contact", f"<sip:6001@{there.host};transport=tcp>"),))
    watcher.notified()
    office.wait(2)
    watcher.change(watchable, DeviceState.INUSE)
    lose(office, watcher.phone.flow)
    notify = there.arrived()
    assert notify.method == "NOTIFY" and watchable.watched != {}
    there.reply(notify, 200, contact=False)
    assert watchable.watched != {}


# Servers: a connection that they close when it is idle may cross what we send.


def test_section_10_2_a_register_that_crosses_the_end_of_its_connection_is_said_again() -> None:
    office = opened(trunk(BY_TCP))
    first = office.sent[-1]
    lose(office, TRUNK, again=True)
    assert [each.data for each in office.sent[-2:]] == [first.data, first.data] and told(office) == []
    lose(office, TRUNK, again=True)
    assert "nobody takes connections" in told(office)[0][1]


def test_section_11_an_options_that_crosses_it_shows_no_server_down() -> None:
    office = opened(trunk(BY_TCP, qualify=30.0, register=False))
    provider = Provider(office)
    provider.flow = TRUNK
    lose(office, TRUNK, again=True)
    first, again = [message for message in provider.messages() if isinstance(message, Request)]
    assert first.via.branch == again.via.branch
    provider.refuse(again, 200)
    assert told(office) == [(True, f"{FIRST}:5060 by tcp answers")]


def test_a_call_that_crosses_it_is_made_all_the_same() -> None:
    office = opened(trunk(BY_TCP, register=False))
    provider = Provider(office)
    provider.flow = TRUNK
    office.happened.clear()
    channel = office.stack.channel("5550100@pstn", office.clock.now)
    office.command(channel, Dial("5550100", Party("6001")))
    lose(office, TRUNK, again=True)
    _, invite = provider.messages()
    assert isinstance(invite, Request)
    provider.reply(invite, 180)
    assert office.events() == [Alerting()]


# Whoever fails takes nobody along.


class Broken:
    """A member of a dialog that fails whatever it is told."""

    leg = None
    account = ""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow

    def receive(self, *_: object) -> None:
        raise ValueError("broken")

    lost = moved = receive

    def way_anew(self, lost: Flow) -> None:
        return None


def test_a_connection_that_closes_is_no_affair_of_who_is_reached_by_another() -> None:
    """Strangers may open and close connections as they like: ten thousand dialogs are not asked each time."""
    office = Office(listening=("ws",))
    carrier, other = office.stack._carrier, DialogId("x", "", "")
    phone, passer_by = Phone(office, transport="ws"), Phone(office, transport="ws", port=41000)
    carrier.enter(other, Broken(phone.flow))
    lose(office, passer_by.flow)
    carrier.leave(other)
    office.quiet()


def test_a_call_that_cannot_be_ended_costs_the_others_nothing() -> None:
    office = Office(listening=("ws",))
    carrier, broken = office.stack._carrier, DialogId("x", "", "")
    phone = Phone(office, transport="ws")
    phone.register()
    carrier.enter(broken, Broken(phone.flow))
    phone.invite("101")
    office.happened.clear()
    with pytest.raises(ExceptionGroup) as failed:
        office.stack.lost(phone.flow, office.clock.now)
    assert failed.value.subgroup(ValueError) is not None
    office.drain()
    assert any(isinstance(event, tuple) and isinstance(event[1], Released) for event in office.happened)
    assert office.stack.bindings == []
    carrier.leave(broken)
    office.quiet()
