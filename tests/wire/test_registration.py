"""Real SIP clients log in, and strangers do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.baresip import Baresip
from tests.support.sipp import run_sipp
from tests.support.wire import PATIENCE, RunningOffice, until

pytestmark = pytest.mark.wire


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_sipp_logs_in_with_digest_and_off_again(office: RunningOffice, tmp_path: Path, transport: str) -> None:
    begun = len(office.log)
    done = run_sipp("register", tmp_path, office.addresses[transport], transport=transport)
    assert done.code == 0, done.errors
    until(lambda: office.log[begun:].count(" unregistered\n") == 1, PATIENCE, "the end of it in the log")
    assert office.log[begun:].count(" registered\n") == 1
    assert office.get("/api/v1/registrations") == []


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_baresip_logs_in_and_off_again(office: RunningOffice, ada: Callable[..., Baresip], transport: str) -> None:
    phone = ada(transport)
    (registration,) = office.get("/api/v1/registrations")
    assert (registration["account"], registration["transport"]) == ("6001", transport)
    assert "baresip" in registration["user_agent"]
    phone.quit()
    assert office.get("/api/v1/registrations") == []


@pytest.mark.parametrize(("user", "secret"), [("6001", "guessed"), ("6667", "copper-6001")])
def test_who_cannot_prove_an_account_is_refused_and_logged_once(
    office: RunningOffice, tmp_path: Path, user: str, secret: str
) -> None:
    begun = len(office.log)
    done = run_sipp("register_refused", tmp_path, office.addresses["udp"], user=user, secret=secret, status=403)
    assert done.code == 0, done.errors
    assert office.get("/api/v1/registrations") == []
    lines = [line for line in office.log[begun:].splitlines() if "refused" in line]
    assert len(lines) == 1, office.log[begun:]
    assert user in lines[0] and "REGISTER" in lines[0] and "127.0.0.1:" in lines[0]
    assert secret not in office.log[begun:]
