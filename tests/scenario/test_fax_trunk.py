"""A fax machine on an analogue line of one office, another on a line of another office, and T.38 that loses packets
between the two: what comes out is what went in, dot by dot."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.net import udptl
from gateway.net.udp import Address, UdpSocket
from hardware.world.fax_machine import FaxMachine
from tests.scenario.test_trunk import BRANCH, BRANCH_PLAN, PROVIDER, PROVIDER_PLAN, Joined
from tests.support.fax import document, needs_spandsp, same
from tests.support.office import OfficeUnderTest

pytestmark = pytest.mark.skipif(bool(needs_spandsp), reason=needs_spandsp)

LOSS = 0.05


class LosingSocket(UdpSocket):
    """A socket on a network that loses one packet in twenty."""

    chance = random.Random(38)
    lost = 0

    def send(self, data: bytes, to: Address) -> OSError | None:
        if self.chance.random() < LOSS:
            LosingSocket.lost += 1
            return None
        return super().send(data, to)


@pytest.fixture
def offices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Joined]:
    monkeypatch.setattr(udptl, "UdpSocket", LosingSocket)
    LosingSocket.lost = 0
    for name in ("provider", "branch"):
        (tmp_path / name).mkdir()
    provider = OfficeUnderTest(tmp_path / "provider", f"{PROVIDER}t38 = true\n", PROVIDER_PLAN)
    port = provider.app.sip.bound[0][1][1]
    settings = BRANCH.format(port=port, secret="s3cret").replace('user = "4711"', 'user = "4711"\nt38 = true')
    branch = OfficeUnderTest(tmp_path / "branch", settings, BRANCH_PLAN, beside=provider)
    try:
        joined = Joined(provider, branch, tmp_path, port)
        branch.until(lambda: joined.trunk()[0], within=1)
        yield joined
        for office in (branch, provider):
            office.until(lambda office=office: office.app.media.faxes.usage == 0, within=5)  # type: ignore[misc]  # this one
    finally:
        branch.close()
        provider.close()


def test_a_document_crosses_two_offices_by_t38(offices: Joined, tmp_path: Path) -> None:
    branch, provider = offices.branch, offices.provider
    pages = document(tmp_path / "out.tif", 3)
    caller, called = FaxMachine(branch.phone("101")), FaxMachine(provider.phone("101"))
    caller.telephone.lift()
    branch.until(lambda: caller.telephone.hears == "dial")
    caller.telephone.dial("95550100")
    branch.until(lambda: not caller.telephone.busy_hands)
    caller.send(tmp_path / "out.tif")
    branch.until(lambda: called.telephone.ringing)
    called.telephone.lift()
    called.take(tmp_path / "in.tif")
    branch.until(lambda: caller.report.over and called.report.over, within=240)
    assert (caller.report.fault, called.report.fault) == ("", "")
    assert called.report.pages == 3
    caller.hang_up()
    called.hang_up()
    branch.run(2)
    for office in (branch, provider):
        assert "the fax goes by T.38 with" in office.story()
        assert " made good, 0 lost" in office.story()
    assert LosingSocket.lost > 20
    assert same(tmp_path / "in.tif", pages)
