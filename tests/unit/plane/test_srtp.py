"""Encrypted audio: the plane against RFC 3711 and RFC 7714 written down a second time (tests/support/srtp.py)."""

from __future__ import annotations

import random

import numpy as np
import pytest

from gateway.core.audio import DigitHeard
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import LocalError
from gateway.core.srtp import MasterKey, Protection, Suite
from gateway.plane import protection as libsrtp
from gateway.plane.rtp import RtpPacket
from tests.support.rtp import RtpEndpoint
from tests.support.srtp import Srtp, derived, key_stream
from tests.unit.plane.conftest import Studio, speech

GCM, LONG = Suite.AEAD_AES_128_GCM, Suite.AES_CM_128_HMAC_SHA1_80
ULAW = Codec(Encoding.PCMU, 0)
FRAME = np.zeros(160, np.int16)


def key(suite: Suite, seed: int = 1, identifier: int = 0) -> MasterKey:
    return MasterKey(suite, random.Random(seed).randbytes(suite.octets), identifier)


class Phone:
    """A telephone that encrypts: an endpoint whose packets pass through `ours` and `theirs`."""

    def __init__(self, studio: Studio, suite: Suite = LONG, mki: bytes = b"", **stream: int) -> None:
        self.studio = studio
        self.row, self.endpoint = studio.telephone(**stream)
        self.protection = Protection(key(suite, 1, len(mki)), key(suite, 2))
        self.ours, self.theirs = Srtp(self.protection.theirs, mki), Srtp(self.protection.ours)
        self.secure(self.protection)

    def secure(self, protection: Protection | None) -> None:
        at = self.endpoint
        self.row.set_remote(at.address, at.port, ULAW, 101, protection=protection)
        self.studio.settle()

    def packet(self, samples: np.ndarray = FRAME) -> bytes:
        clear = self.endpoint.packet(samples)
        self.ours.roll_over += clear.sequence == 0
        return self.ours.cover(clear.serialise())

    def say(self, *packets: bytes) -> None:
        for packet in packets:
            self.endpoint.send_raw(packet)
        self.studio.settle()

    def hear(self) -> list[RtpPacket]:
        return [RtpPacket.parse(self.theirs.uncover(data)) for data in self.endpoint.hear_raw()]


# The second writing itself.


def test_the_key_stream_is_that_of_rfc_3711_b_2() -> None:
    counter = 0xF0F1F2F3F4F5F6F7F8F9FAFBFCFD0000
    stream = key_stream(bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C"), counter, 32)
    assert stream.hex().upper() == "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB"


def test_derived_keys_are_those_of_rfc_3711_b_3() -> None:
    master = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139")
    salt = bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")
    assert derived(master, salt, 0, 16).hex().upper() == "C61E7A93744F39EE10734AFE3FF7A087"
    assert derived(master, salt, 2, 14).hex().upper() == "30CBBC08863D8C85D49DB34A9AE1"
    assert derived(master, salt, 1, 20).hex().upper() == "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"


def test_a_packet_is_that_of_rfc_7714_16_1_1() -> None:
    clear = bytes.fromhex(
        "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573"
    )
    stream = Srtp.by_session_key(GCM, bytes(range(16)), b"Quid pro quo")
    covered = stream.cover(clear)
    assert covered.hex() == (
        "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
        "899d7f27beb16a9152cf765ee4390cce"
    )
    assert stream.uncover(covered) == clear


# The plane.


@pytest.mark.parametrize("suite", Suite)
def test_speech_goes_through_both_ways(studio: Studio, suite: Suite) -> None:
    ada, bob = Phone(studio, suite), Phone(studio, suite, ssrc=77)
    ada.row.join(bob.row)
    studio.settle()
    for phone, other in ((ada, bob), (bob, ada)):
        samples = speech(0.02)
        clear = phone.endpoint.packet(samples)
        phone.say(phone.ours.cover(clear.serialise()))
        (heard,) = other.hear()
        assert heard.payload == clear.payload
    assert (ada.row.stats().suite, ada.row.stats().forged, ada.row.stats().refused) == (suite, 0, 0)


@pytest.mark.parametrize("suite", Suite)
def test_packets_name_their_key_where_the_line_says_so(studio: Studio, suite: Suite) -> None:
    ada = Phone(studio, suite, b"\0\0\0\1")
    ada.say(ada.packet(), ada.packet())
    assert (ada.row.stats().received, ada.row.stats().refused) == (2, 0)


@pytest.mark.parametrize("suite", Suite)
def test_the_sequence_number_may_wrap_with_loss_and_disorder(studio: Studio, suite: Suite) -> None:
    ada, bob = Phone(studio, suite, sequence=0xFFF0), Phone(studio, suite, ssrc=77)
    ada.row.join(bob.row)
    studio.settle()
    packets = [ada.packet() for _ in range(40)]
    assert ada.ours.roll_over == 1
    del packets[14:18]  # lost, the wrap with them
    packets[20], packets[21] = packets[21], packets[20]
    for packet in packets:
        ada.say(packet)
        studio.tick()
    assert (ada.row.stats().received, ada.row.stats().lost, ada.row.stats().refused) == (36, 4, 0)


def test_our_own_sequence_number_wraps_into_the_next_roll_over(studio: Studio) -> None:
    ada, (row, bob) = Phone(studio), studio.telephone()
    row.join(ada.row)
    studio.settle()
    studio.plane.tables.rows[ada.row.index]["sequence"] = 0xFFFD
    for _ in range(6):
        bob.say(FRAME)
        studio.tick()
    sequences = []
    for data in ada.endpoint.hear_raw():
        ada.theirs.roll_over += data[2:4] == b"\0\0"
        sequences.append(RtpPacket.parse(ada.theirs.uncover(data)).sequence)
    assert sequences == [0xFFFE, 0xFFFF, 0, 1, 2, 3]


def test_what_was_taken_before_is_dropped_and_counted(studio: Studio) -> None:
    ada = Phone(studio)
    packets = [ada.packet() for _ in range(3)]
    ada.say(*packets, *packets, packets[1])
    stats = ada.row.stats()
    assert (stats.received, stats.replayed, stats.forged) == (3, 4, 0)
    late = [ada.packet() for _ in range(200)]
    ada.say(*late[1:])
    ada.say(late[0])  # older than the window can tell (RFC 3711 3.3.2)
    assert ada.row.stats().replayed == 5


@pytest.mark.parametrize("suite", Suite)
def test_a_changed_octet_anywhere_is_found(studio: Studio, suite: Suite) -> None:
    ada = Phone(studio, suite)
    good = ada.packet()
    for place in (1, 3, 5, 9, 12, 100, len(good) - 1):
        ada.say(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
    assert (ada.row.stats().received, ada.row.stats().forged) == (0, 7)
    ada.say(good)
    assert ada.row.stats().received == 1


@pytest.mark.parametrize("keyed", [True, False])
def test_rfc_7983_section_7_stun_on_the_ports_of_audio_is_no_audio_that_is_refused(
    studio: Studio, keyed: bool
) -> None:
    """linphone asks so at the begin of each call, whether ICE was agreed or not."""
    ada = Phone(studio) if keyed else None
    row, endpoint = (ada.row, ada.endpoint) if ada is not None else studio.telephone()
    binding = bytes.fromhex("000100002112a442d8a0fec4b802b6481bde05f3")
    for _ in range(3):
        endpoint.send_raw(binding)
        studio.settle()
    assert (row.stats().received, row.stats().refused, row.stats().forged) == (0, 0, 0)
    endpoint.send_raw(binding[:4] + b"lost" + binding[8:])
    studio.settle()
    assert row.stats().refused == 1


def test_audio_in_clear_and_audio_of_another_key_are_refused(studio: Studio) -> None:
    ada = Phone(studio)
    ada.say(ada.endpoint.packet(FRAME).serialise())
    ada.say(Srtp(key(LONG, 9)).cover(ada.endpoint.packet(FRAME).serialise()))
    assert (ada.row.stats().received, ada.row.stats().forged) == (0, 2)


def test_a_stranger_without_the_key_never_becomes_the_peer(studio: Studio) -> None:
    ada = Phone(studio)
    stranger = RtpEndpoint()
    stranger.connect(ada.row.address, ada.row.port)
    stranger.say(FRAME)
    studio.settle()
    assert studio.plane.tables.rows[ada.row.index]["latched"] == 0
    ada.say(ada.packet())
    assert studio.plane.tables.rows[ada.row.index]["latched"] == 1
    stranger.close()


def test_whatever_comes_touches_nothing(studio: Studio) -> None:
    ada = Phone(studio)
    dice = random.Random(3)
    good = ada.packet()
    for octets in [*range(60), 1500, 2048, 2049, 4000]:
        ada.say(dice.randbytes(octets), b"\x80\x00" + dice.randbytes(octets), b"\x9f\x80" + dice.randbytes(octets))
        ada.say(good[:octets])
    ada.say(good)
    assert ada.row.stats().received == 1


def test_a_peer_may_change_its_source_a_few_times_but_not_for_ever(studio: Studio) -> None:
    ada = Phone(studio)
    for ssrc in range(80):
        packet = ada.endpoint.packet(FRAME)
        ada.say(ada.ours.cover(packet.serialise()[:8] + ssrc.to_bytes(4, "big") + packet.payload))
        studio.tick(6)
    assert ada.row.stats().received == 64


def test_a_new_key_is_taken_at_once_and_one_that_stays_goes_on_counting(studio: Studio) -> None:
    ada = Phone(studio)
    first = ada.packet()
    ada.say(first)
    ada.secure(ada.protection)
    ada.say(first)
    assert ada.row.stats().replayed == 1
    fresh = Protection(key(LONG, 3), ada.protection.ours)
    ada.secure(fresh)
    ada.say(ada.packet())
    assert ada.row.stats().forged == 1
    ada.ours = Srtp(fresh.theirs)
    ada.say(ada.packet())
    assert ada.row.stats().received == 2
    ada.secure(None)
    ada.endpoint.say(FRAME)
    studio.settle()
    assert (ada.row.stats().received, ada.row.stats().suite) == (3, None)


def test_digits_are_events_under_the_same_keys(studio: Studio) -> None:
    ada, bob = Phone(studio), Phone(studio, ssrc=77)
    ada.row.join(bob.row)
    studio.settle()
    ada.row.send_digits("5", 0.06, 0.04)
    studio.tick(8)
    events = [packet for packet in ada.hear() if packet.payload_type == 101]
    assert {packet.payload[0] for packet in events} == {5} and events[-1].payload[1] & 0x80
    for packet in events:
        bob.say(bob.ours.cover(packet.serialise()))
    studio.tick()
    assert next(e for e in studio.happened(bob.row) if isinstance(e, DigitHeard)).digit == "5"


@pytest.mark.parametrize("suite", Suite)
def test_reports_are_encrypted_too(studio: Studio, suite: Suite) -> None:
    ada = Phone(studio, suite)
    at = ada.endpoint
    ada.row.set_remote(at.address, at.port, ULAW, 101, rtcp_mux=True, protection=ada.protection)
    ada.say(ada.packet())
    report = bytes.fromhex("81c90007") + at.next.ssrc.to_bytes(4, "big")
    ssrc = int(studio.plane.tables.rows[ada.row.index]["ssrc"])
    block = ssrc.to_bytes(4, "big") + bytes.fromhex("00000007") + bytes(16)
    covered = ada.ours.cover_report(report + block)
    ada.say(report + block)
    assert ada.row.stats().far_lost == 0
    ada.say(covered, covered)
    stats = ada.row.stats()
    assert (stats.far_lost, stats.forged, stats.replayed) == (7, 1, 1)


def test_where_libsrtp_is_missing_the_error_says_what_to_install(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libsrtp, "find_spec", lambda name: None)
    libsrtp.functions.cache_clear()
    row, endpoint = studio.telephone()
    with pytest.raises(LocalError, match="pip install pylibsrtp"):
        row.set_remote(endpoint.address, endpoint.port, ULAW, None, protection=Protection(key(LONG), key(LONG, 2)))
    endpoint.say(FRAME)  # the row lives on in clear
    studio.settle()
    assert row.stats().received == 1
