"""A whole office under test: emulated card, media plane, SIP on loopback, dialplan, database.

office = EmulatedOffice(folder, TOML, DIALPLAN)
phone = office.phone("101"); ada = office.sip("6001")
phone.lift(); office.until(lambda: phone.hears == "dial")
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from gateway.app.application import Application
from gateway.call.call import CallRecord
from gateway.config.office import load_office
from gateway.core.codec import Encoding
from gateway.core.errors import LocalError
from gateway.core.trace import Note
from gateway.testing.apart import set_apart
from gateway.testing.clock import TICK, Clock, HandMovedClock
from gateway.testing.sip_phone import SipPhone
from gateway.testing.sip_wire import wire_to
from gateway.web.admission import RefusalView
from gateway.web.office import CallView, RegistrationView
from hardware.analog.emulated import EmulatedCard
from hardware.isdn.emulated import EmulatedAdapter
from hardware.world.access import IsdnAccess
from hardware.world.office_line import OfficeLine
from hardware.world.span import SpanWorld
from hardware.world.telephone import Telephone

__all__ = ["EmulatedOffice"]

T = TypeVar("T")
S = TypeVar("S", bound=SipPhone)

MOST_NOTES: Final = 300
"""Notes that a story shows, the latest."""


class EmulatedOffice:
    """An office on emulated hardware.

    Args:
        folder: where its files go.
        configuration: the TOML, in which ports 0 are taken free; or the path of a real office's file, which is set
            apart (`gateway.testing.apart`).
        dialplan: extensions.conf; None for the one that the configuration names, or the built-in one.
        clock: who moves its time; by hand where None.
        trunks: who stands for the providers of a real office, addresses by their names.

    Raises:
        ConfigError: the configuration or the dialplan has faults.
    """

    def __init__(
        self,
        folder: Path,
        configuration: str | Path,
        dialplan: str | None = None,
        *,
        clock: Clock | None = None,
        trunks: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        path = configuration if isinstance(configuration, Path) else self._written(configuration, dialplan)
        self.config, plan = load_office(path)
        if isinstance(configuration, Path):
            self.config = set_apart(self.config, folder, trunks or {})
        self.clock: Clock = clock or HandMovedClock()
        self.app = Application(
            self.config, plan, loop=self.clock.loop, by_hand=self.clock.by_hand, sheds_load=False
        )
        self._sip_phones: list[SipPhone] = []
        self.clock.complete(self.app.start())
        if not self.clock.by_hand:
            self.clock.do(self._beat)
        self.run(0.1)

    def _written(self, configuration: str, dialplan: str | None) -> Path:
        """Write the files of an office that is given as text."""
        path = self.folder / "office.toml"
        if dialplan is not None:
            (self.folder / "extensions.conf").write_text(dialplan)
            configuration = f'dialplan = "extensions.conf"\n{configuration}'
        path.write_text(configuration)
        return path

    # People.

    def phone(self, number: str) -> Telephone:
        """The analogue telephone `number`.

        Raises:
            LocalError: there is none.
        """
        return _named(self.app.hardware.cards.telephones, number, "telephone")

    def exchange(self, name: str) -> OfficeLine:
        """The central office's end of line `name`.

        Raises:
            LocalError: there is no such line.
        """
        return _named(self.app.hardware.cards.exchange_lines, name, "exchange line")[1]

    def span(self, name: str) -> SpanWorld:
        """The span `name`, with the exchange at its far end.

        Raises:
            LocalError: there is no such emulated span.
        """
        return _named(self.app.hardware.span_cards.worlds, name, "span")

    def card(self, name: str = "") -> EmulatedCard:
        """The emulated card `name`, or the only one: to `remove` and `insert`.

        Raises:
            LocalError: there is none of that name, or there are several.
        """
        cards = self.app.hardware.cards.emulated
        only = next(iter(cards)) if not name and len(cards) == 1 else name
        return _named(cards, only, "card")

    def access(self, name: str) -> IsdnAccess:
        """The exchange's end of the access behind the ISDN adapter `name`.

        Raises:
            LocalError: there is no such adapter.
        """
        return _named(self.app.hardware.adapters.accesses, name, "ISDN adapter")

    def adapter(self, name: str) -> EmulatedAdapter:
        """That adapter itself: to `remove` and `insert`.

        Raises:
            LocalError: there is none.
        """
        return _named(self.app.hardware.adapters.emulated, name, "ISDN adapter")

    def call_in(self, name: str, number: str, caller_name: str = "") -> None:
        """Somebody in the public network calls line `name`."""
        simulator = self.app.console.simulator
        assert simulator is not None
        line = simulator.line(name)
        assert line is not None
        line.call(number, caller_name)

    def sip(
        self,
        user: str,
        *,
        encoding: Encoding = Encoding.PCMU,
        register: bool = True,
        transport: str = "udp",
        host: str = "",
        tls: ssl.SSLContext | None = None,
        kind: Callable[..., S] = SipPhone,  # type: ignore[assignment]  # which is one
    ) -> S:
        """A SIP telephone of account `user`, registered.

        Args:
            transport, host: by which it comes, and to which of the office's addresses; empty for the first.
            tls: what it needs for TLS.
            kind: what kind of telephone it is.
        """
        server = self.sip_address(transport, host)
        account = _named(self.config.accounts, user, "SIP account")
        phone = kind(user, account.secret, server, encoding=encoding, wire=wire_to(server, transport, tls))
        self._sip_phones.append(phone)
        if register:
            self.clock.do(phone.register)
            self.until(lambda: phone.status == 200)
        return phone

    def sip_address(self, transport: str = "udp", host: str = "") -> tuple[str, int]:
        """Where a SIP device finds the office: the address it listens at by `transport`, on `host` if given.

        Raises:
            LocalError: it does not listen so.
        """
        for kind, address in self.app.sip.bound:
            if kind == transport and host in ("", address[0]):
                return address
        raise LocalError(f"the office does not listen for SIP by {transport}; write it into [sip] listen")

    # Time.

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.move(seconds, self._tick)

    def until(self, condition: Callable[[], object], within: float = 10.0, wanted: str = "") -> float:
        """Let time pass until `condition` holds.

        Args:
            condition: looked at every 20 ms, where the office lives.
            within: seconds that it has.
            wanted: what it means, for the failure.

        Returns:
            Seconds that it took.
        """
        begun = self.clock.loop.time()
        while not self.clock.do(condition):
            __tracebackhide__ = True
            late = self.clock.loop.time() - begun
            assert late < within, f"{wanted or 'it'}: not within {within:g} s"
            self.run(TICK)
        return self.clock.loop.time() - begun

    def do(self, deed: Callable[[], T]) -> T:
        """What `deed` gives, done where the office lives: a test beside it may not touch what moves there."""
        return self.clock.do(deed)

    def _tick(self, now: float) -> None:
        self.app.step(now)
        self._tick_phones(now)

    def _tick_phones(self, now: float) -> None:
        for phone in self._sip_phones:
            phone.tick(now)

    def _beat(self) -> None:
        """Let the SIP telephones live by themselves."""
        loop = self.clock.loop
        self._tick_phones(loop.time())
        self._next_beat = loop.call_later(TICK, self._beat)

    # What was written down.

    def records(self) -> list[CallRecord]:
        """The call records, the oldest first."""
        self.clock.complete(self.stored())
        return list(reversed(self.clock.complete(self.app.console.records(1000))))

    def calls(self) -> list[CallView]:
        """The calls in progress, the oldest first."""
        return self.clock.complete(_every(self.app.console.calls()))

    def registrations(self) -> list[RegistrationView]:
        """The telephones that are registered."""
        return self.clock.complete(_every(self.app.console.registrations()))

    def refusals(self) -> list[RefusalView]:
        """Who was refused by SIP, the latest first."""
        return self.clock.complete(_every(self.app.console.admission.refusals()))

    def story(self) -> str:
        """What the calls and lines met, on one clock: for whoever wonders why a test fails."""
        return "\n".join(f"{note.at:10.3f}  {note.leg:24}  {note.text}" for note in self.do(self._notes))

    def _notes(self) -> list[Note]:
        recorder = self.app.recorder
        lines = [f"{line.technology}/{line.name}" for line in self.app.hardware.status()]
        notes = [note for name in (*recorder.stories(), *lines) for note in recorder.story(name)]
        return sorted(notes, key=lambda note: note.at)[-MOST_NOTES:]

    async def stored(self) -> None:
        """Wait until every record is in the database."""
        while self.app.usage()["records waiting"]:
            await asyncio.sleep(0)

    def close(self) -> None:
        """Stop the office, and its clock."""
        self._stop()
        self.clock.close()

    def _stop(self) -> None:
        if not self.clock.by_hand:
            self.clock.do(self._next_beat.cancel)
        for phone in self._sip_phones:
            phone.close()
        self.clock.wind_up(self.app.stop())


async def _every(entries: AsyncIterator[T]) -> list[T]:
    return [entry async for entry in entries]


def _named(found: Mapping[str, T], name: str, what: str) -> T:
    if name not in found:
        raise LocalError(f"the office has no emulated {what} {name!r}; it has: {', '.join(found) or 'none'}")
    return found[name]
