"""The command line: what is printed where, and with which exit status."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gateway.call.call import CallRecord
from gateway.cli import main
from gateway.cli.program import COMMANDS
from gateway.core.errors import LocalError
from gateway.web import wav
from gateway.web.application import application
from gateway.web.office import CallView, ReloadView
from gateway.web.server import WebServer
from tests.support.web import ShownOffice, ShownWorld
from tests.unit.config.test_load import DOZEN


class Served:
    """An office that is served from a thread of its own."""

    def __init__(self) -> None:
        self.world = ShownWorld()
        self.shown = ShownOffice(self.world)
        self.url = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._enough: asyncio.Event | None = None
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)))
        self._thread.start()
        assert ready.wait(10)

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._enough = asyncio.get_running_loop(), asyncio.Event()
        server = await WebServer.start(application(self.shown, host="127.0.0.1"), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.port}"
        ready.set()
        await self._enough.wait()
        await server.stop()

    def stop(self) -> None:
        assert self._loop is not None
        assert self._enough is not None
        self._loop.call_soon_threadsafe(self._enough.set)
        self._thread.join(10)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    office = Served()
    yield office
    office.stop()


@pytest.fixture
def office(served: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    monkeypatch.setenv("COPPERLINE_URL", served.url)
    monkeypatch.setenv("COLUMNS", "160")
    served.world.phone_101.done.clear()
    served.world.copper1.done.clear()
    served.shown.way_trouble = ""
    return served


def test_help_names_every_command_and_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(f"\n  {name} " in printed for name in COMMANDS)
    assert "Exit status: 0 done; 1 not done, or faults found; 2" in printed


def test_every_command_in_the_table_can_be_loaded() -> None:
    for name in COMMANDS:
        if name not in ("run", "warm"):  # these load the media plane
            assert main([name, "--help"]) == 0


def test_help_fits_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for words in (["--help"], ["sim", "--help"], ["bans", "--help"], ["database", "--help"]):
        assert main(words) == 0
        printed = capsys.readouterr().out
        assert "..." not in printed.replace("[ARGS]...", ""), "no summary is cut off"
        assert max(map(len, printed.splitlines())) <= 80


def test_a_command_s_own_help_says_more_than_its_line_in_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "--help"]) == 0
    assert '\n  zsh   eval "$(copperline completion zsh)" in ~/.zshrc\n' in capsys.readouterr().out


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert capsys.readouterr().out == f"copperline {project['version']}\n"


def test_a_wrong_command_line_exits_2_with_the_nearest_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clals"]) == 2
    assert "No such command 'clals'. Did you mean 'calls'" in capsys.readouterr().err


def test_heavy_libraries_are_not_loaded_for_light_commands() -> None:
    for words in (["check", "--help"], ["calls", "--help"], ["--help"]):
        script = (
            f"import sys; from gateway.cli import main; main({words!r});"
            "sys.exit(bool({'numba', 'uvicorn', 'sqlalchemy', 'starlette'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
        assert done.returncode == 0, words


def test_a_user_who_may_keep_nothing_that_is_compiled_is_told_what_to_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nowhere.py").write_text(
        "from numba import njit\nexec('def f(): pass', made := {})\nnjit(cache=True)(made['f'])\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(COMMANDS, "calls", replace(COMMANDS["calls"], module="nowhere"))
    assert main(["calls"]) == 1
    assert "set NUMBA_CACHE_DIR to a folder that this user may write" in capsys.readouterr().err


def test_check_prints_every_fault_on_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "office.toml"
    file.write_text(DOZEN.replace("port = 1", 'prot = 1\nport = "1"').replace('"emulated"', '"emulatd"'))
    assert main(["check", str(file)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f'{file}:2: cards.main.backend cannot be "emulatd"; did you mean "emulated"?',
        f'{file}:5: [phones.101] has no setting "prot"; did you mean "port"?',
        f'{file}:6: phones.101.port is "1"; write a whole number without quotes',
    ]


def test_check_tells_what_does_less_than_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "office.toml"
    file.write_text(f'dialplan = "extensions.conf"\n{DOZEN}')
    plan = "[office]\nexten => 1,1,Dial(FXS/101,30,q)\n same => n,Goto(nowhere,1)\n"
    plan += "[from-pstn]\nexten => s,1,Hangup()\n"
    (tmp_path / "extensions.conf").write_text(plan)
    assert main(["check", str(file)]) == 0
    first, second, third, fourth, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{tmp_path}/extensions.conf:2: ") and first.endswith("(a doubt, no fault)")
    assert "extensions.conf:3: " in second and "nowhere" in second
    assert third == "from context office no emergency number (112, 911) gets to an outside line (a doubt, no fault)"
    assert fourth == "No way leads from a caller outside to an outside line."
    assert last == f"{file}: no faults; 2 extensions in 2 contexts."


def test_an_office_that_nobody_is_in_is_worth_a_look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "office.toml").write_text("")
    assert main(["check", str(tmp_path / "office.toml")]) == 0
    assert "there is no telephone, account, line or trunk; write one, such as [acc" in capsys.readouterr().out


def test_a_call_for_help_is_run_dry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "office.toml"
    file.write_text(DOZEN + "[tolls]\nallow = []\n")
    assert main(["route", "911", "--from", "101", "--config", str(file)]) == 0
    told = capsys.readouterr().out
    assert "tolls: FXO/g1/911: 911 (emergency), which passes every cap\n" in told
    assert "would call FXO/g1/911\n" in told
    assert main(["route", "95550100", "--from", "101", "--config", str(file)]) == 0
    told = capsys.readouterr().out
    assert "tolls: FXO/g1/5550100: refused: 101 may not call 5550100 (local). To let it, add" in told
    assert "would call nobody\n" in told


def test_every_emergency_number_is_run_dry_from_wherever_people_dial(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "office.toml").write_text(DOZEN + "[tolls]\nallow = []\n")
    assert main(["route", "--emergency"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert rows == [
        ["office", "101", number, f"FXO/g1/{number}", "passes", "every", "cap"] for number in ("112", "911")
    ]
    (tmp_path / "extensions.conf").write_text("[office]\nexten => 911,1,Dial(FXS/101)\n[from-pstn]\n")
    (tmp_path / "office.toml").write_text('dialplan = "extensions.conf"\n' + DOZEN)
    assert main(["route", "--emergency"]) == 1
    told = capsys.readouterr()
    assert told.err == "From office no emergency number gets to an outside line.\n"
    assert "FXS/101" in told.out and "nobody" in told.out


def test_a_route_wants_a_number_and_who_dials_or_emergency(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["route"], ["route", "911"], ["route", "911", "--emergency"], ["route", "--from", "101"]):
        assert main(words) == 2
        assert "--emergency alone" in capsys.readouterr().err.replace("\n", " ").replace("│ ", "")


def test_without_a_configuration_the_option_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COPPERLINE_CONFIG", raising=False)
    (tmp_path / "routes.txt").write_text("")
    for words in (["route", "911", "--from", "101"], ["test-dialplan", "routes.txt"]):
        assert main(words) == 1
        assert capsys.readouterr().err == (
            "There is no office.toml in this folder and no /etc/copperline/office.toml; "
            "name yours with --config FILE.\n"
        )
    monkeypatch.setattr(
        "gateway.cli.config_option._INSTALLED", Path("/", "x" * 300)
    )  # as one that none may look at
    assert main(["route", "911", "--from", "101"]) == 1 and "--config FILE" in capsys.readouterr().err
    assert main(["route", "911", "--from", "101", "--config", "gone.toml"]) == 1
    assert capsys.readouterr().err == "gone.toml: cannot be read: no such file or directory; name a file that can\n"


def test_check_of_a_good_file_and_its_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "office.toml"
    file.write_text(DOZEN)
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().out == (
        f"No way leads from a caller outside to an outside line.\n{file}: no faults; 12 extensions in 5 contexts.\n"
    )
    assert main(["check", "--defaults", str(file)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert "phones.101.port = 1" in printed
    assert 'phones.101.context = "office"    # default' in printed
    assert 'accounts.6001.secret = "***"' in printed


def test_route_tells_what_would_be_called(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "office.toml"
    file.write_text(DOZEN)
    assert main(["route", "95550100", "--from", "101", "--config", str(file), "--at", "2026-11-21T09:00:00"]) == 0
    printed = capsys.readouterr().out
    assert "office,95550100,1 Dial(FXO/g1/5550100)" in printed
    assert "would call FXO/g1/5550100\n" in printed
    assert main(["route", "s", "--from", "copper1", "--config", str(file)]) == 0
    assert "would call FXS/101 for 60 s" in capsys.readouterr().out
    assert main(["route", "101", "--from", "6002", "--config", str(file)]) == 1
    assert capsys.readouterr().err == 'No phone, account, line or trunk is called "6002"; did you mean "6001"?\n'


def test_a_route_that_goes_round_and_round_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan.conf").write_text(
        "[office]\nexten => 1,1,NoOp(a)\n same => n(b),NoOp(b)\n same => n,Goto(b)\n"
    )
    file = tmp_path / "office.toml"
    file.write_text('dialplan = "plan.conf"\n[accounts.6001]\nsecret = "hunter2"\n')
    assert main(["route", "1", "--from", "6001", "--config", str(file)]) == 0
    _, *steps = capsys.readouterr().out.splitlines()
    assert steps[:4] == [
        "  plan.conf:2 office,1,1 NoOp(a)",
        "  plan.conf:3 office,1,2 NoOp(b)",
        "  plan.conf:4 office,1,3 Goto(b)",
        "  … these 2 steps 248 times more",
    ]
    assert steps[-1].startswith("would end: the dialplan could not take the call (dialplan loop at plan.conf:3: ")


def test_no_authorities_are_read_for_an_office_that_has_no_certificate(
    office: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*arguments: object, **settings: object) -> ssl.SSLContext:
        raise AssertionError("it takes 35 ms of each request")

    monkeypatch.setattr(ssl, "create_default_context", slow)
    assert main(["calls"]) == 0
    with pytest.raises(AssertionError, match="35 ms"):
        main(["calls", "--url", "https://127.0.0.1:1"])


def test_of_many_calls_some_are_shown(
    office: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (call,) = office.shown.shown_calls
    monkeypatch.setattr(office.shown, "shown_calls", [replace(call, id=f"call-{n}") for n in range(1200)])
    assert main(["calls", "--ended", "0"]) == 0
    printed = capsys.readouterr().out
    assert "call-99 " in printed and "call-100 " not in printed
    assert "These are the first 100, of 1200 in all: look for a TEXT, or show more by --most.\n" in printed
    assert main(["calls", "call-119", "--ended", "0", "--most", "12"]) == 0
    printed = capsys.readouterr().out
    assert "call-1199 " in printed and "call-120 " not in printed and "These are" not in printed
    assert main(["calls", "--json", "--ended", "0"]) == 0
    assert len(json.loads(capsys.readouterr().out)["calls"]) == 1200


@pytest.fixture
def newfoundland(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A terminal half an hour off the full hour, three and a half behind UTC."""
    monkeypatch.setenv("TZ", "America/St_Johns")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("newfoundland")
def test_calls_and_how_the_latest_ended(office: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calls", "--ended", "1"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[1].split() == ["call-7", "Ada", "<6001>", "101", "up", "1:05"]
    assert printed[3:6] == ["call-7", "  SIP/6001-00000001: up", "  FXS/101-00000002: up"]
    assert printed[-1] == (
        "2026-11-21 05:30:00  call-6  Ada [bold] <6001> to 101, busy:"
        " telephone 101 refused the call (off-hook): user busy (17). Try again later."
    )
    assert main(["calls", "--ended", "2"]) == 0
    assert (
        capsys.readouterr()
        .out.splitlines()[-1]
        .endswith(" SIP/6001-00000001 was heard badly (MOS 2.4): 20 of 100 packets lost, jitter 12 ms.")
    )
    assert main(["calls", "nobody", "--ended", "0"]) == 0
    assert capsys.readouterr().out == 'No call in progress has "nobody".\n'
    assert main(["calls", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["calls"][0]["id"] == "call-7"
    assert [leg["score"] for record in shown["records"] for leg in record["quality"]] == [2.4]


def test_lines(office: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lines"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[1].split() == ["101", "FXS", "main", "1", "101", "up", "1:01", "6001"]
    assert printed[2].split() == ["copper1", "FXO", "main", "3", "2565551100", "red", "alarm", "0:00"]
    assert printed[3] == "  copper1: it has no battery", "in a line of its own: it would be folded in a column"
    assert printed[6].split() == "pstn up 1:05 2 4711 192.0.2.9:5060 by udp 12.5 ms".split()
    assert printed[7].split()[:3] == ["spare", "down", "0:05"]
    assert printed[8:] == ["  pstn: registered", "  spare: does not answer OPTIONS"]
    assert main(["lines", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [shown["lines"][0]["name"], shown["trunks"][0]["name"]] == ["101", "pstn"]


def test_who_is_registered_refused_and_banned(office: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["registrations"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[1].split() == ["6001", "192.0.2.7:5060", "udp", "5:00", "baresip"]
    assert printed[-1] == (
        "  1:01 ago, 3 times: REGISTER as '6OO1' from 192.0.2.7:5060 by udp: there is no such account"
    )
    for words in (["bans"], ["bans", "show"]):
        assert main(words) == 0
        assert "203.0.113.66" in capsys.readouterr().out
    assert main(["bans", "lift", "203.0.113.66"]) == 0
    assert capsys.readouterr().out == "203.0.113.66 is heard again.\n"
    assert main(["bans", "lift", "203.0.113.66"]) == 1
    assert capsys.readouterr().err == "203.0.113.66 is not banned.\n"


def test_what_an_operator_should_look_at_comes_first(office: Served, capsys: pytest.CaptureFixture[str]) -> None:
    office.shown.sick = "The media plane has stopped: out of memory."
    try:
        assert main(["calls", "--ended", "0"]) == 0
    finally:
        office.shown.sick = ""
    assert capsys.readouterr().err == "The media plane has stopped: out of memory.\n"


def test_a_call_is_hung_up(office: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hang-up", "call-7"]) == main(["hang-up", "FXS/101-00000002"]) == main(["hang-up", "--all"]) == 0
    assert office.shown.hung_up == ["call-7", "FXS/101-00000002", "call-7"]
    assert capsys.readouterr().out.splitlines()[0] == "call-7 is hung up."
    assert main(["hang-up", "call-9"]) == 1
    assert capsys.readouterr().err == 'No call or leg "call-9" is in progress.\n'
    assert main(["hang-up"]) == main(["hang-up", "call-7", "--all"]) == 2
    assert "name a call or a leg, or say --all" in capsys.readouterr().err


def test_an_office_that_ends_no_calls_is_told_also_where_all_were_to_end(
    office: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def gone(name: str) -> None:
        raise RuntimeError(name)

    monkeypatch.setattr(office.shown, "hang_up", gone)
    assert main(["hang-up", "--all"]) == 1
    printed = capsys.readouterr()
    assert printed.err and not printed.out


def test_a_reload_says_what_came_of_it(office: Served, capsys: pytest.CaptureFixture[str]) -> None:
    office.shown.reloads = [
        ReloadView(False, ["office.toml:3: no", "not reloaded"]),
        ReloadView(True, ["read anew"]),
    ]
    assert main(["reload"]) == 0
    assert capsys.readouterr().out == "read anew\n"
    assert main(["reload"]) == 1
    assert capsys.readouterr().err == "office.toml:3: no\nnot reloaded\n"


def test_an_office_is_named_as_its_configuration_names_it(
    office: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPPERLINE_URL", office.url.removeprefix("http://"))
    assert main(["calls", "--ended", "0"]) == 0
    assert "call-7" in capsys.readouterr().out


def test_conference_rooms(office: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rooms"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "board: locked, recorded"
    assert printed[2].split() == ["1", "Ada", "6001", "SIP/6001-00000001", "heard,", "talks,", "admin", "1:05"]
    assert printed[3].split() == ["2", "unknown", "FXO/1-00000002", "muted,", "marked", "0:05"]
    assert main(["rooms", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "board"
    for words, told in (
        (["kick", "board", "6001"], "6001 has been sent out of board."),
        (["kick", "board"], "All have been sent out of board."),
        (["mute", "board", "2"], "2 is muted in board."),
        (["unmute", "board"], "Participants are heard again in board."),
        (["lock", "board"], "board is locked."),
        (["unlock", "board"], "board is unlocked."),
    ):
        assert main(["rooms", *words]) == 0
        assert capsys.readouterr().out == f"{told}\n"
    assert office.shown.shown_rooms.done == [
        ("board", "kick", "6001"),
        ("board", "kick", ""),
        ("board", "mute", "2"),
        ("board", "unmute", ""),
        ("board", "lock", ""),
        ("board", "unlock", ""),
    ]
    before = len(office.shown.shown_rooms.done)
    for words in (
        ["--url", "http://127.0.0.1:9", "lock", "board"],
        ["lock", "board", "--url", "http://127.0.0.1:9"],
    ):
        assert main(["rooms", *words]) == 1, "another office, which is not there"
    assert len(office.shown.shown_rooms.done) == before
    assert capsys.readouterr().err.count("No office runs at http://127.0.0.1:9") == 2
    assert main(["rooms", "lock", "attic"]) == 1
    assert capsys.readouterr().err == "Nobody is in a conference room attic.\n"


def test_a_registered_telephone_that_does_not_answer_any_more_is_shown_so(
    office: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    office.shown.way_trouble = "the telephone of 6001 does not answer at udp:192.0.2.7:5060"
    assert main(["registrations"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[2] == "the telephone of 6001 does not answer at udp:192.0.2.7:5060"


def test_trace_of_a_leg_is_safe_for_a_terminal(office: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "FXS/101-00000002", "--detail"]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[:3] == [
        "    0.0000  message   SIP/6001-00000001         INVITE sip:101@127.0.0.1",
        "            | INVITE sip:101@127.0.0.1",
        "            | Via: x",
    ]
    assert "ringing?[2J" in printed
    assert "\x1b" not in printed
    assert main(["trace"]) == 0, "the latest call"
    said, first, *_ = capsys.readouterr().out.splitlines()
    assert said.startswith("The latest call, ") and first == printed.splitlines()[0]
    assert main(["trace", "call-9"]) == 1
    assert capsys.readouterr().err == 'Nothing is known of a call "call-9"; the latest calls are kept.\n'


def test_a_call_is_followed_until_it_is_over(
    office: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    calls, story = office.shown.shown_calls, office.shown.story

    def in_progress() -> Sequence[CallView]:
        seen.append(1)
        return calls if 1 < len(seen) < 4 else []

    monkeypatch.setattr("gateway.cli.trace.PAUSE", 0.01)
    monkeypatch.delattr(office.shown, "shown_calls")
    monkeypatch.setattr(ShownOffice, "shown_calls", property(lambda self: in_progress()), raising=False)
    monkeypatch.setattr(office.shown, "story", lambda name: story(name)[: len(seen) - 2])
    assert main(["trace", "--follow"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["0.0000", "message"], ["0.2500", "line"]], "each once"
    assert len(seen) == 4, "it waits for a call, and looks once more when that is over"


def test_a_trace_is_saved_for_wireshark(office: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "call.pcapng"
    assert main(["trace", "call-7", "--save", str(file)]) == 0
    assert file.read_bytes() == b"pcapng"
    assert capsys.readouterr().out.startswith(f"The messages of call-7 are in {file}")
    assert main(["trace", "call-9", "--save", str(file)]) == 1
    assert capsys.readouterr().err == 'Nothing is known of a call "call-9"; the latest calls are kept.\n'
    assert main(["trace", "FXS/101-00000002", "--save", str(file)]) == 1
    assert "met no messages by SIP or on a D channel" in capsys.readouterr().err
    assert file.read_bytes() == b"pcapng", "and no empty file takes its place"
    assert main(["trace", "call-7", "--save", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path} cannot be written: Is a directory\n"


def test_records_are_printed_or_saved_for_the_books(
    office: Served, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["records", "--since", "2026-11-22T00:00+00:00", "--until", "2027-01-01"]) == 0
    lines = capsysbinary.readouterr().out.decode().splitlines()
    assert lines[0].startswith("id,linked,started") and len(lines) == 1 + 1200 - 15 * 60
    file = tmp_path / "calls.csv"
    assert main(["records", "--until", "2027-01-01", "--save", str(file)]) == 0
    assert len(file.read_text().splitlines()) == 1201
    assert main(["records", "--since", "soon"]) == 1
    assert capsysbinary.readouterr().err.startswith(b"since must be a date")
    assert main(["records", "--url", "http://127.0.0.1:1", "--save", str(file)]) == 1
    assert capsysbinary.readouterr().err.startswith(b"No office runs at http://127.0.0.1:1")
    assert len(file.read_text().splitlines()) == 1201, "what was saved before is there still"


def test_records_that_break_off_are_told_as_that(
    office: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    records, seen = office.shown.records, []

    async def breaks_off(limit: int) -> Sequence[CallRecord]:
        seen.append(limit)
        if len(seen) > 1200:  # of which the first part of the table is made
            raise LocalError("the disk is gone")
        return await records(limit)

    monkeypatch.setattr(office.shown, "records", breaks_off)
    assert main(["records", "--until", "2027-01-01"]) == 1
    assert capsys.readouterr().err == f"The office at {office.url} broke off in its answer; its log may tell why.\n"


def test_hands_on_an_emulated_telephone(office: Served, tmp_path: Path) -> None:
    for words in (
        ["off-hook"],
        ["dial", "95550100"],
        ["pulse", "6001"],
        ["flash"],
        ["flash", "120"],
        ["fault", "bounce=8,noise=-50"],
        ["unplug"],
        ["plug-in"],
        ["on-hook"],
        ["lift"],
        ["hang-up"],
    ):
        assert main(["sim", "phone", "101", *words]) == 0
    assert office.world.phone_101.done == [
        "lift",
        "dial 95550100",
        "pulse 6001",
        "flash 500",
        "flash 120",
        "fault {'bounce': 8.0, 'noise': -50.0}",
        "unplug",
        "plug in",
        "hang-up",
        "lift",
        "hang-up",
    ]
    speech = np.arange(100, dtype=np.int16)
    (tmp_path / "speech.wav").write_bytes(wav.encode(speech))
    assert main(["sim", "phone", "101", "say", str(tmp_path / "speech.wav")]) == 0
    assert office.world.phone_101.said.tolist() == speech.tolist()
    (tmp_path / "speech.sln16").write_bytes(np.zeros(320, "<i2").tobytes())
    assert main(["sim", "phone", "101", "say", str(tmp_path / "speech.sln16")]) == 0
    assert len(office.world.phone_101.said) == 160


@pytest.mark.parametrize("word", ["heard", "hears"])
def test_what_is_heard_at_an_emulated_telephone(
    office: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    assert main(["sim", "phone", "101", word, "--save", str(tmp_path / "heard.wav")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "telephone 101: off hook",
        "  bell       still, 2 rings",
        "  hears      dial tone, -13.0 dBm0",
        "  digits     12#",
        "  caller ID  Ada <6001>",
    ]
    assert wav.decode((tmp_path / "heard.wav").read_bytes()).tolist() == list(range(-80, 80))


def test_the_exchange_calls_in(office: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "line", "copper1", "call", "--number", "5550123", "--name", "Jo"]) == 0
    assert main(["sim", "line", "copper1", "call"]) == 1
    assert capsys.readouterr().err == "The line copper1 is in use.\n"
    assert main(["sim", "line", "copper1", "hang-up"]) == 0
    assert office.world.copper1.done == ["call 5550123 Jo", "hang-up"]


def test_copper_is_given_an_echo_path(office: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "path.wav").write_bytes(wav.encode(np.arange(200, dtype=np.int16)))
    assert main(["sim", "phone", "101", "echo", str(tmp_path / "path.wav")]) == 0
    assert main(["sim", "line", "copper1", "echo", str(tmp_path / "path.wav")]) == 0
    assert (office.world.phone_101.done, office.world.copper1.done) == (["echo 200"], ["echo 200"])
    assert main(["sim", "line", "copper1", "echo"]) == 2
    assert "echo takes the name of a sound file after it" in capsys.readouterr().err


def test_what_is_emulated_is_listed(office: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "list"]) == 0
    assert capsys.readouterr().out.splitlines() == ["phones  101", "lines   copper1", "cards   main"]


def test_a_card_is_pulled_out_and_put_back(office: Served) -> None:
    assert main(["sim", "card", "main", "remove"]) == 0
    assert main(["sim", "card", "main", "insert"]) == 0
    assert office.world.main.done == ["remove", "insert"]


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["phone", "101", "flash", "long"], 2, '"long" is no whole number of milliseconds'),
        (["phone", "101", "flash", "9000"], 1, "flash takes 10 to 3000 ms, and no digits.\n"),
        (["phone", "101", "unplug", "1"], 2, "unplug takes nothing after it"),
        (["card", "main", "burn"], 2, '"burn" is none of remove, insert'),
        (["card", "other", "remove"], 1, 'There is no emulated card "other"; there are: main.\n'),
        (["phone", "101", "jump"], 2, '"jump" is none of lift, hang-up, flash, dial, pulse, say, heard'),
        (["phone", "101", "dial"], 2, "dial takes digits after it"),
        (["phone", "101", "lift", "1"], 2, "lift takes nothing after it"),
        (["phone", "101", "dial", "x"], 1, "dial takes digits of #*0123456789ABCD, 64 at most.\n"),
        (["phone", "101", "say", "/none.wav"], 1, "/none.wav"),
        (["phone", "../../calls", "lift"], 1, "There is no"),
        (["phone", "102", "lift"], 1, 'There is no emulated telephone "102"; there are: 101.\n'),
        (["line", "copper1", "cut"], 2, '"cut" is none of call, hang-up'),
    ],
)
def test_hands_that_do_what_cannot_be_done(
    office: Served, capsys: pytest.CaptureFixture[str], words: list[str], status: int, sentence: str
) -> None:
    assert main(["sim", *words]) == status
    assert sentence in capsys.readouterr().err
    assert office.world.phone_101.done == []


def test_nothing_runs_there(capsys: pytest.CaptureFixture[str]) -> None:
    for url in ("http://127.0.0.1:1", "nonsense", "http://[", "ftp://127.0.0.1"):
        assert main(["calls", "--url", url]) == 1
        assert capsys.readouterr().err == (
            f'No office runs at {url}; start one with "copperline run CONFIG", or name another with --url.\n'
        )


def test_what_scripts_keep_is_read_and_written(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--url", served.url]
    assert main(["database", "put", "night/mode", "on", *where]) == 0
    assert main(["database", "get", "night/mode", *where]) == 0
    assert capsys.readouterr().out == "on\n"
    assert main(["database", "del", "night/mode", *where]) == 0
    assert main(["database", "get", "night/mode", *where]) == 1
    assert capsys.readouterr().err == "Nothing is kept at night/mode.\n"
    assert main(["database", "show", "cfu", *where]) == 0
    assert "cfu/101  5550100" in capsys.readouterr().out


def test_tolls_are_shown_with_what_there_was_to_tell(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tolls", "--url", served.url]) == 0
    told = capsys.readouterr().out
    assert "caller 6001" in told and "12.5" in told
    assert "spans e1, e2 (span-g1)" in told, "a hunt group by who is in it"
    assert told.endswith("  emergency call to 911 by 101 on g1\n")


EXAMPLE = Path(__file__).parents[3] / "examples" / "office"


def test_the_routes_of_the_demo_office_are_as_expected(capsys: pytest.CaptureFixture[str]) -> None:
    config = ["--config", str(EXAMPLE / "office.toml")]
    assert main(["test-dialplan", str(EXAMPLE / "routes.txt"), *config]) == 0
    assert re.search(r"routes\.txt: all \d+ routes are as expected\.\n$", capsys.readouterr().out)


GUIDE = Path(__file__).parents[3] / "docs" / "dialplan.md"


def test_the_routes_in_the_guide_are_as_expected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, routes = re.findall(r"```(?:text)?\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[:2]
    phones = "".join(f"[phones.{number}]\nport = {port}\n" for port, number in enumerate(range(101, 105), 1))
    (tmp_path / "extensions.conf").write_text(plan)
    (tmp_path / "routes.txt").write_text(routes)
    office = tmp_path / "office.toml"
    office.write_text(
        'dialplan = "extensions.conf"\n[cards.main]\nbackend = "dahdi"\n[lines.copper1]\nport = 9\n'
        f'[accounts.6001]\nsecret = "copper-6001"\n{phones}'
    )
    told = main(["test-dialplan", str(tmp_path / "routes.txt"), "--config", str(office)])
    assert (told, capsys.readouterr().out) == (0, f"{tmp_path}/routes.txt: all 7 routes are as expected.\n")


def test_a_context_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "routes.txt").write_text("6001 101 context=ofice -> FXS/101\n6001 101 -> FXS/101\n")
    words = ["test-dialplan", str(tmp_path / "routes.txt"), "--config", str(EXAMPLE / "office.toml")]
    assert main(words) == 1
    told = 'there is no context "ofice"; did you mean office?'
    assert capsys.readouterr().out == f"{tmp_path}/routes.txt:1: {told}\n"


def test_a_route_that_is_not_as_expected_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, config = tmp_path / "routes.txt", ["--config", str(EXAMPLE / "office.toml")]
    table.write_text(
        "context = office\n6001 101 -> FXS/102\n6001 919005551234 -> FXO/g1/19005551234\n6001 102 ->\n"
    )
    assert main(["test-dialplan", str(table), *config]) == 1
    assert capsys.readouterr().err.startswith(f"{table}:4: '' is nothing to expect; write")
    table.write_text(table.read_text().replace("6001 102 ->\n", ""))
    assert main(["test-dialplan", str(table), *config, "--steps"]) == 1
    told = capsys.readouterr()
    assert f"{table}:2: 101 dials FXS/101, not FXS/102.\n    extensions.conf:" in told.out
    assert f"{table}:3: 919005551234 dials nobody, not FXO/g1/19005551234.\n    tolls: " in told.out
    assert told.err == f"{table}: 2 of 2 routes are not as expected.\n"
