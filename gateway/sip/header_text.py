"""The header fields of an INVITE as its call keeps them: one text, read when a dialplan asks.

A call may stand for hours, and hardly any dialplan looks at them; as pairs they take four times the room.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from gateway.sip.fields import Headers

__all__ = ["HeaderText"]


class HeaderText(Sequence[tuple[str, str]]):
    """Rows of a message, as name and value; names are tokens, and no value has a line break in it.

    Args:
        text: the rows as they came.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def _rows(self) -> list[tuple[str, str]]:
        headers, _ = Headers.read(self._text)
        return list(headers)

    def __len__(self) -> int:
        return len(self._rows())

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._rows())

    @overload
    def __getitem__(self, place: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, place: slice) -> list[tuple[str, str]]: ...
    def __getitem__(self, place: int | slice) -> tuple[str, str] | list[tuple[str, str]]:
        return self._rows()[place]
