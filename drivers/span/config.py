"""What a span is told by the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.echo import UNTOUCHED, EchoConfig
from drivers.registry import span_words
from gateway.q931.coding import NumberType
from gateway.q931.config import InterfaceConfig

__all__ = ["SpanConfig"]


@dataclass(frozen=True, slots=True)
class SpanConfig:
    """A span with primary-rate ISDN.

    Attributes:
        name: by which it is dialled ("e1").
        interface: side, dialect, B channels.
        device: where it is, for display: "E1, DAHDI span 1".
        span: its number, as the kernel counts.
        first_channel: DAHDI's number of its time slot 1; 0 where its channels are not named by DAHDI's numbers.
        group: the hunt group that it belongs to; `SPAN/g1` takes a free channel of group 1.
        context: the dialplan context in which its calls come in.
        did: the number that callers who name none are taken to have dialled.
        number: its own number in the public network, shown where a caller has none; may be empty.
        overlap: numbers are sent digit by digit.
        called_type, calling_type: how the numbers that we send are marked.
        national_prefix, international_prefix: what is put before numbers that come marked so.
        echo: what is done about the echo of those at the far end.
        announcements: a caller hears the network's announcement of a refusal.
        zone: the country whose dial tone a PBX hears ("us", "de", …), where we are the network.
    """

    name: str
    interface: InterfaceConfig
    device: str = ""
    span: int = 1
    first_channel: int = 0
    group: int = 1
    context: str = "default"
    did: str = "s"
    number: str = ""
    overlap: bool = False
    called_type: NumberType = NumberType.UNKNOWN
    calling_type: NumberType = NumberType.UNKNOWN
    national_prefix: str = ""
    international_prefix: str = "+"
    echo: EchoConfig = UNTOUCHED
    announcements: bool = False
    zone: str = "us"

    @property
    def words(self) -> Mapping[str, int | None]:
        """What chan_dahdi calls it, as `drivers.registry.span_words` has it."""
        return span_words(self.span, self.first_channel, self.interface.channels)
