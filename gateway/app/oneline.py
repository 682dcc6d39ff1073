"""Log lines that stay one line, whatever strangers put into names and numbers."""

from __future__ import annotations

import logging
from typing import TextIO

__all__ = ["Lines", "OneLine", "log_cheaply"]


def log_cheaply() -> None:
    """Have records carry no thread, process and line of source, which no line of ours shows.

    See "Optimization" in the logging how-to of docs.python.org: that is half of what a record costs.
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None


class OneLine(logging.Formatter):
    """A record as a line: when, how grave, whose, and the message with what is not printable in it escaped.

    A traceback below it keeps its lines.
    """

    def __init__(self) -> None:
        super().__init__()
        self._second = 0
        self._written = ""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        message = record.getMessage()
        if not message.isprintable():
            message = "".join(
                letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in message
            )
        second = int(record.created)
        if second != self._second:
            self._second, self._written = second, self.formatTime(record, "%Y-%m-%d %H:%M:%S")
        line = f"{self._written},{int(record.msecs):03d} {record.levelname} {record.name}: {message}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class Lines(logging.StreamHandler[TextIO]):
    """Writes records to a stream that is flushed at the end of each line, as standard error is.

    Each is written in one piece, so that there is nothing to lock; there are no filters to ask.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.setFormatter(OneLine())

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record."""
        try:
            self.stream.write(f"{self.format(record)}\n")
        except Exception:
            self.handleError(record)
        return True
