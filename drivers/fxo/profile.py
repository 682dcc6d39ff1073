"""What was learned of an exchange line, and what of it belongs into the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from gateway.media.measure import MeasuredTone, nearest

__all__ = ["BANDS", "LineProfile", "Release"]

BANDS: Final = ((300, 700), (700, 1800), (1800, 3300))
"""Hz: where a wrong balance capacitance shows, where speech is, where a long cable shows."""
GOOD, FAIR = 16.0, 9.0
"""dB of return loss in the worst band."""


class Release(Enum):
    """How an exchange shows that the far end has hung up. The value is said in a sentence."""

    LOOP_BREAK = "by taking battery away (loop break)"
    POLARITY = "by reversing polarity"
    TONE = "by a tone"
    NOTHING = "by nothing that was heard or seen"


@dataclass(frozen=True, slots=True)
class LineProfile:
    """What was learned.

    Attributes:
        tones: by name, what was heard; a tone that was not heard is missing.
        answer_reverses: polarity was reversed when the called party answered.
        releases: how a hang-up of the far end showed, the surest first; None where none was tried.
        noise: dBm0 of the quiet line.
        return_loss: dB by which the line's echo is weaker than what is sent.
        bands: the same in each of `BANDS`.
    """

    tones: Mapping[str, MeasuredTone]
    answer_reverses: bool
    releases: tuple[Release, ...] | None
    noise: float
    return_loss: float
    bands: tuple[float, ...]

    @property
    def countries(self) -> list[tuple[str, float]]:
        """Countries whose tones these are, the likeliest first, each with the share of them that fits."""
        return nearest({name: tone.text for name, tone in self.tones.items()})

    @property
    def fit(self) -> str:
        """How well the port's impedance fits the line: "well", "fairly", "badly"."""
        worst = min(self.bands)
        return "well" if worst >= GOOD else "fairly" if worst >= FAIR else "badly"

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of [lines.NAME] that are proposed."""
        found: dict[str, Any] = {}
        if self.answer_reverses:
            found["answer"] = "polarity"
        if self.releases and Release.POLARITY in self.releases:
            found["hangup_on_polarity"] = True
        return {**found, "tones": {name: tone.text for name, tone in self.tones.items()}}

    def toml(self, name: str) -> str:
        """What was learned of line `name`: its tones as a table of the configuration, all else as comments."""
        lines = [f"# {told}" for told in self._told(name)]
        lines.append(f"[lines.{name}.tones]")
        for tone, measured in self.tones.items():
            heard = f"{measured.cycles} cycles" if measured.cycles else "steady"
            lines.append(f'{tone} = "{measured.text}"  # {measured.level:.0f} dBm0, {heard}')
        return "\n".join(lines) + "\n"

    def _told(self, name: str) -> Iterator[str]:
        likely = ", ".join(f"{country} ({share:.0%})" for country, share in self.countries[:3])
        yield f"Line {name}, as measured. Tones like those of: {likely or 'no country known'}."
        bands = ", ".join(
            f"{low}-{high} Hz {loss:.0f}" for (low, high), loss in zip(BANDS, self.bands, strict=True)
        )
        yield f"Echo return loss {self.return_loss:.0f} dB ({bands}): the impedance of the port fits {self.fit}."
        yield f"Noise {self.noise:.0f} dBm0."
        if "busy" not in self.tones:
            yield "No busy tone was heard: name a number that is busy with --busy."
        if self.answer_reverses:
            yield f'The exchange reverses polarity at the answer: answer = "polarity" belongs into [lines.{name}].'
        for release in self.releases or ():
            yield f"It shows {release.value}, that the far end has hung up."
        if "hangup_on_polarity" in self.settings:
            yield f"So hangup_on_polarity = true belongs into [lines.{name}]."
