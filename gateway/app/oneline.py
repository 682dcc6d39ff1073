"""Log lines that stay one line, whatever strangers put into names and numbers."""

from __future__ import annotations

import logging

__all__ = ["OneLine"]


class OneLine(logging.Formatter):
    """Escapes what is not printable in a record's message; a traceback below it keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The line, with line ends and control characters in it made visible."""
        record.message = "".join(
            letter if letter.isprintable() else letter.encode("unicode_escape").decode()
            for letter in record.message
        )
        return super().formatMessage(record)
