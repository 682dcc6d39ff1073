"""`python -m docs.codecs`: writes the table of codecs into docs/codecs.md, from those that can be configured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from docs.block import fill
from gateway.core.audio import Encoding
from gateway.core.codecs import CODECS

__all__ = ["PAGE", "current", "main", "rows"]

PAGE: Final = Path(__file__).parent / "codecs.md"
COMMAND: Final = "docs.codecs"
_EXACT: Final = "bit for bit"
_PROOF: Final = {
    Encoding.PCMU: f"{_EXACT}: every sample against the definition in G.191",
    Encoding.PCMA: f"{_EXACT}: every sample against the definition in G.191",
    Encoding.L16: "lossless",
    Encoding.G722: f"{_EXACT}: encoder and decoder against FFmpeg's",
    Encoding.G726: "decodes what FFmpeg codes, signal to noise above 18 dB",
    Encoding.AAL2_G726: "as g726, the other order of codes in an octet",
    Encoding.GSM: "coded by libgsm (Debian: libgsm1), heard by FFmpeg as it was said",
    Encoding.G729: "coded by bcg729 (Debian: libbcg729-0), annexes A and B, heard by FFmpeg as it was said",
    Encoding.ILBC: "our own; heard by FFmpeg as it was said, and the other way",
    Encoding.SPEEX: "coded by libspeex (Debian: libspeex1), heard by FFmpeg as it was said",
    Encoding.AMR: "coded by OpenCORE (Debian: libopencore-amrnb0, or PyAV's), heard by FFmpeg as it was said",
    Encoding.AMR_WB: "coded by VisualOn, decoded by OpenCORE (Debian: libvo-amrwbenc0, libopencore-amrwb0), "
    "heard by FFmpeg as it was said",
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


def main() -> None:
    """Write the page."""
    PAGE.write_text(current(), encoding="utf-8")


if __name__ == "__main__":
    main()
