"""The running office as the web sees it: views of its parts, made when asked for."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dialplan.database import Database
from gateway.app.admission import Door
from gateway.app.hardware import Hardware
from gateway.app.media import OfficeMedia
from gateway.app.rooms import OperatedRooms
from gateway.app.simulator import EmulatedWorld
from gateway.call.call import DISPOSITIONS, Call, CallRecord
from gateway.call.leg import CallLeg
from gateway.call.manager import CallManager
from gateway.config.certificates import SOON
from gateway.core.capture import pcapng
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import LocalError
from gateway.core.quality import sentence
from gateway.core.switch import Place, Target
from gateway.core.trace import Recorder
from gateway.sip.stack import SipStack
from gateway.store.store import Store
from gateway.toll.guard import TollGuard
from gateway.web.conferences import Rooms
from gateway.web.office import CallView, LegView, LineView, RegistrationView, ReloadView, TollView, TrunkView
from gateway.web.unhurried import unhurried

__all__ = ["Console"]

NOTICES: Final = 100
"""Notices that are remembered."""

_BY_HAND: Final = Ending(Cause.NORMAL_CLEARING, "the operator", Act.HUNG_UP, "asked on the console")

AT_ONCE: float = 0.05
"""Seconds in which a telephone that cannot be called at all has said so."""


class Console:
    """One office (`gateway.web.office.Office`).

    Args:
        name: as configured; directory: numbers worth knowing, with what answers there.
        simulator: the emulated world, where there is one.
        hardware: cards, adapters and spans.
        clock: the engine clock, seconds; wall: the clock on the wall, with its zone.
        usage: counts of what is in use, by resource.
        media: what the office hears and says.
        home: the target and the dialplan context of an account or telephone; None where there is none.
        groups: who is in each hunt group, by what the toll rules call it.
        certificates: when those that are shown end, by their files.
        network: what the network does not do as it should, a sentence each; some may be "".

    Attributes:
        reread: reads the configuration anew, where the office has a file.
    """

    def __init__(
        self,
        *,
        name: str,
        directory: Mapping[str, str],
        simulator: EmulatedWorld | None,
        manager: CallManager,
        hardware: Hardware,
        sip: SipStack,
        recorder: Recorder,
        store: Store,
        database: Database,
        tolls: TollGuard,
        clock: Callable[[], float],
        wall: Callable[[], datetime],
        usage: Callable[[], Mapping[str, int]],
        media: OfficeMedia,
        home: Callable[[str], tuple[Target, str] | None],
        groups: Mapping[str, str],
        certificates: Callable[[], Mapping[Path, datetime]],
        network: Callable[[], Iterable[str]],
    ) -> None:
        self.name = name
        self.directory = directory
        self.simulator = simulator
        self.usage = usage
        self.story = recorder.story
        self._packets = recorder.packets
        self._wall = wall
        self.records = store.records
        self.records_between = store.records_between
        self._manager = manager
        self._hardware = hardware
        self._sip = sip
        self._store = store
        self.database = database
        self.rooms: Rooms = OperatedRooms(manager.operator.conferences, clock)
        self.admission = Door(sip, lambda: [account.user for account in sip.accounts()], clock)
        self._tolls = tolls
        self._notices: deque[str] = deque(maxlen=NOTICES)
        self._clock = clock
        self._media = media
        self._home = home
        self._groups = {f"trunk {group}": members for group, members in groups.items()}
        self._ended = Counter(dict.fromkeys(DISPOSITIONS, 0))  # a graph begins at zero
        self.reread: Callable[[], ReloadView] | None = None
        self._not_reread = ""
        self.certificates = certificates
        self._network = network

    def count(self, record: CallRecord) -> None:
        """Count a call that is over."""
        self._ended[record.disposition] += 1

    def trouble(self) -> str:
        """Why the office should be given no more calls, as a sentence; else ""."""
        if self._manager.draining:
            return "The office is being stopped: calls in progress go on, no new ones are taken."
        fault = self._media.fault()
        if fault is not None:
            return f"The media plane has stopped: {fault}."
        return next(self._hardware.missing(), "")

    def worries(self) -> Sequence[str]:
        """What an operator should look at."""
        faults = (self.trouble(), self._store.fault, self._not_reread, *self._network())
        told = (*faults, *self._ending_certificates())
        return [sentence for sentence in told if sentence]

    def reread_came_to(self, view: ReloadView) -> None:
        """Remember whether the office goes on by its files as they are now."""
        at = f"{self._wall():%Y-%m-%d %H:%M}"
        self._not_reread = "" if view.done else f"The reload at {at} was refused: {view.told[0]} ({view.told[-1]})."

    def _ending_certificates(self) -> Iterator[str]:
        now = self._wall().astimezone(UTC)
        for file, end in self.certificates().items():
            if end - now < SOON:
                verb = "ended" if end <= now else "ends"
                yield (
                    f"The certificate of {file} that is in use {verb} on {end:%Y-%m-%d %H:%M} UTC: "
                    "have it renewed, then reload (SIGHUP)."
                )

    async def call(self, caller: str, called: str) -> None:
        """Call a telephone of the office; once it is answered, call a number for it."""
        home = self._home(caller)
        if home is None:
            raise LocalError(f'No account or telephone is called "{caller}".')
        target, context = home
        place = Place(context, called)
        if not self._manager.operator.exists(place, caller):
            raise LocalError(f"There is no extension {called} in {context}, where {caller} dials.")
        outcome = asyncio.ensure_future(self._manager.operator.originate(target, place))
        await asyncio.wait({outcome}, timeout=AT_ONCE)
        ending = outcome.result() if outcome.done() else None
        if ending is not None:
            raise LocalError(f"{caller} cannot be called: {ending}")

    def hang_up(self, name: str) -> None:
        """End the call whose id is `name`, or the one leg of that name."""
        legs = self._manager.operator.named(name)
        if not legs:
            raise LocalError(f'No call or leg "{name[:80]}" is in progress.')
        for leg in legs:
            self._manager.operator.hang_up(leg, _BY_HAND)

    def reload(self) -> ReloadView:
        """Read the configuration anew."""
        if self.reread is None:
            raise LocalError("This office was not started from a file.")
        return self.reread()

    def capture(self, name: str) -> bytes:
        """The messages of a call as a pcapng file; b"" where there are none."""
        packets = self._packets(name)
        return pcapng(packets, self._wall().timestamp() - self._clock()) if packets else b""

    async def calls(self, search: str = "") -> AsyncIterator[CallView]:
        """Calls in progress, the oldest first."""
        now, wanted = self._clock(), search.lower()
        troubles = self._sip.troubles()
        async for call in unhurried(self._manager.calls):
            if _shows(wanted, call.id, call.caller.number, call.caller.name, call.called, *_names(call)):
                yield _call(call, now, troubles)

    @property
    def call_count(self) -> int:
        """How many calls are in progress."""
        return self._manager.floor.count

    def call_in_progress(self, name: str) -> CallView | None:
        """The call in progress whose id, or the name of one of whose legs, is `name`."""
        for call in self._manager.calls:
            if name == call.id or any(name == leg.name and leg.ending is None for leg in call.legs):
                return _call(call, self._clock(), self._sip.troubles())
        return None

    def states(self) -> Sequence[str]:
        """The state of every call in progress."""
        return [call.state for call in self._manager.calls]

    def lines(self) -> Sequence[LineView]:
        """Every telephone and exchange line, analogue or behind an adapter, and every span."""
        now = self._clock()
        views = []
        for status in self._hardware.status():
            card, port = self._hardware.cards.place(status.port) if status.port else (status.device, 0)
            views.append(
                LineView(
                    name=status.name,
                    kind=status.technology,
                    card=card,
                    port=port,
                    state=status.state,
                    in_service=status.in_service,
                    number=status.number,
                    seconds=now - status.since,
                    last_caller=str(status.last_caller) if status.last_caller is not None else "",
                    trouble=status.trouble,
                )
            )
        return views

    def trunks(self) -> Sequence[TrunkView]:
        """Every SIP trunk."""
        now = self._clock()
        return [
            TrunkView(
                name=status.name,
                up=status.up,
                state=status.text,
                server=status.server,
                user=status.user,
                calls=status.calls,
                round_trip=None if status.round_trip is None else round(status.round_trip * 1000, 1),
                seconds=now - status.since,
            )
            for status in self._sip.trunks.status()
        ]

    async def registrations(self, search: str = "") -> AsyncIterator[RegistrationView]:
        """Telephones that are registered."""
        now, wanted = self._clock(), search.lower()
        async for binding in unhurried(self._sip.bindings):
            view = RegistrationView(
                account=binding.account,
                contact=str(binding.contact),
                expires=binding.expires_at - now,
                transport=binding.flow.transport,
                remote=f"{binding.flow.remote[0]}:{binding.flow.remote[1]}",
                user_agent=binding.user_agent,
                trouble=self._sip.trouble(binding),
            )
            if _shows(wanted, view.account, view.contact, view.remote, view.user_agent, view.trouble):
                yield view

    @property
    def registration_count(self) -> int:
        """How many telephones are registered."""
        return len(self._sip.bindings)

    def notice(self, text: str) -> None:
        """Remember what the operator was told of tolls."""
        self._notices.append(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} {text}")

    def tolls(self) -> TollView:
        """What calls to the outside have cost."""
        return TollView(self._tolls.accounts(), tuple(self._notices), self._groups)

    def totals(self) -> Mapping[str, int]:
        """What has been counted since the start."""
        ended = {f"calls {disposition.lower()}": count for disposition, count in self._ended.items()}
        sip = {f"sip {what}": count for what, count in self._sip.totals().items()}
        return {**ended, **sip, "records lost": self._store.lost, **self._media.totals()}


def _shows(wanted: str, *texts: str) -> bool:
    """Whether one of the texts has what is wanted, which is in lower case."""
    return any(wanted in text.lower() for text in texts)


def _names(call: Call) -> list[str]:
    return [leg.name for leg in call.legs]


def _call(call: Call, now: float, troubles: Mapping[str, str]) -> CallView:
    return CallView(
        id=call.id,
        state=call.state,
        caller=call.caller.number,
        caller_name=call.caller.name,
        called=call.called,
        context=call.context,
        started=call.started,
        answered=call.answered,
        duration=now - call.began,
        legs=tuple(_leg(leg, troubles) for leg in call.legs if leg.ending is None),
    )


def _leg(leg: CallLeg, troubles: Mapping[str, str]) -> LegView:
    audio = leg.channel.audio
    stats = audio.stats() if audio is not None else None
    told = sentence(stats) if stats is not None and stats.encoding is not None else ""
    return LegView(leg.name, leg.peer, leg.state, told, troubles.get(leg.name, ""))
