"""Latching that a stranger cannot steal (RFC 7362 4): learn window, ranks, lock; the attacker has a socket too."""

from __future__ import annotations

import pytest

from gateway.core.codec import Codec, Encoding
from gateway.plane.rtp_row import RtpRow
from tests.support.rtp import RtpEndpoint
from tests.unit.plane.conftest import Studio, speech

ULAW = Codec(Encoding.PCMU, 0)
PUBLIC = "127.0.0.2"
ATTACKER = "127.0.0.66"
PRIVATE = ("192.168.1.20", 4000)
SECOND = 50


def source(studio: Studio, row: RtpRow, host: str = ATTACKER, ssrc: int = 666) -> RtpEndpoint:
    """Somebody who has found out the row's port."""
    endpoint = RtpEndpoint(host=host, ssrc=ssrc)
    endpoint.connect(row.address, row.port)
    studio._opened.append(endpoint)
    return endpoint


def behind_nat(studio: Studio, via: str | None = PUBLIC) -> tuple[RtpRow, RtpEndpoint]:
    """An echoing row whose peer's SDP names a private address, and that peer as NAT shows it."""
    row = studio.row()
    row.set_remote(*PRIVATE, ULAW, 101, via=via)
    row.echo()
    studio.settle()
    return row, source(studio, row, PUBLIC, 7)


def turns(studio: Studio, times: int, *speakers: RtpEndpoint) -> list[int]:
    """Let the speakers send a packet every 20 ms; how many packets each got back."""
    for _ in range(times):
        for speaker in speakers:
            speaker.say(speech(0.02))
        studio.tick()
    return [len(speaker.hear()) for speaker in speakers]


def test_an_attacker_who_is_first_gives_way_to_the_address_that_was_signalled(studio: Studio) -> None:
    row, alice = studio.telephone()
    row.echo()
    mallory = source(studio, row)
    assert turns(studio, 200, mallory) == [200]  # ringing: nobody else has sent yet, and its window is over
    assert turns(studio, 50, mallory, alice) == [1, 50]
    assert turns(studio, 50, mallory, alice) == [0, 50]


def test_an_attacker_who_is_first_gives_way_to_the_host_that_signals(studio: Studio) -> None:
    row, alice = behind_nat(studio)
    mallory = source(studio, row)
    assert turns(studio, 200, mallory) == [200]
    assert turns(studio, 50, mallory, alice) == [1, 50]


def test_an_attacker_during_the_learn_window_gets_nothing(studio: Studio) -> None:
    row, alice = behind_nat(studio)
    mallory = source(studio, row)
    assert turns(studio, 1, alice) == [1]
    assert turns(studio, 70, mallory, alice) == [0, 70]
    assert row.stats().refused == 70


@pytest.mark.parametrize("silence", [1, 6, 60])
def test_an_attacker_after_the_lock_gets_nothing_however_long_the_peer_is_silent(
    studio: Studio, silence: int
) -> None:
    row, alice = behind_nat(studio)
    mallory = source(studio, row)
    turns(studio, 100, alice)
    studio.tick(silence * SECOND)
    assert turns(studio, 100, mallory) == [0]
    assert turns(studio, 10, mallory, alice) == [0, 10]


def test_an_attacker_gets_nothing_by_a_refresh_of_the_session(studio: Studio) -> None:
    row, alice = behind_nat(studio)
    mallory = source(studio, row)
    turns(studio, 100, alice)
    studio.tick(10 * SECOND)  # on hold
    row.set_remote(*PRIVATE, ULAW, 101, via=PUBLIC)
    assert turns(studio, 100, mallory) == [0]
    assert turns(studio, 10, mallory, alice) == [0, 10]


def test_a_stray_packet_does_not_keep_an_unknown_peer_out(studio: Studio) -> None:
    row, alice = behind_nat(studio, via=None)  # nothing is known of the peer but what it sends
    stray = source(studio, row)
    assert turns(studio, 1, stray) == [1]
    studio.tick(11)
    assert turns(studio, 50, alice) == [50]
    assert turns(studio, 50, stray, alice) == [0, 50]


def test_a_nat_that_changes_the_port_is_followed_after_silence_and_another_host_is_not(studio: Studio) -> None:
    row, alice = behind_nat(studio)
    turns(studio, 100, alice)
    moved = source(studio, row, PUBLIC, 7)
    mallory = source(studio, row)
    assert turns(studio, 4 * SECOND, moved, mallory) == [0, 0]
    studio.tick(SECOND + 12)
    assert turns(studio, 10, mallory, moved) == [0, 10]


def test_another_address_needs_a_new_sdp(studio: Studio) -> None:
    row, alice = studio.telephone()
    row.echo()
    turns(studio, 100, alice)
    moved = source(studio, row, PUBLIC)
    studio.tick(10 * SECOND)
    assert turns(studio, 10, moved) == [0]
    row.set_remote(moved.address, moved.port, ULAW, 101)
    studio.settle()
    assert turns(studio, 10, moved, alice) == [10, 0]


def test_a_strict_row_hears_the_signalled_address_alone(studio: Studio) -> None:
    row = studio.row()
    alice, same_host = source(studio, row, PUBLIC, 7), source(studio, row, PUBLIC, 8)
    row.set_remote(alice.address, alice.port, ULAW, 101, strict=True)
    row.echo()
    studio.settle()
    assert turns(studio, 100, same_host) == [0]
    assert turns(studio, 10, same_host, alice) == [0, 10]


def test_an_injected_packet_with_the_right_ssrc_is_not_heard(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    turns(studio, 5, alice)
    bob.hear()
    forger = source(studio, a, ssrc=alice.next.ssrc)
    turns(studio, 100, forger)
    assert bob.hear() == []
