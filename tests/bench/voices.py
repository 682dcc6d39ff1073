"""What is said and played on lines, for benches that count mistakes: made speech, recorded speech, babble, music.

Made speech is that of espeak-ng's voices. Recorded speech and music are those of Debian's packages
asterisk-core-sounds-*-wav and asterisk-moh-opsound-wav where they are installed; files that are tones by their
names are left out.
"""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.core.errors import MalformedError
from gateway.media.g711 import decode, encode
from gateway.media.level import active_level
from gateway.media.music import ASTERISK_MUSIC, compose
from gateway.media.soundfile import read

__all__ = ["SPOKEN", "at_level", "babble", "made", "music", "recorded", "through_law"]

RECORDED: Final = Path("/usr/share/asterisk/sounds")
_TONES: Final = ("tone", "beep", "silence", "dtmf", "ring")
SPOKEN: Final = -20.0
"""dBm0 of speech while it is spoken: P.56 material on a line of no loss."""

VOICES: Final = "en-us en-gb de fr-fr es it nl sv pl pt-br ru tr hu cs fi el".split()
_VARIANTS: Final = ("", "+f1", "+f3", "+m2", "+m5", "+m7")
SENTENCES: Final = (
    "Oh, you know, we were all going to do it too, but the two of you are never here before nine o'clock at night. "
    "I really only wanted to know who called you yesterday, because nobody knew anything about it at all. "
    "Hello? No, I am on the phone just now. Zero, one, two, three, four, five, six, seven, eight, nine, ten. "
    "Mmm, yeah, mhm, aha, oh no, oh yes, wow, really, who, you, do, to, through, new, news, few, queue, review. "
    "The quarterly figures are due on Monday; send them over as soon as they are ready, would you please?"
)


def made() -> Iterator[Samples]:
    """Speech of one voice after the other, at three speeds and pitches, about 30 s each; never ends."""
    for speed, pitch, variant, voice in itertools.cycle(
        itertools.product((140, 175, 210), (30, 50, 75), _VARIANTS, VOICES)
    ):
        yield _espeak(voice + variant, speed, pitch)


def _espeak(voice: str, speed: int, pitch: int) -> Samples:
    said = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", SENTENCES],
        check=True, capture_output=True, timeout=60,
    ).stdout  # fmt: skip
    raw = subprocess.run(
        ["sox", "-t", "wav", "-", "-r", "8000", "-c", "1", "-b", "16", "-t", "raw", "-e", "signed", "-"],
        input=said, check=True, capture_output=True, timeout=60,
    ).stdout  # fmt: skip
    return np.frombuffer(raw, np.int16)


def babble(speakers: int = 4, seconds: float = 60.0) -> Samples:
    """Several who talk at once."""
    total = np.zeros(round(seconds * 8000))
    voices = made()
    for _ in range(speakers):
        one = np.concatenate([next(voices) for _ in range(3)])
        total += np.resize(at_level(one, SPOKEN - 6), len(total))
    return np.rint(total).clip(-32768, 32767).astype(np.int16)


def recorded() -> Iterator[Samples]:
    """Each recorded prompt that is installed, the languages one after the other."""
    for file in sorted(RECORDED.rglob("*.wav")):
        if not any(word in str(file.relative_to(RECORDED)).lower() for word in _TONES):
            samples = read(file)
            if len(samples) >= 1600:
                yield samples


def music() -> Iterator[Samples]:
    """Our own music on hold, and the recorded pieces that are installed."""
    yield compose()
    for file in sorted(ASTERISK_MUSIC.glob("*.wav")) if ASTERISK_MUSIC.is_dir() else ():
        try:
            yield read(file)
        except MalformedError:
            continue  # no music that is known here


def at_level(samples: Samples, dbm0: float) -> Samples:
    """The same, as loud as that while it is active."""
    louder = samples * 10 ** ((dbm0 - active_level(samples)) / 20)
    return np.rint(louder).clip(-32768, 32767).astype(np.int16)


def through_law(samples: Samples) -> Samples:
    """The same through mu-law."""
    return decode(encode(samples, Encoding.PCMU), Encoding.PCMU)
