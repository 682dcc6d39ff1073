"""`copperline run`: an office in the foreground, from its configuration file to its end.

SIGTERM and SIGINT drain: no new calls, those in progress go on; a second one stops at once. SIGHUP reads the
dialplan anew, all or nothing.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from gateway.app.application import Application
from gateway.app.greeting import greeting
from gateway.config.office import load_office
from gateway.core.errors import ConfigError, CopperlineError

__all__ = ["run"]

_log = logging.getLogger("copperline")

GRACE: Final = 3600.0
"""Seconds that calls in progress have after the first SIGTERM."""


def run(path: Path) -> int:
    """Run the office of the configuration file `path` until it is told to stop.

    Returns:
        0 after an ordered stop, 1 where it could not start.
    """
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_serve(path))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Of uvloop where it is installed (the extra "fast"), else of asyncio."""
    made: Callable[[], asyncio.AbstractEventLoop] = import_module(
        "uvloop" if find_spec("uvloop") else "asyncio"
    ).new_event_loop
    return made


async def _serve(path: Path) -> int:
    loop = asyncio.get_running_loop()
    try:
        config, dialplan = load_office(path)
        office = Application(config, dialplan, loop=loop)
    except CopperlineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    stop = asyncio.Event()
    at_once = asyncio.Event()

    def told_to_stop() -> None:
        if stop.is_set():
            at_once.set()
        else:
            _log.info("stopping: no new calls; those in progress go on (once more to stop at once)")
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop)
    loop.add_signal_handler(signal.SIGHUP, _reload, path, office)
    try:
        await office.start()
        if office.sounds.prompt("beep") is None:
            _log.warning(
                "no prompts in %s: announcements are silent; `copperline warm %s` makes them",
                config.media.prompts,
                path,
            )
        sys.stdout.write(greeting(config, path, office.addresses))
        sys.stdout.flush()
        await stop.wait()
        await _drain(office, at_once)
    except CopperlineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        await office.stop()
    _log.info("stopped")
    return 0


async def _drain(office: Application, at_once: asyncio.Event) -> None:
    """Wait for the calls in progress, until told to stop at once."""
    drained = asyncio.ensure_future(office.drained(GRACE))
    hurried = asyncio.ensure_future(at_once.wait())
    await asyncio.wait({drained, hurried}, return_when=asyncio.FIRST_COMPLETED)
    for task in (drained, hurried):
        task.cancel()


def _reload(path: Path, office: Application) -> None:
    try:
        _, dialplan = load_office(path)
    except ConfigError as error:
        _log.error("not reloaded; the office goes on as it was:\n%s", error)
        return
    office.reload(dialplan)
    _log.info("the dialplan was read anew; calls in progress finish on the old one")
