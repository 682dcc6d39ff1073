"""Two offices joined by a SIP trunk: a provider, and a branch that registers with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.config.office import load_office
from gateway.core.audio import Samples
from tests.scenario.test_first_call import assert_understood, talk
from tests.support.office import OfficeUnderTest

COMMON = """
[sip]
listen = ["udp:127.0.0.1:0"]
[web]
listen = "127.0.0.1:0"
[cards.main]
backend = "emulated"
modules = ["fxs"]
[phones.101]
port = 1
name = "Front desk"
"""
PROVIDER = COMMON + '[accounts.4711]\nsecret = "s3cret"\n'
PROVIDER_PLAN = """
[office]
exten => 5550100,1,Dial(FXS/101,30)
exten => 5551234,1,Dial(SIP/4711,30)
"""
BRANCH = (
    COMMON
    + """
[trunks.pstn]
servers = ["udp:127.0.0.1:{port}"]
user = "4711"
secret = "{secret}"
called_in = [{{ match = "4711", replace = "101" }}]
"""
)
BRANCH_PLAN = """
[office]
exten => _9X.,1,Dial(SIP/${EXTEN:1}@pstn,30)
exten => 101,1,Dial(FXS/101,30)
[from-pstn]
exten => 101,1,Dial(FXS/101,30)
"""


@dataclass
class Joined:
    """Both offices on one clock."""

    provider: OfficeUnderTest
    branch: OfficeUnderTest
    folder: Path
    port: int

    def configured(self, secret: str) -> str:
        return BRANCH.format(port=self.port, secret=secret)

    def trunk(self) -> tuple[bool, str]:
        (view,) = self.branch.app.console.trunks()
        return view.up, view.state


@pytest.fixture
def joined(tmp_path: Path) -> Iterator[Joined]:
    (tmp_path / "provider").mkdir()
    (tmp_path / "branch").mkdir()
    provider = OfficeUnderTest(tmp_path / "provider", PROVIDER, PROVIDER_PLAN)
    port = provider.app.sip.bound[0][1][1]
    branch = OfficeUnderTest(
        tmp_path / "branch", BRANCH.format(port=port, secret="s3cret"), BRANCH_PLAN, beside=provider
    )
    try:
        yield Joined(provider, branch, tmp_path / "branch", port)
    finally:
        branch.close()
        provider.close()


def test_calls_go_out_and_come_in_and_are_understood(
    joined: Joined, sentence: Samples, other_sentence: Samples
) -> None:
    branch, provider = joined.branch, joined.provider
    branch.until(lambda: joined.trunk()[0], within=1)
    assert joined.trunk()[1] == f"registered with 127.0.0.1:{joined.port} by udp"
    near, far = branch.phone("101"), provider.phone("101")
    near.lift()
    branch.until(lambda: near.hears == "dial")
    near.dial("95550100")
    branch.until(lambda: far.ringing, within=12)
    assert branch.app.console.trunks()[0].calls == 1
    far.lift()
    branch.run(1)
    assert_understood(talk(branch, near.say, lambda: far.recording, sentence))
    assert_understood(talk(branch, far.say, lambda: near.recording, other_sentence))
    far.hang_up()
    branch.until(lambda: near.hears in ("busy", "congestion", None), within=15)
    near.hang_up()
    branch.run(2)

    far.lift()
    provider.run(1)
    far.dial("5551234")
    branch.until(lambda: near.ringing, within=12)
    near.lift()
    branch.run(1)
    assert_understood(talk(branch, far.say, lambda: near.recording, sentence))
    near.hang_up()
    far.hang_up()
    branch.run(2)
    assert [record.disposition for record in branch.records()] == ["ANSWERED", "ANSWERED"]


def test_a_reload_mends_a_wrong_secret_without_a_restart(joined: Joined) -> None:
    branch = joined.branch
    branch.until(lambda: joined.trunk()[0], within=1)
    for secret, said in (
        ("wrong", "refuses 4711@127.0.0.1 with 403 Forbidden: the user or the secret is wrong"),
        ("s3cret", "registered with"),
    ):
        (joined.folder / "office.toml").write_text(f'dialplan = "extensions.conf"\n{joined.configured(secret)}')
        assert branch.app.reload(*load_office(joined.folder / "office.toml"))
        branch.until(lambda said=said: said in joined.trunk()[1], within=2)
    assert joined.trunk()[0]


def test_a_provider_that_falls_silent_is_seen_and_calls_fail_with_a_reason(joined: Joined) -> None:
    branch, near = joined.branch, joined.branch.phone("101")
    branch.until(lambda: joined.trunk()[0], within=1)
    branch.loop.run_until_complete(joined.provider.app.sip.sockets.close())
    branch.until(lambda: not joined.trunk()[0], within=60)
    assert "does not answer OPTIONS" in joined.trunk()[1]
    near.lift()
    branch.until(lambda: near.hears == "dial")
    near.dial("95550100")
    branch.until(lambda: near.hears == "congestion", within=12)
    near.hang_up()
    branch.run(2)
    (record,) = branch.records()
    assert record.ending.cause == 38
    assert "trunk pstn is down" in str(record.ending)


def test_it_unregisters_when_it_stops(tmp_path: Path) -> None:
    (tmp_path / "branch").mkdir()
    provider = OfficeUnderTest(tmp_path, PROVIDER, PROVIDER_PLAN)
    settings = BRANCH.format(port=provider.app.sip.bound[0][1][1], secret="s3cret")
    branch = OfficeUnderTest(tmp_path / "branch", settings, BRANCH_PLAN, beside=provider)
    branch.until(lambda: provider.app.console.registration_count, within=1)
    branch.close()
    assert provider.registrations() == []
    provider.close()
