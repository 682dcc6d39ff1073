"""What keeps two people from hearing each other, in one sentence that names the hop and the address.

What was counted on a leg's row, what both sides announced, and where the peer's messages really come from tell what
lies between. The same is said of an ACK that does not come and of messages that something on the way has rewritten.
Addresses enter, sentences leave; when it is looked is decided in watch.py.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from errno import EACCES, EHOSTUNREACH, ENETUNREACH, EPERM
from typing import Final

from gateway.core.audio import Ceased
from gateway.core.frozen import frozen
from gateway.core.hindrances import Hindrances
from gateway.sdp.negotiate import Agreement
from gateway.sdp.stream import STATIC_FORMATS, UNSPECIFIED
from gateway.sip.headers import NameAddr, Via
from gateway.sip.session import GONE
from gateway.sip.transport import Address, Flow, is_loopback, is_private
from gateway.sip.uri import SipUri, host_text

__all__ = [
    "LOOK",
    "Troubled",
    "may_pause",
    "place",
    "rewritten",
    "why_ceased",
    "why_deaf",
    "why_one_way",
    "why_silent",
    "why_unacknowledged",
    "why_unsent",
]

LOOK: Final = 4.5
"""Seconds after the answer at which audio must have come in: telephones send from the first 20 ms on."""
FEWEST: Final = 8
"""Packets a second that are somebody's audio, of up to 100 ms each; fewer are strays, and explain nothing."""
_UNSENT: Final[Mapping[int, str]] = {
    EPERM: "a firewall of this machine forbids it",
    EACCES: "this machine may not: it is a broadcast address, or its routes prohibit it",
    ENETUNREACH: "this machine has no route there; look at its networks, and its VPN",
    EHOSTUNREACH: "that host is out of reach: it is off, or what lies before it refuses",
}
"""Why the system sends nothing, by errno (ip(7), udp(7))."""


@frozen
class Troubled:
    """Something keeps the two ends of a leg from hearing each other; for logs.

    Attributes:
        leg: the channel's name.
        text: the sentence.
        over: nothing does any more, and that is what the sentence says.
        meant: it may well be what somebody wishes: who is muted.
    """

    leg: str
    text: str
    over: bool = False
    meant: bool = False


def why_silent(
    peer: str, agreement: Agreement, own: Address, bound: str, hindered: Hindrances, *, heard: bool = False
) -> str:
    """Why no audio comes from `peer`.

    Args:
        agreement: what was agreed; `via` is where the peer's messages come from.
        own: the address and port at which we asked for the audio.
        bound: our own address behind that.
        hindered: what came meanwhile and was refused, and what could not be sent.
        heard: audio has come in before.
    """
    here, there = place(*own), place(agreement.address, agreement.port)
    said = f"no audio from {peer} has come to {here} for {LOOK:g} s"
    for why in (_why_unsent(hindered, LOOK), _why_refused(agreement, hindered, LOOK)):
        if why:
            return f"{said}: {why}"
    if heard:
        return f"{said}, though some came before: it has stopped sending, or a NAT between has forgotten its way"
    if agreement.address in UNSPECIFIED:
        return (
            f"{said}: its session description names {agreement.address}: it has put the call on hold from the "
            "beginning, or does not know its own address"
        )
    if is_loopback(agreement.address) and not is_loopback(own[0]):
        return (
            f"{said}: its session description names {there}, which is within its own machine: it does not know its "
            "own address; set that in its network settings"
        )
    via = agreement.via or agreement.address
    if is_private(own[0]) and not is_private(via):
        return (
            f"{said}: it was told to send to {own[0]}, a private address that {via} cannot reach; "
            "set sip.advertised to this machine's public address"
        )
    if own[0] != bound and agreement.address == via:
        return (
            f"{said}: it sends none from {there}, or UDP port {own[1]} of {own[0]} is not mapped to {bound} here, "
            "or a firewall drops it"
        )
    if agreement.address == via:
        return f"{said}: it sends none from {there}, or a firewall on the way to UDP port {own[1]} here drops it"
    if is_private(agreement.address):
        return (
            f"{said}: its session description names {there}, a private address, its messages come from {via}: "
            f"the NAT at {via} lets no audio out to UDP port {own[1]} here"
        )
    if is_private(agreement.origin):
        return (
            f"{said}: its session description names {there} (while its o= names {agreement.origin}), its messages "
            f"come from {via}: a SIP ALG has rewritten it; switch off the SIP ALG of the router at {via}"
        )
    return (
        f"{said}: its session description names {there}, its messages come from {via}: a SIP ALG has rewritten "
        f"one of the two, or its media server {agreement.address} is kept from UDP port {own[1]} here"
    )


def why_deaf(agreement: Agreement, own: Address, bound: str, remote: Address) -> str:
    """Why no audio of ours comes to a peer whose own comes to us, in words that end a sentence.

    Args:
        agreement: what was agreed; `via` is where the peer's messages come from.
        own: the address and port that we named for the audio.
        bound: our own address behind that.
        remote: where we send it.
    """
    via = agreement.via or agreement.address
    if own[0] != bound:
        return (
            f"what leaves {bound} here by UDP port {own[1]} may leave {own[0]} by another one, which the NAT or "
            f"firewall at {via} does not let in; map rtp_ports with the numbers that they have"
        )
    if remote[0] != via:
        return (
            f"its messages come from {via}: {remote[0]} is a media server whose firewall keeps us out, or a SIP "
            f"ALG at {via} has written it"
        )
    return f"the NAT or a firewall at {via} lets nothing in from UDP port {own[1]} here"


def why_unsent(peer: str, own: Address, remote: Address, hindered: Hindrances) -> str:
    """Why `peer` hears nothing: what is sent from `own` to `remote` does not leave; "" where it does."""
    why = _why_unsent(hindered, LOOK)
    return f"{peer} hears nothing: no audio leaves {place(*own)} for {place(*remote)}: {why}" if why else ""


def why_one_way(peer: str, agreement: Agreement) -> str:
    """Why the audio of a call goes one way, or none, that was not put on hold: `peer` has said so."""
    direction = agreement.direction
    if direction.sends:
        what, attribute = "sends no audio", "recvonly"
    elif direction.receives:
        what, attribute = "wants to hear nothing", "sendonly"
    else:
        what, attribute = "neither sends audio nor wants any", "inactive"
    return (
        f"{peer} {what}: that is how its session description began the call (a={attribute}); where that is no "
        "announcement or loudspeaker, look at its settings, or whether a SIP ALG has written it"
    )


def _why_unsent(hindered: Hindrances, seconds: float) -> str:
    """Why what was to be sent for so many seconds has not left this machine; "" where it has."""
    if hindered.unsent < seconds * FEWEST:
        return ""
    return f"nothing can be sent there from here, since {_UNSENT.get(hindered.error, os.strerror(hindered.error))}"


def _why_refused(agreement: Agreement, hindered: Hindrances, seconds: float) -> str:
    """Why what came for so many seconds was not taken; "" where that was too little to explain anything."""
    fewest = seconds * FEWEST
    source = place(*hindered.source) if hindered.source is not None else ""
    if hindered.forged >= fewest:
        return (
            f"{hindered.forged} packets came that the key in its session description has not encrypted: it uses "
            "another, or none, or something between has changed it (a=crypto)"
        )
    if hindered.misfits >= fewest:
        number = hindered.payload_type
        name = STATIC_FORMATS.get(str(number), "").partition("/")[0]
        named = f" ({name})" if name else ""
        return (
            f"{hindered.misfits} packets came from {source} in payload type {number}{named}, where "
            f"{agreement.accepts[0]} ({agreement.codec.encoding.value}) was agreed: it does not keep to what it "
            "has said; leave it one codec in its settings"
        )
    if hindered.strangers >= fewest and agreement.strict:
        return (
            f"{hindered.strangers} packets came from {source} and none from "
            f"{place(agreement.address, agreement.port)}, and rtp_symmetric = false takes none but those"
        )
    known = (agreement.address, agreement.via)
    if hindered.strangers >= fewest and hindered.source is not None and hindered.source[0] not in known:
        return (
            f"{hindered.strangers} packets came from {source} instead, which are not taken: it is somebody else, "
            "or its NAT has another public address; then it is heard again once it registers from there"
        )
    others = hindered.refused - hindered.forged - hindered.misfits - hindered.strangers
    return (
        f"{others} packets came that are no audio, or not in the codec that was agreed" if others >= fewest else ""
    )


def may_pause(agreement: Agreement, ceased: Ceased, hindered: Hindrances, status: int | None) -> bool:
    """Whether a peer whose audio has ceased is there, and may have stopped sending by itself: see `why_ceased`.

    Its RTCP goes on, as of who sends nothing (RFC 3550 6.4), or it may fall silent in pauses (RFC 3389 section 4).
    """
    reports = ceased.reported is not None and ceased.reported < ceased.seconds
    is_there = bool(status) and status not in GONE and not ceased.rejected
    return is_there and not hindered.refused and (reports or agreement.noise is not None)


def why_ceased(
    peer: str,
    agreement: Agreement,
    ceased: Ceased,
    *,
    remote: Address,
    own: Address,
    into: float,
    hindered: Hindrances,
    waited: float,
    status: int | None,
) -> str:
    """What has become of the audio of `peer`, which was heard.

    Args:
        agreement: what was agreed; `via` is where the peer's messages come from.
        ceased: what the row knows.
        remote: where it was heard last.
        own: the address and port at which we asked for the audio.
        into: seconds from the answer to the last packet.
        hindered: what has been refused, and not been sent, in the last `waited` seconds.
        status: what it answers to a request of the call, 0 where it does not answer; None where it was not asked.
    """
    via = host_text(agreement.via or agreement.address)
    known = remote[0] in (agreement.address, agreement.via or agreement.address)
    unknown = "" if known else ", which none of its messages has named,"
    told = [
        f"no audio has come from {place(*remote)}{unknown} to {place(*own)} for {ceased.seconds:.0f} s, "
        f"since {timedelta(seconds=round(into))} after the answer"
    ]
    reports = ceased.reported is not None and ceased.reported < ceased.seconds
    if ceased.reported is not None:
        told.append("its RTCP goes on" if reports else "no RTCP has come since either")
    if status is not None:
        told.append(f"its signalling at {via} {'answers' if status else 'does not answer'}")
    said = f"{peer} has fallen silent: {', '.join(told)}"
    for why in (_why_unsent(hindered, waited), _why_refused(agreement, hindered, waited)):
        if why:
            return f"{said}: {why}"
    if ceased.rejected:
        return (
            f"{said}: {host_text(remote[0])} says that nobody takes audio at its UDP port {remote[1]} any more "
            "(ICMP port unreachable): what ran there has ended, or started anew"
        )
    if status in GONE:
        return f"{said}, but knows no such call ({status}): it has started anew, or gone"
    if reports:
        return f"{said}: the way is open, and it has stopped sending: it is muted, or its microphone is gone"
    if status:
        return (
            f"{said}: it has stopped sending, or a NAT or firewall between has forgotten the way of its audio to "
            f"UDP port {own[1]} here"
        )
    return f"{said}: it, or its router, has lost its power, its network or its public address"


def why_unacknowledged(peer: str, flow: Flow, contact: NameAddr, seconds: float) -> str:
    """Why the ACK to our 200 does not come."""
    said = f"no ACK from {peer} has come for {seconds:g} s: our 200 went to {place(*flow.remote)}"
    host = contact.uri.host if isinstance(contact.uri, SipUri) else ""
    if is_private(host) and not is_private(flow.remote[0]):
        return (
            f"{said} and asked for the ACK at {host}, a private address that it cannot reach; "
            "set sip.advertised to this machine's public address"
        )
    return (
        f"{said} and asked for the ACK at {contact.uri}: a NAT or firewall between loses one of them, "
        "or a SIP ALG rewrites the Contact"
    )


def rewritten(flow: Flow, back: Via) -> str:
    """Who has changed our Via, which must come back as it was sent (RFC 3261 18.2.2); "" where nobody has."""
    host, port = flow.local
    if back.host == host and back.port in (port, port or None):
        return ""
    return (
        f"something between here and {place(*flow.remote)} rewrites SIP: our Via {place(host, port)} "
        f"came back as {back.sent_by}; switch off the SIP ALG of the router"
    )


def place(host: str, port: int) -> str:
    """An address and a port, as people write them."""
    return f"{host_text(host)}:{port}"
