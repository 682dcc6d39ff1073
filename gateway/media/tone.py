"""What telephones of a country sound like: call progress tones, ringing, DTMF levels and law.

The look-up of what stands in `tones.toml` beside this file, which names the source of every country's figures;
this is the one module to import for tones. The text form is told in `gateway.media.cadence`, which renders it.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from gateway.core.audio import Sound
from gateway.core.codec import Encoding
from gateway.core.errors import LocalError
from gateway.media.cadence import dtmf, render

__all__ = ["MILLIWATT", "ZONES", "Zone", "dtmf", "render", "zone"]

MILLIWATT: Final = render("milliwatt", "1004@0")
"""The test tone of the digital milliwatt: 1004 Hz, 0 dBm0, for ever."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A country's tones.

    Attributes:
        name: as in configuration: "us".
        country: for people.
        law: the companding law of its network.
        ring: ring cadence in ms, on and off in turn.
        dtmf: levels of the low and the high group that its telephones send, dBm0.
        tones: text of each call progress tone.
        source: where the figures are from.
    """

    name: str
    country: str
    law: Encoding
    ring: tuple[int, ...]
    dtmf: tuple[float, float]
    tones: Mapping[str, str] = field(repr=False)
    source: str = field(repr=False)

    def tone(self, name: str) -> Sound:
        """A call progress tone, rendered anew; "milliwatt" is the same everywhere.

        Raises:
            LocalError: the zone has no such tone.
        """
        if name == "milliwatt":
            return MILLIWATT
        if name not in self.tones:
            raise LocalError(f"there is no tone {name!r}{_nearest(name, [*self.tones, 'milliwatt'])}")
        return render(f"{name} tone {self.name}", self.tones[name])


def zone(name: str) -> Zone:
    """The zone of that name.

    Raises:
        LocalError: there is none.
    """
    if name not in ZONES:
        raise LocalError(f"there is no tone zone {name!r}{_nearest(name, list(ZONES))}")
    return ZONES[name]


def _nearest(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(sorted(names))}"


HOWLER: Final = "1400+2060+2450+2600/100,0/100"
"""To a receiver left off the hook: loud, and unlike anything that is said (receiver off-hook tone, GR-506)."""


def _zone(name: str, entry: dict[str, Any]) -> Zone:
    low, high = entry.pop("dtmf")
    return Zone(
        name,
        entry.pop("country"),
        Encoding(entry.pop("law")),
        tuple(entry.pop("ringing")),
        (low, high),
        source=entry.pop("source"),
        tones=MappingProxyType({"howler": HOWLER, **entry}),
    )


ZONES: Final[Mapping[str, Zone]] = MappingProxyType(
    {
        name: _zone(name, entry)
        for name, entry in tomllib.loads(
            resources.files("gateway.media").joinpath("tones.toml").read_text(encoding="utf-8")
        ).items()
    }
)
"""All zones by name."""
