"""One running office: every object built from the configuration, joined, started and stopped in order.

Nothing here decides anything: who calls whom, what a message means and how long to wait is known in the rooms.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from dialplan.engine import DialplanEngine
from dialplan.model import Dialplan
from dialplan.plan import DialplanNumbers
from dialplan.shared import Permissions
from gateway.app.cards import with_levels
from gateway.app.console import Console
from gateway.app.daytime import DayTime
from gateway.app.hardware import Hardware
from gateway.app.lamps import Lamps, reminded
from gateway.app.media import OfficeMedia
from gateway.app.office_sip import PULSE, OfficeSip
from gateway.app.pickup import pickup_groups
from gateway.app.retention import HOURLY, Retention
from gateway.app.standing import LOOK, StandingCalls
from gateway.app.technologies import technologies
from gateway.app.texts import SipPostman
from gateway.app.whereabouts import INTERVAL
from gateway.call.call import CallRecord
from gateway.call.manager import CallManager
from gateway.call.tolls import Tolls
from gateway.config.boundary import Boundary
from gateway.config.conferences import conference_profiles
from gateway.config.model import Config
from gateway.config.office import has_nobody
from gateway.config.parking import parking_lots
from gateway.config.permission import numbering
from gateway.config.tolls import toll_policy
from gateway.config.variables import given_variables
from gateway.config.ways import group_members
from gateway.core.switch import Target
from gateway.core.trace import Recorder
from gateway.net.audiosocket import AudioSocketNetwork
from gateway.net.runner import Runner
from gateway.net.ticker import Ticker
from gateway.services.conferences import OfficeConferences
from gateway.sip.uri import host_text
from gateway.store.store import Store
from gateway.store.values import StoredDatabase
from gateway.toll.guard import TollGuard
from gateway.toll.meter import DAY, Usage
from gateway.web.application import application
from gateway.web.server import WebServer

__all__ = ["Application"]

_log = logging.getLogger("copperline")

FRAME: Final = 0.02
"""Seconds between two looks of the emulated worlds at their clock."""

FAREWELL: Final = 2.0
"""Seconds that registrars and exchanges have to take our leave."""

RETRY: Final = 5.0
"""Seconds between two looks for devices that are missing."""

REST: Final = 0.25
"""Seconds between two looks for stories of calls that rest."""

_LIVE: Final = ("accounts", "trunks", "tolls", "features", "parking", "conferences")
"""Tables of the configuration that a reload takes over at once."""


class Application:
    """An office.

    Args:
        config, dialplan: what it is to be.
        loop: whose clock is the engines' clock.
        by_hand: without a media thread and tickers; `step` moves media and the emulated worlds.
        sheds_load: refuse new SIP requests while the loop is late; an office under test on a busy machine must not.

    Attributes:
        is_broken: whether it can carry no calls any more, and has to be started anew.
        broken: told when it is.
    """

    def __init__(
        self,
        config: Config,
        dialplan: Dialplan,
        *,
        loop: asyncio.AbstractEventLoop,
        by_hand: bool = False,
        sheds_load: bool = True,
    ) -> None:
        self._config = config
        self._loop = loop
        self._by_hand = by_hand
        self._sheds_load = sheds_load
        self._wall = DayTime(config.office.timezone).now
        self._calls = itertools.count(1)
        self._run = ""
        self.is_broken = False
        self.broken: Callable[[], None] = lambda: None
        self._tickers: list[Ticker] = []
        self._web: WebServer | None = None
        self._store: Store | None = None
        self._database: StoredDatabase | None = None
        clock = loop.time
        self.recorder = Recorder(shows_keys=config.security.show_keys)
        self.media = OfficeMedia(config, loop=loop, by_hand=by_hand)
        self._numbers = DialplanNumbers(lambda: self.engine.dialplan, self._wall)
        self.hardware = Hardware(
            config,
            media=self.media,
            plan=self._numbers,
            recorder=self.recorder,
            clock=clock,
            wall=self._wall,
            changed=lambda label: self.manager.devices.on_change(label),
            reminded=lambda number: reminded(number, self.manager.device_state),
            by_hand=by_hand,
        )
        self._world = self.hardware.emulated()
        self.runner = Runner(loop)
        self.programs = AudioSocketNetwork()
        policy = toll_policy(config.tolls)
        self.tolls = TollGuard(
            numbering(config),
            policy,
            clock=clock,
            wall=time.time,
            notice=self._notice,
            keep=self._keep_usage,
        )
        self._toll_gate = Tolls(self.tolls, Boundary(config))
        self.manager = CallManager(
            plan=self._numbers,
            technologies=self.hardware.technologies,
            sounds=self.media.sounds,
            media=self.media.recordings,
            fax_desk=self.media.faxes,
            recorder=self.recorder,
            clock=clock,
            wall=self._wall,
            wake=self.runner.wake,
            new_id=self._new_id,
            on_record=self._record,
            tolls=self._toll_gate,
            limit=config.limits.calls,
        )
        self.conferences = OfficeConferences(
            media=self.media.recordings, sounds=self.media.sounds, clock=clock, wall=self._wall
        )
        self.manager.operator.conferences = self.conferences
        self.manager.conferees = self.conferences.members
        self._set_features(config)
        self.sip = OfficeSip(
            config,
            loop=loop,
            runner=self.runner,
            manager=self.manager,
            mailbox=lambda mailbox, status: self.lamps.mailboxes.update(mailbox, status),
        )
        self.lamps = Lamps(
            config,
            dialplan=lambda: self.engine.dialplan,
            manager=self.manager,
            conferences=self.conferences,
            lines=self.hardware.lines,
            sip=lambda: self.sip.stack,
            clock=clock,
            wake=self.runner.wake,
        )
        self._dialplan = dialplan

    async def start(self) -> None:
        """Open everything and take calls.

        Raises:
            CopperlineError: something that the office cannot do without would not open; `stop` clears up.
        """
        config, clock = self._config, self._loop.time
        self._store = await Store.open(config.store.url)
        self._retention = Retention(self._store, days=config.store.keep_days, wall=self._wall)
        self._retention.look(clock())
        self._standing = StandingCalls(self._store, calls=lambda: self.manager.calls, clock=clock)
        self._run = await self._new_run(self._store)
        self._database = await StoredDatabase.open(self._store)
        self.engine = DialplanEngine(
            self._dialplan,
            self.manager,
            operator=self.manager.operator,
            postman=SipPostman(lambda: self.sip.stack, clock, self.runner.wake),
            resolver=self.sip.name_servers.resolver,
            database=self._database,
            permissions=Permissions(
                shell=config.permissions.shell,
                environment=config.permissions.environment,
                agi=config.permissions.agi,
                http=config.permissions.http,
                network=True,
            ),
            step_limit=config.limits.dialplan_steps,
            shows_keys=config.security.show_keys,
        )
        self.manager.script = self.engine.run
        self.manager.devices.database = self._database
        self.tolls.meter.restore(await self._store.load_usage(int(self._wall().timestamp() // 60) - DAY))
        await self.sip.open(
            self._store,
            media=self.media,
            recorder=self.recorder,
            presence=self.lamps.presence,
            wall=self._wall,
            plan=self._numbers,
        )
        self.manager.technologies = technologies(
            sip=self.sip.stack,
            lines=self.hardware.technologies,
            audio=self.media.audio,
            plan=self._numbers,
            programs=self.programs,
            emit=lambda channel, event: self._loop.call_soon(self.manager.deliver, channel, event),  # not at once
        )
        self.console = Console(
            name=config.office.name,
            directory=config.directory,
            simulator=self._world,
            manager=self.manager,
            hardware=self.hardware,
            sip=self.sip.stack,
            recorder=self.recorder,
            store=self._store,
            database=self._database,
            tolls=self.tolls,
            clock=clock,
            wall=self._wall,
            usage=self.usage,
            media=self.media,
            home=self._home,
            groups=group_members(config),
            certificates=lambda: self.sip.certificates,
            network=lambda: self.sip.doubts,
        )
        self.media.start(self.runner.step)
        self._start_tickers()
        self.sip.attach()
        self.hardware.start(self._loop, self.runner, self._line_event)
        web = config.web.listen
        self._web = await WebServer.start(
            application(self.console, host=web.host, most_records=config.limits.records_shown), web.host, web.port
        )
        await self.sip.listen()
        self.runner.step()
        await self._recover(self._store)

    async def _new_run(self, store: Store) -> str:
        """What the ids of this run's calls begin with: when it began, or a little later where an earlier run did
        then, and the clock was set back since.
        """
        begun = self._wall()
        while await store.has_calls(run := f"{begun:%Y%m%d-%H%M%S}"):
            begun += timedelta(seconds=1)
        return run

    async def _recover(self, store: Store) -> None:
        """Record the calls that went on when an earlier run ended: it is over, since its addresses are ours."""
        for record in await store.recover():
            _log.warning(
                "call %s from %s to %s was cut off: %s", record.id, record.caller, record.called, record.ending
            )

    async def stop(self, grace: float = 0.0) -> None:
        """Refuse new calls, let those in progress go on for `grace` seconds, and close everything."""
        await self.manager.drain(grace)
        await self._take_leave()
        for ticker in self._tickers:
            ticker.stop()
        self.runner.stop()
        await self.sip.close()
        if self._web is not None:
            await self._web.stop()
        self.hardware.unwatch()
        await self.programs.close()
        self.tolls.keep()
        self.media.close()
        self.hardware.close()
        if self._store is not None:
            if self._database is not None:
                self._database.close()
            await self._store.close()

    async def _take_leave(self) -> None:
        """Leave the registrars, and let the networks behind spans release what was hung up, as far as
        they answer in time: a call that is not released there goes on to cost.
        """
        until = self._loop.time() + FAREWELL
        self.sip.leave()
        self.runner.step()
        while (self.sip.leaving or self.hardware.leaving) and self._loop.time() < until:
            await asyncio.sleep(FAREWELL / 40)

    async def drained(self, grace: float) -> None:
        """Refuse new calls and wait for those in progress, `grace` seconds at most."""
        await self.manager.drain(grace)

    def step(self, now: float) -> None:
        """Move media and the emulated worlds to `now` by hand, and all that follows from it."""
        self.hardware.step(now)
        if self.hardware.poll():
            self.runner.step()
        self.media.step(now)

    def reload(self, config: Config, dialplan: Dialplan) -> bool:
        """Run later calls on `dialplan`, with the live tables of `config` (`_LIVE`), its levels of ports, and the
        certificates of now.

        Returns:
            False where `config` differs in something else, which takes a restart.

        Raises:
            OpenFailed: a certificate cannot be used; nothing has changed.
        """
        policy = toll_policy(config.tolls)
        self.sip.renew_certificates()
        self.engine.load(dialplan)
        self.tolls.load(numbering(config), policy)
        self._toll_gate.load(Boundary(config))
        self.sip.reload(config)
        self._set_features(config)
        self.lamps.reloaded(config)
        self.hardware.reload(config)
        self.runner.step()
        live = {name: getattr(config, name) for name in _LIVE} | with_levels(self._config, config)
        self._config = self._config.model_copy(update=live)
        return config == self._config

    def would_lose_everybody(self, config: Config) -> bool:
        """Whether a reload with `config` would leave nobody to call: a file that is just being written is empty."""
        return has_nobody(config) and not has_nobody(self._config)

    def _set_features(self, config: Config) -> None:
        """What calls may do, as far as a reload changes it."""
        self.manager.floor.codes = config.features.codes()
        self.manager.pickup_groups = pickup_groups(config)
        self.manager.parking.lots = parking_lots(config.parking)
        self.conferences.profiles = conference_profiles(config.conferences)
        self.manager.given = given_variables(config)

    @property
    def addresses(self) -> list[str]:
        """Where it can be reached, for people."""
        bound = [f"sip {transport}:{host_text(host)}:{port}" for transport, (host, port) in self.sip.bound]
        if self._web is not None:
            bound.append(f"http://{self._web.host}:{self._web.port}/")
        return bound

    def usage(self) -> Mapping[str, int]:
        """What is in use now; all but the lines' own rows is zero when no call is in progress."""
        return {
            **self.manager.usage(),
            "parked": len(self.manager.parking),
            "in conferences": len(self.conferences.members),
            **self.sip.usage(),
            "lamps watched": self.lamps.presence.usage(),
            "line resources": self.hardware.usage(),
            **self.media.usage(),
            "programs": self.programs.usage,
            "records waiting": self._store.pending if self._store is not None else 0,
        }

    def _start_tickers(self) -> None:
        self._tickers.append(Ticker(self._loop, RETRY, lambda _: self._retry()))
        self._tickers.append(Ticker(self._loop, REST, self.recorder.rest))
        self._tickers.append(Ticker(self._loop, LOOK, self._standing.look))
        self._tickers.append(Ticker(self._loop, HOURLY, self._retention.look))
        self._tickers.append(Ticker(self._loop, INTERVAL, self.sip.whereabouts.look))
        if self._by_hand:
            return
        if self._world is not None:
            self._tickers.append(Ticker(self._loop, FRAME, self.hardware.step))
        if self._sheds_load:
            self._tickers.append(Ticker(self._loop, PULSE, self.sip.feel_pulse))

    def _retry(self) -> None:
        self.tolls.tick()
        self.hardware.retry()
        self.runner.step()
        self.media.look()
        fault = self.media.fault()
        if fault is not None and not self.is_broken:
            self.is_broken = True
            self._loop.create_task(self.manager.end_all(f"the media plane has stopped: {fault}"))
            self.broken()

    def _line_event(self, event: Any, now: float) -> None:
        self.manager.deliver(*event)

    def _record(self, record: CallRecord) -> None:
        if self._store is not None:
            self._standing.over(record)
        self.console.count(record)

    def _keep_usage(self, usages: Sequence[Usage]) -> None:
        if self._store is not None:
            self._store.save_usage(usages)

    def _notice(self, text: str) -> None:
        _log.warning("tolls: %s", text)
        self.console.notice(text)

    def _home(self, name: str) -> tuple[Target, str] | None:
        """Where an account or telephone is reached, and the dialplan context in which it dials."""
        config = self._config
        if name in config.accounts:
            return Target("SIP", name), config.accounts[name].context
        return (Target("FXS", name), config.phones[name].context) if name in config.phones else None

    def _new_id(self) -> str:
        return f"{self._run}-{next(self._calls)}"
