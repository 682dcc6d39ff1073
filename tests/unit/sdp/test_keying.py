"""Keys in offer and answer, as conversations (RFC 4568 5 to 7, 9)."""

from __future__ import annotations

import pytest

from gateway.core.srtp import Encryption, Suite
from gateway.sdp.crypto import cryptos_of
from gateway.sdp.description import SessionDescription
from gateway.sdp.negotiate import Direction, Negotiation, NotAcceptable

OFF, OPTIONAL, REQUIRED = Encryption.OFF, Encryption.OPTIONAL, Encryption.REQUIRED
KEY = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"


def side(encryption: Encryption, port: int = 20000) -> Negotiation:
    return Negotiation(address="192.0.2.1", port=port, session_id=7, encryption=encryption)


def sdp(protocol: str, *lines: str) -> SessionDescription:
    head = ["v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0"]
    text = "\r\n".join([*head, f"m=audio 4000 {protocol} 0", *lines, ""])
    return SessionDescription.parse(text.encode())


def agree(offerer: Negotiation, answerer: Negotiation) -> None:
    offerer.accept(answerer.answer(offerer.offer()))


@pytest.mark.parametrize("first", [OPTIONAL, REQUIRED])
@pytest.mark.parametrize("second", [OPTIONAL, REQUIRED])
def test_two_of_us_end_up_with_each_others_keys(first: Encryption, second: Encryption) -> None:
    alice, bob = side(first), side(second)
    agree(alice, bob)
    assert alice.agreement is not None and bob.agreement is not None
    hers, his = alice.agreement.protection, bob.agreement.protection
    assert hers is not None and his is not None
    assert (hers.ours, hers.theirs) == (his.theirs, his.ours)
    assert hers.ours.key != hers.theirs.key
    assert hers.suite is Suite.AEAD_AES_128_GCM


def test_what_must_be_encrypted_is_savp_and_what_may_be_is_avp_with_keys() -> None:
    must, may, never = (side(encryption).offer().media[0] for encryption in (REQUIRED, OPTIONAL, OFF))
    assert (must.protocol, len(cryptos_of(must.attributes))) == ("RTP/SAVP", 3)
    assert (may.protocol, len(cryptos_of(may.attributes))) == ("RTP/AVP", 3)
    assert (never.protocol, len(cryptos_of(never.attributes))) == ("RTP/AVP", 0)
    assert len({crypto.key.key[:16] for crypto in cryptos_of(must.attributes)}) == 3


@pytest.mark.parametrize(("first", "second"), [(OPTIONAL, OFF), (OFF, OPTIONAL)])
def test_who_can_do_without_talks_in_clear_with_who_has_none(first: Encryption, second: Encryption) -> None:
    alice, bob = side(first), side(second)
    agree(alice, bob)
    assert alice.agreement is not None and alice.agreement.protection is None
    assert bob.agreement is not None and bob.agreement.protection is None


@pytest.mark.parametrize(
    ("encryption", "offer", "why"),
    [
        (OFF, sdp("RTP/SAVP", f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}"), "not to be had on this path"),
        (
            OFF,
            sdp("RTP/SAVPF", f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}"),
            "RTP/SAVPF.*not to be had on this path",
        ),
        (OFF, sdp("TCP/RTP/AVP"), "we speak RTP/AVP and RTP/SAVP, the peer wants TCP/RTP/AVP"),
        (REQUIRED, sdp("RTP/AVPF"), "audio must be encrypted"),
        (OPTIONAL, sdp("RTP/SAVPF"), "no key that we can use"),
        (REQUIRED, sdp("RTP/AVP"), "audio must be encrypted"),
        (OPTIONAL, sdp("RTP/SAVP", f"a=crypto:1 AES_256_CM_HMAC_SHA1_80 {KEY}"), "no key that we can use"),
        (
            OPTIONAL,
            sdp("UDP/TLS/RTP/SAVP", "a=fingerprint:sha-256 00"),
            "audio as browsers have it .*UDP/TLS/RTP/SAVP: DTLS-SRTP over ICE.*, which is not spoken here",
        ),
    ],
)
def test_who_must_and_who_cannot_get_488_with_a_sentence(
    encryption: Encryption, offer: SessionDescription, why: str
) -> None:
    leg = side(encryption)
    with pytest.raises(NotAcceptable, match=why) as refusal:
        leg.answer(offer)
    assert refusal.value.warning == 302
    assert leg.agreement is None


def test_the_answer_takes_the_first_key_that_we_can_use_under_its_tag() -> None:
    leg = side(OPTIONAL)
    answer = leg.answer(
        sdp("RTP/AVP", f"a=crypto:7 AES_256_CM_HMAC_SHA1_80 {KEY}", f"a=crypto:9 AES_CM_128_HMAC_SHA1_32 {KEY}|1:4")
    )
    (ours,) = cryptos_of(answer.media[0].attributes)
    assert (ours.tag, ours.key.suite, answer.media[0].protocol) == (9, Suite.AES_CM_128_HMAC_SHA1_32, "RTP/AVP")
    assert leg.agreement is not None and leg.agreement.protection is not None
    assert leg.agreement.protection.theirs.identifier == 4
    assert leg.agreement.protection.ours == ours.key


@pytest.mark.parametrize(
    ("encryption", "protocol", "keys"),
    [(OFF, "RTP/AVPF", 0), (OPTIONAL, "RTP/AVPF", 1), (OPTIONAL, "RTP/SAVPF", 1), (REQUIRED, "RTP/SAVPF", 1)],
)
def test_rfc_4585_4_and_5124_who_offers_feedback_is_answered_likewise_and_agrees_on_none(
    encryption: Encryption, protocol: str, keys: int
) -> None:
    leg = side(encryption)
    answer = leg.answer(sdp(protocol, f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}", "a=rtcp-fb:* nack"))
    assert answer.media[0].protocol == leg.offer().media[0].protocol == protocol
    assert len(cryptos_of(answer.media[0].attributes)) == keys
    assert not [line for line in answer.media[0].attributes if line.name == "rtcp-fb"]


def test_of_two_streams_the_one_that_suits_is_taken() -> None:
    both = sdp("RTP/SAVP", f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}", "m=audio 4002 RTP/AVP 0")
    taken = {encryption: side(encryption).answer(both).media for encryption in Encryption}
    assert [media.port for media in taken[OFF]] == [0, 20000]
    assert [media.port for media in taken[REQUIRED]] == [20000, 0]
    assert taken[REQUIRED][0].protocol == "RTP/SAVP"


@pytest.mark.parametrize(
    "line",
    [f"a=crypto:4 AES_CM_128_HMAC_SHA1_80 {KEY}", f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}"],
    ids=["a tag that was not offered", "another suite under its tag"],
)
def test_an_answer_that_takes_what_was_not_offered_is_refused(line: str) -> None:
    leg = side(OPTIONAL)
    leg.offer()
    with pytest.raises(NotAcceptable, match="none of the keys"):
        leg.accept(sdp("RTP/AVP", line))


def test_an_answer_in_clear_to_what_must_be_encrypted_is_refused() -> None:
    leg = side(REQUIRED)
    leg.offer()
    with pytest.raises(NotAcceptable, match="must be encrypted"):
        leg.accept(sdp("RTP/AVP"))


def test_keys_outlast_a_hold_and_its_end() -> None:
    alice, bob = side(REQUIRED), side(REQUIRED)
    agree(alice, bob)
    assert alice.agreement is not None
    before = alice.agreement.protection
    for direction in (Direction.SENDONLY, Direction.SENDRECV):
        alice.accept(bob.answer(alice.offer(direction)))
        assert alice.agreement.protection == before
    bob.accept(alice.answer(bob.offer()))
    assert alice.agreement.protection == before


def test_a_new_key_of_the_peers_is_taken_and_ours_goes_on() -> None:
    leg = side(OPTIONAL)
    leg.answer(sdp("RTP/AVP", f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}"))
    assert leg.agreement is not None and leg.agreement.protection is not None
    before = leg.agreement.protection
    leg.answer(sdp("RTP/AVP", f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY.replace('WVNf', 'AAAA')}"))
    after = leg.agreement.protection
    assert after is not None and after.ours == before.ours and after.theirs != before.theirs


def test_each_branch_of_a_fork_has_its_own_key_against_ours() -> None:
    leg = side(REQUIRED)
    offer = leg.offer()
    early = leg.accept(side(REQUIRED).answer(offer)).protection
    final = leg.accept(side(REQUIRED).answer(offer)).protection
    assert early is not None and final is not None
    assert early.ours == final.ours and early.theirs != final.theirs


def test_a_call_agreed_upon_in_clear_offers_no_keys_later() -> None:
    alice, bob = side(OPTIONAL), side(OFF)
    agree(alice, bob)
    again = alice.offer()
    assert not cryptos_of(again.media[0].attributes)


def test_a_refused_offer_changes_no_key() -> None:
    alice, bob = side(OPTIONAL), side(OPTIONAL)
    agree(alice, bob)
    assert alice.agreement is not None
    before = alice.agreement
    alice.offer(Direction.SENDONLY)
    alice.withdraw()
    assert alice.agreement == before
