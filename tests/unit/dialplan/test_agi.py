"""AGI as Asterisk's res_agi speaks it: programs on the network and beside the dialplan, and what ends them."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from dialplan.agi.protocol import read_command
from dialplan.engine import DialplanEngine
from dialplan.shared import Permissions
from gateway.core.number import Party
from gateway.core.switch import HungUp
from tests.unit.dialplan.office import CALLER_HUNG_UP, FakeLeg, Office


class Caller(FakeLeg):
    """Stays on the line until `gone` is set."""

    def __init__(self, keys: str = "", party: Party | None = None) -> None:
        super().__init__(called="100", keys=keys)
        self.party = party or Party("6001", "Ada")
        self.gone = asyncio.Event()

    async def released(self) -> None:
        await self.gone.wait()
        self.hang_up(CALLER_HUNG_UP)
        raise HungUp(CALLER_HUNG_UP)


Program = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def lines(reader: asyncio.StreamReader) -> list[str]:
    found: list[str] = []
    while (line := (await reader.readline()).decode().rstrip("\n")) != "":
        found.append(line)
    return found


class Asked:
    """A FastAGI program that says `commands` one by one and keeps the answers."""

    def __init__(self, *commands: str) -> None:
        self.commands = commands
        self.environment: dict[str, str] = {}
        self.answers: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.environment = dict(line.split(": ", 1) for line in await lines(reader))
        for command in self.commands:
            writer.write(f"{command}\n".encode())
            answer = (await reader.readline()).decode().rstrip("\n")
            while answer.startswith("520-") and not answer.endswith("520 End of proper usage."):
                answer += "\n" + (await reader.readline()).decode().rstrip("\n")
            self.answers.append(answer)
        writer.close()


def run(
    program: Program,
    *,
    leg: Callable[[], Caller] = Caller,
    steps: Sequence[str] = (),
    text: str = "",
    path: str = "greet?x=1",
    arguments: str = "",
) -> Caller:
    """A call that reaches `program` over the network, and then takes `steps`."""

    async def go() -> Caller:
        server = await asyncio.start_server(program, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        plan = [f"AGI(agi://127.0.0.1:{port}/{path}{arguments})", *steps]
        office = Office("[office]\nexten => 100,1," + "\n same => n,".join(plan) + f"\n{text}")
        office.engine = DialplanEngine(office.dialplan, office, permissions=Permissions(network=True))
        caller = leg()
        async with asyncio.timeout(10), server:
            await office.call("100", caller)
        return caller

    return asyncio.run(go())


def test_a_program_is_told_of_the_call() -> None:
    program = Asked()
    run(
        program,
        arguments=",one,${CALLERID(name)}",
        leg=lambda: Caller(party=Party("6001", "Ada, ${EXTEN}\nagi_x: 1")),
    )
    told = program.environment
    assert told["agi_network"] == "yes" and told["agi_network_script"] == "greet?x=1"
    assert (told["agi_callerid"], told["agi_calleridname"]) == ("6001", "Ada, ${EXTEN} agi_x: 1")
    assert (told["agi_context"], told["agi_extension"], told["agi_priority"]) == ("office", "100", "1")
    assert (told["agi_arg_1"], told["agi_arg_2"]) == ("one", "Ada, ${EXTEN} agi_x: 1")
    assert "agi_arg_3" not in told and "agi_x" not in told


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("ANSWER", "200 result=0"),
        ("answer", "200 result=0"),
        ("CHANNEL STATUS", "200 result=4"),
        ("CHANNEL STATUS SIP/nobody-1", "200 result=-1"),
        ("GET VARIABLE EXTEN", "200 result=1 (100)"),
        ("GET VARIABLE CALLERID(name)", "200 result=1 (Ada)"),
        ("GET VARIABLE nothing", "200 result=0"),
        ('GET FULL VARIABLE "${EXTEN}-${CALLERID(num)}"', "200 result=1 (100-6001)"),
        ('SET VARIABLE "A" "one two"', "200 result=1"),
        ("SET VARIABLE A", "520-Invalid command syntax.  Proper usage follows:\nUsage: SET VARIABLE name value\n"
         "520 End of proper usage."),
        ("DANCE", "510 Invalid or unknown command"),
        ("", "510 Invalid or unknown command"),
        ("STREAM FILE hello 1", "200 result=0 endpos=1"),
        ("STREAM FILE no-such 1", "200 result=0 endpos=0"),
        ("EXEC NoOp x", "200 result=0"),
        ("EXEC Dance x", "200 result=-2"),
        ("EXEC Goto", "200 result=-1"),
        ("NOOP", "200 result=0"),
        ("VERBOSE hello 1", "200 result=1"),
        ("RECORD FILE day wav # 400", "200 result=0 (timeout) endpos=0"),
        ("RECORD FILE day wav # -1 0 BEEP s=1", "200 result=0 (timeout) endpos=0"),
        ("RECORD FILE full-disk wav # 400", "200 result=0 (writefile) endpos=0"),
        ("SAY NUMBER 12 #", "200 result=0"),
        ("SAY NUMBER twelve #", "200 result=-1"),
        ("SAY DIGITS 12", "520-Invalid command syntax.  Proper usage follows:\nUsage: SAY DIGITS digits keys\n"
         "520 End of proper usage."),
        ("WAIT FOR DIGIT 1000", "200 result=0"),
        ("GET DATA enter 1000 3", "200 result= (timeout)"),
        ("DATABASE GET a b", "200 result=0"),
        ("DATABASE PUT a b c", "200 result=1"),
        ("DATABASE DEL a b", "200 result=0"),
        ("DATABASE DELTREE a", "200 result=0"),
        ("SEND TEXT hello", "200 result=0"),
        ("SET MUSIC off", "200 result=0"),
        ("SET AUTOHANGUP 0", "200 result=0"),
        ('SET CALLERID "Eve <77>"', "200 result=1"),
        ("HANGUP SIP/nobody-1", "200 result=-1"),
        ("TDD MODE off", "200 result=0"),
    ],
)  # fmt: skip
def test_what_each_command_answers(command: str, answer: str) -> None:
    program = Asked(command)
    run(program)
    assert program.answers == [answer]


def test_keys_are_told_by_their_codes_and_digits_as_they_are() -> None:
    program = Asked("STREAM FILE hello 12", "WAIT FOR DIGIT -1", "GET DATA enter 2000 3", "GET OPTION hello 9")
    run(program, leg=lambda: Caller(keys="1#12#9"))
    assert program.answers[:3] == [f"200 result={ord('1')} endpos=0", f"200 result={ord('#')}", "200 result=12"]
    assert program.answers[3].startswith(f"200 result={ord('9')} ")


def test_nor_are_those_that_it_has_read_one_by_one() -> None:
    read = ["WAIT FOR DIGIT -1"] * 5
    program = Asked(*read, "SET VARIABLE PIN 4711", "VERBOSE 71", "VERBOSE 24711", "EXEC NoOp 4711")
    leg = run(program, leg=lambda: Caller(keys="4711#"))
    assert leg.variables["PIN"] == "4711"
    assert any("VERBOSE 71" in note for note in leg.notes)
    assert not any("4711" in note for note in leg.notes)


def test_a_key_that_ends_a_prompt_begins_what_is_read_one_by_one() -> None:
    wait = "WAIT FOR DIGIT 2000"
    said = ("VERBOSE 123", "VERBOSE 9123")
    for before, keys in ((wait, "9123-"), ("GET DATA enter 2000 2", "991234-")):
        program = Asked(before, "STREAM FILE enter 0123456789", wait, wait, "SAY NUMBER 12 #", *said)
        leg = run(program, leg=lambda keys=keys: Caller(keys=keys))  # type: ignore[misc]  # bound now
        assert [note for note in leg.notes if "VERBOSE" in note] == ["AGI VERBOSE ???", "AGI VERBOSE 9???"]


def test_the_password_of_an_application_that_a_program_runs_is_not_told() -> None:
    leg = run(Asked("EXEC Authenticate 4711", 'exec TryExec "DISA(4712,office)"'), leg=lambda: Caller(keys="4711#"))
    assert "AGI EXEC Authenticate ????" in leg.notes
    assert not any("4711" in note or "4712" in note for note in leg.notes)


def test_what_is_read_at_once_begins_anew_as_well() -> None:
    program = Asked("WAIT FOR DIGIT 2000", "GET DATA enter 2000 2", *["WAIT FOR DIGIT 2000"] * 3, "VERBOSE 456")
    leg = run(program, leg=lambda: Caller(keys="123456"))
    assert "AGI VERBOSE ???" in leg.notes


def test_keys_that_a_program_has_read_are_told_in_no_note_of_what_it_says_of_them() -> None:
    program = Asked("GET DATA enter 2000 4", "SET VARIABLE PIN 4711")
    leg = run(program, leg=lambda: Caller(keys="4711"))
    assert leg.variables["PIN"] == "4711"
    assert "AGI SET VARIABLE PIN ????" in leg.notes


def test_what_a_program_records_is_heard_afterwards() -> None:
    program = Asked('RECORD FILE "/var/lib/asterisk/sounds/custom/day" gsm "*#" -1 BEEP')
    leg = run(program, steps=["Playback(custom/day)"], leg=lambda: Caller(keys="--#"))
    assert leg.heard == ["beep", "recording custom/day"]
    assert program.answers == [f"200 result={ord('#')} (dtmf) endpos=0"]


def test_the_dialplan_goes_on_where_the_program_says() -> None:
    program = Asked("SET CONTEXT other", "SET EXTENSION 7", "SET PRIORITY 2")
    leg = run(
        program, steps=["Set(BELOW=1)"], text="[other]\nexten => 7,1,NoOp()\n same => n,Set(THERE=${AGISTATUS})\n"
    )
    assert leg.variables["THERE"] == "SUCCESS" and "BELOW" not in leg.variables
    leg = run(Asked("SET VARIABLE X 5"), steps=["Set(BELOW=${X}${AGISTATUS})"])
    assert leg.variables["BELOW"] == "5SUCCESS"


def test_a_subroutine_and_an_application_that_jumps() -> None:
    program = Asked("GOSUB sub s 1 a,b", "EXEC Goto office,200,1")
    text = "exten => 200,1,Set(T=200)\n[sub]\nexten => s,1,Return(${ARG2})\n"
    assert run(program, text=text).variables["T"] == "200"
    assert program.answers[0] == "200 result=0 (b)"


def test_a_caller_who_hangs_up_while_the_program_thinks() -> None:
    heard: list[str] = []

    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await lines(reader)
        caller.gone.set()
        heard.append((await reader.readline()).decode())
        for command in ("GET VARIABLE EXTEN", "STREAM FILE hello 1"):
            writer.write(f"{command}\n".encode())
            heard.append((await reader.readline()).decode())
        writer.close()

    def make() -> Caller:
        nonlocal caller
        caller = Caller()
        return caller

    caller: Caller
    leg = run(program, leg=make, text="exten => h,1,Set(H=${AGISTATUS})\n")
    assert heard == [
        "HANGUP\n",
        "200 result=1 (100)\n",
        "511 Command Not Permitted on a dead channel or intercept routine\n",
    ]
    assert leg.variables["H"] == "HANGUP" and leg.ending is CALLER_HUNG_UP


def test_a_caller_who_hangs_up_during_a_command() -> None:
    program = Asked("WAIT FOR DIGIT -1")
    leg = run(program, leg=lambda: Caller(keys="h"), steps=["Set(BELOW=1)"])
    assert program.answers == ["200 result=-1"]
    assert leg.ending is CALLER_HUNG_UP and "BELOW" not in leg.variables


def test_a_program_that_hangs_the_call_up() -> None:
    program = Asked("HANGUP")
    leg = run(program, steps=["Set(BELOW=1)"])
    assert program.answers == ["200 result=1"] and "BELOW" not in leg.variables
    assert leg.ending is not None and "AGI HANGUP" in leg.ending.evidence


def test_nobody_listens_and_the_dialplan_goes_on() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        office = Office(
            f"[office]\nexten => 100,1,AGI(agi://127.0.0.1:{port}/x)\n same => n,Set(T=${{AGISTATUS}})\n"
        )

        async def go(network: bool) -> FakeLeg:
            office.engine = DialplanEngine(office.dialplan, office, permissions=Permissions(network=network))
            return await office.call("100", Caller())

        assert asyncio.run(go(True)).variables["T"] == "FAILURE"
        assert any("dry run" in note for note in asyncio.run(go(False)).notes)


def test_a_line_without_an_end_is_not_read_for_ever() -> None:
    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * 300_000)
        await reader.read()
        writer.close()

    assert run(program, steps=["Set(T=${AGISTATUS})"]).variables["T"] == "FAILURE"


@given(st.text(max_size=60))
def test_any_line_has_words(line: str) -> None:
    assert all(isinstance(word, str) for word in read_command(line))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('SET VARIABLE a "b c"\n', ["SET", "VARIABLE", "a", "b c"]),
        (r'STREAM FILE x "" ', ["STREAM", "FILE", "x", ""]),
        (r"a\ b \"c", ["a b", '"c']),
        ("  a\t b", ["a", "b"]),
        ('"unclosed a', ["unclosed a"]),
    ],
)
def test_words_of_a_line(line: str, words: list[str]) -> None:
    assert read_command(line) == words


def local(
    tmp_path: Path,
    source: str,
    application: str,
    *,
    allowed: bool = True,
    incoming: bool = False,
    hangs_up_after: float | None = None,
) -> Caller:
    folder = tmp_path / "programs"
    folder.mkdir(exist_ok=True)
    program = folder / "hello"
    program.write_text(source)
    program.chmod(0o755)
    (tmp_path / "outside").write_text("#!/bin/sh\necho SET VARIABLE OUT 1\nread x\n")
    (tmp_path / "outside").chmod(0o755)

    async def go() -> Caller:
        office = Office(f"[office]\nexten => 100,1,{application}\n same => n,Set(T=${{AGISTATUS}})\n")
        office.engine = DialplanEngine(
            office.dialplan, office, permissions=Permissions(agi=folder if allowed else None)
        )
        caller = Caller(party=Party("6001", "$(touch pwned); a, b"))
        if hangs_up_after is not None:
            asyncio.get_running_loop().call_later(hangs_up_after, caller.gone.set)
        if incoming:
            caller.audio._incoming = np.arange(1600, dtype=np.int16)
        async with asyncio.timeout(20):
            await office.call("100", caller)
        return caller

    return asyncio.run(go())


TALKS = '#!/bin/sh\nwhile read line && [ -n "$line" ]; do :; done\necho SET VARIABLE ARG \\"$1\\"\nread answer\n'


def test_a_program_of_this_machine(tmp_path: Path) -> None:
    leg = local(tmp_path, TALKS, "AGI(hello,${CALLERID(name)})")
    assert leg.variables["T"] == "SUCCESS" and leg.variables["ARG"] == "$(touch pwned); a, b"


def test_programs_are_not_run_where_the_configuration_does_not_say_so(tmp_path: Path) -> None:
    leg = local(tmp_path, TALKS, "AGI(hello)", allowed=False)
    assert leg.variables["T"] == "FAILURE" and any("[permissions] agi" in note for note in leg.notes)


@pytest.mark.parametrize(("name", "status"), [("../outside", "FAILURE"), ("none", "NOTFOUND"), ("", "FAILURE")])
def test_only_programs_of_the_folder(tmp_path: Path, name: str, status: str) -> None:
    leg = local(tmp_path, TALKS, f"AGI({name})")
    assert leg.variables["T"] == status and "OUT" not in leg.variables


def test_eagi_gives_what_the_caller_says_on_descriptor_3(tmp_path: Path) -> None:
    source = TALKS.replace("$1", "$(head -c 4 <&3 | od -An -td2 | tr -s ' ')")
    before = len(os.listdir("/proc/self/fd"))
    leg = local(tmp_path, source, "EAGI(hello)", incoming=True)
    assert leg.variables["ARG"].split() == ["0", "1"]
    assert len(os.listdir("/proc/self/fd")) <= before


@pytest.mark.parametrize(
    "source",
    [
        "exec yes NOOP",
        "exec cat /dev/urandom",
        "trap '' HUP TERM\nwhile :; do sleep 0.05; done",
        "sleep 9 &\nexit 0",
    ],
    ids=["takes no answers", "says nothing that is sense", "does not end", "leaves another one behind"],
)
def test_no_program_keeps_a_call_that_is_over(tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialplan.agi.conversation._AFTERWARDS", 0.1)
    monkeypatch.setattr("dialplan.apps.agi._GRACE", 0.1)
    began = time.monotonic()
    leg = local(tmp_path, f"#!/bin/sh\n{source}\n", "AGI(hello)", hangs_up_after=0.3)
    assert leg.ending is CALLER_HUNG_UP and "T" not in leg.variables
    assert time.monotonic() - began < 8, "what the program left behind was not waited for"


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("end", ["exit 0", "kill -9 $$", "exec <&-"])
def test_what_a_program_has_said_is_done_though_it_reads_no_answers_and_is_gone(
    tmp_path: Path, end: str, new_loop: Callable[[], asyncio.AbstractEventLoop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer to who is not there any more is an error of another kind to each loop."""

    def run(work: Coroutine[Any, Any, Caller]) -> Caller:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(work)

    monkeypatch.setattr(asyncio, "run", run)
    says = "i=0\nwhile [ $i -lt 300 ]; do i=$((i+1)); echo SET VARIABLE LAST $i; done"
    leg = local(tmp_path, f"#!/bin/sh\n{says}\n{end}\n", "AGI(hello)")
    assert (leg.variables["LAST"], leg.variables["T"]) == ("300", "SUCCESS")


def test_its_conversation_can_be_imported_before_the_applications() -> None:
    """Of the whole table of them it needs none."""
    imported = "import sys, dialplan.agi.conversation; sys.exit('dialplan.applications' in sys.modules)"
    subprocess.run([sys.executable, "-c", imported], check=True, timeout=60)
