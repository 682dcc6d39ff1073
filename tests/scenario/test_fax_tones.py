"""A fax machine calls: its tone is heard in the audio, and the call goes to the fax machine of the office."""

from __future__ import annotations

import numpy as np

from gateway.core.audio import Samples
from gateway.testing.sounds import tone
from tests.scenario.conftest import EXAMPLE, Build
from tests.scenario.test_flash import state
from tests.support.office import OfficeUnderTest

CNG = np.concatenate([tone(1100, 0.5), np.zeros(24000, np.int16)])
"""T.30 section 4.1.2: 1100 Hz, half a second on and three off."""


def answer_tone(reversals: bool) -> Samples:
    """CED, or ANSam of V.25: 2100 Hz for 2.6 s, its phase reversed every 450 ms for modems."""
    ced = tone(2100, 2.6)
    if reversals:
        for begin in range(3600, len(ced), 7200):
            ced[begin : begin + 3600] *= -1
    return ced


def fax_office(build: Build) -> OfficeUnderTest:
    plan = (EXAMPLE / "extensions.conf").read_text()
    plan = plan.replace("[attendant]\n", "[attendant]\nexten => fax,1,Dial(FXS/102,30)\n")
    plan = plan.replace("[services]\n", "[services]\nexten => fax,1,Dial(FXS/102,30)\n")
    return build(dialplan=plan)


def test_a_fax_machine_that_calls_the_attendant_reaches_that_of_the_office(build: Build) -> None:
    office = fax_office(build)
    machine, exchange = office.phone("102"), office.exchange("copper1")
    office.call_in("copper1", "2565550199")
    office.until(lambda: exchange.state.name == "TALKING", within=15)
    exchange.say(np.concatenate([CNG] * 4))
    office.until(lambda: machine.ringing, within=10)
    machine.lift()
    office.run(2)
    assert state(office, "102") == "talking"
    machine.say(answer_tone(reversals=True))
    office.run(1.5)
    heard = exchange.recording[-8000:].astype(float)
    assert np.abs(np.fft.rfft(heard))[2080:2120].max() > 0.3 * np.abs(np.fft.rfft(heard)).max()
    machine.hang_up()
    exchange.hang_up()
    office.run(5)


def test_a_fax_machine_behind_a_sip_account_is_heard_too(build: Build) -> None:
    office = fax_office(build)
    machine, adapter = office.phone("102"), office.sip("6001")
    adapter.call("600")
    office.until(lambda: adapter.state == "up")
    adapter.say(np.concatenate([CNG] * 3))
    office.until(lambda: machine.ringing, within=10)
    adapter.hang_up()
    office.run(2)


def test_a_voice_is_no_fax_machine(build: Build, sentence: Samples) -> None:
    office = fax_office(build)
    machine, adapter = office.phone("102"), office.sip("6001")
    adapter.call("600")
    office.until(lambda: adapter.state == "up")
    adapter.say(np.concatenate([sentence, tone(1100, 0.1)]))
    office.run(6)
    assert not machine.rings and adapter.state == "up"
    adapter.hang_up()
    office.run(1)
