"""What passes in an established session beside its own INVITEs: keys, text, transfers and identities.

INFO, MESSAGE, REFER, NOTIFY, SUBSCRIBE and OPTIONS of the dialog enter, and the commands of a call for which a
session needs requests of their own: SendDigits, SendFlash, SendText, Redirect, TransferTold, Identify, Confer. None
of it changes the session's state or its media.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Final

from gateway.core.errors import Exhausted, MalformedError
from gateway.core.messages import (
    Command,
    Confer,
    Identified,
    Identify,
    Redirect,
    SendDigits,
    SendFlash,
    SendText,
    TextReceived,
    TransferTold,
)
from gateway.core.number import Party, Presentation
from gateway.sip.body import find_body
from gateway.sip.dialog import Dialog
from gateway.sip.headers import NameAddr
from gateway.sip.identity import asserted_party, number_of, write_connected
from gateway.sip.info import FLASH_BODY, FLASH_TYPE, received
from gateway.sip.info_keys import InfoKeys
from gateway.sip.message import Message, Request, Response
from gateway.sip.refer_issuer import ReferIssuer
from gateway.sip.refer_recipient import ReferRecipient
from gateway.sip.session import Reply, SessionUser, Setting, abilities, lists
from gateway.sip.uri import SipUri
from gateway.sip.within import send_within

__all__ = ["Asides"]

PLAIN: Final = "text/plain"
_TELLING: Final = frozenset({"supported", "p-asserted-identity"})
"""Headers by which the far side tells what it knows, and who it is."""
MAX_TEXT: Final = 1300
"""Octets of a text within a call: RFC 3428 section 8 asks to keep it in a datagram."""


class Asides:
    """The asides of one session.

    Args:
        setting: the stack's services.
        user: who is told.
        dialog: the session's.
        keys: those that still wait from before the answer.
    """

    __slots__ = (
        "_asked",
        "_asking",
        "_changes_from",
        "_closed",
        "_dialog",
        "_keys",
        "_setting",
        "_shown",
        "_user",
        "owes_identity",
    )

    def __init__(
        self,
        setting: Setting,
        user: SessionUser,
        dialog: Dialog,
        keys: InfoKeys | None = None,
    ) -> None:
        self._setting = setting
        self._shown: Party | None = None
        self.owes_identity = False
        """Whether the far side has still to be told with whom it talks."""
        self._user = user
        self._dialog = dialog
        self._asked: tuple[ReferRecipient, ...] = ()  # first that of the session's dialog, once there is one
        self._asking: ReferIssuer | None = None
        self._changes_from = False
        self._closed = False
        self._keys = keys

    def carry_out(self, command: Command, now: float) -> None:
        """Carry out a command of the call."""
        getattr(self, COMMANDS[type(command)])(command, now)

    def receive(self, request: Request, reply: Reply, now: float) -> bool:
        """Take a request of the dialog; False where it is none of these."""
        handler = METHODS.get(request.method)
        if handler is not None:
            getattr(self, handler)(request, reply, now)
        return handler is not None

    def meet(self, message: Message, now: float) -> None:
        """Learn from a message of the far side what it knows, and who it is (RFC 4916)."""
        if _TELLING.isdisjoint(message.headers.rows) and not self._changes_from:
            return
        if "supported" in message.headers.rows:
            self._changes_from = "from-change" in lists(message, "supported")
        party = asserted_party(message)
        asks = isinstance(message, Request) and self._changes_from
        if asks and not message.from_.uri.same_as(self._dialog.remote.uri):
            # RFC 4916 section 4.4: what follows goes to whom the far side is from now on.
            self._dialog.remote = message.from_
            party = party or Party(number_of(message.from_.uri), message.from_.display)
        if party is not None and not self._closed:
            self._user.said(Identified(party), now)

    def close(self, now: float) -> None:
        """The session is over, and has left its dialog."""
        self._closed = True
        if self._asking is not None:
            self._asking.close()
        for recipient in self._asked:
            recipient.close(now)
        if self._keys is not None:
            self._keys.close()

    # What the peer sends.

    def _info(self, request: Request, reply: Reply, now: float) -> None:
        response, event = received(request)
        reply(response, now)
        if event is not None:
            self._user.said(event, now)

    def _message(self, request: Request, reply: Reply, now: float) -> None:
        """A text within the call (RFC 3428 section 5 allows them there)."""
        try:
            body = find_body(request, PLAIN)
        except MalformedError as fault:
            reply(request.reply(400, str(fault)[:80]), now)
            return
        if len(request.body) > MAX_TEXT:
            reply(request.reply(513), now)
        elif body is None:
            response = request.reply(415)
            response.headers.set("Accept", PLAIN)
            reply(response, now)
        else:
            reply(request.reply(200), now)
            self._user.said(TextReceived(body.decode("utf-8", "replace")), now)

    def _options(self, request: Request, reply: Reply, now: float) -> None:
        reply(abilities(request), now)

    def _refer(self, request: Request, reply: Reply, now: float) -> None:
        self._refer_by(self._own_recipient(), request, reply, now)

    def referred(self, request: Request, dialog: Dialog, reply: Reply, now: float) -> None:
        """Take a REFER from outside, which names this call (RFC 4538) and makes `dialog`."""
        recipient = ReferRecipient(self._setting, self._user, dialog, outside=True)
        self._refer_by(recipient, request, reply, now)
        if recipient.is_busy:
            self._asked = (self._own_recipient(), *self._asked[1:], recipient)

    def _refer_by(self, recipient: ReferRecipient, request: Request, reply: Reply, now: float) -> None:
        if any(other.is_busy for other in self._asked):
            reply(request.reply(491, "Another Transfer Is Under Way"), now)
        else:
            recipient.refer(request, reply, now)

    def _subscribe(self, request: Request, reply: Reply, now: float) -> None:
        self._own_recipient().subscribe(request, reply, now)

    def _notify(self, request: Request, reply: Reply, now: float) -> None:
        self._issuer().notified(request, reply, now)

    def _own_recipient(self) -> ReferRecipient:
        """Of the REFERs in the session's dialog; few calls ever see one."""
        if not self._asked:
            self._asked = (ReferRecipient(self._setting, self._user, self._dialog),)
        return self._asked[0]

    def _issuer(self) -> ReferIssuer:
        if self._asking is None:
            self._asking = ReferIssuer(self._setting, self._user, self._dialog)
        return self._asking

    # What the call commands.

    def _redirect(self, command: Redirect, now: float) -> None:
        self._issuer().refer(command.called, now)

    def _tell(self, command: TransferTold, now: float) -> None:
        for recipient in self._asked:
            recipient.tell(command, now)
        self._asked = (*self._asked[:1], *[outside for outside in self._asked[1:] if outside.is_busy])

    def _send_text(self, command: SendText, now: float) -> None:
        message = self._dialog.request("MESSAGE")
        message.headers.set("Content-Type", f"{PLAIN};charset=utf-8")
        message.body = command.text.encode("utf-8", "replace")[:MAX_TEXT]
        self._send(message, now)

    def _send_digits(self, command: SendDigits, now: float) -> None:
        if self._keys is None:
            self._keys = InfoKeys(self._setting, self._user, self._dialog)
        self._keys.send(command, now)

    def _send_flash(self, command: SendFlash, now: float) -> None:
        info = self._dialog.request("INFO")
        info.headers.set("Content-Type", FLASH_TYPE)
        info.body = FLASH_BODY
        self._send(info, now)

    def _identify(self, command: Identify, now: float) -> None:
        """Have the far side told with whom it talks (RFC 4916 section 4): by UPDATE, or else by a re-INVITE."""
        if command.party.number:
            self._shown = command.party
            self.owes_identity = True

    def _confer(self, command: Confer, now: float) -> None:
        """Have the far side told that it is in a conference, or no longer (RFC 4579 section 5.1)."""
        self._dialog.confer(command.number)
        self.owes_identity = True

    def identified(self, method: str) -> Request:
        """A new request of the dialog, which tells the far side with whom it talks, where that has changed."""
        party = self._shown
        self.owes_identity = False
        if party is None:
            return self._dialog.request(method)
        own = self._dialog.local
        host = own.uri.host if isinstance(own.uri, SipUri) else self._dialog.flow.local[0]
        who = NameAddr(SipUri.of(party.number, host), party.name)
        if self._changes_from and party.presentation is Presentation.ALLOWED:
            self._dialog.local = who.tagged(self._dialog.id.local_tag)
        request = self._dialog.request(method)
        write_connected(request, party, who)
        return request

    def _send(self, request: Request, now: float) -> None:
        with suppress(Exhausted):
            send_within(self._setting, self._dialog, request, now, answered=_ignore, failed=_ignore)


METHODS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "INFO": "_info",
        "MESSAGE": "_message",
        "OPTIONS": "_options",
        "REFER": "_refer",
        "SUBSCRIBE": "_subscribe",
        "NOTIFY": "_notify",
    }
)
"""The method that takes each request."""
COMMANDS: Final[Mapping[type[Command], str]] = MappingProxyType(
    {
        TransferTold: "_tell",
        Redirect: "_redirect",
        SendDigits: "_send_digits",
        SendFlash: "_send_flash",
        SendText: "_send_text",
        Identify: "_identify",
        Confer: "_confer",
    }
)
"""The method that carries out each command."""


def _ignore(_: Response | str, now: float) -> None:
    """The call goes on, whatever came of it."""
