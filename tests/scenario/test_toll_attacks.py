"""Attacks on the office's money, replayed one by one: caps as they are met in a call, and every way around them.

That each cap trips, of account and of trunk, is told call by call in tests/unit/toll/test_guard.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.core.cause import Cause
from gateway.testing.sip_phone import SipPhone
from tests.support.office import OfficeUnderTest

OFFICE = """
[sip]
listen = ["udp:127.0.0.1:0"]
strangers = "outside"
[web]
listen = "127.0.0.1:0"
[cards.main]
backend = "emulated"
modules = ["fxs", "fxo", "fxo"]
[phones.101]
port = 1
[lines.copper1]
port = 2
dial_tone_wait = 0
[lines.copper2]
port = 3
dial_tone_wait = 0
[accounts.6001]
secret = "copper-6001"
# flash
[accounts.6002]
secret = "copper-6002"
"""
DIALPLAN = """
[office]
exten => _9NXXXXXX,1,Dial(FXO/g1/${EXTEN:1},60,tT)
exten => 911,1,Dial(FXO/g1/911)
exten => _600X,1,Dial(SIP/${EXTEN},30,tT)
exten => 101,1,Dial(FXS/101,30,tT)
[from-pstn]
exten => s,1,Hangup()
[outside]
"""
FLASH = "# flash"
RATES = "local, 12.00\n"

Attack = Callable[..., OfficeUnderTest]


@pytest.fixture
def attack(tmp_path: Path) -> Iterator[Attack]:
    """An office whose rules, and what callers from outside reach by 1, are exchanged."""

    def make(
        tolls: str = "", way: str = "Hangup()", more: str = "", account: str = "", sip: str = ""
    ) -> OfficeUnderTest:
        (tmp_path / "rates.csv").write_text(RATES)
        plan = f"{DIALPLAN}exten => 1,1,{way}\n{more}\n"
        text = OFFICE.replace(FLASH, account).replace("[web]", f"{sip}\n[web]", 1)
        office = OfficeUnderTest(tmp_path, f"{text}\n[tolls]\n{tolls}\n", plan)
        return offices.enter_context(contextlib.closing(office))

    with contextlib.ExitStack() as offices:
        yield make


def stranger(office: OfficeUnderTest) -> SipPhone:
    """A telephone that nobody knows; whoever calls from outside is no other to [tolls]."""
    phone = office.sip("6001", register=False)
    phone.secret = "guessed"
    return phone


def calls_out(office: OfficeUnderTest) -> list[str]:
    """Numbers that are called outside now."""
    return [grant.destination.number for grant in office.app.tolls.running]


def notices(office: OfficeUnderTest) -> str:
    return "\n".join(office.app.console.tolls().notices)


def never_out(office: OfficeUnderTest, seconds: float = 4) -> None:
    """Nobody is called outside."""
    for _ in range(round(seconds * 4)):
        office.run(0.25)
        assert calls_out(office) == []


@pytest.mark.parametrize(("table", "payer"), [("callers.6001", "caller 6001"), ("trunks.g1", "trunk g1")])
def test_a_dear_call_is_ended_at_the_cap_and_the_next_one_refused(attack: Attack, table: str, payer: str) -> None:
    office = attack(f'rates = "rates.csv"\n[tolls.{table}]\nspend_per_hour = 1.0\n')
    thief = office.sip("6001")
    thief.call("95550100")
    office.until(lambda: thief.state == "up", within=15)
    office.run(6)
    office.loop.call_soon(office.app.tolls.tick)
    office.until(lambda: thief.state == "idle", within=2)
    assert thief.ended_by.startswith("BYE Q.850;cause=21")
    thief.call("95550100")
    office.until(lambda: thief.state == "idle", within=5)
    assert f"{payer} has used the 1 that it may spend on calls an hour" in str(office.records()[-1].ending)
    other = office.sip("6002")
    other.call("95550100")
    office.run(2)
    assert (calls_out(office) == ["5550100"]) == (table == "callers.6001"), "an account's cap is its own"


@pytest.mark.parametrize(("table", "payer"), [("callers.6001", "caller 6001"), ("trunks.g1", "trunk g1")])
def test_many_calls_at_once_trip_the_cap(attack: Attack, table: str, payer: str) -> None:
    office = attack(f"[tolls.{table}]\nparallel = 1\n")
    first, second = office.sip("6001"), office.sip("6001", register=False)
    first.call("95550100")
    office.until(lambda: calls_out(office), within=5)
    second.call("95550100")
    office.until(lambda: second.state == "idle", within=5)
    assert f"{payer} has the 1 outside calls that it may have at once" in str(office.records()[-1].ending)
    assert second.ended_by.endswith('Q.850;cause=21;text="call rejected"')
    assert calls_out(office) == ["5550100"]


@pytest.mark.parametrize(
    ("way", "more"),
    [
        ("Dial(FXO/g1/5550100)", ""),
        ("Goto(office,95550100,1)", ""),
        ("Gosub(office,95550100,1)", ""),
        ("Dial(Local/95550100@office)", ""),
        ("Dial(Local/1@in)", "[in]\nexten => 1,1,Dial(Local/95550100@office/n)"),
        ("Set(CALLERID(num)=6001)\n same => n,Dial(FXO/g1/5550100)", ""),
        ("Originate(FXO/g1/5550100,app,Echo)", ""),
        ("Originate(Local/95550100@office,app,Echo)", ""),
        ("Originate(Local/95550100@office,exten,office,6001)", ""),
        ("Hangup()\nexten => h,1,Originate(FXO/g1/5550100,exten,office,95550100)", ""),
        ("Answer()\n same => n,Transfer(95550100)", ""),
        ("Dial(SIP/6002,1,F(office^95550100^1))", ""),
        ("TryExec(Dial(FXO/g1/5550100))", ""),
        ("ExecIf(1?Dial(DAHDI/g1/5550100))", ""),
        ("Dial(SIP/6002&FXO/G1/5550100,5)", ""),
        ("Dial(FXO/copper2/911)", ""),
    ],
)
def test_no_step_lets_a_caller_from_outside_onto_a_line(attack: Attack, way: str, more: str) -> None:
    office = attack("", way, more)
    office.sip("6002")
    thief = stranger(office)
    thief.call("1")
    never_out(office)
    assert "may not go out again" in office.story() or "Transfer" in way or "F(" in way, office.story()


def test_a_caller_who_keys_at_a_disa_gets_no_line_without_a_rule(attack: Attack) -> None:
    office = attack("", "DISA(no-password,office)")
    thief = stranger(office)
    thief.call("1")
    office.until(lambda: thief.state == "up", within=3)
    office.run(1)
    thief.key("95550100")
    never_out(office, 12)
    assert "a call from outside (*unknown) may not go out again to 5550100 (local) on g1" in notices(office)


@pytest.mark.parametrize("known", [True, False])
def test_a_telephone_that_diverts_takes_nobody_out(attack: Attack, known: bool) -> None:
    """A redirection (RFC 3261 8.1.3.4) is followed to numbers of the office, and to no line."""
    office = attack("", "Dial(SIP/6002,30)", "include => office")
    ada = office.sip("6002")
    caller = office.sip("6001") if known else stranger(office)
    caller.call("6002" if known else "1")
    office.until(lambda: ada.state == "offered", within=5)
    ada.divert("95550100")
    never_out(office)
    assert caller.state == "idle"
    assert "a telephone that diverts its calls takes none out of the office" in office.story()


@pytest.mark.parametrize("known", [True, False])
def test_where_it_may_its_account_answers_for_the_call(attack: Attack, known: bool) -> None:
    office = attack("", "Dial(SIP/6002,30)", "include => office", sip='redirects = "anywhere"')
    ada = office.sip("6002")
    caller = office.sip("6001") if known else stranger(office)
    caller.call("6002" if known else "1")
    office.until(lambda: ada.state == "offered", within=5)
    ada.divert("95550100")
    office.until(lambda: calls_out(office) == ["5550100"], within=5)
    assert [grant.payer for grant in office.app.tolls.running] == ["caller 6002"]
    caller.hang_up()
    office.until(lambda: calls_out(office) == [], within=5)


@pytest.mark.parametrize("by", ["refer", "keys"])
def test_a_transfer_does_not_join_a_caller_from_outside_with_a_line(attack: Attack, by: str) -> None:
    office = attack("", "Dial(SIP/6002,30,t)")
    ada, thief = office.sip("6002"), stranger(office)
    thief.call("1")
    office.until(lambda: ada.state == "offered", within=5)
    ada.answer()
    office.run(1)
    if by == "refer":
        ada.refer("95550100")
    else:
        ada.key("#1")
        office.run(3)
        ada.key("95550100")
    never_out(office, 8)


@pytest.mark.parametrize(("flash", "passed"), [("", False), ('flash = "pass"', True)])
def test_a_flash_by_which_the_exchange_would_take_another_number_is_passed_on_by_leave_alone(
    attack: Attack, flash: str, passed: bool
) -> None:
    """INFO application/hook-flash of a SIP telephone: a line's recall dial tone is beyond every rule."""
    office = attack("", account=flash)
    ada = office.sip("6001")
    ada.call("95550100")
    office.until(lambda: ada.state == "up", within=15)
    ada.flash()
    office.run(1)
    assert ("its flash is not passed on to" not in office.story()) == passed
    assert office.exchange("copper1").flashes + office.exchange("copper2").flashes == passed


def test_the_rule_that_lets_callers_on_holds_where_it_says_alone(attack: Attack) -> None:
    """`onward` is of the context in which the dial stands, and what may be called is still judged."""
    more = "[member]\nexten => s,1,Dial(FXO/g1/011442079460000)\n same => n,Goto(office,95550100,1)"
    office = attack('onward = ["member"]', "Goto(member,s,1)", more)
    stranger(office).call("1")
    never_out(office)
    told = notices(office)
    assert "*unknown may not call +442079460000 (international, GB)" in told
    assert "a call from outside (*unknown) may not go out again to 5550100" in told


def test_what_may_go_on_trips_the_caps_of_whom_it_came_from(attack: Attack) -> None:
    tolls = 'rates = "rates.csv"\nonward = ["outside"]\nspend_per_hour = 1.0\n'
    office = attack(tolls, "Dial(FXO/g1/5550100,30)")
    thief = stranger(office)
    thief.call("1")
    office.until(lambda: thief.state == "up", within=15)
    office.run(6)
    office.loop.call_soon(office.app.tolls.tick)
    office.until(lambda: thief.state == "idle", within=3)
    assert "caller *unknown has used the 1 that it may spend" in str(office.records()[-1].ending)


def test_help_is_reached_past_every_cap_that_is_used_up(attack: Attack) -> None:
    tolls = 'allow = []\nparallel = 1\nrates = "rates.csv"\n[tolls.trunks.g1]\nparallel = 1\n'
    office = attack(tolls)
    ada, grace = office.sip("6001"), office.sip("6002")
    for phone in (ada, grace):
        phone.call("911")
    office.until(lambda: calls_out(office) == ["911", "911"], within=10)


def test_a_refused_telephone_is_told_by_cause_21(attack: Attack) -> None:
    office = attack("allow = []")
    desk = office.phone("101")
    desk.lift()
    office.run(1)
    desk.dial("95550100")
    office.until(lambda: office.records(), within=20)
    assert office.records()[-1].ending.cause is Cause.CALL_REJECTED
