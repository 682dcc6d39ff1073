"""Our own prompts, spoken by espeak-ng into a folder of WAV files.

A folder, a language and texts go in; mono WAV files of 16000 Hz with their speech at -18 dBm0 come out, one a
prompt, beside a list of what each says. Only what is missing or says something else by now is spoken; a file that
is not on the list is somebody's own recording and is never touched. Runs a program for seconds: not within a call.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import wave
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from gateway.core.audio import Samples
from gateway.core.errors import LocalError, MalformedError, Unavailable
from gateway.media.english import ENGLISH
from gateway.media.level import active_level, peak
from gateway.media.places import LAST_LANGUAGE
from gateway.media.resample import resample
from gateway.media.soundfile import load
from gateway.media.tone import render

__all__ = ["synthesise", "voiced"]

_RATE: Final = 16000
_NARROW: Final = 8000
_LEVEL: Final = -18.0
"""dBm0 of active speech: what telephones send on average (ITU-T P.56, G.168 annex)."""
_PACE: Final = 150
"""Words a minute."""
_PATIENCE: Final = 30
"""Seconds for one prompt, which takes tens of milliseconds."""
_EDGE: Final = 480
"""Samples (30 ms) of silence left around the words, so that composed numbers flow."""
_TONES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "beep": "!1000@-13/250",
        "confbridge-join": "!600@-20/120,!800@-20/160",
        "confbridge-leave": "!800@-20/120,!600@-20/160",
    }
)
"""What is no speech: the tone after which to speak, as answering machines have it; somebody comes, or goes."""
_LIST: Final = "spoken.json"
"""What the files of a folder say, kept beside them."""

_VOICES: Final[Mapping[str, str]] = MappingProxyType({"en": "en-us", "en_US": "en-us", "en_GB": "en-gb"})
"""espeak-ng's voice of each language."""


def voiced(language: str) -> str:
    """In which language an office has its prompts spoken: its own or, where there are no texts in it, English."""
    return language if language in _VOICES else LAST_LANGUAGE


def synthesise(
    folder: Path,
    language: str = "en",
    texts: Mapping[str, str] = ENGLISH,
    *,
    program: str = "espeak-ng",
) -> list[str]:
    """Make the prompts of a language that are missing or out of date in `folder`/`language`.

    Args:
        texts: what to say, by prompt name.
        program: the synthesiser.

    Returns:
        the names made now, tones such as "beep" among them.

    Raises:
        Unavailable: the synthesiser is not installed or fails.
        LocalError: there is no voice for the language, or the folder cannot be written.
    """
    if language not in _VOICES:
        raise LocalError(f"there is no voice for {language!r}; there are {', '.join(_VOICES)}")
    place = folder / language
    voice = f"{_VOICES[language]} {_PACE} {_RATE}"
    wanted = {name: f"{voice}: {text}" for name, text in texts.items()} | dict(_TONES)
    try:
        spoken = _spoken(place / _LIST)
        made = [name for name, says in wanted.items() if _is_due(place, name, says, spoken)]
        for name in made:
            if name in texts:
                _write(place / f"{name}.wav", _say(texts[name], _VOICES[language], program), _RATE)
            else:
                _write(place / f"{name}.wav", render(name, _TONES[name]).samples, _NARROW)
            spoken[name] = wanted[name]
        if made:
            _replace(place / _LIST, json.dumps(spoken, indent=1, sort_keys=True).encode())
    except OSError as fault:
        raise LocalError(f"prompts cannot be kept in {place}: {fault.strerror}; name another folder") from fault
    return made


def _spoken(path: Path) -> dict[str, str]:
    """What the files of a folder say; nothing where the list is missing or damaged."""
    try:
        entries = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): str(says) for name, says in entries.items()} if isinstance(entries, dict) else {}


def _is_due(place: Path, name: str, says: str, spoken: Mapping[str, str]) -> bool:
    if not (place / f"{name}.wav").exists():
        return True
    return name in spoken and spoken[name] != says


def _say(text: str, voice: str, program: str) -> Samples:
    """Have a text spoken: its samples, trimmed and at the level of a telephone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        command = [program, "-v", voice, "-s", str(_PACE), "-w", str(path), "--stdin"]
        try:
            subprocess.run(command, input=text.encode(), capture_output=True, timeout=_PATIENCE, check=True)
            loaded = load(path)
        except FileNotFoundError as fault:
            raise Unavailable(f"{program} is not there to speak prompts; install the package espeak-ng") from fault
        except (subprocess.SubprocessError, MalformedError) as fault:
            raise Unavailable(f"{program} did not speak {text!r} in voice {voice}: {_why(fault)}") from fault
    wide = resample(loaded.samples, _NARROW, _RATE) if loaded.wide is None else loaded.wide
    return _levelled(_trimmed(wide))


def _why(fault: Exception) -> str:
    """What went wrong with the speaker, in a clause."""
    if isinstance(fault, subprocess.CalledProcessError):
        said = fault.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        return said or f"it ended with status {fault.returncode}"
    if isinstance(fault, subprocess.TimeoutExpired):
        return f"it took longer than {_PATIENCE:g} s"
    return str(fault)


def _trimmed(samples: Samples) -> Samples:
    """Cut silence off both ends."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > peak(-50))
    if not len(loud):
        return samples
    return samples[max(0, loud[0] - _EDGE) : loud[-1] + _EDGE]


def _levelled(samples: Samples) -> Samples:
    """Bring speech to its level, or as near to it as its peaks allow."""
    loudest = int(np.abs(samples.astype(np.int32)).max(initial=0))
    if not loudest:
        return samples
    gain = min(10 ** ((_LEVEL - active_level(samples)) / 20), 32767 / loudest)
    return np.round(samples * gain).astype(np.int16)


def _write(path: Path, samples: Samples, rate: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with wave.open(str(part), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    part.replace(path)


def _replace(path: Path, octets: bytes) -> None:
    part = path.with_suffix(".part")
    part.write_bytes(octets)
    part.replace(path)
