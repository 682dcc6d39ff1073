"""What an office says at its start."""

from pathlib import Path

from gateway.app.greeting import greeting
from gateway.config.load import parse

OFFICE = """
[cards.main]
backend = "emulated"
modules = ["fxs"]
[phones.101]
port = 1
name = "Desk"
[accounts.6001]
secret = "hidden"
[directory]
600 = "echo"
"""


def test_it_names_who_is_there_and_what_to_type_and_ends_with_ready() -> None:
    config = parse(OFFICE, "office.toml", Path("/nowhere"))
    text = greeting(
        config, Path("office.toml"), ["sip udp:127.0.0.1:5060", "http://127.0.0.1:8080/"], ".venv/bin/c"
    )
    lines = [line.strip() for line in text.splitlines()]
    assert "101             Desk, emulated card main, port 1" in lines
    assert "600             echo" in lines
    headings = [line.strip() for line in text.splitlines() if line.startswith("  ") and line[2] != " "]
    assert headings == [
        "SIP accounts (secrets in office.toml)",
        "Telephones",
        "Numbers",
        "Work the emulated telephones, and see what goes on, from another shell:",
    ]
    assert ".venv/bin/c sim phone 101 lift" in lines
    assert lines[-1] == "ready sip udp:127.0.0.1:5060 http://127.0.0.1:8080/"
    assert "hidden" not in text


def test_lines_adapters_and_spans_are_named_where_there_are_some() -> None:
    more = """
[lines.copper1]
port = 2
number = "2565551100"
[isdn.adapter1]
backend = "emulated"
numbers = ["2565551100"]
[spans.e1]
backend = "emulated"
number = "2565551100"
"""
    config = parse(OFFICE.replace('["fxs"]', '["fxs", "fxo"]') + more, "office.toml", Path("/nowhere"))
    lines = [line.strip() for line in greeting(config, Path("office.toml"), []).splitlines()]
    for heading, row in (
        ("Exchange lines", "copper1         2565551100, emulated card main, port 2"),
        ("ISDN adapters", "adapter1        2565551100, emulated"),
        ("E1 and T1 spans", "e1              2565551100, E1 with Q.931, emulated"),
    ):
        assert lines[lines.index(heading) + 1] == row


def test_an_office_without_a_name_is_called_by_the_programs_once() -> None:
    config = parse(OFFICE, "office.toml", Path("/nowhere"))
    assert greeting(config, Path("office.toml"), []).splitlines()[1] == "Copperline"
    named = parse(OFFICE + '[office]\nname = "Mill"\n', "office.toml", Path("/nowhere"))
    assert greeting(named, Path("office.toml"), []).splitlines()[1] == "Copperline - Mill"


def test_who_has_no_dialplan_is_told_how_to_call_outside_and_who_answers() -> None:
    ways = '[lines.copper1]\nport = 2\n[trunks.pstn]\nservers = ["127.0.0.1:5080"]\nregisters = false\n'
    office = OFFICE.replace('["fxs"]', '["fxs", "fxo"]') + ways
    said = [
        greeting(parse(text, "office.toml", Path("/nowhere")), Path("office.toml"), []).splitlines()
        for text in (office, office + '[office]\noutside = ""\nanswers = ["6001", "101"]\n')
    ]
    assert "    9 + number       outside, by copper1, pstn" in said[0]
    assert "    calls from there ring 101" in said[0]
    assert "    other numbers    outside, by copper1, pstn" in said[1]
    assert "    calls from there ring 6001, 101" in said[1]


def test_telephones_that_nobody_on_the_network_can_register_are_told_of() -> None:
    alone = "    on this machine alone; others are let in by its own address in [sip] listen"
    config = parse(OFFICE, "office.toml", Path("/nowhere"))
    assert alone in greeting(config, Path("office.toml"), []).splitlines()
    text = OFFICE.replace('"hidden"', '"u8Rk2vQw0Zt4"') + '[sip]\nlisten = ["udp:192.0.2.1:5060"]\n'
    config = parse(text, "office.toml", Path("/nowhere"))
    assert alone not in greeting(config, Path("office.toml"), []).splitlines()
