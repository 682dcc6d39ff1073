"""Steps and CPU of a SIP call in the whole program, by a hand-moved clock: what no other process can blur.

    python tests/bench/bench_office.py [--calls N] [--profile] [--profile-by calls|tottime|cumulative]

A call is INVITE 100 180 200 ACK BYE 200 on two legs, between two trunks known by their addresses, with the
dialplan's Dial between them: an office as `gateway.app` builds it, over two sockets on loopback. Its peers are
text, written and read outside the count; so is the media plane's own work, which has a thread of its own in an
office that runs. `bench_calls.py` measures the same call between two SIPp, in a process of its own.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import re
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final, Self

from gateway.testing.loop import ManualLoop
from gateway.testing.office import EmulatedOffice
from tests.bench.two_trunks import DIALPLAN, TRUNKS
from tests.support.steps import steps_of

HOST: Final = "127.0.0.1"
CONFIG: Final = (
    """\
[sip]
listen = ["udp:{host}:0"]
[store]
url = "sqlite:///{folder}/office.db"
[web]
listen = "{host}:0"
"""
    + TRUNKS
)
SDP: Final = (
    "v=0\r\no=caller 53655765 2353687637 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 9 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
)
COPIED: Final = re.compile(rb"^(?:Via|From|To|Call-ID|CSeq): [^\r\n]*\r\n", re.MULTILINE)
TO: Final = re.compile(rb"^To: ([^\r\n]*)", re.MULTILINE)
CONTACT: Final = re.compile(rb"^Contact: <([^>\r\n]*)>", re.MULTILINE)
TURNS: Final = 5
"""Of the loop, in which an office has said all that a message makes it say."""
PATIENCE: Final = 0.05
"""Seconds for which a thread is waited for."""
CHEAPEST: Final = 0.02
"""Of the calls, whose dearest tells what a call costs: what else runs on the machine can only add."""
STANDS: Final = 0.02
"""Seconds that a call stands, and until the next one."""


class Bench:
    """An office between a caller and a callee made of text.

    Args:
        folder: the office's home.
    """

    def __init__(self, folder: Path) -> None:
        self._caller, self._callee = _socket(), _socket()
        self._serial = 0
        self._turns = 0
        self.spent = 0.0
        self.profile: cProfile.Profile | None = None
        ports = {"caller": self._caller.getsockname()[1], "callee": self._callee.getsockname()[1]}
        self.office = EmulatedOffice(folder, CONFIG.format(host=HOST, folder=folder, **ports), DIALPLAN)
        self._address = self.office.sip_address()
        loop = self.office.clock.loop
        assert isinstance(loop, ManualLoop)
        self.loop = loop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the office."""
        self.office.close()
        self._caller.close()
        self._callee.close()

    def steps(self, calls: int) -> float:
        """Calls of functions that a call takes, the loop's own turns left out."""
        self.profile = cProfile.Profile()
        self._turns = 0
        for _ in range(calls):
            self.one_call()
        whole, turns = steps_of(self.profile), self._turns
        self.profile = cProfile.Profile()
        for _ in range(turns):
            self._counted(self.loop.settle, TURNS)
        idle, self.profile = steps_of(self.profile), None
        return (whole - idle) / calls

    def one_call(self) -> None:
        """A call from its INVITE to the end of its BYEs."""
        (answer,) = self.set_up()
        self.pass_time(STANDS)
        self.tear_down(answer)
        self.pass_time(STANDS)

    def set_up(self) -> list[bytes]:
        """A call is up; the office's answer to the caller."""
        self._serial += 1
        user = f"sip:5551000@{HOST}:{self._caller.getsockname()[1]}"
        self._say(
            f"INVITE sip:5550100@{HOST} SIP/2.0\r\n{self._via('invite')}Max-Forwards: 70\r\n"
            f"From: <{user}>;tag=c{self._serial}\r\nTo: <sip:5550100@{HOST}>\r\n"
            f"Call-ID: call{self._serial}@caller\r\nCSeq: 1 INVITE\r\nContact: <{user}>\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}"
        )
        heard = self._heard(self._caller)
        assert [each.split(b" ", 2)[1] for each in heard] == [b"100", b"180", b"200"], heard
        self._within("ACK", 1, heard[-1])
        return heard[-1:]

    def tear_down(self, answer: bytes) -> None:
        """The caller of a call hangs up."""
        self._within("BYE", 2, answer)
        assert [each.split(b" ", 2)[1] for each in self._heard(self._caller)] == [b"200"]

    def pass_time(self, seconds: float) -> None:
        """Let time pass, for timers and the media plane."""
        self.loop.now += seconds
        self._counted(self._turn)
        self.office.app.media.step(self.loop.time())

    def rest(self) -> None:
        """Let the disk's thread write what waits for it."""
        while self.office.app.usage()["records waiting"]:
            self._counted(self.loop.settle, TURNS, PATIENCE)

    def _via(self, branch: str) -> str:
        port = self._caller.getsockname()[1]
        return f"Via: SIP/2.0/UDP {HOST}:{port};branch=z9hG4bK{branch}{self._serial}\r\n"

    def _within(self, method: str, number: int, answer: bytes) -> None:
        to, contact = (found[1].decode() for found in (TO.search(answer), CONTACT.search(answer)) if found)
        user = f"sip:5551000@{HOST}:{self._caller.getsockname()[1]}"
        self._say(
            f"{method} {contact} SIP/2.0\r\n{self._via(method)}Max-Forwards: 70\r\n"
            f"From: <{user}>;tag=c{self._serial}\r\nTo: {to}\r\nCall-ID: call{self._serial}@caller\r\n"
            f"CSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n"
        )

    def _say(self, text: str) -> None:
        """The caller says something; the callee answers what comes of it."""
        self._caller.sendto(text.encode(), self._address)
        self._counted(self._turn)
        for request in self._heard(self._callee):
            self._called(request)

    def _called(self, request: bytes) -> None:
        method = request.partition(b" ")[0]
        if method == b"ACK":
            return
        head = b"".join(COPIED.findall(request))
        port = self._callee.getsockname()[1]
        own = head.replace(b"\r\nCall-ID", b";tag=callee\r\nCall-ID", 1) + b"Contact: <sip:%s:%d>\r\n" % (
            HOST.encode(),
            port,
        )
        answers = (
            [
                (b"SIP/2.0 100 Trying\r\n", head, b""),
                (b"SIP/2.0 180 Ringing\r\n", own, b""),
                (b"SIP/2.0 200 OK\r\n", own + b"Content-Type: application/sdp\r\n", SDP.encode()),
            ]
            if method == b"INVITE"
            else [(b"SIP/2.0 200 OK\r\n", head, b"")]
        )
        for line, rows, body in answers:
            self._callee.sendto(line + rows + b"Content-Length: %d\r\n\r\n" % len(body) + body, self._address)
            self._counted(self._turn)
            for further in self._heard(self._callee):
                self._called(further)

    def _turn(self) -> None:
        self._turns += 1
        self.loop.settle(TURNS)

    def _counted(self, deed: Callable[..., object], *arguments: object) -> None:
        if self.profile is not None:
            self.profile.runcall(deed, *arguments)
            return
        begin = time.thread_time()
        deed(*arguments)
        self.spent += time.thread_time() - begin

    @staticmethod
    def _heard(opened: socket.socket) -> list[bytes]:
        heard = []
        while True:
            try:
                heard.append(opened.recv(65_535))
            except BlockingIOError:
                return heard


def _socket() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    opened.bind((HOST, 0))
    return opened


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=2000)
    options.add_argument("--profile", action="store_true")
    options.add_argument("--profile-by", default="tottime")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, Bench(Path(folder)) as bench:
        for _ in range(20):
            bench.one_call()
        if given.profile:
            bench.profile = cProfile.Profile()
            for _ in range(given.calls):
                bench.one_call()
            pstats.Stats(bench.profile).sort_stats(given.profile_by).print_stats(70)
            return
        steps = bench.steps(100)
        costs = []
        for _ in range(given.calls):
            bench.spent = 0.0
            bench.one_call()
            costs.append(bench.spent * 1000)
    least = sorted(costs)[round(given.calls * CHEAPEST)]
    print(
        f"the whole program, a call of two SIP legs: {steps:5.0f} steps, "
        f"{least:6.3f} ms CPU of its loop, {median(costs):6.3f} ms the median call"
    )


if __name__ == "__main__":
    main()
