"""Samples made louder."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.media.level import level, louder, peak


@pytest.mark.parametrize("gain", [-40.0, -6.0, 0.0, 6.0])
def test_so_many_db(gain: float) -> None:
    samples = (np.sin(np.arange(8000) * 0.8) * peak(-10.0)).astype(np.int16)
    assert level(louder(samples, gain)) == pytest.approx(level(samples) + gain, abs=0.2)


def test_what_does_not_fit_is_cut_off_and_never_turns_over() -> None:
    made = louder(np.array([30000, -30000, 0], np.int16), 24.0)
    assert made.tolist() == [32767, -32768, 0] and made.dtype == np.int16
