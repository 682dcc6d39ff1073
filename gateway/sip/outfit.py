"""What every SIP leg is fitted out with, whichever way it goes: offer and answer, fax, watch, numbers of its own.

An account and the flow by which its far side is reached enter; parts of a leg leave, made by what the configuration
says of both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from gateway.core.audio import RtpAudio
from gateway.core.codec import Codec, dearest_first
from gateway.core.fax import ImageFactory
from gateway.core.frozen import frozen
from gateway.sdp.negotiate import DEFAULT_CODECS, Negotiation
from gateway.sip.account import Account
from gateway.sip.fax import LegFax
from gateway.sip.reach import Reach
from gateway.sip.redirection import Redirects
from gateway.sip.secure import encryption_on
from gateway.sip.session import Setting
from gateway.sip.transport import Flow
from gateway.sip.watch import FOR_EVER, Patience, Watch

__all__ = ["FIRST_NUMBER", "LegsConfig", "Outfit"]

FIRST_NUMBER: Final = 1
"""With which a dialog's CSeq begins: arbitrary, and no secret (RFC 3261 8.1.1.5); one is read once for all."""
SESSION_IDS: Final = 62
"""Bits of the session id of a description (RFC 8866 5.2)."""


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


class Outfit:
    """The parts of legs.

    Args:
        config: what legs are like.
        setting: the stack's services to sessions.
        token: makes tags and Call-IDs that nobody can guess.
        reach: knows which address of ours is ours to whom.
        images: where T.38 streams come from; None for none.
    """

    def __init__(
        self,
        config: LegsConfig,
        setting: Setting,
        *,
        token: Callable[[], str],
        reach: Reach,
        images: ImageFactory | None,
    ) -> None:
        self.config: Final = config
        self.setting: Final = setting
        self.token: Final = token
        self.reach: Final = reach
        self._images = images
        # Of what must differ from call to call, and is no secret.
        self._chance = Random(setting.random.getrandbits(128))

    def negotiation(
        self,
        account: Account,
        flow: Flow,
        host: str,
        row: RtpAudio,
        fax: LegFax,
        wanted: Sequence[Codec] = (),
    ) -> Negotiation:
        """Our side of the offers and answers of a leg.

        Args:
            host: our address as the far side sees it.
            wanted: codecs that are dearer to the call than the order of the account's.
        """
        return Negotiation(
            address=host,
            port=row.port,
            session_id=self._chance.getrandbits(SESSION_IDS),
            codecs=dearest_first(account.codecs or self.config.codecs, wanted),
            via=flow.remote[0],
            encryption=encryption_on(account, flow),
            events=not account.info_keys,
            noise=account.comfort_noise,
            strict=not account.symmetric,
            image=fax.port,
        )

    def fax(self, account: Account, flow: Flow) -> LegFax:
        """How a leg carries a fax."""
        images = self._images
        return LegFax(None if images is None or not account.t38 else lambda: images.image(flow.local[0]))

    def watch(self, row: RtpAudio, flow: Flow, host: str) -> Watch:
        """Who looks whether the audio of a leg comes in; `host` is our address as the far side sees it."""
        return Watch(self.setting, row, host, flow.local[0], self.config.patience)
