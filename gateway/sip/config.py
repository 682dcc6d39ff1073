"""How a SIP stack behaves: what an operator may set, each part by the room that it is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from gateway.core.frozen import frozen
from gateway.sip.account import Account
from gateway.sip.auth import OFFERED
from gateway.sip.digest import Algorithm
from gateway.sip.doorman import DoormanConfig
from gateway.sip.events.notifier import NotifierConfig
from gateway.sip.message_method import LONGEST_TEXT
from gateway.sip.outfit import LegsConfig
from gateway.sip.overload import OverloadConfig
from gateway.sip.registrar import RegistrarConfig
from gateway.sip.session import Intervals
from gateway.sip.transaction.table import MAX_DATAGRAM, MAX_TRANSACTIONS
from gateway.sip.transaction.timers import TimerConfig
from gateway.sip.uri import SipUri

__all__ = ["SipConfig"]


@frozen
class SipConfig:
    """How the stack behaves.

    Attributes:
        realm: of digest authentication.
        stun: STUN servers that tell our public address, with their ports.
        keep_alive: seconds between two questions that keep a NAT before a telephone open (UDP); 0 asks none.
        advertised: our address as peers outside of private networks see it, or a host name for it, where the one we
            listen on means nothing to them; may be empty.
        algorithms: of digest authentication that are offered, the preferred first.
        integrity: whether digests over bodies are offered, too.
        longest_text: octets of a MESSAGE's body where no datagram carries it.
        timers: RFC 3261 table 4.
        legs: codecs, number and address of legs.
        registrar: bounds of registrations.
        notifier: bounds of subscriptions and publications.
        doorman: who is not heard.
        overload: when new requests are refused.
        stranger: for whom calls of telephones without an account are taken, to be told so; None refuses them.
        help: the number that a call for urn:service:sos is for (RFC 5031); "" refuses such calls.
        intervals: of session timers (RFC 4028).
        transactions: the most at a time; more are answered with 503.
        datagram: octets beyond which a request goes by TCP in place of UDP (RFC 3261 18.1.1), and by UDP after all
            where there is no TCP; 0 sends all by UDP.
    """

    realm: str = "copperline"
    advertised: str = ""
    stun: Sequence[SipUri] = ()
    keep_alive: float = 25.0
    algorithms: Sequence[Algorithm] = OFFERED
    integrity: bool = False
    longest_text: int = LONGEST_TEXT
    timers: TimerConfig = field(default_factory=TimerConfig)
    legs: LegsConfig = field(default_factory=LegsConfig)
    registrar: RegistrarConfig = field(default_factory=RegistrarConfig)
    notifier: NotifierConfig = field(default_factory=NotifierConfig)
    doorman: DoormanConfig = field(default_factory=DoormanConfig)
    overload: OverloadConfig = field(default_factory=OverloadConfig)
    stranger: Account | None = None
    help: str = ""
    intervals: Intervals = field(default_factory=Intervals)
    transactions: int = MAX_TRANSACTIONS
    datagram: int = MAX_DATAGRAM
