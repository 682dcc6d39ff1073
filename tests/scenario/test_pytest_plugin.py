"""`pytest -p hardware.pytest_plugin` as other projects run it, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.config.office import load_office
from gateway.core.errors import LocalError
from gateway.testing.apart import NOWHERE, set_apart
from gateway.testing.sounds import compare, strength, tone, utterance

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "testing"

PROJECT = """\
import time

import pytest

from gateway.testing.sip_phone import SipPhone
from gateway.testing.sounds import utterance
from hardware.pytest_plugin import SMALL_OFFICE


@pytest.fixture
def office_config():
    return SMALL_OFFICE


def test_a_silent_telephone(fxs):
    desk = fxs("101")
    desk.lift()
    desk.expect_tone("busy", within=2)


def test_a_number_misdialled(fxs, fxo):
    fxs("101").dial("95550101")
    fxo("copper1").expect_dialled("5550199", within=12)


def test_nobody_is_there(fxs):
    fxs("999")


def test_a_tone(fxs):
    fxs("101").expect_tone("ringback")


def test_an_adapter(isdn):
    isdn("adapter9")


def test_a_span(span):
    span("e1").expect_in_service()
    span("e1").expect_call("5550100", within=1)


class TestFaulty:
    @pytest.fixture
    def office_dialplan(self):
        return "[office]\\nexten => 1,1,Dail(FXS/101)\\n[from-pstn]\\nexten => s,1,Hangup()\\n"

    def test_its_dialplan(self, office):
        raise AssertionError("not reached")


class TestRealTime:
    @pytest.fixture
    def office_real_time(self):
        return True

    def test_a_device_of_ones_own_is_called(self, office, fxs):
        device = SipPhone("6001", "copper-6001", office.sip_address())

        def until(condition):
            end = time.monotonic() + 30
            while not condition():
                assert time.monotonic() < end
                device.tick(time.monotonic())
                time.sleep(0.005)

        device.register()
        until(lambda: device.status == 200)
        fxs("101").dial("6001")
        until(lambda: device.caller)
        device.answer()
        fxs("101").say(utterance())
        until(lambda: device.heard.any())
        fxs("101").hang_up()
        until(lambda: device.state == "idle")
        device.close()
        assert office.records()[0].disposition == "ANSWERED"
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest prints for the tests of the example and of a project where much is wrong."""
    project = tmp_path_factory.mktemp("project") / "test_project.py"
    project.write_text(PROJECT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160"}
    environment.pop("PYTEST_ADDOPTS", None)
    options = ["-q", "-rA", "-p", "no:cacheprovider", "-c", str(EXAMPLE / "pytest.ini")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(EXAMPLE), str(project)],
        cwd=EXAMPLE, env=environment, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_the_example_project_passes(printed: str) -> None:
    names = re.findall(r"^def (test_\w+)", (EXAMPLE / "test_surgery.py").read_text(), re.MULTILINE)
    assert set(re.findall(r"^PASSED test_surgery.py::(\w+)", printed, re.MULTILINE)) == set(names), printed


def test_a_sip_device_outside_talks_to_an_office_in_real_time(printed: str) -> None:
    assert re.search(r"^PASSED .*::test_a_device_of_ones_own_is_called$", printed, re.MULTILINE), printed


@pytest.mark.parametrize(
    "sentence",
    [
        "telephone 101: busy tone was expected within 2 s; it is off-hook, was rung 0 times, hears dial tone, "
        "has heard the digits (none), shows no caller",
        "line copper1: 5550199 was to be dialled within 12 s, it was 5550101",
        "the office has no emulated telephone '999'; it has: 101, 102",
        "no tone is called 'ringback'; there are: dial, busy, congestion, ring, info, milliwatt",
        "the office has no emulated ISDN adapter 'adapter9'; it has: adapter1",
        "span e1: 5550100 was to be called within 1 s; called were nobody",
        "The office under test does not start. ",
        "what the office met",
        "RINGOFFHOOK event on port 1",
        "6 failed, 12 passed, 1 error",
    ],
)
def test_what_fails_says_what_was_instead_and_what_the_office_met(printed: str, sentence: str) -> None:
    assert sentence in printed, printed


def test_a_real_office_is_set_apart_before_it_runs(tmp_path: Path) -> None:
    config, _ = load_office(EXAMPLE / "office.toml")
    apart = set_apart(config, tmp_path, {})
    assert [str(each) for each in apart.sip.listen] == ["udp:127.0.0.1:0"]
    assert apart.web.listen.port == 0 and apart.web.listen.host == "127.0.0.1"
    assert (apart.cards["main"].backend, apart.cards["main"].modules) == ("emulated", ("fxs", "fxs", "fxo"))
    assert str(tmp_path) in apart.store.url and apart.media.recordings.is_relative_to(tmp_path)
    (trunk,) = apart.trunks.values()
    assert [str(server) for server in trunk.servers] == [NOWHERE] and not trunk.registers and not trunk.qualify
    led = set_apart(config, tmp_path, {"cheap": "127.0.0.1:5070"}).trunks["cheap"]
    assert [str(server) for server in led.servers] == ["127.0.0.1:5070"]
    with pytest.raises(LocalError, match="no trunk 'chaep'; it has: cheap"):
        set_apart(config, tmp_path, {"chaep": "127.0.0.1:5070"})


def test_sounds_are_told_apart() -> None:
    one, other = utterance(2.0), utterance(2.0, seed=2)
    assert compare(one, one).correlation > 0.99
    assert abs(compare(other, one).correlation) < 0.3
    assert strength(tone(1004, level=-10), 1004) == pytest.approx(-10, abs=0.1)
    assert strength(tone(1004, level=-10), 1500) < -50
    assert strength(one[:0], 1004) == -96
