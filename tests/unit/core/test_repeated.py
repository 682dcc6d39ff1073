"""Reading what repeats: kept where it is short, read anew where it is long, and errors every time."""

import pytest

from gateway.core.repeated import LONGEST, MOST, repeated


def test_a_short_text_is_read_once_and_a_long_one_each_time() -> None:
    read: list[str] = []

    @repeated
    def upper(text: str) -> str:
        read.append(text)
        return text.upper()

    long = "x" * (LONGEST + 1)
    assert [upper("a"), upper("a"), upper(long), upper(long)] == ["A", "A", long.upper(), long.upper()]
    assert read == ["a", long, long]


def test_what_cannot_be_read_is_refused_each_time() -> None:
    number = repeated(int)
    for _ in range(2):
        with pytest.raises(ValueError, match="many"):
            number("many")


def test_old_texts_give_way() -> None:
    read: list[str] = []

    @repeated
    def keep(text: str) -> str:
        read.append(text)
        return text

    for index in range(MOST + 1):
        keep(str(index))
    keep("0")
    assert read.count("0") == 2
