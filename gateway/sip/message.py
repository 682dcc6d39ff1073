"""SIP messages: Request and Response over a container of header fields (RFC 3261 section 7).

Header values are kept as received and read into typed things when asked for, once. Reading a value that does not
parse raises MalformedError; `parser.parse` has read those that every transaction and dialog needs, so they cannot
fail later: Via, From, To, Call-ID, CSeq, Max-Forwards, Contact, Route, Record-Route. Nothing here sends.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final, final

from gateway.core.errors import MalformedError
from gateway.core.frozen import record
from gateway.core.repeated import Kept
from gateway.sip.fields import Headers, safe_text
from gateway.sip.grammar import split_list
from gateway.sip.headers import CSeq, NameAddr, Via
from gateway.sip.status import REASONS
from gateway.sip.uri import Uri

__all__ = ["Message", "Request", "Response"]


_TOKENS: Final = Kept(lambda row: tuple([value.lower() for value in split_list(row) if value]))


class Message:
    """What requests and responses have in common.

    Attributes:
        headers: the header fields; Content-Length is written by `serialise` and not looked at here.
        body: as it is on the wire.
    """

    __slots__ = ()

    headers: Headers
    body: bytes

    @property
    def vias(self) -> tuple[Via, ...]:
        """Every Via, topmost first."""
        vias: tuple[Via, ...] = self.headers.typed["via"]
        return vias

    @property
    def via(self) -> Via:
        """The topmost Via."""
        vias: tuple[Via, ...] = self.headers.typed["via"]
        return vias[0]

    @property
    def from_(self) -> NameAddr:
        """The From."""
        from_: NameAddr = self.headers.typed["from"]
        return from_

    @property
    def to(self) -> NameAddr:
        """The To."""
        to: NameAddr = self.headers.typed["to"]
        return to

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        call_id: str = self.headers.typed["call-id"]
        return call_id

    @property
    def cseq(self) -> CSeq:
        """The CSeq."""
        cseq: CSeq = self.headers.typed["cseq"]
        return cseq

    @property
    def max_forwards(self) -> int | None:
        """Max-Forwards, or None where there is none (RFC 2543)."""
        max_forwards: int | None = self.headers.typed["max-forwards"]
        return max_forwards

    @property
    def contacts(self) -> tuple[NameAddr, ...]:
        """Every Contact; none for the "*" of a REGISTER (see `contact_is_wildcard`)."""
        contacts: tuple[NameAddr, ...] = self.headers.typed["contact"]
        return contacts

    @property
    def contact_is_wildcard(self) -> bool:
        """Whether Contact is just "*" (RFC 3261 section 10.2.2)."""
        return self.headers.all("contact") == ("*",)

    @property
    def route(self) -> tuple[NameAddr, ...]:
        """Every Route, topmost first."""
        route: tuple[NameAddr, ...] = self.headers.typed["route"]
        return route

    @property
    def record_route(self) -> tuple[NameAddr, ...]:
        """Every Record-Route, topmost first."""
        record_route: tuple[NameAddr, ...] = self.headers.typed["record-route"]
        return record_route

    @property
    def expires(self) -> int | None:
        """Expires in seconds; None where absent, 3600 where it cannot be read."""
        expires: int | None = self.headers.typed["expires"]
        return expires

    def tokens(self, name: str) -> tuple[str, ...]:
        """The option tags or methods of `name` (Require, Supported, Allow …) in lower case."""
        rows = self.headers.all(name)
        if not rows:
            return ()
        return _TOKENS[rows[0]] if len(rows) == 1 else tuple([token for row in rows for token in _TOKENS[row]])

    def set_top_via(self, via: Via) -> None:
        """Replace the topmost Via, the others left as they are."""
        _, *further = self.vias
        if further:
            self.headers.set_all("via", (via, *further))
        else:
            self.headers.set("via", via)
        self.headers.typed["via"] = (via, *further)


_COPIED: Final = ("from", "to", "call-id", "cseq")
"""What, beside the Vias, every response repeats of its request (RFC 3261 section 8.2.6.2)."""
_COPIED_BY_100: Final = ("via", "timestamp", *_COPIED)
_COPIED_BY_REFUSAL: Final = ("via", *_COPIED)
_COPIED_BY_SUCCESS: Final = ("via", "record-route", *_COPIED)
"""Section 12.1.1: a response that makes a dialog carries the Record-Routes; in others they do no harm."""


@final
@record
class Request(Message):
    """A request.

    Attributes:
        method: as on the wire; methods are compared with case.
        uri: the Request-URI.
    """

    method: str
    uri: Uri
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    def serialise(self) -> bytes:
        """The wire form."""
        head = f"{self.method} {self.uri} SIP/2.0\r\n{self.headers.written(len(self.body))}"
        return head.encode("utf-8", "surrogateescape") + self.body

    @property
    def summary(self) -> str:
        """One phrase for lists and logs."""
        return f"{self.method} {self.uri.shown}"

    def reply(self, status: int, phrase: str | None = None, *, to_tag: str | None = None) -> Response:
        """A response to this request, without a body (RFC 3261 section 8.2.6).

        Works on a malformed request too: what it has is copied unread.

        Args:
            status: 100..699.
            phrase: reason phrase, or None for the usual one.
            to_tag: tag for To where the request has none; every response but a 100 needs one.
        """
        copied = _COPIED_BY_100 if status == 100 else _COPIED_BY_SUCCESS if status < 300 else _COPIED_BY_REFUSAL
        response = Response(
            status,
            REASONS[status] if phrase is None else safe_text("reason", phrase),
            self.headers.excerpt(copied),
        )
        if to_tag is not None:
            response._tag(to_tag)
        return response


@final
@record
class Response(Message):
    """A response.

    Attributes:
        status: 100..699.
        reason: the phrase after it.
    """

    status: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    def serialise(self) -> bytes:
        """The wire form."""
        head = f"SIP/2.0 {self.status} {self.reason}\r\n{self.headers.written(len(self.body))}"
        return head.encode("utf-8", "surrogateescape") + self.body

    @property
    def summary(self) -> str:
        """One phrase for lists and logs."""
        return f"{self.status} {self.reason}"

    @property
    def is_final(self) -> bool:
        """Whether it ends its transaction."""
        return self.status >= 200

    def _tag(self, tag: str) -> None:
        """Put `tag` on a To that has none; a To that cannot be read goes back as it came."""
        try:
            to = self.to
        except MalformedError:
            return
        if to.tag is None:
            self.headers.set("to", to.tagged(tag))
