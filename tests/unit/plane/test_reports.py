"""RTCP: what a row tells its peer of both streams, what it learns from the peer, and hostile reports."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.audio import Ceased, Silent
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import LocalError, MalformedError
from gateway.net.audio import AudioDesk
from gateway.plane.rtcp import Reception, RtcpReport, Sending
from gateway.plane.rtp_row import RtpRow
from tests.support.rtp import RtcpEndpoint, RtpEndpoint
from tests.unit.plane.conftest import Studio

HOST = "127.0.0.1"
ULAW = Codec(Encoding.PCMU, 0)
SILENCE = np.zeros(160, np.int16)


class Reporter:
    """A row with an RTCP port, and the telephone at its far side with one too."""

    def __init__(self, studio: Studio, desk: AudioDesk, host: str = HOST, mux: bool = False) -> None:
        self.studio = studio
        self.row: RtpRow = desk.rtp(host)
        self.row.listener = lambda event, at: studio.events.append((self.row, event, at))
        self.phone = RtpEndpoint(host=host)
        self.rtcp = RtcpEndpoint(host)
        self.phone.connect(self.row.address, self.row.port)
        self.row.set_remote(host, self.phone.port, ULAW, 101, rtcp=(host, self.rtcp.port), rtcp_mux=mux)
        studio._opened += [self.phone, self.rtcp]
        studio.settle()

    def talk(self, seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            self.phone.say(SILENCE)
            self.studio.tick()

    def report(self, report: RtcpReport) -> None:
        self.rtcp.send(report, self.row.address, self.row.port + 1)
        self.studio.settle()


@pytest.fixture
def desk(studio: Studio) -> Iterator[AudioDesk]:
    made = AudioDesk(plane=studio.plane, ports=(31500, 31999))
    yield made
    studio.plane.close()
    assert made.open_sockets == 0


@pytest.fixture
def call(studio: Studio, desk: AudioDesk) -> Reporter:
    return Reporter(studio, desk)


def test_reports_come_every_few_seconds_never_in_step(call: Reporter) -> None:
    times = []
    for _ in range(200):
        call.talk(0.5)
        times += [call.studio.now] * len(call.rtcp.hear())
    intervals = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert 20 <= len(times) <= 35
    assert 1.5 < min(intervals) < 3.5 < max(intervals) < 7.0


def test_a_row_that_only_listens_reports_what_it_received(call: Reporter) -> None:
    call.talk(8.0)
    report = call.rtcp.hear()[0]
    (block,) = report.receptions
    assert report.sending is None
    assert (block.ssrc, block.lost, block.fraction, block.jitter) == (call.phone.next.ssrc, 0, 0, 0)
    assert 1000 < block.highest < 1400


def test_losses_show_in_the_report_and_then_only_in_its_sum(call: Reporter) -> None:
    call.talk(7.0)
    before = call.rtcp.hear()[-1].receptions[0]
    for turn in range(400):
        packet = call.phone.packet(SILENCE)
        if turn % 4 or turn >= 100:
            call.phone.send(packet)
        call.studio.tick()
    # One that leaves with the first packets shows nothing yet.
    after = next(block for report in call.rtcp.hear() for block in report.receptions if block.lost)
    assert before.lost == 0
    assert after.lost <= 25 and after.fraction > 0
    call.talk(14.0)
    last = call.rtcp.hear()[-1].receptions[0]
    assert (last.lost, last.fraction) == (25, 0)


def test_the_highest_number_counts_wraps(call: Reporter) -> None:
    call.phone.next = replace(call.phone.next, sequence=65500)
    call.talk(7.0)
    (block,) = call.rtcp.hear()[-1].receptions
    assert 65536 < block.highest < 65536 + 350


def test_a_row_that_sends_reports_its_clock_and_counts(call: Reporter) -> None:
    call.row.echo()
    heard = []
    for _ in range(14):  # seven seconds of packets are more than a socket keeps
        call.talk(0.5)
        heard += call.phone.hear()
    report = call.rtcp.hear()[-1]
    assert report.ssrc == heard[0].ssrc
    assert report.sending is not None
    assert report.sending.octets == 160 * report.sending.packets
    # The timestamp is that of the moment of the report, within a packet of what was sent just then.
    packet = heard[report.sending.packets - 1]
    assert (report.sending.timestamp - packet.timestamp + 320) & 0xFFFFFFFF <= 640


def test_rfc_3550_6_4_1_both_times_of_a_report_are_of_one_moment(call: Reporter) -> None:
    call.row.echo()
    for _ in range(20):  # a report falls into a pause as well as into talk
        call.talk(0.2)
        call.studio.tick(60)
        call.phone.pause(9600)
    told = [report.sending for report in call.rtcp.hear() if report.sending is not None]
    assert len(told) >= 3
    for first, second in itertools.pairwise(told):
        by_the_wall = (second.ntp - first.ntp) / 2**32
        assert (second.timestamp - first.timestamp) / 8000 == pytest.approx(by_the_wall, abs=0.005)


def test_the_name_is_random_and_stays_the_same(studio: Studio, desk: AudioDesk) -> None:
    first, second = Reporter(studio, desk), Reporter(studio, desk)
    for _ in range(700):
        first.phone.say(SILENCE)
        second.phone.say(SILENCE)
        studio.tick()
    names = [{report.name for report in side.rtcp.hear()} for side in (first, second)]
    assert [len(own) for own in names] == [1, 1]
    assert names[0] != names[1]
    assert all(len(name) == 16 for own in names for name in own)


def test_the_round_trip_is_measured_through_a_peer_that_holds_a_report_for_a_while(call: Reporter) -> None:
    call.row.echo()
    call.talk(7.0)
    ours = call.rtcp.hear()[-1]
    assert ours.sending is not None and call.row.stats().round_trip is None
    sent_at = ours.sending.ntp / 2**32
    call.studio.now = sent_at + 1.0 + 0.08
    middle = (ours.sending.ntp >> 16) & 0xFFFFFFFF
    block = Reception(ours.ssrc, fraction=12, lost=7, highest=99, jitter=80, last=middle, delay=65536)
    call.report(RtcpReport(call.phone.next.ssrc, None, (block,)))
    stats = call.row.stats()
    assert stats.round_trip is not None and abs(stats.round_trip - 0.08) < 0.0001
    assert (stats.far_lost, stats.far_jitter) == (7, 0.01)


def test_blocks_about_others_and_negative_losses_are_told_apart(call: Reporter) -> None:
    call.row.echo()
    call.talk(7.0)
    ours = call.rtcp.hear()[-1].ssrc
    call.report(RtcpReport(5, None, (Reception(ours ^ 1, lost=9), Reception(ours, lost=-3), Reception(1, lost=4))))
    assert (call.row.stats().far_lost, call.row.stats().round_trip) == (-3, None)


def test_rfc_3550_6_4_1_it_is_known_of_how_many_packets_none_has_come(call: Reporter) -> None:
    call.row.echo()
    call.talk(7.0)
    ours = call.rtcp.hear()[-1].ssrc
    theirs = call.phone.next.ssrc
    assert (call.row.stats().far_told, call.row.stats().far_heard) == (0, 0)
    call.report(RtcpReport(theirs, None, (Reception(ours ^ 1, highest=9),)))  # of somebody else's stream
    first = call.row.stats()
    assert (first.far_told, first.far_heard) == (first.sent, 0)
    call.report(RtcpReport(theirs, None, (Reception(ours, highest=65999),)))
    assert call.row.stats().far_heard == first.sent
    call.talk(2.0)
    call.report(RtcpReport(theirs, Sending(0, 0, 0, 0), (Reception(ours, highest=65999),)))  # and no more of them
    last = call.row.stats()
    assert (last.far_told, last.far_heard) == (last.sent, first.sent) and last.sent > first.sent + 90


def test_where_audio_goes_is_known(call: Reporter) -> None:
    assert call.row.remote == (HOST, call.phone.port)
    call.row.close()
    assert call.row.remote is None


def test_the_peer_learns_when_its_report_came(call: Reporter) -> None:
    call.talk(3.0)
    call.rtcp.hear()
    call.report(RtcpReport(call.phone.next.ssrc, Sending(0x1234_5678_9ABC_DEF0, 0, 0, 0)))
    came = call.studio.now
    call.talk(7.0)
    block = call.rtcp.hear()[0].receptions[0]
    assert block.last == 0x5678_9ABC
    assert 0 < block.delay / 65536 < call.studio.now - came


def test_a_goodbye_lets_another_stream_follow_at_once(call: Reporter) -> None:
    call.row.echo()
    call.talk(0.1)
    call.report(RtcpReport(call.phone.next.ssrc, goodbye=True))
    call.phone.next = replace(call.phone.next, ssrc=99)
    call.talk(0.02)
    assert len(call.phone.hear()) == 6


def test_a_row_that_is_closed_says_goodbye(call: Reporter) -> None:
    call.talk(7.0)
    assert not any(report.goodbye for report in call.rtcp.hear())
    call.row.close()
    call.studio.settle()
    assert [report.goodbye for report in call.rtcp.hear()] == [True]


def test_a_row_that_never_reported_leaves_without_a_word(call: Reporter) -> None:
    call.talk(0.1)
    call.row.close()
    call.studio.settle()
    assert call.rtcp.hear() == []


def test_on_one_port_reports_and_audio_are_told_apart(studio: Studio, desk: AudioDesk) -> None:
    call = Reporter(studio, desk, mux=True)
    call.row.echo()
    call.talk(7.0)
    heard = call.phone.hear_raw()
    ours = [RtcpReport.parse(data) for data in heard if 192 <= data[1] <= 223]
    assert len(ours) >= 1 and call.rtcp.hear() == []
    block = Reception(ours[0].ssrc, lost=3)
    call.phone.send_raw(RtcpReport(call.phone.next.ssrc, None, (block,)).serialise())
    studio.settle()
    assert call.row.stats().far_lost == 3
    assert call.row.stats().refused == 0


def test_on_hold_reports_go_on_and_keep_the_row_from_silence(call: Reporter) -> None:
    call.talk(1.0)
    call.row.set_remote(HOST, call.phone.port, ULAW, 101, send=False, rtcp=(HOST, call.rtcp.port))
    for _ in range(8):
        call.report(RtcpReport(call.phone.next.ssrc))
        call.studio.tick(250)
    assert call.studio.happened(call.row) == []
    assert len(call.rtcp.hear()) >= 3
    call.studio.tick(600)
    assert [type(event) for event in call.studio.happened(call.row)] == [Silent]


def test_audio_that_stops_is_told_with_when_the_last_report_came(call: Reporter) -> None:
    call.row.echo()
    call.talk(1.0)
    call.studio.tick(100)
    call.report(RtcpReport(call.phone.next.ssrc))
    call.studio.tick(120)
    (ceased,) = call.studio.happened(call.row)
    assert isinstance(ceased, Ceased) and ceased.reported is not None
    assert 4.0 < ceased.seconds < 4.4 and ceased.seconds - ceased.reported == pytest.approx(2.0, abs=0.1)


def test_reports_follow_a_peer_behind_nat(studio: Studio, desk: AudioDesk) -> None:
    call = Reporter(studio, desk)
    mapped = RtcpEndpoint()
    studio._opened.append(mapped)
    call.talk(0.1)
    mapped.send(RtcpReport(call.phone.next.ssrc), call.row.address, call.row.port + 1)
    call.talk(7.0)
    assert (len(call.rtcp.hear()), len(mapped.hear()) > 0) == (0, True)


def test_reports_from_another_host_are_refused(studio: Studio, desk: AudioDesk) -> None:
    call = Reporter(studio, desk)
    call.row.echo()
    call.talk(7.0)
    ours = call.rtcp.hear()[-1].ssrc
    mallory = RtcpEndpoint("127.0.0.2")
    studio._opened.append(mallory)
    mallory.send(RtcpReport(1, None, (Reception(ours, lost=1000),)), call.row.address, call.row.port + 1)
    studio.settle()
    assert (call.row.stats().far_lost, call.row.stats().refused) == (0, 1)


def test_ipv6_reports_like_ipv4(studio: Studio, desk: AudioDesk) -> None:
    call = Reporter(studio, desk, host="::1")
    assert call.row.remote == ("::1", call.phone.port)
    call.talk(7.0)
    assert len(call.rtcp.hear()) >= 1


def test_payload_types_that_look_like_reports_cannot_share_their_port(studio: Studio, desk: AudioDesk) -> None:
    row = desk.rtp(HOST)
    with pytest.raises(LocalError, match="64 to 95"):
        row.set_remote(HOST, 4000, Codec(Encoding.L16, 72), None, rtcp_mux=True)


whole = RtcpReport(1, Sending(2, 3, 4, 5), (Reception(6, 7, 8, 9, 10, 11, 12),), "name", True).serialise()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.integers(0, len(whole)).map(lambda cut: whole[:cut]),
        st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)).map(
            lambda change: whole[: change[0]] + bytes([change[1]]) + whole[change[0] + 1 :]
        ),
    )
)
def test_any_octets_are_taken_or_refused_and_the_call_goes_on(call: Reporter, data: bytes) -> None:
    before = call.row.stats()
    call.rtcp.send_raw(data, call.row.address, call.row.port + 1)
    call.phone.say(SILENCE)
    call.studio.settle()
    after = call.row.stats()
    assert after.received == before.received + 1
    assert after.refused - before.refused in (0, 1)
    if after.refused == before.refused:
        assert len(data) >= 8 and data[1] in (200, 201)


@given(
    report=st.builds(
        RtcpReport,
        st.integers(0, 2**32 - 1),
        st.none() | st.builds(Sending, st.integers(0, 2**64 - 1), *[st.integers(0, 2**32 - 1)] * 3),
        st.lists(
            st.builds(
                Reception,
                st.integers(0, 2**32 - 1),
                st.integers(0, 255),
                st.integers(-(2**23), 2**23 - 1),
                *[st.integers(0, 2**32 - 1)] * 4,
            ),
            max_size=3,
        ).map(tuple),
        st.text(st.characters(max_codepoint=127, min_codepoint=32), max_size=40),
        st.booleans(),
    )
)
def test_a_report_survives_the_wire(report: RtcpReport) -> None:
    assert RtcpReport.parse(report.serialise()) == report


@pytest.mark.parametrize(
    "data", [b"", whole[:3], whole[:-1], b"\x00" * 8, whole[52:], b"\x81\xc9\x00\x01" + bytes(4)]
)
def test_what_is_no_report_is_named(data: bytes) -> None:
    with pytest.raises(MalformedError):
        RtcpReport.parse(data)


def test_a_report_that_cannot_be_is_named() -> None:
    with pytest.raises(LocalError):
        RtcpReport(2**32).serialise()
