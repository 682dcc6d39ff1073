"""The small shared words."""

from enum import Enum, auto

import pytest

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.engine import ManualClock
from gateway.core.errors import ConfigError, Fault, IllegalInput
from gateway.core.machine import Acting, Machine, Table
from gateway.core.number import Party, Presentation


def test_an_ending_reads_as_one_sentence() -> None:
    ending = Ending(Cause.USER_BUSY, "telephone 101", Act.REFUSED, "off-hook on port 1", "Call again later.")
    assert str(ending) == "telephone 101 refused the call (off-hook on port 1): user busy (17). Call again later."
    plain = Ending(Cause.NORMAL_CLEARING, "account 6001", Act.HUNG_UP, "BYE")
    assert str(plain) == "account 6001 hung up (BYE): normal clearing (16)."


def test_faults_are_told_in_file_order_with_their_mend() -> None:
    late = Fault("office.toml", 9, "unknown key 'prot'", "did you mean 'port'?")
    early = Fault("office.toml", 2, "port 70000 is out of range")
    assert str(ConfigError([late, early])) == (
        "office.toml:2: port 70000 is out of range\noffice.toml:9: unknown key 'prot'; did you mean 'port'?"
    )


def test_a_restricted_party_shows_no_number() -> None:
    assert "555" not in str(Party("5551234", "Ann", Presentation.RESTRICTED))
    assert str(Party("5551234", "Ann")) == "Ann <5551234>"


class Door(Enum):
    OPEN = auto()
    SHUT = auto()


class Push(Enum):
    PUSH = auto()
    PULL = auto()


DOOR: Table[Door, Push] = {
    Door.OPEN: {Push.PUSH: (Door.SHUT, "slam")},
    Door.SHUT: {Push.PULL: (Door.OPEN, "")},
}


def test_a_machine_follows_its_table_and_nothing_else() -> None:
    door = Machine(DOOR, Door.OPEN)
    assert door.takes(Push.PUSH) and not door.takes(Push.PULL)
    assert door.feed(Push.PUSH) == "slam"
    with pytest.raises(IllegalInput, match="PUSH is not an input of state SHUT"):
        door.feed(Push.PUSH)
    assert door.state is Door.SHUT


class Hall(Acting):
    """Somebody whose door it is."""

    TABLE = DOOR

    def __init__(self) -> None:
        self.state = Door.OPEN
        self.noise = False

    def push(self, loudly: bool) -> None:
        self._act(Push.PUSH, loudly)

    def pull(self) -> None:
        self._act(Push.PULL)

    def _slam(self, loudly: bool) -> None:
        self.noise = loudly


def test_an_action_is_a_method_and_one_that_is_missing_is_found_before_it_is_wanted() -> None:
    hall = Hall()
    hall.push(True)
    assert hall.noise and hall.state is Door.SHUT
    with pytest.raises(IllegalInput, match="PUSH is not an input of state SHUT"):
        hall.push(False)
    assert hall.noise and hall.state is Door.SHUT
    hall.pull()
    assert hall.state is Door.OPEN
    with pytest.raises(AttributeError, match="_slam"):
        type("Mute", (Acting,), {"TABLE": DOOR})


def test_a_manual_clock_never_goes_back() -> None:
    clock = ManualClock(5.0)
    assert clock.advance(0.5) == clock() == 5.5
    with pytest.raises(ValueError):
        clock.advance(-1)
