"""Prompts: found by name and language in several folders, read in any format, never from outside."""

import subprocess
import tempfile
import wave
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.audio import Samples, Sound
from gateway.core.codec import Encoding
from gateway.core.errors import LocalError, MalformedError
from gateway.media import foreign
from gateway.media import prompt as prompt_module
from gateway.media.codec.g722 import G722Encoder
from gateway.media.g711 import encode
from gateway.media.level import level, peak
from gateway.media.prompt import SoundLibrary
from gateway.media.soundfile import load, read
from gateway.media.wording import clock, number, spelling


def tone(seconds: float = 0.5, rate: int = 8000) -> Samples:
    return np.round(peak(-10) * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.int16)


def write_wave(path: Path, samples: Samples, *, rate: int = 8000, width: int = 2, channels: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    wide = np.repeat(samples.astype(np.int64), channels)
    if width == 1:
        octets = (wide // 256 + 128).astype(np.uint8).tobytes()
    else:
        octets = b"".join(int(value << 8 * (width - 2)).to_bytes(width, "little", signed=True) for value in wide)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(octets)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100])
@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_wave_files_of_any_kind(tmp_path: Path, rate: int, width: int, channels: int) -> None:
    write_wave(tmp_path / "en" / "hello.wav", tone(0.2, rate), rate=rate, width=width, channels=channels)
    sound = SoundLibrary([tmp_path]).prompt("hello")
    assert sound is not None
    assert sound.name == "prompt hello"
    assert sound.duration == pytest.approx(0.2, abs=0.001)
    assert level(sound.samples[400:1200]) == pytest.approx(-10, abs=0.1)
    assert abs(np.mean(sound.samples[400:1200])) < 200, "silence is in the middle"
    assert sound.loop_from is None


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100])
def test_what_has_more_than_8000_hz_is_there_wide_as_well(tmp_path: Path, rate: int) -> None:
    write_wave(tmp_path / "en" / "hello.wav", tone(0.2003, rate), rate=rate)
    sound = SoundLibrary([tmp_path]).prompt("hello")
    assert sound is not None
    assert (sound.wide is None) == (rate == 8000)
    if sound.wide is not None:
        assert len(sound.wide) == 2 * len(sound.samples)
        assert level(sound.wide[800:2400]) == pytest.approx(-10, abs=0.1)
        assert not sound.wide.flags.writeable
        rest = sound.since(100)
        assert rest.wide is not None
        assert (len(rest.samples), len(rest.wide)) == (len(sound.samples) - 100, len(sound.wide) - 200)


@pytest.mark.parametrize("suffix", [".flac", ".ogg"])
def test_files_of_other_codings_are_there_wide(tmp_path: Path, suffix: str) -> None:
    high = (8000 * np.sin(2 * np.pi * 6000 * np.arange(44100) / 44100)).astype(np.int16)
    write_wave(tmp_path / "high.wav", high, rate=44100)
    subprocess.run(["sox", str(tmp_path / "high.wav"), str(tmp_path / f"other{suffix}")], check=True, timeout=20)
    loaded = load(tmp_path / f"other{suffix}")
    assert loaded.wide is not None
    assert len(loaded.wide) == 2 * len(loaded.samples)
    assert np.sqrt(np.mean(loaded.wide[4000:12000].astype(float) ** 2)) == pytest.approx(5657, rel=0.05)
    assert np.sqrt(np.mean(loaded.samples[2000:6000].astype(float) ** 2)) < 20, "no alias"


@pytest.mark.parametrize(
    ("suffix", "octets"),
    [
        (".ulaw", encode(tone(), Encoding.PCMU)),
        (".alaw", encode(tone(), Encoding.PCMA)),
        (".sln", tone().astype("<i2").tobytes()),
        (".sln16", tone(rate=16000).astype("<i2").tobytes() + b"\x00"),
    ],
)
def test_raw_files_of_asterisk_packages(tmp_path: Path, suffix: str, octets: bytes) -> None:
    (tmp_path / f"hello{suffix}").write_bytes(octets)
    samples = read(tmp_path / f"hello{suffix}")
    assert len(samples) == 4000
    assert level(samples[400:3600]) == pytest.approx(-10, abs=0.1)


def test_our_folder_comes_before_the_others_and_a_language_before_none(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    write_wave(theirs / "en" / "hello.wav", tone(0.1))
    write_wave(theirs / "en" / "digits" / "1.wav", tone(0.15))
    write_wave(theirs / "de" / "hello.wav", tone(0.2))
    write_wave(theirs / "music.wav", tone(0.25))
    library = SoundLibrary([ours, tmp_path / ("x" * 300), theirs])  # one that cannot be looked into
    lengths = {}
    for name, language in (
        ("hello", None),
        ("digits/1", None),
        ("hello", "de"),
        ("digits/1", "de"),
        ("music", "de"),
    ):
        sound = library.prompt(name, language)
        assert sound is not None
        lengths[name, language] = sound.duration
    assert list(lengths.values()) == [0.1, 0.15, 0.2, 0.15, 0.25]
    write_wave(ours / "en" / "hello.wav", tone(0.3))
    fresh = SoundLibrary([ours, theirs]).prompt("hello", "en_GB")
    assert fresh is not None
    assert fresh.duration == 0.3


def test_variants_of_a_language(tmp_path: Path) -> None:
    write_wave(tmp_path / "en" / "GB" / "hello.wav", tone(0.1))
    write_wave(tmp_path / "en" / "hello.wav", tone(0.2))
    library = SoundLibrary([tmp_path])
    british, american = library.prompt("hello", "en_GB"), library.prompt("hello", "en_US")
    assert british is not None
    assert american is not None
    assert (british.duration, american.duration) == (0.1, 0.2)


def test_what_is_not_there_is_none() -> None:
    assert SoundLibrary([Path("/nonexistent")]).prompt("hello") is None
    assert SoundLibrary([]).number(12) == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../secret",
        "a/../../secret",
        "/etc/passwd",
        "a//b",
        "a/",
        ".hidden",
        "a/.b",
        "a\0b",
        "a\\..\\b",
        "x" * 200,
    ],
)
def test_names_never_leave_the_folders(tmp_path: Path, name: str) -> None:
    write_wave(tmp_path / "secret.wav", tone())
    write_wave(tmp_path / "sounds" / "en" / "a" / "b.wav", tone())
    write_wave(tmp_path / "sounds" / ".hidden.wav", tone())
    assert SoundLibrary([tmp_path / "sounds"]).prompt(name) is None


@pytest.mark.parametrize("language", ["..", "../..", "/etc", "en/..", ""])
def test_languages_never_leave_the_folders_either(tmp_path: Path, language: str) -> None:
    write_wave(tmp_path / "secret.wav", tone())
    assert SoundLibrary([tmp_path / "sounds"]).prompt("secret", language) is None


def test_a_file_that_does_not_read_is_passed_over_and_named(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "hello.wav").write_bytes(b"RIFF\x00\x00")
    write_wave(tmp_path / "hello.wav", tone(0.1))
    library = SoundLibrary([tmp_path])
    sound = library.prompt("hello")
    assert sound is not None
    assert sound.duration == 0.1
    assert list(library.faults) == [tmp_path / "en" / "hello.wav"]


@given(st.binary(max_size=200))
def test_any_octets_are_a_sound_or_malformed(octets: bytes) -> None:
    header = b"RIFF" + (200).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hostile.wav"
        for content in (octets, header + octets):
            path.write_bytes(content)
            try:
                read(path)
            except MalformedError as fault:
                assert str(path) in str(fault)


def test_files_of_no_known_kind_or_too_long_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.doc").write_bytes(b"")
    with pytest.raises(MalformedError, match="suffix"):
        read(tmp_path / "a.doc")
    (tmp_path / "a.mp3").write_bytes(b"no sound")
    with pytest.raises(MalformedError, match=r"a\.mp3"):
        read(tmp_path / "a.mp3")
    with pytest.raises(MalformedError, match=r"a\.wav: No such file or directory$"):
        read(tmp_path / "a.wav")
    (tmp_path / "long.ulaw").write_bytes(bytes(601 * 8000))
    with pytest.raises(MalformedError, match="10 minutes"):
        read(tmp_path / "long.ulaw")
    with (tmp_path / "large.ulaw").open("wb") as file:
        file.truncate(65 * 2**20)
    with pytest.raises(MalformedError, match="64 MB"):
        read(tmp_path / "large.ulaw")
    write_wave(tmp_path / "many.wav", tone(0.01), channels=9)
    with pytest.raises(MalformedError, match="9 channels"):
        read(tmp_path / "many.wav")


def test_a_prompt_is_read_once_and_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        write_wave(tmp_path / f"{name}.wav", tone(0.5))
    monkeypatch.setattr(prompt_module, "_MAX_CACHED", 9000)
    library = SoundLibrary([tmp_path])
    first = library.prompt("a")
    assert library.prompt("a") is first
    library.prompt("b")
    library.prompt("a")
    library.prompt("c")
    assert library.prompt("a") is first, "the one used least lately goes"
    (tmp_path / "b.wav").unlink()
    assert library.prompt("b") is None


def test_tones_are_of_the_office_s_zone_unless_another_is_named() -> None:
    library = SoundLibrary([], zone="uk")
    assert library.tone("busy").name == "busy tone uk"
    assert library.tone("busy") is library.tone("busy")
    assert library.tone("busy", "us").name == "busy tone us"
    assert library.tone("milliwatt").name == "milliwatt"
    with pytest.raises(LocalError, match="'bsuy'"):
        library.tone("bsuy")
    with pytest.raises(LocalError, match="zone 'xx'"):
        SoundLibrary([], zone="xx")


def said(names: list[str]) -> str:
    return " ".join(name.removeprefix("digits/").removeprefix("letters/") for name in names)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (7, "7"),
        (13, "13"),
        (20, "20"),
        (42, "40 2"),
        (100, "1 hundred"),
        (111, "1 hundred 11"),
        (1000, "1 thousand"),
        (1234, "1 thousand 2 hundred 30 4"),
        (20015, "20 thousand 15"),
        (1000001, "1 million 1"),
        (-5, "minus 5"),
        (999_999_999_999, "9 hundred 90 9 billion 9 hundred 90 9 million 9 hundred 90 9 thousand 9 hundred 90 9"),
        (10**12, "1" + " 0" * 12),
        (-(10**12), "minus 1" + " 0" * 12),
    ],
)
def test_numbers(value: int, words: str) -> None:
    assert said(number(value)) == words


def test_spelling() -> None:
    assert said(spelling("Ab1*#é")) == "a b 1 star pound"


@pytest.mark.parametrize(
    ("hour", "minute", "second", "words"),
    [
        (0, 0, 0, "12 oclock a-m vm-and 0 seconds"),
        (15, 7, 12, "3 oh 7 p-m vm-and 12 seconds"),
        (12, 30, 59, "12 30 p-m vm-and 50 9 seconds"),
        (23, 45, 1, "11 40 5 p-m vm-and 1 seconds"),
    ],
)
def test_the_time_of_day(hour: int, minute: int, second: int, words: str) -> None:
    assert said(clock(datetime(2024, 5, 6, hour, minute, second))) == words


def test_words_become_the_prompts_that_exist(tmp_path: Path) -> None:
    for name in ("digits/1", "digits/2", "digits/hundred", "letters/a"):
        write_wave(tmp_path / "en" / f"{name}.wav", tone(0.01))
    library = SoundLibrary([tmp_path])
    assert [sound.name for sound in library.number(201)] == [
        "prompt digits/2",
        "prompt digits/hundred",
        "prompt digits/1",
    ]
    assert [sound.name for sound in library.spell("1a9")] == ["prompt digits/1", "prompt letters/a"]
    assert len(library.spell("1" * 5000)) == 100
    assert [sound.name for sound in library.clock(datetime(2024, 1, 1, 1, 2))] == [
        "prompt digits/1",
        "prompt digits/2",
    ]


def encoded(path: Path, *options: str) -> None:
    """A tone of 440 Hz written by sox, which has codings of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tone_of = ["synth", "0.5", "sine", "440", "gain", "-10"]
    subprocess.run(["sox", "-n", "-r", "8000", "-c", "1", *options, str(path), *tone_of], check=True, timeout=20)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".gsm", ["-t", "gsm"]),
        (".wav", ["-e", "gsm-full-rate"]),
        (".wav49", ["-t", "wav", "-e", "gsm-full-rate"]),
        (".ogg", []),
        (".flac", []),
    ],
)
def test_other_makers_codings_are_read_by_pyav(tmp_path: Path, suffix: str, options: list[str]) -> None:
    encoded(tmp_path / "en" / f"hello{suffix}", *options)
    sound = SoundLibrary([tmp_path]).prompt("hello")
    assert sound is not None
    assert sound.duration == pytest.approx(0.5, abs=0.05)
    spectrum = np.abs(np.fft.rfft(sound.samples[800:3200].astype(float)))
    assert spectrum.argmax() * 8000 / 2400 == pytest.approx(440, abs=5)


def test_without_pyav_such_a_file_is_named_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hello.mp3").write_bytes(b"anything")
    monkeypatch.setattr(foreign, "find_spec", lambda name: None)
    library = SoundLibrary([tmp_path])
    assert library.prompt("hello") is None
    assert "install copperline[codecs]" in library.faults[tmp_path / "hello.mp3"]


def test_g722_prompts_are_read(tmp_path: Path) -> None:
    (tmp_path / "hello.g722").write_bytes(G722Encoder().encode(tone(0.5, 16000)))
    sound = SoundLibrary([tmp_path]).prompt("hello")
    assert sound is not None
    assert level(sound.samples[400:3200]) == pytest.approx(-10, abs=0.3)


def kept_length(library: SoundLibrary, name: str) -> int | None:
    sound = library.prompt(name)
    return None if sound is None else len(sound.samples)


def test_what_is_kept_is_found_first_by_this_library_and_the_next(tmp_path: Path) -> None:
    own, ours = tmp_path / "own", tmp_path / "ours"
    write_wave(ours / "en" / "custom" / "day.wav", tone(0.1))
    library = SoundLibrary([ours], own=own)
    assert kept_length(library, "custom/day") == 800
    library.keep("custom/day", Sound("", tone(0.2)))
    assert kept_length(library, "custom/day") == 1600
    library.keep("custom/day", Sound("", tone(0.3)))
    assert kept_length(library, "custom/day") == 2400
    library.keep("greeting 2.1", Sound("", np.zeros(0, np.int16)))
    fresh = SoundLibrary([ours], own=own)
    assert (kept_length(fresh, "custom/day"), kept_length(fresh, "greeting 2.1")) == (2400, 0)
    assert np.array_equal(read(own / "custom" / "day.wav"), tone(0.3))
    assert sorted(path.name for path in own.rglob("*.wav")) == ["day.wav", "greeting 2.1.wav"]


@pytest.mark.parametrize("name", ["", "../up", "/etc/x", "a/../b", ".hidden", "a//b", "a\0b", "x" * 200, "a/.b"])
def test_nothing_is_kept_outside_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(LocalError, match="cannot be kept"):
        SoundLibrary([], own=tmp_path / "own").keep(name, Sound("", tone()))
    assert not list(tmp_path.iterdir())


def test_without_a_folder_nothing_is_kept() -> None:
    with pytest.raises(LocalError, match="cannot be kept"):
        SoundLibrary([]).keep("day", Sound("", tone()))


def test_new_names_are_refused_where_there_are_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt_module, "_MAX_OWN", 2)
    library = SoundLibrary([], own=tmp_path)
    library.keep("a", Sound("", tone(0.1)))
    library.keep("b", Sound("", tone(0.1)))
    with pytest.raises(LocalError, match="holds 2 sounds already"):
        library.keep("c", Sound("", tone()))
    library.keep("a", Sound("", tone(0.2)))
    assert (kept_length(library, "a"), kept_length(library, "c")) == (1600, None)


def test_a_sound_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = SoundLibrary([], own=tmp_path)
    library.keep("day", Sound("", tone(0.1)))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gateway.media.wavefile.os.pwrite", full)
    with pytest.raises(LocalError, match=r"day\.wav cannot be written: No space left on device"):
        library.keep("day", Sound("", tone(0.3)))
    monkeypatch.undo()
    assert kept_length(library, "day") == 800
    assert [path.name for path in tmp_path.iterdir()] == ["day.wav"]


def test_a_wide_recording_is_kept_wide_and_read_again_at_both_rates(tmp_path: Path) -> None:
    library = SoundLibrary([], own=tmp_path)
    said = np.asarray(8000 * np.sin(2 * np.pi * 6000 / 16000 * np.arange(3201)), np.int16)
    recorded = library.recorded("recording day", said, 16000)
    assert recorded.wide is not None and np.array_equal(recorded.wide, said[:3200])
    assert len(recorded.samples) == 1600 and abs(recorded.samples[200:1400]).max() < 30, "6 kHz does not fold down"
    library.keep("day", recorded)
    data = (tmp_path / "day.wav").read_bytes()
    assert int.from_bytes(data[24:28], "little") == 16000
    again = SoundLibrary([], own=tmp_path).prompt("day")
    assert again is not None and again.wide is not None
    assert np.array_equal(again.wide, said[:3200]) and len(again.samples) == 1600


@pytest.mark.parametrize(("first", "second"), [(8000, 8000), (8000, 16000), (16000, 8000), (16000, 16000)])
def test_a_recording_goes_on_from_one_of_any_rate(first: int, second: int) -> None:
    library = SoundLibrary([])
    before = library.recorded("before", np.full(first // 10, 1000, np.int16), first)
    whole = library.recorded("whole", np.full(second // 5, 2000, np.int16), second, before)
    assert len(whole.samples) == 2400
    assert abs(int(whole.samples[400]) - 1000) < 5 and abs(int(whole.samples[1600]) - 2000) < 5
    if max(first, second) == 8000:
        assert whole.wide is None
    else:
        assert whole.wide is not None and len(whole.wide) == 4800
        assert abs(int(whole.wide[800]) - 1000) < 5 and abs(int(whole.wide[3200]) - 2000) < 5


def test_a_prompt_that_a_language_does_not_have_is_heard_in_english(tmp_path: Path) -> None:
    """An office may be set to a language in which nobody has recorded anything: it is not silent."""
    write_wave(tmp_path / "spoken" / "en" / "digits" / "1.wav", tone(0.1))
    write_wave(tmp_path / "spoken" / "en" / "beep.wav", tone(0.2))
    write_wave(tmp_path / "asterisk" / "de" / "digits" / "1.wav", tone(0.4))
    write_wave(tmp_path / "asterisk" / "fr" / "digits" / "1.wav", tone(0.6))
    library = SoundLibrary([tmp_path / "spoken", tmp_path / "asterisk"], language="de")
    beep = library.prompt("beep")
    assert beep is not None and beep.duration == 0.2
    assert [sound.duration for sound in library.spell("1")] == [0.4], (
        "its own goes before English, wherever it lies"
    )
    assert [sound.duration for sound in library.number(1, "fr")] == [0.6]
    assert [sound.duration for sound in library.number(1, "nl")] == [0.4]
