"""A first office: the text of a configuration for this machine, its cards, some SIP telephones and a provider.

What is there to be found out is found out here (the address, the country, the ports of cards); the rest is asked of
whoever wants the office. The text is read again before it is given back: it has no fault.
"""

from __future__ import annotations

import json
import os
import secrets
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from phonenumbers import SUPPORTED_REGIONS

from gateway.app.ports import ports_of_kernel, proposal
from gateway.config.load import parse
from gateway.config.values import tone_country
from gateway.core.errors import ConfigError, HardwareError, LocalError
from gateway.media.tone import ZONES
from gateway.net.udp import source_address
from hardware.registry import backend

__all__ = [
    "FirstOffice",
    "Provider",
    "card_of_machine",
    "compose",
    "country_of",
    "machine_address",
    "machine_country",
]

FIRST_ACCOUNT: Final = 6001
EMULATED_CARD: Final = """\
# One emulated card: two telephones and a line. "copperline sim" works them. A real one is backend = "dahdi".
[cards.main]
backend = "emulated"
modules = ["fxs", "fxs", "fxo"]

[phones.101]
port = 1

[phones.102]
port = 2

[lines.copper1]
port = 3
"""
_ELSEWHERE: Final = "192.0.2.1"
"""An address that nobody has (RFC 5737): the way there is the way out of this network."""
_ZONE_TABLE: Final = Path("/usr/share/zoneinfo/zone.tab")
_LOCAL_TIME: Final = Path("/etc/localtime")


@dataclass(frozen=True, slots=True)
class Provider:
    """Who carries calls outside by SIP: its server, our user there, and the password."""

    server: str
    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FirstOffice:
    """What a first office is made of.

    Attributes:
        address: where SIP listens.
        country: as in [office], or the ISO 3166 code of another.
        accounts: how many SIP telephones; 6001 and so on.
        card: tables of a card, its telephones and lines; may be empty.
        provider: None where there is none.
    """

    address: str
    country: str
    accounts: int
    card: str = ""
    provider: Provider | None = None


def compose(office: FirstOffice) -> str:
    """The text of its configuration; each secret in it is new.

    Raises:
        LocalError: something that was asked for cannot be, with the mend.
    """
    office = replace(office, address=_own(office.address), country=tone_country(office.country))
    made = tomllib.loads(office.card)
    accounts = [str(number) for number in range(FIRST_ACCOUNT, FIRST_ACCOUNT + office.accounts)]
    telephones = [*made.get("phones", {}), *accounts]
    goes_out = office.provider is not None or bool(made.get("lines"))
    parts = [
        "# What is wrong here: copperline check FILE. Every setting: copperline check --defaults FILE\n",
        "\n".join(_office(office, telephones if goes_out else [])) + "\n",
        "# This machine's own address: telephones are told to send their audio there.\n"
        f"[sip]\nlisten = [{', '.join(_text(f'{way}:{_host(office.address)}:5060') for way in ('udp', 'tcp'))}]\n",
        office.card,
        "\n".join(_accounts(office.address, accounts)),
        "\n".join(_trunk(office.provider)) if office.provider is not None else "",
    ]
    text = "\n".join(part for part in parts if part)
    try:
        parse(text, "office.toml", Path.cwd())
    except ConfigError as error:
        told = dict.fromkeys(f"{fault.what}; {fault.mend}." for fault in error.faults)
        raise LocalError(" ".join(told)) from error
    return text


def _office(office: FirstOffice, telephones: list[str]) -> Iterable[str]:
    yield "[office]"
    if office.country not in ZONES and office.country.upper() in SUPPORTED_REGIONS:
        yield (
            'country = "us"      # tones, ringing and caller ID: those of ' + f"{office.country} are not known here"
        )
        yield f'numbers = "{office.country}"      # whose numbers are dialled'
    else:
        yield f"country = {_text(office.country)}      # tones, ringing, caller ID and numbers as in this country"
    if len(telephones) == 1:
        yield 'outside = ""        # dialled before a number outside: nothing'
    elif telephones:
        yield 'outside = "9"       # dialled before a number outside'
        yield f"answers = {json.dumps(telephones)}      # whom calls from outside ring"
    if telephones:
        yield "# Calls abroad and to premium numbers are shut until [tolls] opens them: docs/configuration.md."


def _accounts(address: str, numbers: list[str]) -> Iterable[str]:
    if numbers:
        yield f"# SIP telephones log in at {address} with the number as user name, and the secret."
    for number in numbers:
        yield f'[accounts.{number}]\nsecret = "{secrets.token_urlsafe(12)}"\n'


def _trunk(provider: Provider) -> Iterable[str]:
    yield "# The SIP provider; numbers go to it as they are dialled, unless called_out has rules for them."
    yield "[trunks.provider]"
    yield f"servers = [{_text(provider.server)}]"
    if provider.user:
        yield f"user = {_text(provider.user)}"
        yield f"secret = {_text(provider.secret)}"
    else:
        yield "registers = false   # it knows us by our address"
    yield ""


def _own(address: str) -> str:
    """An address that telephones can be told, as it is written elsewhere."""
    try:
        found = ip_address(address.strip().removeprefix("[").removesuffix("]"))
    except ValueError:
        found = None
    if found is None or found.is_unspecified or found.is_multicast:
        raise LocalError(f'"{address}" is no address of a machine; write this one\'s own, such as 192.0.2.10.')
    return str(found)


def _text(text: str) -> str:
    """A text of TOML, in which DEL is escaped; what was not typed in UTF-8 cannot be written."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise LocalError("A name or password holds characters that are not UTF-8; write it in UTF-8.") from error
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def card_of_machine() -> str:
    """Tables for the analogue ports that the kernel has; empty where it has none."""
    try:
        proposed = proposal(ports_of_kernel(backend("dahdi")))
    except HardwareError:
        return ""
    return f'[cards.main]\nbackend = "dahdi"\n\n{proposed}' if proposed else ""


def machine_address() -> str:
    """The address by which this machine leaves its network; its own alone where it is in none."""
    return source_address(_ELSEWHERE) or "127.0.0.1"


def machine_country(environment: Mapping[str, str] = os.environ) -> str:
    """The country in which this machine's clock stands, or whose language it speaks; us where neither tells."""
    try:
        table = _ZONE_TABLE.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        table = ""
    return country_of(str(_LOCAL_TIME.resolve()), table, environment.get("LC_ALL") or environment.get("LANG", ""))


def country_of(zone: str, table: str, language: str) -> str:
    """The country of a time zone, or of a language.

    Args:
        zone: the file of the time zone: "/usr/share/zoneinfo/Europe/Berlin".
        table: the tz database's zone.tab: country, place and zone in each line.
        language: of the environment: "de_DE.UTF-8".
    """
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    name = zone.partition("zoneinfo/")[2]
    there = [row[0] for row in rows if len(row) > 2 and row[2] == name]
    for code in [*there, language.partition("_")[2][:2]]:
        country = tone_country(code)
        if country in ZONES or country.upper() in SUPPORTED_REGIONS:
            return country
    return "us"
