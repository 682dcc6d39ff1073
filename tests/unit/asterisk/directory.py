"""An Asterisk directory written for a test, and what came of it."""

from __future__ import annotations

from pathlib import Path

from dialplan.model import Dialplan
from gateway.asterisk import Imported, read_directory
from gateway.config import Config, load_office

__all__ = ["ADDRESS", "OFFICES", "Moved", "move_in"]

ADDRESS = "192.0.2.10"
OFFICES = Path(__file__).parents[2] / "data" / "asterisk"


class Moved:
    """An office that has moved in.

    Attributes:
        imported: what the import gave.
        config, dialplan: as they load.
        office: its configuration file.
    """

    def __init__(self, imported: Imported, folder: Path) -> None:
        self.imported = imported
        for name, text in imported.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        self.office = folder / "office.toml"
        loaded: tuple[Config, Dialplan] = load_office(self.office)
        self.config, self.dialplan = loaded

    def left(self, file: str) -> list[str]:
        """What is told of a file, without its name."""
        return [str(fault).removeprefix(f"{file}:") for fault in self.imported.left if fault.file == file]

    def doubted(self, file: str) -> list[str]:
        """What does less in a file, without its name."""
        return [str(fault).removeprefix(f"{file}:") for fault in self.imported.doubts if fault.file == file]


def move_in(folder: Path, *, address: str = ADDRESS, **files: str) -> Moved:
    """Write files (`pjsip="…"` is pjsip.conf) into a folder, import them, and load what comes of it."""
    source, to = folder / "etc", folder / "ours"
    source.mkdir()
    to.mkdir()
    for name, text in files.items():
        (source / f"{name}.conf").write_text(text, encoding="utf-8")
    return Moved(read_directory(source, address), to)
