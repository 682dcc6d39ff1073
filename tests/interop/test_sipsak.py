"""sipsak, the Swiss army knife of SIP: it registers, asks, breaks messages on purpose, and judges the answers."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.wire import PATIENCE, RunningOffice, until

pytestmark = pytest.mark.wire


def sipsak(office: RunningOffice, user: str, *words: str, expect: int = 0, transport: str = "udp") -> str:
    """What sipsak prints of `user` at the office; without -u it would prove itself as "USER@"."""
    host, port = office.addresses[transport]
    over = ["-E", transport] if transport != "udp" else []
    done = subprocess.run(
        ["sipsak", "-v", "-v", *over, "-s", f"sip:{user}@{host}:{port}", *words],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == expect, f"sipsak {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_it_asks_what_the_office_can(office: RunningOffice, transport: str) -> None:
    said = sipsak(office, "600", transport=transport)
    assert "200 OK" in said and "Allow: " in said and "INVITE" in said


def test_it_registers_is_shown_and_logs_off(office: RunningOffice) -> None:
    contact = "sip:6003@127.0.0.1:5999"
    assert "OK" in sipsak(office, "6003", "-U", "-C", contact, "-x", "300", "-a", "copper-6003", "-u", "6003")
    until(lambda: contact in str(office.get("/api/v1/registrations")), PATIENCE, "it to be shown")
    sipsak(office, "6003", "-U", "-C", contact, "-x", "0", "-a", "copper-6003", "-u", "6003")
    until(lambda: contact not in str(office.get("/api/v1/registrations")), PATIENCE, "it to be gone")


def test_a_wrong_secret_is_refused_and_told_to_the_operator_alone(office: RunningOffice) -> None:
    said = sipsak(
        office, "6003", "-U", "-C", "sip:6003@127.0.0.1:5999", "-x", "300", "-a", "wrong", "-u", "6003", expect=1
    )
    assert "403 Forbidden" in said and "secret" not in said
    assert any(refused["why"] == "its secret is wrong" for refused in office.get("/api/v1/refusals"))


def test_messages_that_it_breaks_at_random_break_nothing(office: RunningOffice) -> None:
    """-R: random characters in place of those of a request, until the far end answers no longer."""
    host, port = office.addresses["udp"]
    subprocess.run(
        ["sipsak", "-R", "-t", "60", "-s", f"sip:600@{host}:{port}"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert "200 OK" in sipsak(office, "600")
    assert "Traceback" not in office.log
