"""SendText, MessageSend and MESSAGE(), as Asterisk's app_sendtext and message.c have them."""

from __future__ import annotations

import asyncio

import pytest

from dialplan.engine import DialplanEngine
from gateway.core.number import Party
from tests.unit.dialplan.office import FakeLeg, Office


class Post:
    """Writes down what is sent; account 6009 is not there."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Party, str]] = []

    def post(self, recipient: str, sender: Party, text: str) -> bool:
        self.sent.append((recipient, sender, text))
        return recipient != "6009"


def run(*steps: str, name: str = "SIP/6001-1") -> tuple[FakeLeg, Post]:
    """A leg of Ada's that takes these steps, and what was sent meanwhile."""
    office, post = Office("[office]\nexten => 100,1," + "\n same => n,".join(steps) + "\n"), Post()
    office.engine = DialplanEngine(office.engine.dialplan, office, postman=post)
    leg = FakeLeg(name, called="100")
    leg.party = Party("6001", "Ada")
    return asyncio.run(office.call("100", leg)), post


@pytest.mark.parametrize(("name", "status"), [("SIP/6001-1", "SUCCESS"), ("FXS/101-1", "UNSUPPORTED")])
def test_a_text_is_shown_to_a_caller_who_can_be_shown_one(name: str, status: str) -> None:
    leg, _ = run("SendText(Call 112, now)", name=name)
    assert leg.told == ["text Call 112, now"] and leg.variables["SENDTEXTSTATUS"] == status


def test_without_a_text_the_variable_is_sent_or_nothing() -> None:
    leg, _ = run("Set(SENDTEXT_BODY=hello)", "SendText()")
    assert leg.told == ["text hello"]
    leg, _ = run("SendText()")
    assert leg.told == [] and leg.variables["SENDTEXTSTATUS"] == "FAILURE"


@pytest.mark.parametrize(
    ("destination", "recipient", "status"),
    [
        ("sip:6002", "6002", "SUCCESS"),
        ("pjsip:6002", "6002", "SUCCESS"),
        ("sip:6002@192.0.2.1:5060", "6002", "SUCCESS"),
        ("pjsip:office/6002", "6002", "SUCCESS"),
        ('sip:"Bert" <sip:6002@x>', "6002", "SUCCESS"),
        ("sip:6009", "6009", "FAILURE"),
        ("xmpp:6002", None, "INVALID_PROTOCOL"),
        ("6002", None, "INVALID_PROTOCOL"),
        ("sip:", None, "INVALID_URI"),
    ],
)
def test_a_message_goes_to_an_account(destination: str, recipient: str | None, status: str) -> None:
    leg, post = run("Set(MESSAGE(body)=Lunch?)", f"MessageSend({destination})")
    assert leg.variables["MESSAGE_SEND_STATUS"] == status
    expected = [] if recipient is None else [(recipient, Party("6001", "Ada"), "Lunch?")]
    assert post.sent == expected


def test_whom_it_is_from() -> None:
    _, post = run('MessageSend(sip:6002,"Voicemail" <sip:8000@x>)')
    assert post.sent == [("6002", Party("8000", "Voicemail"), "")]
    _, post = run("Set(MESSAGE(from)=8000)", "MessageSend(sip:6002)")
    assert post.sent == [("6002", Party("8000"), "")]


def test_what_was_put_together_can_be_read_and_nothing_else() -> None:
    leg, _ = run("Set(MESSAGE(body)=${CALLERID(name)})", "Set(X=${MESSAGE(body)}${MESSAGE(to)})")
    assert leg.variables["X"] == "Ada"
    leg, _ = run("Set(MESSAGE_DATA(X-Colour)=red)", "Set(X=${MESSAGE_DATA(X-Colour)})")
    assert leg.variables["X"] == "red"
    leg, _ = run("Set(MESSAGE(subject)=x)")
    assert any("MESSAGE knows no" in note for note in leg.notes)
