"""Texts that are sent outside of calls: the way from dialplan scripts to accounts."""

from __future__ import annotations

from typing import Protocol

from gateway.core.number import Party

__all__ = ["NoPost", "Postman"]


class Postman(Protocol):
    """Delivers texts."""

    def post(self, recipient: str, sender: Party, text: str) -> bool:
        """Send `text` to account `recipient`, at once or when it is there.

        Returns:
            False where there is no such account, or no room to keep it.
        """
        ...


class NoPost:
    """A postman of an office without texts: for dry runs, where every text arrives."""

    def post(self, recipient: str, sender: Party, text: str) -> bool:
        """Supposed."""
        return True
