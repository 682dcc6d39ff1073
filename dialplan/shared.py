"""What all scripts of an office share: global variables, the database, groups, locks, and what the office allows.

One object for all calls, given to every Script. What belongs to a leg is entered when its script begins and is gone
when it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dns.asyncresolver import Resolver

from dialplan.database import Database, MemoryDatabase
from dialplan.fax_notes import FaxNotes
from dialplan.locks import Locks
from gateway.core.late import Late
from gateway.core.recording import Recording

__all__ = ["Hook", "Permissions", "Share", "Shared"]


@dataclass(frozen=True, slots=True)
class Permissions:
    """What scripts may do to the machine that they run on; nothing, unless the configuration says so.

    Attributes:
        shell: run commands (SHELL, System, TrySystem).
        environment: read and write environment variables (ENV).
        agi: the folder whose programs may drive calls (AGI, EAGI); None allows none.
        http: ask web servers (CURL).
        network: reach programs of other machines (AGI over the network, ENUM); dry runs do not.
    """

    shell: bool = False
    environment: bool = False
    agi: Path | None = None
    http: bool = False
    network: bool = False


@dataclass(slots=True)
class Hook:
    """Something that happens in a call every so often, while it is `on`."""

    task: asyncio.Task[None]
    on: bool = True


class Share(Late, fax=FaxNotes, given=dict, groups=dict, recordings=dict):
    """What one leg has among all.

    Attributes:
        variables: its channel variables, for IMPORT.
        groups: its group in each category, for GROUP.
        given: its SHARED variables, which others may read and write.
        recordings: its recordings by MixMonitor, by their numbers, the latest last.
        hooks: what PERIODIC_HOOK has begun, in turn.
        fax: what it wants of faxes, and how its last one went.
    """

    __slots__ = "fax given groups hooks recordings variables".split()
    fax: FaxNotes
    given: dict[str, str]
    groups: dict[str, str]
    recordings: dict[str, list[Recording]]

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = variables
        self.hooks: tuple[Hook, ...] = ()


@dataclass(slots=True)
class Shared:
    """The common ground of all scripts.

    Attributes:
        globals: the variables that all calls share.
        database: behind DB().
        permissions: what scripts may do to the machine.
        locks: behind LOCK().
        legs: the legs for which scripts run, by name.
        resolver: what asks the DNS for ENUM, made anew each time; the machine's own where None.
        shows_keys: whether notes and records tell the keys that callers have typed.
    """

    globals: dict[str, str]
    database: Database = field(default_factory=MemoryDatabase)
    permissions: Permissions = Permissions()
    locks: Locks = field(default_factory=Locks)
    legs: dict[str, Share] = field(default_factory=dict)
    resolver: Callable[[], Resolver] | None = None
    shows_keys: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something beside the scripts, which may outlast the leg that it was begun for."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def leave(self, leg: str) -> None:
        """A leg is gone, and all that it had."""
        share = self.legs.pop(leg, None)
        for hook in share.hooks if share is not None else ():
            hook.task.cancel()
        self.locks.release_all(leg)
