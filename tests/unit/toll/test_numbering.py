"""What kind of call a number is, as dialled in its country (ITU-T E.164; ranges of libphonenumber)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.toll.numbering import Kind, NumberingPlan


@pytest.mark.parametrize(
    ("country", "dialled", "said"),
    [
        ("us", "911", "911 (emergency)"),
        ("us", "112", "112 (emergency)"),
        ("us", "5550100", "5550100 (local)"),
        ("us", "2565550100", "+12565550100 (national)"),
        ("us", "15555550100", "+15555550100 (national)"),
        ("us", "18005551212", "+18005551212 (free)"),
        ("us", "19005551234", "+19005551234 (premium)"),
        ("us", "9765551", "9765551 (premium)"),
        ("us", "011442079460000", "+442079460000 (international, GB)"),
        ("us", "+442079460000", "+442079460000 (international, GB)"),
        ("us", "011447012345678", "+447012345678 (premium, GB)"),
        ("us", "011881612345678", "+881612345678 (premium)"),
        ("us", "411", "411 (service)"),
        ("us", "0", "0 (service)"),
        ("uk", "999", "999 (emergency)"),
        ("uk", "02079460000", "+442079460000 (national)"),
        ("uk", "946000", "946000 (local)"),
        ("uk", "09012345678", "+449012345678 (premium)"),
        ("de", "110", "110 (emergency)"),
        ("de", "015112345678", "+4915112345678 (mobile)"),
        ("de", "01801234567", "+491801234567 (shared)"),
        ("de", "11833", "11833 (service)"),
        ("de", "118118", "118118 (unknown)"),
        ("fr", "3635", "3635 (service)"),
        ("it", "0612345678", "+390612345678 (national)"),
        ("dk", "90123456", "+4590123456 (premium)"),
    ],
)
def test_a_number_is_of_its_kind(country: str, dialled: str, said: str) -> None:
    assert str(NumberingPlan(country).classify(dialled)) == said


def test_the_caribbean_is_abroad_although_it_is_dialled_like_a_neighbour() -> None:
    # The oldest trick: +1 876 and its like look like area codes and cost like another continent.
    found = NumberingPlan("us").classify("18765551234")
    assert (found.kind, found.country) == (Kind.INTERNATIONAL, "jm")


@pytest.mark.parametrize(
    "dialled",
    [
        "5550100W011442079460000",  # more digits behind a pause, for the dial tone after a cheap call
        "101028801144207",  # another carrier's prefix
        "",  # an open line: whoever has it dials what he likes
        "95550100",  # a 9 too many
        "0",
    ],
)
def test_what_fits_no_range_is_never_taken_for_cheap(dialled: str) -> None:
    assert NumberingPlan("us").classify(dialled).kind in (Kind.UNKNOWN, Kind.SERVICE)


def test_star_codes_that_only_withhold_are_looked_behind_and_others_are_not_cheap() -> None:
    plan = NumberingPlan("us")
    assert plan.classify("*675550100").kind is Kind.LOCAL
    assert plan.classify("*67011442079460000").kind is Kind.INTERNATIONAL
    # *72 forwards the line itself: all later calls to it would go there at the office's cost.
    assert plan.classify("*725550100").kind is Kind.SERVICE


def test_a_trunk_may_want_the_country_code_first() -> None:
    plan = NumberingPlan("us")
    assert plan.classify("442079460000").kind is Kind.UNKNOWN
    assert str(plan.classify("442079460000", e164=True)) == "+442079460000 (international, GB)"


def test_emergency_numbers_are_known_with_and_without_the_digit_for_an_outside_line() -> None:
    plan = NumberingPlan("us", access=("9",), emergency=("933",))
    assert plan.emergency == ("112", "911", "933")
    assert plan.is_emergency("911") and plan.is_emergency("9911") and not plan.is_emergency("99911")
    # Digits after it make another number: nobody gets past the caps by dialling 911 first.
    assert plan.classify("9115550100").kind is not Kind.EMERGENCY
    assert plan.classify("911W011442079460000").kind is not Kind.EMERGENCY


@given(st.text(alphabet="0123456789*#+W ABCDx٣", max_size=70))
def test_any_text_is_classified(dialled: str) -> None:
    NumberingPlan("de").classify(dialled)
    NumberingPlan("us").classify(dialled, e164=True)
