"""What telephones of a country sound like: call progress tones, ringing, DTMF levels and law.

Data with a look-up; this is the one module to import for tones. Source: DAHDI zonedata.c (tones, ring cadences,
DTMF levels, law), which follows ITU-T E.180 supplement 2 and the national specifications; Japan's ringing tone is
written as the modulated tone that it is. The text form is told in `gateway.media.cadence`, which renders it.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from gateway.core.audio import Encoding, Sound
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
    """

    name: str
    country: str
    law: Encoding
    ring: tuple[int, ...]
    dtmf: tuple[float, float]
    tones: Mapping[str, str] = field(repr=False)

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


_SIT: Final = "!950/330,!1400/330,!1800/330,0"
"""Special information tone, once (ITU-T E.180)."""


def _zone(
    name: str, country: str, law: Encoding, cadence: tuple[int, ...], levels: tuple[float, float], /, **tones: str
) -> Zone:
    return Zone(name, country, law, cadence, levels, MappingProxyType(tones))


ZONES: Final[Mapping[str, Zone]] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            _zone(
                "us",
                "United States and Canada",
                Encoding.PCMU,
                (2000, 4000),
                (-10, -10),
                dial="350+440",
                busy="480+620/500,0/500",
                ring="440+480/2000,0/4000",
                congestion="480+620/250,0/250",
                callwaiting="440/300,0/10000",
                dialrecall="!350+440/100,!0/100," * 3 + "350+440",
                record="1400/500,0/15000",
                info=_SIT,
                stutter="!350+440/100,!0/100," * 6 + "350+440",
            ),
            _zone(
                "uk",
                "United Kingdom",
                Encoding.PCMA,
                (400, 200, 400, 2000),
                (-11, -9),
                dial="350+440",
                busy="400/375,0/375",
                ring="400+450/400,0/200,400+450/400,0/2000",
                congestion="400/400,0/350,400/225,0/525",
                callwaiting="400/100,0/4000",
                dialrecall="350+440",
                record="1400/500,0/60000",
                info="950/330,0/15,1400/330,0/15,1800/330,0/1000",
                stutter="350+440/750,440/750",
            ),
            _zone(
                "de",
                "Germany",
                Encoding.PCMA,
                (1000, 4000),
                (-11, -9),
                dial="425",
                busy="425/480,0/480",
                ring="425/1000,0/4000",
                congestion="425/240,0/240",
                callwaiting="!425/200,!0/200,!425/200,!0/5000," * 5 + "0",
                dialrecall="!425/100,!0/100," * 3 + "425",
                record="1400/80,0/15000",
                info="950/330,1400/330,1800/330,0/1000",
                stutter="425+400",
            ),
            _zone(
                "fr",
                "France",
                Encoding.PCMA,
                (1500, 3500),
                (-11, -9),
                dial="440",
                busy="440/500,0/500",
                ring="440/1500,0/3500",
                congestion="440/250,0/250",
                callwaiting="440/300,0/10000",
                dialrecall="!350+440/100,!0/100," * 3 + "350+440",
                record="1400/500,0/15000",
                info=_SIT,
                stutter="!440/100,!0/100," * 6 + "440",
            ),
            _zone(
                "jp",
                "Japan",
                Encoding.PCMU,
                (1000, 2000),
                (-7, -7),
                dial="400",
                busy="400/500,0/500",
                ring="400*16/1000,0/2000",
                congestion="400/500,0/500",
                callwaiting="400*16/500,0/8000",
                dialrecall="!400/200,!0/200," * 3 + "400",
                record="1400/500,0/15000",
                info=_SIT,
                stutter="!400/100,!0/100," * 6 + "400",
            ),
            _zone(
                "au",
                "Australia",
                Encoding.PCMA,
                (400, 200, 400, 2000),
                (-10, -10),
                dial="415+440",
                busy="425/375,0/375",
                ring="413+438/400,0/200,413+438/400,0/2000",
                congestion="425/375,0/375,425@/375,0/375",
                callwaiting="425/100,0/200,425/200,0/4400",
                dialrecall="413+428",
                record="!425/1000,!0/15000,425/360,0/15000",
                info="425/2500,0/500",
                stutter="413+438/100,0/40",
            ),
        )
    }
)
"""All zones by name."""
