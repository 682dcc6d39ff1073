"""Whether the audio of a leg comes in, and goes on coming: looked at now and then, and told once.

Some seconds after a leg is up, its row's counters are looked at: where nothing has come in, or where the peer
reports by RTCP that nothing has come to it, a sentence says why (diagnosis.py). Audio that came and has stopped is
told of by the row itself; a moment is then given to the peer's signalling to show that it is there. What was told
is taken back when audio comes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from gateway.core.audio import AudioStats, Ceased, RtpAudio
from gateway.core.frozen import frozen
from gateway.core.hindrances import UNHINDERED, Hindrances
from gateway.sdp.negotiate import Agreement, Direction
from gateway.sip.diagnosis import LOOK, may_pause, place, why_ceased, why_deaf, why_one_way, why_silent, why_unsent
from gateway.sip.session import Setting, Timer
from gateway.sip.transport import Address

__all__ = ["FOR_EVER", "Patience", "Watch"]

LOOK_AGAIN: Final = 7.0
"""Seconds after that at which who sends reports at all has sent one (RFC 3550 6.2: every 2 to 6.2 s)."""
UNHEARD: Final = 50
"""Packets of ours, 1 s of them, none of which has come when a peer reports: more than may be on their way."""
ASKING: Final = 0.8
"""Seconds that a peer whose audio has stopped is given to answer a request, which comes twice (RFC 3261 T1)."""
BACK: Final = (2.0, 10.0)
"""Seconds from one look whether audio that was missed has come to the next: half of the silence, within these.
Where nobody is heard in thousands of calls, looking would be what they cost.
"""
LATE: Final = 60.0
"""Seconds for which that of a leg that was never heard is looked for: where none has come by then, none will."""


@frozen
class Patience:
    """For how long a leg that was answered may send no audio before it is given up, in seconds; 0 is for ever.

    Attributes:
        talking: where it is to send some.
        held: where it is on hold, on either side.
    """

    talking: float = 0.0
    held: float = 0.0


FOR_EVER: Final = Patience()


class Watched(Protocol):
    """The leg that is watched."""

    @property
    def peer(self) -> str:
        """Who is at the far side, for the sentence."""
        ...

    def missed(self, text: str, now: float, *, meant: bool = False) -> None:
        """Its audio does not come in; said once. `meant`: perhaps nobody wants it to."""
        ...

    def found(self, text: str, now: float) -> None:
        """What was missed has come after all, or is missed no more."""
        ...

    def ask(self, told: Callable[[int], None], now: float) -> bool:
        """Ask whether its signalling is there: `told` takes the status of the answer. False where it cannot be."""
        ...

    def given_up(self, seconds: float, now: float) -> None:
        """Nothing came for so long that patience is at its end."""
        ...


class Watch:
    """Looks whether the audio of one leg comes in.

    Args:
        setting: the stack's services.
        row: the leg's row.
        host: our address where we asked for the audio, at the row's port.
        bound: our own address behind that; another one where a NAT or a container's mapped ports are before us.
        patience: how long it is waited for.

    Attributes:
        leg: who is told, and whose audio it is; None once it is over.
    """

    __slots__ = (
        "_agreement", "_before", "_bound", "_end", "_hindered", "_host", "_missing", "_one_way", "_patience",
        "_row", "_setting", "_timer", "_up_at", "leg"
    )  # fmt: skip

    def __init__(
        self, setting: Setting, row: RtpAudio, host: str, bound: str, patience: Patience = FOR_EVER
    ) -> None:
        self._setting = setting
        self._row = row
        self._host = host
        self._bound = bound
        self.leg: Watched | None = None
        self._agreement: Agreement | None = None
        self._patience = patience
        self._timer: Timer | None = None
        self._end: Timer | None = None
        self._up_at: float | None = None
        self._before = 0, 0
        """Packets that had come and gone when the leg was answered, or its audio was to begin anew."""
        self._hindered = UNHINDERED
        """What had been refused, or not been sent, when audio was to begin anew."""
        self._one_way: bool | None = None
        """Whether it was told that the peer began the call one way; None where neither side has changed that."""
        self._missing: float | None = None
        """Since when audio has been missed that was told of."""

    def agreed(self, agreement: Agreement, now: float) -> None:
        """Audio as agreed from now on; after a hold, or from another place, it is looked for again."""
        before, self._agreement = self._agreement, agreement
        if self._end is not None:
            self._stop_waiting()  # the row counts its silence anew
        if self._up_at is None or before is None:
            return
        if self._missing is not None and agreement.direction is not Direction.SENDRECV:
            self._missing = None
            assert self.leg is not None  # or it would be closed
            self.leg.found(
                f"no audio needs to come from {self.leg.peer} now: the call is on hold, or carries a fax", now
            )
        if before.direction is not agreement.direction:
            if self._one_way:
                assert self.leg is not None  # or it would be closed
                self.leg.found(
                    f"the audio of {self.leg.peer} goes another way now: {agreement.direction.value}", now
                )
            self._one_way = False
        moved = (before.address, before.port) != (agreement.address, agreement.port)
        if agreement.direction.receives and (moved or not before.direction.receives):
            self.up(now)
            self._hindered = self._row.hindrances()

    def asked_at(self, host: str) -> None:
        """The peer is told another address of ours for its audio."""
        self._host = host

    def up(self, now: float) -> None:
        """The leg was answered."""
        if self._up_at is None:
            self._up_at = now
        self._stop()
        stats = self._row.stats()
        self._before = stats.received, stats.sent
        self._timer = self._setting.carrier.after(LOOK, now, self._look)

    def ceased(self, ceased: Ceased, now: float) -> None:
        """Audio has stopped that nothing accounts for, as the row tells once each time."""
        agreement, stats = self._agreement, self._row.stats()
        if self._up_at is None or self._missing is not None or agreement is None:
            return
        # Who is on hold may fall silent (RFC 3264 8.4); who has not spoken since the answer is being looked at.
        if agreement.direction is not Direction.SENDRECV or stats.received == self._before[0]:
            return
        self._stop()
        assert self.leg is not None  # or it would be closed
        answers: list[int] = []
        asked = answers if self.leg.ask(answers.append, now) else None
        hindered = self._row.hindrances()
        self._timer = self._setting.carrier.after(
            ASKING, now, lambda at: self._tell_ceased(ceased, stats, hindered, asked, now, at)
        )

    def silent(self, seconds: float, now: float) -> None:
        """Nothing has come in for `seconds`, as the row tells once in each silence."""
        agreement = self._agreement
        if self._up_at is None or agreement is None:
            return
        talking = agreement.direction.receives and agreement.direction.sends
        patience = self._patience.talking if talking else self._patience.held
        if patience:
            before = self._row.stats().received
            wait = max(patience - seconds, 0.0)
            self._stop_waiting()
            self._end = self._setting.carrier.at(now + wait, lambda at: self._give_up(before, seconds + wait, at))

    def close(self) -> None:
        """Nobody waits any more."""
        self._stop()
        self.leg = None

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._end is not None:
            self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def _give_up(self, before: int, seconds: float, now: float) -> None:
        self._end = None
        if self._row.stats().received == before:
            assert self.leg is not None  # or it would be closed
            self.leg.given_up(seconds, now)

    def _look(self, now: float) -> None:
        """Tell what is wrong since the answer."""
        self._timer = None
        received, sent = self._before
        stats, agreement = self._row.stats(), self._agreement
        if agreement is None:
            return
        unheard = _unheard(stats, sent) if agreement.direction.sends else 0
        if agreement.direction.receives and stats.received == received:
            assert self.leg is not None  # or it would be closed
            # A leg that had early media has proved its way already: who is silent from the answer on sends nothing.
            heard = received > 0
            hindered = self._row.hindrances().since(self._hindered)
            said = why_silent(self.leg.peer, agreement, self._own, self._bound, hindered, heard=heard)
            self.leg.missed(f"{said}; {self._reported(unheard)} either" if unheard else said, now)
            self._await_return(now - LOOK, received, now)
            return
        if self._missing is not None:
            self._returned(self._missing, now)
        if agreement.direction is not Direction.SENDRECV and agreement.image is None and self._one_way is None:
            assert self.leg is not None  # or it would be closed
            self._one_way = True
            self.leg.missed(why_one_way(self.leg.peer, agreement), now)
        if agreement.direction.sends and not self._tell_unsent(agreement, now):
            self._look_there(now)
            if stats.far_told < sent + UNHEARD:  # its first report is still to come
                self._timer = self._setting.carrier.after(LOOK_AGAIN, now, self._look_there)

    def _tell_unsent(self, agreement: Agreement, now: float) -> bool:
        """Tell if what is to be sent does not even leave this machine; whether it was told."""
        assert self.leg is not None  # or it would be closed
        hindered = self._row.hindrances().since(self._hindered)
        why = why_unsent(self.leg.peer, self._own, self._remote(agreement), hindered)
        if why:
            self.leg.missed(why, now)
        return why != ""

    def _look_there(self, now: float) -> None:
        """Tell if the peer reports that it hears nothing."""
        self._timer = None
        agreement, unheard = self._agreement, _unheard(self._row.stats(), self._before[1])
        if unheard and agreement is not None and agreement.direction.sends:
            assert self.leg is not None  # or it would be closed
            why = why_deaf(agreement, self._own, self._bound, self._remote(agreement))
            self.leg.missed(f"{self.leg.peer} hears nothing: {self._reported(unheard)}: {why}", now)

    def _tell_ceased(
        self,
        ceased: Ceased,
        before: AudioStats,
        hindered: Hindrances,
        answers: list[int] | None,
        told_at: float,
        now: float,
    ) -> None:
        """Tell what has become of audio that had ceased when `before` and `hindered` were counted, at `told_at`."""
        self._timer = None
        stats, agreement = self._row.stats(), self._agreement
        if agreement is None or agreement.direction is not Direction.SENDRECV or stats.received != before.received:
            return
        assert self.leg is not None and self._up_at is not None  # or it would be closed, or never have been up
        waited = now - told_at
        reported = None if ceased.reported is None else ceased.reported + waited
        since = told_at - ceased.seconds
        ceased = Ceased(ceased.seconds + waited, reported, ceased.rejected)
        hindered = self._row.hindrances().since(hindered)
        status = None if answers is None else next(iter(answers), 0)
        said = why_ceased(
            self.leg.peer,
            agreement,
            ceased,
            remote=self._remote(agreement),
            own=self._own,
            into=max(since - self._up_at, 0.0),
            hindered=hindered,
            waited=waited,
            status=status,
        )
        self.leg.missed(said, now, meant=may_pause(agreement, ceased, hindered, status))
        self._await_return(since, stats.received, now)

    def _await_return(self, since: float, received: int, now: float) -> None:
        """Look now and then whether audio comes that has been missed `since`."""
        self._missing = since
        wait = min(max(BACK[0], (now - since) / 2), BACK[1])
        self._timer = self._setting.carrier.at(now + wait, lambda at: self._look_back(since, received, at))

    def _look_back(self, since: float, received: int, now: float) -> None:
        self._timer = None
        if self._missing is None:
            return
        if self._row.stats().received != received:
            self._returned(since, now)
        elif received != self._before[0] or now - since < LATE:
            self._await_return(since, received, now)

    def _returned(self, since: float, now: float) -> None:
        self._missing = None
        assert self.leg is not None and self._agreement is not None  # or nothing would be looked at
        remote = place(*self._remote(self._agreement))
        self.leg.found(f"{self.leg.peer} is heard, from {remote}, after {now - since:.0f} s without audio", now)

    def _remote(self, agreement: Agreement) -> Address:
        """Where the peer is heard."""
        return self._row.remote or (agreement.address, agreement.port)

    @property
    def _own(self) -> Address:
        return self._host, self._row.port

    def _reported(self, unheard: int) -> str:
        there = place(*self._row.remote) if self._row.remote is not None else "it"
        return f"it reports (RTCP) that none of {unheard} packets from {place(*self._own)} to {there} has come"


def _unheard(stats: AudioStats, sent: int) -> int:
    """Packets sent since `sent` of them were that a report says have not come; 0 where some have, or none says."""
    unheard = stats.far_told - max(stats.far_heard, sent)
    return unheard if unheard >= UNHEARD else 0
