"""Statuses and causes: RFC 3398's tables hold, nothing is left without an answer, Reason headers survive."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Dial, Hangup, Offered, Released
from gateway.core.number import Party
from gateway.sip.causes import cause_of, cause_of_reason, reason_header, refusing, status_of, told_on
from gateway.sip.status import REASONS
from tests.support.sip import Office, Phone


@pytest.mark.parametrize(
    ("cause", "status"),
    [(1, 404), (17, 486), (18, 408), (19, 480), (20, 480), (21, 603), (28, 484), (34, 503), (42, 503), (65, 488),
     (102, 504), (111, 500), (127, 500)],
)  # fmt: skip
def test_causes_become_the_statuses_of_rfc_3398(cause: int, status: int) -> None:
    assert status_of(Cause(cause)) == status


@pytest.mark.parametrize(
    ("status", "cause"),
    [(404, 1), (486, 17), (480, 18), (408, 102), (484, 28), (500, 41), (502, 38), (503, 41), (600, 17), (603, 21)],
)
def test_statuses_become_the_causes_of_rfc_3398(status: int, cause: int) -> None:
    assert cause_of(status) is Cause(cause)


def test_every_cause_refuses_with_a_final_status_that_is_no_redirection() -> None:
    assert all(400 <= status_of(cause) <= 699 for cause in Cause)


@pytest.mark.parametrize("status", [433, 607, 608])
def test_who_wants_no_such_calls_is_not_busy(status: int) -> None:
    """RFC 5079, RFC 8197 section 4, RFC 8688: the call was rejected; told on as it is."""
    assert cause_of(status) is Cause.CALL_REJECTED and told_on(status) == ("SIP", status)
    assert REASONS[status] not in (REASONS[600], REASONS[400])


@pytest.mark.parametrize(("status", "like"), [(399, 300), (499, 400), (599, 500), (699, 600)])
def test_an_unknown_status_counts_as_the_first_of_its_class(status: int, like: int) -> None:
    assert cause_of(status) is cause_of(like)


@pytest.mark.parametrize("cause", list(Cause))
def test_a_reason_that_we_write_reads_back(cause: Cause) -> None:
    assert cause_of_reason([reason_header(cause)]) is cause


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ('SIP ;cause=200;text="done, really", q.850 ; CAUSE = 17', Cause.USER_BUSY),
        ('Q.850;text="a;cause=3,Q.850";cause=21', Cause.CALL_REJECTED),
        ("Q.850;cause=250", None),
        ("Q.850;cause=\u00b2", None),
        ("Q.850", None),
        ("SIP;cause=600", Cause.USER_BUSY),
        ('SIP;cause=200;text="Call completed elsewhere"', Cause.NON_SELECTED_USER_CLEARING),
        ("SIP;cause=486, Q.850;cause=21", Cause.CALL_REJECTED),
        ("SIP;cause=999", None),
        ("", None),
    ],
)
def test_reasons_as_peers_write_them(value: str, cause: Cause | None) -> None:
    assert cause_of_reason([value]) is cause


@given(st.text(max_size=60))
@settings(max_examples=50)
def test_no_reason_header_crashes(value: str) -> None:
    cause_of_reason([value, "Q.850;cause=16"])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        *((status, status) for status in (403, 404, 408, 410, 480, 484, 485, 486, 488, 600, 603, 604, 606)),
        # What concerns the two of us alone is told by its cause.
        (401, 603),
        (420, 500),
        (487, 480),
        # That another cannot serve us does not mean that we serve nobody.
        *((status, 500) for status in (400, 405, 481, 491, 500, 502, 503, 580)),
        (0, 480),
    ],
)
def test_section_16_7_what_a_called_telephone_says_of_itself_is_told_on_unchanged(said: int, told: int) -> None:
    office = Office()
    caller, called = Phone(office), Phone(office, "6002", host="192.0.2.62")
    called.register()
    caller.invite("6002")
    leg = next(leg for leg, event in office.heard() if isinstance(event, Offered))
    caller.messages()
    office.command(office.stack.channel("6002", office.clock.now), Dial("6002", Party("6001")))
    if said:
        called.reply(called.arrived(), said)
    else:
        office.wait(33)  # nobody answers: as RFC 3665 section 3.10 has it
    (released,) = [event for event in office.events() if isinstance(event, Released)]
    office.command(leg, Hangup(released.ending))
    assert caller.statuses()[-1] == told


def test_a_code_of_another_protocol_says_nothing_to_a_sip_caller() -> None:
    ending = Ending(Cause.USER_BUSY, "the exchange", Act.REFUSED, "REL", code=("Q.850", 31))
    assert refusing(ending) == 486
