"""XML in event documents: elements built and written, and documents of peers read with bounds.

What peers send is read without document types, and so without entities: those that expand a few octets into
gigabytes, and those that name files. Size, depth and the number of elements are bounded.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element, ParseError, SubElement, TreeBuilder, tostring
from xml.parsers import expat

from gateway.core.errors import MalformedError

__all__ = ["Element", "add", "element", "local_name", "read", "write"]

MAX_SIZE: Final = 32_768
"""Octets of a document that is read; telephones publish one or two kilobytes."""
MAX_DEPTH: Final = 16
MAX_ELEMENTS: Final = 512
_UNWRITABLE: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may hold."""


def element(name: str, **attributes: str) -> Element:
    """A root element; underscores in attribute names stand for hyphens."""
    return Element(name, _attributes(attributes))


def add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    """Add a child with `text`; underscores in attribute names stand for hyphens."""
    child = SubElement(parent, name, _attributes(attributes))
    child.text = _writable(text) or None
    return child


def write(root: Element) -> bytes:
    """The document."""
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def read(data: bytes) -> Element:
    """The root of a document that a peer has sent.

    Raises:
        MalformedError: it is not well formed, has a document type, or exceeds a bound.
    """
    if len(data) > MAX_SIZE:
        raise MalformedError(f"an XML document of more than {MAX_SIZE} octets")
    return _Reader().read(data)


def local_name(found: Element) -> str:
    """The name of an element without its namespace."""
    return found.tag.rpartition("}")[2]


class _Reader:
    """One document being read."""

    def __init__(self) -> None:
        self._tree = TreeBuilder()
        self._depth = self._count = 0
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._tree.data

    def read(self, data: bytes) -> Element:
        try:
            self._parser.Parse(data, True)
            return self._tree.close()
        except (expat.ExpatError, ParseError, LookupError, ValueError, AssertionError) as fault:
            raise MalformedError(f"an XML document that is not well formed: {fault}") from fault

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise MalformedError("an XML document with too many elements")
        self._tree.start(name, attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._tree.end(name)

    def _refuse(self, *_: object) -> None:
        raise MalformedError("an XML document with a document type")


def _attributes(given: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): _writable(value) for name, value in given.items()}


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
