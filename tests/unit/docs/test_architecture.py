"""docs/architecture.md: the call that it tells is made, and goes the way that it says."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import FrameType

import pytest

from tests.support.office import OfficeUnderTest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

OFFICE = """\
[cards.main]
backend = "emulated"
modules = ["fxs"]
[phones.101]
port = 1
[accounts.6001]
secret = "hunter2"
[sip]
listen = ["udp:127.0.0.1:0"]
rtp_ports = "26000-26099"
[web]
listen = "127.0.0.1:0"
"""

Step = tuple[str, str]
"""File and function."""


def steps(text: str) -> list[Step]:
    """Every `file.py` `Function` of the text, in order."""
    return re.findall(r"`([\w/]+\.py)`\s+`([\w.]+)`", text)


def part(heading: str) -> list[Step]:
    found = re.search(rf"^## {re.escape(heading)}$(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no part {heading!r}"
    return steps(found[1])


@contextmanager
def watched() -> Iterator[list[Step]]:
    """Every function of the project that is entered, in order; those of tests left out."""
    entered: list[Step] = []
    home = f"{ROOT}/"

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(home):
            entered.append((code.co_filename.removeprefix(home), code.co_qualname.replace(".<locals>", "")))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield entered
    finally:
        sys.setprofile(before)


def assert_walked(told: list[Step], entered: list[Step]) -> None:
    """The steps told were entered in that order, whatever lay between."""
    at = 0
    for before, step in zip([None, *told], told, strict=False):
        assert step in entered[at:], f"{step} does not come after {before}: amend docs/architecture.md"
        at = entered.index(step, at) + 1


@pytest.fixture
def office(tmp_path: Path) -> Iterator[OfficeUnderTest]:
    with OfficeUnderTest(tmp_path, OFFICE) as office:
        yield office


def test_the_call_goes_as_the_page_tells(office: OfficeUnderTest) -> None:
    ada, desk = office.sip("6001"), office.phone("101")

    def happens(deed: Callable[[], None], until: Callable[[], bool]) -> list[Step]:
        with watched() as entered:
            deed()
            office.until(until)
        return entered

    ringing = happens(lambda: ada.call("101"), lambda: ada.status == 180)
    assert_walked(part("6001 calls 101: from the wire to the copper") + part("It rings: back to the wire"), ringing)
    answering = happens(desk.lift, lambda: ada.state == "up")
    assert_walked(part("101 answers"), answering)
    office.run(0.5)
    leaving = happens(desk.hang_up, lambda: ada.state == "idle" and not office.app.manager.calls)
    assert_walked(part("101 hangs up"), leaving)


@pytest.mark.parametrize("file", sorted(set(re.findall(r"`([\w/]+\.py)`", PAGE))))
def test_every_file_named_is_there(file: str) -> None:
    assert (ROOT / file).is_file()


@pytest.mark.parametrize(("file", "function"), sorted(set(steps(PAGE))))
def test_every_function_named_is_there(file: str, function: str) -> None:
    found: object = import_module(file.removesuffix(".py").replace("/", "."))
    for word in function.split("."):
        if word == "datagrams":  # within a function, where only the call above can find it
            break
        found = getattr(found, word)


def test_every_drawing_named_is_there() -> None:
    for path in re.findall(r"\]\((states/[^)]*)\)", PAGE):
        assert (ROOT / "docs" / path).exists()


def test_the_rooms_named_are_those_that_there_are() -> None:
    layers = re.search(r"^## Rooms$(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
    assert layers is not None
    rows = [line for line in layers[1].splitlines() if re.match(r"\| \d", line)]
    told = {room for row in rows for room in re.findall(r"`([\w/]+)`", row.split("|")[2])}
    built = {f"gateway/{path.parent.name}" for path in (ROOT / "gateway").glob("*/__init__.py")}
    assert told == built | {"drivers", "dialplan", "hardware"}


def test_the_walk_is_found_wrong_where_it_is() -> None:
    entered = [("a.py", "first"), ("b.py", "second"), ("c.py", "third")]
    assert_walked([("a.py", "first"), ("c.py", "third")], entered)
    with pytest.raises(AssertionError, match="does not come after"):
        assert_walked([("c.py", "third"), ("a.py", "first")], entered)
