"""A telephone on an FXS port as a test works it: a hand on the hook and the keys, an ear, an eye on the display.

Verbs do; `expect_…` let time pass until something is so, and say in one sentence what was instead where it is not.
All that is expected was heard, seen or felt at the far end of the copper.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gateway.core.audio import Samples
from gateway.core.errors import LocalError
from gateway.core.fax import FaxOptions, FaxReport
from gateway.testing.office import EmulatedOffice
from gateway.testing.sounds import Heard, Said, compare, samples_of
from hardware.analog.copper import fault_of
from hardware.world.fax_machine import FaxMachine

__all__ = ["TONES", "FxsTelephone"]

TONES: Final = ("dial", "busy", "congestion", "ring", "info", "milliwatt")
"""Tones that a telephone tells from one another: `ring` is what a caller hears while it rings at the far end."""

CADENCE: Final = 6.5
"""Seconds within which a call rings at least once in every country."""


class FxsTelephone:
    """One telephone.

    Args:
        office: whose telephone.
        number: its number.

    Raises:
        LocalError: the office has no emulated telephone of that number.
    """

    def __init__(self, office: EmulatedOffice, number: str) -> None:
        self.number = number
        self.telephone = office.phone(number)
        self._office = office
        self._fax = FaxMachine(self.telephone, FaxOptions(station=number))

    # Hands and mouth.

    def lift(self) -> None:
        """Take the handset up."""
        self._office.do(self.telephone.lift)

    def hang_up(self) -> None:
        """Put the handset down; what a fax machine has received until then is in its file."""
        self._office.do(self._fax.hang_up)

    def flash(self, ms: int = 500) -> None:
        """Press the hook for `ms` milliseconds, and let that time pass."""
        self._office.do(lambda: self.telephone.flash(ms))
        self._office.run(ms / 1000 + 0.1)

    def dial(self, digits: str) -> None:
        """Lift if need be, wait for dial tone, key `digits`, and let the keying pass.

        In a call, keys are pressed at once.
        """
        if not self.telephone.off_hook:
            self.lift()
            self.expect_tone("dial")
        self._office.do(lambda: self.telephone.dial(digits))
        self._office.until(lambda: not self.telephone.busy_hands, within=0.2 * len(digits) + 2)

    def pulse(self, digits: str) -> None:
        """The same by a rotary dial."""
        if not self.telephone.off_hook:
            self.lift()
            self.expect_tone("dial")
        self._office.do(lambda: self.telephone.pulse(digits))
        self._office.until(lambda: not self.telephone.busy_hands, within=2.0 * len(digits) + 2)

    def unplug(self) -> None:
        """Pull its plug."""
        self._office.do(self.telephone.unplug)

    def plug_in(self) -> None:
        """Put it back."""
        self._office.do(self.telephone.plug_in)

    def fault(self, **numbers: float) -> None:
        """From now on this is wrong with its copper: noise=-45, echo=10, … (`hardware.analog.copper.fault_of`).

        Raises:
            LocalError: there is no such fault.
        """
        fault = fault_of(numbers)
        self._office.do(lambda: self.telephone.suffer(fault))

    def say(self, said: Said) -> None:
        """Begin to speak: samples, or a sound file; raises LocalError where it cannot be read."""
        samples = samples_of(said)
        self._office.do(lambda: self.telephone.say(samples))

    def send_fax(self, path: Path) -> None:
        """Be a fax machine that has dialled: call, and send a black and white TIFF file.

        Raises:
            Unavailable: libspandsp is not there.
        """
        self._office.do(lambda: self._fax.send(path))

    def take_fax(self, path: Path) -> None:
        """Be a fax machine that has lifted: answer, and take what comes into a TIFF file.

        Raises:
            Unavailable: libspandsp is not there.
        """
        self._office.do(lambda: self._fax.take(path))

    # Ear and eye.

    def expect_tone(self, name: str, within: float = 10.0) -> float:
        """Hear the country's call progress tone, one of `TONES`. The seconds it took.

        Raises:
            LocalError: there is no tone of that name.
        """
        __tracebackhide__ = True
        if name not in TONES:
            raise LocalError(f"no tone is called {name!r}; there are: {', '.join(TONES)}")
        return self._expect(lambda: self.telephone.hears == name, f"{name} tone", within)

    def expect_silence(self, within: float = 10.0) -> float:
        """Hear no call progress tone any more."""
        __tracebackhide__ = True
        return self._expect(lambda: self.telephone.hears is None, "no tone", within)

    def expect_ring(self, within: float = 10.0) -> float:
        """Be rung."""
        __tracebackhide__ = True
        return self._expect(lambda: self.telephone.ringing, "ringing", within)

    def expect_still(self, within: float = 10.0) -> float:
        """Ring no more: for longer than any pause between two bursts."""
        __tracebackhide__ = True
        begun = self._office.clock.loop.time()
        while self._office.clock.loop.time() - begun < within + CADENCE:
            quiet_since = self._office.clock.loop.time()
            while not self._office.do(lambda: self.telephone.ringing):
                if self._office.clock.loop.time() - quiet_since >= CADENCE:
                    return quiet_since - begun
                self._office.run(0.1)
            self._office.run(0.1)
        raise AssertionError(f"telephone {self.number} rings on; {self._office.do(self._now)}")

    def expect_caller(self, number: str, name: str | None = None, within: float = 10.0) -> None:
        """Show who calls, as its display decoded it from the line."""
        __tracebackhide__ = True

        def shown() -> bool:
            told = self.telephone.caller_id
            return told is not None and told.number == number and name in (None, told.name)

        self._expect(shown, f"caller {f'{name} <{number}>' if name else number} in the display", within)

    def expect_digits(self, digits: str, within: float = 10.0) -> None:
        """Hear DTMF, all of `digits` and nothing else since it was lifted."""
        __tracebackhide__ = True
        self._expect(lambda: self.telephone.digits == digits, f"digits {digits}", within)

    def expect_lamp(self, lit: bool = True, within: float = 10.0) -> None:
        """Have its message lamp lit, or dark."""
        __tracebackhide__ = True
        self._expect(lambda: self.telephone.message_lamp is lit, f"lamp {'lit' if lit else 'dark'}", within)

    def expect_fax(self, pages: int, within: float = 180.0) -> FaxReport:
        """Have sent or taken so many pages, and ended well."""
        __tracebackhide__ = True
        try:
            self._office.until(lambda: self._fax.report.over, within)
        except AssertionError:
            pass
        report = self._office.do(lambda: self._fax.report)
        assert report.over and not report.fault and report.pages == pages, (
            f"telephone {self.number}: a fax of {pages} pages was expected within {within:g} s; "
            f"{report.pages} are across, {report.fault or ('it is over' if report.over else 'it goes on')}"
        )
        return report

    def expect_sound(self, said: Said, *, alike: float = 0.9, within: float = 2.0) -> Heard:
        """Hear `said`, which somebody begins to say now or has just begun to.

        Args:
            alike: correlation with what was said, at least: 0.9 is speech through G.711 and some noise.
            within: seconds after its end.
        """
        __tracebackhide__ = True
        samples = samples_of(said)
        self._office.run(len(samples) / 8000 + within)
        heard = compare(self.recording, samples)
        assert heard.correlation >= alike, (
            f"telephone {self.number} did not hear what was said: correlation {heard.correlation:.2f}, "
            f"{alike:.2f} wanted; {self._office.do(self._now)}"
        )
        return heard

    @property
    def recording(self) -> Samples:
        """What it has heard since it was lifted, at most the last minute."""
        return self._office.do(lambda: self.telephone.recording)

    def _expect(self, condition: object, wanted: str, within: float) -> float:
        __tracebackhide__ = True
        assert callable(condition)
        try:
            return self._office.until(condition, within)
        except AssertionError:
            now = self._office.do(self._now)
        raise AssertionError(f"telephone {self.number}: {wanted} was expected within {within:g} s; {now}")

    def _now(self) -> str:
        """What is to be seen and heard at it."""
        phone = self.telephone
        caller = phone.caller_id
        return ", ".join(
            (
                f"it is {'off' if phone.off_hook else 'on'}-hook",
                "rings" if phone.ringing else f"was rung {len(phone.rings)} times",
                f"hears {f'{phone.hears} tone' if phone.hears else 'no tone'}",
                f"has heard the digits {phone.digits or '(none)'}",
                f"shows {f'{caller.name} <{caller.number}>'.strip() if caller else 'no caller'}",
            )
        )
