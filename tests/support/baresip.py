"""baresip as a SIP telephone: another program's idea of SIP and RTP, worked through its control connection.

It has no sound card: it speaks WAV files, and keeps what it sends and hears in WAV files. Configuration as its
manual has it; the control connection carries netstrings of JSON (module ctrl_tcp).
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import subprocess
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np

from gateway.core.audio import Samples
from gateway.media.resample import resample
from tests.support.wire import Hearing, free_port, until

__all__ = ["Baresip"]

PATIENCE = 20.0
"""Seconds for an answer from a program that shares two cores with many others."""
LONGEST = 60
"""Seconds of silence after what is spoken: at the end of its file baresip would hang up."""

WAV_HEADER = 44
"""Octets."""

_CONFIG = """\
poll_method epoll
sip_listen 127.0.0.1:0
audio_path /nonexistent
audio_source aufile,{folder}/silence.wav
audio_player aubridge,nul
audio_alert aubridge,nul2
audio_txmode thread
audio_buffer 20-160
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
rtp_ports 24000-27999
jitter_buffer_delay 0-0
net_interface 127.0.0.1
module_path {modules}
module g711.so
module sndfile.so
module aufile.so
module aubridge.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
snd_path {folder}/heard
"""
_MODULES = (
    "/usr/lib/baresip/modules",
    "/usr/lib/x86_64-linux-gnu/baresip/modules",
    "/usr/local/lib/baresip/modules",
)


class Baresip:
    """One baresip with one account, registered.

    Args:
        folder: its files.
        user, secret: the account.
        server: where it registers.
        transport: "udp", "tcp" or "tls".
        encryption: of its audio, in baresip's words: "srtp", "srtp-mand"; empty for none.
        codec: what it speaks instead of G.711, in baresip's words: "opus/48000/2".
    """

    def __init__(
        self,
        folder: Path,
        user: str,
        secret: str,
        server: tuple[str, int],
        transport: str,
        encryption: str = "",
        codec: str = "",
    ) -> None:
        self.user = user
        self.events: list[dict[str, Any]] = []
        self._folder = folder
        self._server = f"{server[0]}:{server[1]}"
        self._token = 0
        self._waited_for = 0
        self._replies: dict[str, dict[str, Any]] = {}
        self._buffer = b""
        _, rate, channels = (codec or "PCMU/8000/1").split("/")
        self._rate, self._channels = int(rate), int(channels)
        (folder / "heard").mkdir(parents=True)
        self._speak(np.zeros(0, np.int16), "silence")
        control = free_port()
        modules = next((path for path in _MODULES if Path(path).is_dir()), _MODULES[0])
        settings = _CONFIG.format(folder=folder, modules=modules, control=control)
        wanted = ["srtp"] * bool(encryption) + (
            [codec.partition("/")[0].partition("-")[0].lower()] if codec else []
        )
        (folder / "config").write_text(settings + "".join(f"module {module}.so\n" for module in wanted))
        (folder / "contacts").write_text("")
        (folder / "accounts").write_text(
            f"<sip:{user}@{self._server};transport={transport}>;auth_user={user};auth_pass={secret}"
            f";answermode=auto;regint=300;audio_codecs={codec or 'PCMU/8000/1,PCMA/8000/1'}"
            f"{';mediaenc=' + encryption if encryption else ''}\n"
        )
        with (folder / "log.txt").open("wb") as log:
            self._process = subprocess.Popen(
                ["baresip", "-4", "-f", str(folder)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            self._socket = until(lambda: _connected(control), PATIENCE, "baresip's control port")
            self._socket.setblocking(False)
            until(self._registered, PATIENCE, f"{user} to be registered")
        except BaseException:
            self._kill()
            raise

    # What somebody does with it.

    def dial(self, number: str) -> None:
        """Call a number of the office."""
        self.command("dial", f"sip:{number}@{self._server}")

    def hang_up(self) -> None:
        """End the call."""
        self.command("hangup")

    def key(self, digits: str) -> None:
        """Press keys in a call."""
        for digit in digits:
            self.command("sndcode", digit)
            time.sleep(0.2)  # a finger's pace: baresip sends what it is told at once, and digits would run together

    def say(self, samples: Samples) -> float:
        """Speak in a call; when that began, seconds of the monotonic clock."""
        path = self._speak(samples, f"said-{self._token}")
        began = time.monotonic()
        self.command("ausrc", f"aufile,{path}")
        return began

    def command(self, name: str, parameters: str = "") -> dict[str, Any]:
        """Give a command and wait for its reply."""
        self._token += 1
        token = str(self._token)
        body = json.dumps({"command": name, "params": parameters, "token": token}).encode()
        self._socket.sendall(b"%d:%s," % (len(body), body))

        def replied() -> dict[str, Any] | None:
            self._pump()
            return self._replies.pop(token, None)

        reply: dict[str, Any] = until(replied, PATIENCE, f"baresip's reply to {name}")
        return reply

    # What it tells.

    def wait_for(self, kind: str, within: float = PATIENCE) -> dict[str, Any]:
        """The next event of that type (CALL_RINGING, CALL_ESTABLISHED, …); those before it are passed over."""

        def found() -> dict[str, Any] | None:
            self._pump()
            for place in range(self._waited_for, len(self.events)):
                if self.events[place]["type"] == kind:
                    self._waited_for = place + 1
                    return self.events[place]
            return None

        event: dict[str, Any] = until(found, within, f"{kind} at baresip, which told {self.events}")
        return event

    def keys_heard(self) -> str:
        """Digits that it was sent, in all calls."""
        self._pump()
        return "".join(event["param"] for event in self.events if event["type"] == "CALL_DTMF_START")

    def hearing(self) -> Hearing:
        """What it has heard in this call, or in the last one."""
        return self._recorded("dec")

    def speaking(self) -> Hearing:
        """What it has sent in this call: a moment after `say`, for a new file takes it some time."""
        return self._recorded("enc")

    @property
    def log(self) -> str:
        """What it has printed."""
        return (self._folder / "log.txt").read_text(errors="replace")

    def quit(self) -> None:
        """Log off and end it."""
        if self._process.poll() is None:
            with contextlib.suppress(OSError, AssertionError):
                self.command("quit")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        self._kill()

    # Inside.

    def _kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE)
        if hasattr(self, "_socket"):
            self._socket.close()

    def _registered(self) -> bool:
        return "OK" in self.command("reginfo")["data"]

    def _recorded(self, direction: str) -> Hearing:
        # The file grows with each packet; its header is right only at the end, and is passed over.
        files = (self._folder / "heard").glob(f"*-{direction}.wav")
        newest = max(files, key=lambda path: path.stat().st_mtime)
        ended = time.monotonic()
        data = newest.read_bytes()
        channels, rate = struct.unpack_from("<HI", data, 22)
        octets = data[WAV_HEADER : len(data) // 2 * 2]
        first: Samples = np.frombuffer(octets, np.int16)[::channels]
        return Hearing(resample(first, rate, 8000), ended)

    def _speak(self, samples: Samples, name: str) -> Path:
        path = self._folder / f"{name}.wav"
        whole = np.concatenate([samples, np.zeros(LONGEST * 8000, np.int16)])
        with wave.open(str(path), "wb") as file:  # as its codec has it: baresip takes no other
            file.setnchannels(self._channels)
            file.setsampwidth(2)
            file.setframerate(self._rate)
            file.writeframes(resample(whole, 8000, self._rate).repeat(self._channels).tobytes())
        return path

    def _pump(self) -> None:
        """Take in what it has sent."""
        with contextlib.suppress(BlockingIOError):
            while data := self._socket.recv(65536):
                self._buffer += data
        while True:
            size, colon, rest = self._buffer.partition(b":")
            if not colon or len(rest) <= int(size):
                return
            message = json.loads(rest[: int(size)])
            self._buffer = rest[int(size) + 1 :]
            if message.get("event"):
                self.events.append(message)
            else:
                self._replies[str(message.get("token"))] = message


def _connected(port: int) -> socket.socket | None:
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    except OSError:
        return None
