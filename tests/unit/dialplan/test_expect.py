"""A table of expected routes, held against a dialplan."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplan.expect import Outcome, read_expectations, try_expectations
from gateway.core.errors import ConfigError
from tests.unit.dialplan.office import NOON, read_text

DIALPLAN = """[office]
exten => _10X,1,Dial(FXS/${EXTEN},30)
exten => _9X.,1,Dial(FXO/g1/${EXTEN:1})
 same => n,Dial(FXO/g2/${EXTEN:1})
exten => 200,1,GotoIfTime(09:00-17:00,*,*,*?day:night)
 same => n(day),Dial(FXS/101&SIP/6001)
 same => n,Hangup()
 same => n(night),Busy()
exten => 300,1,Dial(SIP/${CALLERID(num)}@${CHANNEL(channeltype)})
[from-pstn]
exten => 2565551100,1,Answer()
 same => n,WaitExten(5)
exten => 1,1,Dial(SIP/6001)
"""


def outcomes(table: str) -> list[Outcome]:
    expectations = read_expectations("routes.table", table)
    return asyncio.run(try_expectations(read_text(DIALPLAN), expectations, clock=lambda: NOON))


def test_what_is_as_expected_says_nothing() -> None:
    table = """
    context = office
    ; from   number         suppose                     expect
      6001   101                                     -> FXS/101
      6001   101                                     -> cause 19, FXS/101
      6001   95550100                                -> FXO/g1/5550100, FXO/g2/5550100
      6001   95550100       answered                 -> FXO/g1/5550100
      6001   200                                     -> SIP/6001 & FXS/101 ; at noon
      6001   200            at=2024-03-15T20:00      -> nobody, cause USER_BUSY
      -      2565551100     context=from-pstn keys=1 -> SIP/6001
      -      300            technology=FXS           -> SIP/@FXS
      6001   555                                     -> cause 1
    """
    assert [outcome.wrong for outcome in outcomes(table)] == [""] * 9


def test_what_is_not_is_told_in_a_sentence_with_its_line_and_the_whole_route() -> None:
    found = outcomes("context = office\n6001 101 -> FXS/102, cause 16\n6001 102 -> nobody\n\n6001 555 -> FXS/1")
    assert [(outcome.expectation.place.line, outcome.wrong) for outcome in found] == [
        (2, "101 dials FXS/101, not FXS/102 and ends with no answer (19), not normal clearing (16)."),
        (3, "102 dials FXS/102, not nobody."),
        (5, "555 dials nobody, not FXS/1."),
    ]
    assert found[0].route.steps[0] == "extensions.conf:2 office,101,1 Dial(FXS/101,30)"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("6001 101 FXS/101", "'6001 101 FXS/101' expects nothing; write FROM NUMBER -> WHOM"),
        ("101 -> FXS/101", "'101 -> FXS/101' expects nothing; write FROM NUMBER -> WHOM"),
        ("6001 101 -> FXS", "'FXS' is nothing to expect; write TECHNOLOGY/address, nobody or cause N"),
        ("6001 101 -> ", "'' is nothing to expect; write TECHNOLOGY/address, nobody or cause N"),
        (
            "6001 101 -> cause 999",
            "'999' is no Q.850 cause; write a number such as 17, or a name such as USER_BUSY",
        ),
        ("6001 101 -> nobody, FXS/1", "somebody and nobody; expect one of them"),
        ("6001 101 contxt=a -> nobody", "'contxt=a' supposes nothing; did you mean context?"),
        ("6001 101 keys -> nobody", "'keys' supposes nothing; write keys=…"),
        (
            "6001 101 zz=1 -> nobody",
            "'zz=1' supposes nothing; known here: answered, at, context, keys, name, technology",
        ),
        ("6001 101 at=noon -> nobody", "'noon' is no time; write it like at=2027-03-15T20:00"),
        (
            "6001 101 context= -> nobody",
            "nobody here is called 6001, so that its context is not known; "
            "write context = NAME above, or context=NAME in the line",
        ),
    ],
)
def test_a_line_that_cannot_be_read(line: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_expectations("routes.table", f"context = office\n{line}\n6001 101 -> FXS/101\n")
    assert [str(fault) for fault in refused.value.faults] == [f"routes.table:2: {said}"]


@given(st.text(alphabet="60 19-><=&/,;\ncontextauseFX:", max_size=60))
@settings(max_examples=150)
def test_no_table_breaks_the_reader(text: str) -> None:
    try:
        read_expectations("routes.table", text)
    except ConfigError as refused:
        assert refused.faults
