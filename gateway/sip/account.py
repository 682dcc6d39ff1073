"""A SIP account: somebody who may register telephones and place calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Final

from gateway.core.codec import Codec
from gateway.core.frozen import frozen
from gateway.core.srtp import Encryption
from gateway.sip.digest import Secret
from gateway.sip.number_rules import NumberRules
from gateway.sip.source import Network

__all__ = ["Account"]

_AS_THEY_ARE: Final = NumberRules()


@frozen
class Account:
    """One account.

    Attributes:
        user: its number and user name, also of its digest credentials.
        secret: its password.
        name: shown to those it calls.
        context: of the dialplan, in which it dials.
        trusted: whether it belongs to our trust domain (RFC 3325 section 2.4): its word about who calls is
            believed, and it is told callers that must not be shown. For trunks; a telephone is just itself.
        trunk: whether it is a trunk and not somebody's telephone.
        rules: for its numbers, both ways.
        codecs: offered and taken, most wanted first; empty for those of the stack.
        calls: the most legs at a time; 0 for no bound of its own.
        contacts: telephones that may be registered at once; 0 for the registrar's own bound.
        permit: networks from which it may be used; empty for all.
        secure: whether it may be used by TLS alone.
        encryption: of its audio; where it is optional, only calls whose signalling nobody can read have it, since
            keys travel in it.
        comfort_noise: whether silence may be told of instead of sent, both ways (RFC 3389).
        t38: whether its far side may, and is asked to, fax by T.38.
        symmetric: audio and faxes go where those of its far side come from, as behind NAT; otherwise they come
            from, and go to, the address and port of its session description alone.
        info_keys: whether keys go to it, and come from it, as INFO and in no other way.
        mailbox: whose messages its lamp shows, told also without a subscription; "" for none.
    """

    user: str
    secret: Secret
    name: str = ""
    context: str = "office"
    trusted: bool = False
    trunk: bool = False
    rules: NumberRules = _AS_THEY_ARE
    codecs: Sequence[Codec] = ()
    calls: int = 0
    contacts: int = 0
    permit: Sequence[Network] = ()
    secure: bool = False
    encryption: Encryption = Encryption.OFF
    mailbox: str = ""
    info_keys: bool = False
    symmetric: bool = True
    comfort_noise: bool = False
    t38: bool = False

    _written: str = field(default="", init=False, repr=False, compare=False)

    def __str__(self) -> str:
        if not self._written:
            object.__setattr__(self, "_written", f"{'trunk' if self.trunk else 'account'} {self.user}")
        return self._written
