"""Busy lamps, presence and message lamps of a whole office, pushed as things happen."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from gateway.core.audio import Samples
from gateway.core.watch import MailboxStatus
from tests.support.office import OfficeUnderTest

Build = Callable[..., OfficeUnderTest]

DIALPLAN = """
[office]
exten => 101,1,Dial(FXS/101,30)
exten => 101,hint,FXS/101
exten => _600X,1,Dial(SIP/${EXTEN},30)
exten => _600X,hint,SIP/${EXTEN}
[from-pstn]
exten => s,1,Hangup()
"""


def lamp(body: str) -> str:
    """What a lamp shows: the state of the call in a dialog-info document, or "dark"."""
    found = re.search(r"<state>(\w+)</state>", body)
    return found[1] if found else "dark"


def pauses(samples: Samples) -> int:
    """How often a tone that has begun stops for 50 ms and more."""
    pieces = samples[: len(samples) // 400 * 400].reshape(-1, 400).astype(np.int64)
    loud = np.abs(pieces).max(axis=1) > 500
    return int((loud[:-1] & ~loud[1:]).sum())


def test_a_busy_lamp_shows_ringing_talking_and_idle(build: Build) -> None:
    office = build(dialplan=DIALPLAN)
    ada, clerk, desk = office.sip("6001"), office.sip("6002"), office.phone("101")
    clerk.watch("101", "dialog")
    office.until(lambda: clerk.told)
    ada.call("101")
    office.until(lambda: desk.ringing)
    office.run(1.2)
    desk.lift()
    office.run(2.5)
    ada.hang_up()
    office.run(1)
    desk.hang_up()
    office.run(1.5)
    # The fourth: Ada's call is over, and the receiver still off the hook; who calls now finds the telephone busy.
    assert [lamp(body) for body in clerk.told] == ["dark", "early", "confirmed", "confirmed", "dark"]
    assert "6001" in clerk.told[1] and "Ada" in clerk.told[1]


def test_rfc_4235_what_rings_at_a_lamp_is_picked_up_with_its_key(build: Build) -> None:
    office = build(dialplan=DIALPLAN)
    ada, clerk, desk = office.sip("6001"), office.sip("6002"), office.phone("101")
    clerk.watch("101", "dialog")
    ada.call("101")
    office.until(lambda: desk.ringing)
    office.until(lambda: "early" in map(lamp, clerk.told), within=3)
    shown = dict(re.findall(r'(call-id|local-tag|remote-tag)="([^"]+)"', clerk.told[-1]))
    clerk.call(
        "101",
        replaces=f"{shown['call-id']};to-tag={shown['local-tag']};from-tag={shown['remote-tag']};early-only",
    )
    office.until(lambda: ada.state == "up" and clerk.state == "up", within=2)
    office.run(1)
    assert not desk.ringing
    clerk.hang_up()
    office.until(lambda: ada.state == "idle", within=2)


def test_who_watches_a_lamp_neither_takes_nor_hears_what_others_talk(build: Build) -> None:
    office = build(dialplan=DIALPLAN)
    ada, bert, clerk, desk = office.sip("6001"), office.sip("6003"), office.sip("6002"), office.phone("101")
    clerk.watch("6001", "dialog")
    ada.call("101")
    office.until(lambda: desk.ringing)
    office.until(lambda: bool(clerk.told) and lamp(clerk.told[-1]) != "dark", within=3)
    shown = dict(re.findall(r'(call-id|local-tag|remote-tag)="([^"]+)"', clerk.told[-1]))
    named = f"{shown['call-id']};to-tag={shown['local-tag']};from-tag={shown['remote-tag']}"
    clerk.call("6001", replaces=named)
    office.until(lambda: clerk.state == "idle", within=2)
    assert clerk.status >= 400 and desk.ringing, "Ada calls, and nothing rings at hers"
    desk.lift()
    office.until(lambda: ada.state == "up", within=2)
    for thief, headers in ((clerk, {"replaces": named}), (bert, {"joins": named})):
        thief.call("6001", **headers)
        office.until(lambda thief=thief: thief.state == "idle", within=2)
        assert thief.status in (403, 486) and ada.state == "up" and desk.off_hook
    ada.hang_up()
    office.run(1)
    desk.hang_up()


def test_an_account_that_logs_off_is_shown_as_away(build: Build) -> None:
    office = build(dialplan=DIALPLAN)
    clerk, bert = office.sip("6002"), office.sip("6003")
    clerk.watch("6003", "presence")
    office.until(lambda: clerk.told)
    bert.register(expires=0)
    office.run(1.5)
    assert [re.findall(r"<basic>(\w+)</basic>", body) for body in clerk.told] == [["open"], ["closed"]]


def test_messages_light_sip_lamps_and_stutter_the_dial_tone_of_telephones(build: Build) -> None:
    office = build(('name = "Ada"', 'name = "Ada"\nmailbox = "101"'), dialplan=DIALPLAN)
    ada, desk = office.sip("6001"), office.phone("101")
    office.run(0.2)
    assert "Messages-Waiting: no" in ada.told[-1]
    office.app.lamps.mailboxes.update("101", MailboxStatus(2, 1))
    office.run(1)
    assert "Messages-Waiting: yes" in ada.told[-1] and "Voice-Message: 2/1" in ada.told[-1]
    office.run(5)
    desk.lift()
    office.until(lambda: desk.hears == "dial", within=4)
    assert pauses(desk.recording) >= 3, "the dial tone stutters first"
    desk.hang_up()
    office.app.lamps.mailboxes.update("101", MailboxStatus(0, 3))
    office.run(3)
    assert "Messages-Waiting: no" in ada.told[-1]
