"""Which codec a leg ends up with: the one that the other leg of its call uses, so that nothing is transcoded."""

from __future__ import annotations

from gateway.core.codec import CODECS, Encoding
from gateway.core.messages import Answer, Dial, EarlyMedia, Offered
from gateway.core.number import Party
from gateway.sdp.description import SessionDescription
from gateway.sip.channel import SipChannel
from gateway.sip.config import SipConfig
from gateway.sip.outfit import LegsConfig
from tests.support.sip import Office, Phone, session_description

ALAW, G722, ULAW = CODECS["alaw"], CODECS["g722"], CODECS["ulaw"]


def office() -> Office:
    return Office(SipConfig(legs=LegsConfig(codecs=(ULAW, ALAW, G722))))


def called(at: Office, phone: Phone, formats: str) -> SipChannel:
    phone.invite("101", body=session_description(formats=formats))
    ((channel, event),) = at.heard()
    assert isinstance(event, Offered)
    return channel


def formats(body: bytes) -> tuple[str, ...]:
    return SessionDescription.parse(body).media[0].formats


def test_what_the_caller_can_use_is_known_before_anybody_is_called() -> None:
    at = office()
    channel = called(at, Phone(at), "9 8 0 101")
    assert channel.audio is not None
    assert [codec.encoding for codec in channel.audio.codecs] == [Encoding.G722, Encoding.PCMA, Encoding.PCMU]


def test_the_answer_is_given_by_what_the_called_side_chose() -> None:
    at = office()
    phone = Phone(at)
    channel = called(at, phone, "9 8 0 101")
    at.desk.rows[0].wanted = (ALAW,)
    at.command(channel, Answer())
    assert formats(phone.messages()[-1].body) == ("8", "101")
    assert at.desk.rows[0].remotes[-1][2].encoding is Encoding.PCMA


def test_an_answer_that_was_given_early_stays() -> None:
    at = office()
    phone = Phone(at)
    channel = called(at, phone, "9 8 0 101")
    at.desk.rows[0].wanted = (ALAW,)
    at.command(channel, EarlyMedia())
    at.desk.rows[0].wanted = (ULAW,)
    at.command(channel, Answer())
    assert [formats(message.body) for message in phone.messages() if message.body] == [("8", "101")] * 2


def test_the_called_side_is_offered_what_the_caller_has_first() -> None:
    at = office()
    callee = Phone(at, "6002", host="192.0.2.61")
    callee.register()
    callee.messages()
    channel = at.stack.channel("6002", at.clock.now)
    assert channel.audio is not None
    channel.audio.wanted = (G722, ALAW)
    at.command(channel, Dial("6002", Party("6001")))
    assert formats(callee.arrived().body) == ("9", "8", "0", "101")


def test_rfc_3264_section_8_a_reinvite_falls_on_what_the_other_side_uses() -> None:
    """A telephone that names its dearest codec first in each offer, also in that of a hold."""
    at = office()
    phone = Phone(at)
    invite = phone.invite("101", body=session_description(formats="0 101"))
    ((channel, _),) = at.heard()
    assert phone.statuses() == [100]
    at.command(channel, Answer())
    ok = phone.response()
    phone.send(phone.ack(invite, ok))
    at.desk.rows[0].wanted = (ULAW,)
    phone.send(phone.within(invite, ok, "INVITE", 3, session_description(formats="9 8 0 101")))
    assert formats(phone.response().body) == ("0", "101")
