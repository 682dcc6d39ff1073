"""How the SIP stack behaves, as the configuration has it."""

from __future__ import annotations

import pytest

from gateway.app.sip import sip_config
from tests.unit.config.test_load import DOZEN, read


@pytest.mark.parametrize(("country", "number"), [("us", "911"), ("de", "112"), ("uk", "112")])
def test_rfc_5031_section_4_2_help_has_the_number_of_the_country(country: str, number: str) -> None:
    """911 also where 112 leads to it: it is what is written into dialplans there."""
    config = read(f'[office]\ncountry = "{country}"\n{DOZEN}')
    assert sip_config(config).help == number
