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
    assert ".venv/bin/c sim phone 101 lift" in lines
    assert lines[-1] == "ready sip udp:127.0.0.1:5060 http://127.0.0.1:8080/"
    assert "hidden" not in text


def test_an_office_without_a_name_is_called_by_the_programs_once() -> None:
    config = parse(OFFICE, "office.toml", Path("/nowhere"))
    assert greeting(config, Path("office.toml"), []).splitlines()[1] == "Copperline"
    named = parse(OFFICE + '[office]\nname = "Mill"\n', "office.toml", Path("/nowhere"))
    assert greeting(named, Path("office.toml"), []).splitlines()[1] == "Copperline - Mill"
