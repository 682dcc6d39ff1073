"""Garbage from the network leaves a call alone, and leaves nothing behind."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.core.audio import Samples
from tests.support.baresip import Baresip
from tests.support.sipp import run_sipp
from tests.support.speech import compare
from tests.support.steady import Steadily
from tests.support.wire import PATIENCE, RunningOffice, running, until

pytestmark = pytest.mark.wire

T1 = 0.04
"""Seconds; a call's last timer, for latecomers, runs for 192 times as long."""
FORGOTTEN = 192 * T1 + 5

_INVITE = (
    "INVITE sip:600@{server} SIP/2.0\r\n"
    "Via: SIP/2.0/UDP {own};branch=z9hG4bK{branch}\r\n"
    "From: <sip:6001@{server}>;tag=a\r\nTo: <sip:600@{server}>\r\n"
    "Call-ID: {branch}@garbage\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
    "Contact: <sip:6001@{own}>\r\nContent-Length: 0\r\n\r\n"
)
_MANDATORY = ("From", "To", "Call-ID", "CSeq")


def test_garbage_during_a_call_harms_nothing_and_leaves_nothing(
    ada: Callable[..., Baresip], sentence: Samples, tmp_path: Path, steadily: Steadily
) -> None:
    with running(tmp_path / "office", T1) as office:
        garbage_during_a_call(office, ada("udp", office), sentence, tmp_path, steadily)


def garbage_during_a_call(
    office: RunningOffice, phone: Baresip, sentence: Samples, tmp_path: Path, steadily: Steadily
) -> None:
    """Throw it while somebody listens to the echo, and count what is left."""
    phone.dial("600")
    phone.wait_for("CALL_ESTABLISHED")

    def talk() -> None:
        began = phone.say(sentence)
        statuses = throw_garbage(office)
        assert statuses == [400] * len(_MANDATORY), "an INVITE without a mandatory header is a bad request"
        done = run_sipp("call_with_strange_codec", tmp_path, office.addresses["udp"], number="600", status=488)
        assert done.code == 0, done.errors
        until(lambda: time.monotonic() > began + len(sentence) / 8000 + 0.5, PATIENCE, "the echo of all of it")
        assert compare(phone.hearing().since(began - 0.1), sentence).worst > 0.9, "the garbage is heard"

    steadily(talk)
    assert [call["state"] for call in office.get("/api/v1/calls")] == ["up"]
    phone.hang_up()
    phone.wait_for("CALL_CLOSED")
    phone.quit()
    until(lambda: not office.left_over(), FORGOTTEN, "everything in use to be as at the start")
    assert office.alive and "Traceback" not in office.log


def throw_garbage(office: RunningOffice) -> list[int]:
    """Send random octets, INVITEs cut short and INVITEs that lack a header; the statuses that the last ones got."""
    chance = random.Random(4711)
    server = office.addresses["udp"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as enemy:
        enemy.bind(("127.0.0.1", 0))
        enemy.settimeout(5)
        own = f"127.0.0.1:{enemy.getsockname()[1]}"

        def invite(branch: str) -> str:
            return _INVITE.format(server=f"{server[0]}:{server[1]}", own=own, branch=branch)

        for _ in range(200):
            enemy.sendto(chance.randbytes(chance.randrange(1500)), server)
            time.sleep(0.002)  # so that it is read and not dropped by the kernel
        whole = invite("cut").encode()
        for end in range(0, whole.index(b"Via"), 3):
            enemy.sendto(whole[:end], server)
        statuses = []
        for name in _MANDATORY:
            lines = [line for line in invite(f"no{name}").split("\r\n") if not line.startswith(f"{name}:")]
            enemy.sendto("\r\n".join(lines).encode(), server)
            statuses.append(int(enemy.recv(65536).split(b" ")[1]))
            acknowledge(enemy, invite(f"no{name}"), server)
    with socket.create_connection(office.addresses["tcp"], timeout=5) as enemy_stream:
        enemy_stream.sendall(chance.randbytes(5000))
        enemy_stream.sendall(b"INVITE sip:x SIP/2.0\r\nContent-Length: 99999999\r\n\r\n")
        # It is disconnected, in order or not, for no message can be found in that.
        with pytest.raises(ConnectionError):
            while enemy_stream.recv(65536):
                pass
            raise ConnectionResetError
    return statuses


def acknowledge(enemy: socket.socket, invite: str, server: tuple[str, int]) -> None:
    """As a caller does that was refused."""
    enemy.sendto(invite.replace("INVITE sip", "ACK sip").replace("1 INVITE", "1 ACK").encode(), server)
