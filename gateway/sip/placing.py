"""How the legs to an account or a trunk call: a `Dial` becomes the INVITEs to its telephones or servers.

Each INVITE is a call of its own, over the leg's one row. Which targets are tried, and in which order, is the
caller's preferences' and the `Fork`'s to say; where one redirects, policy says where to (`redirection`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.core.carried import SECURED
from gateway.core.messages import Dial, Diverted
from gateway.sip.account import Account
from gateway.sip.channel import SipChannel
from gateway.sip.fork import NO_TARGET, Fork
from gateway.sip.invite import written
from gateway.sip.message import Response
from gateway.sip.outfit import FIRST_NUMBER, Outfit
from gateway.sip.outgoing import OutgoingSession
from gateway.sip.preferences import NO_PREFERENCES, Preferences
from gateway.sip.redirection import Redirections
from gateway.sip.secure import NOT_SECURE, as_sips, secured
from gateway.sip.session import SessionUser
from gateway.sip.target import Target, Turns
from gateway.sip.trunk_words import Outbound

__all__ = ["Placing"]


class Placing:
    """The calls of one leg; see `gateway.sip.fork.Calls`.

    Args:
        outfit: the parts of its sessions.
        redirections: where those lead who send us elsewhere.
        begin: told the leg and the Call-ID of each INVITE.
        account: who is called.
        targets: where, most preferred first.
        outbound: how calls of the trunk are written; None for telephones.
    """

    __slots__ = (
        "_account",
        "_begin",
        "_channel",
        "_dial",
        "_outbound",
        "_outfit",
        "_preferences",
        "_redirections",
        "_secure",
        "_targets",
    )

    def __init__(
        self,
        outfit: Outfit,
        redirections: Redirections,
        begin: Callable[[SipChannel, str], None],
        account: Account,
        targets: Sequence[Target],
        outbound: Outbound | None,
    ) -> None:
        self._outfit = outfit
        self._redirections = redirections
        self._begin = begin
        self._account = account
        self._targets = targets
        self._outbound = outbound
        self._channel: SipChannel
        self._dial: Dial
        self._preferences = NO_PREFERENCES
        self._secure = False

    def fork(self, channel: SipChannel, dial: Dial) -> Fork:
        """The INVITEs by which `channel` does as `dial` says."""
        self._channel = channel
        self._dial = dial
        self._secure = bool(dial.variables.get(SECURED))
        if not self._account.trunk:
            self._preferences = Preferences.of(dial.variables)
        one_server = self._outbound is not None
        return Fork(
            self._outfit.setting,
            channel,
            self._preferences.turns(secured(self._targets, wanted=self._secure)),
            self,
            turn=self._outfit.config.turn,
            one_server=one_server,
            nobody=NOT_SECURE if self._secure else NO_TARGET,
        )

    def call(self, target: Target, user: SessionUser) -> OutgoingSession:
        """An INVITE to `target`, not sent yet."""
        outfit, account, channel, outbound = self._outfit, self._account, self._channel, self._outbound
        flow, row = target.flow, channel.audio
        assert row is not None  # or it has ended, and calls nobody
        host, _ = outfit.reach.address(flow)
        call_id = f"{outfit.token()}@{host}"
        self._begin(channel, call_id)
        contact = outfit.reach.contact if outbound is None else outbound.contact
        return OutgoingSession(
            outfit.setting,
            user,
            channel,
            written(account, target, self._dial, outbound, call_id=call_id, host=host, tag=outfit.token()),
            flow,
            as_sips(contact(flow), wanted=target.uri.scheme == "sips"),
            outfit.negotiation(account, flow, host, row, channel.fax, row.wanted),
            peer=channel.peer,
            number=FIRST_NUMBER,
            credentials=None if outbound is None else outbound.credentials,
        )

    def redirected(
        self, response: Response, target: Target, then: Callable[[Turns, float], None], now: float
    ) -> None:
        """Find the targets that the Contacts of a redirection stand for; none where the caller forbids it."""

        def kept(turns: Turns, at: float) -> None:
            then([some for turn in turns if (some := secured(turn, wanted=self._secure))], at)

        if self._preferences.follows:
            self._redirections.follow(response, target, kept, now)
        else:
            then([], now)

    def diverted(self, response: Response, target: Target) -> Diverted | None:
        """The number of the office that a redirection without such targets names, if any."""
        if not self._preferences.follows:
            return None
        return self._redirections.diversion(response, target, self._account)
