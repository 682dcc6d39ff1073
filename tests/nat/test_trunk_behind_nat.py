"""An office behind a NAT and its provider outside: calls both ways are heard with no further setting."""

from __future__ import annotations

import pytest

from tests.nat.conftest import OFFICE, FarOffice, Site
from tests.support.nat import PORT_RESTRICTED, SYMMETRIC, Habits

pytestmark = pytest.mark.namespaces

TRUNK = """
[trunks.pstn]
servers = ["udp:5.0.0.1"]
user = "6009"
secret = "{secret}"
called_in = [{{ match = "6009", replace = "6001" }}]
"""
PROVIDER_PLAN = """
[office]
exten => 5550100,1,Dial(SIP/6002,30)
exten => 6009,1,Dial(SIP/6009,30)
"""
BRANCH_PLAN = """
[office]
exten => _9X.,1,Dial(SIP/${EXTEN:1}@pstn,30)
exten => _60XX,1,Dial(SIP/${EXTEN},30)
[from-pstn]
exten => 6001,1,Dial(SIP/6001,30)
"""


def branch_of(site: Site, provider: FarOffice, habits: Habits, sip: str = "") -> tuple[FarOffice, object]:
    machine, nat = site.home(habits)
    secret = provider.config.accounts["6009"].secret
    branch = site.office(machine, more=TRUNK.format(secret=secret), dialplan=BRANCH_PLAN, beside=provider, sip=sip)
    branch.until(lambda: branch.app.console.trunks()[0].up, wanted="the trunk to be up")
    return branch, nat


@pytest.mark.parametrize("habits", [PORT_RESTRICTED, SYMMETRIC], ids=["port-restricted", "symmetric"])
def test_calls_of_a_trunk_whose_office_is_behind_nat_are_heard(site: Site, habits: Habits) -> None:
    provider = site.office(site.machine(OFFICE), dialplan=PROVIDER_PLAN)
    branch, _ = branch_of(site, provider, habits)
    assert "behind a NAT: seen there as 8.8.1.1:40000" in branch.app.console.trunks()[0].state
    ada = branch.far_phone("6001", branch.machine)
    bob = provider.far_phone("6002", site.machine("5.0.0.2"))
    ada.call("95550100")
    branch.until(lambda: bob.state == "offered")
    bob.answer()
    branch.until(lambda: ada.state == "up")
    site.hear_each_other(branch, ada, bob)
    bob.hang_up()
    branch.until(lambda: ada.state == "idle")

    bob.call("6009")
    branch.until(lambda: ada.state == "offered", wanted="the call to come in")
    ada.answer()
    branch.until(lambda: bob.state == "up")
    site.hear_each_other(branch, ada, bob)
    ada.hang_up()
    branch.until(lambda: bob.state == "idle")


def test_a_provider_that_sends_audio_to_no_private_address_is_told_the_public_one(site: Site) -> None:
    provider = site.office(site.machine(OFFICE), dialplan=PROVIDER_PLAN)
    branch, _ = branch_of(site, provider, PORT_RESTRICTED)
    (binding,) = provider.app.sip.stack.bindings
    assert (binding.contact.host, binding.contact.port) == ("8.8.1.1", 40000), "and no other Contact beside it"
    ada = branch.far_phone("6001", branch.machine)
    bob = provider.far_phone("6002", site.machine("5.0.0.2"))
    ada.call("95550100")
    branch.until(lambda: bob.state == "offered")
    story = "\n".join(
        str(note) for name in provider.app.recorder.stories() for note in provider.app.recorder.story(name)
    )
    assert "8.8.1.1" in story
    ada.hang_up()


def test_a_trunk_finds_back_when_its_nat_starts_again(site: Site) -> None:
    """The provider's keep-alive answers (CRLF, OPTIONS) show the new mapping; calls in must find it."""
    provider = site.office(site.machine(OFFICE), dialplan=PROVIDER_PLAN)
    branch, nat = branch_of(site, provider, SYMMETRIC)
    nat.renumber("8.8.77.1")  # type: ignore[attr-defined]
    branch.run(70)
    (binding,) = provider.app.sip.stack.bindings
    assert binding.contact.host == "8.8.77.1" == binding.flow.remote[0]
    ada = branch.far_phone("6001", branch.machine)
    bob = provider.far_phone("6002", site.machine("5.0.0.2"))
    bob.call("6009")
    branch.until(lambda: ada.state == "offered", wanted="the call to come in")
    ada.answer()
    branch.until(lambda: bob.state == "up")
    site.hear_each_other(branch, ada, bob)
    ada.hang_up()
    branch.until(lambda: bob.state == "idle")


def test_a_call_of_a_trunk_goes_on_when_its_nat_gets_another_public_address(site: Site) -> None:
    """It finds out as its audio stops, by what its provider answers, and asks for it anew (RFC 3261 14)."""
    provider = site.office(site.machine(OFFICE), dialplan=PROVIDER_PLAN)
    branch, nat = branch_of(site, provider, SYMMETRIC)
    ada = branch.far_phone("6001", branch.machine)
    bob = provider.far_phone("6002", site.machine("5.0.0.2"))
    ada.call("95550100")
    branch.until(lambda: bob.state == "offered")
    bob.answer()
    branch.until(lambda: ada.state == "up")
    nat.renumber("8.8.77.1")  # type: ignore[attr-defined]
    branch.run(10)
    site.hear_each_other(branch, ada, bob)
    bob.hang_up()
    branch.until(lambda: ada.state == "idle", wanted="the BYE to come through")
