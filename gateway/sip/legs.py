"""SIP legs: made of an INVITE that came in, or reserved for a call that goes out.

Here an INVITE of a known account becomes a row, a negotiation, a dialog, a session and a channel, in that order,
or a refusal that leaves none of them behind; and a `Dial` becomes the INVITE to a telephone's binding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from gateway.core.audio import AudioFactory, Codec, RtpAudio
from gateway.core.cause import Cause
from gateway.core.codecs import dearest_first
from gateway.core.errors import Exhausted, MalformedError, RemoteError
from gateway.core.fax import ImageFactory
from gateway.core.frozen import frozen
from gateway.core.messages import SECURED, Dial, Event, Offered
from gateway.core.trace import Recorder
from gateway.sdp.negotiate import DEFAULT_CODECS, Negotiation, NotAcceptable
from gateway.sip.account import Account
from gateway.sip.binding import Binding
from gateway.sip.causes import reason_header
from gateway.sip.channel import SipChannel
from gateway.sip.diagnosis import FOR_EVER, Patience, Troubled, Watch
from gateway.sip.dialog import Dialog, DialogId
from gateway.sip.diversions import diversion_of
from gateway.sip.established import Established
from gateway.sip.events.dialog_info import Seal
from gateway.sip.fax import LegFax
from gateway.sip.fork import NO_TARGET, Fork, Target, Turns
from gateway.sip.header_text import HeaderText
from gateway.sip.identity import caller_of
from gateway.sip.incoming import RETRY_AFTER, IncomingSession
from gateway.sip.invite import hops_of, written
from gateway.sip.journal import Journal
from gateway.sip.message import Request, Response
from gateway.sip.open_ways import OpenWays
from gateway.sip.outgoing import OutgoingSession
from gateway.sip.portability import portability_of
from gateway.sip.preferences import Preferences, preferences_of
from gateway.sip.reach import Reach
from gateway.sip.redirection import Redirections, Redirects
from gateway.sip.refusals import AccessRefused
from gateway.sip.replaces import takeover, target_dialog
from gateway.sip.secure import NOT_SECURE, as_sips, encryption_on, secure_wish, secured, wants_sips
from gateway.sip.session import Reply, SessionUser, Setting, description_of, not_acceptable
from gateway.sip.session_timer import too_brief
from gateway.sip.transport import Flow
from gateway.sip.trunk_words import Outbound
from gateway.sip.uri import is_sips

__all__ = ["Legs", "LegsConfig"]

FIRST_NUMBERS: Final = 16
"""Bits of chance in the number with which a dialog's CSeq begins (RFC 3261 8.1.1.5 asks for less than 2**31)."""
NO_USER: Final = "s"
"""The extension of a call that names none."""


@frozen
class LegsConfig:
    """What legs are like.

    Attributes:
        codecs: offered and taken, most wanted first.
        turn: seconds that an account's contacts of one preference ring before those of the next are tried.
        redirects: which redirections are followed.
        patience: for how long a leg may send no audio.
    """

    codecs: Sequence[Codec] = DEFAULT_CODECS
    turn: float = 20.0
    redirects: Redirects = Redirects.OFFICE
    patience: Patience = FOR_EVER


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
        self._images = images
        self._ways = ways
        self._held: dict[SipChannel, Flow] = {}
        self._reach = reach
        self._seal = seal
        self._redirections = Redirections(
            config.redirects, contacts=contacts, realm=realm, ours=reach.is_ours, resolver=setting.resolver
        )
        self._config = config
        self._setting = setting
        self._audio = audio
        self._recorder = recorder
        self._journal = journal
        self._token = token
        self._emit = emit
        self._serial = 0
        self._call_ids: dict[SipChannel, tuple[str, ...]] = {}
        self._accounts: dict[SipChannel, Account] = {}
        self._in_use: Counter[str] = Counter()
        self._troubles: dict[SipChannel, str] = {}
        self._told = told
        self._told_over, self._told_missed = self._over, self._missed  # made once, for every leg holds them

    def __len__(self) -> int:
        """How many legs live."""
        return len(self._call_ids)

    def accept(
        self, request: Request, reply: Reply, account: Account, called: str, flow: Flow, now: float
    ) -> IncomingSession | Response:
        """Make a leg of an INVITE for `called` that `account` has sent; the response where that cannot be."""
        if self._is_full(account):
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
            dialog = Dialog.as_server(
                request,
                tag=self._token(),
                flow=flow,
                contact=as_sips(self._reach.contact(flow), wanted=wants_sips(request)),
                number=self._first_number(),
            )
            row = self._audio.rtp(flow.local[0])
        except MalformedError as fault:
            return request.reply(400, str(fault))
        except Exhausted as fault:
            return self._busy(request, account, flow, str(fault))
        fax = self._fax(account, flow)
        negotiation = Negotiation(
            address=self._reach.host(flow),
            port=row.port,
            session_id=self._session_id(),
            codecs=self._codecs(account),
            via=flow.remote[0],
            encryption=encryption_on(account, flow),
            events=not account.info_keys,
            noise=account.comfort_noise,
            strict=not account.symmetric,
            image=fax.port,
        )
        try:
            if offer is not None:
                negotiation.answer(offer)
        except NotAcceptable as why:
            row.close()
            fax.close()
            return not_acceptable(request, why)
        reply(request.reply(100), now)
        channel = SipChannel(
            name=self._name(account.user),
            peer=str(account),
            audio=row,
            recorder=self._recorder,
            emit=self._emit,
            over=self._told_over,
            watch=self._watch(row, flow),
            missed=self._told_missed,
            fax=fax,
            trusted=account.trusted,
            info_keys=account.info_keys,
        )
        self._belongs(channel, account)
        self._begin(channel, request.call_id)
        if not account.trunk and self._ways.hold(channel.peer, dialog.target, flow, now):
            self._held[channel] = flow
        session = IncomingSession(
            self._setting, channel, request, reply, dialog, negotiation, peer=channel.peer, now=now
        )
        channel.attach(session)
        variables = (
            hops_of(request)
            | secure_wish(request)
            | diversion_of(request, account)
            | preferences_of(request)
            | portability_of(request, account)
        )
        caller = caller_of(request, account)
        offered = Offered(
            called or NO_USER,
            caller,
            account.context,
            variables=variables,
            replaces=wish.replaces,
            early_only=wish.early_only,
            joins=wish.joins,
            headers=HeaderText(request.headers),
        )
        self._emit(channel, offered)
        if negotiation.agreement is not None:
            channel.agreed(negotiation.agreement, now)
        return session

    def refer(self, request: Request, flow: Flow, reply: Reply, now: float) -> Response | None:
        """Give a REFER from outside to the call that it names (RFC 4538); the refusal where that cannot be.

        Who can name a dialog's tags takes part in it: that is the proof that section 6 asks for.
        """
        try:
            named = target_dialog(request)
            if named is None:
                return request.reply(403, "REFER Is Taken Within A Call")
            call = self._setting.carrier.member(named)
            if not isinstance(call, Established):
                return request.reply(481)
            dialog = Dialog.as_server(
                request,
                tag=self._token(),
                flow=flow,
                contact=as_sips(self._reach.contact(flow), wanted=wants_sips(request)),
                number=self._first_number(),
            )
        except MalformedError as fault:
            return request.reply(400, str(fault)[:80])
        call.referred(request, dialog, reply, now)
        return None

    def reserve(
        self, account: Account, targets: Sequence[Target], outbound: Callable[[Target], Outbound] | None = None
    ) -> SipChannel:
        """A leg to `targets` (some), most preferred first; its `Dial` calls them.

        Args:
            account: whose they are.
            outbound: how a call to one of them is written; None for telephones.

        Raises:
            RemoteError: there is no room for one more leg.
        """
        if self._is_full(account):
            raise RemoteError(
                f"all {account.calls} calls of {account} are in progress",
                Cause.NO_CIRCUIT_AVAILABLE if account.trunk else Cause.USER_BUSY,
            )
        try:
            row = self._audio.rtp(targets[0].flow.local[0])
        except Exhausted as fault:
            raise RemoteError(str(fault), Cause.RESOURCE_UNAVAILABLE) from fault

        def place(channel: SipChannel, dial: Dial) -> Fork:
            preferences = Preferences.of({} if account.trunk else dial.variables)
            secure = bool(dial.variables.get(SECURED))

            def redirected(
                response: Response, target: Target, then: Callable[[Turns, float], None], now: float
            ) -> None:
                def kept(turns: Turns, at: float) -> None:
                    then([some for turn in turns if (some := secured(turn, wanted=secure))], at)

                if preferences.follows:
                    self._redirections.follow(response, target, kept, now)
                else:
                    then([], now)

            return Fork(
                self._setting,
                channel,
                preferences.turns(secured(targets, wanted=secure)),
                call=lambda target, user: self._call(
                    account, target, dial, channel, row, user, outbound and outbound(target)
                ),
                redirected=redirected,
                diverted=lambda response, target: (
                    self._redirections.diversion(response, target, account) if preferences.follows else None
                ),
                turn=self._config.turn,
                one_server=outbound is not None,
                nobody=NOT_SECURE if secure else NO_TARGET,
            )

        channel = SipChannel(
            name=self._name(account.user),
            peer=str(account),
            audio=row,
            recorder=self._recorder,
            emit=self._emit,
            over=self._told_over,
            watch=self._watch(row, targets[0].flow),
            missed=self._told_missed,
            fax=self._fax(account, targets[0].flow),
            trusted=account.trusted,
            info_keys=account.info_keys,
            place=place,
        )
        self._belongs(channel, account)
        return channel

    def _call(
        self,
        account: Account,
        target: Target,
        dial: Dial,
        channel: SipChannel,
        row: RtpAudio,
        user: SessionUser,
        outbound: Outbound | None,
    ) -> OutgoingSession:
        """One of a leg's INVITEs: a call of its own, over the leg's row."""
        host = self._reach.host(target.flow)
        call_id = f"{self._token()}@{host}"
        self._begin(channel, call_id)
        negotiation = Negotiation(
            address=host,
            port=row.port,
            session_id=self._session_id(),
            codecs=dearest_first(self._codecs(account), row.wanted),
            via=target.flow.remote[0],
            encryption=encryption_on(account, target.flow),
            events=not account.info_keys,
            noise=account.comfort_noise,
            strict=not account.symmetric,
            image=channel.fax.port,
        )
        contact = self._reach.contact if outbound is None else outbound.contact
        return OutgoingSession(
            self._setting,
            user,
            channel,
            written(account, target, dial, outbound, call_id=call_id, host=host, tag=self._token()),
            target.flow,
            as_sips(contact(target.flow), wanted=is_sips(target.uri)),
            negotiation,
            peer=channel.peer,
            number=self._first_number(),
            credentials=None if outbound is None else outbound.credentials,
        )

    def _ringing(self, dialog: DialogId) -> str:
        """The leg that has begun `dialog`, an early one, by an INVITE of its own; "" for none."""
        legs = (channel for channel, call_ids in self._call_ids.items() if dialog.call_id in call_ids)
        return next((channel.name for channel in legs if channel.began(dialog)), "")

    def _belongs(self, channel: SipChannel, account: Account) -> None:
        self._call_ids[channel] = ()
        self._accounts[channel] = account
        self._in_use[account.user] += 1

    def _begin(self, channel: SipChannel, call_id: str) -> None:
        self._call_ids[channel] += (call_id,)
        self._journal.begin(call_id, channel.name)

    def _over(self, channel: SipChannel, now: float) -> None:
        call_ids = self._call_ids.pop(channel)
        user = self._accounts.pop(channel).user
        self._in_use[user] -= 1
        if not self._in_use[user]:
            del self._in_use[user]
        self._troubles.pop(channel, None)
        held = self._held.pop(channel, None)
        if held is not None:
            self._ways.release(held)
        # CANCEL, the INVITE and BYE may go on, one after the other, for a transaction's life each.
        late = now + 3 * self._setting.timers.patience
        self._setting.carrier.at(late, lambda _: self._journal.end(call_ids))

    def troubles(self) -> dict[str, str]:
        """What was missed on the legs that live, by their names."""
        return {channel.name: text for channel, text in self._troubles.items()}

    def _watch(self, row: RtpAudio, flow: Flow) -> Watch:
        return Watch(self._setting, row, self._reach.host(flow), flow.local[0], self._config.patience)

    def _missed(self, channel: SipChannel, text: str, now: float) -> None:
        self._troubles[channel] = text
        self._told(Troubled(channel.name, text))

    def _fax(self, account: Account, flow: Flow) -> LegFax:
        images = self._images
        return LegFax(None if images is None or not account.t38 else lambda: images.image(flow.local[0]))

    def _is_full(self, account: Account) -> bool:
        return bool(account.calls) and self.in_use(account.user) >= account.calls

    def in_use(self, user: str) -> int:
        """How many legs the account or trunk has."""
        return self._in_use[user]

    def _codecs(self, account: Account) -> Sequence[Codec]:
        return account.codecs or self._config.codecs

    def _name(self, user: str) -> str:
        self._serial += 1
        return f"SIP/{user}-{self._serial:08x}"

    def _first_number(self) -> int:
        return 1 + self._setting.random.getrandbits(FIRST_NUMBERS)

    def _session_id(self) -> int:
        return self._setting.random.getrandbits(62)

    def _busy(self, request: Request, account: Account, flow: Flow, why: str) -> Response:
        """There is no room for one more call; the operator is told what is too small."""
        self._told(AccessRefused(account.user, request.method, flow, why))
        response = request.reply(503)
        response.headers.set("Retry-After", RETRY_AFTER)
        response.headers.set("Reason", reason_header(Cause.SWITCHING_EQUIPMENT_CONGESTION))
        return response
