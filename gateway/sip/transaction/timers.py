"""The intervals behind the transaction timers A to M (RFC 3261 table 4, RFC 6026 section 8)."""

from __future__ import annotations

from dataclasses import field

from gateway.core.frozen import frozen

__all__ = ["TimerConfig"]


@frozen
class TimerConfig:
    """Base intervals in seconds.

    Attributes:
        t1: estimate of the round trip; the first retransmission.
        t2: the longest interval between retransmissions.
        t4: how long a message may stay in the network.
        trying: how long the user may think about an INVITE before 100 is sent for it (section 17.2.1).
        ringing: timer C, how long an INVITE may go without a word after a provisional response; section 16.6
            asks for more than 3 minutes, and whoever rings longer repeats its 180 each minute (13.3.1.1).
        patience: 64*T1: timers B, F, H, J, L and M, and D over UDP, where it must be 32 s at the least.
    """

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    trying: float = 0.2
    ringing: float = 185.0
    patience: float = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "patience", 64 * self.t1)
