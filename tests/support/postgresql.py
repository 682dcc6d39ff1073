"""A PostgreSQL server of a test's own, on loopback, which can be stopped and started as a server's is."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.support.wire import PATIENCE, free_port, until

__all__ = ["PostgresServer"]

PROGRAMS: Final = Path("/usr/lib/postgresql")
"""Where Debian keeps the server's programs, by version."""


class PostgresServer:
    """A server with one database, whose folder is gone at the end; it does not run as root, so neither is it here.

    Attributes:
        url: of its database.
    """

    def __init__(self) -> None:
        self._programs = max(PROGRAMS.glob("*/bin"), key=lambda each: float(each.parent.name))
        self._whose: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        self._folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        if self._whose:
            shutil.chown(self._folder, "postgres", "postgres")
        self._data = self._folder / "data"
        self._port = free_port()
        self.url = f"postgresql://office@127.0.0.1:{self._port}/postgres"
        self._process: subprocess.Popen[bytes] | None = None
        made = self._run("initdb", "-A", "trust", "-U", "office", "--no-sync", "-D", str(self._data))
        assert made.returncode == 0, made.stdout.decode()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Let it come up, with what it kept."""
        self._process = subprocess.Popen(
            [
                self._programs / "postgres", "-D", self._data, "-p", str(self._port),
                "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._folder}",
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd=self._folder, **self._whose,
        )  # fmt: skip
        until(self._answers, PATIENCE, "PostgreSQL to answer")

    def stop(self) -> None:
        """End it as a power failure would (SIGQUIT: at once, to be recovered from its log)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(PATIENCE)
            self._process = None

    def ask(self, sql: str) -> str:
        """What its own client prints for a statement."""
        done = self._run("psql", "-h", "127.0.0.1", "-p", str(self._port), "-U", "office", "-Atc", sql, "postgres")
        assert done.returncode == 0, done.stdout.decode()
        return done.stdout.decode().strip()

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
            return self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self._port)).returncode == 0
        return False

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self._programs / program, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=self._folder, timeout=60, check=False, **self._whose,
        )  # fmt: skip
