"""SIPp runs a scenario of tests/data/sipp against an office: strict about every message, as its user is not."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.wire import free_port

__all__ = ["Sipp", "run_sipp"]

SCENARIOS = Path(__file__).parents[1] / "data" / "sipp"
SECONDS = 40
"""A scenario takes one or two, on a machine that is not busy."""


@dataclass(frozen=True)
class Sipp:
    """How a scenario went.

    Attributes:
        code: 0 where every message was as the scenario wants it.
        errors: what SIPp says of those that were not.
    """

    code: int
    errors: str


def run_sipp(
    scenario: str,
    folder: Path,
    server: tuple[str, int],
    *,
    transport: str = "udp",
    user: str = "6001",
    secret: str = "copper-6001",
    number: str = "",
    status: int = 200,
) -> Sipp:
    """Run a scenario once.

    Args:
        scenario: its file's name without suffix.
        folder: for what it writes.
        server: the office.
        user, secret: who it says it is.
        number: whom it calls.
        status: the final response that it waits for, where the file says STATUS.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{scenario}.xml"
    file.write_text((SCENARIOS / file.name).read_text().replace("STATUS", str(status)))
    errors = folder / "errors.log"
    done = subprocess.run(
        [
            "sipp", f"{server[0]}:{server[1]}", "-sf", str(file), "-i", "127.0.0.1", "-mi", "127.0.0.1",
            "-p", str(free_port()), "-mp", str(free_port()), "-m", "1", "-nostdin",
            "-t", {"udp": "u1", "tcp": "t1"}[transport], "-au", user, "-ap", secret, "-s", number or user,
            "-key", "user", user, "-trace_err", "-error_file", str(errors),
            "-recv_timeout", "20000", "-timeout", str(SECONDS), "-timeout_error",
        ],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=2 * SECONDS, check=False,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "TERM": "dumb"},
    )  # fmt: skip
    said = errors.read_text(errors="replace") if errors.exists() else ""
    return Sipp(done.returncode, said or (done.stderr if done.returncode else ""))
