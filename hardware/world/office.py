"""An emulated central office: subscriber lines into which FXO ports are plugged, and the network behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache

from gateway.core.audio import Sound
from gateway.core.errors import LocalError
from gateway.core.number import Presentation
from gateway.media.cadence import render
from gateway.media.caller_id import CallerId
from gateway.media.delivery import Delivery
from gateway.media.tone import Zone
from hardware.agenda import Agenda
from hardware.analog.pair import Pair
from hardware.world.office_config import OfficeConfig
from hardware.world.office_line import OfficeLine

__all__ = ["Office"]


class Office:
    """A central office.

    Args:
        pairs: the copper of each port that is plugged in, by port number.
        numbers: the subscriber's number of each; ports without one get 2565550100 and up by port number.
        agenda: the world's agenda.
        zone: the country.
        config: how it treats its lines.
        ground_start: the ports whose lines are seized and released by ground.
    """

    def __init__(
        self,
        *,
        pairs: Mapping[int, Pair],
        numbers: Mapping[int, str],
        agenda: Agenda,
        zone: Zone,
        config: OfficeConfig,
        ground_start: Collection[int] = (),
    ) -> None:
        self._delivery = config.caller_id or Delivery.in_country(zone.name)

        @cache
        def tone(name: str) -> Sound:
            return render(name, config.tones[name]) if name in config.tones else zone.tone(name)

        self.lines = {
            port: OfficeLine(
                number=numbers.get(port, str(2565550100 + port)),
                pair=pair,
                agenda=agenda,
                zone=zone,
                config=replace(config, ground_start=port in ground_start),
                tone=tone,
            )
            for port, pair in pairs.items()
        }

    def call(
        self,
        port: int,
        number: str = "",
        name: str = "",
        *,
        presentation: Presentation = Presentation.ALLOWED,
        when: datetime | None = None,
        cadence: tuple[int, ...] | None = None,
    ) -> OfficeLine:
        """Call the subscriber on `port` with caller ID in the ringing.

        Args:
            number, name: who calls; with neither, and an allowed presentation, no caller ID is sent.
            when: what the caller ID tells as the time; it tells none where None.
            cadence: of a distinctive ring, milliseconds on, off …; None for the country's.

        Raises:
            LocalError: there is no such line, or it is busy or cut.
        """
        line = self.lines.get(port)
        if line is None:
            raise LocalError(f"the office has no line to port {port}; it has {sorted(self.lines)}")
        signal = None
        if number or name or presentation is not Presentation.ALLOWED:
            signal = self._delivery.signal(CallerId(number, name, presentation, when))
        line.call(signal, announce=self._delivery.before_ringing, cadence=cadence)
        return line
