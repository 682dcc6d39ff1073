"""Applications of services that the office does not have, and an office that names them all."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dialplan.applications import APPLICATIONS
from dialplan.apps.services import SERVICES
from dialplan.check import check, doubts
from dialplan.functions import FUNCTIONS
from gateway.core.cause import Cause
from gateway.core.number import Party
from tests.unit.dialplan.office import FakeLeg, Office, read_text

SMALL_OFFICE = Path(__file__).parents[2] / "data" / "dialplan" / "small-office.conf"


def run(*steps: str) -> FakeLeg:
    return asyncio.run(Office("[office]\nexten => 100,1," + "\n same => n,".join(steps) + "\n").call("100"))


def test_a_caller_hears_that_there_is_no_voicemail_and_is_told_by_cause_79() -> None:
    leg = run("VoiceMail(101@default,u)", "Hangup()")
    assert leg.told == ["early media"] and leg.heard == ["service-not-available"]
    assert leg.variables["VMSTATUS"] == "FAILED"
    assert leg.ending is not None and leg.ending.cause is Cause.SERVICE_NOT_IMPLEMENTED
    assert leg.ending.evidence == "VoiceMail: this office has no voicemail, at extensions.conf:2"


@pytest.mark.parametrize(
    ("step", "variable", "status"),
    [
        ("Queue(sales)", "QUEUESTATUS", "UNKNOWN"),
        ("AddQueueMember(sales,SIP/1)", "AQMSTATUS", "NOSUCHQUEUE"),
    ],
)
def test_each_tells_what_asterisk_tells_of_a_name_that_is_not_there(step: str, variable: str, status: str) -> None:
    leg = run(step, "Answer()")
    assert leg.variables[variable] == status and leg.answered


def test_an_answered_caller_goes_on_with_what_follows() -> None:
    leg = run("Answer()", "Directory(default)", "Playback(hello-world)", "Hangup()")
    assert leg.heard == ["service-not-available", "hello-world"]
    assert leg.ending is not None and leg.ending.cause is Cause.NORMAL_CLEARING


def test_an_office_of_the_usual_shape_loads_without_a_fault() -> None:
    plan = read_text(SMALL_OFFICE.read_text(encoding="utf-8"))
    assert check(plan, APPLICATIONS, FUNCTIONS) == []
    told = {str(doubt).partition(": ")[2] for doubt in doubts(plan)}
    assert all("; the caller is told so and the script goes on" in line for line in told), told
    named = {line.partition(":")[0].lower() for line in told}
    assert named < set(SERVICES) and "voicemail" in named


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        ("1102", "PJSIP/1102"),
        ("95551212", "PJSIP/12565551212@provider"),
        ("911", "PJSIP/911@provider"),
    ],
)
def test_its_staff_get_where_they_dial(number: str, dialled: str) -> None:
    office = Office(SMALL_OFFICE.read_text(encoding="utf-8"))
    leg = FakeLeg("PJSIP/1101-1", called=number)
    leg.party = Party("1101", "Ada")
    asyncio.run(office.call(number, leg, context="staff"))
    assert office.dialled[0][0] == [dialled]


def test_its_attendant_takes_an_extension() -> None:
    office = Office(SMALL_OFFICE.read_text(encoding="utf-8"))
    asyncio.run(office.call("2565551100", FakeLeg("PJSIP/provider-1", keys="1103"), context="incoming"))
    assert office.dialled[0][0] == ["PJSIP/1103"]


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ("MAILBOX_EXISTS(101@default)", "0"),
        ("VM_INFO(101@default,count,INBOX)", "0"),
        ("VM_INFO(101@default,exists)", "0"),
        ("VM_INFO(101@default,email)", ""),
        ("QUEUE_MEMBER(sales,free)", "0"),
        ("QUEUE_MEMBER_LIST(sales)", ""),
        ("QUEUE_EXISTS(sales)", "0"),
    ],
)
def test_functions_tell_the_truth_of_an_office_without_services(asked: str, value: str) -> None:
    assert run(f"Set(T=${{{asked}}})").variables["T"] == value
