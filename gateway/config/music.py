"""Music on hold in the configuration: [music.CLASS], and the classes that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from gateway.config.values import File, Items, Settings
from gateway.media.music import MusicClass

__all__ = ["MusicSettings", "music_classes"]


class MusicSettings(Settings):
    """[music.CLASS]: what callers on hold hear; `default` is heard where no other is named.

    Where that is not written, it is the distribution's music or a piece of our own. A twelfth of `arena_seconds` in
    [media] is kept of each class.

    Attributes:
        folder: all sound files in it: WAV of any rate, G.711, G.722, GSM, and what else prompts can be.
        files: these files beside, in this order.
        order: of the folder's files: by "name", or "random", anew at each start.
    """

    folder: File | None = None
    files: Annotated[Items[File], Field(max_length=1000)] = ()
    order: Literal["name", "random"] = "name"


def music_classes(settings: Mapping[str, MusicSettings]) -> dict[str, MusicClass]:
    """The classes of [music.CLASS]."""
    return {
        name: MusicClass(music.folder, music.files, shuffled=music.order == "random")
        for name, music in settings.items()
    }
