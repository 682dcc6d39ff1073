"""Variables that an account and a telephone bring with each call, set once and never evaluated."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.office import OfficeUnderTest

OFFICE = """
[sip]
listen = ["udp:127.0.0.1:0"]
[web]
listen = "127.0.0.1:0"
[cards.main]
backend = "emulated"
modules = ["fxs"]
[phones.101]
port = 1
variables = { ROOM = "cellar" }
[accounts.6001]
secret = "copper-6001"
[accounts.6001.variables]
ROOM = "attic ${SHELL(id)}"
"CALLERID(num)" = "4930555201"
"CDR(accountcode)" = "shop"
[accounts.6002]
secret = "copper-6002"
"""
DIALPLAN = """
[office]
exten => 1,1,NoOp(room ${ROOM} by ${CALLERID(num)} of ${CDR(accountcode)})
 same => n,Set(CALLERID(num)=7)
 same => n,Dial(SIP/6002,20,t)
exten => 2,1,NoOp(again ${ROOM} by ${CALLERID(num)})
 same => n,Hangup(17)
exten => 3,1,NoOp(room ${ROOM})
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[OfficeUnderTest]:
    with contextlib.closing(OfficeUnderTest(tmp_path, OFFICE, DIALPLAN)) as office:
        yield office


def test_an_account_s_calls_bring_its_variables_once(office: OfficeUnderTest) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("1")
    office.until(lambda: grace.state == "offered", within=3)
    assert "room attic ${SHELL(id)} by 4930555201 of shop" in office.story()
    grace.answer()
    office.run(1)
    grace.refer("2")
    office.run(1)
    assert "again attic ${SHELL(id)} by 7" in office.story(), "what the script has set since stays"


def test_a_telephone_brings_its_own_and_who_has_none_brings_none(office: OfficeUnderTest) -> None:
    desk, grace = office.phone("101"), office.sip("6002")
    grace.call("3")
    office.run(1)
    assert "NoOp(room )" in office.story()
    desk.lift()
    office.run(1)
    desk.dial("3")
    office.run(6)
    assert "room cellar" in office.story()
