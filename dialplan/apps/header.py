"""SIPAddHeader SIPRemoveHeader: header fields for calls that Dial places, as older offices have them
(Asterisk channels/chan_sip.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.functions.header import add_header, remove_headers
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError

__all__ = ["APPLICATIONS"]


async def add(script: Script, arguments: str) -> None:
    """`SIPAddHeader(Name: value)`: the calls that this leg places over SIP carry that header."""
    name, colon, value = arguments.partition(":")
    if not colon:
        raise ScriptError("SIPAddHeader wants Name: value")
    add_header(script, name, value, inherited="__")


async def remove(script: Script, arguments: str) -> None:
    """`SIPRemoveHeader([name])`: take out what SIPAddHeader has added: all, or what begins with that name."""
    remove_headers(script, f"{arguments.strip().rstrip(':')}*")


APPLICATIONS: Final[Mapping[str, Application]] = {"SIPAddHeader": add, "SIPRemoveHeader": remove}
