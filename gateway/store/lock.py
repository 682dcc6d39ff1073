"""One office has one database: a second one that is started by mistake ends before it touches anything.

It would take the calls that go on in the first for such as were cut off, and give them records. The lock is on a
file beside that of the database (flock(2)), and goes with the process, however it ends.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.core.errors import LocalError

__all__ = ["FileLock"]

_OWNER_ONLY: Final = 0o600
_LONGEST: Final = 20
"""Octets of a process id that are read."""


class FileLock:
    """The lock on a database in a file, held until `free`.

    Args:
        file: the database.
        name: its name, for sentences.

    Raises:
        LocalError: another office has it.
    """

    def __init__(self, file: Path, name: str) -> None:
        self.file = file
        self._descriptor = -1
        with suppress(OSError):  # where nothing can be written, opening the database tells it better
            file.parent.mkdir(parents=True, exist_ok=True)
            one = file.resolve()  # whatever links lead to it
            self._descriptor = os.open(
                one.with_name(f"{one.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY
            )
        if self._descriptor >= 0:
            self._take(name)

    def _take(self, name: str) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, _LONGEST).decode("ascii", "replace").strip()
            self.free()
            raise LocalError(
                f"{name} is in use by another office{f', process {holder}' if holder else ''}; stop that one, or "
                "give this one another [store] url"
            ) from None
        except OSError:  # this file system has no locks
            return
        with suppress(OSError):  # the disk is full: it is locked all the same
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def free(self) -> None:
        """Let another office have it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
