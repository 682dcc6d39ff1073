"""Music on hold: our own piece, folders by class, and what is wrong with their files."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest

from gateway.media import music
from gateway.media.level import active_level
from gateway.media.music import MusicClass, MusicLibrary, compose
from gateway.media.wavefile import SoundWriter


def write(path: Path, value: int, seconds: float = 1.0) -> None:
    writer = SoundWriter(path)
    writer.write(np.full(round(seconds * 8000), value, np.int16))
    writer.close()


@pytest.mark.parametrize("rate", [8000, 16000])
def test_our_own_piece_is_never_silent_nor_loud_and_has_no_seam(rate: int) -> None:
    narrow, wide = compose()
    assert wide is not None and len(wide) == 2 * len(narrow)
    piece = narrow if rate == 8000 else wide
    assert 60 < len(piece) / rate < 100
    assert -28 < active_level(narrow) < -16
    powers = [np.sqrt(np.mean(part.astype(float) ** 2)) for part in np.array_split(piece, len(narrow) // 2000)]
    assert min(powers) > 100
    steps = np.abs(np.diff(piece.astype(int)))
    assert abs(int(piece[0]) - int(piece[-1])) <= steps.max()
    spectrum = np.abs(np.fft.rfft(piece.astype(float))) ** 2
    frequencies = np.fft.rfftfreq(len(piece), 1 / rate)
    assert spectrum[(frequencies > 150) & (frequencies < 3400)].sum() / spectrum.sum() > 0.95


def test_our_own_piece_has_more_for_a_leg_that_carries_more() -> None:
    ours = MusicLibrary({}).music()
    assert ours.wide is not None
    spectrum = np.abs(np.fft.rfft(ours.wide.astype(float))) ** 2
    frequencies = np.fft.rfftfreq(len(ours.wide), 1 / 16000)
    shimmer = spectrum[(frequencies > 4000) & (frequencies < 7100)].sum()
    assert 10 * np.log10(shimmer / spectrum.sum()) > -40
    assert 10 * np.log10(spectrum[frequencies > 7200].sum() / spectrum.sum()) < -60


def test_a_class_is_its_folder_s_files_by_name_with_pauses(tmp_path: Path) -> None:
    write(tmp_path / "2.wav", 2000)
    write(tmp_path / "1.wav", 1000)
    (tmp_path / "3.wav").write_bytes(b"no sound")
    (tmp_path / "readme.txt").write_text("no sound either")
    library = MusicLibrary({"sales": MusicClass(tmp_path)})
    sound = library.music("sales")
    assert sound.live and sound.loop_from == 0
    assert [int(sound.samples[at]) for at in (4000, 12000, 20000)] == [1000, 0, 2000]
    assert library.music("sales") is sound
    assert list(library.faults) == [tmp_path / "3.wav"]


def test_what_was_prepared_is_read_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = MusicLibrary({"sales": MusicClass(tmp_path), "night": MusicClass(tmp_path)})
    library.prepare(lambda: False)
    monkeypatch.setattr(music, "compose", lambda: pytest.fail("composed again"))
    assert library.music() is not None and library.music("sales") is library.music("sales")


def test_nothing_is_prepared_for_an_office_that_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(music, "compose", lambda: pytest.fail("composed"))
    MusicLibrary({}).prepare(lambda: True)


def test_music_is_never_silence_whatever_class_is_asked_for(tmp_path: Path) -> None:
    gone, none = MusicClass(tmp_path / "gone"), MusicClass(tmp_path / ("x" * 300))  # no name that a folder can have
    library = MusicLibrary({"empty": MusicClass(tmp_path), "gone": gone, "none": none})
    ours = library.music("default")
    for name in ("empty", "gone", "none", "unknown", ""):
        assert np.array_equal(library.music(name).samples, ours.samples)
    assert len(ours.samples)


def test_a_class_is_cut_at_its_bound(tmp_path: Path) -> None:
    write(tmp_path / "1.wav", 1000, 3.0)
    assert len(MusicLibrary({"default": MusicClass(tmp_path)}, longest=2.0).music().samples) == 16000


def test_the_distribution_s_music_is_the_default_where_it_is_installed(tmp_path: Path, monkeypatch) -> None:
    write(tmp_path / "opera.wav", 1234)
    monkeypatch.setattr(music, "ASTERISK_MUSIC", tmp_path)
    assert MusicLibrary({}).music().samples[0] == 1234


def test_files_named_one_by_one_come_after_the_folder_s(tmp_path: Path) -> None:
    (tmp_path / "moh").mkdir()
    write(tmp_path / "moh" / "a.wav", 1000)
    for name, value in (("z", 3000), ("b", 2000)):
        write(tmp_path / f"{name}.wav", value)
    sales = MusicClass(tmp_path / "moh", (tmp_path / "z.wav", tmp_path / "b.wav"))
    samples = MusicLibrary({"sales": sales}).music("sales").samples
    assert [int(samples[at]) for at in (4000, 20000, 36000)] == [1000, 3000, 2000]


def test_a_shuffled_folder_is_in_another_order_at_another_start(tmp_path: Path) -> None:
    for value in range(1, 7):
        write(tmp_path / f"{value}.wav", value * 1000)

    def order(seed: int) -> list[int]:
        library = MusicLibrary({"sales": MusicClass(tmp_path, shuffled=True)}, chance=Random(seed))
        return [int(library.music("sales").samples[at]) for at in range(4000, 96000, 16000)]

    assert sorted(order(1)) == sorted(order(2)) == [1000, 2000, 3000, 4000, 5000, 6000]
    assert order(1) != order(2)


def test_a_class_with_one_wide_file_is_wide_from_end_to_end(tmp_path: Path) -> None:
    write(tmp_path / "1.wav", 1000)
    writer = SoundWriter(tmp_path / "2.wav", rate=16000)
    writer.write(np.full(16000, 2000, np.int16))
    writer.close()
    sound = MusicLibrary({"sales": MusicClass(tmp_path)}, longest=3.5).music("sales")
    assert sound.wide is not None
    assert (len(sound.samples), len(sound.wide)) == (28000, 56000)
    for at, value in ((4000, 1000), (12000, 0), (20000, 2000)):
        assert int(sound.samples[at]) == pytest.approx(value, abs=5)
        assert int(sound.wide[2 * at]) == pytest.approx(value, abs=5)
