"""A fax machine on an analogue line: what a telephone is on the hook and the keys, with a modem at its handset.

It hears and says what comes over its copper, 20 ms at a time; the modem and all that it says is libspandsp's, the
same that fax machines of an office have.
"""

from __future__ import annotations

from pathlib import Path

from gateway.core.fax import FaxOptions, FaxReport
from gateway.fax.machine import AudioMachine
from hardware.world.telephone import Telephone

__all__ = ["FaxMachine"]


class FaxMachine:
    """A fax machine.

    Args:
        telephone: the one in whose place it is; lift it, dial on it and hang it up there.
        options: how it works.
    """

    def __init__(self, telephone: Telephone, options: FaxOptions | None = None) -> None:
        self.telephone = telephone
        self._options = options or FaxOptions()
        self._machine: AudioMachine | None = None

    def send(self, path: Path) -> None:
        """Begin to send a TIFF file, once it has dialled: it calls (CNG) until somebody answers.

        Raises:
            Unavailable: libspandsp is not there.
        """
        self._begin(AudioMachine(path, sends=True, options=self._options))

    def take(self, path: Path) -> None:
        """Begin to take a document into a TIFF file, once it has answered (CED).

        Raises:
            Unavailable: libspandsp is not there.
        """
        self._begin(AudioMachine(path, sends=False, options=self._options))

    @property
    def report(self) -> FaxReport:
        """How it goes."""
        return FaxReport() if self._machine is None else self._machine.report

    def hang_up(self) -> None:
        """Put the handset down; what was received until then is in its file."""
        if self._machine is not None:
            self._machine.close()
        self.telephone.couple(None)
        self.telephone.hang_up()

    def _begin(self, machine: AudioMachine) -> None:
        self._machine = machine
        self.telephone.couple(machine.work)
