"""What a part of the room costs to import: only the detector brings the compiler."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["g711", "tone", "fsk", "progress", "prompt", "speech", "resample"])
def test_no_compiler_where_none_is_needed(module: str) -> None:
    check = f"import sys, gateway.media.{module}; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
