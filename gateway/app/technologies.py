"""The technologies of an office, by the word before the slash of a Dial's target, in capitals: a line for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drivers.audiosocket.channel import AudioSocketTechnology
from gateway.call.local import LocalTechnology
from gateway.core.audio import AudioFactory
from gateway.core.channel import Channel, Technology
from gateway.core.messages import Event
from gateway.core.number import NumberPlan
from gateway.net.audiosocket import AudioSocketNetwork

__all__ = ["technologies"]


def technologies(
    *,
    sip: Technology,
    lines: Mapping[str, Technology],
    audio: AudioFactory,
    plan: NumberPlan,
    programs: AudioSocketNetwork,
    emit: Callable[[Channel, Event], object],
) -> dict[str, Technology]:
    """What Dial can call.

    Args:
        sip: SIP.
        lines: those of lines, by name.
        audio: where rows come from.
        plan: tells which extensions there are.
        programs: makes connections to AudioSocket servers.
        emit: takes the events of legs that have no engine; must deliver them later, not at once.
    """
    return {
        "SIP": sip,
        "PJSIP": sip,
        "LOCAL": LocalTechnology(audio, emit, plan),
        "AUDIOSOCKET": AudioSocketTechnology(audio, emit, programs.connect),
        **lines,
    }
