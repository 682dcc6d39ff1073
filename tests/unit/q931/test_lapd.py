"""The data link of a D channel (Q.921): set up, kept up, and every message once and in order over a bad line."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.engine import ManualClock, earliest
from gateway.core.errors import MalformedError
from gateway.core.timers import Due
from gateway.q931.lapd import MAX_WAITING, Data, Down, Lapd, LapdConfig, Reset, Up
from gateway.q931.lapd_frame import N201, Frame, FrameKind
from gateway.q931.lapd_states import State
from tests.support.due import in_time

K = FrameKind


class Link:
    """Two ends and the line between them."""

    def __init__(self, config: LapdConfig | None = None) -> None:
        self.clock = ManualClock()
        self.dues = Due(), Due()
        self.user = Lapd(network=False, config=config, due=self.dues[0])
        self.network = Lapd(network=True, config=config, due=self.dues[1])
        self.lose: Callable[[Frame], bool] = lambda frame: False
        self.said: list[str] = []
        self.frames: list[Frame] = []

    def set_up(self) -> Link:
        self.user.establish(self.clock.now)
        self.carry()
        assert self.heard(self.user) == self.heard(self.network) == [Up()]
        self.said.clear()
        self.frames.clear()
        return self

    def carry(self) -> None:
        for _ in range(1000):
            lots = [
                (self.user, self.network, self.user.outgoing()),
                (self.network, self.user, self.network.outgoing()),
            ]
            if not any(frames for _, _, frames in lots):
                return
            for sender, receiver, frames in lots:
                for data in frames:
                    frame = Frame.parse(data, from_network=sender is self.network)
                    self.frames.append(frame)
                    final = ("P" if frame.command else "F") if frame.final else ""
                    self.said.append(f"{'>' if sender is self.user else '<'} {frame.kind.name} {final}".strip())
                    if not self.lose(frame):
                        receiver.receive(data, None, self.clock.now)
        raise AssertionError("the two ends never stop talking")

    def passes(self, seconds: float) -> None:
        self.carry()
        end = self.clock.now + seconds
        while (due := self.first()) is not None and due <= end:
            self.clock.advance(max(0.0, due - self.clock.now))
            self.user.expire(self.clock.now)
            self.network.expire(self.clock.now)
            self.carry()
        self.clock.advance(end - self.clock.now)

    def first(self) -> float | None:
        return earliest(in_time(self.dues[0], self.user), in_time(self.dues[1], self.network))

    def sends(self, sender: Lapd, *messages: bytes) -> None:
        for message in messages:
            sender.send(message, self.clock.now)

    @staticmethod
    def heard(end: Lapd) -> list[object]:
        return [*end.events()]

    @staticmethod
    def messages(end: Lapd) -> list[bytes]:
        return [event.octets for event in end.events() if isinstance(event, Data)]


def feed(end: Lapd, frame: Frame, now: float = 0.0) -> list[Frame]:
    """Give `end`, the user's, a frame of the network; what it says to that."""
    end.receive(frame.serialise(from_network=True), None, now)
    return [Frame.parse(data, from_network=False) for data in end.outgoing()]


KNOWN = {
    "00 01 7f": (False, Frame(K.SABME, True, True)),
    "00 01 73": (True, Frame(K.UA, False, True)),
    "02 01 7f": (True, Frame(K.SABME, True, True)),
    "02 01 73": (False, Frame(K.UA, False, True)),
    "02 01 01 01": (False, Frame(K.RR, False, True)),
    "00 01 01 07": (False, Frame(K.RR, True, True, nr=3)),
    "02 01 09 0a": (False, Frame(K.REJ, False, nr=5)),
    "00 01 78 7a 08": (False, Frame(K.I, True, ns=60, nr=61, information=b"\x08")),
    "00 01 53": (False, Frame(K.DISC, True, True)),
    "00 01 1f": (True, Frame(K.DM, False, True)),
}
"""Frames, and whether the network sends them, as tshark reads them (3.3.2, 3.4)."""


@pytest.mark.parametrize("octets", KNOWN)
def test_frames_octet_by_octet(octets: str) -> None:
    from_network, frame = KNOWN[octets]
    data = bytes.fromhex(octets)
    assert frame.serialise(from_network) == data
    assert Frame.parse(data, from_network) == frame


@pytest.mark.parametrize(
    "octets",
    ["0001", "0001 ff", "0001 00", "0001 01", "0001 0d00", "0001 7f00", "0001 0101 00", "0001 63", "0001 0f"],
)
def test_frames_in_error(octets: str) -> None:
    """5.8.4: no such control field, of a wrong length, or a response sent as a command."""
    with pytest.raises(MalformedError):
        Frame.parse(bytes.fromhex(octets), from_network=False)


def test_a_link_is_set_up() -> None:
    """5.5.1.2."""
    link = Link()
    link.user.establish(0.0)
    link.carry()
    assert link.said == ["> SABME P", "< UA F"]
    assert link.heard(link.user) == link.heard(link.network) == [Up()]
    assert link.user.state is link.network.state is State.ESTABLISHED


def test_both_ends_set_it_up_at_once() -> None:
    """5.5.1.2 with 5.5.5.1: commands of one kind that cross are both agreed to."""
    link = Link()
    link.user.establish(0.0)
    link.network.establish(0.0)
    link.carry()
    assert sorted(link.said) == ["< SABME P", "< UA F", "> SABME P", "> UA F"]
    assert link.heard(link.user) == link.heard(link.network) == [Up()]


def test_nobody_answers() -> None:
    """5.5.1.3: SABME N200 times again, each after T200."""
    user = Lapd(network=False)
    user.establish(0.0)
    times = []
    now = 0.0
    while user.deadline() is not None:
        times += [now] * len(user.outgoing())
        now = user.deadline() or 0.0
        user.expire(now)
    assert times == [0.0, 1.0, 2.0, 3.0]
    assert (now, user.events(), user.state) == (4.0, [Down()], State.TEI_ASSIGNED)


def test_the_far_side_refuses() -> None:
    user = Lapd(network=False)
    user.establish(0.0)
    assert feed(user, Frame(K.DM, False, False)) == [Frame(K.SABME, True, True)]  # F=0: no answer to ours
    feed(user, Frame(K.DM, False, True))
    assert (user.events(), user.deadline()) == ([Down()], None)


def test_messages_and_their_acknowledgements() -> None:
    """5.6.1, 5.6.2: what goes the other way acknowledges; RR does it where nothing goes."""
    link = Link().set_up()
    link.sends(link.user, b"one", b"two")
    link.carry()
    assert link.messages(link.network) == [b"one", b"two"]
    assert link.said == ["> I", "> I", "< RR"]
    link.sends(link.user, b"three")
    link.sends(link.network, b"four")
    link.carry()
    assert link.said[3:] == ["> I", "< I", "> RR", "< RR"]
    link.passes(9)
    assert link.said[7:] == []


def test_all_is_said_once_it_is_acknowledged() -> None:
    """5.6.3.2: an office that stops waits for this, so that its last RELEASE COMPLETE is not lost with the line."""
    link = Link().set_up()
    link.user.send(b"the last word", link.clock.now)
    assert not link.user.is_quiet
    link.lose = lambda frame: frame.kind is K.RR
    link.carry()
    assert not link.user.is_quiet
    link.lose = lambda frame: False
    link.passes(2)
    assert link.user.is_quiet


def test_no_more_than_k_are_under_way() -> None:
    """5.6.1, 5.9.5: k = 7."""
    user = Link().set_up().user
    for number in range(20):
        user.send(bytes([number]), 0.0)
    assert len(user.outgoing()) == 7
    said = feed(user, Frame(K.RR, False, nr=3))
    assert [frame.ns for frame in said] == [7, 8, 9]
    said = feed(user, Frame(K.RR, False, nr=10))
    assert [frame.ns for frame in said] == [10, 11, 12, 13, 14, 15, 16]


def test_a_frame_out_of_order_is_rejected_once() -> None:
    """5.8.1: REJ, and no second one before the gap is filled."""
    link = Link().set_up()
    link.lose = lambda frame: frame.kind is K.I and frame.ns == 0 and link.said.count("> I") == 1
    link.sends(link.user, b"a", b"b", b"c")
    link.carry()
    assert link.said == ["> I", "> I", "> I", "< REJ", "> I", "> I", "> I", "< RR"]
    assert link.messages(link.network) == [b"a", b"b", b"c"]


def test_the_last_frame_is_lost() -> None:
    """5.6.7: after T200 the far side is asked where it stands, and gets what it lacks."""
    link = Link().set_up()
    link.lose = lambda frame: frame.kind is K.I and len(link.frames) == 1
    link.sends(link.user, b"a")
    link.passes(0.9)
    assert link.said == ["> I"]
    link.passes(0.2)
    assert link.said[1:] == ["> RR P", "< RR F", "> I", "< RR"]
    assert link.messages(link.network) == [b"a"]


def test_what_is_to_be_sent_meanwhile_waits() -> None:
    link = Link().set_up()
    link.lose = lambda frame: frame.kind is not K.I
    link.sends(link.user, b"a")
    link.passes(1.5)
    assert link.user.state is State.TIMER_RECOVERY
    link.sends(link.user, b"b")
    link.carry()
    assert link.said.count("> I") == 1
    link.lose = lambda frame: False
    link.passes(1)
    assert link.messages(link.network) == [b"a", b"b"]
    assert link.user.state is State.ESTABLISHED


def test_5_6_7_what_comes_while_an_answer_is_awaited_is_taken_at_once() -> None:
    link = Link().set_up()
    link.lose = lambda frame: frame.kind is not K.I or frame.information == b"lost"
    link.sends(link.user, b"lost")
    link.passes(1.5)
    assert link.user.state is State.TIMER_RECOVERY
    link.sends(link.network, b"heard")
    link.carry()
    assert link.messages(link.user) == [b"heard"]


def test_5_6_7_what_is_to_be_sent_while_the_link_is_set_up_again_waits_for_it() -> None:
    link = Link().set_up()
    link.lose = lambda frame: True
    link.passes(10 + 3 + 2)
    assert link.user.state is State.AWAITING_ESTABLISHMENT and link.user.is_up
    link.sends(link.user, b"a")
    link.lose = lambda frame: False
    link.passes(3)
    assert link.user.state is State.ESTABLISHED
    assert link.messages(link.network) == [b"a"]


def test_5_5_5_a_far_side_that_takes_the_link_down_while_it_is_set_up_is_refused() -> None:
    link = Link()
    link.lose = lambda frame: True
    link.user.establish(link.clock.now)
    link.carry()
    disc = Frame(K.DISC, True, True).serialise(True)
    link.user.receive(disc, None, link.clock.now)
    assert [Frame.parse(data, from_network=False).kind for data in link.user.outgoing()] == [K.DM]
    assert link.user.state is State.AWAITING_ESTABLISHMENT


def test_an_idle_link_is_looked_after() -> None:
    """5.10, T203: RR with the poll bit after ten seconds in which nothing came."""
    link = Link().set_up()
    link.passes(10.5)
    assert sorted(link.said[:4]) == ["< RR F", "< RR P", "> RR F", "> RR P"]
    link.said.clear()
    link.passes(9)
    assert link.said == []


def test_the_far_side_dies() -> None:
    """5.6.7: N200 questions, then the link is set up again, then it is gone; what was sent is lost."""
    link = Link().set_up()
    link.lose = lambda frame: True
    link.passes(10 + 3 + 4 + 1)
    assert link.said.count("> RR P") == 3
    assert link.said.count("> SABME P") == 4
    assert link.heard(link.user) == [Down()]
    assert not link.user.is_up
    link.sends(link.user, b"lost")
    assert link.user.outgoing() == []


def test_a_far_side_that_begins_anew() -> None:
    """5.7.1, 5.7.2: SABME resets the link; it is told where something was not acknowledged."""
    link = Link().set_up()
    user = link.user
    assert feed(user, Frame(K.SABME, True, True)) == [Frame(K.UA, False, True)]
    assert user.events() == []
    user.send(b"a", 0.0)
    user.send(b"b", 0.0)
    user.outgoing()
    assert feed(user, Frame(K.SABME, True, True)) == [Frame(K.UA, False, True)]
    assert user.events() == [Reset()]
    user.send(b"c", 0.0)
    assert Frame.parse(user.outgoing()[0], False) == Frame(K.I, True, ns=0, nr=0, information=b"c")


def test_the_far_side_hangs_up() -> None:
    """5.5.3."""
    link = Link().set_up()
    link.network.release(0.0)
    link.carry()
    assert link.said == ["< DISC P", "> UA F"]
    assert link.heard(link.user) == link.heard(link.network) == [Down()]
    link.network.release(0.0)
    assert feed(link.user, Frame(K.DISC, True, True)) == [Frame(K.DM, False, True)]


def test_a_release_that_nobody_answers_ends_by_itself() -> None:
    link = Link().set_up()
    link.lose = lambda frame: True
    link.user.release(0.0)
    link.passes(4.1)
    assert link.said.count("> DISC P") == 4
    assert (link.heard(link.user), link.user.state) == ([Down()], State.TEI_ASSIGNED)


def test_a_far_side_that_is_busy() -> None:
    """5.6.5: nothing is sent until it is ready; it is asked, and may be busy for as long as it answers."""
    user = Link().set_up().user
    user.send(b"a", 0.0)
    user.outgoing()
    feed(user, Frame(K.RNR, False, nr=1))
    user.send(b"b", 0.0)
    assert user.outgoing() == []
    now = 0.0
    for _ in range(10):
        now = user.deadline() or 0.0
        user.expire(now)
        (asked,) = [Frame.parse(data, False) for data in user.outgoing()]
        assert asked == Frame(K.RR, True, True)
        assert feed(user, Frame(K.RNR, False, True, nr=1), now) == []
    assert [frame.kind for frame in feed(user, Frame(K.RR, False, nr=1), now)] == [K.I]
    assert user.is_up


def test_a_busy_far_side_that_talks_is_still_asked() -> None:
    """5.6.5: its I frames acknowledge; T200 runs on, as these do not end its being busy."""
    user = Link().set_up().user
    user.send(b"a", 0.0)
    user.outgoing()
    feed(user, Frame(K.RNR, False, nr=0))
    feed(user, Frame(K.I, True, ns=0, nr=1, information=b"x"))
    assert user.deadline() == 1.0


def test_a_far_side_that_says_that_it_is_busy_when_asked() -> None:
    """5.6.7: what it lacks is not sent again before it is ready."""
    user = Link().set_up().user
    user.send(b"a", 0.0)
    user.outgoing()
    user.expire(1.0)
    user.outgoing()
    assert feed(user, Frame(K.RNR, False, True, nr=0), 1.1) == []
    assert [frame.ns for frame in feed(user, Frame(K.RR, False, nr=0), 1.2)] == [0]


def test_an_i_frame_that_asks_is_answered_at_once() -> None:
    """5.6.2.1, 5.8.1: the final bit answers the poll bit, in order or not."""
    user = Link().set_up().user
    assert feed(user, Frame(K.I, True, True, ns=0, information=b"x")) == [Frame(K.RR, False, True, nr=1)]
    assert feed(user, Frame(K.I, True, True, ns=5, information=b"x")) == [Frame(K.REJ, False, True, nr=1)]
    assert feed(user, Frame(K.I, True, True, ns=6, information=b"x")) == [Frame(K.RR, False, True, nr=1)]
    assert feed(user, Frame(K.I, True, ns=7, information=b"x")) == []


def test_t200_begins_again_for_what_is_left() -> None:
    """5.6.3.2."""
    user = Link().set_up().user
    user.send(b"a", 0.0)
    user.send(b"b", 0.0)
    feed(user, Frame(K.RR, False, nr=1), 0.9)
    assert user.deadline() == 1.9
    feed(user, Frame(K.RR, False, nr=1), 1.0)
    assert user.deadline() == 1.9
    feed(user, Frame(K.RR, False, nr=2), 1.1)
    assert user.deadline() == 11.1


def test_what_waits_for_a_busy_far_side_is_bounded() -> None:
    user = Link().set_up().user
    feed(user, Frame(K.RNR, False, nr=0))
    for number in range(MAX_WAITING + 1):
        user.send(b"x", number / 10000)
    assert user.events() == [Down()]


@pytest.mark.parametrize(
    "octets",
    [
        "02 01 97 00 00 00 00 00",
        "02 01 0d 00",
        "02 01 7f 00",
        "00 01 01 0b",
        "02 01 00 0c 08",
        "02 01 00 00" + "08" * 261,
    ],
    ids=["FRMR", "no such frame", "SABME with contents", "N(R) ahead", "N(R) of an I frame ahead", "too long"],
)
def test_a_frame_in_error_sets_the_link_up_again(octets: str) -> None:
    """5.8.5, 5.8.6."""
    user = Link().set_up().user
    if octets.startswith("02 01 97"):
        octets = octets.replace("02", "00", 1)
    user.receive(bytes.fromhex(octets), None, 0.0)
    assert [Frame.parse(data, False) for data in user.outgoing()] == [Frame(K.SABME, True, True)]
    assert user.events() == []
    feed(user, Frame(K.UA, False, True))
    assert user.state is State.ESTABLISHED


@pytest.mark.parametrize("octets", ["", "00", "fc ff 03 0f 12 34 01 ff", "02 03 7f", "00 ff 03"])
def test_frames_for_others_are_ignored(octets: str) -> None:
    """TEI management, other SAPIs and TEIs, runts."""
    user = Link().set_up().user
    user.receive(bytes.fromhex(octets), None, 0.0)
    assert (user.outgoing(), user.events(), user.ignored) == ([], [], 1)


def test_the_line_is_gone() -> None:
    link = Link().set_up()
    link.sends(link.user, b"a")
    link.user.deactivate(0.0)
    assert (link.heard(link.user), link.user.outgoing(), link.user.deadline()) == ([Down()], [], None)


def test_a_message_longer_than_a_frame_is_our_own_fault() -> None:
    user = Link().set_up().user
    user.send(bytes(N201), 0.0)
    with pytest.raises(ValueError, match="261 octets"):
        user.send(bytes(N201 + 1), 0.0)


def test_sequence_numbers_go_round() -> None:
    link = Link().set_up()
    for number in range(300):
        link.sends(link.user, number.to_bytes(2))
        link.sends(link.network, number.to_bytes(2))
        link.carry()
    assert link.messages(link.network) == link.messages(link.user) == [number.to_bytes(2) for number in range(300)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.floats(0, 0.4))
def test_every_message_once_and_in_order_over_a_bad_line(seed: int, share: float) -> None:
    """Whatever is lost: what arrives is a run of what was sent, and all of it where the link was not given up."""
    dice = random.Random(seed)
    link = Link().set_up()
    link.lose = lambda frame: dice.random() < share
    sent: list[bytes] = []
    for number in range(60):
        sent.append(number.to_bytes(2))
        link.sends(link.user, sent[-1])
        link.sends(link.network, sent[-1])
        link.passes(dice.choice([0.0, 0.1, 1.0]))
    link.lose = lambda frame: False
    link.passes(60)
    heard = [link.heard(link.user), link.heard(link.network)]
    troubled = any(not isinstance(event, Data) for events in heard for event in events)
    for events in heard:
        came = [event.octets for event in events if isinstance(event, Data)]
        assert came == sorted(set(came))
        assert came == sent or troubled


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=8), st.floats(0, 3)), max_size=30), st.booleans())
def test_frames_without_sense_do_no_harm(frames: list[tuple[bytes, float]], is_network: bool) -> None:
    end = Lapd(network=is_network)
    end.establish(0.0)
    now = 0.0
    for data, later in frames:
        end.receive(bytes([data[0] & 2 if data else 0, 1]) + data[1:], None, now)
        now += later
        while (due := end.deadline()) is not None and due <= now:
            end.expire(due)
        end.send(b"x", now)
        assert len(end.outgoing()) < 20
        end.events()
