"""Draws what the jitter buffer does with clocks that differ and with lost packets: docs/media/*.png.

python -m tests.bench.plot_media          (needs the extra "plots")
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from tests.unit.plane.conftest import Studio
from tests.unit.plane.test_drift import lossy, through_clocks, voiced

mpl.use("Agg")
from matplotlib import pyplot as plt  # after the choice of what draws

PLACE: Final = Path(__file__).parents[2] / "docs" / "media"


def drift() -> None:
    """Samples that wait in the buffer of a row whose peer's clock is 200 ppm off, over five minutes of a vowel."""
    said = voiced(300.0)
    figure, (depth, bends) = plt.subplots(2, 1, figsize=(9, 6), sharex=True)
    for ppm, colour, place in ((200, "tab:red", "^"), (-200, "tab:blue", "v"), (0, "tab:gray", ".")):
        studio = Studio()
        heard, waiting = through_clocks(studio, said, ppm)
        studio.close()
        depth.plot(np.arange(len(waiting)) / 50, np.array(waiting) / 8, color=colour, label=f"{ppm:+d} ppm", lw=0.7)
        bend = _bends(heard[800:])  # from when it has begun
        seconds = bend[: len(bend) // 8000 * 8000].reshape(-1, 8000).max(axis=1)
        bends.plot(seconds, place, color=colour, ms=3)
    bends.axhline(_bends(said).max(), color="black", lw=0.7, label="sharpest in what was said")
    cuts = [_bends(np.delete(said[:1600], np.s_[400 + k : 560 + k])).max() for k in range(160)]
    bends.axhline(max(cuts), color="black", lw=0.7, ls=":", label="where 20 ms are cut out")
    bends.set_ylim(0, 1.3 * max(cuts))
    bends.legend(loc="center right")
    depth.set_ylabel("in the buffer, ms")
    depth.legend(loc="upper right")
    bends.set_ylabel("sharpest bend in each second")
    bends.set_xlabel("s")
    figure.suptitle("Clock drift absorbed a pitch period at a time")
    figure.savefig(PLACE / "drift.png", dpi=110)


def _bends(samples: Samples) -> NDArray[np.float64]:
    """How far each sample is from the line between its neighbours, twice over: a click is a sharp bend."""
    return np.abs(np.diff(samples.astype(float), 2))


def loss() -> None:
    """A vowel, and what is heard of it when 20 ms and 100 ms are lost."""
    said = voiced(2.0)
    figure, axes = plt.subplots(3, 1, figsize=(9, 6), sharex=True, sharey=True)
    for axis, (name, lost) in zip(
        axes, (("sent", set()), ("20 ms lost", {50}), ("100 ms lost", set(range(50, 55)))), strict=True
    ):
        studio = Studio()
        heard = lossy(studio, said, lost)
        studio.close()
        shown = heard[7600:10400]
        axis.plot(np.arange(len(shown)) / 8, shown, lw=0.7)
        axis.set_ylabel(name)
    axes[-1].set_xlabel("ms")
    figure.suptitle("Lost packets concealed as in G.711 appendix I")
    figure.savefig(PLACE / "loss.png", dpi=110)


if __name__ == "__main__":
    PLACE.mkdir(exist_ok=True)
    drift()
    loss()
