"""T.38 in a call, as conversations: re-INVITEs of both sides, refusal and glare (RFC 3362, RFC 3261 14)."""

from __future__ import annotations

import pytest

from gateway.core.audio import FaxHeard, FaxTone
from gateway.core.codec import Codec, Encoding
from gateway.core.ending import Ending
from gateway.core.fax import T38, Correction
from gateway.core.messages import (
    Answer,
    CarryFax,
    CarryModem,
    CarrySpeech,
    Command,
    Dial,
    Event,
    FaxCarried,
    FaxRecognised,
    Hangup,
    Hold,
    Offered,
    Released,
)
from gateway.core.number import Party
from gateway.core.srtp import Encryption
from gateway.sip.channel import SipChannel
from gateway.sip.message import Request, Response
from tests.support.sip import Office, Phone, session_description
from tests.unit.sip.test_session import CLEAR

CLEARED = Hangup(CLEAR)
WIDE = (Codec(Encoding.G722, 9), Codec(Encoding.PCMA, 8))


def fax_description(port: int = 41000, *, audio: bool = False, lines: tuple[str, ...] = ()) -> bytes:
    """A gateway's session description for T.38, the audio refused beside it or not."""
    rows = ["v=0", "o=phone 1 2 IN IP4 192.0.2.60", "s=-", "c=IN IP4 192.0.2.60", "t=0 0"]
    rows += ["m=audio 0 RTP/AVP 0"] if audio else []
    rows += [f"m=image {port} udptl t38", "a=T38FaxVersion:0", "a=T38FaxRateManagement:transferredTCF"]
    rows += ["a=T38FaxMaxDatagram:320", "a=T38FaxUdpEC:t38UDPRedundancy", *lines, ""]
    return "\r\n".join(rows).encode()


class Talk:
    """A call from a telephone that is up."""

    def __init__(self, office: Office, body: bytes | None = None, user: str = "6001") -> None:
        self.office = office
        self.phone = Phone(office, user)
        self.invite = self.phone.invite("101", body=body)
        ((self.channel, event), *_) = office.heard()
        assert isinstance(event, Offered) and isinstance(self.channel, SipChannel)
        office.command(self.channel, Answer())
        self.ok = next(m for m in self.phone.messages() if isinstance(m, Response) and m.status == 200)
        self.phone.send(self.phone.ack(self.invite, self.ok))
        office.heard()

    def command(self, command: Command) -> None:
        self.office.command(self.channel, command)

    def asks(self, method: str, number: int, body: bytes = b"") -> Response:
        """The telephone asks for something; a 2xx to an INVITE is acknowledged."""
        request = self.phone.within(self.invite, self.ok, method, number, body)
        self.phone.send(request)
        response = self.phone.response()
        if method == "INVITE":
            self.phone.send(self.phone.ack(request, response))
        return response

    def answers(self, status: int, body: bytes = b"") -> Request:
        """The telephone answers our re-INVITE; what it was."""
        invite = self.phone.arrived()
        assert invite.method == "INVITE"
        self.phone.reply(invite, status, body=body, tag=self.invite.from_.tag or "")
        assert self.phone.arrived().method == "ACK"
        return invite

    def told(self) -> list[Event]:
        return self.office.events()

    def ends(self) -> None:
        self.command(CLEARED)
        bye = self.phone.arrived()
        self.phone.reply(bye, 200)
        self.office.quiet()


def test_a_gateway_that_hears_its_fax_machine_changes_to_t38() -> None:
    talk = Talk(office := Office(t38=True))
    response = talk.asks("INVITE", 3, fax_description(audio=True))
    assert response.status == 200
    assert b"m=audio 0 RTP/AVP 0" in response.body and b"m=image 21000 udptl t38" in response.body
    (image,) = office.desk.images
    assert talk.told() == [FaxCarried(image)]
    assert image.remotes == [("192.0.2.60", 41000, T38(datagram=320))]
    assert len(office.desk.rows[0].remotes) == 1  # the audio stays as it was
    # RFC 4028: what refreshes the session is no news.
    assert talk.asks("INVITE", 4, fax_description(audio=True)).status == 200
    assert talk.asks("UPDATE", 5).status == 200
    assert talk.told() == []
    # And back again, when the fax is over.
    assert talk.asks("INVITE", 6, session_description(40000)).status == 200
    assert talk.told() == [FaxCarried(None)]
    talk.ends()


def test_we_change_to_t38_in_the_slot_of_the_audio() -> None:
    talk = Talk(office := Office(t38=True))
    talk.command(CarryFax())
    invite = talk.answers(200, fax_description())
    assert b"m=image 21000 udptl t38" in invite.body and b"m=audio" not in invite.body
    assert talk.told() == [FaxCarried(office.desk.images[0])]
    talk.command(CarryFax())
    assert talk.told() == [FaxCarried(office.desk.images[0])] and talk.phone.messages() == []
    # A hold offers what is carried.
    talk.command(Hold())
    assert b"m=image 21000" in talk.answers(200, fax_description()).body
    # And speech comes back when the fax is over.
    talk.command(CarrySpeech())
    assert b"m=audio 20000 RTP/AVP 0" in talk.answers(200, session_description()).body
    assert talk.told() == [FaxCarried(None)]
    talk.command(CarrySpeech())
    assert talk.phone.messages() == []
    talk.ends()


@pytest.mark.parametrize("status", [488, 415, 606, 405, 500])
def test_refused_t38_leaves_the_call_in_g711(status: int) -> None:
    talk = Talk(Office(t38=True))
    talk.command(CarryFax())
    talk.answers(status)
    assert talk.told() == [FaxCarried(None)]
    assert talk.phone.messages() == []
    talk.ends()


def test_refused_t38_makes_g711_of_another_codec() -> None:
    wide = session_description(formats="9 8")
    talk = Talk(office := Office(t38=True, codecs=WIDE), wide)
    assert office.desk.rows[0].remotes[-1][2].encoding is Encoding.G722
    talk.command(CarryFax())
    talk.phone.reply(talk.phone.arrived(), 488, tag="phone")
    ack, again = talk.phone.messages()
    assert isinstance(ack, Request) and ack.method == "ACK"
    assert talk.told() == []
    assert isinstance(again, Request) and b"RTP/AVP 8 101" in again.body
    talk.phone.reply(again, 200, body=session_description(formats="8"), tag="phone")
    assert talk.phone.arrived().method == "ACK"
    assert talk.told() == [FaxCarried(None)]
    assert office.desk.rows[0].remotes[-1][2].encoding is Encoding.PCMA
    talk.ends()


def test_where_g711_is_refused_too_the_call_goes_on_as_it_was() -> None:
    talk = Talk(office := Office(codecs=WIDE), session_description(formats="9 8"))
    talk.command(CarryModem())
    talk.answers(488)
    assert talk.told() == [FaxCarried(None)]
    assert len(office.desk.rows[0].remotes) == 1
    talk.ends()


def test_without_t38_a_fax_stays_in_audio() -> None:
    talk = Talk(Office())
    assert CarryFax not in talk.channel.takes
    talk.command(CarryModem())
    assert talk.told() == [FaxCarried(None)] and talk.phone.messages() == []
    response = talk.asks("INVITE", 3, fax_description())
    assert response.status == 488
    assert "T.38" in (response.headers.get("Warning") or "")
    assert talk.told() == []
    talk.ends()


def test_a_2xx_that_takes_no_t38_is_followed_by_audio() -> None:
    """RFC 3264 6: port 0 in an answer refuses the stream, and leaves the session without any."""
    talk = Talk(Office(t38=True))
    talk.command(CarryFax())
    invite = talk.phone.arrived()
    talk.phone.reply(invite, 200, body=fax_description(0), tag="phone")
    ack, again = talk.phone.messages()
    assert isinstance(ack, Request) and ack.method == "ACK"
    assert isinstance(again, Request) and b"m=audio 20000 RTP/AVP 0" in again.body
    talk.phone.reply(again, 200, body=session_description(40002), tag="phone")
    assert talk.phone.arrived().method == "ACK"
    assert talk.told() == [FaxCarried(None)]
    talk.ends()


def test_both_ask_at_once() -> None:
    """RFC 3261 14.1: 491, a wait, and by then the other one has had its way."""
    talk = Talk(office := Office(t38=True))
    talk.command(CarryFax())
    ours = talk.phone.arrived()
    theirs = talk.phone.within(talk.invite, talk.ok, "INVITE", 3, fax_description())
    talk.phone.send(theirs)
    assert talk.phone.response().status == 491
    talk.phone.send(talk.phone.ack(theirs, theirs.reply(491, to_tag=talk.ok.to.tag)))
    talk.phone.reply(ours, 491, tag="phone")
    assert talk.phone.arrived().method == "ACK"
    assert talk.asks("INVITE", 4, fax_description()).status == 200
    assert talk.told() == [FaxCarried(office.desk.images[0])]
    office.wait(10)
    assert talk.phone.messages() == []
    talk.ends()


@pytest.mark.parametrize("symmetric", [True, False])
def test_t38_comes_from_the_signalled_address_alone_where_the_account_says_so(symmetric: bool) -> None:
    office = Office(t38=True, symmetric=symmetric)
    Phone(office).invite("101", body=fax_description())
    assert [image.strict for image in office.desk.images] == [not symmetric]


def test_a_call_that_is_a_fax_from_its_beginning() -> None:
    office = Office(t38=True)
    phone = Phone(office)
    phone.invite("101", body=fax_description())
    (channel, offered), (_, carried) = office.heard()
    assert isinstance(offered, Offered) and carried == FaxCarried(office.desk.images[0])
    phone.messages()
    office.command(channel, Answer())
    assert b"m=image 21000 udptl t38" in phone.response().body


def test_a_call_that_we_place_changes_to_t38() -> None:
    office = Office(t38=True)
    phone = Phone(office)
    phone.register()
    phone.messages()
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101")))
    invite = phone.arrived()
    phone.reply(invite, 200, body=session_description())
    assert phone.arrived().method == "ACK"
    office.heard()
    office.command(channel, CarryFax())
    again = phone.arrived()
    assert b"m=image 21000 udptl t38" in again.body
    phone.reply(again, 200, body=fax_description(lines=("a=T38MaxBitRate:9600",)))
    assert phone.arrived().method == "ACK"
    assert office.events() == [FaxCarried(office.desk.images[0])]
    assert office.desk.images[0].theirs == T38(bit_rate=9600, datagram=320, correction=Correction.REDUNDANCY)


def test_nobody_faxes_in_clear_whose_audio_is_encrypted() -> None:
    office = Office(t38=True, encryption=Encryption.REQUIRED)
    phone = Phone(office, transport="tls")
    keys = ("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40,)
    body = session_description(lines=keys).replace(b"RTP/AVP", b"RTP/SAVP")
    invite = phone.invite("101", body=body)
    ((channel, _),) = office.heard()
    office.command(channel, Answer())
    ok = [message for message in phone.messages() if isinstance(message, Response)][-1]
    phone.send(phone.ack(invite, ok))
    office.command(channel, CarryFax())
    assert office.events() == [FaxCarried(None)]
    phone.send(phone.within(invite, ok, "INVITE", 3, fax_description()))
    assert phone.response().status == 488 and office.desk.images == []


def test_no_port_for_t38_is_488() -> None:
    talk = Talk(office := Office(t38=True))
    office.desk.limit = 0
    assert talk.asks("INVITE", 3, fax_description()).status == 488
    talk.command(CarryFax())
    assert talk.told() == [FaxCarried(None)]
    office.desk.limit = 100
    talk.ends()


def test_a_telephone_that_hangs_up_amid_a_fax_leaves_nothing() -> None:
    talk = Talk(office := Office(t38=True))
    talk.asks("INVITE", 3, fax_description())
    talk.told()
    assert talk.asks("BYE", 4).status == 200
    (event,) = talk.told()
    assert isinstance(event, Released) and isinstance(event.ending, Ending)
    office.quiet()


def test_tones_that_are_heard_are_told() -> None:
    talk = Talk(office := Office())
    listener = office.desk.rows[0].listener
    assert listener is not None
    listener(FaxHeard(FaxTone.PREAMBLE), office.clock.now)
    office.drain()
    assert talk.told() == [FaxRecognised(FaxTone.PREAMBLE)]
