"""URIs as SIP uses them: sip and sips (RFC 3261 section 19.1), tel (RFC 3966), and others kept as text.

Text enters `parse_uri` or a class's `parse`; `str()` gives the wire form back unchanged, escapes included. A URI's
password is part of `str()`, because a URI that is sent must be whole, but of neither `repr()` nor `shown`.
"""

from __future__ import annotations

import re
from dataclasses import field, replace
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.core.repeated import repeated
from gateway.sip.grammar import HOST
from gateway.sip.parameters import NO_PARAMETERS, Parameters

__all__ = ["OtherUri", "SipUri", "TelUri", "Uri", "host_text", "loose", "parse_uri"]

_UNRESERVED: Final = r"A-Za-z0-9\-_.!~*'()"
# "#" must be escaped in a user part (section 25.1), yet telephones that dial "*72#" send it bare.
_SIP_URI: Final = re.compile(
    rf"(?P<scheme>sips?):"
    rf"(?:(?P<user>[{_UNRESERVED}%&=+$,;?/#]++)(?::(?P<password>[{_UNRESERVED}%&=+$,]*+))?@)?"
    rf"(?P<host>{HOST})(?::(?P<port>[0-9]{{1,5}}))?"
    rf"(?P<parameters>(?:;[{_UNRESERVED}%\[\]/:&+$]++(?:=[{_UNRESERVED}%\[\]/:&+$]*+)?)*+)"
    rf"(?:\?(?P<headers>[{_UNRESERVED}%\[\]/?:+$=&]++))?",
    re.IGNORECASE | re.ASCII,
)
# Section 3: a global number has digits alone, a local one hexadecimal ones, "*" and "#"; either has one at least.
_TEL_URI: Final = re.compile(
    r"tel:(?P<number>\+[()\-.]*+[0-9][0-9()\-.]*+|[()\-.]*+[0-9A-F*#][0-9A-F*#()\-.]*+)"
    r"(?P<parameters>(?:;[^;<>\"\s]++)*+)",
    re.I,
)
_OTHER_URI: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*+):[^\s<>\"]++")
_THREE_COLONS: Final = re.compile(r"(?<!:):::(?!:)")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_PLAIN_IN_USER: Final = "-_.!~*'()&=+$,;?/"
_PLAIN_USER: Final = re.compile(r"[A-Za-z0-9_.+*\-]*+")
"""A user part that needs no escape, as nearly all are."""
_DECISIVE: Final = ("transport", "user", "ttl", "method", "maddr")
"""Parameters that make two URIs differ when only one of them has it (19.1.4)."""
_NUMBERS: Final = ("ext", "rn", "cic")
"""Parameters of a tel URI that are telephone numbers (RFC 3966 section 5.1, RFC 4694)."""
MANY: Final = 1024
"""URIs made of a user and a host that are kept, in less than 1 MB: those of an office's numbers."""
_VISUAL_SEPARATORS: Final = str.maketrans("", "", "()-.")


def host_text(host: str) -> str:
    """`host` as it is written before a port: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


@frozen
class SipUri:
    """A sip or sips URI.

    Attributes:
        host: name or address; IPv6 without its brackets.
        user: user part in wire form (escaped), or None.
        password: in wire form, or None.
        port: 1..65535, or None where the URI names none.
        scheme: "sip", or "sips", which asks for TLS on the whole way (RFC 5630).
        parameters: what follows the host.
        headers: what follows the question mark, in wire form; empty where there is none.
    """

    host: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    port: int | None = None
    scheme: str = "sip"
    parameters: Parameters = NO_PARAMETERS
    headers: str = ""
    _written: str = field(default="", init=False, repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> SipUri:
        """Read a sip or sips URI.

        Raises:
            MalformedError: it is none.
        """
        found = _SIP_URI.fullmatch(text)
        if found is None or ("%" in text and _BAD_ESCAPE.search(text)):
            raise MalformedError(f"{text[:80]!r} is not a SIP URI")
        scheme, user, password, host, port, parameters, headers = found.groups()
        if port is not None and not 1 <= int(port) <= 65535:
            raise MalformedError(f"port {port} of a SIP URI is out of range")
        return cls(
            # Three colons are a slip of RFC 3261's grammar that peers have copied (RFC 5118 section 4.10).
            _THREE_COLONS.sub("::", host.strip("[]")) if host[0] == "[" else host,
            user,
            password,
            int(port) if port is not None else None,
            scheme.lower(),
            Parameters.parse(parameters),
            headers or "",
        )

    @classmethod
    def of(cls, user: str, host: str, port: int | None = None, parameters: Parameters = NO_PARAMETERS) -> SipUri:
        """The URI of `user` (plain text; escaped here where the grammar needs it) at `host`."""
        return _of(user, host, port, parameters)

    def __str__(self) -> str:
        if not self._written:
            object.__setattr__(self, "_written", self._text(self.password))
        return self._written

    @property
    def shown(self) -> str:
        """The URI for logs: its password is starred out."""
        return self._text("***" if self.password is not None else None)

    def _text(self, password: str | None) -> str:
        user = ""
        if self.user is not None:
            user = f"{self.user}@" if password is None else f"{self.user}:{password}@"
        port = f":{self.port}" if self.port is not None else ""
        headers = f"?{self.headers}" if self.headers else ""
        parameters = self.parameters if self.parameters.pairs else ""
        return f"{self.scheme}:{user}{host_text(self.host)}{port}{parameters}{headers}"

    @property
    def username(self) -> str:
        """The user part as text, escapes resolved; "" where there is none."""
        user = self.user or ""
        return unquote(user) if "%" in user else user

    @property
    def transport(self) -> str | None:
        """The transport parameter in lower case, or None."""
        value = self.parameters.get("transport")
        return value.lower() if value else None

    @property
    def is_loose_router(self) -> bool:
        """Whether it carries "lr" (section 16.4)."""
        return "lr" in self.parameters

    def requested(self) -> SipUri:
        """This URI as that of a request, in which neither headers nor a method stand (19.1.1 table 1, 19.1.5)."""
        pairs = self.parameters.pairs
        if not self.headers and (not pairs or "method" not in self.parameters):
            return self
        return replace(self, parameters=self.parameters.without("method"), headers="")

    def bare(self) -> SipUri:
        """This URI without password, parameters and headers: who, and where."""
        return replace(self, password=None, parameters=NO_PARAMETERS, headers="")

    def same_as(self, other: object) -> bool:
        """Whether `other` is an equivalent URI by the rules of section 19.1.4 (which are not transitive)."""
        if not isinstance(other, SipUri):
            return False
        return (
            self.scheme == other.scheme
            and self.host.lower() == other.host.lower()
            and self.port == other.port
            and _unescaped(self.user) == _unescaped(other.user)
            and _unescaped(self.password) == _unescaped(other.password)
            and _parameters_agree(self.parameters, other.parameters)
            and _header_set(self.headers) == _header_set(other.headers)
        )


@frozen
class TelUri:
    """A tel URI; `number` keeps its visual separators, `digits` has none."""

    number: str
    parameters: Parameters = NO_PARAMETERS

    @property
    def scheme(self) -> str:
        """What stands before the colon."""
        return "tel"

    @classmethod
    def parse(cls, text: str) -> TelUri:
        """Read a tel URI.

        Raises:
            MalformedError: it is none.
        """
        found = _TEL_URI.fullmatch(text)
        if found is None:
            raise MalformedError(f"{text[:80]!r} is not a tel URI")
        return cls(found["number"], Parameters.parse(found["parameters"]))

    def __str__(self) -> str:
        return f"tel:{self.number}{self.parameters}"

    @property
    def shown(self) -> str:
        """The URI for logs."""
        return str(self)

    @property
    def digits(self) -> str:
        """The number without visual separators, a leading "+" kept."""
        return self.number.translate(_VISUAL_SEPARATORS)

    def same_as(self, other: object) -> bool:
        """Whether `other` is the same number by the rules of RFC 3966 section 4: parameters count, in any order."""
        if not isinstance(other, TelUri) or self.digits.lower() != other.digits.lower():
            return False
        return _telephone_set(self.parameters) == _telephone_set(other.parameters)


SOS: Final = "urn:service:sos"
"""And below it, with a dot, those of one kind: police, fire, ambulance, …"""


@frozen
class OtherUri:
    """A URI of a scheme that we do not speak, kept as text."""

    text: str

    @classmethod
    def parse(cls, text: str) -> OtherUri:
        """Take any text that begins with a scheme.

        Raises:
            MalformedError: it does not.
        """
        if _OTHER_URI.fullmatch(text) is None:
            raise MalformedError(f"{text[:80]!r} is not a URI")
        return cls(text)

    def __str__(self) -> str:
        return self.text

    @property
    def is_for_help(self) -> bool:
        """Whether it calls for help, whatever the number for that is here (RFC 5031 section 4.2)."""
        return f"{self.text.lower()}.".startswith(f"{SOS}.")

    @property
    def shown(self) -> str:
        """The URI for logs."""
        return self.text

    @property
    def scheme(self) -> str:
        """What stands before the colon, in lower case."""
        return self.text.partition(":")[0].lower()

    def same_as(self, other: object) -> bool:
        """Whether `other` is the same text."""
        return self == other


Uri = SipUri | TelUri | OtherUri


@lru_cache(MANY)
def _of(user: str, host: str, port: int | None, parameters: Parameters) -> SipUri:
    written = user if _PLAIN_USER.fullmatch(user) else quote(user, safe=_PLAIN_IN_USER)
    return SipUri(host, written or None, port=port, parameters=parameters)


def loose(proxy: SipUri) -> SipUri:
    """A proxy as the Route through it (RFC 3261 16.12.1.1)."""
    if proxy.is_loose_router:
        return proxy
    return SipUri(proxy.host, port=proxy.port, scheme=proxy.scheme, parameters=proxy.parameters.having("lr"))


@repeated
def parse_uri(text: str) -> Uri:
    """Read a URI of any scheme.

    Raises:
        MalformedError: `text` is no URI, or not a good one of a scheme that we speak.
    """
    scheme = text.partition(":")[0].lower()
    if scheme in ("sip", "sips"):
        return SipUri.parse(text)
    return TelUri.parse(text) if scheme == "tel" else OtherUri.parse(text)


def _unescaped(text: str | None) -> str | None:
    """`text` with every escape resolved that stands for an unreserved character, the others in upper case."""
    if text is None or "%" not in text:
        return text
    return _ESCAPE.sub(_resolve, text)


def _resolve(escape: re.Match[str]) -> str:
    character = chr(int(escape[0][1:], 16))
    unreserved = character.isascii() and (character.isalnum() or character in "-_.!~*'()")
    return character if unreserved else escape[0].upper()


def _parameters_agree(one: Parameters, other: Parameters) -> bool:
    left = {name.lower(): (value or "").lower() for name, value in one}
    right = {name.lower(): (value or "").lower() for name, value in other}
    if any(left[name] != right[name] for name in left.keys() & right.keys()):
        return False
    return not any((name in left) != (name in right) for name in _DECISIVE)


def _telephone_set(parameters: Parameters) -> dict[str, str]:
    """Parameters of a tel URI as they compare; those that are numbers do so without visual separators."""
    return {
        name.lower(): text.translate(_VISUAL_SEPARATORS) if name.lower() in _NUMBERS or text[:1] == "+" else text
        for name, value in parameters
        for text in [(value or "").lower()]
    }


def _header_set(headers: str) -> list[tuple[str, str | None]]:
    pairs = (pair.partition("=") for pair in headers.split("&")) if headers else ()
    return sorted((name.lower(), _unescaped(value) or "") for name, _, value in pairs)
