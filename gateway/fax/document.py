"""TIFF files as fax machines take them: looked at and put together by libtiff, part of libspandsp.

A page is a black and white picture of one of T.4's widths; anything else is refused before anybody is called,
by name. Rows of pixels are arrays of bool, True for black.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ctypes import byref, c_char_p, c_double, c_float, c_int, c_uint16, c_uint32, c_void_p
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.errors import LocalError, Unavailable

__all__ = ["Page", "check", "combine", "is_whole"]

Page = NDArray[np.bool_]
"""Rows of dots, True for black."""

LIBRARIES: Final = ("libtiff.so.6", "libtiff.so.5")
WIDTHS: Final = (1728, 2048, 2432, 2592, 3072, 3456, 3648, 4096, 4864)
"""Dots of a row at 8, 12 and 16 dots a millimetre, on A4, B4 and A3 (T.4 2.2, T.30 table 2)."""
MAX_PAGES: Final = 500
"""Pages of a document; nobody's telephone line is for more."""
MAX_ROWS: Final = 20_000
"""Rows of a page: more than a metre of paper at 400 dots an inch."""

_WIDTH: Final = 256
_LENGTH: Final = 257
_BITS: Final = 258
_COMPRESSION: Final = 259
_PHOTOMETRIC: Final = 262
_SAMPLES: Final = 277
_ROWS_PER_STRIP: Final = 278
_X_RESOLUTION: Final = 282
_Y_RESOLUTION: Final = 283
_RESOLUTION_UNIT: Final = 296
_SUBFILE: Final = 254
_INCH: Final = 2
_CENTIMETRE: Final = 3
_GROUP_4: Final = 4
_WHITE_IS_ZERO: Final = 0
_PAGE: Final = 2
FINE: Final = (204.0, 196.0)
"""Dots an inch, across and down."""


def check(path: Path) -> int:
    """How many pages a file has, all of which can be sent.

    Raises:
        LocalError: it has none, or one that is no page of a fax; the text names it.
        Unavailable: libtiff is not there.
    """
    pages = 0
    for pages, file in enumerate(_pages(path), 1):
        _check_page(file, f"{path}, page {pages}")
        if pages == MAX_PAGES:
            raise LocalError(f"{path} has more than {MAX_PAGES} pages")
    if not pages:
        raise LocalError(f"{path} has no pages")
    return pages


def combine(paths: Sequence[Path], target: Path) -> int:
    """Write the pages of all files into one; returns how many those are.

    Raises:
        LocalError: as `check`, or the target cannot be written.
    """
    total = 0
    with _opened(target, "w") as combined:
        for path in paths:
            check(path)
            for file in _pages(path):
                _write(combined, _rows(file, str(path)), _resolution(file), str(target))
                total += 1
    return total


def is_whole(path: Path, pages: int) -> bool:
    """Whether a file that is being written has so many pages, the last of which can be read to its end."""
    try:
        with _opened(path, "r") as file:
            if not _libtiff().TIFFSetDirectory(file, pages - 1):
                return False
            _rows(file, str(path))
    except LocalError:
        return False
    return True


@cache
def _libtiff() -> Any:
    for name in LIBRARIES:
        try:
            library = ctypes.CDLL(name)
            break
        except OSError:
            continue
    else:
        raise Unavailable("fax needs libtiff, which comes with libspandsp: apt-get install libspandsp2")
    library.TIFFOpen.restype = c_void_p
    library.TIFFOpen.argtypes = (c_char_p, c_char_p)
    library.TIFFScanlineSize.restype = ctypes.c_ssize_t
    for name in ("TIFFClose", "TIFFReadDirectory", "TIFFWriteDirectory", "TIFFFlush", "TIFFScanlineSize"):
        getattr(library, name).argtypes = (c_void_p,)
    library.TIFFSetDirectory.argtypes = (c_void_p, c_uint32)
    for name in ("TIFFReadScanline", "TIFFWriteScanline"):
        getattr(library, name).argtypes = (c_void_p, c_void_p, c_uint32, c_uint16)
    # What it has to say would go to standard error; we say it by our own exceptions.
    for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
        getattr(library, name).restype = c_void_p
        getattr(library, name).argtypes = (c_void_p,)
        getattr(library, name)(None)
    return library


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[c_void_p]:
    tiff = _libtiff()
    file = tiff.TIFFOpen(str(path).encode(), mode.encode())
    if not file:
        deed = "written" if mode == "w" else "read as TIFF"
        raise LocalError(f"{path} cannot be {deed}; faxes are black and white TIFF files")
    pointer = c_void_p(file)
    try:
        yield pointer
    finally:
        tiff.TIFFClose(pointer)


def _pages(path: Path) -> Iterator[c_void_p]:
    with _opened(path, "r") as file:
        yield file
        while _libtiff().TIFFReadDirectory(file):
            yield file


def _tag(file: c_void_p, tag: int, kind: Callable[[int], Any], default: int) -> Any:
    value = kind(0)
    found = _libtiff().TIFFGetField(file, c_uint32(tag), byref(value))
    return value.value if found else default


def _check_page(file: c_void_p, name: str) -> None:
    width, length = _tag(file, _WIDTH, c_uint32, 0), _tag(file, _LENGTH, c_uint32, 0)
    if _tag(file, _BITS, c_uint16, 1) != 1 or _tag(file, _SAMPLES, c_uint16, 1) != 1:
        raise LocalError(f"{name} is not black and white; convert it to one bit a dot")
    if width not in WIDTHS:
        raise LocalError(
            f"{name} is {width} dots wide; a fax is 1728 (A4), 2048 (B4) or 2432 (A3) wide at 204 dots an inch"
        )
    if not 0 < length <= MAX_ROWS:
        raise LocalError(f"{name} has {length} rows; a page of a fax has 1 to {MAX_ROWS}")


def _resolution(file: c_void_p) -> tuple[float, float]:
    """Dots an inch."""
    factor = 2.54 if _tag(file, _RESOLUTION_UNIT, c_uint16, _INCH) == _CENTIMETRE else 1.0
    return tuple(  # type: ignore[return-value]
        float(_tag(file, tag, c_float, round(usual))) * factor
        for tag, usual in zip((_X_RESOLUTION, _Y_RESOLUTION), FINE, strict=True)
    )


def _rows(file: c_void_p, name: str) -> Page:
    tiff = _libtiff()
    width, length = _tag(file, _WIDTH, c_uint32, 0), _tag(file, _LENGTH, c_uint32, 0)
    octets = int(tiff.TIFFScanlineSize(file))
    rows = np.zeros((length, octets), np.uint8)
    for number in range(length):
        if tiff.TIFFReadScanline(file, rows[number].ctypes.data, number, 0) < 0:
            raise LocalError(f"{name} is damaged: its row {number} cannot be read")
    dots = np.unpackbits(rows, axis=1, count=width).astype(np.bool_)
    return dots if _tag(file, _PHOTOMETRIC, c_uint16, _WHITE_IS_ZERO) == _WHITE_IS_ZERO else ~dots


def _write(file: c_void_p, page: Page, resolution: tuple[float, float], name: str) -> None:
    tiff = _libtiff()
    length, width = page.shape
    for tag, value in (
        (_SUBFILE, _PAGE),
        (_WIDTH, width),
        (_LENGTH, length),
        (_BITS, 1),
        (_SAMPLES, 1),
        (_COMPRESSION, _GROUP_4),
        (_PHOTOMETRIC, _WHITE_IS_ZERO),
        (_ROWS_PER_STRIP, length),
        (_RESOLUTION_UNIT, _INCH),
    ):
        tiff.TIFFSetField(file, c_uint32(tag), c_int(value))
    for tag, dots in zip((_X_RESOLUTION, _Y_RESOLUTION), resolution, strict=True):
        tiff.TIFFSetField(file, c_uint32(tag), c_double(dots))
    rows = np.ascontiguousarray(np.packbits(page, axis=1))
    for number in range(length):
        if tiff.TIFFWriteScanline(file, rows[number].ctypes.data, number, 0) < 0:
            raise LocalError(f"{name} cannot be written: is the disk full?")
    if not tiff.TIFFWriteDirectory(file):
        raise LocalError(f"{name} cannot be written: is the disk full?")
