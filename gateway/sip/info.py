"""Digits and hook flashes that come as INFO: application/dtmf-relay, application/dtmf, application/hook-flash.

No RFC describes these bodies; the form is that of Cisco's gateways, which others follow:

    Signal=5
    Duration=160

A flash is `Signal=hf`, event 16 or "!", or any body of application/hook-flash.
"""

from __future__ import annotations

from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.messages import INFO, Digit, Flash
from gateway.sip.body import find_body, media_type
from gateway.sip.message import Request, Response

__all__ = ["FLASH_BODY", "FLASH_TYPE", "INFO_TYPES", "KEY_TYPE", "event_of", "received"]

FLASH_TYPE: Final = "application/hook-flash"
FLASH_BODY: Final = b"Signal=hf\r\n"
"""What we send: the type is what telephone adapters look at."""
KEY_TYPE: Final = "application/dtmf-relay"
"""What we send, too."""
_KEY_TYPES: Final = (KEY_TYPE, "application/dtmf")
INFO_TYPES: Final = (*_KEY_TYPES, FLASH_TYPE)
DIGITS: Final = frozenset("0123456789*#ABCD")
NAMED: Final = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
"""Some telephones write the event numbers of RFC 4733 in place of keys."""
FLASHES: Final = frozenset({"HF", "16", "!", "FLASH"})
MAX_BODY: Final = 256
MAX_MILLISECONDS: Final = 60_000
"""Nobody holds a key longer; what claims to be more is not believed."""


def received(info: Request) -> tuple[Response, Digit | Flash | None]:
    """The response to an INFO in a call, and what it brought, if anything.

    We have asked for no Info Package, so that one is refused with 469 (RFC 6086 section 4.2.2); a body of a type
    that we do not know, with 415.
    """
    if "Info-Package" in info.headers:
        response = info.reply(469)
        response.headers.set("Recv-Info", "")
        return response, None
    event = event_of(info)
    if event is None and info.body:
        response = info.reply(415)
        response.headers.set("Accept", ", ".join(INFO_TYPES))
        return response, None
    return info.reply(200), event


def event_of(info: Request) -> Digit | Flash | None:
    """The key or the flash that a body tells; None where it tells neither."""
    try:
        content_type = info.headers.get("Content-Type")
        if content_type is not None and media_type(content_type)[0] == FLASH_TYPE:
            return Flash()  # some send it without a body
        body = next((found for wanted in _KEY_TYPES if (found := find_body(info, wanted)) is not None), b"")
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
    if signal in FLASHES:
        return Flash()
    if digit not in DIGITS:
        return None
    length = fields.get("duration", "")
    milliseconds = int(length) if length.isascii() and length.isdigit() and len(length) < 6 else 0
    return Digit(digit, (milliseconds if milliseconds <= MAX_MILLISECONDS else 0) / 1000, INFO)
