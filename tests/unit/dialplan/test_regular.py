"""Regular expressions of scripts: POSIX classes, and no search without an end."""

from __future__ import annotations

import asyncio
import time

import pytest

from dialplan.regular import RegularError, search
from gateway.core.cause import Cause
from tests.unit.dialplan.office import Office

ENDLESS = "^(a|aa)+$"


def test_classes_are_as_in_posix() -> None:
    assert search("^[[:digit:]]+[[:alpha:]]$", "123x") is not None
    assert search("^[[:digit:]]+$", "12x") is None


@pytest.mark.parametrize("pattern", ["(", "[a", "*"])
def test_what_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(RegularError, match="no regular expression"):
        search(pattern, "x")


def test_a_search_that_would_take_a_lifetime_gives_up() -> None:
    began = time.monotonic()
    with pytest.raises(RegularError, match="takes too long; write it without repetitions in repetitions"):
        search(ENDLESS, "a" * 60 + "b")
    assert time.monotonic() - began < 60, "a lifetime is longer"


def test_a_call_goes_on_after_it() -> None:
    steps = f'Set(F=${{REGEX("{ENDLESS}" {"a" * 60}b)}})', f'Set(G=$["{"a" * 60}b" =~ "{ENDLESS}"])', "Hangup(17)"
    office = Office("[office]\n" + "".join(f"exten => 1,{at},{step}\n" for at, step in enumerate(steps, 1)))
    leg = asyncio.run(office.call("1"))
    assert (leg.variables["F"], leg.variables["G"]) == ("", "")
    assert any("takes too long" in note for note in leg.notes)
    assert leg.ending is not None and leg.ending.cause is Cause.USER_BUSY
