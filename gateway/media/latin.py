"""Names in the letters that telephone displays have: ASCII, from any Latin, Greek or Cyrillic script.

Text enters, printable ASCII leaves: letters lose their marks (é, ü, ř), or are written as two (ß, æ, щ) as in
passports. What has no such form is left out, so that a display never shows a row of question marks.
"""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["to_ascii"]

_LATIN: Final = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ħ": "h", "Ħ": "H", "ı": "i", "ŋ": "n",
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u2026": "...",
}  # fmt: skip
_CYRILLIC: Final = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюяёєіїґўјљњћџђ",
        "a b v g d e zh z i i k l m n o p r s t u f kh ts ch sh shch ie y - e iu ia "
        "e ie i i g u j lj nj c dz dj".split(),
        strict=True,
    )
)
"""As in passports (ICAO Doc 9303 part 3); the soft sign has no form."""
_GREEK: Final = dict(
    zip("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(), strict=True)
)
"""As in passports (ELOT 743)."""
_SMALL: Final = {**_CYRILLIC, "ь": "", **_GREEK}
_LETTERS: Final = {**_LATIN, **_SMALL, **{letter.upper(): form.capitalize() for letter, form in _SMALL.items()}}


def to_ascii(text: str) -> str:
    """`text` in printable ASCII, as near as can be."""
    if text.isascii() and text.isprintable():
        return text
    found = "".join(_LETTERS.get(letter) or _plain(letter) for letter in unicodedata.normalize("NFC", text))
    return " ".join(found.split())


def _plain(letter: str) -> str:
    """A letter without its marks; "" where nothing printable is left."""
    if letter in _LETTERS:
        return _LETTERS[letter]
    bare = (mark for mark in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(mark))
    return "".join(_LETTERS.get(sign, sign if " " <= sign <= "~" else "") for sign in bare)
