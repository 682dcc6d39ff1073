"""CHANNEL() on a leg's audio and signalling, as Asterisk's dialplan_functions tells it."""

from __future__ import annotations

import asyncio

import pytest

from gateway.core.audio import AudioStats
from gateway.core.codec import Encoding
from tests.unit.dialplan.office import FakeAudio, FakeLeg, Office


class Measured(FakeAudio):
    def stats(self) -> AudioStats:
        return AudioStats(received=100, sent=90, lost=3, jitter=0.0015, round_trip=0.02, encoding=Encoding.PCMA)


def ask(item: str, *, audio: type[FakeAudio] = Measured) -> FakeLeg:
    leg = FakeLeg(called="100")
    leg.headers = (("Call-ID", "x@y"), ("From", "<sip:6001@h>"), ("User-Agent", "${SECRET}"))
    leg._audio = audio(leg.heard, leg._audio._incoming)
    return asyncio.run(Office(f"[office]\nexten => 100,1,Set(T=${{CHANNEL({item})}})\n").call("100", leg))


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("audioreadformat", "alaw"),
        ("audionativeformat", "alaw"),
        ("rtcp,rxcount", "100"),
        ("rtcp,rxploss,audio", "3"),
        ("rtpqos,audio,local_txcount", "90"),
        ("rtcp,rtt", "0.020000"),
        (
            "rtcp,all",
            "rtt=0.020000;rxcount=100;rxjitter=0.001500;rxploss=3;txcount=90;txjitter=0.000000;txploss=0",
        ),
        ("rtcp", "rtt=0.020000;rxcount=100;rxjitter=0.001500;rxploss=3;txcount=90;txjitter=0.000000;txploss=0"),
        ("pjsip,call-id", "x@y"),
        ("pjsip,remote_uri", "<sip:6001@h>"),
        ("pjsip,user_agent", "${SECRET}"),
        ("hangupsource", ""),
        ("rtcp,nonsense", ""),
        ("pjsip", ""),
    ],
)
def test_items(item: str, value: str) -> None:
    assert ask(item).variables["T"] == value


def test_a_leg_without_measures_tells_nothing() -> None:
    assert ask("audioreadformat", audio=FakeAudio).variables["T"] == ""
    assert ask("rtcp,rtt", audio=FakeAudio).variables["T"] == ""


def test_who_hung_up_is_known_in_the_end() -> None:
    office = Office(
        "[office]\nexten => 100,1,Hangup()\nexten => h,1,Set(T=${CHANNEL(hangupsource)}${CHANNEL(rtcp)})\n"
    )
    assert asyncio.run(office.call("100")).variables["T"].startswith("the dialplan")
