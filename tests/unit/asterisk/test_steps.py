"""Steps of which a part cannot be carried out: the rest of them is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gateway.asterisk.steps import harmless, in_part
from tests.unit.asterisk.directory import move_in

NO_CONTEXT = "no context 'closed'"
NO_EXTENSION = "no extension '9' in context open"
NO_TARGET = 'IAX2/shop/1 cannot be dialled: there is no technology "IAX2"'
HOURS = "08:00-17:00,mon-fri,*,*"


@pytest.mark.parametrize(
    ("step", "what", "rest"),
    [
        (f"GotoIfTime({HOURS}?open,s,1:closed,s,1)", NO_CONTEXT, f"GotoIfTime({HOURS}?open,s,1)"),
        ("GotoIfTime(*|sat|*|*?closed|s|1:open|s|1)", NO_CONTEXT, "GotoIfTime(*|sat|*|*?:open|s|1)"),
        ("GotoIf($[${IF($[1]?a:b)} = a]?closed,s,1:ok)", NO_CONTEXT, "GotoIf($[${IF($[1]?a:b)} = a]?:ok)"),
        ("GosubIf($[1]?closed,s,1(a,b):open,s,1(c))", NO_CONTEXT, "GosubIf($[1]?:open,s,1(c))"),
        ("GotoIf($[1]?open,9,1:closed,9,1)", NO_EXTENSION, "GotoIf($[1]?:closed,9,1)"),
        ("GotoIf($[1]?open,s,1:nowhere)", "no label 'nowhere' at extension 5", "GotoIf($[1]?open,s,1)"),
        ("Dial(SIP/1&IAX2/shop/1&SIP/2,20,tT)", NO_TARGET, "Dial(SIP/1&SIP/2,20,tT)"),
        ("Page(IAX2/shop/1&SIP/2,i)", NO_TARGET, "Page(SIP/2,i)"),
        ("Dial(SIP/1,,rM(closed)T)", "no context 'macro-closed'", "Dial(SIP/1,,rT)"),
        ("Dial(SIP/1,,rU(closed^1^2)T)", NO_CONTEXT, "Dial(SIP/1,,rT)"),
    ],
)
def test_the_rest_of_a_step(step: str, what: str, rest: str) -> None:
    for head in ("exten => 5,1,", " same => n(here),"):
        assert in_part(f"{head}{step}", what) == f"{head}{rest} ; in part: {f'{head}{step}'.strip()}"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("exten => 5,1,GotoIfTime(*,sat,*,*?closed,s,1)", NO_CONTEXT),
        ("exten => 5,1,GotoIf($[1]?closed,1,1:closed,2,1)", NO_CONTEXT),
        ("exten => 5,1,GotoIf($[1)", NO_CONTEXT),
        ("exten => 5,1,Dial(IAX2/shop/1,20)", NO_TARGET),
        ("exten => 5,1,Dial(SIP/1&SIP/2,20,r)", NO_CONTEXT),
        ("exten => 5,1,Goto(closed,s,1)", NO_CONTEXT),
        ("exten => 5,1,Hangup", "no application 'Hangup'"),
        ("include => closed", NO_CONTEXT),
    ],
)
def test_a_step_of_which_nothing_is_left(line: str, what: str) -> None:
    assert in_part(line, what) is None


@pytest.mark.parametrize("line", ["same =>" + " " * 20_000, "exten => 1,1,Dial(" + ") " * 20_000, "(" * 20_000])
def test_no_line_takes_long(line: str) -> None:
    began = time.process_time()
    assert in_part(line, NO_TARGET) is None and harmless(line)
    assert time.process_time() - began < 1


def test_a_line_is_mended_twice_and_tells_what_it_was() -> None:
    line = "exten => 5,1,Dial(SIP/1&IAX2/shop/1,20,M(closed))"
    once = in_part(line, NO_TARGET)
    assert once is not None
    assert in_part(once, "no context 'macro-closed'") == f"exten => 5,1,Dial(SIP/1,20,) ; in part: {line}"
    assert harmless(once) == f"exten => 5,1,NoOp(not carried over) ; {line}"
    assert harmless(harmless(once)).startswith("; not carried over: exten => 5,1,NoOp")


def test_an_office_goes_on_by_the_way_that_is_there(tmp_path: Path) -> None:
    moved = move_in(
        tmp_path,
        extensions="[default]\nexten => 5,1,GotoIfTime(*,sat,*,*?closed,s,1:open,s,1)\n"
        "exten => 6,1,Dial(IAX2/a/1&IAX2/b/2&Local/5@default,20)\n[open]\nexten => s,1,Hangup()\n",
    )
    lines = moved.imported.files["extensions.conf"].splitlines()
    assert lines[1].startswith("exten => 5,1,GotoIfTime(*,sat,*,*?:open,s,1) ; in part: ")
    assert lines[2].startswith("exten => 6,1,Dial(Local/5@default,20) ; in part: ")
    assert moved.left("extensions.conf")[0] == "2: no context 'closed', and that is left out of its line"
