"""The whole program between two SIPp: CPU per call, memory of a standing call, delay of the setup.

    python tests/bench/bench_calls.py [--seconds S] [--standing N ...]

A call is INVITE 100 180 200 ACK BYE 200 on both legs, without media: two trunks known by their addresses, the
dialplan's Dial between them, nothing switched off that an office has. CPU is that of the whole process, all its
threads, user and system. How many calls a CPU second bears is looked for where it counts: the rate is raised until
the office uses most of a core, without a failed call; what a call costs at a quarter of that stands beside. Of
several rounds the cheapest counts, since what else runs on the machine can only add; their median is told. Memory
is the growth of its resident set from half of the standing calls, whose transactions are over, to all of them. The
delay is from INVITE to 180, less what the same two SIPp need without us.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final, Self
from urllib.request import urlopen

from gateway.media.places import SPOKEN
from gateway.media.speech import synthesise
from tests.bench.two_trunks import DIALPLAN, TRUNKS

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
HOST: Final = "127.0.0.1"
OFFICE_PORT, CALLER_PORT, CALLEE_PORT, STANDING_PORT, WEB_PORT = 5260, 5262, 5264, 5270, 8260
TICK: Final = os.sysconf("SC_CLK_TCK")
CALLS: Final = re.compile(rb'^copperline_calls\{state="[^"]*"\} (\S+)$', re.MULTILINE)
DESCRIPTORS: Final = 4
"""Of a call: RTP and RTCP of two legs."""
BUSY: Final = 0.9
"""Of a core: an office that uses so much is near what it can do."""
SETTING_UP: Final = 100.0
"""Calls a second by which standing calls are set up, and the first ones measured."""
ENOUGH: Final = 500
"""Calls from which on memory tells something: it grows by 1 MB of objects and by 2 MB of rows of the plane."""
TRANSACTIONS: Final = 33.0
"""Seconds for which those of a call's setup last (64*T1 of RFC 3261), with what they hold."""
ATTEMPTS: Final = 6
"""At finding the rate at which the office is busy."""
ROUNDS: Final = 8
"""At that rate, of which the cheapest counts."""
ALMOST_AT_ONCE: Final = 0.2
"""Seconds that a call of the measured ones stands."""
CONFIG: Final = (
    """\
dialplan = "extensions.conf"
[office]
name = "Bench"
[sip]
listen = ["udp:{host}:{port}"]
rtp_ports = "10000-60000"
[media]
prompts = "{prompts}"
rows = 24000
[limits]
calls = 12000
[web]
listen = "{host}:{web}"
"""
    + TRUNKS
)


class Office:
    """A running program with two trunks.

    Args:
        folder: its home.
    """

    def __init__(self, folder: Path) -> None:
        prompts = ROOT / "examples" / "office" / "var" / "prompts"
        synthesise(prompts / SPOKEN)
        addresses = {"host": HOST, "port": OFFICE_PORT, "caller": CALLER_PORT, "callee": CALLEE_PORT}
        config = folder / "office.toml"
        config.write_text(CONFIG.format(**addresses, web=WEB_PORT, prompts=prompts))
        (folder / "extensions.conf").write_text(DIALPLAN)
        self._log = folder / "office.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "run", str(config)], cwd=ROOT, stdout=log, stderr=log
            )
        try:
            wait(lambda: b"\nready " in self._log.read_bytes(), 60, "the office to be ready")
        except TimeoutError:
            self._process.kill()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        time.sleep(0.1)
        self._process.terminate()
        self._process.wait(30)

    def cpu(self) -> float:
        """Seconds of CPU that it has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def calls(self) -> int:
        """Calls that are in progress, as it says itself."""
        with urlopen(f"http://{HOST}:{WEB_PORT}/metrics", timeout=30) as page:
            return round(sum(float(count) for count in CALLS.findall(page.read())))

    def memory(self) -> int:
        """kB that it holds of its own."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"RssAnon:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1])


@dataclass(frozen=True, slots=True)
class Offered:
    """What came of calls that were offered.

    Attributes:
        made: calls that rang.
        failed: those that were refused, or lost.
        delays: seconds from INVITE to 180, of each.
    """

    made: int
    failed: int
    delays: Sequence[float]


def wait(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Look again and again until `condition()` holds.

    Raises:
        TimeoutError: it does not, in time.
    """
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(0.05)


class Callee:
    """SIPp that answers, until it is closed."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [
                "sipp",
                "-sf",
                str(HERE / "sipp" / "callee.xml"),
                "-i",
                HOST,
                "-p",
                str(CALLEE_PORT),
                "-l",
                "100000",
                "-nostdin",
            ],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(10)


class Caller:
    """SIPp that calls.

    Args:
        folder: for what it writes.
        rate: calls a second.
        count: how many in all.
        stands: seconds that each stands.
        port: whom it calls.
        own_port: from where.
    """

    def __init__(
        self,
        folder: Path,
        rate: float,
        count: int,
        stands: float,
        port: int = OFFICE_PORT,
        own_port: int = CALLER_PORT,
    ) -> None:
        self._statistics = folder / f"caller-{time.monotonic_ns()}.csv"
        command = [
            "sipp", f"{HOST}:{port}", "-sf", str(HERE / "sipp" / "caller.xml"), "-s", "5550100",
            "-i", HOST, "-p", str(own_port), "-r", f"{max(rate, 1):.0f}", "-m", str(count),
            "-l", str(max(count, 1)), "-d", f"{stands * 1000:.0f}", "-nostdin", "-recv_timeout", "15000",
            "-trace_rtt", "-rtt_freq", "1", "-trace_stat", "-stf", str(self._statistics), "-fd", "1",
        ]  # fmt: skip
        self._folder = folder
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(10)

    def end(self, seconds: float) -> Offered:
        """Wait until all calls are over."""
        self.process.wait(seconds)
        titles, *_, last = (line.split(";") for line in self._statistics.read_text().splitlines())
        row = dict(zip(titles, last, strict=False))
        times = self._folder / f"caller_{self.process.pid}_rtt.csv"
        lines = times.read_text().splitlines()[1:] if times.exists() else []  # there is none where no call was made
        delays = [float(line.split(";")[1]) / 1000 for line in lines]
        refused = int(row["SuccessfulCall(C)"]) + int(row["FailedCall(C)"]) - len(delays)
        return Offered(len(delays), refused, delays)


@dataclass(frozen=True, slots=True)
class Options:
    """How long and how much."""

    seconds: float
    standing: Sequence[int]


def cost(office: Office, folder: Path, rate: float, seconds: float) -> tuple[float, Offered]:
    """Seconds of CPU a call at `rate` calls a second, and what came of them."""
    before = office.cpu()
    with Caller(folder, rate, round(rate * seconds), ALMOST_AT_ONCE, own_port=CALLER_PORT + 1) as caller:
        offered = caller.end(seconds + 60)
    return (office.cpu() - before) / max(offered.made, 1), offered


def allow_descriptors(calls: int) -> int:
    """Let the office have descriptors for so many calls, as far as the system lets us; how many there are for."""
    wanted = calls * DESCRIPTORS + 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        with suppress(PermissionError, ValueError):  # root may, up to the kernel's own limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, wanted))
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return calls if hard == resource.RLIM_INFINITY else min(calls, (hard - 500) // DESCRIPTORS)


def busy_rate(office: Office, folder: Path, seconds: float) -> float:
    """The rate at which the office uses `BUSY` of a core and no call fails; the best that was found."""
    rate, best = SETTING_UP, SETTING_UP
    for _ in range(ATTEMPTS):
        spent, offered = cost(office, folder, rate, seconds)
        if offered.failed:
            rate = (rate + best) / 2 if rate > best else rate * 0.8
            best = min(best, rate)
            continue
        best = rate
        if rate * spent >= BUSY:
            break
        # What a call costs falls as the rate grows, and the last step must not be one too far.
        rate *= min(1.6, (BUSY + 0.05) / (rate * spent))
    return best


def print_row(name: str, figures: str, to_reach: str) -> None:
    """One row of the table, at once."""
    print(f"{name:44} {figures:70} {to_reach}", flush=True)


def rate_rows(folder: Path, options: Options) -> float:
    """Calls a CPU second, near the most that the office bears and at a quarter of that; gives the rate."""
    with Office(folder) as office, Callee(folder):
        cost(office, folder, SETTING_UP, 2.0)
        rate = busy_rate(office, folder, options.seconds / 2)
        for name, share in (("near the most", 1.0), ("at a quarter of that", 0.25)):
            rounds = [cost(office, folder, rate * share, options.seconds) for _ in range(ROUNDS)]
            costs = sorted(spent for spent, offered in rounds if offered.made)
            failed = sum(offered.failed for _, offered in rounds)
            print_row(
                f"{rate * share:.0f} calls a second, {name}",
                f"{costs[0] * 1000:6.3f} ms CPU a call: {1 / costs[0]:5.0f} a CPU second; "
                f"median {median(costs) * 1000:6.3f} ms, {1 / median(costs):5.0f}; {failed} failed",
                "800 a CPU second" if share == 1 else "",
            )
    return rate


def stand(stack: ExitStack, office: Office, folder: Path, count: int, port: int) -> int:
    """Set up `count` more calls that stand, called from `port`; how many stand then: some may have failed."""
    stack.enter_context(Caller(folder, SETTING_UP, count, 3600, own_port=port))
    time.sleep(count / SETTING_UP)
    standing = -1
    while (now := office.calls()) != standing:
        standing = now
        time.sleep(2)
    return standing


def standing_rows(folder: Path, options: Options, rate: float) -> None:
    """Cost of a call while others stand, and memory of those."""
    for wanted in options.standing:
        allowed = allow_descriptors(wanted)
        with ExitStack() as stack:
            office = stack.enter_context(Office(folder))
            stack.enter_context(Callee(folder))
            cost(office, folder, SETTING_UP, 1.0)
            half = stand(stack, office, folder, allowed // 2, STANDING_PORT)
            time.sleep(TRANSACTIONS)
            before = office.memory()
            standing = stand(stack, office, folder, allowed - allowed // 2, STANDING_PORT + 1)
            each = f"{(office.memory() - before) / max(standing - half, 1):5.1f} kB each"
            spent, offered = cost(office, folder, rate, options.seconds)
            print_row(
                f"{standing} calls standing"
                + (f", for want of descriptors not {wanted}" if allowed < wanted else ""),
                f"{spent * 1000:6.3f} ms CPU a call: {1 / spent:5.0f} a CPU second, {offered.failed} failed"
                + (f"; {each}" if standing >= ENOUGH else ""),
                "25 kB" if standing >= ENOUGH else "",
            )


def delay_row(folder: Path, options: Options, rate: float) -> None:
    """Delay of the setup at `rate`, less that of the two SIPp alone."""
    with Callee(folder), Caller(folder, rate, round(rate * options.seconds), 0.2, port=CALLEE_PORT) as caller:
        alone = quantiles(caller.end(options.seconds + 60).delays, n=100)
    with Office(folder) as office, Callee(folder):
        cost(office, folder, SETTING_UP, 1.0)
        _, offered = cost(office, folder, rate, options.seconds)
    through = quantiles(offered.delays, n=100)
    print_row(
        f"delay of the setup at {rate:.0f} calls a second",
        f"p50 {(through[49] - alone[49]) * 1000:5.1f} ms, p99 {(through[98] - alone[98]) * 1000:5.1f} ms added",
        "p99 10 ms",
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--standing", type=int, nargs="*", default=[100, 1000, 10000])
    given = parser.parse_args()
    options = Options(given.seconds, given.standing)
    print_row(f"whole program, {platform.machine()}, {os.cpu_count()} cores", "measured", "to reach")
    with tempfile.TemporaryDirectory(prefix="copperline-bench-") as folder:
        rate = rate_rows(Path(folder), options)
        delay_row(Path(folder), options, rate / 2)
        standing_rows(Path(folder), options, rate * 0.8)


if __name__ == "__main__":
    main()
