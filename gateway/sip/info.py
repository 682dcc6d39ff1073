"""Digits that come as INFO: application/dtmf-relay and application/dtmf, as telephones send them.

No RFC describes these bodies; the form is that of Cisco's gateways, which others follow:

    Signal=5
    Duration=160
"""

from __future__ import annotations

from typing import Final

from gateway.core.errors import MalformedError
from gateway.sip.body import find_body
from gateway.sip.message import Request, Response

__all__ = ["INFO_TYPES", "key_of", "received"]

INFO_TYPES: Final = ("application/dtmf-relay", "application/dtmf")
DIGITS: Final = frozenset("0123456789*#ABCD")
NAMED: Final = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
"""Some telephones write the event numbers of RFC 4733 in place of keys."""
MAX_BODY: Final = 256
MAX_MILLISECONDS: Final = 60_000
"""Nobody holds a key longer; what claims to be more is not believed."""


def received(info: Request) -> tuple[Response, tuple[str, float] | None]:
    """The response to an INFO in a call, and the key that it brought (its length in seconds), if any.

    We have asked for no Info Package, so that one is refused with 469 (RFC 6086 section 4.2.2); a body of a type
    that we do not know, with 415.
    """
    if "Info-Package" in info.headers:
        response = info.reply(469)
        response.headers.set("Recv-Info", "")
        return response, None
    if not info.body:
        return info.reply(200), None
    key = key_of(info)
    if key is None:
        response = info.reply(415)
        response.headers.set("Accept", ", ".join(INFO_TYPES))
        return response, None
    return info.reply(200), key


def key_of(info: Request) -> tuple[str, float] | None:
    """The key and its length in seconds (0 where not told), or None where the body is no digit."""
    try:
        body = next((found for wanted in INFO_TYPES if (found := find_body(info, wanted)) is not None), b"")
    except MalformedError:
        return None
    if len(body) > MAX_BODY:
        return None
    fields: dict[str, str] = {}
    for line in body.decode("ascii", "replace").replace("\r", "\n").split("\n"):
        name, equals, value = line.partition("=")
        if equals:
            fields[name.strip().lower()] = value.strip()
        elif line.strip():
            fields.setdefault("signal", line.strip())
    signal = fields.get("signal", "").upper()
    digit = NAMED.get(signal, signal)
    if digit not in DIGITS:
        return None
    length = fields.get("duration", "")
    milliseconds = int(length) if length.isascii() and length.isdigit() and len(length) < 6 else 0
    return digit, (milliseconds if milliseconds <= MAX_MILLISECONDS else 0) / 1000
