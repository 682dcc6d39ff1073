"""The SIP of an office: the stack with its sockets, its names and its log, joined to calls, devices and lamps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from gateway.app.bans import KeptBans
from gateway.app.media import OfficeMedia
from gateway.app.registrations import KeptBindings
from gateway.app.sip import accounts_of, sip_config, tls_config, trunks_of
from gateway.app.sip_log import SipLog
from gateway.app.texts import KeptTexts
from gateway.app.whereabouts import Whereabouts
from gateway.call.manager import CallManager
from gateway.config.model import Config
from gateway.core.number import NumberPlan
from gateway.core.trace import Recorder
from gateway.core.watch import MailboxStatus
from gateway.net.dns import NameServers
from gateway.net.runner import Driven, Runner
from gateway.net.sip import SipSockets
from gateway.net.streams import StreamLimits
from gateway.net.tls import TlsContexts
from gateway.net.udp import source_address
from gateway.services.presence import Presence
from gateway.sip.binding import RegistrationChanged
from gateway.sip.doorman import TurnedAway
from gateway.sip.gatekeeper import Proved
from gateway.sip.misled import Misled
from gateway.sip.names import Reply, ServerNames
from gateway.sip.points import ListeningPoints
from gateway.sip.stack import Happening, SipStack
from gateway.sip.transport import Flow, Loss
from gateway.sip.trunk_words import ExtensionTold, MailboxTold, TrunkChanged
from gateway.store.store import Store

__all__ = ["PULSE", "OfficeSip"]

PULSE: Final = 0.1
"""Seconds between two looks whether the loop is late."""


class OfficeSip:
    """What speaks SIP in an office.

    Args:
        config: the office.
        loop: whose clock is the engines' clock.
        runner: drives the engines.
        manager: of the calls, which gives away where legs' events go and who watches devices.
        mailbox: is told what waits in a mailbox that a trunk keeps for us.

    Attributes:
        stack, sockets: the engine, and on what it listens and connects; from `open` on.
        bound: where it listens, transport and address, from `listen` on.
        whereabouts: whether this machine still has those addresses.
    """

    stack: SipStack
    sockets: SipSockets

    def __init__(
        self,
        config: Config,
        *,
        loop: asyncio.AbstractEventLoop,
        runner: Runner,
        manager: CallManager,
        mailbox: Callable[[str, MailboxStatus], None],
    ) -> None:
        self._config = config
        self._loop = loop
        self._runner = runner
        self._manager = manager
        self._mailbox = mailbox
        self._log = SipLog(loop.time)
        self._pulse = loop.time()
        self._certificates = TlsContexts(tls_config(config))
        self._points = ListeningPoints(source=source_address)
        servers = [(server.host, server.port) for server in config.sip.name_servers]
        self.name_servers = NameServers(loop, self._name_told, servers)
        self._names = ServerNames(self.name_servers.ask)
        self._attached = False
        self.bound: list[tuple[str, tuple[str, int]]] = []
        self.whereabouts = Whereabouts(config.sip.listen)

    async def open(
        self,
        store: Store,
        *,
        media: OfficeMedia,
        recorder: Recorder,
        presence: Presence,
        wall: Callable[[], datetime],
        plan: NumberPlan,
    ) -> None:
        """Make the stack and its sockets, with what an earlier run has kept in `store`."""
        config, clock = self._config, self._loop.time
        kept, texts, bans = KeptBindings(store, clock), KeptTexts(store, clock), KeptBans(store, clock)
        self.stack = SipStack(
            config=sip_config(config),
            accounts=accounts_of(config),
            audio=media.audio,
            images=media.faxes,
            recorder=recorder,
            points=self._points,
            names=self._names,
            bindings=kept,
            wall=wall,
            office=presence,
            texts=texts,
            bans=bans,
            plan=plan,
        )
        limits = config.limits
        self.sockets = SipSockets(
            self._loop,
            partial(self._runner.feed, self.stack.receive),
            self._lost,
            on_drained=self.stack.overload.idle,
            on_misled=self._misled,
            limits=StreamLimits(limits.connections, limits.connections_from_one, config.sip.idle),
            tls=self._certificates,
            origins=config.sip.origins,
            admits=self._admits,
        )
        self.stack.restore(await kept.load())
        self.stack.messages.restore(await texts.load())
        self.stack.doorman.restore(await bans.load())

    def attach(self) -> None:
        """Let the runner drive the stack."""
        self._runner.attach(Driven(self.stack, self.sockets.send, self._event))
        self._attached = True

    async def listen(self) -> None:
        """Open the sockets, and begin with the trunks.

        Raises:
            OpenFailed: one of them would not open.
        """
        config = self._config
        self.bound = await self.sockets.listen(
            (listener.transport, (listener.address.host, listener.address.port)) for listener in config.sip.listen
        )
        if config.sip.signposts:
            await self.sockets.open_signposts(self.bound)
        self._points.bound(self.bound, secure=True)
        self.stack.opened(self._loop.time())
        self.stack.trunks.load(trunks_of(config), self._loop.time())

    @property
    def certificates(self) -> Mapping[Path, datetime]:
        """When the certificates that are shown end, by their files."""
        return self._certificates.ends

    @property
    def doubts(self) -> tuple[str, str]:
        """Which of our addresses is gone, and which server's name is taken as last known: a sentence or ""."""
        return self.whereabouts.fault, self._names.doubt

    def renew_certificates(self) -> None:
        """Read the certificates anew.

        Raises:
            OpenFailed: one of them cannot be used; nothing has changed.
        """
        self._certificates.reload(tls_config(self._config))

    def reload(self, config: Config) -> None:
        """Go on with the accounts and trunks of `config`."""
        self.stack.load_accounts(accounts_of(config))
        self.stack.trunks.load(trunks_of(config), self._loop.time())

    def feel_pulse(self, now: float) -> None:
        """Tell how late the loop is (the time since the last look beyond what it should be), and what waits."""
        self.stack.overload.look(now - self._pulse - PULSE, self.sockets.filled(), now)
        self._pulse = now

    def leave(self) -> None:
        """End what stands, and unregister where we are registered."""
        if self._attached:
            self.stack.close(self._loop.time())
            self.stack.trunks.stop(self._loop.time())

    @property
    def leaving(self) -> int:
        """How many registrars have yet to take our leave."""
        return self.stack.trunks.leaving if self._attached else 0

    async def close(self) -> None:
        """Close the sockets."""
        if self._attached:
            await self.sockets.close()
        await self.name_servers.close()

    def usage(self) -> Mapping[str, int]:
        """What is in use now."""
        return {
            **{f"sip {what}": count for what, count in self.stack.usage().items()},
            "tcp connections": self.sockets.usage(),
            "name server questions": len(self._names),
        }

    def _name_told(self, reply: Reply) -> None:
        self._runner.feed(self._names.receive, [(reply, None)])

    def _lost(self, loss: Loss) -> None:
        self._runner.feed(self._take_loss, [(loss, None)])

    def _take_loss(self, loss: Loss, source: object, now: float) -> None:
        self.stack.lost(loss.flow, now, why=loss.why, again=loss.again)

    def _admits(self, flow: Flow) -> bool:
        admitted = self.stack.doorman.lets_connect(flow, self._loop.time())
        self._runner.wake()
        return admitted

    def _misled(self, found: Misled) -> None:
        self.stack.misled(found, self._loop.time())
        self._runner.step()

    def _event(self, event: Happening, now: float) -> None:
        if isinstance(event, tuple):
            self._manager.deliver(*event)
            return
        if isinstance(event, Proved):
            self.sockets.proved(event.flow)
            return
        self._log.note(event)
        if isinstance(event, TurnedAway):
            self.sockets.drop(event.flow)
        elif isinstance(event, RegistrationChanged):
            self._manager.devices.on_change(f"SIP/{event.binding.account}")
        elif isinstance(event, TrunkChanged):
            self._manager.devices.on_change(f"SIP/{event.name}")
        elif isinstance(event, MailboxTold):
            self._mailbox(event.mailbox, event.status)
        elif isinstance(event, ExtensionTold):
            self._manager.devices.on_change(f"SIP/{event.number}@{event.trunk}")
