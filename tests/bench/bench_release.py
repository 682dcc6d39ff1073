"""How soon an exchange's sign that the far end has hung up releases a call, by country; and how often speech does.

    python tests/bench/bench_release.py [--minutes M] [--countries us,de,…]

Tones: the country's busy, congestion and dial tone after a conversation, from six places in their cadence, on a
good line and on a bad one (12 dB of loss, noise of -50 dBm0, hum of -48), through the country's law: seconds from
the tone's beginning to the sign, and which were not told. False releases: M minutes of speech (made, recorded where
installed, babble) and music, heard with the ears of each country. Loop break and polarity: whole calls on emulated
hardware, from the far end's hang-up to the release of the leg.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from drivers.fxo.config import AnswerSignal
from gateway.core.audio import Samples
from gateway.core.messages import Answered, Released
from gateway.core.number import Party
from gateway.media.g711 import decode, encode
from gateway.media.level import peak
from gateway.media.supervision import CallProgress, SignKind
from gateway.media.tone import ZONES, Zone
from hardware.world.office_config import OfficeConfig
from tests.bench.table import print_row
from tests.bench.voices import SPOKEN, at_level, babble, made, music, recorded
from tests.support.copper import LINE, Copper

RATE = 8000
PLACES = 6
LONGEST = 20.0
RELEASES = (SignKind.BUSY, SignKind.CONGESTION, SignKind.DIAL_TONE, SignKind.UNOBTAINABLE)


def on_the_line(samples: Samples, zone: Zone, *, bad: bool) -> Samples:
    """What a port reads of what the exchange sends."""
    if bad:
        chance = np.random.default_rng(1)
        hum = peak(-48) * np.sin(2 * np.pi * 50 * np.arange(len(samples)) / RATE)
        noisy = samples * 10 ** (-12 / 20) + chance.normal(scale=peak(-50) / np.sqrt(2), size=len(samples)) + hum
        samples = np.rint(noisy).clip(-32768, 32767).astype(np.int16)
    return decode(encode(samples, zone.law), zone.law)


def released(zone: Zone, heard: Samples) -> float | None:
    """Seconds of `heard` until a release is told."""
    progress = CallProgress(zone.name)
    for at in range(0, len(heard), 800):
        if any(sign.kind in RELEASES for sign in progress.feed(heard[at : at + 800])):
            return (at + 800) / RATE
    return None


def tone_from(zone: Zone, name: str, place: int) -> Samples:
    """A tone that begins within its cadence."""
    sound = zone.tone(name)
    loop = sound.samples[sound.loop_from or 0 :]
    begin = len(loop) * place // PLACES
    return np.tile(loop, round(LONGEST * RATE) // len(loop) + 2)[begin:][: round(LONGEST * RATE)]


def bench_tones(countries: Sequence[str]) -> None:
    worst: dict[str, float] = {}
    missed: list[str] = []
    for country in countries:
        zone, told = ZONES[country], []
        for name in ("busy", "congestion", "dial"):
            took = [
                released(zone, on_the_line(tone_from(zone, name, place), zone, bad=bad))
                for place in range(PLACES)
                for bad in (False, True)
            ]
            seen = [seconds for seconds in took if seconds is not None]
            if len(seen) < len(took):
                missed.append(f"{country} {name} {len(took) - len(seen)} of {len(took)}")
            if seen:
                worst[name] = max(worst.get(name, 0.0), *seen)
                told.append(f"{name} {np.median(seen):.1f} s, {max(seen):.1f} at most")
            else:
                told.append(f"{name} never")
        print_row(f"release by tone, {country}", "; ".join(told))
    print_row(
        f"release by tone, {len(countries)} countries, good and bad line",
        "longest " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in worst.items()),
        f"all told: {'yes' if not missed else ', '.join(missed)}",
    )


def material(minutes: float) -> Iterator[tuple[str, Samples]]:
    """Speech and music, a quarter of the minutes of each kind."""
    each = minutes * 15 * RATE
    kinds: tuple[tuple[str, Iterator[Samples]], ...] = (
        ("made speech", made()),
        ("recorded speech", itertools.islice(recorded(), 0, None, 7)),
        ("babble", iter([babble(4, minutes * 15)])),
        ("music", (piece[: 3 * 60 * RATE] for piece in music())),
    )
    for name, pieces in kinds:
        whole = np.zeros(0, np.int16)
        for piece in pieces:
            whole = np.concatenate([whole, at_level(piece, SPOKEN)])
            if len(whole) >= each:
                break
        yield name, whole[: round(each)]


def bench_false(minutes: float, countries: Sequence[str]) -> None:
    for name, heard in material(minutes):
        if not len(heard):
            print_row(f"false releases, {name}", "not installed")
            continue
        false: list[str] = []
        for country in countries:
            zone = ZONES[country]
            begin = 0
            while begin < len(heard):
                seconds = released(zone, decode(encode(heard[begin:], zone.law), zone.law))
                if seconds is None:
                    break
                false.append(country)
                begin += round(seconds * RATE)
        hours = len(heard) * len(countries) / RATE / 3600
        print_row(
            f"false releases, {name}, {len(heard) / RATE / 60:.0f} min",
            f"{len(false)} in {hours:.1f} h of {len(countries)} countries {' '.join(sorted(set(false)))}",
            "none",
        )


def bench_calls() -> None:
    """Whole calls: from the far end's hang-up to the release of our leg."""
    reversing = OfficeConfig(answer_reversal=True, hangup_reversal=True, disconnect=0, released="")
    polarity = replace(LINE, answer=AnswerSignal.POLARITY, hangup_on_polarity=True)
    cases = (
        ("loop break of 500 ms", OfficeConfig(disconnect=500, released=""), LINE, "us"),
        ("loop break of 250 ms", OfficeConfig(disconnect=250, released=""), LINE, "us"),
        ("polarity", reversing, polarity, "us"),
        ("busy tone", OfficeConfig(disconnect=0), replace(LINE, answer=AnswerSignal.VOICE), "us"),
        ("busy tone", OfficeConfig(disconnect=0), replace(LINE, answer=AnswerSignal.VOICE), "uk"),
        ("dial tone", OfficeConfig(disconnect=0, released="dial"), replace(LINE, answer=AnswerSignal.VOICE), "de"),
    )
    for name, office, line, zone in cases:
        copper = Copper(line=line, exchange=office, zone=zone)
        copper.call("FXO", "g1/5550100", Party("101"))
        for _ in range(400):
            copper.run(0.1)
            if any(isinstance(event, Answered) for event in copper.said()):
                break
        copper.run(2.0)
        copper.events()
        copper.exchange.hang_up()
        took = None
        for step in range(1, 1000):
            copper.run(0.02)
            if any(isinstance(event, Released) for event in copper.said()):
                took = step * 0.02
                break
        copper.run(5.0)
        copper.close()
        print_row(f"release of a call by {name}, {zone}", "never" if took is None else f"{took:.2f} s")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--minutes", type=float, default=8.0)
    arguments.add_argument("--countries", default=",".join(ZONES))
    given = arguments.parse_args()
    countries = given.countries.split(",")
    bench_calls()
    bench_tones(countries)
    bench_false(given.minutes, countries)


if __name__ == "__main__":
    main()
