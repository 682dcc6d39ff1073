"""The page in a browser, as whoever watches an office uses it: calls come, are searched, looked into and ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.chromium import HAS_CHROMIUM, Page, page_in_chromium
from tests.support.wire import PATIENCE, RunningOffice, until

pytestmark = [
    pytest.mark.wire,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="no Chromium here, or that of a snap, which sees no file of ours"),
]

TO_SCREEN = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

SLOW = """
window.stale = 0;
const noted = new MutationObserver(() => { stale += calls.innerText.includes("none") });
noted.observe(calls, {childList: true, subtree: true});
const soon = fetch;
window.fetch = async (...what) => {
  if (what[0].includes("nobody")) await new Promise((done) => setTimeout(done, 200));
  return soon(...what);
};
0
"""
"""Answers about nobody take their time, and it is noted where the table of calls shows none."""


@pytest.fixture
def page(office: RunningOffice, tmp_path: Path) -> Iterator[Page]:
    with page_in_chromium(tmp_path) as page:
        page.open(office.url)
        yield page
        assert page.complaints == []


def test_the_page_of_an_office(office: RunningOffice, page: Page) -> None:
    page.shows("#name", office.get("/api/v1/office")["name"])
    page.shows("#calls", "none")
    page.shows("#lines", "102")
    page.shows("#numbers", "600")

    office.hand("101", "lift")
    until(lambda: office.heard("101")["tone"] == "dial", PATIENCE, "dial tone")
    office.hand("101", "dial", "600")
    page.shows("#calls tbody", "600")
    page.shows("#status", "1 call")
    page.shows("#calls tbody", "FXS/101-")

    page.run("search.value = 'nobody'; search.dispatchEvent(new Event('input'))")
    page.shows("#calls", "none")
    page.run("search.value = 'fxs/101'; search.dispatchEvent(new Event('input'))")
    page.shows("#calls tbody", "600")

    page.run(SLOW)
    typed = "for (search.value of ['nobody', 'fxs/101']) search.dispatchEvent(new Event('input'))"
    page.run(f"{typed}; new Promise((done) => setTimeout(done, 400))")
    assert page.run("stale") == 0, "what came late for an older search is not shown"

    page.click("#calls tbody button")
    page.shows("#notes tbody", "Answer")
    assert page.text("#story-call") == office.get("/api/v1/calls")[0]["id"]
    assert page.text("#capture") == "", "an analogue line has no messages"
    page.be(390, 844)
    assert page.run(TO_SCREEN) == 0, "nothing is wider than a mobile telephone"
    page.shows("#hang-up", "Hang up")
    page.click("#hang-up")
    page.shows("#notes tbody", "asked on the console")
    until(lambda: page.text("#hang-up") == "", PATIENCE, "nothing left to hang up")
    page.click("#close")
    page.shows("#calls", "none")
    page.shows("#records tbody tr", "the operator hung up")
    assert page.run(TO_SCREEN) == 0
    page.be(1280, 900)

    plan = office.folder / "extensions.conf"
    good = plan.read_text()
    plan.write_text(f"{good}\nexten => 1,1,Playbak(x)\n")
    try:
        assert httpx.post(f"{office.url}/api/v1/reload", trust_env=False).json()["done"] is False
        page.shows("#worries", "Playbak")
    finally:
        plan.write_text(good)
        office.reload()
    until(lambda: page.text("#worries") == "", PATIENCE, "no worries")
