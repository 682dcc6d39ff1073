"""What a file names and is not there is found wherever it stands, with file, line and the nearest name."""

from __future__ import annotations

import pytest

from dialplan.check import doubts, watched
from gateway.core.errors import ConfigError
from tests.unit.dialplan.office import read_text

BROKEN = "a $[…] of {} is no whole expression: what stands before the error counts, or 0"
HEAD = "[office]\nexten => 1,1,"
REST = "\n[sub]\nexten => s,1(start),Return()\n[macro-in]\nexten => s,1,NoOp()\n"


def fault(step: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_text(f"{HEAD}{step}{REST}")
    (found,) = caught.value.faults
    return str(found)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        # Applications, also within others.
        ("Playbak(x)", "no application 'Playbak'; did you mean Playback?"),
        ("ExecIf(1?Playbak(x):NoOp())", "no application 'Playbak'; did you mean Playback?"),
        ("ExecIf(${X}?NoOp():Playbak(x))", "no application 'Playbak'; did you mean Playback?"),
        ("ExecIfTime(9:00-10:00,*,*,*?Playbak(x))", "no application 'Playbak'; did you mean Playback?"),
        ("TryExec(Playbak(x))", "no application 'Playbak'; did you mean Playback?"),
        # Functions, however deep.
        ("NoOp(${LENN(x)})", "no function 'LENN'; did you mean LEN?"),
        ("Set(a=${CUT(x,-,${LENN(y)})})", "no function 'LENN'; did you mean LEN?"),
        ('Set(a=$["${LENN(y)}" = "3"])', "no function 'LENN'; did you mean LEN?"),
        ("Set(a=${IF($[${LENN(y)} > 3]?b:c)})", "no function 'LENN'; did you mean LEN?"),
        ("Set(a=${X${LENN(y)}})", "no function 'LENN'; did you mean LEN?"),
        ("Gosub(sub,s,1(${LENN(y)}))", "no function 'LENN'; did you mean LEN?"),
        ("Dial(SIP/${LENN(y)})", "no function 'LENN'; did you mean LEN?"),
        ("ExecIf($[${LENN(y)}]?NoOp())", "no function 'LENN'; did you mean LEN?"),
        ("Set(CALERID(num)=1)", "no function 'CALERID' that can be set; did you mean CALLERID?"),
        ("ExecIf(1?Set(CALERID(num)=1))", "no function 'CALERID' that can be set; did you mean CALLERID?"),
        ("MSet(a=1,CALERID(num)=1)", "no function 'CALERID' that can be set; did you mean CALLERID?"),
        # Contexts and labels.
        ("Goto(subb,s,1)", "no context 'subb'; did you mean sub?"),
        ("GotoIf(1?subb,s,1:sub,s,1)", "no context 'subb'; did you mean sub?"),
        ("GosubIf(1?sub,s,1:subb,s,1)", "no context 'subb'; did you mean sub?"),
        ("ExecIf(1?Goto(subb,s,1))", "no context 'subb'; did you mean sub?"),
        ("TryExec(Gosub(subb,s,1(x)))", "no context 'subb'; did you mean sub?"),
        ("Dial(SIP/1,20,b(subb^s^1(x)))", "no context 'subb'; did you mean sub?"),
        ("Dial(SIP/1,20,tB(subb^s^1)T)", "no context 'subb'; did you mean sub?"),
        ("Dial(SIP/1,20,G(subb^s^1))", "no context 'subb'; did you mean sub?"),
        ("Dial(SIP/1,20,F(subb^s^1))", "no context 'subb'; did you mean sub?"),
        ("Dial(SIP/1,20,${OPTIONS}${DB(a/b)}b(subb^s^1))", "no context 'subb'; did you mean sub?"),
        ("Dial(SIP/1,20,U(subb^x^y))", "no context 'subb'; did you mean sub?"),
        ("Dial(SIP/1,20,M(inn))", "no context 'macro-inn'; did you mean macro-in?"),
        ("Macro(inn,x)", "no context 'macro-inn'; did you mean macro-in?"),
        ("Originate(SIP/1,exten,subb,s,1)", "no context 'subb'; did you mean sub?"),
        ("ChannelRedirect(SIP/1,subb,s,1)", "no context 'subb'; did you mean sub?"),
        ("DISA(no-password,subb)", "no context 'subb'; did you mean sub?"),
        ("Background(x,,,subb)", "no context 'subb'; did you mean sub?"),
        ("Goto(sub,s,strat)", "no label 'strat' at extension s of context sub; did you mean start?"),
        ("ExecIf(1?Goto(sub,s,strat))", "no label 'strat' at extension s of context sub; did you mean start?"),
        ("Dial(SIP/1,20,G(sub^s^strat))", "no label 'strat' at extension s of context sub; did you mean start?"),
        ("NoOp()\ninclude => subb", "no context 'subb'; did you mean sub?"),
        ("NoOp()\nswitch => Loopback/1@subb", "no context 'subb'; did you mean sub?"),
    ],
)
def test_a_name_that_nothing_has_is_found(step: str, said: str) -> None:
    line = 3 if "\n" in step else 2
    assert fault(step) == f"extensions.conf:{line}: {said}"


@pytest.mark.parametrize(
    "step",
    [
        "Goto(sub,s,start)",
        "Goto(${WHERE},s,1)",
        "Dial(SIP/1,20,b(sub^s^1(a^b))U(sub^x)M(in)G(sub^s^1)F)",
        "Dial(SIP/1,20,${OPTIONS})",
        "Dial(SIP/1,20,${DB(a/b)})",
        "Dial(SIP/1,20,t${IF($[${LEN(a)} > 1]?U(x):G(y^s^1))}b(sub^s^1))",
        "Dial(SIP/1,20,b(${WHERE}^s^1))",
        "Originate(SIP/1,app,Echo)",
        "DISA(no-password,${WHERE})",
        "Set(HASH(a,b)=1)",
        "Set(${NAME}(x)=1)",
    ],
)
def test_what_is_there_and_what_a_call_brings_is_no_fault(step: str) -> None:
    read_text(f"{HEAD}{step}{REST}")


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("Gosub(sub,t,1)", "no extension 't' in context sub"),
        ("ExecIf(1?Dial(SIP/1,20,Z))", "option Z of Dial does nothing here; leave it out"),
    ],
)
def test_a_place_within_a_context_that_is_not_there_is_a_doubt(step: str, said: str) -> None:
    assert [str(doubt) for doubt in doubts(read_text(f"{HEAD}{step}{REST}"))] == [f"extensions.conf:2: {said}"]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("Set(CALLERID(name)Ann)", ["Set(CALLERID(name)Ann) sets nothing; write Set(name=value)"]),
        ("ExecIf(1?Set(X))", ["Set(X) sets nothing; write Set(name=value)"]),
        *(
            (step, [f"{BROKEN.format(step.partition('(')[0])}; look at its operators, brackets and quotes"])
            for step in ("GotoIf($[1 + ]?1)", "Set(X=$[(1])", "Set(X=${IF($[${Y} ${Z} = 1]?a:b)})", "NoOp($[1 2])")
        ),
        ("Set(X=$[${Y} = 1 & !(${LEN(${Z})} > $[1 + ${W}])])", []),
        ('GotoIf($["${X}" = ""]?1)', []),
        ("Set(${X})", []),
        ("Record(x.wav,,,kz)", ["option z of Record does nothing here; leave it out"]),
        ("Record(x.wav,,,aknoqstuxy)", []),
        ("Background(x,mnpsz)", ["option z of Background does nothing here; leave it out"]),
        ("Background(x,${HOW})", []),
        ("Playback(x,skip)", []),
        ("Playback(x,noanswer&say)", [
            "option say of Playback does nothing here: write SayNumber or SayDigits; leave it out"
        ]),
        ("MixMonitor(x.wav,bm(101)i(ID),echo z)", [
            "option m of MixMonitor does nothing here: the office has no voicemail; leave it out"
        ]),
        ("ChanSpy(SIP,qD)", ["option D of ChanSpy does nothing here: a telephone hears one channel; leave it out"]),
        ("Bridge(SIP/1-1,h)", [
            "option h of Bridge does nothing here: the two are joined plainly; the features that each has stay; "
            "leave it out"
        ]),
        ("ExecIf(1?Authenticate(42,m))", [
            "option m of Authenticate does nothing here: no files of passwords are read; leave it out"
        ]),
        ("Zapateller(answer,nocallerid)", []),
        ("Zapateller(answer,now)", ["option now of Zapateller does nothing here; leave it out"]),
        ("WaitExten(5,m(jazz)d)", []),
        ("SayUnixTime(,,ABdY,j)", []),
        ("Wait(1,z)", []),
    ],
)  # fmt: skip
def test_options_that_do_nothing_are_told(step: str, said: list[str]) -> None:
    text = f"[office]\nexten => 1,1,{step}\n"
    assert [str(doubt) for doubt in doubts(read_text(text))] == [f"extensions.conf:2: {line}" for line in said]


def test_devices_of_hints_are_told_as_far_as_they_are_spelt_out() -> None:
    text = "[office]\nexten => 1,hint,SIP/1&Custom:dnd1,CustomPresence:1\nexten => _2X,hint,SIP/${EXTEN}\n"
    assert [(place.line, str(device)) for place, device in watched(read_text(text))] == [(2, "SIP/1")]
