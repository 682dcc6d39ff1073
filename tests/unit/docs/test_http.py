"""docs/http.md: whatever can be asked has its line there."""

from __future__ import annotations

from docs.http import PAGE, current, rows


def test_the_page_shows_the_interface_as_it_stands() -> None:
    assert PAGE.read_text(encoding="utf-8") == current(), "run python -m docs"


def test_a_line_tells_what_is_taken_and_given() -> None:
    lines = {line.split("`")[1]: line for line in rows()}
    assert "`search`, only those with this text" in lines["GET /api/v1/calls"]
    assert "a list: `id` `state` `caller`" in lines["GET /api/v1/calls"]
    assert "Takes `from` `to`." in lines["POST /api/v1/calls"] and "nothing (204)" in lines["POST /api/v1/calls"]
    assert "a pcapng file" in lines["GET /api/v1/calls/{id}/capture"]
    assert "Takes a WAV file." in lines["POST /api/v1/sim/phones/{number}/say"]
