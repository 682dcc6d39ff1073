"""baresip beyond plain calls, which tests/wire has: it holds and comes back, and transfers.

What it hears is kept up to its first hold alone: from there on its headless player stands still.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from gateway.core.audio import Samples
from tests.support.baresip import Baresip
from tests.support.steady import Steadily
from tests.support.wire import PATIENCE, RunningOffice, until
from tests.wire.test_call import find, phone_talks, wait_out

pytestmark = pytest.mark.wire


def test_it_holds_comes_back_and_transfers(
    office: RunningOffice,
    ada: Callable[..., Baresip],
    sentence: Samples,
    steadily: Steadily,
    record_property: Callable[[str, object], None],
) -> None:
    phone = ada("udp")
    phone.dial("101")
    until(lambda: office.heard("101")["ringing"], PATIENCE, "101 to ring")
    office.hand("101", "lift")
    phone.wait_for("CALL_ESTABLISHED")

    held = time.monotonic()
    phone.command("hold")
    loud = lambda: np.abs(office.recording("101").since(held).astype(float)[-4000:]).mean() > 100  # noqa: E731
    until(loud, PATIENCE, "music on hold")
    phone.command("resume")
    time.sleep(0.5)
    name = "SIP to telephone after a hold"
    phone_talks(name, phone, lambda: office.recording("101"), sentence, steadily, record_property)

    phone.command("transfer", f"sip:102@{office.addresses['udp'][0]}:{office.addresses['udp'][1]}")
    until(lambda: office.heard("102")["ringing"], PATIENCE, "102 to ring")
    office.hand("102", "lift")
    phone.wait_for("CALL_CLOSED")

    def telephones_talk() -> None:
        spoken = office.say("101", sentence)
        wait_out(spoken, sentence)
        heard, _ = find(office.recording("102"), sentence, spoken)
        assert heard.typical > 0.95

    steadily(telephones_talk)
    assert "account 6001 transferred the call" in office.copperline("calls")
