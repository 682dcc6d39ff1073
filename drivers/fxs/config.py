"""What an FXS line is told by the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.media.delivery import Delivery

__all__ = ["FxsConfig"]


@dataclass(frozen=True, slots=True)
class FxsConfig:
    """A telephone on an FXS port.

    Attributes:
        port: DAHDI channel number.
        number: the telephone's extension, by which it is dialled and which it shows as calling.
        name: display name shown as calling; may be empty.
        context: the dialplan context in which it dials.
        zone: the country whose tones it hears and whose cadence it rings with ("us", "de", …).
        caller_id: how caller ID is sent to it; None sends none.
        cadence: milliseconds on, off, on, off …; None for the zone's own.
    """

    port: int
    number: str
    name: str = ""
    context: str = "default"
    zone: str = "us"
    caller_id: Delivery | None = Delivery.BELL_202
    cadence: tuple[int, ...] | None = None
