"""A part of a hand-written page that comes from the code, between two marks that say so."""

from __future__ import annotations

__all__ = ["fill"]


def fill(page: str, command: str, content: str) -> str:
    """Put `content` into the block of `page` that `python -m COMMAND` writes.

    Raises:
        ValueError: the page has no such block.
    """
    begin, end = f"<!-- written by python -m {command} -->\n", f"<!-- end of python -m {command} -->\n"
    before, mark, rest = page.partition(begin)
    _, end_mark, after = rest.partition(end)
    if not mark or not end_mark:
        raise ValueError(f"the page has no block of {command}")
    return f"{before}{begin}\n{content.strip()}\n\n{end}{after}"
