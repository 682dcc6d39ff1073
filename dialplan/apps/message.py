"""Applications that send texts: SendText within a call, MessageSend outside of calls.

Asterisk apps/app_sendtext.c, main/message.c.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.functions.message import message_of
from dialplan.script import Application, Script
from gateway.core.number import Party

__all__ = ["APPLICATIONS"]

_PROTOCOLS: Final = frozenset({"sip", "sips", "pjsip"})
_WRITTEN: Final = re.compile(r'\s*(?:"?(?P<name>[^"<]*?)"?\s*<)?(?:sips?:)?(?P<user>[^@<>;\s]+)[^>]*>?\s*')
"""`sip:6001@host`, `6001`, `"Ada" <sip:6001@host>`."""


async def send_text(script: Script, arguments: str) -> None:
    """`SendText([text])`: show the caller a line of text; SENDTEXTSTATUS says SUCCESS, FAILURE or UNSUPPORTED.

    Without an argument SENDTEXT_BODY is sent.
    """
    text = arguments or script.variable("SENDTEXT_BODY")
    if not text:
        status = "FAILURE"
    else:
        status = "SUCCESS" if script.leg.send_text(text) else "UNSUPPORTED"
    script.assign("SENDTEXTSTATUS", status)
    script.assign("SENDTEXTTYPE", "MESSAGE" if status == "SUCCESS" else "NONE")


async def message_send(script: Script, arguments: str) -> None:
    """`MessageSend(destination[,from[,to]])`: send MESSAGE(body) to an account, at once or when it is there.

    `destination` is `sip:6001`, `pjsip:6001` or `sip:6001@anything`; `from` is shown as its sender, the caller
    where it is left out. MESSAGE_SEND_STATUS says SUCCESS, FAILURE, INVALID_PROTOCOL or INVALID_URI.
    """
    destination, sender, *_ = [*split(arguments, limit=3), "", ""]
    protocol, colon, rest = destination.strip().partition(":")
    message = message_of(script)
    told = _party(sender or message.get("from", "")) or script.leg.party
    recipient = _WRITTEN.fullmatch(rest)
    if not colon or protocol.lower() not in _PROTOCOLS:
        status = "INVALID_PROTOCOL"
    elif recipient is None:
        status = "INVALID_URI"
    else:
        sent = script.postman.post(recipient["user"].rpartition("/")[2], told, message.get("body", ""))
        status = "SUCCESS" if sent else "FAILURE"
    script.assign("MESSAGE_SEND_STATUS", status)


def _party(text: str) -> Party | None:
    found = _WRITTEN.fullmatch(text)
    return Party(found["user"], (found["name"] or "").strip()) if found is not None else None


APPLICATIONS: Final[Mapping[str, Application]] = {"MessageSend": message_send, "SendText": send_text}
