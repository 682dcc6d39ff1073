"""The telephone hardware of an office: cards, serial ISDN adapters and spans, each with the shell that opens its
ports and the engine of its lines; started, polled and given back together. Emulated devices live by `step`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from drivers.isdn.lines import IsdnLines
from drivers.lines import AnalogLines
from drivers.span.spans import Spans
from drivers.status import LineStatus
from gateway.app.adapters import Adapters
from gateway.app.cards import Cards
from gateway.app.media import OfficeMedia
from gateway.app.simulator import EmulatedWorld
from gateway.app.spans import OfficeSpans
from gateway.config.model import Config
from gateway.core.channel import Technology
from gateway.core.number import NumberPlan
from gateway.core.trace import Recorder
from gateway.net.device import DeviceShell
from gateway.net.runner import Driven, Runner
from gateway.net.serial import SerialShell
from gateway.net.span import SpanShell

__all__ = ["Hardware"]


class Hardware:
    """Every device of a configuration that is no telephone of its own.

    Args:
        config: the office.
        media: whose rows carry the devices' audio.
        plan: which numbers there are to dial.
        recorder: the recorder of all stories.
        clock: the engine clock, seconds; wall: the time of day.
        changed: told the label of a line whose state has changed.
        reminded: whether a telephone is reminded of something by its dial tone.
        by_hand: time is moved by hand.

    Attributes:
        cards, adapters, span_cards: the devices.
        lines, isdn, spans: the engines of their lines.
        shell, serial, span_shell: what joins the two.
    """

    def __init__(
        self,
        config: Config,
        *,
        media: OfficeMedia,
        plan: NumberPlan,
        recorder: Recorder,
        clock: Callable[[], float],
        wall: Callable[[], datetime],
        changed: Callable[[str], None],
        reminded: Callable[[str], bool],
        by_hand: bool,
    ) -> None:
        self._by_hand = by_hand
        audio, sounds = media.audio, media.sounds
        self.cards = Cards(config)
        self.lines = AnalogLines(
            fxs=self.cards.fxs,
            fxo=self.cards.fxo,
            plan=plan,
            sounds=sounds,
            recorder=recorder,
            wall=wall,
            rooms=media.plane,
            changed=changed,
            reminded=reminded,
        )
        self.shell = DeviceShell(lines=self.lines, open_port=self.cards.open, audio=audio, clock=clock)
        self.adapters = Adapters(config, by_hand=by_hand)
        self.isdn = IsdnLines(self.adapters.configs, sounds=sounds, recorder=recorder, changed=changed)
        self.serial = SerialShell(lines=self.isdn, open_port=self.adapters.open, audio=audio, clock=clock)
        self.span_cards = OfficeSpans(config)
        self.span_shell = SpanShell(places=self.span_cards.places, audio=audio, clock=clock)
        self.spans = Spans(
            self.span_cards.configs,
            plan=plan,
            bearers=self.span_shell,
            sounds=sounds,
            recorder=recorder,
            changed=changed,
        )
        self.technologies: Mapping[str, Technology] = {
            **self.lines.technologies,
            **self.isdn.technologies,
            **self.spans.technologies,
            "DAHDI": self.lines.technologies["DAHDI"].joined(self.spans.technologies["SPAN"]),
        }

    def start(self, loop: asyncio.AbstractEventLoop, runner: Runner, told: Callable[[Any, float], None]) -> None:
        """Open what is there, watch it, and have the runner drive its lines, whose events go to `told`."""
        self.shell.start()
        self.shell.watch(loop, runner.step)
        self.span_shell.start(self.spans)
        self.span_shell.watch(loop, runner.step)
        self.serial.start()
        if not self._by_hand:
            self.serial.watch(loop, runner.step)
        # At every message each engine is asked what it has to say: where there are no lines, nobody is asked.
        if self.lines.status():
            runner.attach(Driven(self.lines, self.shell.send, told))
        if self.spans.status():
            runner.attach(Driven(self.spans, self.span_shell.send, told))
        if self.isdn.status():
            runner.attach(Driven(self.isdn, self.serial.send, told))

    def step(self, now: float) -> None:
        """Let the emulated worlds live up to `now`."""
        self.cards.step(now)
        self.adapters.step(now)
        self.span_cards.step(now)

    def poll(self) -> bool:
        """Where time is moved by hand, take in what serial ports have; whether they had anything."""
        return self.serial.poll()

    def retry(self) -> None:
        """Look again for devices that are missing."""
        self.shell.retry()
        self.span_shell.retry()
        self.serial.retry()

    def reload(self, config: Config) -> None:
        """Take over the levels of ports."""
        self.shell.send(self.cards.set_levels(config))

    def unwatch(self) -> None:
        """Leave the loop, and give serial ports back; the others are read by the media plane still."""
        self.shell.unwatch()
        self.span_shell.unwatch()
        self.serial.close()

    def close(self) -> None:
        """Give everything back; the media plane must have been stopped."""
        self.shell.close()
        self.span_shell.close()
        self.adapters.close()

    def status(self) -> Iterator[LineStatus]:
        """Every telephone, exchange line, adapter and span."""
        return chain(self.lines.status(), self.isdn.status(), self.spans.status())

    def missing(self) -> Iterator[str]:
        """Why what is wanted is not there, and what to do."""
        return chain.from_iterable(each.missing.values() for each in (self.shell, self.serial, self.span_shell))

    @property
    def leaving(self) -> bool:
        """Whether a network has not acknowledged yet what was hung up."""
        return self.spans.leaving

    def usage(self) -> int:
        """Resources that lines hold for calls."""
        return self.lines.usage() + self.isdn.usage() + self.spans.usage()

    def emulated(self) -> EmulatedWorld | None:
        """Who lives behind emulated devices, for people to work; None where there are none."""
        cards, adapters, spans = self.cards, self.adapters, self.span_cards
        if not any((cards.telephones, cards.exchange_lines, adapters.emulated, spans.worlds)):
            return None
        return EmulatedWorld(
            cards.telephones,
            cards.exchange_lines,
            cards.emulated,
            adapters.accesses,
            adapters.emulated,
            spans.worlds,
        )
