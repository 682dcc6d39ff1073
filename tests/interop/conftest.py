"""Other people's programs against a running office: the office, the sentences and the time-out of tests/wire."""

from tests.wire.conftest import (
    ada,
    office,
    other_sentence,
    outer_time_out,
    sentence,
    shared,
    spoken,
    steadily,
)

__all__ = [
    "ada",
    "office",
    "other_sentence",
    "outer_time_out",
    "sentence",
    "shared",
    "spoken",
    "steadily",
]
