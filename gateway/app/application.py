"""One running office: every object built from the configuration, joined, started and stopped in order.

Nothing here decides anything: who calls whom, what a message means and how long to wait is known in the rooms.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dialplan.engine import DialplanEngine
from dialplan.model import Dialplan
from dialplan.plan import DialplanNumbers
from dialplan.shared import Permissions
from gateway.app.bans import KeptBans
from gateway.app.cards import with_levels
from gateway.app.console import Console
from gateway.app.daytime import DayTime
from gateway.app.hardware import Hardware
from gateway.app.lamps import Lamps, reminded
from gateway.app.media import OfficeMedia
from gateway.app.pickup import pickup_groups
from gateway.app.registrations import KeptBindings
from gateway.app.sip import accounts_of, sip_config, tls_config, trunks_of
from gateway.app.sip_log import SipLog
from gateway.app.technologies import technologies
from gateway.app.texts import KeptTexts, SipPostman
from gateway.call.call import CallRecord
from gateway.call.manager import CallManager
from gateway.call.tolls import Tolls
from gateway.config.boundary import Boundary
from gateway.config.model import Config
from gateway.config.parking import parking_lots
from gateway.config.permission import numbering
from gateway.config.tolls import toll_policy
from gateway.config.variables import given_variables
from gateway.core.log import QuietLog
from gateway.core.switch import Target
from gateway.core.trace import Recorder
from gateway.net.audiosocket import AudioSocketNetwork
from gateway.net.dns import NameServers
from gateway.net.runner import Driven, Runner
from gateway.net.sip import SipSockets
from gateway.net.streams import StreamLimits
from gateway.net.ticker import Ticker
from gateway.net.tls import TlsContexts
from gateway.net.udp import source_address
from gateway.sip.binding import RegistrationChanged
from gateway.sip.doorman import TurnedAway
from gateway.sip.gatekeeper import Proved
from gateway.sip.misled import Misled
from gateway.sip.names import Reply, ServerNames
from gateway.sip.points import ListeningPoints
from gateway.sip.stack import Happening, SipStack
from gateway.sip.transport import Flow
from gateway.sip.trunk_words import ExtensionTold, MailboxTold, TrunkChanged
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

PULSE: Final = 0.1
"""Seconds between two looks whether the loop is late."""

RETRY: Final = 5.0
"""Seconds between two looks for devices that are missing."""

_LIVE: Final = ("accounts", "trunks", "tolls", "features", "parking")
"""Tables of the configuration that a reload takes over at once."""


class Application:
    """An office.

    Args:
        config, dialplan: what it is to be.
        loop: whose clock is the engines' clock.
        by_hand: without a media thread and tickers; `step` moves media and the emulated worlds.
        sheds_load: refuse new SIP requests while the loop is late; an office under test on a busy machine must not.
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
        self._started = f"{self._wall():%Y%m%d-%H%M%S}"
        self._pulse = loop.time()
        self._tickers: list[Ticker] = []
        self._quiet = QuietLog(logging.getLogger("copperline.media"), loop.time)
        self._sip_log = SipLog(loop.time)
        self._web: WebServer | None = None
        self._store: Store | None = None
        self._database: StoredDatabase | None = None
        self.bound: list[tuple[str, tuple[str, int]]] = []
        clock = loop.time
        self.recorder = Recorder()
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
        limits = config.limits
        self.certificates = TlsContexts(tls_config(config))
        self.sockets = SipSockets(
            loop,
            self._sip_message,
            self._sip_lost,
            on_drained=lambda: self.sip.overload.idle(),
            on_misled=self._sip_misled,
            limits=StreamLimits(limits.connections, limits.connections_from_one, config.sip.idle),
            tls=self.certificates,
            origins=config.sip.origins,
            admits=self._sip_admits,
        )
        self.programs = AudioSocketNetwork()
        self.points = ListeningPoints(source=source_address)
        self.names = ServerNames()
        self.name_servers = NameServers(
            loop, self._name_told, [(server.host, server.port) for server in config.sip.name_servers]
        )
        policy = toll_policy(config.tolls)
        self.tolls = TollGuard(
            numbering(config),
            policy,
            clock=clock,
            wall=self._wall,
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
        self._set_features(config)
        self.lamps = Lamps(
            config,
            dialplan=lambda: self.engine.dialplan,
            manager=self.manager,
            lines=self.hardware.lines,
            sip=lambda: self.sip,
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
        self._database = await StoredDatabase.open(self._store)
        self.engine = DialplanEngine(
            self._dialplan,
            self.manager,
            operator=self.manager.operator,
            postman=SipPostman(lambda: self.sip, clock, self.runner.wake),
            database=self._database,
            permissions=Permissions(
                shell=config.permissions.shell,
                environment=config.permissions.environment,
                agi=config.permissions.agi,
                http=config.permissions.http,
                network=True,
            ),
            step_limit=config.limits.dialplan_steps,
        )
        self.manager.script = self.engine.run
        self.manager.devices.database = self._database
        self.tolls.meter.restore(await self._store.load_usage(int(self._wall().timestamp() // 60) - DAY))
        kept, texts = KeptBindings(self._store, clock), KeptTexts(self._store, clock)
        bans = KeptBans(self._store, clock)
        self.sip = SipStack(
            config=sip_config(config),
            accounts=accounts_of(config),
            audio=self.media.audio,
            images=self.media.faxes,
            recorder=self.recorder,
            points=self.points,
            names=self.names,
            bindings=kept,
            wall=self._wall,
            office=self.lamps.presence,
            texts=texts,
            bans=bans,
        )
        self.sip.restore(await kept.load())
        self.sip.messages.restore(await texts.load())
        self.sip.doorman.restore(await bans.load())
        self.manager.technologies = technologies(
            sip=self.sip,
            lines=self.hardware.technologies,
            audio=self.media.audio,
            plan=self._numbers,
            programs=self.programs,
            emit=lambda channel, event: self._loop.call_soon(self.manager.deliver, channel, event),  # not at once
        )
        self.console = Console(
            name=config.office.name,
            simulator=self._world,
            manager=self.manager,
            hardware=self.hardware,
            sip=self.sip,
            recorder=self.recorder,
            store=self._store,
            database=self._database,
            tolls=self.tolls,
            clock=clock,
            usage=self.usage,
            media_fault=self.media.plane.fault,
            recording_faults=lambda: self.media.recordings.faults,
            home=self._home,
        )
        self.media.start(self.runner.step)
        self._start_tickers()
        self._sip_driven = Driven(self.sip, self.sockets.send, self._sip_event)
        self._names_driven = Driven(self.names, self.name_servers.ask, lambda event, now: None)
        self.runner.attach(self._sip_driven)
        self.runner.attach(self._names_driven)
        self.hardware.start(self._loop, self.runner, self._line_event)
        web = config.web.listen
        self._web = await WebServer.start(
            application(self.console, host=web.host, most_records=config.limits.records_shown), web.host, web.port
        )
        self.bound = await self.sockets.listen(
            (listener.transport, (listener.address.host, listener.address.port)) for listener in config.sip.listen
        )
        if config.sip.signposts:
            await self.sockets.open_signposts(self.bound)
        self.points.bound(self.bound, secure=True)
        self.sip.opened(clock())
        self.sip.trunks.load(trunks_of(config), clock())
        self.runner.step()

    async def stop(self, grace: float = 0.0) -> None:
        """Refuse new calls, let those in progress go on for `grace` seconds, and close everything."""
        await self.manager.drain(grace)
        self.sip.close(self._loop.time())
        await self._take_leave()
        for ticker in self._tickers:
            ticker.stop()
        await self.sockets.close()
        await self.name_servers.close()
        if self._web is not None:
            await self._web.stop()
        self.runner.stop()
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
        """Unregister where we are registered, and let the networks behind spans release what was hung up, as far as
        they answer in time: a call that is not released there goes on to cost.
        """
        until = self._loop.time() + FAREWELL
        self.sip.trunks.stop(self._loop.time())
        self.runner.step()
        while (self.sip.trunks.leaving or self.hardware.leaving) and self._loop.time() < until:
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
        self.certificates.reload(tls_config(self._config))
        self.engine.load(dialplan)
        self.tolls.load(numbering(config), policy)
        self._toll_gate.load(Boundary(config))
        self.sip.load_accounts(accounts_of(config))
        self.sip.trunks.load(trunks_of(config), self._loop.time())
        self._set_features(config)
        self.lamps.reloaded(config)
        self.hardware.reload(config)
        self.runner.step()
        live = {name: getattr(config, name) for name in _LIVE} | with_levels(self._config, config)
        self._config = self._config.model_copy(update=live)
        return config == self._config

    def _set_features(self, config: Config) -> None:
        """What calls may do, as far as a reload changes it."""
        self.manager.floor.codes = config.features.codes()
        self.manager.pickup_groups = pickup_groups(config)
        self.manager.parking.lots = parking_lots(config.parking)
        self.manager.given = given_variables(config)

    @property
    def addresses(self) -> list[str]:
        """Where it can be reached, for people."""
        bound = [f"sip {transport}:{host_text(host)}:{port}" for transport, (host, port) in self.bound]
        if self._web is not None:
            bound.append(f"http://{self._web.host}:{self._web.port}/")
        return bound

    def usage(self) -> Mapping[str, int]:
        """What is in use now; all but the lines' own rows is zero when no call is in progress."""
        return {
            **self.manager.usage(),
            "parked": len(self.manager.parking),
            **{f"sip {what}": count for what, count in self.sip.usage().items()},
            "lamps watched": self.lamps.presence.usage(),
            "line resources": self.hardware.usage(),
            **self.media.usage(),
            "tcp connections": self.sockets.usage(),
            "programs": self.programs.usage,
            "name server questions": len(self.names),
            "records waiting": self._store.pending if self._store is not None else 0,
        }

    def _start_tickers(self) -> None:
        self._tickers.append(Ticker(self._loop, RETRY, lambda _: self._retry()))
        if self._by_hand:
            return
        if self._world is not None:
            self._tickers.append(Ticker(self._loop, FRAME, self.hardware.step))
        if self._sheds_load:
            self._tickers.append(Ticker(self._loop, PULSE, self._feel_pulse))

    def _feel_pulse(self, now: float) -> None:
        """Tell how late the loop is (the time since the last look beyond what it should be), and what waits."""
        self.sip.overload.look(now - self._pulse - PULSE, self.sockets.filled(), now)
        self._pulse = now

    def _retry(self) -> None:
        self.tolls.tick()
        self.hardware.retry()
        self.runner.step()
        fault = self.media.plane.fault()
        if fault is not None:
            self._quiet.warning(
                "media", "the media plane has stopped: %s; calls are ended, restart Copperline", fault
            )
            self._loop.create_task(self.manager.end_all(f"the media plane has stopped: {fault}"))

    def _sip_message(self, data: bytes, flow: Flow) -> None:
        self.runner.receive(self._sip_driven, data, flow)

    def _name_told(self, reply: Reply) -> None:
        self.runner.receive(self._names_driven, reply, None)

    def _sip_lost(self, flow: Flow) -> None:
        self.sip.lost(flow, self._loop.time())
        self.runner.step()

    def _sip_admits(self, flow: Flow) -> bool:
        admitted = self.sip.doorman.lets_connect(flow, self._loop.time())
        self.runner.wake()
        return admitted

    def _sip_misled(self, found: Misled) -> None:
        self.sip.misled(found, self._loop.time())
        self.runner.step()

    def _sip_event(self, event: Happening, now: float) -> None:
        if isinstance(event, tuple):
            self.manager.deliver(*event)
            return
        if isinstance(event, Proved):
            self.sockets.proved(event.flow)
            return
        self._sip_log.note(event)
        if isinstance(event, TurnedAway):
            self.sockets.drop(event.flow)
        elif isinstance(event, RegistrationChanged):
            self.manager.devices.on_change(f"SIP/{event.binding.account}")
        elif isinstance(event, TrunkChanged):
            self.manager.devices.on_change(f"SIP/{event.name}")
        elif isinstance(event, MailboxTold):
            self.lamps.mailboxes.update(event.mailbox, event.status)
        elif isinstance(event, ExtensionTold):
            self.manager.devices.on_change(f"SIP/{event.number}@{event.trunk}")

    def _line_event(self, event: Any, now: float) -> None:
        self.manager.deliver(*event)

    def _record(self, record: CallRecord) -> None:
        self.console.count(record)
        if self._store is not None:
            self._store.record(record)

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
        return f"{self._started}-{next(self._calls)}"
