"""Calls for help by a SIP trunk that is full: the room is made, or was kept free."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.office import OfficeUnderTest

COMMON = """
[sip]
listen = ["udp:127.0.0.1:0"]
[web]
listen = "127.0.0.1:0"
"""
PROVIDER_PLAN = """
[office]
exten => _X.,1,Answer()
 same => n,Echo()
"""
PLAN = """
[office]
exten => _9X.,1,Dial(SIP/${EXTEN:1}@pstn,30)
exten => 911,1,Dial(SIP/911@pstn,30)
[from-pstn]
"""
BRANCH = (
    COMMON
    + """
[accounts.6001]
secret = "copper-6001"
[accounts.6002]
secret = "copper-6002"
[trunks.pstn]
servers = ["udp:127.0.0.1:{port}"]
user = "4711"
secret = "s3cret-4711"
calls = {calls}
"""
)

Join = Callable[..., OfficeUnderTest]


@pytest.fixture
def join(tmp_path: Path) -> Iterator[Join]:
    """An office with a trunk that carries few calls, to a provider that answers all of them."""

    def make(tolls: str, calls: int = 1) -> OfficeUnderTest:
        for name in ("provider", "branch"):
            (tmp_path / name).mkdir()
        provider = OfficeUnderTest(
            tmp_path / "provider", COMMON + '[accounts.4711]\nsecret = "s3cret-4711"\n', PROVIDER_PLAN
        )
        offices.enter_context(contextlib.closing(provider))
        port = provider.app.sip.bound[0][1][1]
        text = BRANCH.format(port=port, calls=calls) + f"[tolls]\n{tolls}\n"
        branch = OfficeUnderTest(tmp_path / "branch", text, PLAN, beside=provider)
        offices.enter_context(contextlib.closing(branch))
        branch.until(lambda: branch.app.console.trunks()[0].up, within=3)
        return branch

    with contextlib.ExitStack() as offices:
        yield make


def test_a_full_trunk_gives_up_an_ordinary_call_where_the_office_wants_that(join: Join) -> None:
    office = join("preempt = true")
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("95550100")
    office.until(lambda: ada.state == "up", within=5)
    grace.call("911")
    office.until(lambda: grace.state == "up", within=5)
    assert ada.state == "idle" and ada.ended_by.startswith("BYE Q.850;cause=8"), "preemption"
    assert [grant.emergency for grant in office.app.tolls.running] == [True]


def test_a_full_trunk_does_not_where_it_does_not(join: Join) -> None:
    office = join("preempt = false")
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("95550100")
    office.until(lambda: ada.state == "up", within=5)
    grace.call("911")
    office.until(lambda: grace.state == "idle", within=5)
    assert ada.state == "up"


def test_one_call_for_help_does_not_end_another(join: Join) -> None:
    office = join("preempt = true")
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("911")
    office.until(lambda: ada.state == "up", within=5)
    grace.call("911")
    office.until(lambda: grace.state == "idle", within=10)
    assert ada.state == "up"


def test_room_for_help_is_kept_by_a_cap_below_what_the_trunk_carries(join: Join) -> None:
    office = join("[tolls.trunks.pstn]\nparallel = 1\n", calls=2)
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("95550100")
    office.until(lambda: ada.state == "up", within=5)
    grace.call("95550101")
    office.until(lambda: grace.state == "idle", within=5)
    grace.call("911")
    office.until(lambda: grace.state == "up", within=5)
    assert ada.state == "up"
