"""`python -m docs.draw`: writes docs/states/NAME.svg for every state machine, from its table as it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from docs.ladder import draw
from docs.machines import MACHINES

__all__ = ["FOLDER", "drawings", "main"]

FOLDER: Final = Path(__file__).parent / "states"


def drawings() -> dict[Path, str]:
    """What every drawing must hold, by its file."""
    return {FOLDER / f"{machine.name}.svg": draw(machine) for machine in MACHINES}


def main() -> None:
    """Write all drawings and remove those of machines that are no more."""
    FOLDER.mkdir(exist_ok=True)
    current = drawings()
    for path in set(FOLDER.glob("*.svg")) - set(current):
        path.unlink()
    for path, text in current.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
