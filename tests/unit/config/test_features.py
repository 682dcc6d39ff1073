"""[features]: the keys by which people in a talk ask for something."""

from __future__ import annotations

from gateway.core.feature import Feature, FeatureCodes
from tests.unit.config.test_load import faults, read


def test_without_the_table_the_keys_are_asterisks() -> None:
    assert read("").features.codes() == FeatureCodes()


def test_keys_and_times_are_taken_and_empty_keys_take_a_feature_away() -> None:
    codes = read('[features]\nblind_transfer = "##"\nhang_up = ""\nanswer_time = 20.0\n').features.codes()
    assert codes.codes[Feature.BLIND_TRANSFER] == "##" and codes.codes[Feature.HANG_UP] == ""
    assert codes.codes[Feature.ATTENDED_TRANSFER] == "*2"
    assert codes.answer_time == 20


def test_what_cannot_be_keyed_and_what_two_features_have_is_refused() -> None:
    assert faults('[features]\npark = "#7x"\n') == [
        'office.toml:2: "#7x" cannot be keyed as a code; use up to 11 digits, * # and A to D'
    ]
    assert faults('[features]\nrecord = "*2"\n') == [
        'office.toml:2: "*2" is the code of features.attended_transfer already; give each feature keys of its own'
    ]
