"""Q.931's numbers, causes and reasons in the words of the gateway, both ways (RFC 4497, Q.850, Q.951, Q.952)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.cause import Cause
from gateway.core.number import Party, Presentation
from gateway.q931.coding import Capability, Coding, NumberType, Plan, Presented, Reason, Screening
from gateway.q931.element import BearerCapability
from gateway.q931.mapping import (
    called_of,
    calling_of,
    cause_of,
    connected_of,
    digits_of,
    is_audio,
    party_of,
    reason_of,
    redirecting_of,
)
from gateway.q931.number import CalledNumber, CallingNumber, ConnectedNumber, RedirectingNumber


@pytest.mark.parametrize("value", range(128))
def test_every_cause_means_something(value: int) -> None:
    """Q.850 2.2.5: one that is not defined counts as the general one of its class."""
    cause = cause_of(value)
    if value in set(Cause):
        assert cause == value
    else:
        assert cause in (31, 47, 63, 79, 95, 111, 127)
        assert cause >> 4 == max(1, value >> 4)


@pytest.mark.parametrize(
    ("bearer", "audio"),
    [
        (BearerCapability(Capability.SPEECH), True),
        (BearerCapability(Capability.AUDIO), True),
        (BearerCapability(Capability.UNRESTRICTED_WITH_TONES), True),
        (BearerCapability(Capability.UNRESTRICTED, None), False),
        (BearerCapability(Capability.VIDEO, None), False),
        (BearerCapability(Capability.SPEECH, mode=2), False),
        (BearerCapability(Capability.SPEECH, coding=Coding.NATIONAL), False),
    ],
)
def test_which_calls_are_telephone_calls(bearer: BearerCapability, audio: bool) -> None:
    assert is_audio(bearer) is audio


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (CalledNumber("5550100"), "5550100"),
        (CalledNumber("12565550100", NumberType.INTERNATIONAL), "+12565550100"),
        (CalledNumber("+12565550100", NumberType.INTERNATIONAL), "+12565550100"),
        (CalledNumber("2565550100", NumberType.NATIONAL), "02565550100"),
        (CalledNumber("100", NumberType.SUBSCRIBER, Plan.PRIVATE), "100"),
        (CalledNumber("", NumberType.NATIONAL), ""),
        (CalledNumber("100", 7), "100"),
        (CalledNumber("(256) ${555}-0100"), "2565550100"),
    ],
)
def test_numbers_as_they_are_dialled(number: CalledNumber, shown: str) -> None:
    assert digits_of(number, national="0") == shown


def test_numbers_to_call() -> None:
    assert called_of("+1 256 555 0100") == CalledNumber("12565550100", NumberType.INTERNATIONAL)
    assert called_of("5550100#") == CalledNumber("5550100#")
    assert len(called_of("5" * 100).digits) == 32


@pytest.mark.parametrize(
    ("party", "number"),
    [
        (Party("101"), CallingNumber("101", presented=Presented.ALLOWED)),
        (
            Party("+12565550101", "Al"),
            CallingNumber("12565550101", NumberType.INTERNATIONAL, presented=Presented.ALLOWED),
        ),
        (Party("101", presentation=Presentation.RESTRICTED), CallingNumber("101", presented=Presented.RESTRICTED)),
        (Party(presentation=Presentation.RESTRICTED), CallingNumber("", presented=Presented.RESTRICTED)),
        (
            Party("101", presentation=Presentation.UNAVAILABLE),
            CallingNumber("", presented=Presented.NOT_AVAILABLE, screening=Screening.NETWORK),
        ),
        (Party("alice"), None),
        (Party(), None),
    ],
)
def test_who_is_shown_as_calling(party: Party, number: CallingNumber | None) -> None:
    """RFC 4497 9.2.2: what we say has not been screened, and a number that is withheld is marked so."""
    assert calling_of(party) == number


def test_who_is_shown_as_having_answered() -> None:
    """Q.951.5."""
    assert connected_of(Party("101")) == ConnectedNumber("101", presented=Presented.ALLOWED)
    assert connected_of(Party("101", presentation=Presentation.UNAVAILABLE)) is None
    assert connected_of(Party("alice")) is None


@pytest.mark.parametrize(
    ("number", "name", "party"),
    [
        (CallingNumber("2565550101", NumberType.NATIONAL), "Al", Party("2565550101", "Al")),
        (CallingNumber("1", presented=Presented.RESTRICTED), "", Party("1", "", Presentation.RESTRICTED)),
        (CallingNumber("", presented=Presented.NOT_AVAILABLE), "", Party("", "", Presentation.UNAVAILABLE)),
        (CallingNumber("1", presented=Presented.RESERVED), "", Party("1", "", Presentation.RESTRICTED)),
        (None, "Al", Party("", "Al")),
        (None, "", Party("", "", Presentation.UNAVAILABLE)),
    ],
)
def test_who_calls(number: CallingNumber | None, name: str, party: Party) -> None:
    """RFC 4497 9.1.1; a presentation that Q.931 reserves is not shown."""
    assert party_of(number, name) == party


@given(st.text("0123456789*#", min_size=1, max_size=20), st.booleans(), st.sampled_from(Presentation))
def test_a_party_that_went_over_the_line_is_the_same(digits: str, plus: bool, presentation: Presentation) -> None:
    party = Party("+" * plus + digits, "", presentation)
    shown = calling_of(party)
    assert shown is not None
    again = party_of(CallingNumber.read(shown.contents()))
    assert again == (party if presentation is not Presentation.UNAVAILABLE else Party("", "", presentation))


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("unknown", Reason.UNKNOWN),
        ("user-busy", Reason.BUSY),
        ("no-answer", Reason.NO_REPLY),
        ("deflection", Reason.DEFLECTION),
        ("out-of-service", Reason.OUT_OF_ORDER),
        ("follow-me", Reason.BY_DTE),
        ("unconditional", Reason.UNCONDITIONAL),
    ],
)
def test_why_a_call_was_diverted(word: str, reason: Reason) -> None:
    """Q.952.7 and RFC 5806."""
    number = redirecting_of("300", word)
    assert (number.digits, number.reason, reason_of(number)) == ("300", reason, word)


def test_a_reason_that_nobody_knows() -> None:
    assert redirecting_of("300", "because").reason == Reason.UNKNOWN
    assert reason_of(RedirectingNumber("300", reason=None)) == "unknown"
    assert reason_of(RedirectingNumber("300", reason=7)) == "unknown"
