"""A first office: what `copperline init` writes, and what it finds out of the machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.app.first import EMULATED_CARD, FirstOffice, Provider, compose, country_of, machine_country
from gateway.config.builtin import builtin_dialplan
from gateway.config.consistency import easily_guessed
from gateway.config.load import parse
from gateway.config.permission import numbering
from gateway.core.errors import LocalError

ZONES = """\
# tz
DE\t+5230+01322\tEurope/Berlin\tmost of it
GB\t+513030-0000731\tEurope/London
IS\t+6409-02151\tAtlantic/Reykjavik
"""
PROVIDER = Provider("sip.example.com", "4711", 'it"s')
OFFICE = FirstOffice("192.0.2.10", "us", 2)


def test_two_telephones_have_secrets_of_their_own_that_hold_on_a_network() -> None:
    config = parse(compose(OFFICE), "office.toml", Path("/etc"))
    assert list(config.accounts) == ["6001", "6002"]
    secrets = [account.secret for account in config.accounts.values()]
    assert len(set(secrets)) == 2 and not any(easily_guessed(secret, "6001") for secret in secrets)
    assert [str(each) for each in config.sip.listen] == ["udp:192.0.2.10:5060", "tcp:192.0.2.10:5060"]


def test_one_telephone_and_a_provider_need_no_nine() -> None:
    config = parse(compose(replace(OFFICE, accounts=1, provider=PROVIDER)), "office.toml", Path("/etc"))
    trunk = config.trunks["provider"]
    assert (trunk.user, trunk.secret, trunk.registers) == ("4711", 'it"s', True)
    assert "exten => _X.,1,Dial(SIP/${EXTEN}@provider)" in builtin_dialplan(config)


def test_an_office_with_a_card_lets_all_ring_and_goes_out_by_nine() -> None:
    config = parse(compose(replace(OFFICE, card=EMULATED_CARD)), "office.toml", Path("/etc"))
    text = builtin_dialplan(config)
    assert "exten => s,1,Dial(FXS/101&FXS/102&SIP/6001&SIP/6002,60)" in text
    assert "exten => _9X.,1,Dial(FXO/g1/${EXTEN:1})" in text


def test_a_provider_without_a_user_knows_us_by_our_address() -> None:
    text = compose(replace(OFFICE, address="2001:db8::1", provider=Provider("tcp:192.0.2.7:5060", "", "")))
    config = parse(text, "office.toml", Path("/etc"))
    assert not config.trunks["provider"].registers and "udp:[2001:db8::1]:5060" in text


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"address": "foo"}, '^"foo" is no address of a machine; write this one.s own, such as 192.0.2.10.$'),
        ({"country": "atlantis"}, 'the tones of country "atlantis" are not known here'),
        ({"provider": Provider("a b", "", "")}, '"a b" names no server'),
        ({"provider": Provider("sip.example.com", "4711", "hunter2\udcff")}, "not UTF-8"),
    ],
)
def test_what_cannot_be_is_said_and_no_office_comes_of_it(changed: dict[str, object], fault: str) -> None:
    with pytest.raises(LocalError, match=fault) as caught:
        compose(replace(OFFICE, **changed))  # type: ignore[arg-type]
    assert "hunter2" not in str(caught.value)


def test_a_country_without_tones_here_has_its_numbers_all_the_same() -> None:
    config = parse(compose(replace(OFFICE, country="ca")), "office.toml", Path("/etc"))
    assert (config.office.country, numbering(config).country) == ("us", "ca")


@pytest.mark.parametrize(
    ("zone", "language", "country"),
    [
        ("/usr/share/zoneinfo/Europe/Berlin", "en_US.UTF-8", "de"),
        ("/usr/share/zoneinfo/Europe/London", "", "uk"),
        ("/usr/share/zoneinfo/Etc/UTC", "fr_FR.UTF-8", "fr"),
        ("/usr/share/zoneinfo/Atlantic/Reykjavik", "C", "is"),
        ("/etc/localtime", "C", "us"),
    ],
)
def test_the_country_is_where_the_clock_stands_or_whose_language_is_spoken(
    zone: str, language: str, country: str
) -> None:
    assert country_of(zone, ZONES, language) == country


def test_this_machine_is_in_a_country() -> None:
    assert len(machine_country()) == 2
