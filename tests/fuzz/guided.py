"""Fuzzing by coverage: `python -m tests.fuzz.guided TARGET`.

libFuzzer (atheris) looks for inputs that reach new code and keeps them in a folder, where the next run begins.
What it finds it prints, and writes into a file beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["gateway.sip", "gateway.sdp", "gateway.q931", "dialplan"]):
    from tests.fuzz.seeds import seeds
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Read the command line and fuzz; libFuzzer ends the program by itself."""
    command = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=__doc__)
    command.add_argument("target", choices=TARGETS)
    command.add_argument("--seconds", type=int, default=60)
    command.add_argument("--corpus", type=Path, default=Path(tempfile.gettempdir()) / "copperline-fuzz")
    asked = command.parse_args()
    folder = asked.corpus / asked.target
    folder.mkdir(parents=True, exist_ok=True)
    for index, seed in enumerate(seeds(asked.target)):
        (folder / f"seed-{index}").write_bytes(seed)
    limits = [f"-max_total_time={asked.seconds}", "-max_len=8000", "-timeout=10", "-rss_limit_mb=2048"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={folder}-", str(folder)], TARGETS[asked.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
