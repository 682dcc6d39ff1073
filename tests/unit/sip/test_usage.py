"""What refusals within a dialog end, status by status (RFC 5057 section 5.1, RFC 3261 14.1, RFC 6665)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.sip.message import Response
from gateway.sip.usage import ends_call, ends_subscription
from tests.support.sip import Office, Phone

DIALOG = {404, 410, 416, 482, 483, 484, 485, 502, 604}
USAGE = {405, 480, 481, 489, 501}


def those_that(end: Callable[[Response], bool], method: str) -> set[int]:
    """The statuses that end it, of all that refuse."""
    request = Phone(Office()).request(method, "sip:192.0.2.1")
    return {status for status in range(400, 700) if end(request.reply(status, to_tag="t"))}


def test_a_refused_notify_ends_its_subscription_with_each_status_that_ends_the_usage_or_the_dialog() -> None:
    """And with 408, which is silence (5.2); RFC 6665 section 4.2.2."""
    assert those_that(ends_subscription, "NOTIFY") == DIALOG | USAGE | {408}


def test_rfc_6665_section_4_1_2_2_a_refused_refresh_ends_the_subscription_with_those_that_are_named() -> None:
    assert those_that(ends_subscription, "SUBSCRIBE") == {404, 405, 410, 416, *range(480, 486), 489, 501, 604}


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_rfc_3261_section_14_1_a_call_goes_on_where_the_dialog_does(method: str) -> None:
    """405, 480 and 501 end the usage by RFC 5057, which asks for nothing; 14.1 has it as it was."""
    assert those_that(ends_call, method) == DIALOG | {408, 481}
