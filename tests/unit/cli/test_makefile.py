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


def test_a_virtual_environment_whose_python_is_gone_is_installed_anew(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    python = venv / "bin" / "python"
    python.symlink_to("/bin/sh")
    for stamp in ("run", "warm"):
        (venv / f"{stamp}.stamp").touch()
    assert "install.sh" not in would_do(venv)
    python.unlink()
    python.symlink_to("/usr/bin/python3.9-that-is-gone")
    assert f"sh install.sh {venv} '.[fast]'" in would_do(venv)
    assert "copperline warm" in would_do(venv)
