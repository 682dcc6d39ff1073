"""Mailboxes in the configuration: [voicemail.BOX].

A box is called as dialplans call it: `201`, or `201@shop` where it is not of the context `default`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from gateway.config.values import Digits, Items, Label, Settings, refuse, time_zone, word_or_none

__all__ = ["VoicemailSettings"]

_MAIL_LENGTH: Final = 254
"""Characters of a mail address (RFC 5321, section 4.5.3.1.3)."""


def _mail(address: str) -> str:
    local, at, host = address.rpartition("@")
    good = local and at and host and address.isprintable() and not set(address) & set(' ,;<>"')
    if address and (not good or len(address) > _MAIL_LENGTH):
        raise refuse(f'"{address[:60]}" is no mail address', 'write it like "ada@example.com"')
    return address


_Mail = Annotated[str, AfterValidator(_mail)]
_Seconds = Annotated[int, Field(ge=0, le=86_400)]


class VoicemailSettings(Settings):
    """[voicemail.BOX]: a mailbox.

    Attributes:
        pin: digits that open it; empty for none.
        name: of its owner, for the directory.
        email: where it tells of messages; pager: where it does so shortly.
        language: of its prompts; where empty, the office's.
        timezone: IANA name, for the times that it says; None takes the office's.
        attach: send the message with the mail.
        delete: keep nothing that has been sent by mail.
        say_caller: say who called; say_time: say when; say_duration: say how long a message is.
        review: let callers hear their message and speak it again.
        operator: let callers leave to the extension o by 0.
        callback: context in which its owner may call back; dial_out: context in which it may call anybody. Where
            empty, it may not.
        exit_context: where callers go who leave by * or 0; where empty, the one that they come from.
        messages: the most that each of its folders holds.
        shortest, longest: seconds of a message; 0 is no bound.
        silence: seconds after which a message ends by itself.
        greeting: seconds of the longest greeting.
        aliases: other names of it.
        formats: in which messages are kept, the first one sent by mail.
    """

    pin: Annotated[Digits, Field(repr=False)] = ""
    name: Label = ""
    email: _Mail = ""
    pager: _Mail = ""
    language: Annotated[str, AfterValidator(word_or_none)] = ""
    timezone: Annotated[str, AfterValidator(time_zone)] | None = None
    attach: bool = True
    delete: bool = False
    say_caller: bool = False
    say_time: bool = True
    say_duration: bool = True
    review: bool = False
    operator: bool = False
    callback: Annotated[str, AfterValidator(word_or_none)] = ""
    dial_out: Annotated[str, AfterValidator(word_or_none)] = ""
    exit_context: Annotated[str, AfterValidator(word_or_none)] = ""
    messages: Annotated[int, Field(ge=1, le=9999)] = 100
    shortest: _Seconds = 0
    longest: _Seconds = 180
    silence: Annotated[int, Field(ge=0, le=600)] = 10
    greeting: Annotated[int, Field(ge=1, le=600)] = 60
    aliases: Items[Annotated[str, AfterValidator(word_or_none)]] = ()
    formats: Annotated[Items[Literal["wav", "wav49", "gsm"]], Field(min_length=1)] = ("wav",)
