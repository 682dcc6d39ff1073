"""Log lines that stay one line, whatever strangers put into names and numbers."""

from __future__ import annotations

import logging

__all__ = ["OneLine", "log_cheaply"]


def log_cheaply() -> None:
    """Have records carry no thread, process and line of source, which no line of ours shows.

    See "Optimization" in the logging how-to of docs.python.org: that is half of what a record costs.
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None


class OneLine(logging.Formatter):
    """Escapes what is not printable in a record's message; a traceback below it keeps its lines."""

    def __init__(self, form: str) -> None:
        super().__init__(form)
        self._second = 0
        self._written = ""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """The time of day, written once a second but for its milliseconds."""
        second = int(record.created)
        if second != self._second:
            self._second, self._written = second, super().formatTime(record, "%Y-%m-%d %H:%M:%S")
        return f"{self._written},{int(record.msecs):03d}"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The line, with line ends and control characters in it made visible."""
        if not record.message.isprintable():
            record.message = "".join(
                letter if letter.isprintable() else letter.encode("unicode_escape").decode()
                for letter in record.message
            )
        return super().formatMessage(record)
