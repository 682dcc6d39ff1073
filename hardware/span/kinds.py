"""What an E1 and a T1 are: how many channels, which law, how the line is coded (DAHDI's words for it)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hardware.dahdi.abi import Law, LineConfig

__all__ = ["E1", "T1", "SpanKind"]


@dataclass(frozen=True, slots=True)
class SpanKind:
    """A kind of span.

    Attributes:
        name: "E1", "T1"; also what SPANSTAT says in spantype.
        channels: how many it has; the position of a channel is its time slot.
        signalling: position of the channel that is usually the D channel.
        law: companding.
        framing, coding: how it is set up usually.
        takes: every word of SPANCONFIG that it knows.
    """

    name: str
    channels: int
    signalling: int
    law: Law
    framing: LineConfig
    coding: LineConfig
    takes: LineConfig


E1: Final = SpanKind(
    name="E1",
    channels=31,  # time slot 0 is framing and no channel
    signalling=16,
    law=Law.ALAW,
    framing=LineConfig.CCS | LineConfig.CRC4,
    coding=LineConfig.HDB3,
    takes=LineConfig.CCS | LineConfig.CRC4 | LineConfig.HDB3 | LineConfig.AMI | LineConfig.NOTOPEN,
)
T1: Final = SpanKind(
    name="T1",
    channels=24,
    signalling=24,
    law=Law.MULAW,
    framing=LineConfig.ESF,
    coding=LineConfig.B8ZS,
    takes=LineConfig.D4 | LineConfig.ESF | LineConfig.AMI | LineConfig.B8ZS | LineConfig.NOTOPEN,
)
