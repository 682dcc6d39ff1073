"""The audio desk: RTP ports opened, given back and run out of."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Iterator

import pytest

from gateway.core.audio import AudioFactory, RtpAudio
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import Exhausted, LocalError
from gateway.net.audio import AudioDesk
from gateway.plane.plane import Plane, PlaneConfig, PlaneUsage
from tests.support.limits import limited
from tests.support.rtp import RtpEndpoint
from tests.unit.plane.conftest import speech

PORTS = (42000, 42009)


@pytest.fixture
def plane() -> Iterator[Plane]:
    made = Plane(PlaneConfig(rows=8, arena=1.0))
    yield made
    made.close()
    assert made.usage() == PlaneUsage()


def turn(plane: Plane) -> None:
    plane.step(1.0)
    plane.pump(1.0)


def test_ports_are_even_and_different_and_rest_before_they_are_used_again(plane: Plane) -> None:
    desk = AudioDesk(plane=plane, ports=PORTS)
    first = desk.rtp("127.0.0.1")
    assert first.port % 2 == 0
    first.close()
    turn(plane)
    assert desk.rtp("127.0.0.1").port == first.port + 2


def test_a_row_of_the_desk_carries_audio_on_its_port(plane: Plane) -> None:
    factory: AudioFactory = AudioDesk(plane=plane, ports=PORTS)
    row: RtpAudio = factory.rtp("127.0.0.1")
    phone = RtpEndpoint()
    phone.connect(row.address, row.port)
    row.set_remote(phone.address, phone.port, Codec(Encoding.PCMU, 0), None)
    row.echo()
    phone.say(speech(0.02))
    turn(plane)
    assert len(phone.hear()) == 1
    phone.close()


def test_a_port_is_free_again_only_when_the_plane_has_let_go(plane: Plane) -> None:
    desk = AudioDesk(plane=plane, ports=(42000, 42001))
    row = desk.rtp("127.0.0.1")
    row.close()
    with pytest.raises(Exhausted, match="42000 to 42000"):
        desk.rtp("127.0.0.1")
    turn(plane)
    assert desk.open_sockets == 0
    desk.rtp("127.0.0.1")


def test_a_port_that_another_program_has_is_passed_over(plane: Plane) -> None:
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind(("127.0.0.1", 42000))
    desk = AudioDesk(plane=plane, ports=PORTS)
    assert desk.rtp("127.0.0.1").port == 42002
    taken.close()


def test_a_port_whose_rtcp_port_is_taken_is_passed_over(plane: Plane) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 42001))
        before = len(os.listdir("/proc/self/fd"))
        row = AudioDesk(plane=plane, ports=PORTS).rtp("127.0.0.1")
        assert row.port == 42002
        assert len(os.listdir("/proc/self/fd")) == before + 2


def test_running_out_of_file_descriptors_is_named_and_leaves_none_open(plane: Plane) -> None:
    desk = AudioDesk(plane=plane, ports=(42000, 42099))
    before = os.listdir("/proc/self/fd")
    with open(os.devnull) as newest:
        limit = newest.fileno() + 1  # one is free: enough for RTP, not for RTCP
    with limited(resource.RLIMIT_NOFILE, limit), pytest.raises(Exhausted, match="LimitNOFILE"):
        desk.rtp("127.0.0.1")
    assert len(os.listdir("/proc/self/fd")) == len(before)
    assert desk.open_sockets == 0


def test_when_rows_run_out_the_socket_is_given_back(plane: Plane) -> None:
    desk = AudioDesk(plane=plane, ports=(42000, 42099))
    for _ in range(8):
        desk.rtp("127.0.0.1")
    with pytest.raises(Exhausted, match="all 8 rows"):
        desk.rtp("127.0.0.1")
    assert desk.open_sockets == 8


def test_frames_leave_the_descriptor_to_its_device(plane: Plane) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    row = AudioDesk(plane=plane, ports=PORTS).frames(theirs.fileno(), Encoding.PCMU, owner=theirs)
    row.echo()
    turn(plane)
    ours.send(bytes(160))
    turn(plane)
    assert len(ours.recv(1000)) == 160
    row.close()
    turn(plane)
    assert theirs.fileno() >= 0
    ours.close()
    theirs.close()


def test_ipv6_is_opened_by_its_literal(plane: Plane) -> None:
    assert AudioDesk(plane=plane, ports=PORTS).rtp("::1").address == "::1"


@pytest.mark.parametrize("address", ["localhost", "192.0.2.1", ""])
def test_an_address_that_is_not_ours_is_named(plane: Plane, address: str) -> None:
    with pytest.raises(LocalError):
        AudioDesk(plane=plane, ports=PORTS).rtp(address)


@pytest.mark.parametrize("ports", [(42001, 42001), (0, 0), (42010, 42000), (60000, 70000)])
def test_a_range_without_ports_is_named(plane: Plane, ports: tuple[int, int]) -> None:
    with pytest.raises(LocalError, match=str(ports[0])):
        AudioDesk(plane=plane, ports=ports)
