"""Digest authentication (RFC 7616 as RFC 8760 takes it into SIP; RFC 3261 section 22): the side that challenges.

The values of Authorization headers enter, a Verdict leaves. Nonces need no table: each carries its time, the
address that was challenged and a seal made with a key of this process. A proof holds wherever it comes from, for a
telephone may have several addresses and change between them; a failure counts against the address that got the
nonce, which nobody can forge, and once that is banned its nonces are of no use elsewhere either. What is kept is
the highest count seen of each nonce that proved a secret, so that nothing can be replayed; that is bounded. An
unknown user costs the same work as a wrong secret.
"""

from __future__ import annotations

import hmac
import secrets
import struct
from base64 import urlsafe_b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.core.word import Word
from gateway.sip.digest import AUTH, AUTH_INT, Algorithm, Secret, digest_response, read_parameters
from gateway.sip.grammar import quote

__all__ = ["OFFERED", "Authenticator", "Verdict", "VerdictKind"]

NONCE_LIFE: Final = 300.0
"""Seconds for which a nonce may be used; a registration is refreshed with a stale=true round more or less."""
MAX_NONCES: Final = 10_000
"""Nonces whose counts are kept, one a client in use; those older than the oldest kept count as stale."""

DIGEST: Final = "digest"

_STAMP: Final = struct.Struct("!d8s")
_FROM_URL_SAFE: Final = str.maketrans("-_", "+/")
_SEAL_SIZE: Final = 16
OFFERED: Final = (Algorithm.SHA_256, Algorithm.MD5)
"""RFC 8760 section 2.4: the most preferred first. MD5 stays for telephones that know nothing else."""


class VerdictKind(Word):
    """What became of a request's credentials."""

    ACCEPTED = "accepted"
    ABSENT = "no credentials for this realm"
    STALE = "right, or not yet judged, on a nonce that is used up"
    REFUSED = "wrong secret or unknown user"
    MALFORMED = "credentials that cannot be read"


@frozen
class Verdict:
    """The outcome, and who the request says it is from.

    Attributes:
        kind: what became of the credentials.
        username: as claimed; proven only where `kind` is ACCEPTED.
        challenged: the address that got the nonce; "" where it is none of ours.
    """

    kind: VerdictKind
    username: str = ""
    challenged: str = ""


class _Nonce(NamedTuple):
    """A nonce of ours.

    Attributes:
        made: when, in seconds.
        host: the address that got it.
        latest: the highest count with which it has proved a secret; 0 for none.
    """

    made: float
    host: str
    latest: int


class Authenticator:
    """Challenges requests in one realm and checks the answers.

    Args:
        realm: shown to users when they are asked for a password.
        key: seals nonces; one a process, of 32 random octets.
        random: gives so many random octets.
        nonce_life: seconds for which a nonce may be used.
        algorithms: what is offered, the preferred first; leave out one for which not every Secret knows an HA1.
        integrity: offer proofs of the body, too.
    """

    def __init__(
        self,
        realm: str,
        *,
        key: bytes,
        random: Callable[[int], bytes] = secrets.token_bytes,
        nonce_life: float = NONCE_LIFE,
        algorithms: Sequence[Algorithm] = OFFERED,
        integrity: bool = False,
    ) -> None:
        self.realm = realm
        self._key = key
        self._random = random
        self._nonce_life = nonce_life
        self._algorithms = tuple(algorithms)
        self._qops = (AUTH, AUTH_INT) if integrity else (AUTH,)
        self._offered = ",".join(self._qops)
        self._served: OrderedDict[str, _Nonce] = OrderedDict()
        self._oldest = float("-inf")  # nonces made until this have lost their counts
        self._nobody = Secret(random(16).hex())

    def challenge(self, now: float, host: str = "", *, stale: bool = False) -> list[str]:
        """Values for WWW-Authenticate (or Proxy-Authenticate), one a header row, the preferred first.

        Args:
            now: seconds.
            host: the address that is challenged.
            stale: whether only the nonce was wrong.
        """
        nonce = self._nonce(now, host)
        flag = ", stale=true" if stale else ""
        opaque = self._seal(b"opaque")[:8].hex()
        return [
            f"Digest realm={quote(self.realm)}, nonce={quote(nonce)}, opaque={quote(opaque)}, "
            f'algorithm={algorithm.value}, qop="{self._offered}"{flag}'
            for algorithm in self._algorithms
        ]

    def verify(
        self,
        credentials: Sequence[str],
        method: str,
        lookup: Callable[[str], Secret | None],
        now: float,
        *,
        body: bytes = b"",
        source: str = "",
        banned: Callable[[str, float], bool] | None = None,
    ) -> Verdict:
        """Judge the rows of Authorization (or Proxy-Authorization) of a request.

        The digest's own uri is taken: a proxy may have changed the Request-URI (RFC 3261 section 22.4), and
        the nonce's count already keeps credentials from being used for a second request.

        Args:
            credentials: the header's rows; those of other schemes and realms are passed over.
            method: the request's.
            lookup: gives the secret of a user name, or None for an unknown one.
            now: seconds.
            body: the request's.
            source: the address that they come from; it is heard, also where it is banned.
            banned: whether nonces that were given to an address do not hold at that time; None where all do.
        """
        verdict = Verdict(VerdictKind.ABSENT)
        for row in credentials:
            try:
                scheme, given = read_parameters(row)
            except MalformedError:
                if row.strip().lower().startswith(DIGEST):
                    verdict = Verdict(VerdictKind.MALFORMED)
                continue
            if scheme == DIGEST and given.get("realm") == self.realm:
                return self._judge(given, method, body, lookup, now, source, banned)
        return verdict

    def _judge(
        self,
        given: dict[str, str],
        method: str,
        body: bytes,
        lookup: Callable[[str], Secret | None],
        now: float,
        source: str,
        banned: Callable[[str, float], bool] | None,
    ) -> Verdict:
        username = given.get("username", "")
        algorithm = Algorithm.named(given.get("algorithm", "MD5"))
        count = _count(given, self._qops)
        complete = username and {"nonce", "uri", "response"} <= given.keys()
        if not complete or count is None or algorithm not in self._algorithms:
            return Verdict(VerdictKind.MALFORMED, username)
        nonce = given["nonce"]
        opened = self._served[nonce] if nonce in self._served else self._open(nonce)
        if opened is None:
            return Verdict(VerdictKind.STALE, username)  # every client comes with such a one after a restart
        made, host, latest = opened
        if not 0 <= now - made <= self._nonce_life or made <= self._oldest:
            return Verdict(VerdictKind.STALE, username)
        if host != source and banned is not None and banned(host, now):
            return Verdict(VerdictKind.STALE, username)  # not judged, or a ban would be no end of guessing
        known = lookup(username)
        ha1 = (known or self._nobody).ha1(username, self.realm, algorithm)
        if known is not None and known.password is None:
            self._nobody.ha1(username, self.realm, algorithm)  # or who has but a hash here is answered sooner
        expected = digest_response(ha1 or "", method, given, algorithm, body)
        right = hmac.compare_digest(expected.encode(), given["response"].lower().encode("utf-8", "surrogateescape"))
        if not right or known is None or ha1 is None:
            return Verdict(VerdictKind.REFUSED, username, host)
        if count <= latest:
            return Verdict(VerdictKind.STALE, username)
        self._keep(nonce, _Nonce(made, host, count))
        return Verdict(VerdictKind.ACCEPTED, username, host)

    def _keep(self, nonce: str, served: _Nonce) -> None:
        self._served[nonce] = served
        self._served.move_to_end(nonce)
        if len(self._served) > MAX_NONCES:
            _, forgotten = self._served.popitem(last=False)
            self._oldest = max(self._oldest, forgotten.made)

    def _nonce(self, now: float, host: str) -> str:
        shown = _STAMP.pack(now, self._random(8)) + host.encode()
        return urlsafe_b64encode(shown + self._seal(shown)).decode()

    def _open(self, nonce: str) -> _Nonce | None:
        """`nonce`, which has not served yet; None where it is not one of ours."""
        try:
            data = a2b_base64(nonce.translate(_FROM_URL_SAFE))
        except (Base64Error, ValueError):
            return None
        if urlsafe_b64encode(data).decode() != nonce:
            return None  # read leniently: what our nonces are counted by is one spelling
        shown, seal = data[:-_SEAL_SIZE], data[-_SEAL_SIZE:]
        if not hmac.compare_digest(seal, self._seal(shown)) or len(shown) < _STAMP.size:
            return None
        made: float = _STAMP.unpack_from(shown)[0]
        return _Nonce(made, shown[_STAMP.size :].decode(), 0)

    def _seal(self, data: bytes) -> bytes:
        return hmac.digest(self._key, data + self.realm.encode(), sha256)[:_SEAL_SIZE]


def _count(given: dict[str, str], qops: Sequence[str]) -> int | None:
    """The nonce count; 1 without qop (RFC 2069 clients), whose nonce thus serves once.

    None if it is ill formed, or the qop is none of those that were offered.
    """
    if "qop" not in given:
        return 1
    text = given.get("nc", "")
    if given["qop"].lower() not in qops or not given.get("cnonce") or len(text) != 8:
        return None
    try:
        return int(text, 16)
    except ValueError:
        return None
