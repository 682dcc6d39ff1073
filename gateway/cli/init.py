"""`copperline init`: a first office for this machine."""

from __future__ import annotations

import sys
import tomllib
from os.path import lexists
from pathlib import Path
from typing import Annotated

import typer

from gateway.app.first import (
    EMULATED_CARD,
    FirstOffice,
    Provider,
    card_of_machine,
    compose,
    machine_address,
    machine_country,
)
from gateway.cli import show
from gateway.cli.made import make_file
from gateway.config.builtin import TRIALS
from gateway.core.errors import LocalError

__all__ = ["command"]


def command(
    config: Annotated[Path, typer.Argument(help="The file to write.", metavar="CONFIG")] = Path("office.toml"),
    accounts: Annotated[int, typer.Option(min=0, max=100, help="How many SIP telephones.")] = 2,
    trunk: Annotated[str, typer.Option(help="The server of a SIP provider: sip.example.com.")] = "",
    user: Annotated[str, typer.Option(help="The user name at the provider; its password is asked for.")] = "",
    address: Annotated[str, typer.Option(help="This machine's own address; looked up where left out.")] = "",
    country: Annotated[str, typer.Option(help="Whose tones and numbers; the time zone's where left out.")] = "",
    emulated: Annotated[
        bool, typer.Option("--emulated", help="With an emulated card: two telephones and a line.")
    ] = False,
) -> None:
    """Write a first office for this machine: its analogue ports, SIP telephones with new secrets, a provider.

    A file that is there is left alone. Everything in it may be changed; each line that is not there has a default.
    """
    if user and not trunk:
        raise LocalError(f"{user} is a user of which provider? Name its server with --trunk.")
    if lexists(config):
        raise LocalError(f"{config} is there already; name another file.")
    secret = _password(user, trunk) if user else ""
    text = compose(
        FirstOffice(
            address or machine_address(),
            country or machine_country(),
            accounts,
            EMULATED_CARD if emulated else card_of_machine(),
            Provider(trunk, user, secret) if trunk else None,
        )
    )
    try:
        make_file(config, text)
    except OSError as error:
        raise LocalError(f"{config} cannot be written: {(error.strerror or str(error)).lower()}.") from error
    _tell(config, text)


def _password(user: str, trunk: str) -> str:
    try:
        return str(typer.prompt(f"Password of {user} at {trunk}", hide_input=sys.stdin.isatty()))
    except typer.Abort as error:
        raise LocalError(f"No password of {user} came; type it, or give it as a line of standard input.") from error


def _tell(config: Path, text: str) -> None:
    """What is in the office, and what comes next."""
    made = tomllib.loads(text)
    listener = made["sip"]["listen"][0].partition(":")[2]
    settings = made["office"]
    show.line(f"{config}: made, for {settings.get('numbers', settings['country'])}.")
    rows = [
        ("telephones", ", ".join(made.get("phones", {}))),
        ("lines", ", ".join(made.get("lines", {}))),
        ("SIP telephones", ", ".join(made.get("accounts", {}))),
        ("provider", ", ".join(server for each in made.get("trunks", {}).values() for server in each["servers"])),
    ]
    for what, names in rows:
        if names:
            show.line(f"  {what:15} {names}")
    if made.get("accounts"):
        show.line(f"SIP telephones log in at {listener}, each with its secret in {config}.")
    if listener.startswith("127."):
        show.line("That address is this machine's alone: name another with --address, for others to reach it.")
    show.line(f'Start it: "copperline run {config}".')
    if made.get("phones") or made.get("accounts"):
        show.line(
            f"Then dial from a telephone: {', '.join(f'{number} ({what})' for number, what in TRIALS.items())}."
        )
