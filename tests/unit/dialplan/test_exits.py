"""Which ways lead from a caller outside to a paid line: all of them are found, and none that cannot be."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplan.exits import Entry, Exit, Leaves, exits
from dialplan.route import dry_run
from dialplan.spread import ANY, NUMBER, Spread
from gateway.config.office import load_office
from gateway.core.errors import ConfigError
from gateway.core.number import Party
from gateway.core.switch import Target
from tests.unit.dialplan.office import NOON, read_text

OFFICE = Path(__file__).parents[3] / "examples" / "office" / "office.toml"
LINE = Entry("line copper1", "from-pstn", "100")
INSIDE = """
[office]
exten => 101,1,Dial(FXS/101,30)
include => outbound
[outbound]
exten => _9X.,1,Dial(FXO/g1/${EXTEN:1})
"""


def judge(target: Target) -> Leaves:
    if target.technology in ("FXO", "DAHDI"):
        return Leaves.YES
    return Leaves.MAYBE if ANY in target.address else Leaves.NO


def found(text: str, entry: Entry = LINE) -> list[Exit]:
    return exits(read_text(INSIDE + text), [entry], judge)


def ways(text: str, entry: Entry = LINE) -> list[str]:
    """Each exit as what it dials and how sure that is."""
    return [f"{each.target}{'' if each.sure else '?'}" for each in found(text, entry)]


OUT = ["FXO/g1/…"]


@pytest.mark.parametrize(
    ("step", "dials"),
    [
        ("Dial(FXS/101)", []),
        ("Goto(office,101,1)", []),
        ("Goto(office,95550100,1)", OUT),
        ("Goto(office,${EXTEN},1)", OUT),  # any number of office: 100 is none, but nobody looks so closely
        ("GotoIf($[1 > 2]?office,955,1:office,101,1)", OUT),
        ("GotoIfTime(09:00-17:00,*,*,*?outbound,955,1)", OUT),
        ("Gosub(office,95550100,1(a,b))", OUT),
        ("ExecIf($[1 > 2]?Dial(FXO/g1/5550100))", ["FXO/g1/5550100"]),
        ("TryExec(Dial(FXO/g1/5550100))", ["FXO/g1/5550100"]),
        ("Goto(${CALLERID(name)},1)", OUT),
        ("Goto(${DB(night/where)})", OUT),
        ("Goto(from-pstn,${CALLERID(num)},1)", []),
        ("Dial(FXS/101&FXO/g1/5550100)", ["FXO/g1/5550100"]),
        ("Dial(${CALLERID(name)})", ["…?"]),
        ("Dial(SIP/${CALLERID(name)})", ["SIP/…?"]),
        ("Dial(SIP/${EXTEN})", []),
        ("Dial(Local/95550100@office)", OUT),
        ("Dial(Local/${EXTEN}@office/n)", OUT),
        ("Dial(Local/101@office)", []),
        ("Dial(FXS/101,30,G(office^955^1))", OUT),
        ("Dial(FXS/101,30,U(outbound))", []),
        ("Page(FXS/101,qb(office^955^1))", OUT),
        ("Originate(FXS/101,app,Wait,9,,30,b(office^955^1))", OUT),
        ("Dial(FXS/101,30,t)", []),
        ("AGI(agi://x/y)", ["…?"]),
        ("DISA(no-password,office)", OUT),
        ("DISA(4711,from-pstn)", []),
        ("Background(menu,,,office)", OUT),
        ("Background(menu)", []),
    ],
)
def test_a_step_leads_where_it_leads(step: str, dials: list[str]) -> None:
    assert ways(f"[from-pstn]\nexten => 100,1,{step}\n") == dials


@pytest.mark.parametrize(
    ("step", "dials"),
    [("Macro(out)", ["FXO/g1/1"]), ("MacroIf(1?in:out,x)", ["FXO/g1/1"]), ("Macro(in)", []), ("Macro(in,out)", [])],
)
def test_a_macro_leads_into_its_context(step: str, dials: list[str]) -> None:
    macros = "[macro-out]\nexten => s,1,Dial(FXO/g1/1)\n[macro-in]\nexten => s,1,Dial(FXS/101)\n"
    assert ways(f"[from-pstn]\nexten => 100,1,{step}\n{macros}") == dials


def test_the_way_is_told_step_by_step_with_file_and_line() -> None:
    (way,) = found("[from-pstn]\nexten => 100,1,Answer()\n same => n,Goto(menu,s,1)\n[menu]\ninclude => office\n"
                   "exten => s,1,WaitExten(5)\n")  # fmt: skip
    assert way.way == (
        "extensions.conf:9 from-pstn,100,2 Goto(menu,s,1)",
        "extensions.conf:12 menu,s,1 WaitExten(5)",
        "extensions.conf:6 menu,_9X.,1 Dial(FXO/g1/${EXTEN:1})",
    )
    assert (way.standings, way.sure) == ({"menu"}, True)


def test_a_caller_who_chooses_the_number_reaches_all_that_is_included_at_any_hour() -> None:
    text = "[from-pstn]\ninclude => outbound,09:00-17:00,mon-fri,*,*\nexten => 100,1,Dial(FXS/101)\n"
    assert ways(text) == []
    assert ways(text, Entry("trunk", "from-pstn")) == OUT


@pytest.mark.parametrize("name", ["i", "t", "e", "o"])
def test_extensions_that_run_by_themselves_are_ways(name: str) -> None:
    text = f"[from-pstn]\nexten => 100,1,Read(PIN,,4)\nexten => {name},1,Goto(outbound,955,1)\n"
    assert ways(text) == OUT


def test_once_the_caller_is_gone_there_is_nobody_to_reach() -> None:
    assert ways("[from-pstn]\nexten => 100,1,Hangup()\nexten => h,1,Dial(FXO/g1/5550100)\n") == []


def test_a_switch_is_a_way() -> None:
    text = "[from-pstn]\nswitch => Loopback/9${EXTEN}@outbound\nexten => 100,1,Hangup()\n"
    assert ways(text, Entry("trunk", "from-pstn")) == OUT


def test_autofallthrough_no_lets_the_caller_dial_on() -> None:
    text = "[general]\nautofallthrough=no\n[from-pstn]\nexten => 100,1,Answer()\ninclude => office\n"
    assert ways(text) == OUT


def test_variables_that_the_files_set_are_followed() -> None:
    text = """[globals]
TRUNK=FXO/g1
DESK=FXS/101
[from-pstn]
exten => 100,1,Set(WHO=${DESK})
 same => n,Dial(${WHO},30)
 same => n,Gosub(ring,s,1(101))
[ring]
exten => s,1,Dial(FXS/${ARG1})
[never]
exten => s,1,Dial(${TRUNK}/5550100)
"""
    assert ways(text) == []
    assert ways(text.replace("Set(WHO=${DESK})", "Set(WHO=${TRUNK}/5550100)")) == ["FXO/g1/5550100"]
    assert ways(text.replace("Dial(FXS/${ARG1})", "Dial(${ARG1})").replace("1(101)", "1(FXO/g1/911)")) == [
        "FXO/g1/911"
    ]
    assert ways(text.replace("Set(WHO=${DESK})", "Set(WHO=${CALLERID(name)})")) == ["…?"]
    assert ways(text.replace("Set(WHO=${DESK})", "Set(${CALLERID(name)}=x)")) == ["…?", "FXS/…?"]


def test_a_target_that_a_caller_may_write_into_may_have_another_behind_it() -> None:
    # A name of `x&FXO/g1/19005551234` would make two targets of it.
    assert ways("[from-pstn]\nexten => 100,1,Dial(FXS/${CALLERID(name)})\n") == ["FXS/…?"]


def test_what_a_caller_keys_is_a_number_and_no_more() -> None:
    assert ways("[from-pstn]\nexten => 100,1,Read(KEYS,,4)\n same => n,Goto(from-pstn,${KEYS},1)\n") == []
    assert ways("[from-pstn]\nexten => 100,1,Read(KEYS,,4)\n same => n,Goto(office,${KEYS},1)\n") == OUT


def test_values_that_grow_without_end_are_any() -> None:
    spread = Spread(read_text("[a]\nexten => 1,1,Set(X=${X}1)\n same => n,Set(Y=y)\n same => n,Set(Z=${Y:0:1}z)\n"))
    assert spread.texts("${X}") == {ANY}
    spread = Spread(read_text("[a]\nexten => 1,1,Set(Y=yes)\n same => n,Set(Z=${Y:0:1}z)\n"))
    assert spread.texts("${Z}-${EXTEN:1}") == {f"yz-{NUMBER}"}


def test_the_demo_office_lets_nobody_out() -> None:
    entries = [Entry("line copper1", "from-pstn", "2565551100"), Entry("anybody", "from-pstn")]
    assert exits(load_office(OFFICE)[1], entries, judge) == []


def test_a_large_dialplan_takes_linear_time() -> None:
    lines = "".join(f"exten => 1{number:05},1,Goto(c{number % 100},${{EXTEN}},1)\n" for number in range(5000))
    text = "".join(
        f"[c{number}]\n{lines if not number else 'exten => _X.,1,Dial(FXS/101)'}\n" for number in range(100)
    )
    dialplan = read_text(text)
    assert exits(dialplan, [Entry(f"line {number}", "c0") for number in range(50)], judge) == []


PLACES = st.sampled_from(["a,1,1", "b,1,1", "c,1,1", "2,1", "a,${EXTEN},1", "${WHERE},1,1", "b,i,1", "1,2"])
TARGETS = st.sampled_from(["FXS/101", "FXO/g1/${EXTEN}", "${TRUNK}", "Local/2@b", "SIP/6001"])
STEPS = st.one_of(
    PLACES.map("Goto({})".format),
    PLACES.map("GotoIf($[${{RANDOM}} = 1]?{})".format),
    PLACES.map("Gosub({}(x))".format),
    TARGETS.map("Dial({},5)".format),
    TARGETS.map("ExecIf(1?Dial({}))".format),
    st.sampled_from(
        [
            "Background(x)",
            "WaitExten(1)",
            "Set(WHERE=b)",
            "Set(WHERE=c)",
            "Set(TRUNK=FXO/g1/5)",
            "Return()",
            "Answer()",
        ]
    ),
)
EXTENSIONS = st.tuples(st.sampled_from(["1", "2", "_X", "i", "t"]), st.lists(STEPS, min_size=1, max_size=3))
CONTEXTS = st.tuples(st.lists(EXTENSIONS, max_size=3), st.sampled_from(["", "include => b\n", "include => c\n"]))


@settings(deadline=None, max_examples=100)
@given(st.tuples(CONTEXTS, CONTEXTS, CONTEXTS), st.text(alphabet="123", max_size=3))
def test_whatever_a_stranger_can_do_was_foretold(
    contexts: tuple[tuple[list[tuple[str, list[str]]], str], ...], keys: str
) -> None:
    text = ""
    for name, (extensions, include) in zip("abc", contexts, strict=True):
        text += f"[{name}]\n{include}"
        for pattern, steps in dict(extensions).items():
            text += "".join(f"exten => {pattern},{at},{step}\n" for at, step in enumerate(steps, 1))
    try:
        dialplan = read_text(text)
    except ConfigError:
        return
    foretold = exits(dialplan, [Entry("stranger", "a", "1")], judge)
    route = asyncio.run(dry_run(dialplan, "a", "1", caller=Party("6001"), clock=lambda: NOON, keys=keys))
    dialled = [target for attempt in route.attempts for target in attempt.targets if target.technology == "FXO"]
    assert not dialled or foretold, text


@pytest.mark.parametrize(
    ("options", "dials"),
    [
        ("M(out)", ["FXO/g1/1"]),
        ("U(sub)", ["FXO/g1/2"]),
        ("${OPTIONS}", OUT),
        ("t${NONE}r", []),
        ("${DB(a/b)}", OUT),
    ],
)
def test_options_of_a_dial_that_come_from_variables_lead_on_as_well(options: str, dials: list[str]) -> None:
    """What a call brings may hold T, by which a caller transfers, and so dials."""
    subs = "[macro-out]\nexten => s,1,Dial(FXO/g1/1)\n[sub]\nexten => s,1,Dial(FXO/g1/2)\n"
    text = "[globals]\nOPTIONS = trT\nNONE = g\n[from-pstn]\n"
    wide = "include => office\n" if dials is OUT else ""
    assert ways(f"{text}{wide}exten => 100,1,Dial(FXS/101,30,{options})\n{subs}") == dials
