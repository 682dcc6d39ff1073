"""Values of header fields as typed things: NameAddr (From, To, Contact, Route …), Via and CSeq.

Each reads one element of a header (`parse`, which raises MalformedError) and writes it (`str`). Lists are split
before, by `grammar.split_list`.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.core.repeated import FEW, Kept
from gateway.sip.grammar import BLANKS, HOST, QUOTED, TOKEN, number, quote, unquote
from gateway.sip.parameters import LOWER, NO_PARAMETERS, Parameters
from gateway.sip.uri import Uri, host_text, parse_uri

__all__ = ["ADDRESSES", "CSEQS", "MAGIC_COOKIE", "VIAS", "CSeq", "NameAddr", "Via", "is_unique"]

MAGIC_COOKIE: Final = "z9hG4bK"
"""How a branch begins that is unique for ever (RFC 3261 section 8.1.1.7)."""

_COOKIE: Final = MAGIC_COOKIE.lower()

_CSEQ_LIMIT: Final = 2**31 - 1
"""RFC 3261 section 8.1.1.5: a CSeq number must be less than 2**31."""

_QUOTED_NAME: Final = re.compile(rf"(?P<display>{QUOTED})[ \t]*+<(?P<uri>[^<>]*+)>(?P<rest>.*+)", re.DOTALL)
# Outside quotes a display name is tokens and blanks; telephones also send UTF-8 there.
_PLAIN_NAME: Final = re.compile(
    r"(?P<display>[A-Za-z0-9\-.!%*_+`'~ \t\x80-\U0010ffff]*+)<(?P<uri>[^<>]*+)>(?P<rest>.*+)", re.DOTALL
)
_TAG: Final = re.compile(rf";tag=({TOKEN})")
"""What follows the brackets of nearly every From and To."""
_BRANCH: Final = re.compile(rf";branch=({TOKEN})(;rport)?+")
"""What follows the sent-by of nearly every Via; a flag has no value."""
_RPORT: Final = ("rport", None)
_HOP: Final = re.compile(
    rf"[ \t]*+SIP[ \t]*+/[ \t]*+2\.0[ \t]*+/[ \t]*+({TOKEN})[ \t]++"
    rf"({HOST})[ \t]*+(?::[ \t]*+([0-9]{{1,5}})[ \t]*+)?",
    re.IGNORECASE,
)
"""A Via up to its parameters."""
_CSEQ: Final = re.compile(rf"[ \t]*+([^ \t]++)[ \t]++({TOKEN})[ \t]*+")


@frozen
class NameAddr:
    """A URI with an optional display name and header parameters (RFC 3261 section 20.10).

    Attributes:
        uri: the address.
        display: the name as a person reads it, not quoted; empty where there is none.
        parameters: the header's own: tag, expires, q …
        tag: the value of the tag among them, or None.
    """

    uri: Uri
    display: str = ""
    parameters: Parameters = NO_PARAMETERS
    tag: str | None = field(default=None, init=False, repr=False, compare=False)
    _written: str = field(default="", init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, value in self.parameters.pairs:
            if name == "tag" or name.lower() == "tag":
                object.__setattr__(self, "tag", value or None)
                break

    @classmethod
    def parse(cls, text: str) -> NameAddr:
        """Read one name-addr or addr-spec with its parameters.

        Raises:
            MalformedError: it is neither, or ambiguous.
        """
        return ADDRESSES[text]

    @classmethod
    def _read(cls, text: str) -> NameAddr:
        who, bracket, rest = text.rpartition(">")
        if not bracket or '"' in rest:
            return cls._read_whole(text)
        whole = _WHO[who]
        if not rest:
            return whole
        tag = _TAG.fullmatch(rest)
        parameters = Parameters((("tag", tag[1]),)) if tag else Parameters.parse(rest.strip(BLANKS))
        return cls(whole.uri, whole.display, parameters)

    @classmethod
    def _read_whole(cls, text: str) -> NameAddr:
        if text[:1] != "<":
            text = text.strip(BLANKS)
        if text[:1] == "<" and '"' not in text:
            address, bracket, rest = text[1:].partition(">")
            if not bracket or "<" in address:
                raise MalformedError(f"{text[:80]!r} is not a name and address")
            return cls(parse_uri(address), "", Parameters.parse(rest if rest[:1] == ";" else rest.strip(BLANKS)))
        if "<" not in text:
            # Section 20: without brackets every parameter is the header's, so "?" and "," cannot stand in the URI.
            address, semicolon, rest = text.partition(";")
            if "?" in address or "," in address or '"' in address:
                raise MalformedError(f"{text[:80]!r} needs angle brackets around its URI")
            return cls(parse_uri(address.rstrip(BLANKS)), "", Parameters.parse(semicolon + rest))
        found = (_QUOTED_NAME if text[0] == '"' else _PLAIN_NAME).fullmatch(text)
        if found is None:
            raise MalformedError(f"{text[:80]!r} is not a name and address")
        display = unquote(found["display"].strip(BLANKS))
        return cls(parse_uri(found["uri"]), display, Parameters.parse(found["rest"].strip(BLANKS)))

    def __str__(self) -> str:
        if not self._written:
            name = f"{quote(self.display)} " if self.display else ""
            parameters = self.parameters if self.parameters.pairs else ""
            object.__setattr__(self, "_written", f"{name}<{self.uri}>{parameters}")
        return self._written

    @property
    def q(self) -> int:
        """How much a Contact is preferred, in thousandths (RFC 3261 25.1: 0 to 1, 3 decimals); 1000 unless said."""
        try:
            value = round(float(self.parameters.get("q") or "1") * 1000)
        except (ValueError, OverflowError):
            return 1000
        return value if 0 <= value <= 1000 else 1000

    def tagged(self, tag: str) -> NameAddr:
        """The same with `tag` for its tag."""
        parameters = self.parameters.having("tag", tag) if self.parameters.pairs else Parameters((("tag", tag),))
        return NameAddr(self.uri, self.display, parameters)


@frozen
class Via:
    """One hop that a request has taken (RFC 3261 section 20.42).

    Attributes:
        transport: in upper case: UDP, TCP, TLS …
        host: of sent-by; IPv6 without its brackets.
        port: of sent-by, or None where it names none.
        parameters: branch, received, rport …
    """

    transport: str
    host: str
    port: int | None = None
    parameters: Parameters = NO_PARAMETERS

    @classmethod
    def parse(cls, text: str) -> Via:
        """Read one Via element.

        Raises:
            MalformedError: it is none, or of another protocol than SIP/2.0.
        """
        return VIAS[text]

    @classmethod
    def _read(cls, text: str) -> Via:
        hop, semicolon, rest = text.partition(";")
        transport, host, port = _HOPS[hop]
        tail = semicolon + rest
        usual = _BRANCH.fullmatch(tail)
        if usual is None:
            return cls(transport, host, port, Parameters.parse(tail))
        branch = ("branch", usual[1])
        return cls(transport, host, port, Parameters((branch, _RPORT) if usual[2] else (branch,)))

    def __str__(self) -> str:
        return f"SIP/2.0/{self.transport} {self.sent_by}{self.parameters}"

    @property
    def sent_by(self) -> str:
        """Host and port as they stand in the Via."""
        port = f":{self.port}" if self.port is not None else ""
        return f"{host_text(self.host)}{port}"

    @property
    def branch(self) -> str | None:
        """The branch parameter, or None."""
        for name, value in self.parameters.pairs:
            if name == "branch" or LOWER[name] == "branch":
                return value or None
        return None

    @property
    def is_unique(self) -> bool:
        """Whether its branch identifies the transaction by itself (RFC 3261 section 17.2.3)."""
        branch = self.branch
        return branch is not None and is_unique(branch)

    @property
    def received(self) -> str | None:
        """The received parameter (an address without brackets), or None."""
        for name, value in self.parameters.pairs:
            if name == "received" or LOWER[name] == "received":
                return (unquote(value).strip("[]") or None) if value else None
        return None

    @property
    def rport(self) -> int | None:
        """The port that the receiver saw (RFC 3581), or None where it is not filled in or ill formed."""
        value = self.parameters.get("rport")
        if not value:
            return None
        try:
            return number(value, "rport", 65535) or None
        except MalformedError:
            return None


@frozen
class CSeq:
    """A request's number in its dialog, and its method (RFC 3261 section 20.16)."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> CSeq:
        """Read a CSeq value.

        Raises:
            MalformedError: it is none, or its number is 2**31 or more.
        """
        return CSEQS[text]

    @classmethod
    def _read(cls, text: str) -> CSeq:
        found = _CSEQ.fullmatch(text)
        if found is None:
            raise MalformedError(f"{text[:80]!r} is not a CSeq")
        return cls(number(found[1], "CSeq number", _CSEQ_LIMIT), found[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def is_unique(branch: str) -> bool:
    """Whether a Via's branch identifies its transaction by itself (RFC 3261 section 17.2.3)."""
    return branch[7:] != "" and (branch[:7] == MAGIC_COOKIE or branch[:7].lower() == _COOKIE)


def _read_hop(text: str) -> tuple[str, str, int | None]:
    found = _HOP.fullmatch(text)
    if found is None:
        raise MalformedError(f"{text[:80]!r} is not a Via")
    transport, host, digits = found.groups()
    port = int(digits) if digits else None
    if port is not None and port > 65535:
        raise MalformedError("port of a Via is larger than 65535")
    return transport.upper(), host.strip("[]") if host[0] == "[" else host, port


# Who and where comes again from call to call; the tag and the branch behind it do so within one.
_WHO: Final = Kept(lambda text: NameAddr._read_whole(f"{text}>"))
_HOPS: Final = Kept(_read_hop)

ADDRESSES: Final = Kept(NameAddr._read, FEW)
"""What each text says as a name and address; see `NameAddr.parse`."""
VIAS: Final = Kept(Via._read, FEW)
"""The same as a Via; see `Via.parse`."""
CSEQS: Final = Kept(CSeq._read)
"""The same as a CSeq; see `CSeq.parse`."""
