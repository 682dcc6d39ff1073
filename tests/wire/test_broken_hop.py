"""Who sends no audio is named within 5 s wherever the operator looks: the log, `copperline calls` and `trace`."""

from __future__ import annotations

import re
import time

import pytest

from gateway.testing.sip_phone import SipPhone
from tests.support.wire import PATIENCE, RunningOffice, until

pytestmark = pytest.mark.wire


def test_a_telephone_that_sends_nothing_is_named_with_its_address(office: RunningOffice) -> None:
    phone = SipPhone("6001", "copper-6001", office.addresses["udp"])
    phone.voice.speak = lambda: None  # type: ignore[method-assign]  # its microphone is broken
    try:
        phone.call("600")

        def is_up() -> bool:
            phone.tick(time.monotonic())
            return phone.state == "up"

        until(is_up, PATIENCE, "the echo to answer")
        answered = time.monotonic()
        sentence = re.compile(
            r"no audio from account 6001 has come to 127\.0\.0\.1:(\d+) for 4\.5 s: "
            r"it sends none from 127\.0\.0\.1:\d+, or a firewall on the way to UDP port \1 here drops it"
        )
        until(lambda: sentence.search(office.log), PATIENCE, "the sentence in the log")
        assert time.monotonic() - answered < 6, "and a second for a busy machine"
        assert sentence.search(office.copperline("calls"))
        call = office.get("/api/v1/calls")[0]["id"]
        assert sentence.search(office.copperline("trace", call))
    finally:
        phone.hang_up()
        until(lambda: office.in_calls() == 0, PATIENCE, "the call to be over")
        phone.close()
