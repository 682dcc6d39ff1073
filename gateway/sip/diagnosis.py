"""What keeps two people from hearing each other, in one sentence that names the hop and the address.

Some seconds after a leg is up, its row's counters are looked at: where nothing has come in, or where the peer
reports by RTCP that nothing has come to it, what both sides announced, and where the peer's messages really come
from, tell what lies between. The same is said of an ACK that does not come and of messages that something on the
way has rewritten. Addresses enter, sentences leave; nothing is changed.
"""

from __future__ import annotations

from typing import Final, Protocol

from gateway.core.audio import AudioStats, RtpAudio
from gateway.core.frozen import frozen
from gateway.sdp.negotiate import Agreement
from gateway.sip.headers import NameAddr, Via
from gateway.sip.session import Setting, Timer
from gateway.sip.transport import Address, Flow, is_private
from gateway.sip.uri import SipUri, host_text

__all__ = ["FOR_EVER", "Patience", "Troubled", "Watch", "rewritten", "why_deaf", "why_silent", "why_unacknowledged"]

LOOK: Final = 4.5
"""Seconds after the answer at which audio must have come in: telephones send from the first 20 ms on."""
LOOK_AGAIN: Final = 7.0
"""Seconds after that at which who sends reports at all has sent one (RFC 3550 6.2: every 2 to 6.2 s)."""
UNHEARD: Final = 50
"""Packets of ours, 1 s of them, none of which has come when a peer reports: more than may be on their way."""


@frozen
class Patience:
    """For how long a leg that was answered may send no audio before it is given up, in seconds; 0 is for ever.

    Attributes:
        talking: where it is to send some.
        held: where it is on hold, on either side.
    """

    talking: float = 0.0
    held: float = 0.0


@frozen
class Troubled:
    """Something keeps the two ends of a leg from hearing each other; for logs.

    Attributes:
        leg: the channel's name.
        text: the sentence.
    """

    leg: str
    text: str


FOR_EVER: Final = Patience()


class Watched(Protocol):
    """The leg that is watched."""

    @property
    def peer(self) -> str:
        """Who is at the far side, for the sentence."""
        ...

    def missed(self, text: str, now: float) -> None:
        """Its audio does not come in; said once."""
        ...

    def given_up(self, seconds: float, now: float) -> None:
        """Nothing came for so long that patience is at its end."""
        ...


class Watch:
    """Looks whether the audio of one leg comes in.

    Args:
        setting: the stack's services.
        row: the leg's row.
        host: our address where we asked for the audio, at the row's port.
        bound: our own address behind that; another one where a NAT or a container's mapped ports are before us.
        patience: how long it is waited for.

    Attributes:
        leg: who is told, and whose audio it is; None once it is over.
    """

    __slots__ = (
        "_agreement", "_bound", "_end", "_host", "_patience", "_row", "_setting", "_timer", "_up", "leg"
    )  # fmt: skip

    def __init__(
        self, setting: Setting, row: RtpAudio, host: str, bound: str, patience: Patience = FOR_EVER
    ) -> None:
        self._setting = setting
        self._row = row
        self._host = host
        self._bound = bound
        self.leg: Watched | None = None
        self._agreement: Agreement | None = None
        self._patience = patience
        self._timer: Timer | None = None
        self._end: Timer | None = None
        self._up = False

    def agreed(self, agreement: Agreement, now: float) -> None:
        """Audio as agreed from now on; after a hold it is looked for again."""
        resumed = self._agreement is not None and not self._agreement.direction.receives
        self._agreement = agreement
        if self._end is not None:
            self._stop_waiting()  # the row counts its silence anew
        if self._up and resumed and agreement.direction.receives:
            self.up(now)

    def up(self, now: float) -> None:
        """The leg was answered."""
        self._up = True
        self._stop()
        stats = self._row.stats()
        before = stats.received, stats.sent
        self._timer = self._setting.carrier.after(LOOK, now, lambda at: self._look(*before, at))

    def silent(self, seconds: float, now: float) -> None:
        """Nothing has come in for `seconds`, as the row tells once in each silence."""
        agreement = self._agreement
        if not self._up or agreement is None:
            return
        talking = agreement.direction.receives and agreement.direction.sends
        patience = self._patience.talking if talking else self._patience.held
        if patience:
            before = self._row.stats().received
            wait = max(patience - seconds, 0.0)
            self._stop_waiting()
            self._end = self._setting.carrier.at(now + wait, lambda at: self._give_up(before, seconds + wait, at))

    def close(self) -> None:
        """Nobody waits any more."""
        self._stop()
        self.leg = None

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._end is not None:
            self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def _give_up(self, before: int, seconds: float, now: float) -> None:
        self._end = None
        if self._row.stats().received == before:
            assert self.leg is not None  # or it would be closed
            self.leg.given_up(seconds, now)

    def _look(self, received: int, sent: int, now: float) -> None:
        """Tell what is wrong, where before the answer so many packets had come and been sent."""
        self._timer = None
        stats, agreement = self._row.stats(), self._agreement
        if agreement is None:
            return
        unheard = _unheard(stats, sent) if agreement.direction.sends else 0
        if agreement.direction.receives and stats.received == received:
            assert self.leg is not None  # or it would be closed
            # A leg that had early media has proved its way already: who is silent from the answer on sends nothing.
            heard = received > 0
            said = why_silent(self.leg.peer, agreement, self._own, self._bound, stats.refused, heard=heard)
            self.leg.missed(f"{said}; {self._reported(unheard)} either" if unheard else said, now)
        elif agreement.direction.sends:
            self._look_there(sent, now)
            if stats.far_told < sent + UNHEARD:  # its first report is still to come
                self._timer = self._setting.carrier.after(LOOK_AGAIN, now, lambda at: self._look_there(sent, at))

    def _look_there(self, sent: int, now: float) -> None:
        """Tell if the peer reports that it hears nothing."""
        self._timer = None
        agreement, unheard = self._agreement, _unheard(self._row.stats(), sent)
        if unheard and agreement is not None and agreement.direction.sends:
            assert self.leg is not None  # or it would be closed
            remote = self._row.remote or (agreement.address, agreement.port)
            why = why_deaf(agreement, self._own, self._bound, remote)
            self.leg.missed(f"{self.leg.peer} hears nothing: {self._reported(unheard)}: {why}", now)

    @property
    def _own(self) -> Address:
        return self._host, self._row.port

    def _reported(self, unheard: int) -> str:
        there = _place(*self._row.remote) if self._row.remote is not None else "it"
        return f"it reports (RTCP) that none of {unheard} packets from {_place(*self._own)} to {there} has come"


def _unheard(stats: AudioStats, sent: int) -> int:
    """Packets sent since `sent` of them were that a report says have not come; 0 where some have, or none says."""
    unheard = stats.far_told - max(stats.far_heard, sent)
    return unheard if unheard >= UNHEARD else 0


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
    here, there = _place(*own), _place(agreement.address, agreement.port)
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


def why_unacknowledged(peer: str, flow: Flow, contact: NameAddr, seconds: float) -> str:
    """Why the ACK to our 200 does not come."""
    said = f"no ACK from {peer} has come for {seconds:g} s: our 200 went to {_place(*flow.remote)}"
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
        f"something between here and {_place(*flow.remote)} rewrites SIP: our Via {_place(host, port)} "
        f"came back as {back.sent_by}; switch off the SIP ALG of the router"
    )


def _place(host: str, port: int) -> str:
    return f"{host_text(host)}:{port}"
