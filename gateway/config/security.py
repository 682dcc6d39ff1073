"""Who is not heard by SIP, in the configuration: [security]."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Final

from pydantic import Field

from gateway.config.values import Items, Label, Network, Networks, Settings

__all__ = ["SecuritySettings"]

_HERE: Final[tuple[Network, ...]] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_SCANNERS: Final = (
    "friendly-scanner",
    "friendly-request",
    "sipvicious",
    "sipcli",
    "sip-scan",
    "sundayddr",
    "SIVuS",
    "Gulp",
    "smap",
    "VaxSIPUserAgent",
    "pplsip",
    "siparmyknife",
)


class SecuritySettings(Settings):
    """[security]: who is not heard by SIP, and what stories of calls keep to themselves.

    Attributes:
        rate: requests a second that one source may send outside of calls, and connections that it may make; sources
            of registered telephones and of trunks, and requests within calls, have ten times as much; what proves
            an account counts for that account, and not for the address that it shares with others; 0 means no
            bound.
        burst: how many of them at once.
        ban_after: failed attempts to prove an account after which a source is not heard for a while; ten times as
            many where telephones are registered from it, which are heard on by the ports and connections that they
            have registered by, unless they fail themselves; 0 bans nobody.
        ban_window: seconds in which they are counted.
        ban_seconds: how long a ban lasts.
        scanners: beginnings of User-Agents that get no answer, unless they come from where a registered telephone
            or a trunk is.
        allow: networks that are neither limited nor banned.
        show_keys: stories, captures and records of calls tell which keys were pressed in a call: PINs and card
            numbers, too; where false, only that keys came, and how. For looking into keys that are not understood.
    """

    rate: Annotated[float, Field(ge=0, le=100_000)] = 20.0
    burst: Annotated[float, Field(ge=1, le=1_000_000)] = 100.0
    ban_after: Annotated[int, Field(ge=0, le=1000)] = 10
    ban_window: Annotated[float, Field(gt=0, le=86_400)] = 600.0
    ban_seconds: Annotated[float, Field(gt=0, le=31_536_000)] = 1800.0
    scanners: Items[Label] = _SCANNERS
    allow: Networks = _HERE
    show_keys: bool = False
