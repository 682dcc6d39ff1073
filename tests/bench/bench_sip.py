"""CPU of the SIP stack per call of two legs: INVITE 100 180 200 ACK BYE 200 on both, in memory, without media.

    python tests/bench/bench_sip.py [--calls N] [--standing N ...] [--profile]

The caller proves itself by digest in its first INVITE; the two legs are joined here by the few lines that a B2BUA
needs at the least. Only what runs inside the stack is counted: its peers are text, written outside the count. Time
goes on by 20 ms a call, so that timers of transactions end as they do at 50 calls a second.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import re
import sys
import time
import tracemalloc
from collections import deque
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.core.cause import Cause
from gateway.core.codec import Codec
from gateway.core.ending import Act, Ending
from gateway.core.messages import Alert, Alerting, Answer, Answered, Dial, Hangup, Offered, Released
from gateway.core.trace import Recorder
from gateway.sip.account import Account
from gateway.sip.channel import SipChannel
from gateway.sip.config import SipConfig
from gateway.sip.digest import Challenge, Secret
from gateway.sip.parser import parse
from gateway.sip.stack import SipStack
from gateway.sip.transport import Flow
from tests.support.channel import ScriptedAudio

SERVER: Final = ("192.0.2.1", 5060)
CALLER: Final = Flow("udp", SERVER, ("192.0.2.60", 5070))
CALLEE: Final = Flow("udp", SERVER, ("192.0.2.61", 5070))
PACE: Final = 0.02
ROUNDS: Final = 8
"""Of which the cheapest counts: what else runs on the machine can only add."""
CLEAR: Final = Ending(Cause.NORMAL_CLEARING, "the far side", Act.HUNG_UP, "BYE")
SDP: Final = (
    "v=0\r\no=phone 1 1 IN IP4 192.0.2.60\r\ns=-\r\nc=IN IP4 192.0.2.60\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0 8 101\r\n"
    "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
    "a=ptime:20\r\na=sendrecv\r\n"
)
COPIED: Final = re.compile(rb"^(?:Via|From|To|Call-ID|CSeq): [^\r\n]*\r\n", re.MULTILINE)
TO: Final = re.compile(rb"^To: ([^\r\n]*)", re.MULTILINE)
CONTACT: Final = re.compile(rb"^Contact: <([^>\r\n]*)>", re.MULTILINE)


class Row(ScriptedAudio):
    """A row that carries nothing."""

    address, port = SERVER[0], 20000

    def __init__(self) -> None:
        super().__init__(digits_as_events=True)

    def set_remote(
        self,
        address: str,
        port: int,
        codec: Codec,
        event_payload_type: int | None,
        send: bool = True,
        **path: object,
    ) -> None:
        pass


class Desk:
    """Gives such rows."""

    def rtp(self, local_address: str) -> Row:
        return Row()

    def frames(self, descriptor: int, encoding: object, owner: object = None) -> Row:
        raise AssertionError("SIP legs have no frames")


class Bench:
    """A stack between a caller and a callee made of text."""

    def __init__(self) -> None:
        self.now = 0.0
        self.spent = 0.0
        self.profile: cProfile.Profile | None = None
        self._serial = 0
        self._recorder = Recorder()
        self._partners: dict[SipChannel, SipChannel] = {}
        self._up: deque[tuple[bytes, int]] = deque()
        self._answer_to_caller = b""
        self.stack = SipStack(
            config=SipConfig(transactions=1_000_000),
            accounts=[Account("6001", Secret("one")), Account("6002", Secret("two"))],
            audio=Desk(),
            recorder=self._recorder,
            random=Random(1),
        )
        self._challenges = {"6001": self._challenge("6001", CALLER), "6002": self._challenge("6002", CALLEE)}
        self._counts = dict.fromkeys(self._challenges, 0)
        self.receive(self._first("REGISTER", "6002", "sip:192.0.2.1", CALLEE, ""), CALLEE)

    # The office: what a B2BUA does at the least.

    def timed(self, call: Callable[..., Any], *args: Any) -> Any:
        """Count the CPU time of one call into the stack."""
        if self.profile is not None:
            return self.profile.runcall(call, *args)
        begin = time.thread_time()
        result = call(*args)
        self.spent += time.thread_time() - begin
        return result

    def receive(self, data: bytes, flow: Flow) -> None:
        """Something arrives; the legs are told of each other until nothing more happens."""
        self.timed(self.stack.receive, data, flow, self.now)
        while events := self.timed(self.stack.events):
            for event in events:
                if isinstance(event, tuple):
                    self._happened(*event)
        for datagram in self.timed(self.stack.outgoing):
            if datagram.flow == CALLEE:
                self._called(datagram.data)
            elif datagram.data.startswith(b"SIP/2.0 2") and b"INVITE\r\n" in datagram.data:
                self._answer_to_caller = datagram.data

    def _happened(self, channel: SipChannel, event: object) -> None:
        if isinstance(event, Offered):
            other = self.timed(self.stack.channel, "6002", self.now)
            self._partners[channel], self._partners[other] = other, channel
            self.timed(other.command, Dial("6002", event.caller), self.now)
        elif isinstance(event, Released):
            other = self._partners.pop(channel)
            del self._partners[other]
            self.timed(other.command, Hangup(CLEAR), self.now)
        elif isinstance(event, Alerting):
            self.timed(self._partners[channel].command, Alert(), self.now)
        elif isinstance(event, Answered):
            self.timed(self._partners[channel].command, Answer(), self.now)

    # The peers.

    def set_up(self) -> None:
        """One more call is up."""
        invite = self._first("INVITE", "6001", "sip:6002@192.0.2.1", CALLER, SDP)
        self.receive(invite, CALLER)
        answer = self._answer_to_caller
        to, contact = (found[1].decode() for found in (TO.search(answer), CONTACT.search(answer)) if found)
        self._up.append((f"To: {to}\r\n\x00{contact}".encode(), self._serial))
        self._within("ACK", 1)

    def tear_down(self) -> None:
        """The call that has stood for longest ends."""
        self._within("BYE", 2, oldest=True)
        self._up.popleft()

    def pass_time(self) -> None:
        """Let the time between two calls go by."""
        self.now += PACE
        self.timed(self.stack.expire, self.now)
        self.timed(self.stack.outgoing)
        self._recorder.rest(self.now)

    def invite(self) -> bytes:
        """An INVITE of the caller, with its proof, never sent."""
        return self._first("INVITE", "6001", "sip:6002@192.0.2.1", CALLER, SDP)

    def refresh(self) -> bytes:
        """The next REGISTER of the callee, with its proof."""
        return self._first("REGISTER", "6002", "sip:192.0.2.1", CALLEE, "")

    def _within(self, method: str, number: int, *, oldest: bool = False) -> None:
        known, serial = self._up[0 if oldest else -1]
        to, contact = known.decode().split("\x00")
        self.receive(
            f"{method} {contact} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.60:5070;branch=z9hG4bK{method}{serial}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:6001@192.0.2.1>;tag=c{serial}\r\n{to}Call-ID: call{serial}@caller\r\n"
            f"CSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n".encode(),
            CALLER,
        )

    def _called(self, data: bytes) -> None:
        """The callee answers what comes."""
        method = data.partition(b" ")[0]
        if method == b"ACK":
            return
        head = b"".join(COPIED.findall(data))
        tagged = head.replace(b"\r\nCall-ID", b";tag=callee\r\nCall-ID", 1) if method == b"INVITE" else head
        end = b"Contact: <sip:6002@192.0.2.61:5070>\r\n"
        statuses = (b"100 Trying", b"180 Ringing", b"200 OK") if method == b"INVITE" else (b"200 OK",)
        for status in statuses:
            body = SDP.encode() if method == b"INVITE" and status[:1] == b"2" else b""
            kind = b"Content-Type: application/sdp\r\n" if body else b""
            rows = head if status[:3] == b"100" else tagged + end + kind
            self.receive(
                b"SIP/2.0 " + status + b"\r\n" + rows + b"Content-Length: %d\r\n\r\n" % len(body) + body, CALLEE
            )

    def _first(self, method: str, user: str, uri: str, flow: Flow, body: str, proved: bool = True) -> bytes:
        self._serial += 1
        serial = self._serial
        proof = ""
        if proved:
            self._counts[user] += 1
            secret = Secret("one" if user == "6001" else "two")
            answer = self._challenges[user].answer(user, secret, method, uri, cnonce="c", count=self._counts[user])
            proof = f"Authorization: {answer}\r\n"
        to = "sip:6002@192.0.2.1" if method == "INVITE" else f"sip:{user}@192.0.2.1"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{method} {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {flow.remote[0]}:5070;branch=z9hG4bK{method}{user}{serial};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{user}@192.0.2.1>;tag=c{serial}\r\nTo: <{to}>\r\n"
            f"Call-ID: call{serial}@caller\r\nCSeq: 1 {method}\r\nContact: <sip:{user}@{flow.remote[0]}:5070>\r\n"
            f"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nUser-Agent: bench\r\n{proof}{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def _challenge(self, user: str, flow: Flow) -> Challenge:
        self.stack.receive(self._first("REGISTER", user, "sip:192.0.2.1", flow, "", False), flow, self.now)
        (datagram,) = self.stack.outgoing()
        challenge = Challenge.best(parse(datagram.data).headers.all("WWW-Authenticate"))
        assert challenge is not None
        return challenge


def measure(calls: int, standing: int) -> tuple[float, float]:
    """Milliseconds of CPU a call while `standing` others are up, and kB of memory for each of those."""
    bench = Bench()
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(standing):
        bench.set_up()
        bench.pass_time()
    kilobytes = (tracemalloc.get_traced_memory()[0] - before) / 1000 / max(standing, 1)
    tracemalloc.stop()
    costs = []
    for _ in range(ROUNDS):
        bench.spent = 0.0
        for _ in range(max(calls // ROUNDS, 1)):
            bench.set_up()
            bench.pass_time()
            bench.tear_down()
        costs.append(bench.spent / max(calls // ROUNDS, 1) * 1000)
    return min(costs), kilobytes


def measure_registrations(count: int) -> float:
    """Authenticated refreshes of a registration a CPU second, the best of some rounds."""
    bench = Bench()
    rates = []
    for _ in range(ROUNDS):
        refreshes = [bench.refresh() for _ in range(count // ROUNDS)]
        bench.spent = 0.0
        for data in refreshes:
            bench.receive(data, CALLEE)
            bench.pass_time()
        rates.append(len(refreshes) / bench.spent)
    return max(rates)


def show_profile(calls: int) -> None:
    """Where the time goes."""
    bench = Bench()
    bench.profile = cProfile.Profile()
    for _ in range(calls):
        bench.set_up()
        bench.pass_time()
        bench.tear_down()
    pstats.Stats(bench.profile).sort_stats("cumulative").print_stats(60)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=1000)
    options.add_argument("--standing", type=int, nargs="*", default=[100, 1000])
    options.add_argument("--profile", action="store_true")
    given = options.parse_args()
    if given.profile:
        show_profile(given.calls)
        return
    for standing in given.standing:
        cost, memory = measure(given.calls, standing)
        print(
            f"SIP stack, two legs, {standing:6} calls standing: {cost:6.3f} ms CPU a call "
            f"({1000 / cost:5.0f} a CPU second), {memory:5.1f} kB a standing call, recorder included",
            flush=True,
        )
    rate = measure_registrations(given.calls)
    print(f"SIP stack, registrations refreshed with proof: {rate:8.0f} a CPU second", flush=True)


if __name__ == "__main__":
    main()
