"""`copperline reload`: let a running office read its files anew, and say what came of it."""

from __future__ import annotations

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url
from gateway.core.errors import LocalError

__all__ = ["command"]


def command(url: Url = DEFAULT_URL) -> None:
    """Let a running office read its dialplan, accounts, trunks, toll rules and certificates anew, all or nothing.

    Calls in progress finish on the old dialplan. Faults are told with file and line, and the office goes on as it
    was; other settings that have changed take a restart, and that is told, too. SIGHUP does the same.
    """
    outcome = OfficeClient(url).ask("/api/v1/reload", {})
    if not outcome["done"]:
        raise LocalError("\n".join(outcome["told"]))
    for sentence in outcome["told"]:
        show.line(sentence)
