"""How the names of header fields are spelled: as keys of `Headers`, as peers write them, and as we do.

A key is the long name in lower case. The names that are met every day are in these tables; what is not is worked
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.core.errors import MalformedError
from gateway.sip.grammar import is_token

__all__ = ["KEYS", "LABELS", "NAMES", "WRITTEN"]

_COMPACT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "a": "accept-contact",
        "b": "referred-by",
        "c": "content-type",
        "d": "request-disposition",
        "e": "content-encoding",
        "f": "from",
        "i": "call-id",
        "j": "reject-contact",
        "k": "supported",
        "l": "content-length",
        "m": "contact",
        "o": "event",
        "r": "refer-to",
        "s": "subject",
        "t": "to",
        "u": "allow-events",
        "v": "via",
        "x": "session-expires",
        "y": "identity",
    }
)
"""Compact header names (IANA registry of SIP header fields)."""

_SPELLING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "call-id": "Call-ID",
        "cseq": "CSeq",
        "mime-version": "MIME-Version",
        "min-se": "Min-SE",
        "p-asserted-identity": "P-Asserted-Identity",
        "rack": "RAck",
        "rseq": "RSeq",
        "session-id": "Session-ID",
        "sip-etag": "SIP-ETag",
        "sip-if-match": "SIP-If-Match",
        "www-authenticate": "WWW-Authenticate",
    }
)
"""Names whose usual spelling is not just a capital after each hyphen."""

_USUAL: Final = (
    "accept accept-contact accept-encoding accept-language alert-info allow allow-events authorization call-id "
    "call-info contact content-disposition content-encoding content-length content-type cseq date diversion event "
    "expires from history-info join max-forwards min-expires organization p-asserted-identity p-preferred-identity "
    "path privacy proxy-authenticate proxy-authorization reason record-route refer-to referred-by reject-contact "
    "replaces request-disposition require retry-after route server session-expires subject subscription-state "
    "supported timestamp to unsupported user-agent via warning"
).split()
"""What nearly every look-up is for."""


class _Written(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return key.title()


WRITTEN: Final = _Written({name: _SPELLING.get(name) or name.title() for name in (*_USUAL, *_SPELLING)})
"""How each key is written."""


class _Labels(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"{WRITTEN[key]}: "


LABELS: Final = _Labels({key: f"{name}: " for key, name in WRITTEN.items()})
"""How the line of each key begins."""


class _Keys(dict[str, str]):
    def __missing__(self, name: str) -> str:
        lower = name.lower()
        return _COMPACT.get(lower, lower)


KEYS: Final = _Keys({spelled: key for key, name in WRITTEN.items() for spelled in (key, name)} | dict(_COMPACT))
"""The key of each name, compact or long, in whatever case."""


class _Names(dict[str, str]):
    def __missing__(self, name: str) -> str:
        if not is_token(name):
            raise MalformedError(f"{name[:80]!r} is not the name of a header")
        return KEYS[name]


NAMES: Final = _Names(KEYS)
"""The same of names that a peer has written; MalformedError for what can be none."""
