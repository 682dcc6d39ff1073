"""Trunks in the configuration: SIP providers and other exchanges, [trunks.NAME].

Tables of text become frozen settings; what a trunk tells together with other tables is checked in `consistency`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from dialplan.pattern import Pattern, PatternError
from gateway.config.address import ServerName
from gateway.config.leg import LegSettings
from gateway.config.values import (
    Items,
    Label,
    Name,
    Networks,
    Settings,
    mailbox_or_none,
    refuse,
    word_or_none,
    written,
)

__all__ = ["RuleSettings", "Server", "TrunkSettings"]


def _pattern(text: str) -> str:
    try:
        Pattern.parse(f"_{text}")
    except PatternError as error:
        raise refuse(f'"{text}" is no pattern: {error}', 'write it like "00X." or "+1NXXNXXXXXX"') from None
    return text


Server = Annotated[ServerName, written(ServerName.parse, 'write it like "sip.example.com", "tcp:192.0.2.1:5060"')]


class RuleSettings(Settings):
    """A rule of [trunks.NAME]: how numbers of one pattern are rewritten.

    Attributes:
        match: the pattern, in the dialplan's language without its underscore: "00X.", "1XX".
        strip: characters that are taken off at the front.
        prepend: what is put there.
        replace: the number to use in place of it all.
    """

    match: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_pattern)]
    strip: Annotated[int, Field(ge=0, le=32)] = 0
    prepend: Annotated[str, AfterValidator(word_or_none)] = ""
    replace: Annotated[str, AfterValidator(word_or_none)] = ""


class TrunkSettings(LegSettings):
    """[trunks.NAME]: a SIP provider or another exchange, dialled as `SIP/NUMBER@NAME`.

    Attributes:
        servers: where it is, the preferred first; the others are tried where one is silent or takes no calls.
        proxy: through which all that goes there is sent.
        user: our user there.
        secret: its password.
        auth_user: the user of digest authentication, where it is not `user`.
        realm: the only realm that is given proofs; where empty, whichever asks.
        domain: the domain in what we send; where empty, the first server's name.
        registers: keep a registration there.
        expires: seconds of a registration.
        keep_alive: seconds between two keep-alives of a registration, which keep a NAT open; 0 sends none.
        outbound: register a flow of ours, known whatever our address is (RFC 5626), where the provider can that.
        qualify: seconds between two OPTIONS that show whether a server is there; 0 sends none. One that has our
            registration, and never answers any, is called all the same.
        lamps: extensions of the office there that are watched, for hints: `exten => 201,hint,SIP/201@NAME`.
        mailbox: of ours that shows how many messages wait for `user` there, "201" or "201@shop".
        context: of the dialplan, where its calls come in.
        from_user: what From says in place of the caller's number, which then goes as P-Asserted-Identity.
        from_domain: the domain of our From; where empty, that of the trunk.
        sources: networks from which its calls may come, beside the addresses of its servers.
        challenge: ask its calls for proof of `user` and `secret`.
        trusted: believe what it says of callers, and tell it those that must not be shown.
        caller_out: rules for callers' numbers in calls to it; the first that fits is applied.
        called_out: the same for the number called.
        caller_in: rules for callers' numbers in calls from it.
        called_in: the same for the number called: direct dialling in.
    """

    servers: Annotated[Items[Server], Field(min_length=1, max_length=8)]
    proxy: Server | None = None
    user: Label = ""
    secret: Annotated[str, Field(max_length=256, repr=False)] = ""
    auth_user: Label = ""
    realm: Label = ""
    domain: Annotated[str, AfterValidator(word_or_none)] = ""
    registers: bool = True
    expires: Annotated[int, Field(ge=60, le=86400)] = 600
    keep_alive: Annotated[int, Field(ge=0, le=3600)] = 25
    outbound: bool = False
    qualify: Annotated[int, Field(ge=0, le=3600)] = 30
    lamps: Annotated[Items[Name], Field(max_length=200)] = ()
    mailbox: Annotated[str, AfterValidator(mailbox_or_none)] = ""
    context: Name = "from-pstn"
    from_user: Label = ""
    from_domain: Annotated[str, AfterValidator(word_or_none)] = ""
    sources: Networks = ()
    challenge: bool = False
    trusted: bool = True
    caller_out: Items[RuleSettings] = ()
    called_out: Items[RuleSettings] = ()
    caller_in: Items[RuleSettings] = ()
    called_in: Items[RuleSettings] = ()
