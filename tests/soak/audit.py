"""What must hold of an office: while it works, and once all is at rest."""

from __future__ import annotations

import os
import re
import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.wire import RunningOffice

__all__ = ["Measure", "ended_last", "faults_in_log", "faults_in_records", "measure"]

_WRONG: Final = re.compile(
    r"Traceback|never retrieved|never awaited|was destroyed but|ResourceWarning|RuntimeWarning|Exception ignored|"
    r"^\w*Error: |Exception in |Task exception",
    re.MULTILINE,
)
_ENDED: Final = re.compile(r"call (\d{8}-\d{6}-\d+) from .* ended: ")
LAST: Final = 20
"""Lines: what is logged in a second."""
_LINES_A_CALL: Final = 20
"""Lines of the log that a call may take on the average, whatever is done to it."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What an office holds.

    Attributes:
        in_use: resources, by name.
        descriptors: by what they are.
        threads: how many.
        memory: kB of its own.
        cpu: seconds used.
    """

    in_use: Mapping[str, int]
    descriptors: Mapping[str, int]
    threads: int
    memory: int
    cpu: float

    def __str__(self) -> str:
        held = {name: count for name, count in self.in_use.items() if count}
        open_files = sum(self.descriptors.values())
        return f"{self.memory / 1024:.1f} MB, {open_files} descriptors, {self.threads} threads, {held}"


def measure(office: RunningOffice) -> Measure:
    """Measure it now."""
    process = Path(f"/proc/{office.pid}")
    kinds: Counter[str] = Counter()
    for descriptor in os.listdir(process / "fd"):
        try:
            kinds[re.sub(r"\d+", "", os.readlink(process / "fd" / descriptor))] += 1
        except FileNotFoundError:
            continue
    status = (process / "status").read_text()
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return Measure(
        office.in_use(),
        kinds,
        int(_found(r"Threads:\s+(\d+)", status)),
        int(_found(r"RssAnon:\s+(\d+)", status)),
        (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
    )


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, pattern
    return found[1]


def faults_in_log(log: str) -> list[str]:
    """Lines that no log should have, each with what follows it."""
    lines = log.splitlines()
    faults = ["\n".join(lines[at : at + 40]) for at, line in enumerate(lines) if _WRONG.search(line)]
    calls = len(_ENDED.findall(log))
    if len(lines) > 500 + _LINES_A_CALL * calls:
        faults.append(f"the log is flooded: {len(lines)} lines of {calls} calls")
    return faults


def ended_last(log: str) -> set[str]:
    """Calls that ended within the last lines of a log: their records may not have been on the disk yet."""
    return set(_ENDED.findall("\n".join(log.splitlines()[-LAST:])))


def faults_in_records(office: RunningOffice, forgiven: Collection[str] = ()) -> list[str]:
    """Calls that have no record, but for those forgiven, or two, and such as are said to go on, which none does."""
    file = office.folder / "var" / "copperline.db"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        health = database.execute("PRAGMA integrity_check").fetchone()[0]
        recorded = Counter(id for (id,) in database.execute("SELECT id FROM call_records"))
        standing = [id for (id,) in database.execute("SELECT id FROM standing_calls")]
    ended = set(_ENDED.findall(office.log))
    return [
        *([] if health == "ok" else [f"the database: {health}"]),
        *(f"call {id} has {count} records" for id, count in recorded.items() if count > 1),
        *(f"call {id} has no record" for id in sorted(ended - recorded.keys() - set(forgiven))),
        *(f"call {id} is said to go on" for id in standing),
    ]
