"""musiconhold.conf: classes of music. Asterisk docs: musiconhold.conf.sample."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from dialplan.reader import Section
from gateway.asterisk.draft import Draft, last

__all__ = ["read_music"]

_OF_FILES: Final = ("files", "playlist")
_SAME: Final = frozenset({"mode", "directory", "sort", "random", "entry", "format", "loop_last"})


def read_music(sections: Iterable[Section], draft: Draft) -> None:
    """Add the classes to `draft`."""
    for section in sections:
        said = last(section)
        if section.name.lower() == "general":
            for entry in section.entries:
                if entry.key.lower() not in ("cachertclasses", "preferchannelclass"):
                    draft.leave_entry(entry, "all music")
            continue
        mode = said.get("mode", "").lower()
        if mode not in _OF_FILES:
            what = f"class of music {section.name} is played by {said.get('application') or mode or 'nothing'}"
            draft.leave(
                section.place, what[:120], "put its files into a folder; programs and streams are not played"
            )
            continue
        music: dict[str, Any] = {}
        if mode == "files":
            music["folder"] = str(draft.sounds / said.get("directory", "moh"))
            if said.get("sort", "").lower() in ("random", "randstart") or said.get("random", "").lower() == "yes":
                music["order"] = "random"
        for entry in section.entries:
            key, value = entry.key.lower(), entry.value.strip()
            if key == "entry" and mode == "playlist" and not value.startswith(("http:", "https:")):
                music.setdefault("files", []).append(str(draft.sounds / "sounds" / value))
            elif key not in _SAME or key == "entry":
                draft.leave_entry(entry, f"class of music {section.name}")
        draft.table("music")[section.name] = music
