"""What keeps two people from hearing each other, in one sentence that names the hop and the address.

What was counted on a leg's row, what both sides announced, and where the peer's messages really come from tell what
lies between. The same is said of an ACK that does not come and of messages that something on the way has rewritten.
Addresses enter, sentences leave; when it is looked is decided in watch.py.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.core.audio import Ceased
from gateway.core.frozen import frozen
from gateway.sdp.negotiate import Agreement
from gateway.sip.headers import NameAddr, Via
from gateway.sip.session import GONE
from gateway.sip.transport import Address, Flow, is_private
from gateway.sip.uri import SipUri, host_text

__all__ = ["LOOK", "Troubled", "place", "rewritten", "why_ceased", "why_deaf", "why_silent", "why_unacknowledged"]

LOOK: Final = 4.5
"""Seconds after the answer at which audio must have come in: telephones send from the first 20 ms on."""


@frozen
class Troubled:
    """Something keeps the two ends of a leg from hearing each other; for logs.

    Attributes:
        leg: the channel's name.
        text: the sentence.
        over: nothing does any more, and that is what the sentence says.
    """

    leg: str
    text: str
    over: bool = False


def why_silent(
    peer: str, agreement: Agreement, own: Address, bound: str, refused: int = 0, *, heard: bool = False
) -> str:
    """Why no audio comes from `peer`.

    Args:
        agreement: what was agreed; `via` is where the peer's messages come from.
        own: the address and port at which we asked for the audio.
        bound: our own address behind that.
        refused: packets that came and were not what was agreed.
        heard: audio has come in before.
    """
    here, there = place(*own), place(agreement.address, agreement.port)
    said = f"no audio from {peer} has come to {here} for {LOOK:g} s"
    if refused:
        strict = ", and rtp_symmetric = false takes none but those" if agreement.strict else ""
        return (
            f"{said}: {refused} packets came that are in another codec or from another address than {there}{strict}"
        )
    if heard:
        return f"{said}, though some came before: it has stopped sending, or a NAT between has forgotten its way"
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


def why_ceased(
    peer: str,
    agreement: Agreement,
    ceased: Ceased,
    *,
    remote: Address,
    own: Address,
    into: float,
    refused: int,
    status: int | None,
) -> str:
    """What has become of the audio of `peer`, which was heard.

    Args:
        agreement: what was agreed; `via` is where the peer's messages come from.
        ceased: what the row knows.
        remote: where it was heard last.
        own: the address and port at which we asked for the audio.
        into: seconds from the answer to the last packet.
        refused: packets that have come since and were not what was agreed.
        status: what it answers to a request of the call, 0 where it does not answer; None where it was not asked.
    """
    via = host_text(agreement.via or agreement.address)
    told = [
        f"no audio has come from {place(*remote)} to {place(*own)} for {ceased.seconds:.0f} s, "
        f"since {timedelta(seconds=round(into))} after the answer"
    ]
    reports = ceased.reported is not None and ceased.reported < ceased.seconds
    if ceased.reported is not None:
        told.append("its RTCP goes on" if reports else "no RTCP has come since either")
    if status is not None:
        told.append(f"its signalling at {via} {'answers' if status else 'does not answer'}")
    said = f"{peer} has fallen silent: {', '.join(told)}"
    if refused:
        strict = ", and rtp_symmetric = false takes none but its own" if agreement.strict else ""
        return (
            f"{said}: {refused} packets came that are in another codec or from another address{strict}; "
            "where its NAT has got another public address, it is heard again once it registers from there"
        )
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
