"""The real program on the real clock: `copperline run` as its user starts it, on free ports, in its own folder.

The office is the demo office with its addresses exchanged. Everything about it is learnt as a user would learn it:
from what it prints, from its HTTP interface, from its log, from its database.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx

from gateway.core.audio import Samples
from gateway.web import wav
from tests.support.speech import read_wav

__all__ = ["EXAMPLE", "PATIENCE", "Hearing", "RunningOffice", "free_port", "running", "until"]

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "office"
START_SECONDS = 150.0
"""For `ready`: seconds on an idle machine, but compiled code may have to be made first, on a busy one."""
STOP_SECONDS = 40.0
PATIENCE = 20.0
"""Seconds for what should come within some: nobody waits for them where it does."""
POLL = 0.02

T1 = 0.1
"""Seconds. RFC 3261 timers made short, so that what is over is forgotten after 19 s and not after 96."""
RTP_PORTS = "22000-23999"
"""Below those that the system gives out; several offices share them, each taking what is free."""
OWN_PORTS = range(28000, 32000, 2)
"""For programs that must be told their port: also below those that the system gives out."""
WORKERS = 8
"""Among which these are shared."""
CODECS = '["ulaw", "alaw", "g722", "opus", "gsm", "amr", "amrwb", "speex16", "speex"]'

_READY = re.compile(r"^ready (?P<sip>(?:sip \S+ )+)(?P<url>http://\S+)$", re.MULTILINE)
_SIP = re.compile(r"sip (\w+):(\S+):(\d+) ")
_IN_USE = re.compile(r'^copperline_in_use\{resource="([^"]+)"\} (\S+)$', re.MULTILINE)


def until(condition: Callable[[], Any], within: float, what: str) -> Any:
    """Look again and again until `condition` holds; what it gave then.

    Raises:
        AssertionError: it did not within that many seconds; `what` completes "waited for".
    """
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {within:g} s for {what}"
        time.sleep(POLL)
    return found


def free_port() -> int:
    """A port on loopback that is free now, for UDP and TCP, and that nobody takes until it is opened.

    It is an even one, and the one after it is nobody's either.
    """
    return next(port for port in _own_ports if _is_free(port) and _is_free(port + 1))


def _ports_of_worker() -> Iterator[int]:
    """Ports that neither the system nor another worker gives out, over and over."""
    worker = int("0" + os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")) % WORKERS
    share = len(OWN_PORTS) // WORKERS
    return cycle(OWN_PORTS[worker * share : (worker + 1) * share])


_own_ports = _ports_of_worker()


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


@dataclass(frozen=True)
class Hearing:
    """A recording that ends now.

    Attributes:
        samples: what was heard.
        ended: when the last of them was heard, seconds of the monotonic clock.
    """

    samples: Samples
    ended: float

    def since(self, when: float) -> Samples:
        """What was heard from `when` on."""
        return self.samples[-max(1, round(8000 * (self.ended - when))) :]


class RunningOffice:
    """A running demo office.

    Args:
        folder: its home; what an earlier office left there is found again.
        t1: the SIP timer T1, seconds.
        certificate: with which it also listens to TLS and secure WebSockets; None for without.
        more: further tables of its configuration.
        extensions: further lines of its dialplan.
        config: the configuration file of another office, which is run as it is.
    """

    def __init__(
        self,
        folder: Path,
        t1: float = T1,
        certificate: Path | None = None,
        *,
        more: str = "",
        extensions: str = "",
        config: Path | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._config = config or folder / "office.toml"
        if config is None:
            self._config.write_text(_configuration(t1, certificate) + more)
        for plan in EXAMPLE.glob("*.conf") if config is None else ():
            own = extensions if plan.name == "extensions.conf" else ""
            (folder / plan.name).write_text(plan.read_text() + own)
        self._printed = folder / "stdout.txt"
        self._logged = folder / "stderr.txt"
        with self._printed.open("wb") as printed, self._logged.open("ab") as logged:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "run", str(self._config)],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=printed, stderr=logged,
            )  # fmt: skip
        self._client = httpx.Client(trust_env=False, timeout=2 * PATIENCE)
        try:
            ready = until(self._ready, START_SECONDS, "the line that begins with ready")
            self.addresses: Mapping[str, tuple[str, int]] = {
                transport: (host, int(port)) for transport, host, port in _SIP.findall(ready["sip"])
            }
            self.url: str = ready["url"].rstrip("/")
            self._client.base_url = httpx.URL(self.url)
            self.idle = self.in_use()
        except BaseException:
            self.kill()
            raise

    # The process.

    @property
    def pid(self) -> int:
        """Of the program."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the program runs."""
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """All that it has logged."""
        return self._logged.read_text()

    @property
    def printed(self) -> str:
        """All that it has printed."""
        return self._printed.read_text()

    def wait(self, seconds: float) -> int:
        """The exit code of a program that has been told to stop."""
        return self._process.wait(seconds)

    def reload(self) -> None:
        """SIGHUP, and wait until it has been obeyed."""
        before = self.log.count("read anew")
        self._process.send_signal(signal.SIGHUP)
        until(lambda: self.log.count("read anew") > before, PATIENCE, "the reload")

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self._client.close()
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_SECONDS)
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL: the power fails."""
        self._client.close()
        if self.alive:
            self._process.kill()
            self._process.wait(STOP_SECONDS)

    def _ready(self) -> re.Match[str] | None:
        assert self.alive, f"the office did not start:\n{self.printed}{self.log}"
        return _READY.search(self.printed)

    # Its HTTP interface.

    def get(self, path: str) -> Any:
        """The JSON at `path`."""
        answer = self._client.get(path)
        answer.raise_for_status()
        return answer.json()

    def in_use(self) -> dict[str, int]:
        """What is in use now, as /metrics tells it."""
        return {name: int(float(count)) for name, count in _IN_USE.findall(self._client.get("/metrics").text)}

    def left_over(self) -> dict[str, int]:
        """What is in use now and was not when it started."""
        return {what: count - self.idle[what] for what, count in self.in_use().items() if count != self.idle[what]}

    def in_calls(self) -> int:
        """Calls, legs, audio rows and sockets held; timers of transactions may outlive them."""
        left = self.left_over()
        return sum(left.get(what, 0) for what in ("calls", "legs", "rows", "rtp sockets", "sip channels"))

    def copperline(self, *words: str, expect: int = 0) -> str:
        """What the command line says of this office, its exit code being as expected."""
        done = subprocess.run(
            [sys.executable, "-m", "gateway", *words, "--url", self.url],
            cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=3 * PATIENCE,
            env={**os.environ, "COLUMNS": "200"}, check=False,
        )  # fmt: skip
        assert done.returncode == expect, f"copperline {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    # Its emulated telephones.

    def hand(self, number: str, action: str, digits: str = "") -> None:
        """Work a telephone."""
        body = {"action": action, **({"digits": digits} if digits else {})}
        answer = self._client.post(f"/api/v1/sim/phones/{number}", json=body)
        assert answer.status_code == 204, answer.text

    def heard(self, number: str) -> dict[str, Any]:
        """What is heard and seen at a telephone now."""
        found: dict[str, Any] = self.get(f"/api/v1/sim/phones/{number}/heard")
        return found

    def on_hook(self) -> bool:
        """Whether it has noticed that every telephone's handset is down."""
        return all(line["state"] == "on-hook" for line in self.get("/api/v1/lines") if line["kind"] == "FXS")

    def say(self, number: str, samples: Samples) -> float:
        """Speak into a telephone; when that began, seconds of the monotonic clock."""
        began = time.monotonic()
        answer = self._client.post(
            f"/api/v1/sim/phones/{number}/say", content=wav.encode(samples), headers={"content-type": "audio/wav"}
        )
        assert answer.status_code == 204, answer.text
        return began

    def recording(self, number: str) -> Hearing:
        """What a telephone has heard since it was lifted."""
        asked = time.monotonic()
        answer = self._client.get(f"/api/v1/sim/phones/{number}/recording.wav")
        answer.raise_for_status()
        return Hearing(read_wav(answer.content), (asked + time.monotonic()) / 2)


@contextmanager
def running(
    folder: Path, t1: float = T1, certificate: Path | None = None, *, more: str = "", extensions: str = ""
) -> Iterator[RunningOffice]:
    """An office that is stopped in order at the end, and killed where that fails."""
    office = RunningOffice(folder, t1, certificate, more=more, extensions=extensions)
    try:
        yield office
    finally:
        if office.alive:
            office.stop()


def _configuration(t1: float, certificate: Path | None) -> str:
    text = (EXAMPLE / "office.toml").read_text()
    for old, new in (
        ("udp:127.0.0.1:5060", "udp:127.0.0.1:0"),
        ('"tcp:127.0.0.1:5060"', '"tcp:127.0.0.1:0", "ws:127.0.0.1:0"'),
        (
            "[sip]\n",
            f'[sip]\nrtp_ports = "{RTP_PORTS}"\ncodecs = {CODECS}\n',
        ),
    ):
        assert old in text, f"{old!r} is not in the example any more"
        text = text.replace(old, new, 1)
    if certificate is not None:
        text = text.replace('"tcp:127.0.0.1:0"', '"tcp:127.0.0.1:0", "tls:127.0.0.1:0", "wss:127.0.0.1:0"', 1)
        text = f'{text}\n[sip.tls]\ncertificate = "{certificate}"\n'
    return (
        f'{text}\n[sip.timers]\nt1 = {t1}\nt2 = {4 * t1}\nt4 = {5 * t1}\n[web]\nlisten = "127.0.0.1:0"\n'
        f'[media]\nprompts = "{EXAMPLE / "var" / "prompts"}"\n'
    )
