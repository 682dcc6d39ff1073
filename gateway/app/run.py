"""`copperline run`: an office in the foreground, from its configuration file to its end.

SIGTERM and SIGINT drain: no new calls, those in progress go on; a second one stops at once. SIGHUP reads
dialplan, accounts, trunks and certificates anew, all or nothing.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from dialplan.model import Dialplan
from gateway.app.application import Application
from gateway.app.garbage import PERIOD, GarbageWatch
from gateway.app.greeting import greeting
from gateway.app.heap import HeapWatch
from gateway.app.oneline import Lines, log_cheaply
from gateway.config.model import Config
from gateway.config.office import load_office, setting_doubts
from gateway.core.errors import ConfigError, CopperlineError, Fault, OpenFailed
from gateway.media.places import SPOKEN
from gateway.media.prompt import SoundLibrary
from gateway.media.speech import synthesise, voiced
from gateway.net.ticker import Ticker
from gateway.web.office import ReloadView

__all__ = ["reload_office", "run"]

_log = logging.getLogger("copperline")

_RELOADED: Final = "dialplan, accounts, trunks and certificates were read anew; calls in progress go on as they are"
_EMPTIED: Final = "has no telephone, account, line or trunk any more: it may be being written just now"
_NOT_RELOADED: Final = "not reloaded; the office goes on as it was"

_STILL_STARTING: Final = (
    "still starting: the first start on a machine compiles the media plane, which takes a minute or two"
)

PATIENCE: Final = 5.0
"""Seconds after which a start is explained."""

GRACE: Final = 3600.0
"""Seconds that calls in progress have after the first SIGTERM."""


def run(path: Path) -> int:
    """Run the office of the configuration file `path` until it is told to stop.

    Returns:
        0 after an ordered stop; 1 where it could not start, or cannot go on: a service manager starts it anew then.
    """
    log_cheaply()
    logging.basicConfig(level=logging.INFO, handlers=[Lines(sys.stderr)])
    _allow_descriptors()
    # Asked to reload while it starts, it does so once it has started.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    with _explaining() as started, asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_serve(path, started))


def _program() -> str:
    """How a shell calls this program: by its name where that is found, else as it was called."""
    if shutil.which("copperline"):
        return "copperline"
    return "python -m gateway" if Path(sys.argv[0]).name == "__main__.py" else sys.argv[0]


def _allow_descriptors() -> None:
    """Take all descriptors that the system lets us have: a leg needs two, and a shell's usual limit is 1024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Of uvloop where it is installed (the extra "fast"), else of asyncio."""
    made: Callable[[], asyncio.AbstractEventLoop] = import_module(
        "uvloop" if find_spec("uvloop") else "asyncio"
    ).new_event_loop
    return made


@contextmanager
def _explaining(patience: float = PATIENCE) -> Iterator[Callable[[], None]]:
    """Say why a start takes long, should it; what is given is called once it is over."""
    timer = threading.Timer(patience, _log.info, [_STILL_STARTING])
    timer.daemon = True
    timer.start()
    try:
        yield timer.cancel
    finally:
        timer.cancel()


async def _serve(path: Path, started: Callable[[], None]) -> int:
    loop = asyncio.get_running_loop()
    try:
        config, dialplan = load_office(path)
        office = Application(config, dialplan, loop=loop)
    except CopperlineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    garbage = GarbageWatch(calls=lambda: len(office.manager.calls))
    stop = asyncio.Event()
    at_once = asyncio.Event()

    def told_to_stop() -> None:
        if stop.is_set():
            at_once.set()
        else:
            _log.info("stopping: no new calls; those in progress go on (once more to stop at once)")
        stop.set()

    def broken() -> None:
        stop.set()
        at_once.set()

    office.broken = broken
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop)
    try:
        await office.start()
        loop.add_signal_handler(signal.SIGHUP, reload_office, path, office)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
        office.console.reread = partial(reload_office, path, office)
        garbage.start()
        heap = HeapWatch(calls=lambda: len(office.manager.calls))

        def look(_: float) -> None:
            garbage.look()
            heap.look()

        watching = Ticker(loop, PERIOD, look)
        started()
        _warn(path, config, dialplan)
        sys.stdout.write(greeting(config, path, office.addresses, _program()))
        sys.stdout.flush()
        preparing = loop.run_in_executor(None, _prepare, config, office.media.sounds, stop.is_set)
        await stop.wait()
        await _drain(office, at_once)
        watching.stop()
        await preparing
    except CopperlineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        await office.stop()
        garbage.stop()
    _log.info("stopped")
    return int(office.is_broken)


def _prepare(config: Config, sounds: SoundLibrary, is_over: Callable[[], bool]) -> None:
    """Read the music and make the prompts that are missing, beside all else: the first call finds them there."""
    sounds.prepare(is_over)
    try:
        made = synthesise(config.media.prompts / SPOKEN, voiced(config.office.language))
    except CopperlineError as error:
        if not is_over():  # who is told to stop tells the speaker, too
            _log.warning("announcements may be silent: %s", error)
        return
    if made:
        _log.info("%d prompts were spoken into %s", len(made), config.media.prompts / SPOKEN)


async def _drain(office: Application, at_once: asyncio.Event) -> None:
    """Wait for the calls in progress, until told to stop at once."""
    drained = asyncio.ensure_future(office.drained(GRACE))
    hurried = asyncio.ensure_future(at_once.wait())
    await asyncio.wait({drained, hurried}, return_when=asyncio.FIRST_COMPLETED)
    for task in (drained, hurried):
        task.cancel()


def _warn(path: Path, config: Config, dialplan: Dialplan) -> list[str]:
    doubts = [str(doubt) for doubt in setting_doubts(path, config, dialplan)]
    for doubt in doubts:
        _log.warning("%s", doubt)
    return doubts


def reload_office(path: Path, office: Application) -> ReloadView:
    """Let a running office go on by its files as they are now; where they have a fault, as it was."""
    view = _reloaded(path, office)
    office.console.reread_came_to(view)
    return view


def _reloaded(path: Path, office: Application) -> ReloadView:
    try:
        config, dialplan = load_office(path)
        if office.would_lose_everybody(config):
            raise ConfigError([Fault(str(path), 0, _EMPTIED, "write it whole, then reload")])
        whole = office.reload(config, dialplan)
    except (ConfigError, OpenFailed) as error:
        faults = [str(fault) for fault in error.faults] if isinstance(error, ConfigError) else [str(error)]
        for fault in faults:
            _log.error("%s", fault)
        _log.error("%s", _NOT_RELOADED)
        return ReloadView(False, [*faults, _NOT_RELOADED])
    _log.info("%s", _RELOADED)
    told = [_RELOADED, *_warn(path, config, dialplan)]
    if not whole:
        told.append(f"other settings in {path} have changed, too; they take effect at the next start")
        _log.warning("%s", told[-1])
    return ReloadView(True, told)
