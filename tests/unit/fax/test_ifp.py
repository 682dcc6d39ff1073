"""Where IFP packets end (ITU-T T.38 section 7 and Annex A, version 0)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fax.ifp import LONGEST, whole


@pytest.mark.parametrize(
    "octets",
    [
        "06",  # indicator: V.21 preamble
        "2600",  # an indicator of a later version
        "c00180000013",  # one field: an octet of HDLC data
        "c001800002ffc002",
        "c002800000ff10",  # HDLC data, and a field without data that ends the signal
        "c002800000ff80000001",
        "c002190000ff",  # the second field has its head in the same octet
    ],
)
def test_a_packet_ends_where_it_says(octets: str) -> None:
    packet = bytes.fromhex(octets)
    found = whole(packet)
    assert found is not None
    assert whole(found) == found
    assert whole(found + bytes(20)) == found
    for end in range(1, len(found)):
        assert whole(found[:end]) is None


@pytest.mark.parametrize("octets", ["", "86", "c0", "c0ff", "c001800400" + "00" * 20, "c00180ffff" + "00" * 1400])
def test_what_is_none_is_told(octets: str) -> None:
    assert whole(bytes.fromhex(octets)) is None


@given(st.binary(max_size=1500))
def test_any_octets_give_a_beginning_of_themselves_or_nothing(octets: bytes) -> None:
    found = whole(octets)
    assert found is None or (octets.startswith(found) and 0 < len(found) <= LONGEST)
