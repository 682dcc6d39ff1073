"""A log line is one line."""

import io
import logging
import sys

from gateway.app.oneline import Lines, OneLine


def record(text: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("copperline.call", logging.INFO, "f", 1, text, arguments, None)


def message(line: str) -> str:
    return line.partition(": ")[2]


def test_a_stranger_cannot_write_a_line_of_his_own() -> None:
    line = OneLine().format(record("call to %s", "1\n2026 INFO forged\x1b[2J"))
    assert message(line) == "call to 1\\n2026 INFO forged\\x1b[2J"


def test_what_people_are_called_stays_readable() -> None:
    assert message(OneLine().format(record("%s", "Zoë – 東京"))) == "Zoë – 東京"


def test_the_time_is_that_of_each_record() -> None:
    line = OneLine()
    one = record("call")
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    for created, milliseconds in ((1e9, 0.0), (1e9 + 0.25, 250.0), (1e9 + 1.999, 999.0)):
        one.created, one.msecs = created, milliseconds
        assert line.format(one) == plain.format(one)


def test_a_traceback_stands_below_its_line() -> None:
    one = record("it failed")
    try:
        raise KeyError("why")
    except KeyError:
        one.exc_info = sys.exc_info()
    first, *rest = OneLine().format(one).splitlines()
    assert message(first) == "it failed"
    assert (rest[0], rest[-1]) == ("Traceback (most recent call last):", "KeyError: 'why'")


def test_each_record_is_a_line_of_the_stream() -> None:
    stream = io.StringIO()
    lines = Lines(stream)
    lines.handle(record("one"))
    lines.handle(record("two"))
    assert [message(line) for line in stream.getvalue().splitlines()] == ["one", "two"]


def test_a_record_that_cannot_be_written_stops_nobody() -> None:
    raised = logging.raiseExceptions
    logging.raiseExceptions = False
    try:
        assert Lines(io.StringIO()).handle(record("%d", "no number"))
    finally:
        logging.raiseExceptions = raised
