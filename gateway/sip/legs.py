"""SIP legs: made of an INVITE that came in, or reserved for a call that goes out.

Here an INVITE of a known account becomes a dialog, a row, a negotiation, a channel and a session, in that order, or
a refusal that leaves none of them behind. How a leg that goes out calls is `placing`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gateway.core.audio import AudioFactory, RtpAudio
from gateway.core.cause import Cause
from gateway.core.errors import LocalError, MalformedError, RemoteError
from gateway.core.fax import ImageFactory
from gateway.core.frozen import record
from gateway.core.messages import Dial, Event, Offered
from gateway.core.trace import Recorder
from gateway.sdp.negotiate import NotAcceptable
from gateway.sip.account import Account
from gateway.sip.binding import Binding
from gateway.sip.causes import reason_header
from gateway.sip.channel import SipChannel
from gateway.sip.diagnosis import Troubled
from gateway.sip.dialog import Dialog, DialogId
from gateway.sip.diversions import diversion_of
from gateway.sip.established import Established
from gateway.sip.events.dialog_info import Seal
from gateway.sip.fax import LegFax
from gateway.sip.fork import Fork
from gateway.sip.header_text import HeaderText
from gateway.sip.identity import caller_of, number_of
from gateway.sip.incoming import IncomingSession
from gateway.sip.invite import hops_of
from gateway.sip.journal import Journal
from gateway.sip.message import Request, Response
from gateway.sip.open_ways import OpenWays
from gateway.sip.outfit import FIRST_NUMBER, LegsConfig, Outfit
from gateway.sip.placing import Placing
from gateway.sip.portability import portability_of
from gateway.sip.preferences import preferences_of
from gateway.sip.reach import Reach
from gateway.sip.redirection import Redirections
from gateway.sip.refusals import AccessRefused
from gateway.sip.replaces import Takeover, takeover, target_dialog
from gateway.sip.secure import as_sips, secure_wish, wants_sips
from gateway.sip.session import Member, Reply, Setting, Talk, Timer, description_of, not_acceptable
from gateway.sip.session_timer import too_brief
from gateway.sip.source import is_certain
from gateway.sip.target import Target
from gateway.sip.transport import Flow
from gateway.sip.trunk_words import Outbound
from gateway.sip.watch import Watch

__all__ = ["Legs"]

NO_USER: Final = "s"
"""The extension of a call that names none."""
REVIEW: Final = 10.0
"""Seconds between two looks, at least, which calls are to be told of another address of ours: a peer says where it
sees us, and may say another place each time.
"""
RETRY_AFTER: Final = 5
"""Seconds that a caller for whom there is no room is asked to wait."""


@record
class _Kept:
    """What is known of a leg beside itself.

    Attributes:
        account: whose it is.
        call_ids: of its dialogs.
        trouble: what was missed on it; "" for nothing.
        way: to its telephone behind NAT, held open for it; None where that is not needed.
    """

    account: Account
    call_ids: tuple[str, ...] = ()
    trouble: str = ""
    way: Flow | None = None


class Legs:
    """Every SIP leg of a stack.

    Args:
        config: what they are like.
        setting: the stack's services to sessions.
        audio: where rows come from.
        recorder, journal: where legs are written down.
        token: makes tags and Call-IDs that nobody can guess.
        emit: takes the legs' events.
        told: takes what keeps people from hearing each other, and calls that were refused for want of room.
        images: where T.38 streams come from; None for none.
        contacts: where an account is reached, most preferred first, for redirections to it.
        realm: the office's domain name, in redirections.
        seal: knows what we have shown of legs, for those that are to be replaced.
        reach: knows which address of ours is ours to whom.
        ways: to telephones behind NAT, held open while there is a call.
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
        told: Callable[[Troubled | AccessRefused], None],
        contacts: Callable[[str, float], Sequence[Binding]],
        realm: str,
        seal: Seal,
        reach: Reach,
        ways: OpenWays,
        images: ImageFactory | None = None,
    ) -> None:
        self._outfit = Outfit(config, setting, token=token, reach=reach, images=images)
        self._ways = ways
        self._reach = reach
        self._seal = seal
        self._redirections = Redirections(
            config.redirects, contacts=contacts, realm=realm, ours=reach.is_ours, resolver=setting.resolver
        )
        self._setting = setting
        self._audio = audio
        self._recorder = recorder
        self._journal = journal
        self._token = token
        self._emit = emit
        self._serial = 0
        self._legs: dict[SipChannel, _Kept] = {}
        self._in_use: dict[str, int] = {}
        self._review: Timer | None = None
        self._reviewed = -REVIEW
        reach.moved = self._moved
        self._told = told
        # Made once, for every leg holds them.
        self._told_over, self._told_missed, self._told_begun = self._over, self._missed, self._begin

    def __len__(self) -> int:
        """How many legs live."""
        return len(self._legs)

    def accept(
        self, request: Request, reply: Reply, account: Account, called: str, flow: Flow, now: float
    ) -> IncomingSession | Response:
        """Make a leg of an INVITE for `called` that `account` has sent; the response where that cannot be."""
        if account.calls and self._is_full(account):
            return self._busy(request, account, flow, f"all {account.calls} calls of {account} are in progress")
        refusal = too_brief(request, self._setting.intervals.minimum)
        if refusal is not None:
            return refusal
        carrier = self._setting.carrier
        wish = takeover(request, carrier.member, self._seal, carrier.is_past, self._ringing)
        if isinstance(wish, Response):
            return wish
        try:
            offer = description_of(request)
            dialog = self._dialog(request, flow)
            row = self._audio.rtp(flow.local[0])
        except MalformedError as fault:
            return request.reply(400, str(fault))
        except LocalError as fault:
            return self._busy(request, account, flow, str(fault))
        (host, _), fax = self._reach.address(flow), self._outfit.fax(account, flow)
        negotiation = self._outfit.negotiation(account, flow, host, row, fax)
        try:
            if offer is not None:
                negotiation.answer(offer)
        except NotAcceptable as why:
            row.close()
            fax.close()
            return not_acceptable(request, why)
        reply(request.reply(100), now)
        channel = self._channel(account, row, fax, self._outfit.watch(row, flow, host))
        self._begin(channel, request.call_id)
        if not account.trunk and self._ways.hold(channel.peer, dialog.target, flow, now):
            self._legs[channel].way = flow
        session = IncomingSession(
            self._setting, channel, request, reply, dialog, negotiation, peer=channel.peer, now=now
        )
        channel.attach(session)
        self._emit(channel, _offered(request, account, called or NO_USER, wish))
        if negotiation.agreement is not None:
            channel.agreed(negotiation.agreement, now)
        return session

    def refer(self, request: Request, account: Account, flow: Flow, reply: Reply, now: float) -> Response | None:
        """Give a REFER from outside to the call that it is for; the refusal where that cannot be.

        It names a call (RFC 4538): who can name a dialog's tags takes part in it, which is the proof that section 6
        asks for. Or it is for a conference in which `account` is (RFC 4579 5.5, 5.11), and counts as what that one
        asks for there: what its profile does not have, it does not get so either. For that, who asks has to be
        certain: a trunk is known by an address, which anybody can write into a datagram.
        """
        try:
            named = target_dialog(request)
            if named is None and not is_certain(request, flow):
                return request.reply(403, "Name The Call By Target-Dialog")
            call = self._conferring(account, number_of(request.uri)) if named is None else self._named(named)
            if call is None:
                return request.reply(403, "REFER Is Taken Within A Call") if named is None else request.reply(481)
            dialog = self._dialog(request, flow)
        except MalformedError as fault:
            return request.reply(400, str(fault)[:80])
        dialog.confer(call.conference)
        call.referred(request, dialog, reply, now)
        return None

    def _named(self, dialog: DialogId) -> Talk | None:
        call = self._setting.carrier.member(dialog)
        return call if isinstance(call, Established) else None

    def _conferring(self, account: Account, number: str) -> Talk | None:
        """The call of `account` that is in the conference of that number."""
        own = (channel for channel, kept in self._legs.items() if kept.account == account)
        return next((call for channel in own if number and (call := channel.confers(number)) is not None), None)

    def _dialog(self, request: Request, flow: Flow) -> Dialog:
        contact = as_sips(self._reach.contact(flow), wanted=wants_sips(request))
        return Dialog.as_server(request, tag=self._token(), flow=flow, contact=contact, number=FIRST_NUMBER - 1)

    def reserve(self, account: Account, targets: Sequence[Target], outbound: Outbound | None = None) -> SipChannel:
        """A leg to `targets` (some), most preferred first; its `Dial` calls them.

        Args:
            account: whose they are.
            outbound: how calls of the trunk are written; None for telephones.

        Raises:
            RemoteError: there is no room for one more leg.
        """
        if account.calls and self._is_full(account):
            raise RemoteError(
                f"all {account.calls} calls of {account} are in progress",
                Cause.NO_CIRCUIT_AVAILABLE if account.trunk else Cause.USER_BUSY,
            )
        try:
            row = self._audio.rtp(targets[0].flow.local[0])
        except LocalError as fault:
            raise RemoteError(str(fault), Cause.RESOURCE_UNAVAILABLE) from fault

        placing = Placing(self._outfit, self._redirections, self._told_begun, account, targets, outbound)
        flow = targets[0].flow
        host, _ = self._reach.address(flow)
        watch = self._outfit.watch(row, flow, host)
        return self._channel(account, row, self._outfit.fax(account, flow), watch, placing.fork)

    def _channel(
        self,
        account: Account,
        row: RtpAudio,
        fax: LegFax,
        watch: Watch,
        place: Callable[[SipChannel, Dial], Fork] | None = None,
    ) -> SipChannel:
        user = account.user
        self._serial += 1
        channel = SipChannel(
            name=f"SIP/{user}-{self._serial:08x}",
            peer=str(account),
            audio=row,
            recorder=self._recorder,
            emit=self._emit,
            over=self._told_over,
            watch=watch,
            missed=self._told_missed,
            fax=fax,
            trusted=account.trusted,
            info_keys=account.info_keys,
            place=place,
        )
        self._legs[channel] = _Kept(account)
        self._in_use[user] = self._in_use.get(user, 0) + 1
        return channel

    def early(self, dialog: DialogId) -> Member | None:
        """Who takes requests in an early dialog of an INVITE of ours (RFC 3261 12.1); None where it is none."""
        channel = self._of(dialog.call_id)
        return channel.early(dialog) if channel is not None else None

    def _ringing(self, dialog: DialogId) -> str:
        """The leg that has begun `dialog`, an early one, by an INVITE of its own; "" for none."""
        channel = self._of(dialog.call_id)
        return channel.name if channel is not None and channel.began(dialog) else ""

    def _of(self, call_id: str) -> SipChannel | None:
        """The leg of that Call-ID. All are looked through, but for nobody who invents one."""
        name = self._journal.leg(call_id)
        return next((channel for channel in self._legs if channel.name == name), None) if name else None

    def _begin(self, channel: SipChannel, call_id: str) -> None:
        kept = self._legs[channel]
        kept.call_ids += (call_id,)
        self._journal.begin(call_id, channel.name)

    def _over(self, channel: SipChannel, now: float) -> None:
        kept = self._legs.pop(channel)
        user, call_ids = kept.account.user, kept.call_ids
        self._in_use[user] -= 1
        if not self._in_use[user]:
            del self._in_use[user]
        if kept.way is not None:
            self._ways.release(kept.way)
        # CANCEL, the INVITE and BYE may go on, one after the other, for a transaction's life each.
        late = 3 * self._setting.timers.patience
        self._setting.carrier.after(late, now, lambda _: self._journal.end(call_ids))

    def troubles(self) -> dict[str, str]:
        """What was missed on the legs that live, by their names."""
        return {channel.name: kept.trouble for channel, kept in self._legs.items() if kept.trouble}

    def moved(self, before: Flow, after: Flow, now: float, *, account: str = "") -> None:
        """A telephone is reached elsewhere, and may be ringing; see `SipCarrier.moved`."""
        for channel, kept in tuple(self._legs.items()):
            if account in ("", kept.account.user):
                channel.moved(before, after, now)

    def _moved(self, now: float) -> None:
        """We are seen elsewhere, by somebody: calls go on there, as where a line gets another public address."""
        if self._review is None:
            self._review = self._setting.carrier.at(max(now, self._reviewed + REVIEW), self._readdress)

    def _readdress(self, now: float) -> None:
        self._review, self._reviewed = None, now
        for channel in tuple(self._legs):
            channel.readdress(self._reach.address, now)

    def _missed(self, channel: SipChannel, told: Troubled) -> None:
        self._legs[channel].trouble = "" if told.over else told.text
        self._told(told)

    def _is_full(self, account: Account) -> bool:
        """Whether an account that may have so many calls has them."""
        return self.in_use(account.user) >= account.calls

    def in_use(self, user: str) -> int:
        """How many legs the account or trunk has."""
        return self._in_use.get(user, 0)

    def _busy(self, request: Request, account: Account, flow: Flow, why: str) -> Response:
        """There is no room for one more call; the operator is told what is too small."""
        self._told(AccessRefused(account.user, request.method, flow, why))
        response = request.reply(503)
        response.headers.set("Retry-After", RETRY_AFTER)
        response.headers.set("Reason", reason_header(Cause.SWITCHING_EQUIPMENT_CONGESTION))
        return response


def _offered(request: Request, account: Account, called: str, wish: Takeover) -> Offered:
    """What the call is told of an INVITE."""
    return Offered(
        called,
        caller_of(request, account),
        account.context,
        variables=hops_of(request)
        | secure_wish(request.uri)
        | diversion_of(request, account)
        | preferences_of(request)
        | portability_of(request, account),
        replaces=wish.replaces,
        early_only=wish.early_only,
        joins=wish.joins,
        headers=HeaderText(request.headers.came_as),
    )
