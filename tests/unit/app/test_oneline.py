"""A log line is one line."""

import logging

from gateway.app.oneline import OneLine


def test_a_stranger_cannot_write_a_line_of_his_own() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "call to %s", ("1\n2026 INFO forged\x1b[2J",), None)
    assert OneLine("%(levelname)s %(message)s").format(record) == "INFO call to 1\\n2026 INFO forged\\x1b[2J"


def test_what_people_are_called_stays_readable() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "%s", ("Zoë – 東京",), None)
    assert OneLine("%(message)s").format(record) == "Zoë – 東京"


def test_the_time_is_that_of_each_record() -> None:
    line = OneLine("%(asctime)s %(message)s")
    record = logging.LogRecord("x", logging.INFO, "f", 1, "call", (), None)
    plain = logging.Formatter("%(asctime)s %(message)s")
    for created, milliseconds in ((1e9, 0.0), (1e9 + 0.25, 250.0), (1e9 + 1.999, 999.0)):
        record.created, record.msecs = created, milliseconds
        assert line.format(record) == plain.format(record)
