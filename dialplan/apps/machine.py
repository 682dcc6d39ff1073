"""Applications that reach the machine or the database: System TrySystem DBdel DBdeltree.

Commands run only where the configuration allows them. Asterisk apps/app_system.c, app_db.c.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.functions.machine import run_command
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError

__all__ = ["APPLICATIONS"]


async def _system(script: Script, arguments: str) -> None:
    """`System(command)`: run it; SYSTEMSTATUS says SUCCESS, APPERROR or FAILURE."""
    try:
        code, _ = await run_command(script, arguments, script.values, listens=False)
    except ScriptError as fault:
        script.assign("SYSTEMSTATUS", "FAILURE")
        script.note(f"System: {fault}")
    else:
        script.assign("SYSTEMSTATUS", "APPERROR" if code else "SUCCESS")


async def _delete(script: Script, arguments: str) -> None:
    """`DBdel(family/key)`."""
    script.shared.database.delete(arguments.strip())


async def _delete_tree(script: Script, arguments: str) -> None:
    """`DBdeltree(family[/key])`: all that lies below."""
    prefix = arguments.strip().strip("/")
    if not prefix:
        raise ScriptError("DBdeltree wants a family")
    for path in list(script.shared.database.paths(prefix)):
        script.shared.database.delete(path)


APPLICATIONS: Final[Mapping[str, Application]] = {
    "DBdel": _delete,
    "DBdeltree": _delete_tree,
    "System": _system,
    "TrySystem": _system,
}
