"""What `make` would do, told by make itself (-n)."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]


def would_do(venv: Path) -> str:
    """The commands of `make run` with a virtual environment."""
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", "run", f"VENV={venv}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


GOOD = "#!/bin/sh\n"
EMPTY = "#!/bin/sh\nexit 1\n"
"""Python 3.13 in what Python 3.11 was installed into: it starts, and has no packages."""


def test_a_virtual_environment_whose_python_is_gone_or_another_is_installed_anew(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    python = venv / "bin" / "python"

    def becomes(text: str) -> None:
        python.unlink(missing_ok=True)
        python.write_text(text)
        python.chmod(0o755)
        for stamp in ("run", "warm"):
            (venv / f"{stamp}.stamp").touch()

    becomes(GOOD)
    assert "install.sh" not in would_do(venv)
    becomes(EMPTY)
    assert f"sh install.sh {venv} '.[fast]'" in would_do(venv)
    becomes(GOOD)
    python.unlink()
    python.symlink_to("/usr/bin/python3.9-that-is-gone")
    assert f"sh install.sh {venv} '.[fast]'" in would_do(venv)
    assert "copperline warm" in would_do(venv)
