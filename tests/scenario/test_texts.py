"""Texts between accounts of a whole office, and from its dialplan."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.office import OfficeUnderTest

Build = Callable[..., OfficeUnderTest]

DIALPLAN = """
[office]
exten => 8010,1,Answer()
 same => n,Set(MESSAGE(body)=The door bell rang)
 same => n,MessageSend(sip:6002,"Door" <sip:8010>)
 same => n,SendText(${MESSAGE_SEND_STATUS})
 same => n,Wait(1)
[from-pstn]
exten => s,1,Hangup()
"""


def test_texts_wait_for_an_account_that_is_away_and_come_in_their_order(build: Build) -> None:
    office = build(dialplan=DIALPLAN)
    ada = office.sip("6001")
    ada.text("6002", "Lunch?")
    office.until(lambda: ada.status == 202, within=2)
    ada.call("8010")
    office.until(lambda: ada.state == "idle", within=5)
    assert ada.texts == ["SUCCESS"]
    bert = office.sip("6002")
    office.until(lambda: len(bert.texts) == 2, within=2)
    assert bert.texts == ["Lunch?", "The door bell rang"]
    assert '"Door" <sip:8010@' in next(message["from"] for message in bert.log if "door" in message.body)
    bert.text("6001", "Coming")
    office.until(lambda: bert.status == 200, within=2)
    assert ada.texts[-1] == "Coming"


LOBBY = """
[office]
exten => 6003,1,Dial(SIP/6003)
[lobby]
exten => 6002,1,Dial(SIP/6002)
[from-pstn]
exten => s,1,Hangup()
"""


def test_a_text_reaches_whom_a_call_of_its_sender_would(build: Build) -> None:
    office = build(('secret = "copper-6003"', 'secret = "copper-6003"\ncontext = "lobby"'), dialplan=LOBBY)
    ada, bert, edith = (office.sip(user) for user in ("6001", "6002", "6003"))
    for sender, to, status in ((edith, "6002", 200), (edith, "6001", 404), (ada, "6003", 200), (bert, "6001", 200)):
        sender.text(to, f"to {to}")
        office.until(lambda sender=sender, status=status: sender.status == status, within=2)
    assert (ada.texts, bert.texts, edith.texts) == (["to 6001"], ["to 6002"], ["to 6003"])
