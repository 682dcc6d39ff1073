"""The example office and the built-in dialplan."""

from __future__ import annotations

from pathlib import Path

from gateway.config import load_office
from gateway.config.builtin import builtin_dialplan
from tests.unit.config.test_load import DOZEN, read

EXAMPLE = Path(__file__).parents[3] / "examples" / "office" / "office.toml"


def test_the_example_office_has_no_fault() -> None:
    config, dialplan = load_office(EXAMPLE)
    assert list(config.accounts) == ["6001", "6002", "6003"]
    assert {line.group for line in config.lines.values()} == {1}
    assert {"office", "from-pstn"} <= set(dialplan.contexts)


def test_the_builtin_dialplan_joins_phones_accounts_and_lines() -> None:
    text = builtin_dialplan(read(DOZEN))
    assert text.splitlines() == [
        "[office]",
        "include => builtin-numbers",
        "include => builtin-trials",
        "include => builtin-outside",
        "ignorepat => 9",
        "",
        "[builtin-numbers]",
        "exten => 101,1,Dial(FXS/101,60)",
        " same => n,Hangup()",
        "exten => 101,hint,FXS/101",
        "exten => 102,1,Dial(FXS/102,60)",
        " same => n,Hangup()",
        "exten => 102,hint,FXS/102",
        "exten => 6001,1,Dial(SIP/6001,60)",
        " same => n,Hangup()",
        "exten => 6001,hint,SIP/6001",
        "",
        "[builtin-trials]",
        "exten => *43,1,Answer()",
        " same => n,Playback(demo-echotest)",
        " same => n,Echo()",
        " same => n,Hangup()",
        "exten => *60,1,Answer()",
        " same => n,Playback(at-tone-time-exactly)",
        " same => n,SayUnixTime(,,IMp 'vm-and' S 'seconds')",
        " same => n,Playback(beep)",
        " same => n,Hangup()",
        "exten => *65,1,Answer()",
        " same => n,Wait(0.5)",
        " same => n,SayDigits(${CALLERID(num)})",
        " same => n,Hangup()",
        "",
        "[builtin-outside]",
        "exten => 112,1,Dial(FXO/g1/112)",
        " same => n,Hangup()",
        "exten => 911,1,Dial(FXO/g1/911)",
        " same => n,Hangup()",
        "exten => 9112,1,Dial(FXO/g1/112)",
        " same => n,Hangup()",
        "exten => 9911,1,Dial(FXO/g1/911)",
        " same => n,Hangup()",
        "exten => _9X.,1,Dial(FXO/g1/${EXTEN:1})",
        " same => n,Hangup()",
        "",
        "[from-pstn]",
        "exten => s,1,Dial(FXS/101,60)",
        " same => n,Hangup()",
    ]


def test_calls_in_reach_no_outside_line_by_the_builtin_dialplan() -> None:
    text = builtin_dialplan(read(DOZEN.replace("port = 3", 'port = 3\nnumber = "2565551100"')))
    inbound = text[text.index("[from-pstn]") :]
    assert "exten => 2565551100,1,Dial(FXS/101,60)" in inbound
    assert "FXO" not in inbound
    assert "include" not in inbound


def test_a_line_without_a_phone_tells_that_nobody_is_there() -> None:
    text = builtin_dialplan(read(DOZEN.split("[phones.101]")[0] + "[lines.copper1]\nport = 3\n"))
    assert "exten => s,1,Hangup(20)" in text


def test_a_second_group_is_tried_only_where_the_first_has_no_line() -> None:
    text = builtin_dialplan(
        read(DOZEN.replace('"fxo"]', '"fxo", "fxo"]') + "[lines.copper2]\nport = 4\ngroup = 2\n"),
    )
    assert (
        "exten => _9X.,1,Dial(FXO/g1/${EXTEN:1})\n"
        ' same => n,ExecIf($["${DIALSTATUS}" =~ "CHANUNAVAIL|CONGESTION"]?Dial(FXO/g2/${EXTEN:1}))\n'
        " same => n,Hangup()\n"
    ) in text


def test_what_is_dialled_before_a_number_outside_may_be_something_else_or_nothing() -> None:
    """An adapter for one telephone has no 9; in Germany it is 0."""
    nine = builtin_dialplan(read(DOZEN))
    zero = builtin_dialplan(read('[office]\noutside = "0"\n' + DOZEN))
    assert zero == nine.replace("9112", "0112").replace("9911", "0911").replace("_9X.", "_0X.").replace(
        "ignorepat => 9", "ignorepat => 0"
    )
    none = builtin_dialplan(read('[office]\noutside = ""\n' + DOZEN))
    assert "exten => _X.,1,Dial(FXO/g1/${EXTEN})" in none
    assert "ignorepat" not in none and none.count("exten => 911,1") == 1


def test_calls_from_outside_ring_those_that_are_to_answer_them() -> None:
    text = builtin_dialplan(read('[office]\nanswers = ["102", "6001"]\n' + DOZEN))
    assert "exten => s,1,Dial(FXS/102&SIP/6001,60)" in text


def test_a_number_with_a_plus_goes_out_by_a_provider_and_by_no_line() -> None:
    """E.164, as telephones with a list of numbers write them; a line has no key for the plus."""
    assert "_+X." not in builtin_dialplan(read(DOZEN))
    trunk = '[trunks.provider]\nservers = ["127.0.0.1:5080"]\nregisters = false\n'
    assert "exten => _+X.,1,Dial(SIP/${EXTEN}@provider)" in builtin_dialplan(read(DOZEN + trunk))
