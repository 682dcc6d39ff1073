"""What the lines of extensions.conf mean, and what is said about those that mean nothing."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplan import missing
from dialplan.applications import APPLICATIONS
from dialplan.check import doubts
from dialplan.functions import FUNCTIONS
from dialplan.loader import load
from dialplan.parser import parse
from dialplan.reader import Sources, as_text, read_sections
from gateway.core.errors import ConfigError
from tests.unit.dialplan.office import read_text


def faults(text: str) -> list[str]:
    """What is said about a file, one line each."""
    with pytest.raises(ConfigError) as raised:
        read_text(text)
    return [str(fault) for fault in raised.value.faults]


def steps(text: str, number: str, context: str = "office") -> list[str]:
    """The steps of a number as "priority application(arguments) @line"."""
    dialplan = read_text(text)
    found = []
    priority = 1
    while (hit := dialplan.find(context, number, priority)) is not None:
        step = hit.step
        found.append(f"{priority} {step.application}({step.arguments.text}) @{step.place.line}")
        priority += 1
    return found


def test_priorities_by_number_n_same_and_label() -> None:
    text = """[office]
exten => 100,1,Answer()
exten => 100,n(again),Wait(1)
 same => n,Goto(again)
 same = 4,Hangup
"""
    assert steps(text, "100") == ["1 Answer() @2", "2 Wait(1) @3", "3 Goto(again) @4", "4 Hangup() @5"]


def test_comments_blocks_and_escaped_semicolons() -> None:
    text = """; the office
[office] ; its telephones
exten => 100,1,NoOp(one\\; two) ; not this
;-- exten => 100,2,NoOp(hidden)
;-- nested --; exten => 100,2,NoOp(still hidden)
--; exten => 100,2,NoOp(${A:0:1}) ;-- gone --;
;--- exten => 100,3,NoOp(only a comment)
"""
    assert steps(text, "100") == ["1 NoOp(one; two) @3", "2 NoOp(${A:0:1}) @6"]


def test_templates_give_their_lines_and_plus_adds_to_an_earlier_section() -> None:
    text = """[phones](!)
exten => _1XX,1,Dial(FXS/${EXTEN})
[office](phones)
exten => 100,1,Answer()
[office](+)
exten => 102,1,Busy()
"""
    dialplan = read_text(text)
    assert list(dialplan.contexts) == ["office"]
    assert [extension.pattern.text for extension in dialplan.contexts["office"].extensions] == [
        "_1XX",
        "100",
        "102",
    ]


def test_globals_fill_patterns_and_includes() -> None:
    text = """[globals]
AREA=256
FULL=${AREA}555
[office]
exten => _${FULL}XXXX,1,NoOp()
include => night,${HOURS}
[night]
exten => 1,1,NoOp()
"""
    assert steps(text, "2565551100") == ["1 NoOp() @5"]


def test_a_caller_pattern_comes_before_the_extension_for_all() -> None:
    text = """[office]
exten => 100,1,NoOp(all)
exten => 100/_6XXX,1,NoOp(accounts)
exten => 100/,1,NoOp(nobody)
"""
    dialplan = read_text(text)
    said = [
        hit.step.arguments.text
        for caller in ("6001", "101", "")
        if (hit := dialplan.find("office", "100", caller=caller)) is not None
    ]
    assert said == ["accounts", "all", "nobody"]


def test_an_include_counts_at_its_hours_and_after_the_own_extensions() -> None:
    text = """[office]
include => day,09:00-17:00,mon-fri,*,*
include => always
exten => 100,1,NoOp(own)
[day]
exten => _1XX,1,NoOp(day)
[always]
exten => _1XX,1,NoOp(always)
include => office
"""
    dialplan = read_text(text)

    def said(number: str, hour: int) -> str:
        hit = dialplan.find("office", number, when=lambda: datetime(2024, 3, 15, hour, tzinfo=UTC))
        assert hit is not None
        return hit.step.arguments.text

    assert [said("100", 12), said("101", 12), said("101", 20)] == ["own", "day", "always"]


def test_hints_are_kept() -> None:
    dialplan = read_text("[office]\nexten => 101,hint,FXS/101&SIP/6001\nexten => 101,1,NoOp()")
    assert dialplan.contexts["office"].extensions[0].hint == "FXS/101&SIP/6001"


def test_every_fault_is_told_at_once_with_its_line_and_the_nearest_name() -> None:
    text = """[office]
extn => 100,1,Answer()
exten => 101,1,Playbak(hello)
 same => n,Set(X=${LEM(abc)})
 same => n,Goto(offices,100,1)
 same => n(menu),Goto(mneu)
exten => 102,1,Answer()
exten => 102,1,Hangup()
exten => 103,1,Answer()
exten => 103,3,Hangup()
exten => 104,n,Answer()
exten => _1[2,1,Answer()
exten => 105,1,NoOp(${OPEN)
exten => 106,1,Set(CALLERD(num)=1)
exten => 107,1,GotoIfTime(25:00,*,*,*?menu,1)
include => ofice
"""
    assert faults(text) == [
        "extensions.conf:2: no keyword 'extn'; did you mean exten?",
        "extensions.conf:3: no application 'Playbak'; did you mean Playback?",
        "extensions.conf:4: no function 'LEM'; did you mean LEN?",
        "extensions.conf:5: no context 'offices'; did you mean office?",
        "extensions.conf:6: no label 'mneu' at extension 101 of context office; did you mean menu?",
        "extensions.conf:8: 102 has a priority 1 already at line 7; use n, or another number",
        "extensions.conf:10: 103 has a priority 3 and no 2; number it 2, or use n",
        "extensions.conf:11: 104 has a priority 4 and no 3; begin with priority 1",
        "extensions.conf:12: pattern '_1[2': '[' without ']'",
        "extensions.conf:13: '${' without '}' in '${OPEN'; close the bracket",
        "extensions.conf:14: no function 'CALLERD' that can be set; did you mean CALLERID?",
        "extensions.conf:15: '25:00' is no time of day (HH:MM)",
        "extensions.conf:16: no context 'ofice'; did you mean office?",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("exten => 100", "no priority; write exten => NUMBER,PRIORITY,Application(arguments)"),
        ("exten => 100,1", "no application at priority 1; write NoOp() where nothing is to be done"),
        ("exten => 100,one,Answer()", "'one' is no priority; write 1, n or hint"),
        ("exten => 100,0,Answer()", "priorities begin at 1"),
        ("exten => 100,1,Answer(", "'(' without ')' after Answer; close it"),
        ("exten => 100,1,Answer() now", "'now' after the closing ')'; remove it"),
        ("exten => ,1,Answer()", "no extension before the first comma"),
        ("same => n,Answer()", "'same' has no extension above it; begin with exten =>"),
        ("exten 100", "'exten…' is neither a section nor 'key = value'"),
        ("secret hunter2", "'secret…' is neither a section nor 'key = value'"),
        ("!hunter2", "'…' is neither a section nor 'key = value'"),
        ("[broken", "'[broken' is no section header; write [name]"),
        (
            "#exec /bin/true",
            "#exec is not allowed here; put what it prints into the file, or allow exec in [permissions]",
        ),
        ("#include /etc/passwd", "'/etc/passwd' is not included: it is outside this folder or nested too deep"),
        ("include => office,99:00", "'99:00' is no time of day (HH:MM)"),
        ("exten => 1,1,ExecIf(1?Playbak(x))", "no application 'Playbak'; did you mean Playback?"),
        ("exten => 1,1,Gosub(x,s,1(a))", "no context 'x'"),
        (
            "exten => 1,1,ExecIf(1?MeetMe(x))",
            "the application MeetMe of Asterisk is not built in; write ConfBridge",
        ),
        ("exten => 1,1,NoOp(${ODBC(x)})", "the function ODBC of Asterisk is not built in; leave it out"),
    ],
)
def test_a_line_that_means_nothing(line: str, said: str) -> None:
    assert faults(f"[office]\n{line}\n") == [f"extensions.conf:2: {said}"]


def test_text_of_old_editors_keeps_its_letters_and_what_is_no_text_is_told() -> None:
    assert as_text("\ufeff[büro]\n".encode()) == as_text("[büro]\n".encode("cp1252")) == "[büro]\n"
    with pytest.raises(OSError, match="it is no text"):
        as_text(b"[off\0ice]")


def test_a_line_before_any_section() -> None:
    assert (
        faults("exten => 1,1,Answer()")[0]
        == "extensions.conf:1: 'exten' stands before any [section]; put it below one"
    )


def test_files_beside_it_are_included_and_keep_their_own_line_numbers() -> None:
    files = {
        "etc/extensions.conf": '[office]\n#include "phones.conf"\n#tryinclude "absent.conf"\n',
        "etc/phones.conf": "\nexten => 101,1,Answer()\n",
    }

    def read(path: str) -> str:
        if path not in files:
            raise FileNotFoundError(2, "No such file or directory")
        return files[path]

    hit = load("etc/extensions.conf", read=read).find("office", "101")
    assert hit is not None
    assert str(hit.step.place) == "etc/phones.conf:2"
    files["etc/extensions.conf"] = '#include "absent.conf"\n'
    with pytest.raises(ConfigError, match=r"etc/extensions.conf:1: cannot read etc/absent.conf: No such file"):
        load("etc/extensions.conf", read=read)


def test_a_file_that_includes_itself_ends() -> None:
    with pytest.raises(ConfigError, match=r"extensions.conf:2: extensions.conf includes itself; remove the line"):
        read_text("[office]\n#include extensions.conf\n")


def test_files_that_include_all_others_end() -> None:
    files = {f"{letter}.conf": '#include "*.conf"\n' for letter in "abcdefghij"}
    read = []

    def text(path: str) -> str:
        read.append(path)
        return files[path]

    with pytest.raises(ConfigError, match="more than 1000 files are included") as caught:
        load("a.conf", read=text, find=lambda pattern: list(files))
    assert len(read) < 1100 and sum("more than" in fault.what for fault in caught.value.faults) == 1


def test_a_file_of_many_sections_takes_linear_time() -> None:
    def looked_at(count: int) -> int:
        text = "[t](!)\nkey=1\n" + "".join(f"[s{number}](t)\nother=2\n" for number in range(count))
        seen = 0

        def count_lines(frame: FrameType, event: str, argument: object) -> object:
            nonlocal seen
            seen += event == "line"
            return count_lines

        sys.settrace(count_lines)
        try:
            sections, _ = read_sections("a.conf", Sources(lambda path: text))
        finally:
            sys.settrace(None)
        assert len(sections) == count
        return seen

    assert looked_at(800) < 2.2 * looked_at(400)


@pytest.mark.parametrize("name", ["\x00", "a\x07.conf", ""])
def test_what_names_no_file_is_not_included(name: str) -> None:
    with pytest.raises(ConfigError, match=r"extensions.conf:2: .* names no file"):
        read_text(f'[office]\n#include "{name}"\n')


def test_a_pattern_that_is_none_is_told() -> None:
    def find(pattern: str) -> list[str]:
        raise ValueError(
            "Invalid pattern: '**' can only be an entire path component"
        )  # as pathlib does before 3.13

    with pytest.raises(ConfigError, match=r"'x/\*\*y' is not included: invalid pattern: "):
        load("extensions.conf", read=lambda path: '#include "x/**y"\n', find=find)


def test_a_missing_file_is_one_clear_fault() -> None:
    with pytest.raises(ConfigError, match=r"^/nowhere/extensions.conf: cannot read the dialplan: No such file"):
        load("/nowhere/extensions.conf")


PIECES = st.sampled_from(
    ["[office]", "exten => ", "same => ", "n,", "1,", "_X.", "(a)", "${", "}", "$[", "]", "\n", ";--", "--;",
     "hint,", "include => ", "Goto(", ")", "?", ":", "#include x", "[a](!)", "(+)", "=", ",", "\\;", "é", " "]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join))
@settings(max_examples=300)
def test_no_text_breaks_the_parser(text: str) -> None:
    def read(path: str) -> str:
        if path != "extensions.conf":
            raise FileNotFoundError(2, "No such file or directory")
        return text

    parse("extensions.conf", Sources(read))
    try:
        load("extensions.conf", read=read)
    except ConfigError as refused:
        assert refused.faults


def test_what_asterisk_has_and_we_do_not_is_named_with_what_to_write() -> None:
    text = """[office]
exten => 1,1,Set(AGC(rx)=8000)
 same => n,MeetMe(1)
 same => n,Set(X=${STAT(e,/etc/passwd)})
 same => n,Set(FRAME_TRACE(white)=1)
"""
    assert sorted(fault.partition(": ")[2] for fault in faults(text)) == [
        "the application MeetMe of Asterisk is not built in; write ConfBridge",
        "the function AGC of Asterisk is not built in; lines have gains of their own, legs VOLUME",
        "the function FRAME_TRACE of Asterisk is not built in; leave it out",
        "the function STAT of Asterisk is not built in; scripts read no files; keep it in DB()",
    ]


def test_what_is_missing_of_asterisk_is_not_built_in() -> None:
    assert not missing.APPLICATIONS & set(APPLICATIONS)
    assert not missing.FUNCTIONS & set(FUNCTIONS)


def test_what_does_less_than_it_seems_is_doubted_and_loads() -> None:
    text = """[office]
exten => 1,1,Dial(FXS/101,30,qjgk)
 same => n,Goto(1111)
 same => n,GotoIf(1?mneu,1:2)
 same => n,Gosub(office,102,1)
 same => n,Dial(FXS/101,,${OPTIONS})
exten => menu,1,NoOp()
exten => _10X,1,NoOp()
"""
    assert [str(fault) for fault in doubts(read_text(text))] == [
        "extensions.conf:2: option j of Dial does nothing here: there is audio alone, in one stream; leave it out",
        "extensions.conf:2: option q of Dial does nothing here; leave it out",
        "extensions.conf:3: no priority 1111 at extension 1 of context office",
        "extensions.conf:4: no extension 'mneu' in context office; did you mean menu?",
    ]
