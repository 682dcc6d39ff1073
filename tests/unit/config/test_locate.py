"""The locator finds, in TOML of every form, the line on which a key stands."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.locate import KeyPath, Locator

TEXT = '''\
# a comment = not a key
top = 1
[office]
name = "a # b = c"   # trailing
"quoted key" = 1
'literal.key' = 2
site.city.name = "x"

[phones.101]
port = 1
[phones."10 2"]
  port = 2
[[trunks]]
name = "a"
[trunks.codec]
law = "u"
[[trunks]]
name = "b"
codec.law = "a"
[inline]
point = { x = 1, y = { z = "}" } }
list = [ "a]", # one ]
  "b",
  [ 1,
    2 ],
  { deep = 3, deeper = 4 },
]
text = """
[not.a.table]
key = 1 \\""" still
"""
raw = \'\'\'
also = 'not'
\'\'\'
quotes = """two quotes then the end"""""
when = 1979-05-27 07:32:00
after = true
[ spaced . name ]
x=1
'''

PLACES: list[tuple[KeyPath, str]] = [
    (("top",), "top = 1"),
    (("office",), "[office]"),
    (("office", "name"), "name = "),
    (("office", "quoted key"), '"quoted key"'),
    (("office", "literal.key"), "'literal.key'"),
    (("office", "site", "city", "name"), "site.city"),
    (("office", "site", "city"), "site.city"),
    (("phones", "101"), "[phones.101]"),
    (("phones", "101", "port"), "port = 1"),
    (("phones", "10 2", "port"), "  port = 2"),
    (("trunks", 0, "name"), 'name = "a"'),
    (("trunks", 0, "codec", "law"), 'law = "u"'),
    (("trunks", 1, "name"), 'name = "b"'),
    (("trunks", 1, "codec", "law"), "codec.law"),
    (("inline", "point", "y", "z"), "point ="),
    (("inline", "list", 0), "list ="),
    (("inline", "list", 1), '  "b"'),
    (("inline", "list", 2, 0), "  [ 1,"),
    (("inline", "list", 2, 1), "    2 ]"),
    (("inline", "list", 3, "deep"), "  { deep"),
    (("inline", "list", 3, "deeper"), "  { deep"),
    (("inline", "text"), "text ="),
    (("inline", "raw"), "raw ="),
    (("inline", "quotes"), "quotes ="),
    (("inline", "when"), "when ="),
    (("inline", "after"), "after ="),
    (("spaced", "name"), "[ spaced"),
    (("spaced", "name", "x"), "x=1"),
]


@pytest.mark.parametrize(("path", "start"), PLACES, ids=[".".join(map(str, path)) for path, _ in PLACES])
def test_key_is_found_on_its_line(path: KeyPath, start: str) -> None:
    line = Locator(TEXT).line(path)
    assert line > 0
    assert TEXT.splitlines()[line - 1].startswith(start)


def test_every_value_that_tomllib_reads_has_a_line() -> None:
    locator = Locator(TEXT)

    def visit(value: object, path: KeyPath) -> None:
        assert path == () or path in locator._lines, path
        if isinstance(value, dict):
            for key, inner in value.items():
                visit(inner, (*path, key))
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                visit(inner, (*path, index))

    visit(tomllib.loads(TEXT), ())


def test_a_missing_key_is_put_on_the_line_of_its_table() -> None:
    locator = Locator("a = 1\n[phones.101]\nport = 1\n")
    assert locator.line(("phones", "101", "name")) == 2
    assert locator.line(("nowhere", "at", "all")) == 0


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab.=[]{}\"'#\\\n ,1", max_size=60))
def test_any_text_ends_and_what_is_toml_has_a_line_for_every_key(text: str) -> None:
    locator = Locator(text)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    for key in document:
        assert locator.line((key,)) > 0
