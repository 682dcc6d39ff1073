"""The SIP stack: the engine that the runner drives (`gateway.core.engine`), and the technology "SIP".

In come octets with their flow and the time; out go datagrams, and events: (channel, event) of legs and
RegistrationChanged. A message passes, in this order: carrier (parser, transaction, screening), then its dialog's
member, or, where it has none, `reception`: INVITE to `legs`, REGISTER to `registrar`, MESSAGE to `message_method`.
It never raises for what a peer did.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from random import Random, SystemRandom
from typing import Final

from gateway.core.audio import AudioFactory
from gateway.core.cause import Cause
from gateway.core.errors import RemoteError
from gateway.core.everyone import tell_all
from gateway.core.fax import ImageFactory
from gateway.core.messages import Event
from gateway.core.number import Match, NumberPlan
from gateway.core.switch import DeviceState
from gateway.core.trace import Recorder
from gateway.core.watch import Watchable
from gateway.sip.account import Account
from gateway.sip.auth import Authenticator
from gateway.sip.ban import BanKeeper
from gateway.sip.binding import Binding, Bindings, Registration, RegistrationChanged
from gateway.sip.carrier import SipCarrier
from gateway.sip.channel import SipChannel
from gateway.sip.config import SipConfig
from gateway.sip.diagnosis import Troubled
from gateway.sip.discovery import Discovery
from gateway.sip.doorman import Doorman, TurnedAway
from gateway.sip.events.dialog_info import Seal
from gateway.sip.events.service import EventService, Neighbours, NothingWatched
from gateway.sip.flood import Buckets
from gateway.sip.gatekeeper import Gatekeeper, Proved
from gateway.sip.journal import Journal
from gateway.sip.legs import Legs
from gateway.sip.message_method import Messages
from gateway.sip.misled import Misled
from gateway.sip.names import ServerNames
from gateway.sip.newcomers import Garbled
from gateway.sip.open_ways import OpenWays, RegisteredWays, WayTold
from gateway.sip.overload import Overload
from gateway.sip.points import ListeningPoints
from gateway.sip.public_name import PublicName
from gateway.sip.reach import Reach
from gateway.sip.reception import Reception, Rooms
from gateway.sip.refusals import ELSEWHERE, AccessRefused, Refusals
from gateway.sip.registrar import Registrar
from gateway.sip.resolve import Resolver
from gateway.sip.session import Setting
from gateway.sip.source import source_of
from gateway.sip.target import Target
from gateway.sip.text_queue import TextKeeper
from gateway.sip.token import Tokens
from gateway.sip.transport import Datagram, Flow, is_address
from gateway.sip.trunk_words import ExtensionTold, MailboxTold, TrunkChanged
from gateway.sip.trunks import Trunks

__all__ = ["Happening", "SipStack"]

Happening = (
    tuple[SipChannel, Event]
    | RegistrationChanged
    | TrunkChanged
    | MailboxTold
    | ExtensionTold
    | Troubled
    | AccessRefused
    | TurnedAway
    | Proved
    | Garbled
    | WayTold
)
"""What the stack's `events` gives."""

RESPONSE: Final = b"SIP/"
"""How a response begins, and no request."""
MISLED: Final = 0.2
"""How many of those who come to a wrong port are told of, a second."""
BURST: Final = 20.0
"""How many of them at once."""


class SipStack:
    """Every SIP call and registration of the office.

    Attributes:
        outgoing, deadline: of the engine's face, which are the carrier's: what is to be sent, handed over once, and
            when `expire` is wanted next, or None.
        trunks: all trunks; to be loaded once the listening points are bound.
        refusals: who was refused lately.
        doorman: who is not heard.
        overload: how many new requests are let in; is to be told how late the loop is.
        watching: subscriptions and publications.

    Args:
        config: how it behaves.
        accounts: who may register and call.
        audio: where legs get their rows.
        images: where they get their T.38 streams; None for none.
        recorder: where every message is noted.
        points: where we listen.
        names: who asks name servers.
        bindings: who keeps registrations over a restart, if anybody.
        random: retry delays and first numbers.
        token: tags, branches and Call-IDs that nobody can guess.
        key: seals digest nonces and what is shown of calls; 32 random octets.
        wall: the time of day, aware of its zone, for the Date of registrations; None sends none.
        office: who knows what can be watched.
        texts: who keeps the texts that wait over a restart, if anybody.
        bans: the same for those who are not heard.
        plan: which numbers lead somewhere in a context; None where none do.
    """

    def __init__(
        self,
        *,
        config: SipConfig,
        accounts: Iterable[Account],
        audio: AudioFactory,
        images: ImageFactory | None = None,
        recorder: Recorder,
        points: ListeningPoints | None = None,
        names: ServerNames | None = None,
        bindings: Bindings | None = None,
        random: Random | None = None,
        token: Callable[[], str] | None = None,
        key: bytes | None = None,
        wall: Callable[[], datetime] | None = None,
        office: Watchable | None = None,
        texts: TextKeeper | None = None,
        bans: BanKeeper | None = None,
        plan: NumberPlan | None = None,
    ) -> None:
        self._plan = plan
        points = points if points is not None else ListeningPoints()
        key = key or secrets.token_bytes(32)
        token = token or Tokens()
        seal = Seal(key)
        self._journal = Journal(recorder)
        self._events: list[Happening] = []
        authenticator = Authenticator(
            config.realm, key=key, algorithms=config.algorithms, integrity=config.integrity
        )
        self._changes: list[RegistrationChanged] = []
        random = random or SystemRandom()
        named = config.advertised and not is_address(config.advertised)
        self._reach = Reach("" if named else config.advertised, points.hosts)
        self._resolver = Resolver(points, names if names is not None else ServerNames(), random)
        self._carrier = SipCarrier(
            timers=config.timers,
            token=token,
            journal=self._journal,
            limit=config.transactions,
            datagram=config.datagram,
            points=points,
            random=random,
            heard=self._resolver.heard,
            reach=self._reach,
            key=key,
        )
        self.outgoing: Final = self._carrier.outgoing
        self.deadline: Final = self._carrier.deadline
        self._registrar = Registrar(
            config=config.registrar, emit=self._changed, at=self._carrier.at, bindings=bindings
        )
        setting = Setting(self._carrier, config.timers, random, self._resolver, config.intervals)
        name = PublicName(config.advertised, setting, self._reach.advertise, self._tell)
        self._public_name = name if named else None
        self._discovery = Discovery(config.stun, setting, points, self._tell)
        if config.stun:
            self._reach.discovered = self._discovery.address
        self.trunks: Final = Trunks(
            setting,
            token=token,
            contact=self._reach.contact,
            in_use=lambda user: self._legs.in_use(user),
            told=self._tell,
        )
        self.refusals: Final = Refusals()
        self._misled = Buckets(MISLED, BURST)
        self.overload: Final = Overload(config.overload, random)
        self.doorman: Final = Doorman(
            config.doorman, self._registrar.sources, self._registrar.ways, self.trunks.lives_at, self._tell, bans
        )
        self._gatekeeper = Gatekeeper(
            accounts,
            authenticator,
            self.trunks,
            refused=self._refused,
            doubted=self._doubted,
            is_home=lambda host: source_of(host) in self._registrar.sources,
            admitted=self._admitted,
            proved=self.doorman.proved,
            banned=self.doorman.bans.holds,
            stranger=config.stranger,
        )
        self.messages: Final = Messages(
            setting,
            known=lambda user: self._gatekeeper.account(user) is not None,
            reaches=self._reaches,
            contacts=self._registrar.contacts,
            token=token,
            keeper=texts,
            longest=config.longest_text,
            wall=wall,
        )
        self._ways = OpenWays(
            setting,
            every=config.keep_alive,
            contact=self._reach.contact,
            token=token,
            told=self._tell,
        )
        self._registered_ways = RegisteredWays(self._ways, self._moved)
        self._legs = Legs(
            config=config.legs,
            setting=setting,
            audio=audio,
            images=images,
            recorder=recorder,
            journal=self._journal,
            token=token,
            emit=self._emit,
            told=self._tell,
            contacts=self._registrar.contacts,
            realm=config.realm,
            seal=seal,
            reach=self._reach,
            ways=self._ways,
        )
        around = Neighbours(
            account=self._gatekeeper.account,
            accounts=self._gatekeeper.accounts,
            contacts=self._registrar.contacts,
            contact=self._reach.contact,
            token=token,
            office=office or NothingWatched(),
        )
        self.watching: Final = EventService(config.notifier, setting, around, seal)
        rooms = Rooms(
            self._gatekeeper,
            self.trunks,
            self._legs,
            self._registrar,
            self.messages,
            self.watching,
            self._reach,
        )
        self._reception = Reception(
            rooms,
            refused=lambda refused, now: self._refused(refused, now, ""),
            garbled=self._tell,
            wall=wall,
            help=config.help,
        )
        self._carrier.newcomers = self._reception

    # The engine's face.

    def receive(self, data: bytes, source: Flow, now: float) -> None:
        """Take in a datagram, or one whole message of a stream."""
        if not self.doorman.lets_in(data, source, now):
            return
        refusal = data[:4] != RESPONSE and self.overload.refusal(data, source, now)
        if refusal is False:
            self._carrier.receive(data, source, now)
            if self._changes:
                self._follow(now)
        elif isinstance(refusal, Datagram):
            self._carrier.send_octets(refusal.data, refusal.flow)

    def lost(self, flow: Flow, now: float, *, why: str = "", again: bool = False) -> None:
        """A connection has closed, or could not be made; see `SipCarrier.lost`."""
        self._resolver.found_wrong(flow, why)
        told = (partial(self._carrier.lost, flow, now, why=why, again=again), partial(self._registrar.lost, flow))
        try:
            tell_all(told)
        finally:
            if self._changes:
                self._follow(now)

    def events(self) -> list[Happening]:
        """Hand over, once, what happened."""
        events, self._events = self._events, []
        return events

    def expire(self, now: float) -> None:
        """Act on every timer due at `now`."""
        self._carrier.expire(now)
        if self._changes:
            self._follow(now)

    def opened(self, now: float) -> None:
        """The listening points are bound: find out how they are seen from outside."""
        if self._public_name is not None:
            self._public_name.look(now)
        self._discovery.start(now)

    def close(self, now: float) -> None:
        """Take leave, as before a restart: subscribers are told to come again."""
        self.watching.close(now)

    def usage(self) -> dict[str, int]:
        """Counts of what is held; all zero once every call has ended and its timers have run out.

        Registrations and their timers, which nobody need ever give up, are left out.
        """
        used = self._carrier.usage()
        used["timers"] -= len(self._registrar)
        return {
            **used,
            **self.watching.usage(),
            "texts": len(self.messages),
            "open ways": len(self._ways),
            "channels": len(self._legs),
            "invitations": len(self._reception),
            "stories": len(self._journal),
        }

    def totals(self) -> dict[str, int]:
        """What was turned away or came to nothing since the start, counted."""
        return {"requests over the rate": self.overload.refused, **self._carrier.totals()}

    # The technology: `SIP/6001` in a dialplan.

    @property
    def technology(self) -> SipStack:
        """What makes outgoing legs (`gateway.core.channel.Technology`): the stack itself."""
        return self

    def channel(self, address: str, now: float) -> SipChannel:
        """Reserve a leg to the telephones of account `address`, or to NUMBER@TRUNK; see `Technology`.

        Raises:
            RemoteError: there is no such account or trunk, it is not registered or down, or there is no room.
        """
        number, at, name = address.rpartition("@")
        trunk = self.trunks.named(name)
        if trunk is not None:
            if not (at and number):
                raise RemoteError(
                    f"SIP/{address} does not say which number is called on the trunk",
                    Cause.INVALID_NUMBER_FORMAT,
                    advice=f"Write SIP/NUMBER@{name}.",
                )
            return self._legs.reserve(trunk.account, trunk.targets(number, now), trunk.outbound())
        account = self._gatekeeper.account(address)
        if account is None:
            raise RemoteError(f"there is no SIP account {address}", Cause.UNALLOCATED_NUMBER)
        contacts = self._registrar.contacts(account.user, now)
        if not contacts:
            raise RemoteError(
                f"{address} is not registered",
                Cause.SUBSCRIBER_ABSENT,
                advice="See whether its telephone is on and whether the log shows why it was refused.",
            )
        return self._legs.reserve(account, [Target.of(binding) for binding in contacts])

    def device(self, address: str) -> str:
        """`SIP/account`, `SIP/trunk`, or `SIP/NUMBER@trunk` for an extension of another office that is watched."""
        if self.trunks.extension(address) is not None:
            return f"SIP/{address}"
        return f"SIP/{address.rpartition('@')[2]}"

    def state(self, address: str) -> DeviceState:
        """Whether an account without a call, or a trunk, can be reached; what another office tells of itself."""
        extension = self.trunks.extension(address)
        if extension is not None:
            return extension
        trunk = self.trunks.named(address.rpartition("@")[2])
        if trunk is not None:
            return DeviceState.NOT_INUSE if trunk.up else DeviceState.UNAVAILABLE
        if self._gatekeeper.account(address) is None:
            return DeviceState.INVALID
        return DeviceState.NOT_INUSE if self._registrar.has(address) else DeviceState.UNAVAILABLE

    def troubles(self) -> dict[str, str]:
        """What keeps people from hearing each other, by the names of their legs."""
        return self._legs.troubles()

    def trouble(self, binding: Binding) -> str:
        """What is wrong with the way to a telephone that is registered; empty where nothing is known to be."""
        return self._ways.trouble(binding.flow)

    # Accounts, changed while calls go on.

    def accounts(self) -> list[Account]:
        """Who may register and call."""
        return self._gatekeeper.accounts()

    def load_accounts(self, accounts: Iterable[Account]) -> None:
        """Have these accounts and no others; registrations of those that are gone end."""
        self._gatekeeper.load(accounts)
        self._registrar.drop(lambda user: self._gatekeeper.account(user) is None)

    def _reaches(self, sender: Account, user: str) -> bool:
        """Whether what `sender` dials leads to account `user`: both are of one context, or it is a number there."""
        account = self._gatekeeper.account(user)
        if account is None:
            return False
        if account.context == sender.context and not sender.trunk:
            return True
        found = Match.IMPOSSIBLE if self._plan is None else self._plan.match(sender.context, user, sender.user)
        return found in (Match.COMPLETE, Match.EXTENDABLE)

    # Who is not let in.

    def _admitted(self, user: str, flow: Flow) -> None:
        self.refusals.forget(user, flow)
        if flow.is_reliable:
            self._tell(Proved(flow))

    def _refused(self, refused: AccessRefused, now: float, guesser: str) -> None:
        self._tell(self.refusals.note(refused, now))
        if guesser:
            self.doorman.failed(guesser, refused.flow, now)

    def misled(self, found: Misled, now: float) -> None:
        """Somebody came to the wrong port, or by the wrong transport."""
        self._doubted(AccessRefused(found.user, ELSEWHERE, found.flow, found.why), now)

    def _doubted(self, refused: AccessRefused, now: float) -> None:
        """Tell of who has shown nothing, and may be forged: all of them have one measure."""
        if self._misled.takes("", now) and not self.doorman.bans.holds(refused.flow.remote[0], now):
            self._refused(refused, now, "")

    # Registrations, for lists and restarts.

    @property
    def bindings(self) -> list[Binding]:
        """Every registration in force."""
        return self._registrar.all()

    def restore(self, bindings: Iterable[Binding]) -> None:
        """Take over the registrations of an earlier run, before anything else; strangers' are dropped."""
        known = [found for found in bindings if self._gatekeeper.account(found.account)]
        self._registrar.restore(known)
        for binding in known:
            self._registered_ways.hold(binding, binding.since)

    # Inside.

    def _changed(self, change: RegistrationChanged) -> None:
        self._changes.append(change)
        self._tell(change)

    def _follow(self, now: float) -> None:
        """Do what registrations that have changed bring with them."""
        changes, self._changes = self._changes, []
        for change in changes:
            self.watching.registered(change, now)
            self._registered_ways.changed(change, now)
            if change.what in (Registration.REGISTERED, Registration.RENEWED):
                self.messages.arrived(change.binding.account, now)

    def _moved(self, before: Binding, binding: Binding, now: float) -> None:
        """A telephone has another way than before: its calls follow, and those of its other lines with the last.

        Others may have come by the same way, a border controller's, and do still.
        """
        way = before.flow.transport, before.flow.remote
        account = binding.account if way in self._registrar.ways else ""
        self._carrier.moved(before.flow, binding.flow, now, account=account)
        self._legs.moved(before.flow, binding.flow, now, account=account)

    def _tell(self, event: Happening) -> None:
        self._events.append(event)

    def _emit(self, channel: SipChannel, event: Event) -> None:
        self._events.append((channel, event))
