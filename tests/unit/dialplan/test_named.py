"""Every application and function is named in a test; those that no other test of the folder is about are here."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from dialplan.applications import NAMES
from dialplan.apps.services import SERVICES
from dialplan.functions import FUNCTIONS
from tests.unit.dialplan.office import FakeLeg, Office

TESTS = Path(__file__).parents[2]


def call(*steps: str) -> FakeLeg:
    text = "[office]\nexten => 100,1,NoOp()\n" + "".join(f" same => n,{step}\n" for step in steps)
    return asyncio.run(Office(text + " same => n,Hangup()\nexten => 7,1,NoOp()\n").call("100"))


@pytest.mark.parametrize(
    ("step", "value"),
    [
        ("ExecIfTime(09:00-17:00,fri,*,*?Set(X=open):Set(X=closed))", "open"),
        ("ExecIfTime(*,sat,*,*?Set(X=open):Set(X=closed))", "closed"),
        ("ImportVar(X=SIP/nobody-1,Y)", ""),
        ("Set(X=${VALID_EXTEN(office,100,2)}${VALID_EXTEN(office,7,2)}${VALID_EXTEN(,8)})", "100"),
        ("Set(X=${QUEUE_MEMBER_COUNT(a)}${QUEUE_MEMBER_PENALTY(a,SIP/1)}${QUEUE_VARIABLES(a)})", "0-1"),
        ("Set(X=${QUEUE_WAITING_COUNT(a)}${VMCOUNT(1)})", "00"),
    ],
)
def test_what_each_leaves_in_a_variable(step: str, value: str) -> None:
    assert call(step).variables.get("X", "") == value


def test_letters_are_said() -> None:
    assert call("SayAlpha(a1)").heard == ["say a", "say 1"]


WITHOUT = (
    "FollowMe MailboxExists ParkAndAnnounce ParkedCall PauseQueueMember QueueLog QueueUpdate "
    "RemoveQueueMember UnpauseQueueMember VMAuthenticate VMSayName VoiceMailPlayMsg"
)


@pytest.mark.parametrize("name", WITHOUT.split())
def test_a_service_that_is_not_there_lets_the_script_go_on(name: str) -> None:
    if name.lower() in SERVICES:
        assert call("Answer()", f"{name}(1)", "Set(X=on)").variables["X"] == "on"


def test_every_name_is_in_a_test() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py"))
    text += "".join(path.read_text(encoding="utf-8") for path in (TESTS / "data").rglob("*.jsonl"))
    words = set(re.findall(r"[A-Za-z_0-9]+", text))
    small = {word.lower() for word in words}
    assert [name for name in NAMES if name.lower() not in small and name != "DeadAGI"] == []
    assert sorted(set(FUNCTIONS) - words) == []
