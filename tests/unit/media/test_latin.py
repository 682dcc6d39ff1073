"""Names of callers on displays that know ASCII alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.media.latin import to_ascii


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("Jürgen Groß", "Jurgen Gross"),
        ("Zoë Ångström", "Zoe Angstrom"),
        ("Łukasz Żółć", "Lukasz Zolc"),
        ("Æthelred Ødegård", "AEthelred Odegard"),
        ("Щукин Юрий", "Shchukin Iurii"),
        ("Ольга", "Olga"),
        ("Γιώργος Ψαράς", "Giorgos Psaras"),
        ("O\u2019Neill \u2013 Büro", "O'Neill - Buro"),
        ("ﬁn", "fin"),
        ("山田", ""),
        ("Ann 山田 Lee", "Ann Lee"),
        ("bell\x07", "bell"),
    ],
)
def test_a_name_is_written_in_the_letters_of_a_display(name: str, shown: str) -> None:
    assert to_ascii(name) == shown


@given(st.text(max_size=40))
def test_whatever_the_name_only_printable_ascii_is_left(name: str) -> None:
    shown = to_ascii(name)
    assert shown.isascii() and (shown.isprintable() or not shown)
