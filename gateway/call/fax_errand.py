"""A document sent to a leg, or taken from it, by a fax machine of ours: SendFAX and ReceiveFAX.

The machine begins over what the leg carries, audio or T.38. A far side that changes to the other one before the
first page, as gateways do when they hear a fax machine, gets a machine that begins anew there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from gateway.call.leg import CallLeg
from gateway.core.audio import Audio, FaxTone
from gateway.core.fax import FaxDesk, FaxJob, FaxProgress, FaxReport, Image
from gateway.core.messages import CarryFax, CarryModem, CarrySpeech, FaxCarried, FaxRecognised
from gateway.core.switch import HungUp, Moved
from gateway.core.trace import Kind

__all__ = ["FaxErrand"]

NEGOTIATION: Final = 5.0
"""Seconds in which a far side must take T.38, or have declined it."""
FAREWELL: Final = 3.0
"""Seconds for the last word (DCN) to get there; whoever has heard it hangs up."""
PATIENCE: Final = 3.0
"""Seconds in which a machine that was stopped must have closed its file."""


class FaxErrand:
    """One document.

    Args:
        leg: its far side has, or is, the other machine.
        job: what is to be done.
        desk: has the machines.
        told: told how it goes, and at the end how it went, also where the leg ends first.
    """

    def __init__(self, leg: CallLeg, job: FaxJob, desk: FaxDesk, told: Callable[[FaxReport], None]) -> None:
        self._leg = leg
        self._job = job
        self._desk = desk
        self._told = told
        self._number = 0
        self._last = FaxReport()
        self._over = asyncio.Event()

    async def run(self, *, image: bool, clock: Callable[[], float]) -> None:
        """Do it.

        Args:
            image: ask for T.38: at once to take a document; to send one when the far side's machine is heard.

        Raises:
            CopperlineError: it cannot be begun.
            HungUp: the leg is over.
        """
        leg = self._leg
        await self._desk.check(self._job)
        leg.go_on()
        audio = leg.audio
        audio.carry_voiceband(True)
        try:
            leg.command(CarryModem())
            if image and not self._job.sends:
                await self._ask(clock)
            audio.detect_fax(image and self._job.sends)
            await self._work()
            deadline = clock() + FAREWELL
            while await leg.letter(deadline) is not None:
                pass
        finally:
            if leg.ending is None:
                audio.carry_voiceband(False)
                leg.command(CarrySpeech())

    async def _ask(self, clock: Callable[[], float]) -> None:
        """Ask for T.38, and wait for what comes of it."""
        leg = self._leg
        if leg.image is not None or not leg.command(CarryFax()):
            return
        deadline = clock() + NEGOTIATION
        while (letter := await leg.letter(deadline)) is not None:
            if isinstance(letter, FaxCarried):
                return

    async def _work(self) -> None:
        while True:
            self._number += 1
            self._over.clear()
            over = self._leg.image or self._leg.audio
            fax = self._desk.begin(self._job, over, partial(self._report, self._number))
            self._leg.note(f"a fax machine of ours begins by {_medium(self._leg)}", kind=Kind.MEDIA)
            try:
                if await self._finished(over):
                    return
            except (HungUp, Moved):
                fax.stop()
                await self._closed()
                raise
            finally:
                fax.stop()
            if self._last.pages:
                fault = f"the far side changed to {_medium(self._leg)} amid the document"
                self._told(replace(self._last, over=True, fault=fault))
                return

    async def _finished(self, over: Image | Audio) -> bool:
        """Wait until the machine is done; False where the leg has changed what it carries."""
        while True:
            letter = await self._leg.letter()
            match letter:
                case FaxProgress(number=number) if number == self._number and self._last.over:
                    return True
                case FaxCarried() if (self._leg.image or self._leg.audio) is not over:
                    return False
                case FaxRecognised(FaxTone.PREAMBLE):
                    self._leg.command(CarryFax())
                case _:
                    pass

    async def _closed(self) -> None:
        """The leg is over: how it went is known once the machine has let go of its file."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._over.wait()
        except TimeoutError:
            self._told(replace(self._last, over=True, fault="the call has ended"))

    def _report(self, number: int, report: FaxReport) -> None:
        if number != self._number:
            return  # of a machine that another has taken the place of
        if report.pages > self._last.pages:
            of = f" of {report.in_file}" if report.in_file else ""
            self._leg.note(f"fax: page {report.pages}{of} at {report.bit_rate} bit/s", kind=Kind.MEDIA)
        self._last = report
        self._told(report)
        if report.over:
            self._over.set()
        self._leg.tell(FaxProgress(number))


def _medium(leg: CallLeg) -> str:
    return "audio" if leg.image is None else "T.38"
