"""`python -m docs.codecs`: writes the table of codecs into docs/codecs.md, from those that can be configured.

What they were measured to do stands in a second table there, which `tests/bench/bench_codecs.py --write` writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from docs.block import fill
from gateway.core.codec import CODECS, Encoding

__all__ = ["PAGE", "current", "figures", "main", "rows", "write_figures"]

PAGE: Final = Path(__file__).parent / "codecs.md"
COMMAND: Final = "docs.codecs"
FIGURES: Final = "tests.bench.bench_codecs --write"
_EXACT: Final = "bit for bit"
_PROOF: Final = {
    Encoding.PCMU: f"{_EXACT}: every sample against the definition in G.191",
    Encoding.PCMA: f"{_EXACT}: every sample against the definition in G.191",
    Encoding.L16: "lossless up to 16000 Hz; above, filtered to and from 16000",
    Encoding.G722: f"{_EXACT}: encoder and decoder against FFmpeg's",
    **dict.fromkeys(
        (Encoding.G726, Encoding.G726_16, Encoding.G726_24, Encoding.G726_40),
        f"{_EXACT}: encoder and decoder against spandsp's",
    ),
    **dict.fromkeys(
        (Encoding.AAL2_G726, Encoding.AAL2_G726_16, Encoding.AAL2_G726_24, Encoding.AAL2_G726_40),
        f"{_EXACT} likewise: the other order of codes in an octet",
    ),
    Encoding.DVI4: f"{_EXACT}: encoder and decoder against spandsp's",
    Encoding.G723: "coded by FFmpeg's libavcodec (PyAV's, or Debian: libavcodec-extra) at 6.3 kbit/s; both rates, "
    "and the pauses of annex A, are heard",
    Encoding.GSM: "coded by libgsm (Debian: libgsm1), heard by FFmpeg as it was said",
    Encoding.G729: "coded by bcg729 (Debian: libbcg729-0), annexes A and B, heard by FFmpeg as it was said",
    Encoding.ILBC: "our own; heard by FFmpeg as it was said, and the other way",
    Encoding.SPEEX: "coded by libspeex (Debian: libspeex1), bit for bit; heard by FFmpeg as it was said",
    Encoding.AMR: "coded by OpenCORE (Debian: libopencore-amrnb0, or PyAV's), bit for bit; "
    "heard by FFmpeg as it was said",
    Encoding.AMR_WB: "coded by VisualOn, decoded by OpenCORE (Debian: libvo-amrwbenc0, libopencore-amrwb0), "
    "bit for bit; heard by FFmpeg as it was said",
    Encoding.OPUS: "coded by libopus (Debian: libopus0, or PyAV's), heard by FFmpeg as it was said",
}


def rows() -> Iterator[str]:
    """A line for each codec."""
    for name, codec in CODECS.items():
        mapping = f"{codec.encoding.value}/{codec.rate}"
        band = "wide" if codec.sampling > 8000 else "narrow"
        yield f"| `{name}` | {mapping} | {codec.payload_type} | {band} | {_PROOF[codec.encoding]} |"


def current() -> str:
    """What the page must hold."""
    titles = "| in the configuration | in SDP | payload type offered | band | against a reference |"
    return fill(PAGE.read_text(encoding="utf-8"), COMMAND, "\n".join([titles, "|---" * 5 + "|", *rows()]))


def write_figures(measured: Mapping[str, tuple[str, str, str]]) -> None:
    """Write what was measured of each codec: its decoder, what it codes, what the reference codes."""
    titles = "| codec | our decoder beside the reference's | ours, heard by it | its own, heard by us |"
    lines = (f"| `{name}` | {' | '.join(words)} |" for name, words in measured.items())
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(fill(page, FIGURES, "\n".join([titles, "|---" * 4 + "|", *lines])), encoding="utf-8")


def figures() -> dict[str, tuple[str, ...]]:
    """What stands on the page."""
    block = PAGE.read_text(encoding="utf-8").partition(f"python -m {FIGURES} -->")[2].partition("<!--")[0]
    cells = (line.strip("| ").split(" | ") for line in block.splitlines() if line.startswith("| `"))
    return {name.strip("`"): tuple(words) for name, *words in cells}


def main() -> None:
    """Write the page."""
    PAGE.write_text(current(), encoding="utf-8")


if __name__ == "__main__":
    main()
