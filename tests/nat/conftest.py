"""Offices and telephones on machines of their own, with NATs between them, all on one hand-moved clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.audio import Samples
from gateway.testing.sip_phone import SipPhone
from gateway.testing.sip_wire import UdpWire
from tests.support.namespaces import Machine, World, refusal
from tests.support.nat import Habits, Nat, Network
from tests.support.office import OfficeUnderTest
from tests.support.speech import compare, speak

OFFICE = "5.0.0.1"
"""Its address, which everybody reaches; like all addresses here it is a public one, and not reserved for examples,
which count as private."""

USERS = [f"60{number:02}" for number in range(1, 10)]
SETTINGS = """
[sip]
listen = [{listen}]
{sip}

{accounts}

[web]
listen = "127.0.0.1:0"
"""
DIALPLAN = """
[office]
exten => 600,1,Answer()
 same => n,Echo()
exten => _60XX,1,Dial(SIP/${EXTEN},30)
"""


def _secret(user: str) -> str:
    return "kD93hfQ2x" + "".join("abcdefghij"[int(digit)] for digit in user)


class FarOffice(OfficeUnderTest):
    """An office whose telephones are elsewhere.

    Args:
        world: where they are.
        machine: where it is itself.
        folder: where its files go.
        listen: addresses at which it listens by UDP on port 5060.
        sip: further lines of [sip].
        more: further lines of the configuration.
        server: where telephones find it; its first address where empty.
    """

    def __init__(
        self,
        world: World,
        machine: Machine,
        folder: Path,
        *,
        listen: tuple[str, ...] = (),
        sip: str = "",
        more: str = "",
        server: str = "",
        dialplan: str = DIALPLAN,
        beside: FarOffice | None = None,
    ) -> None:
        self.world = world
        self.machine = machine
        own = listen or (machine.address,)
        self.server = server or own[0]
        accounts = "\n".join(f'[accounts.{user}]\nsecret = "{_secret(user)}"' for user in USERS)
        text = SETTINGS.format(listen=", ".join(f'"udp:{each}:5060"' for each in own), sip=sip, accounts=accounts)
        with machine.inside():
            super().__init__(folder, text + more, dialplan, beside=beside)
        # What opens sockets while time passes: whoever moves it, they are to be opened here.
        self.app.media.audio.rtp = machine.at_home(self.app.media.audio.rtp)  # type: ignore[method-assign]

    def far_phone(self, user: str, machine: Machine, *, server: str = "", register: bool = True) -> SipPhone:
        """A telephone on `machine`, registered."""
        address = server or self.server, 5060
        with machine.inside():
            wire = UdpWire(address, machine.address)
            phone = SipPhone(user, _secret(user), address, wire=wire, own=machine.address)
        self._sip_phones.append(phone)
        if register:
            phone.register()
            self.until(lambda: phone.status == 200, wanted=f"{user} to be registered")
        return phone

    def _tick(self, now: float) -> None:
        super()._tick(now)
        self.world.carry(now)

    def _held(self) -> dict[str, int]:
        held = super()._held()
        return {**held, "descriptors": held["descriptors"] - self.world.descriptors}

    @property
    def troubles(self) -> list[str]:
        """What keeps people from hearing each other now."""
        return list(self.app.sip.stack.troubles().values())


class Site:
    """Everything that a test needs: a world, an office in it, and homes behind NATs."""

    def __init__(self, folder: Path, sentences: tuple[Samples, Samples]) -> None:
        self.world = World()
        self._folder = folder
        self._sentences = sentences
        self._homes = 0
        self._offices: list[FarOffice] = []

    def machine(self, address: str, network: Network | None = None) -> Machine:
        """A machine on `network`, or on the internet."""
        return self.world.machine(address, network or self.world.internet)

    def office(self, machine: Machine, **settings: object) -> FarOffice:
        """An office on `machine`."""
        folder = self._folder / str(len(self._offices))
        folder.mkdir()
        office = FarOffice(self.world, machine, folder, **settings)  # type: ignore[arg-type]
        self._offices.append(office)
        return office

    def home(self, habits: Habits, outer: Network | None = None, **settings: object) -> tuple[Machine, Nat]:
        """A machine behind a NAT of its own, and that NAT."""
        self._homes += 1
        inner = Network()
        outer = outer or self.world.internet
        address = f"{'100.64' if outer is not self.world.internet else '8.8'}.{self._homes}.1"
        nat = Nat(address, outer, inner, habits, **settings)  # type: ignore[arg-type]
        return self.world.machine(f"192.168.{self._homes}.5", inner), nat

    def hear_each_other(self, office: FarOffice, one: SipPhone, other: SipPhone) -> None:
        """Both speak, and both understand."""
        office.run(0.3)
        marks = len(one.heard), len(other.heard)
        for phone, said in zip((one, other), self._sentences, strict=True):
            phone.say(said)
        office.run(max(map(len, self._sentences)) / 8000 + 0.5)
        for phone, mark, said in zip((other, one), reversed(marks), self._sentences, strict=True):
            heard = phone.heard[mark:]
            assert len(heard), f"{phone.user} heard nothing; the office says: {office.troubles}"
            assert compare(heard, said).correlation > 0.98, f"{phone.user} did not understand"
        assert office.troubles == []

    def talk(self, office: FarOffice, caller: SipPhone, callee: SipPhone) -> None:
        """A whole call, from the first ring until the one who was called has hung up."""
        caller.call(callee.user)
        office.until(lambda: callee.state == "offered", wanted=f"{callee.user} to be called")
        callee.ring()
        office.until(lambda: caller.status == 180)
        callee.answer()
        office.until(lambda: caller.state == "up")
        self.hear_each_other(office, caller, callee)
        callee.hang_up()
        office.until(lambda: caller.state == "idle", wanted=f"{caller.user} to be told that it is over")

    def close(self) -> None:
        """Nothing may be left."""
        try:
            if len(self._offices) == 1:  # two go on talking with each other
                self._offices[0].settle_down()
        finally:
            for office in reversed(self._offices):
                office.close()
            self.world.__exit__()


@pytest.fixture(scope="session")
def sentences() -> tuple[Samples, Samples]:
    """Two of them."""
    return speak("The quick brown fox jumps."), speak("Copper wires carried every word.")


@pytest.fixture(scope="session")
def _namespaces() -> None:
    why = refusal()
    if why:
        pytest.fail(
            f"this system makes no network namespaces ({why}); run as root, or leave them: -m 'not namespaces'"
        )


@pytest.fixture
def site(tmp_path: Path, sentences: tuple[Samples, Samples], _namespaces: None) -> Iterator[Site]:
    """A world with nothing in it."""
    site = Site(tmp_path, sentences)
    try:
        yield site
    finally:
        site.close()
