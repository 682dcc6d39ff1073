"""SIP legs: made of an INVITE that came in, or reserved for a call that goes out.

Here an INVITE of a known account becomes a row, a negotiation, a dialog, a session and a channel, in that order,
or a refusal that leaves none of them behind; and a `Dial` becomes the INVITE to a telephone's binding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.core.audio import AudioFactory, Codec
from gateway.core.cause import Cause
from gateway.core.errors import Exhausted, MalformedError, RemoteError
from gateway.core.messages import Dial, Event, Offered
from gateway.core.number import Party, Presentation
from gateway.core.trace import Recorder
from gateway.sdp.negotiate import DEFAULT_CODECS, Negotiation, NotAcceptable
from gateway.sip.account import Account
from gateway.sip.binding import Binding
from gateway.sip.channel import SipChannel
from gateway.sip.dialog import Dialog
from gateway.sip.headers import NameAddr
from gateway.sip.incoming import RETRY_AFTER, IncomingSession
from gateway.sip.journal import Journal
from gateway.sip.message import Request, Response
from gateway.sip.outgoing import OutgoingSession
from gateway.sip.parameters import Parameters
from gateway.sip.session import Reply, Setting, description_of, not_acceptable
from gateway.sip.session_timer import too_brief
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri, TelUri

__all__ = ["Legs", "LegsConfig"]

FIRST_NUMBERS: Final = 2**16
"""A dialog's CSeq begins at random below this (RFC 3261 8.1.1.5 asks for less than 2**31)."""
NO_USER: Final = "s"
"""The extension of a call that names none."""
ANONYMOUS: Final = NameAddr(SipUri.of("anonymous", "anonymous.invalid"), "Anonymous")
"""RFC 3323 section 4.1."""


@dataclass(frozen=True, slots=True)
class LegsConfig:
    """What legs are like.

    Attributes:
        codecs: offered and taken, most wanted first.
        channels: the most legs at a time.
        advertised: our address as peers see it, where the one we listen on means nothing to them; may be empty.
    """

    codecs: Sequence[Codec] = DEFAULT_CODECS
    channels: int = 2000
    advertised: str = ""


class Legs:
    """Every SIP leg of a stack.

    Args:
        config: what they are like.
        setting: the stack's services to sessions.
        audio: where rows come from.
        recorder, journal: where legs are written down.
        token: makes tags and Call-IDs that nobody can guess.
        emit: takes the legs' events.
    """

    def __init__(
        self,
        *,
        config: LegsConfig,
        setting: Setting,
        audio: AudioFactory,
        recorder: Recorder,
        journal: Journal,
        token: Callable[[], str],
        emit: Callable[[SipChannel, Event], None],
    ) -> None:
        self._config = config
        self._setting = setting
        self._audio = audio
        self._recorder = recorder
        self._journal = journal
        self._token = token
        self._emit = emit
        self._serial = 0
        self._call_ids: dict[SipChannel, str] = {}

    def __len__(self) -> int:
        """How many legs live."""
        return len(self._call_ids)

    def accept(
        self, request: Request, reply: Reply, account: Account, flow: Flow, now: float
    ) -> IncomingSession | Response:
        """Make a leg of an INVITE that `account` has sent; the response to send where that cannot be."""
        if len(self) >= self._config.channels:
            return _busy(request)
        refusal = too_brief(request, self._setting.intervals.minimum)
        if refusal is not None:
            return refusal
        host = self._host(flow)
        try:
            offer = description_of(request)
            dialog = Dialog.as_server(
                request, tag=self._token(), flow=flow, contact=self._contact(flow), number=self._first_number()
            )
            row = self._audio.rtp(host)
        except MalformedError as fault:
            return request.reply(400, str(fault))
        except Exhausted:
            return _busy(request)
        negotiation = Negotiation(
            address=row.address, port=row.port, session_id=self._session_id(), codecs=self._config.codecs
        )
        try:
            if offer is not None:
                negotiation.answer(offer)
        except NotAcceptable as why:
            row.close()
            return not_acceptable(request, why)
        reply(request.reply(100), now)
        channel = SipChannel(
            name=self._name(account.user),
            peer=f"account {account.user}",
            audio=row,
            recorder=self._recorder,
            emit=self._emit,
            over=self._over,
        )
        self._begin(channel, request.call_id)
        session = IncomingSession(self._setting, channel, request, reply, dialog, negotiation, peer=channel.peer)
        channel.attach(session)
        if negotiation.agreement is not None:
            channel.agreed(negotiation.agreement, now)
        caller = Party(account.user, account.name)
        self._emit(channel, Offered(_called(request), caller, account.context))
        return session

    def reserve(self, account: Account, binding: Binding) -> SipChannel:
        """A leg to the telephone at `binding`; its `Dial` sends the INVITE.

        Raises:
            RemoteError: there is no room for one more leg.
        """
        if len(self) >= self._config.channels:
            raise RemoteError(
                f"all {self._config.channels} SIP legs are in use", Cause.SWITCHING_EQUIPMENT_CONGESTION
            )
        try:
            row = self._audio.rtp(self._host(binding.flow))
        except Exhausted as fault:
            raise RemoteError(str(fault), Cause.RESOURCE_UNAVAILABLE) from fault
        call_id = f"{self._token()}@{self._host(binding.flow)}"
        negotiation = Negotiation(
            address=row.address, port=row.port, session_id=self._session_id(), codecs=self._config.codecs
        )

        def place(channel: SipChannel, dial: Dial, now: float) -> OutgoingSession:
            return OutgoingSession(
                self._setting,
                channel,
                self._invite(account, binding, dial.caller, call_id),
                binding.flow,
                self._contact(binding.flow),
                negotiation,
                peer=channel.peer,
                number=self._first_number(),
            )

        channel = SipChannel(
            name=self._name(account.user),
            peer=f"account {account.user}",
            audio=row,
            recorder=self._recorder,
            emit=self._emit,
            over=self._over,
            place=place,
        )
        self._begin(channel, call_id)
        return channel

    def _invite(self, account: Account, binding: Binding, caller: Party, call_id: str) -> Request:
        host = self._host(binding.flow)
        invite = Request("INVITE", replace(binding.contact, headers=""))
        shown = caller.presentation is Presentation.ALLOWED
        who = NameAddr(SipUri.of(caller.number or "unknown", host), caller.name) if shown else ANONYMOUS
        invite.headers.set("From", who.tagged(self._token()))
        invite.headers.set("To", NameAddr(SipUri.of(account.user, host)))
        invite.headers.set("Call-ID", call_id)
        if not shown:
            invite.headers.set("Privacy", "id")
        return invite

    def _begin(self, channel: SipChannel, call_id: str) -> None:
        self._call_ids[channel] = call_id
        self._journal.begin(call_id, channel.name)

    def _over(self, channel: SipChannel, now: float) -> None:
        call_id = self._call_ids.pop(channel)
        # CANCEL, the INVITE and BYE may go on, one after the other, for a transaction's life each.
        late = now + 3 * self._setting.timers.patience
        self._setting.carrier.at(late, lambda _: self._journal.end(call_id))

    def _host(self, flow: Flow) -> str:
        return self._config.advertised or flow.local[0]

    def _contact(self, flow: Flow) -> NameAddr:
        parameters = Parameters() if flow.transport == "udp" else Parameters((("transport", flow.transport),))
        return NameAddr(SipUri.of("copperline", self._host(flow), flow.local[1], parameters))

    def _name(self, user: str) -> str:
        self._serial += 1
        return f"SIP/{user}-{self._serial:08x}"

    def _first_number(self) -> int:
        return self._setting.random.randrange(1, FIRST_NUMBERS)

    def _session_id(self) -> int:
        return self._setting.random.getrandbits(62)


def _called(request: Request) -> str:
    uri = request.uri
    number = uri.digits if isinstance(uri, TelUri) else uri.username if isinstance(uri, SipUri) else ""
    return number or NO_USER


def _busy(request: Request) -> Response:
    response = request.reply(503)
    response.headers.set("Retry-After", RETRY_AFTER)
    return response
