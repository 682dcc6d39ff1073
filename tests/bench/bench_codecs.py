"""What each codec does beside another's: as it stands in docs/codecs.md, which `--write` writes.

python tests/bench/bench_codecs.py [--write]
"""

from __future__ import annotations

import argparse

from docs.codecs import write_figures
from gateway.core.codec import CODECS
from gateway.media.codec.libraries import needs
from tests.bench.table import print_row
from tests.support.reference import EXACT, Measured, measure


def words(figure: float | None) -> str:
    """A figure as the table has it."""
    if figure is None:
        return "-"
    return "bit for bit" if figure == EXACT else f"{figure:.1f} dB"


def row(measured: Measured) -> tuple[str, str, str]:
    """The decoder beside the reference's; what we code; what it codes."""
    return words(measured.decoder), words(measured.ours), words(measured.theirs)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write it into docs/codecs.md, too")
    options = parser.parse_args()
    print_row("codec, beside another's", "decoders apart; heard of ours, of theirs")
    figures = {}
    for name, codec in CODECS.items():
        missing = needs(codec.encoding)
        if missing is not None:
            print_row(name, missing)
            continue
        figures[name] = row(measure(name))
        print_row(name, "; ".join(figures[name]))
    if options.write:
        write_figures(figures)


if __name__ == "__main__":
    main()
