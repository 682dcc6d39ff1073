"""Settings of legs by SIP that telephones and trunks share: what [accounts.NUMBER] and [trunks.NAME] both have."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gateway.config.values import Codec, Encrypted, Items, Settings, Variables

__all__ = ["LegSettings"]


class LegSettings(Settings):
    """Calls to and from somebody by SIP.

    Attributes:
        calls: at once; 0 sets no bound.
        codecs: what is offered to it and taken from it, dearest first; where left out, those of [sip].
        media_encryption: SRTP with keys in SDP: "optional" where the other side can and signalling is by TLS,
            "required" for every call, "off" for none.
        rtp_symmetric: audio goes back to where it comes from, as behind NAT, once its source is learned and locked;
            false takes it from, and sends it to, the address and port of the session description alone.
        dtmf: how keys pass: "auto" (as RTP events, else as tones), or "info" (as INFO alone, for old equipment).
        comfort_noise: agree to comfort noise (RFC 3389): while a line or a room is silent its level is told and
            nothing is sent; off, what is silent is sent like anything else.
        t38: take and ask for T.38 when a fax machine is heard; otherwise faxes pass in G.711. Needs libspandsp2.
        variables: of the channel of each call that comes from it: NAME = "value", or a function that can be set,
            such as "CALLERID(num)"; values are never evaluated.
    """

    calls: Annotated[int, Field(ge=0, le=100_000)] = 0
    codecs: Items[Codec] = ()
    media_encryption: Encrypted = "optional"
    rtp_symmetric: bool = True
    dtmf: Literal["auto", "info"] = "auto"
    comfort_noise: bool = False
    t38: bool = False
    variables: Variables = Field(default_factory=dict)
