"""A pytest plugin by which other projects test their dialplans and SIP devices on emulated hardware.

    pytest -p hardware.pytest_plugin

    def test_the_front_desk_is_reached(office, fxs, fxo):
        fxo("copper1").call("2125550123", "ADA")
        fxs("101").expect_ring()
        fxs("101").expect_caller("2125550123", "ADA")

The office is that of the ini option `copperline_office`, or what the fixtures `office_config`, `office_dialplan`,
`office_trunks` and `office_real_time` give where a test module, class or conftest.py defines them anew. When a test
fails, its report tells what the office met. See docs/testing.md.

This is the one module of a lower room that knows the top of the house: its name is what people type, and nothing
in the project imports it (pyproject.toml says so to the linter).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from gateway.core.errors import CopperlineError
from gateway.testing.clock import Clock, HandMovedClock, WallClock
from gateway.testing.exchange import FxoExchange
from gateway.testing.isdn import IsdnExchange
from gateway.testing.office import EmulatedOffice
from gateway.testing.span import SpanExchange
from gateway.testing.telephone import FxsTelephone

__all__ = [
    "fxo",
    "fxs",
    "isdn",
    "office",
    "office_config",
    "office_dialplan",
    "office_real_time",
    "office_trunks",
    "span",
]

OPTION: Final = "copperline_office"

SMALL_OFFICE: Final = """\
[cards.main]
backend = "emulated"
modules = ["fxs", "fxs", "fxo"]
[phones.101]
port = 1
name = "Front desk"
[phones.102]
port = 2
name = "Workshop"
[lines.copper1]
port = 3
number = "2565551100"
[isdn.adapter1]
backend = "emulated"
numbers = ["2565551100"]
[spans.e1]
backend = "emulated"
number = "2565551100"
[accounts.6001]
secret = "copper-6001"
name = "Ada"
[sip]
listen = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]
[web]
listen = "127.0.0.1:0"
"""
"""Two telephones, a line of each kind, a SIP account and the built-in dialplan, where nothing else is said."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let pytest.ini name an office."""
    parser.addini(OPTION, "the office.toml of the office under test, relative to the ini file", default="")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell in the report of a failed test what its office met."""
    report = yield
    office = getattr(item, "funcargs", {}).get("office")
    if report.failed and report.when == "call" and isinstance(office, EmulatedOffice):
        report.sections.append(("what the office met", office.story()))
    return report


@pytest.fixture
def office_config(pytestconfig: pytest.Config) -> str | Path:
    """The office: TOML, or the path of a real office's file, which is set apart before it runs."""
    named = str(pytestconfig.getini(OPTION))
    if not named:
        return SMALL_OFFICE
    beside = pytestconfig.inipath.parent if pytestconfig.inipath is not None else pytestconfig.rootpath
    return beside / named


@pytest.fixture
def office_dialplan() -> str | None:
    """The text of extensions.conf, for an office that is given as TOML; None for the built-in dialplan."""
    return None


@pytest.fixture
def office_trunks() -> Mapping[str, str]:
    """Who stands for the SIP providers of a real office: "127.0.0.1:5070" by the trunk's name."""
    return {}


@pytest.fixture
def office_real_time() -> bool:
    """Whether the office lives by the clock on the wall, so that SIP devices outside the test can talk to it."""
    return False


@pytest.fixture
def office(
    tmp_path: Path,
    office_config: str | Path,
    office_dialplan: str | None,
    office_trunks: Mapping[str, str],
    office_real_time: bool,
) -> Iterator[EmulatedOffice]:
    """A whole office, started before the test and stopped after it."""
    clock: Clock = WallClock() if office_real_time else HandMovedClock()
    try:
        built = EmulatedOffice(tmp_path, office_config, office_dialplan, clock=clock, trunks=office_trunks)
    except CopperlineError as error:
        clock.close()
        pytest.fail(f"The office under test does not start. {error}", pytrace=False)
    yield built
    built.close()


@pytest.fixture
def fxs(office: EmulatedOffice) -> Callable[[str], FxsTelephone]:
    """The telephones on FXS ports: `fxs("101").lift()`."""
    return lambda number: FxsTelephone(office, number)


@pytest.fixture
def fxo(office: EmulatedOffice) -> Callable[[str], FxoExchange]:
    """The exchange behind FXO ports: `fxo("copper1").call("2125550123")`."""
    return lambda name: FxoExchange(office, name)


@pytest.fixture
def isdn(office: EmulatedOffice) -> Callable[[str], IsdnExchange]:
    """The ISDN behind serial adapters: `isdn("adapter1").call("2125550123")`."""
    return lambda name: IsdnExchange(office, name)


@pytest.fixture
def span(office: EmulatedOffice) -> Callable[[str], SpanExchange]:
    """The exchange at the far end of an E1 or T1: `span("e1").call("2125550123").expect_answered()`."""
    return lambda name: SpanExchange(office, name)
