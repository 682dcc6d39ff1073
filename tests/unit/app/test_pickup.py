"""Pickup groups as they are written."""

from __future__ import annotations

from gateway.app.pickup import pickup_groups
from tests.unit.config.test_load import DOZEN, read


def test_telephones_and_accounts_pick_up_in_the_groups_that_are_written() -> None:
    groups = pickup_groups(
        read(
            DOZEN + 'call_groups = ["sales"]\n[accounts.6002]\nsecret = "tiger"\npickup_groups = ["sales", "lab"]\n'
        )
    )
    assert groups.may("SIP/6002", "SIP/6001")
    assert groups.may("SIP/6001", "SIP/6002") and not groups.may("SIP/6001", "SIP/6001")
    assert groups.may("SIP/6001", "FXS/101") and groups.may("FXS/101", "FXS/102")
    assert not groups.may("SIP/6002", "FXS/101")
