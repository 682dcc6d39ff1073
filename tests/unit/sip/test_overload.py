"""Overload as RFC 7339 has it: new requests wait, calls in progress go on, and refusing costs little."""

from __future__ import annotations

from math import inf
from random import Random

import pytest

from gateway.core.messages import Answer
from gateway.sip.config import SipConfig
from gateway.sip.message import Response
from gateway.sip.overload import BRANCHES, LEAST, Overload, OverloadConfig
from gateway.sip.parser import parse
from gateway.sip.transport import Datagram, Flow
from tests.support.sip import SERVER, Office, Phone, session_description

BUFFER = 400
"""Requests that the kernel keeps for us."""
LOOK = 0.1
FLOW = Flow("udp", SERVER, ("198.51.100.9", 1024))


def busy(rate: float = 4.0) -> Office:
    """An office that takes `rate` new requests a second, one at once."""
    return Office(SipConfig(overload=OverloadConfig(rate=rate, priority=["112"])))


def invite(phone: Phone, branch: str, call_id: str, called: str = "6002") -> None:
    uri = f"sip:{called}@{SERVER[0]}"
    phone.send(phone.request("INVITE", uri, to=f"<{uri}>", call_id=call_id, branch=f"z9hG4bK{branch}"))


def test_past_the_rate_new_calls_get_503_with_retry_after_and_nothing_is_kept_of_them() -> None:
    office = busy()
    phone = Phone(office)
    for number in range(10):
        invite(phone, f"{number}", f"c{number}")
    responses = [message for message in phone.messages() if isinstance(message, Response)]
    assert [response.status for response in responses] == [401] + [503] * 9
    refused = responses[-1]
    assert 3 <= int(refused.headers.get("Retry-After") or 0) <= 15
    assert refused.to.tag == "overload" and refused.call_id == "c9" and str(refused.cseq) == "1 INVITE"
    assert (refused.via.received, refused.via.rport) == ("192.0.2.60", 5070)
    assert office.stack.usage()["transactions"] == 0
    phone.send(phone.request("ACK", to=str(refused.to), call_id="c9", branch="z9hG4bK9"))
    assert office.stack.usage()["transactions"] == 0


def test_a_telephone_that_is_switched_on_and_dials_is_let_in_however_late_the_loop_is() -> None:
    office = Office()
    for _ in range(3):
        office.stack.overload.look(1.0, 0.0, office.clock.now)
    phone = Phone(office)
    phone.register()
    phone.invite("6002")
    assert office.stack.overload.refused == 0
    for number in range(30):
        invite(phone, f"{number}", f"c{number}")
    assert office.stack.totals()["requests over the rate"] == 30 - (6 - 4), "all that may come at once"


def test_it_takes_calls_again_when_there_is_time() -> None:
    office = busy()
    phone = Phone(office)
    for number in range(5):
        invite(phone, f"{number}", f"c{number}")
    office.wait(0.5)
    invite(phone, "later", "later")
    assert phone.statuses()[-1] == 401


def test_a_call_in_progress_goes_on_and_ends() -> None:
    office = busy()
    ann = Phone(office)
    first = ann.request("INVITE", f"sip:6002@{SERVER[0]}", to="<sip:6002@192.0.2.1>", body=session_description())
    ann.send(first)
    challenge = ann.response()
    ann.send(ann.ack(first, challenge))
    office.wait(1)
    again = ann.with_proof(first, challenge)
    ann.send(again)
    ((channel, _),) = office.heard()
    flood = Phone(office, host="203.0.113.66")
    for number in range(20):
        invite(flood, f"f{number}", f"f{number}")
    ann.send(again)  # repeated, since it was let in
    assert 503 not in ann.statuses()
    office.command(channel, Answer())
    *_, ok = ann.messages()
    assert isinstance(ok, Response)
    ann.send(ann.ack(again, ok))
    for number in range(20):
        invite(flood, f"g{number}", f"g{number}")
    hold = ann.within(again, ok, "INVITE", again.cseq.number + 1, session_description(lines=("a=sendonly",)))
    ann.send(hold)
    (held,) = ann.messages()
    assert isinstance(held, Response) and held.status == 200, "a re-INVITE is of the call"
    ann.send(ann.ack(hold, held))
    ann.send(ann.within(again, ok, "BYE", again.cseq.number + 2))
    assert ann.statuses() == [200]


def test_an_emergency_call_passes() -> None:
    office = busy()
    phone = Phone(office)
    for number in range(5):
        invite(phone, f"{number}", f"c{number}")
    invite(phone, "help", "help", "112")
    invite(phone, "no-help", "no-help", "1123")
    assert phone.statuses()[-2:] == [401, 503]
    for uri in ("urn:service:sos", "urn:service:sos.police", "urn:service:sosx"):
        phone.send(phone.request("INVITE", uri, to=f"<{uri}>", call_id=uri, branch=f"z9hG4bK{uri}"))
    assert phone.statuses() == [401, 401, 503], "RFC 5031"


def late_office() -> tuple[Overload, bytes]:
    """One that lets in next to nothing, and a request."""
    overload = Overload(OverloadConfig(), Random(1))
    for look in range(3):
        overload.look(1.0, 1.0, 1.0 + look)
    template = Phone(Office()).request("INVITE").serialise()
    for number in range(100, 200):
        served(overload, template, number)
    return overload, template


def served(overload: Overload, template: bytes, number: int) -> bool:
    return overload.refusal(template.replace(b"z9hG4bK6001x1", b"z9hG4bK%d" % number), FLOW, 3.0) is False


class Server:
    """Takes requests from a buffer as fast as it can: `capacity` calls a second, or a hundred refusals for each."""

    def __init__(self, capacity: float) -> None:
        self.overload = Overload(OverloadConfig(), Random(1))
        self._call, self._refusal = 1 / capacity, 0.01 / capacity
        self._template = Phone(Office()).request("INVITE", body=session_description()).serialise()
        self._serial = 0
        self._now = self._looked = 100.0
        self._waiting = 0.0

    def served(self, offered: int, seconds: float, pause: float = 0.0) -> float:
        """Calls served a second, of `offered`; all begins with a pause of the loop."""
        begun, count = self._now, 0
        self._pass(pause, offered)
        while self._now < begun + seconds:
            if self._waiting < 1:
                self.overload.idle()
                self._pass(1 / offered, offered)
                continue
            self._waiting -= 1
            self._serial += 1
            data = self._template.replace(b"z9hG4bK6001x1", b"z9hG4bK%d" % self._serial)
            let_in = self.overload.refusal(data, FLOW, self._now) is False
            count += let_in
            self._pass(self._call if let_in else self._refusal, offered)
        return count / (self._now - begun)

    def _pass(self, seconds: float, offered: int) -> None:
        self._now += seconds
        self._waiting = min(BUFFER, self._waiting + seconds * offered)
        if self._now - self._looked >= LOOK:
            self.overload.look(self._now - self._looked - LOOK, self._waiting / BUFFER, self._now)
            self._looked = self._now


def test_ten_times_what_can_be_served_keeps_nearly_all_of_it() -> None:
    server = Server(100.0)
    assert server.served(50, 5.0) == pytest.approx(50, abs=1)
    refusing = 9 * 0.01
    assert server.served(1000, 60.0) > 0.97 * 100 * (1 - refusing)
    assert server.served(50, 5.0) > 40
    assert server.served(50, 30.0) == pytest.approx(50, abs=1) and server.overload.rate == inf, "nothing is limited"


def test_whenever_all_that_waited_was_read_some_more_are_let_in() -> None:
    overload, template = late_office()
    assert [served(overload, template, number) for number in range(3)] == [False, False, False]
    overload.idle()
    assert [served(overload, template, number) for number in range(10, 18)] == [True] * 6 + [False] * 2


def test_a_configured_rate_holds_whatever_time_there_is() -> None:
    overload = Overload(OverloadConfig(rate=0.001), Random(1))
    template = Phone(Office()).request("INVITE").serialise()
    served(overload, template, 0)
    overload.idle()
    assert not served(overload, template, 1)


def test_a_pause_of_the_loop_costs_no_call() -> None:
    server = Server(100.0)
    server.served(50, 2.0)
    assert server.served(50, 2.0, pause=0.12) == pytest.approx(50, abs=1) and server.overload.refused == 0


def test_a_loop_that_is_late_for_other_reasons_takes_some_calls_all_the_same() -> None:
    server = Server(100.0)
    for _ in range(100):
        server.served(50, 1.0, pause=1.0)
    assert server.overload.rate == LEAST


def test_what_is_remembered_is_bounded() -> None:
    overload = Overload(OverloadConfig(rate=1e9), Random(1))
    template = Phone(Office()).request("INVITE").serialise()
    for number in range(BRANCHES + 500):
        overload.refusal(template.replace(b"z9hG4bK6001x1", b"z9hG4bK%d" % number), FLOW, float(number))
    assert len(overload._branches) == BRANCHES


@pytest.mark.parametrize("data", [b"INVITE sip:x SIP/2.0\r\n\r\n", b"INVITE ", b"\r\n\r\n", b"REGISTER sip:x"])
def test_what_cannot_be_answered_so_cheaply_is_left_to_those_who_parse(data: bytes) -> None:
    overload = Overload(OverloadConfig(rate=0.001), Random(1))
    assert overload.refusal(data, FLOW, 1.0) is False


def test_the_refusal_of_folded_and_compact_headers_can_be_read() -> None:
    overload = Overload(OverloadConfig(rate=0.001), Random(1))
    data = (
        b"INVITE sip:b@x SIP/2.0\r\nv: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK%d\r\nv: SIP/2.0/UDP p2\r\n"
        b"f: <sip:a@x>\r\n ;tag=1\r\nt: <sip:b@x>\r\ni: 1\r\nCSeq: 1 INVITE\r\nm: <sip:a@10.0.0.1>\r\n\r\n"
    )
    overload.refusal(data % 1, FLOW, 1.0)
    refused = overload.refusal(data % 2, FLOW, 1.0)
    assert isinstance(refused, Datagram)
    response = parse(refused.data)
    assert isinstance(response, Response) and len(response.vias) == 2 and response.from_.tag == "1"
