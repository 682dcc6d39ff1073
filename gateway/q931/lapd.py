"""The data link of a D channel: messages there and back, each once and in order, over a line that loses frames.

Q.921 for a primary rate interface: acknowledged operation on SAPI 0, TEI 0, modulo 128. Frames without check
sequence and `establish`, `send`, `release` come in; frames and `Up`, `Reset`, `Down`, `Data` go out. What each
input means is in `lapd_states`. We are never busy ourselves, so that RNR is only understood, not sent. What is sent
while there is no link is dropped: call control is told by `Down` and `Reset`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from gateway.core.engine import earliest
from gateway.core.errors import MalformedError
from gateway.core.machine import Machine
from gateway.core.timers import Due
from gateway.q931.lapd_frame import MODULUS, N201, Frame, FrameKind
from gateway.q931.lapd_states import LAPD, Input, State

__all__ = ["Data", "Down", "Lapd", "LapdConfig", "Reset", "Up"]

MAX_WAITING: Final = 1000
"""Messages that wait for a far side that takes none: more than all calls of a span say in T309."""


@dataclass(frozen=True, slots=True)
class Up:
    """The link is there."""


@dataclass(frozen=True, slots=True)
class Reset:
    """The link is there again, and what was under way may be lost (Q.931 5.8.8)."""


@dataclass(frozen=True, slots=True)
class Down:
    """The link is gone."""


@dataclass(frozen=True, slots=True)
class Data:
    """A message has come."""

    octets: bytes


Event = Up | Reset | Down | Data


@dataclass(frozen=True, slots=True)
class LapdConfig:
    """System parameters (5.9).

    Attributes:
        t200: seconds until what is not acknowledged is looked after.
        t203: seconds without a frame until the far side is asked whether it is there.
        n200: how often something is repeated.
        k: I frames that may be under way.
    """

    t200: float = 1.0
    t203: float = 10.0
    n200: int = 3
    k: int = 7


class Lapd:
    """One end of the link.

    Args:
        network: we are the network's end.
        config: system parameters.
        due: told of every timer that is set.
    """

    def __init__(self, *, network: bool, config: LapdConfig | None = None, due: Due | None = None) -> None:
        self._network = network
        self._due = due or Due()
        self._config = config or LapdConfig()
        self._machine = Machine(LAPD, State.TEI_ASSIGNED)
        self._t200: float | None = None
        self._t203: float | None = None
        self._tries = 0
        self._vs = self._va = self._vr = 0
        self._waiting: deque[bytes] = deque()
        self._unacknowledged: deque[bytes] = deque()
        self._far_is_busy = False
        self._rejecting = False
        self._owes_acknowledgement = False
        self._is_up = False
        self._frames: list[bytes] = []
        self._events: list[Event] = []
        self.ignored = 0
        """Frames for others, or that no link could have sent."""

    @property
    def state(self) -> State:
        """Where the link stands."""
        return self._machine.state

    @property
    def is_up(self) -> bool:
        """Whether `send` reaches the far side; also while the link is being mended."""
        return self._is_up

    @property
    def is_quiet(self) -> bool:
        """Whether the far side has acknowledged all that was given to `send`."""
        return not self._waiting and not self._unacknowledged

    def establish(self, now: float) -> None:
        """Set the link up; harmless where that is done or under way."""
        self._feed(Input.ESTABLISH, now)

    def release(self, now: float) -> None:
        """Take the link down."""
        self._feed(Input.RELEASE, now)

    def deactivate(self, now: float) -> None:
        """The line is gone: nothing can be sent or received."""
        self._feed(Input.DEACTIVATE, now)

    def send(self, message: bytes, now: float) -> None:
        """Send `message`; dropped where there is no link.

        Raises:
            ValueError: it is longer than a frame may be.
        """
        if len(message) > N201:
            raise ValueError(f"message of {len(message)} octets; a D channel takes {N201} (Q.921 N201)")
        if not self._is_up:
            return
        if len(self._waiting) >= MAX_WAITING:
            self._feed(Input.DEACTIVATE, now)
        self._feed(Input.DATA, now, Frame(FrameKind.I, True, information=message))

    def receive(self, data: bytes, source: None, now: float) -> None:
        """A frame has come in."""
        if not Frame.is_ours(data):
            self.ignored += 1
            return
        try:
            frame = Frame.parse(data, from_network=not self._network)
        except MalformedError:
            self.ignored += 1
            self._feed(Input.REJECTED, now)
            return
        self._feed(self._input(frame), now, frame)

    def outgoing(self) -> list[bytes]:
        """Frames to be sent. An acknowledgement that no I frame has carried goes by itself (5.6.2.1)."""
        if self._owes_acknowledgement:
            self._supervise(FrameKind.RR)
        frames, self._frames = self._frames, []
        return frames

    def events(self) -> list[Event]:
        """What happened."""
        events, self._events = self._events, []
        return events

    def deadline(self) -> float | None:
        """When a timer runs out."""
        return earliest(self._t200, self._t203)

    def expire(self, now: float) -> None:
        """Let timers run out."""
        if self._t200 is not None and self._t200 <= now:
            self._t200 = None
            self._feed(Input.T200 if self._tries < self._config.n200 else Input.T200_LAST, now)
        elif self._t203 is not None and self._t203 <= now:
            self._t203 = None
            self._feed(Input.T203, now)

    def _input(self, frame: Frame) -> Input:
        kind = frame.kind
        if kind in (FrameKind.I, FrameKind.RR, FrameKind.RNR, FrameKind.REJ):
            if (frame.nr - self._va) % MODULUS > len(self._unacknowledged):
                return Input.REJECTED  # 5.8.5: N(R) is not one that we wait for
            if kind is FrameKind.I:
                return Input.INFORMATION
            return Input.ANSWER if frame.final and not frame.command else Input.SUPERVISORY
        if kind is FrameKind.DM:
            return Input.DM_FINAL if frame.final else Input.DM
        if kind is FrameKind.UA:
            return Input.UA if frame.final else Input.STRAY
        return {
            FrameKind.SABME: Input.SABME,
            FrameKind.DISC: Input.DISC,
            FrameKind.FRMR: Input.REJECTED,
        }.get(kind, Input.STRAY)

    def _feed(self, given: Input, now: float, frame: Frame | None = None) -> None:
        if action := self._machine.feed(given):
            getattr(self, f"_{action}")(now, frame)

    # Setting up and taking down (5.5).

    def _establish(self, now: float, _: Frame | None) -> None:
        self._tries = 0
        self._far_is_busy = self._rejecting = self._owes_acknowledgement = False
        self._start_t200(now)
        self._command(FrameKind.SABME)

    def _establish_again(self, now: float, _: Frame | None) -> None:
        self._tries += 1
        self._start_t200(now)
        self._command(FrameKind.SABME)

    def _recover(self, now: float, _: Frame | None) -> None:
        """Set up again what does not work any more (5.8.5, 5.7)."""
        self._establish(now, None)

    def _established(self, now: float, _: Frame | None) -> None:
        self._begin(now)

    def _accept(self, now: float, frame: Frame) -> None:
        self._respond(FrameKind.UA, frame)
        self._begin(now)

    def _accept_again(self, now: float, frame: Frame) -> None:
        self._respond(FrameKind.UA, frame)
        self._begin(now)

    def _begin(self, now: float) -> None:
        """Count from 0. What was not acknowledged may have been lost, which call control must know (5.7.2)."""
        lost = bool(self._unacknowledged)
        if lost:
            self._waiting.clear()
        self._unacknowledged.clear()
        self._tries = self._vs = self._va = self._vr = 0
        self._far_is_busy = self._rejecting = self._owes_acknowledgement = False
        self._start_t203(now)
        if not self._is_up:
            self._is_up = True
            self._events.append(Up())
        elif lost:
            self._events.append(Reset())
        self._pump(now)

    def _agree(self, now: float, frame: Frame) -> None:
        self._respond(FrameKind.UA, frame)

    def _refuse(self, now: float, frame: Frame) -> None:
        self._respond(FrameKind.DM, frame)

    def _disconnect(self, now: float, _: Frame | None) -> None:
        self._forget()
        self._tries = 0
        self._start_t200(now)
        self._command(FrameKind.DISC)

    def _disconnect_again(self, now: float, _: Frame | None) -> None:
        self._tries += 1
        self._start_t200(now)
        self._command(FrameKind.DISC)

    def _leave(self, now: float, frame: Frame) -> None:
        self._respond(FrameKind.UA, frame)
        self._fail(now, None)

    def _deactivate(self, now: float, _: Frame | None) -> None:
        self._frames.clear()
        self._fail(now, None)

    def _fail(self, now: float, _: Frame | None) -> None:
        self._forget()
        self._is_up = False
        self._events.append(Down())

    def _forget(self) -> None:
        self._t200 = self._t203 = None
        self._waiting.clear()
        self._unacknowledged.clear()
        self._va = self._vs
        self._owes_acknowledgement = False

    # Messages (5.6).

    def _queue(self, now: float, frame: Frame) -> None:
        self._waiting.append(frame.information)

    def _send(self, now: float, frame: Frame) -> None:
        self._waiting.append(frame.information)
        self._pump(now)

    def _pump(self, now: float) -> None:
        """Send what waits, as far as the window is open (5.6.1)."""
        while self._waiting and not self._far_is_busy and len(self._unacknowledged) < self._config.k:
            message = self._waiting.popleft()
            self._unacknowledged.append(message)
            frame = Frame(FrameKind.I, True, ns=self._vs, nr=self._vr, information=message)
            self._frames.append(frame.serialise(self._network))
            self._vs = (self._vs + 1) % MODULUS
            self._owes_acknowledgement = False
            if self._t200 is None:
                self._start_t200(now)

    def _take(self, now: float, frame: Frame) -> None:
        """An I frame (5.6.2, 5.8.1)."""
        if frame.ns == self._vr:
            self._vr = (self._vr + 1) % MODULUS
            self._rejecting = False
            self._events.append(Data(frame.information))
            self._owes_acknowledgement = True
            if frame.final:
                self._supervise(FrameKind.RR, final=True)
        elif not self._rejecting:
            self._rejecting = True
            self._supervise(FrameKind.REJ, final=frame.final)
        elif frame.final:
            self._supervise(FrameKind.RR, final=True)
        if self._far_is_busy or self.state is State.TIMER_RECOVERY:
            self._advance(frame.nr)
        else:
            self._advance_timed(frame.nr, now)
            self._pump(now)

    def _acknowledged(self, now: float, frame: Frame) -> None:
        """A supervisory frame (5.6.3 to 5.6.5)."""
        self._answer_poll(frame)
        self._far_is_busy = frame.kind is FrameKind.RNR
        if frame.kind is FrameKind.REJ:
            self._repeat_from(frame.nr, now)
        elif self._far_is_busy:
            self._advance(frame.nr)
            self._tries = 0
            self._start_t200(now)
        else:
            self._advance_timed(frame.nr, now)
        self._pump(now)

    def _note(self, now: float, frame: Frame) -> None:
        """A supervisory frame while we wait for the answer to ours."""
        self._answer_poll(frame)
        self._far_is_busy = frame.kind is FrameKind.RNR
        self._advance(frame.nr)

    def _resume(self, now: float, frame: Frame) -> None:
        """The far side tells where it stands: what it lacks is sent again (5.6.7)."""
        self._far_is_busy = frame.kind is FrameKind.RNR
        self._repeat_from(frame.nr, now)
        if self._far_is_busy:
            self._tries = 0
            self._start_t200(now)
        self._pump(now)

    def _enquire(self, now: float, _: Frame | None) -> None:
        """Ask the far side where it stands."""
        self._tries += 1
        self._start_t200(now)
        self._supervise(FrameKind.RR, final=True, command=True)

    def _repeat_from(self, nr: int, now: float) -> None:
        self._advance(nr)
        self._waiting.extendleft(reversed(self._unacknowledged))
        self._unacknowledged.clear()
        self._vs = self._va
        self._tries = 0
        self._start_t203(now)

    def _advance(self, nr: int) -> None:
        for _ in range((nr - self._va) % MODULUS):
            self._unacknowledged.popleft()
        self._va = nr

    def _advance_timed(self, nr: int, now: float) -> None:
        """Take the acknowledgement; T200 runs for what is left, T203 where nothing is (5.6.3.2)."""
        moved = nr != self._va
        self._advance(nr)
        if not self._unacknowledged:
            self._tries = 0
            self._start_t203(now)
        elif moved:
            self._tries = 0
            self._start_t200(now)

    def _start_t200(self, now: float) -> None:
        self._t203 = None
        self._t200 = self._due.by(now + self._config.t200)

    def _start_t203(self, now: float) -> None:
        self._t200 = None
        self._t203 = self._due.by(now + self._config.t203)

    # Frames.

    def _answer_poll(self, frame: Frame) -> None:
        if frame.command and frame.final:
            self._supervise(FrameKind.RR, final=True)

    def _supervise(self, kind: FrameKind, *, final: bool = False, command: bool = False) -> None:
        self._owes_acknowledgement = False
        self._frames.append(Frame(kind, command, final, nr=self._vr).serialise(self._network))

    def _command(self, kind: FrameKind) -> None:
        self._frames.append(Frame(kind, True, True).serialise(self._network))

    def _respond(self, kind: FrameKind, to: Frame) -> None:
        self._frames.append(Frame(kind, False, to.final).serialise(self._network))
