"""The order of the suite, and what its processes do with memory."""

from __future__ import annotations

import ctypes
import gc
import time
from collections.abc import Callable, Generator, Iterator
from typing import Final

import pytest
from hypothesis import settings

from tests.support.steady import BareTimers, Steadily, say_again_where_late

_MMAP_THRESHOLD: Final = -3
"""mallopt's parameter (malloc.h M_MMAP_THRESHOLD)."""
_LARGE: Final = 1 << 20
"""Octets from which memory comes from the system, zeroed where it is touched, and goes back there when it is freed.

glibc would learn from the first office closed to keep that of the next, 60 MB each, and to zero all of it by hand.
"""


def pytest_configure() -> None:
    """An example of Hypothesis may take its time where others have the cores; and see `_LARGE`."""
    settings.register_profile("shared machine", deadline=None)
    settings.load_profile("shared machine")
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_MMAP_THRESHOLD, _LARGE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with real peers first: they mostly wait, and whoever computes does so beside them, not after them."""
    items.sort(key=lambda item: item.get_closest_marker("wire") is None)


@pytest.fixture(scope="session")
def bare_timers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BareTimers]:
    """They run beside the tests that ask for them, and tell whether this machine did."""
    timers = BareTimers(tmp_path_factory.mktemp("timers") / "late.txt")
    yield timers
    timers.end()


@pytest.fixture
def steadily(bare_timers: BareTimers, record_property: Callable[[str, object], None]) -> Steadily:
    """Does something on the real clock, and does it again where it failed while the machine was late."""
    return lambda once: say_again_where_late(
        once, bare_timers.late_since, bare_timers.rest, lambda why: record_property("again", why)
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test on the real clock that failed says whether the machine was late meanwhile."""
    report = yield
    timers = getattr(item, "funcargs", {}).get("bare_timers")
    if report.failed and timers is not None:
        late = "\n".join(map(str, timers.late_since(time.monotonic() - call.duration)))
        report.sections.append(("The machine was late", late or "never"))
    return report


def pytest_collection_finish() -> None:
    """What was imported and collected stays; the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
