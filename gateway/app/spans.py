"""The spans of an office: what each is told, where it is found, and the exchange behind an emulated one."""

from __future__ import annotations

from typing import Final

from drivers.echo import EchoConfig, Remover
from drivers.span.config import SpanConfig
from gateway.config.model import Config
from gateway.config.spans import SpanSettings
from gateway.config.ways import called_at, span_numbers
from gateway.media.tone import zone
from gateway.net.span import SpanPlace
from gateway.q931.coding import NumberType
from gateway.q931.config import DIALECTS, Hunt, InterfaceConfig, Side
from hardware.registry import backend
from hardware.span.kinds import E1, T1
from hardware.world.span import SpanWorld

__all__ = ["OfficeSpans"]

_KINDS: Final = {"e1": E1, "t1": T1}
_FAR_SIDE: Final = {Side.USER: Side.NETWORK, Side.NETWORK: Side.USER}


class OfficeSpans:
    """All spans of a configuration.

    Args:
        config: the office.

    Attributes:
        configs: what each is told.
        places: where each is found, by name.
        worlds: emulated ones, each with its exchange, by name.
    """

    def __init__(self, config: Config) -> None:
        self.worlds: dict[str, SpanWorld] = {}
        self.places: dict[str, SpanPlace] = {}
        self.configs = [_told(name, span, config) for name, span in config.spans.items()]
        country = zone(config.office.country)
        for name, span in config.spans.items():
            kind = _KINDS[span.kind]
            signalling = span.signalling
            if span.backend == "emulated":
                number = {"number": span.number} if span.number else {}
                world = self.worlds[name] = SpanWorld(
                    kind,
                    country,
                    signalling=signalling,
                    dialect=DIALECTS[span.dialect],
                    side=_FAR_SIDE[Side(span.side)],
                    **number,
                )
                self.places[name] = SpanPlace(world.span, 1, kind.name, signalling)
            else:
                self.places[name] = SpanPlace(backend(span.backend), span.span, kind.name, signalling)

    def step(self, now: float) -> None:
        """Let the emulated worlds live up to `now`."""
        for world in self.worlds.values():
            world.step(now)


def _told(name: str, span: SpanSettings, config: Config) -> SpanConfig:
    kind = _KINDS[span.kind]
    return SpanConfig(
        name=name,
        interface=InterfaceConfig(
            side=Side(span.side),
            channels=span.slots,
            dialect=DIALECTS[span.dialect],
            hunt=Hunt(span.hunt),
            exclusive=span.exclusive,
        ),
        span=span_numbers(config)[name],
        first_channel=span.first_channel,
        device=f"{kind.name}, {'emulated' if span.backend == 'emulated' else f'DAHDI span {span.span}'}",
        group=span.group,
        context=span.context,
        did=called_at(span),
        number=span.number,
        overlap=span.sending == "overlap",
        called_type=NumberType[span.called_type.upper()],
        calling_type=NumberType[span.calling_type.upper()],
        national_prefix=span.national_prefix,
        international_prefix=span.international_prefix,
        echo=EchoConfig(Remover(span.echo_canceller), span.tail),
        announcements=span.announcements,
        zone=config.office.country,
    )
