"""The arithmetic of digest authentication (RFC 7616 section 3.4, RFC 8760), and the side that answers a challenge.

`Secret` is what is known of a user's password; `Challenge` reads what a server asks and writes the credentials.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.core.word import Word
from gateway.sip.grammar import QUOTED, TOKEN, quote, unquote
from gateway.sip.parameters import LOWER

__all__ = ["SESSION", "Algorithm", "Challenge", "Secret", "digest_response", "read_parameters"]

_SCHEME: Final = re.compile(rf"[ \t]*+({TOKEN})[ \t]++")
_PARAMETER: Final = re.compile(
    rf"[ \t,]*+(?P<name>{TOKEN})[ \t]*+=[ \t]*+(?P<value>{QUOTED}|[^\s,\"]++)[ \t]*+(?:,|$)", re.DOTALL
)

_PLAIN: Final = re.compile(r'(?:[A-Za-z0-9\-]++=(?:"[^"\\]*+"|[^\s,"=]++)(?:, ?|$))++')
_PLAIN_PARAMETER: Final = re.compile(r'([A-Za-z0-9\-]++)=(?:"([^"\\]*+)"|([^\s,"=]++))')
"""Parameters as most are: no blanks but one after each comma, and nothing escaped within quotes."""

SESSION: Final = "-SESS"
"""The end of an algorithm's name by which a whole session has a secret of its own (RFC 7616 section 3.4.2)."""
AUTH: Final = "auth"
AUTH_INT: Final = "auth-int"
"""The qualities of protection (RFC 7616 section 3.3): the request's first line, or its body too."""


class Algorithm(Word):
    """The hashes that are used; the value is the IANA name."""

    MD5 = "MD5"
    SHA_256 = "SHA-256"

    @classmethod
    def named(cls, name: str) -> Algorithm | None:
        """The algorithm of that name (without case), or None for one that is not used."""
        return _NAMED.get(name) or _NAMED.get(name.upper())

    def hash(self, text: str | bytes) -> str:
        """`text` hashed, in hexadecimal."""
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        if self is Algorithm.MD5:
            return hashlib.md5(data, usedforsecurity=False).hexdigest()
        return hashlib.sha256(data).hexdigest()


_NAMED: Final = {algorithm.value: algorithm for algorithm in Algorithm}


@frozen
class Secret:
    """What is known of a user's password: itself, or only its HA1 hashes.

    Attributes:
        password: the password, or None.
        hashes: HA1 = H(user:realm:password) in hexadecimal, for the realm in use.
    """

    password: str | None = field(default=None, repr=False)
    hashes: Mapping[Algorithm, str] = field(default_factory=dict, repr=False)

    def ha1(self, username: str, realm: str, algorithm: Algorithm) -> str | None:
        """H(user:realm:password), or None where it is not known for `algorithm`."""
        if self.password is not None:
            return algorithm.hash(f"{username}:{realm}:{self.password}")
        known = self.hashes.get(algorithm)
        return known.lower() if known else None


def digest_response(
    ha1: str, method: str, given: Mapping[str, str], algorithm: Algorithm, body: bytes = b""
) -> str:
    """The response to a challenge (RFC 7616 section 3.4.1; without qop, RFC 2069's).

    Args:
        ha1: H(user:realm:password).
        method: the request's.
        given: nonce and uri, and with a qop also nc and cnonce, unquoted.
        algorithm: the hash.
        body: the request's; counts where the qop is "auth-int".
    """
    integrity = f":{algorithm.hash(body)}" if given.get("qop", "").lower() == AUTH_INT else ""
    ha2 = algorithm.hash(f"{method}:{given['uri']}{integrity}")
    if "qop" not in given:
        return algorithm.hash(f"{ha1}:{given['nonce']}:{ha2}")
    middle = f"{given['nonce']}:{given['nc']}:{given['cnonce']}:{given['qop']}"
    return algorithm.hash(f"{ha1}:{middle}:{ha2}")


def read_parameters(row: str) -> tuple[str, dict[str, str]]:
    """The scheme in lower case and the parameters (names in lower case, values unquoted) of an auth header.

    Raises:
        MalformedError: it cannot be read, or names a parameter twice.
    """
    scheme = _SCHEME.match(row)
    if scheme is None:
        raise MalformedError(f"{row[:40]!r} is no authentication header")
    if _PLAIN.fullmatch(row, scheme.end()):
        pairs = _PLAIN_PARAMETER.findall(row, scheme.end())
        given = {LOWER[name]: quoted or value for name, quoted, value in pairs}
        if len(given) == len(pairs):
            return scheme[1].lower(), given
    given = {}
    at = scheme.end()
    while at < len(row):
        found = _PARAMETER.match(row, at)
        if found is None or (name := found["name"].lower()) in given:
            raise MalformedError(f"a {scheme[1]} header cannot be read at its character {at}")
        given[name] = unquote(found["value"])
        at = found.end()
    return scheme[1].lower(), given


@frozen
class Challenge:
    """What a server asks for.

    Attributes:
        realm: whose password is wanted.
        nonce: the server's.
        algorithm: the hash.
        qop: "auth" where that is offered, else "auth-int"; empty where none is: the answer is RFC 2069's then.
        opaque: to be sent back, or None.
        stale: whether the last secret was right and only its nonce too old.
        session: whether the hash is that of a session ("MD5-sess"): all its answers are made with one cnonce.
    """

    realm: str
    nonce: str
    algorithm: Algorithm = Algorithm.MD5
    qop: str = AUTH
    opaque: str | None = None
    stale: bool = False
    session: bool = False

    @classmethod
    def parse(cls, row: str) -> Challenge:
        """Read one row of WWW-Authenticate or Proxy-Authenticate.

        Raises:
            MalformedError: it cannot be read, or asks for what is not known here.
        """
        scheme, given = read_parameters(row)
        name = given.get("algorithm", "MD5").upper()
        algorithm = Algorithm.named(name.removesuffix(SESSION))
        offered = [option.strip().lower() for option in given.get("qop", "").split(",")]
        if scheme != "digest" or algorithm is None or not {"realm", "nonce"} <= given.keys():
            raise MalformedError(f"{row[:40]!r} is no digest challenge that can be answered")
        qop = next((known for known in (AUTH, AUTH_INT) if known in offered), "")
        if "qop" in given and not qop:
            raise MalformedError("a challenge that offers neither qop=auth nor qop=auth-int")
        session = name.endswith(SESSION)
        if session and not qop:
            raise MalformedError("a challenge by the hash of a session that offers no qop, and so allows no cnonce")
        stale = given.get("stale", "").lower() == "true"
        return cls(given["realm"], given["nonce"], algorithm, qop, given.get("opaque"), stale, session)

    @classmethod
    def best(cls, rows: Iterable[str], realm: str = "") -> Challenge | None:
        """The first of `rows` that can be answered (RFC 8760 section 2.4: the server sorts), or None.

        Args:
            rows: of WWW-Authenticate or Proxy-Authenticate.
            realm: the only one that is answered; empty for any.
        """
        for row in rows:
            try:
                challenge = cls.parse(row)
            except MalformedError:
                continue
            if realm in ("", challenge.realm):
                return challenge
        return None

    def answer(
        self,
        username: str,
        secret: Secret,
        method: str,
        uri: str,
        *,
        cnonce: str,
        count: int = 1,
        body: bytes = b"",
    ) -> str | None:
        """The value for Authorization or Proxy-Authorization.

        Args:
            username, secret: the credentials.
            method, uri: of the request that will carry the value.
            cnonce: random text of ours; the same for all answers to a challenge by the hash of a session.
            count: how often this nonce has been answered, this time included.
            body: of that request.

        Returns:
            The value; None where `secret` knows no HA1 for the challenge's algorithm.
        """
        ha1 = secret.ha1(username, self.realm, self.algorithm)
        if ha1 is None:
            return None
        name = self.algorithm.value
        if self.session:
            ha1 = self.algorithm.hash(f"{ha1}:{self.nonce}:{cnonce}")
            name += SESSION.lower()
        given = {"nonce": self.nonce, "uri": uri}
        if self.qop:
            given |= {"qop": self.qop, "nc": f"{count:08x}", "cnonce": cnonce}
        pieces = [
            f"username={quote(username)}",
            f"realm={quote(self.realm)}",
            f"nonce={quote(self.nonce)}",
            f"uri={quote(uri)}",
            f"response={quote(digest_response(ha1, method, given, self.algorithm, body))}",
            f"algorithm={name}",
        ]
        if self.qop:
            pieces += [f"qop={self.qop}", f"nc={given['nc']}", f"cnonce={quote(cnonce)}"]
        if self.opaque is not None:
            pieces.append(f"opaque={quote(self.opaque)}")
        return "Digest " + ", ".join(pieces)
