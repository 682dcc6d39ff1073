"""Faults that a person plays on the emulated copper, hooks, plugs and cards, and what the office does about each.

All of them are played as `copperline sim … fault` does it (`EmulatedWorld`), on whole calls.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from gateway.app.simulator import EmulatedWorld
from gateway.core.audio import Samples
from gateway.core.cause import Cause
from gateway.core.errors import LocalError
from gateway.testing.sip_phone import SipPhone
from gateway.testing.sounds import compare
from gateway.web.office import LineView
from hardware.world.telephone import Telephone
from tests.support.office import OfficeUnderTest


def world(office: OfficeUnderTest) -> EmulatedWorld:
    simulator = office.app.console.simulator
    assert simulator is not None
    return simulator


def spoil_phone(office: OfficeUnderTest, number: str, **fault: float) -> None:
    phone = world(office).phone(number)
    assert phone is not None
    phone.suffer({name.replace("_", "-"): value for name, value in fault.items()})


def spoil_line(office: OfficeUnderTest, name: str, fault: Mapping[str, float]) -> None:
    line = world(office).line(name)
    assert line is not None
    line.suffer(fault)


def causes(office: OfficeUnderTest) -> list[int]:
    return [int(record.ending.cause) for record in office.records() if record.ending is not None]


def talk(office: OfficeUnderTest, ada: SipPhone, desk: Telephone) -> None:
    """Ada calls telephone 101, which is answered."""
    ada.call("101")
    office.until(lambda: desk.ringing)
    desk.lift()
    office.until(lambda: ada.state == "up")


BAD_LINES: Mapping[str, Mapping[str, float]] = {
    "a long and noisy one with a far echo": {"loss": 9, "noise": -55, "echo": 10, "delay": 24},
    "one by carrier, beside a power line, with a bad joint": {"shift": 8, "hum": -34, "clicks": 3, "click": -12},
    "one with everything": {"loss": 6, "noise": -48, "hum": -44, "clicks": 1, "click": -20, "shift": 4, "echo": 10},
}


@pytest.mark.parametrize("fault", BAD_LINES.values(), ids=BAD_LINES.keys())
def test_on_a_bad_line_callers_are_shown_numbers_dialled_and_words_understood(
    office: OfficeUnderTest, fault: Mapping[str, float], sentence: Samples
) -> None:
    ada, exchange = office.sip("6001"), office.exchange("copper1")
    spoil_line(office, "copper1", fault)
    spoil_phone(office, "101", **fault)
    desk = office.phone("101")
    office.call_in("copper1", "2125550123", "ADA")  # to the auto-attendant, which asks for an extension
    office.until(lambda: office.app.manager.calls, within=10)
    assert office.calls()[0].caller == "2125550123"
    office.run(3)
    exchange.key("101")
    office.until(lambda: desk.ringing, within=20)
    office.until(lambda: desk.caller_id is not None, within=6)
    assert desk.caller_id is not None and desk.caller_id.number == "2125550123"
    exchange.hang_up()
    office.until(lambda: not desk.ringing and not office.app.manager.calls, within=10)
    office.run(4)

    desk.lift()
    office.until(lambda: desk.hears == "dial", within=3)
    desk.dial("6001")
    office.until(lambda: ada.caller, within=10)
    ada.answer()
    office.run(3)  # and the echo is learned
    ada.say(sentence)
    office.run(len(sentence) / 8000 + 0.5)
    if "shift" not in fault:  # which turns the phase round, and leaves the words
        assert compare(desk.recording, sentence).correlation > 0.75
    desk.say(sentence)
    office.run(len(sentence) / 8000 + 0.5)
    if "shift" not in fault:
        assert compare(ada.heard[-len(sentence) - 8000 :], sentence).correlation > 0.75
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=4)
    spoil_line(office, "copper1", {})
    spoil_phone(office, "101")
    office.run(2)


def test_a_busy_number_is_understood_on_a_line_with_everything(office: OfficeUnderTest) -> None:
    spoil_line(office, "copper1", BAD_LINES["one with everything"])
    desk = office.phone("101")
    desk.lift()
    office.until(lambda: desk.hears == "dial")
    desk.dial("95550101")
    office.until(lambda: office.exchange("copper1").dialled == "5550101", within=15)
    office.until(lambda: desk.hears == "busy", within=10)
    desk.hang_up()
    spoil_line(office, "copper1", {})
    office.run(3)


def test_a_hook_that_bounces_lifts_once_dials_what_is_dialled_and_hangs_up_once(office: OfficeUnderTest) -> None:
    spoil_phone(office, "101", bounce=8)
    ada, desk = office.sip("6001"), office.phone("101")
    desk.lift()
    office.until(lambda: desk.hears == "dial")
    office.run(0.6)  # within which a card looks at no break (dahdi-base.c, debounce time)
    desk.pulse("6001")
    office.until(lambda: ada.caller, within=20)
    ada.answer()
    office.until(lambda: len(office.app.manager.calls) == 1)
    office.run(2)
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=4)
    office.run(2)
    assert len(office.records()) == 1 and causes(office) == [Cause.NORMAL_CLEARING]


@pytest.mark.parametrize("late", [60, 250, 500])
def test_a_hook_that_slips_as_a_call_is_answered_neither_ends_nor_holds_it(
    office: OfficeUnderTest, late: int, sentence: Samples
) -> None:
    """A break within 600 ms after the answer is not looked at: dahdi-base.c, debounce time."""
    spoil_phone(office, "101", early_flash=late)
    ada, desk = office.sip("6001"), office.phone("101")
    talk(office, ada, desk)
    office.run(2)
    assert ada.state == "up" and desk.hears is None
    desk.say(sentence)
    office.run(len(sentence) / 8000 + 0.5)
    assert compare(ada.heard, sentence).correlation > 0.9
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=4)
    office.run(2)


def test_a_hook_that_slips_while_dial_tone_comes_leaves_dial_tone(office: OfficeUnderTest) -> None:
    spoil_phone(office, "101", early_flash=250)
    desk = office.phone("101")
    desk.lift()
    office.run(2)
    assert desk.hears == "dial"
    desk.dial("101")
    office.until(lambda: desk.hears == "busy", within=8)
    desk.hang_up()
    office.run(3)


def test_a_telephone_that_is_unplugged_in_a_call_has_hung_up_and_serves_again(office: OfficeUnderTest) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    talk(office, ada, desk)
    desk.unplug()
    office.until(lambda: ada.state == "idle", within=4)
    assert causes(office) == [Cause.NORMAL_CLEARING]
    ada.call("101")
    office.run(4)
    assert not desk.ringing and ada.status == 180, "no card knows whether a telephone is plugged in"
    ada.hang_up()
    office.run(1)
    desk.plug_in()  # still lifted
    office.until(lambda: desk.hears == "dial", within=3)
    desk.hang_up()
    office.run(2)
    talk(office, ada, desk)
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=4)
    office.run(2)


def test_a_fault_that_no_hook_has_is_refused(office: OfficeUnderTest) -> None:
    for wrong in ({"bounce": 999.0}, {"early_flash": -1.0}, {"bounds": 3.0}):
        with pytest.raises(LocalError, match=r"A hook has bounce 0 to 200|there are: bounce, click"):
            spoil_phone(office, "101", **wrong)


def lines_of(office: OfficeUnderTest, card: str) -> list[LineView]:
    return [view for view in office.app.console.lines() if view.card == card]


def test_a_card_that_disappears_ends_its_calls_with_their_cause_and_gives_all_back(office: OfficeUnderTest) -> None:
    ada, bob, desk = office.sip("6001"), office.sip("6002"), office.phone("101")
    talk(office, ada, desk)  # one call on a telephone,
    bob.call("95550106")  # one on an exchange line,
    office.until(lambda: bob.state == "up", within=20)
    office.call_in("copper2", "2125550123")  # one that comes in on the other,
    office.until(lambda: len(office.app.manager.calls) == 3, within=10)
    other = office.phone("102")
    other.lift()  # and somebody who is about to dial
    office.until(lambda: other.hears == "dial")
    card = world(office).card("main")
    assert card is not None
    card.remove()
    office.until(lambda: ada.state == "idle" and bob.state == "idle", within=2)
    office.run(1)
    assert not office.app.manager.calls
    assert sorted(causes(office)) == [Cause.DESTINATION_OUT_OF_ORDER] * 3
    for end in (desk, other):
        assert end.hears is None and not np.any(end.recording[-800:]), "the line is dead"
    assert {view.in_service for view in lines_of(office, "main")} == {False}
    assert {view.trouble for view in lines_of(office, "main")} == {"the card has been removed"}
    office.run(12)
    used = office.app.usage()
    assert [used[what] for what in ("calls", "legs", "line resources", "rtp sockets")] == [0] * 4
    assert used["rows"] == office.idle["rows"] - 4
    assert all("is a card there" in view.trouble for view in lines_of(office, "main"))
    ada.call("101")
    office.until(lambda: ada.state == "idle" and ada.status >= 400, within=3)
    assert ada.status == 502
    desk.hang_up()
    other.hang_up()
    card.insert()
    office.until(lambda: all(view.in_service for view in office.app.console.lines()), within=12)
    talk(office, ada, desk)
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=4)
    office.run(2)


def test_a_card_that_is_back_before_anybody_looked_serves_all_the_same(office: OfficeUnderTest) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    card = world(office).card("main")
    assert card is not None
    for _ in range(3):
        card.remove()
        office.run(0.1)
        card.insert()
        office.run(0.1)
    office.until(lambda: all(view.in_service for view in office.app.console.lines()), within=15)
    talk(office, ada, desk)
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=4)
    office.run(2)


def test_a_card_that_disappears_ends_a_call_that_rings(office: OfficeUnderTest) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    ada.call("101")
    office.until(lambda: desk.ringing)
    office.pull_out_card()
    office.until(lambda: ada.state == "idle", within=2)
    assert not desk.ringing
    assert causes(office) == [Cause.DESTINATION_OUT_OF_ORDER]
    office.put_card_back()
    office.until(lambda: all(view.in_service for view in office.app.console.lines()), within=15)


def test_a_telephone_that_is_lifted_when_its_card_comes_has_dial_tone(office: OfficeUnderTest) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    office.pull_out_card()
    office.run(6)
    desk.lift()
    office.run(0.5)
    assert desk.hears is None
    office.put_card_back()
    office.until(lambda: desk.hears == "dial", within=15)
    office.run(0.6)
    desk.dial("6001")
    office.until(lambda: ada.caller, within=8)
    ada.answer()
    office.run(1)
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=4)
    office.run(2)
