"""linphonec as a SIP telephone: one more program's idea of SIP and RTP, worked by what somebody types.

It has no sound card: it speaks one WAV file from its beginning whenever audio begins to flow, and keeps what it
hears in another. It takes a line in a second, and tells what happens in words.
"""

from __future__ import annotations

import os
import subprocess
import time
import wave
from pathlib import Path

import numpy as np

from gateway.core.audio import Samples
from gateway.media.resample import resample
from tests.support.wire import Hearing, until

__all__ = ["Linphone"]

PATIENCE = 30.0
"""Seconds for what it has been told to show, on two cores that many share."""
PACE = 1.2
"""Seconds between two lines."""
LONGEST = 60
"""Seconds of silence after what is spoken."""
WAV_HEADER = 44
"""Octets, which stay zero until the call is over."""
OPUS = "opus/48000"
"""What it offers first by itself; the number is that of the samples a second of what it keeps."""
_FIRST = (OPUS, "speex/16000", "speex/8000")

_CONFIG = """\
[sip]
sip_port=-1
sip_tcp_port=-1
default_proxy=0
ipv6_enabled=0
guess_hostname=0
media_encryption={encryption}
root_ca={authority}
contact="{user}" <sip:{user}@127.0.0.1>
[rtp]
audio_rtp_port=-1
[video]
enabled=0
[proxy_0]
reg_proxy=<sip:{host}:{port};transport={transport}>
reg_identity=<sip:{user}@{host}:{port}>
reg_expires=300
reg_sendregister=1
[auth_info_0]
username={user}
passwd={secret}
realm=copperline
"""
_CODEC = """\
[audio_codec_{number}]
mime={mime}
rate={rate}
channels={channels}
enabled={enabled}
"""


class Linphone:
    """One linphonec with one account, registered; it answers whoever calls.

    Args:
        folder: its files.
        user, secret: the account.
        server: where it registers.
        transport: "udp", "tcp" or "tls"; over TLS it offers encrypted audio.
        says: what it says from the start of each call, and after each hold.
        codec: what it offers first, one of OPUS, "speex/16000" and "speex/8000"; it leaves out those before.
        authority: PEM file that the server's certificate must go back to; it wants one for a DNS name.
    """

    def __init__(
        self,
        folder: Path,
        user: str,
        secret: str,
        server: tuple[str, int],
        transport: str,
        says: Samples,
        codec: str = OPUS,
        authority: Path | None = None,
    ) -> None:
        self._rate = int(codec.partition("/")[2])
        home = folder / "home"
        (home / ".local" / "share" / "linphone").mkdir(parents=True)
        self._folder = folder
        self._server = f"{server[0]}:{server[1]}"
        self._typed = 0.0
        with wave.open(str(folder / "says.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(np.concatenate([says, np.zeros(LONGEST * 8000, np.int16)]).tobytes())
        host, port = server
        # It writes into this file, so that each run has one of its own.
        (folder / "rc").write_text(
            _CONFIG.format(
                user=user,
                secret=secret,
                host=host,
                port=port,
                transport=transport,
                authority=authority or "",
                encryption="srtp" if transport == "tls" else "none",
            )
            + "".join(_section(number, one, one == codec) for number, one in enumerate(_FIRST) if codec != OPUS)
        )
        with (folder / "printed.txt").open("wb") as printed:
            self._process = subprocess.Popen(
                ["linphonec", "-a", "-c", str(folder / "rc"), "-l", str(folder / "log.txt"), "-d", "3"],
                stdin=subprocess.PIPE, stdout=printed, stderr=subprocess.STDOUT,
                env={**os.environ, "HOME": str(home)}, cwd=folder,
            )  # fmt: skip
        try:
            until(lambda: "Registration on" in self.printed or "linphonec>" in self.printed, PATIENCE, "linphonec")
            for line in ("soundcard use files", f"record {folder}/heard.wav", f"play {folder}/says.wav"):
                self.type(line)
            until(lambda: self._shows("status register", "registered, identity="), PATIENCE, f"{user} to register")
        except BaseException:
            self.quit()
            raise

    @property
    def printed(self) -> str:
        """All that it has said."""
        return (self._folder / "printed.txt").read_text(errors="replace")

    def type(self, line: str) -> None:
        """Type a line, at the pace at which it reads."""
        time.sleep(max(0.0, self._typed + PACE - time.monotonic()))
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
        self._typed = time.monotonic()

    def wait_for(self, words: str, times: int = 1) -> None:
        """Until it has said that, so often."""
        until(
            lambda: self.printed.count(words) >= times, PATIENCE, f"{words!r} of linphonec: {self.printed[-800:]}"
        )

    def say_again(self) -> None:
        """Say what it says from its beginning."""
        self.type(f"play {self._folder}/says.wav")

    def dial(self, number: str) -> None:
        """Call a number of the office."""
        self.type(f"call sip:{number}@{self._server}")

    def transfer(self, number: str) -> None:
        """Send whom it talks with to a number of the office."""
        call = self.printed.rpartition("for call ")[2].partition(" ")[0]
        self.type(f"transfer {call} sip:{number}@{self._server}")

    def bring_together(self, one: int, other: int) -> None:
        """Leave whom its calls `one` and `other` are with, counted from 1, to talk with one another."""
        self.type(f"transfer {one} --to-call {other}")

    def text(self, number: str, words: str) -> None:
        """Send a text."""
        self.type(f"chat sip:{number}@{self._server} {words}")

    def hearing(self) -> Hearing:
        """What it has heard in its last call."""
        data = (self._folder / "heard.wav").read_bytes()
        samples: Samples = np.frombuffer(data[WAV_HEADER : len(data) // 2 * 2], np.int16)
        return Hearing(resample(samples, self._rate, 8000), time.monotonic())

    def quit(self) -> None:
        """End it."""
        if self._process.poll() is None:
            try:
                self.type("quit")
                self._process.wait(5)
            except (OSError, subprocess.TimeoutExpired):
                self._process.kill()
        self._process.wait(PATIENCE)
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _shows(self, line: str, words: str) -> bool:
        self.type(line)
        return words in self.printed


def _section(number: int, codec: str, enabled: bool) -> str:
    mime, _, rate = codec.partition("/")
    return _CODEC.format(
        number=number, mime=mime, rate=rate, channels=2 if codec == OPUS else 1, enabled=int(enabled)
    )
