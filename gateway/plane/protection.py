"""Sessions of libsrtp for the rows that have keys, and where its functions are.

libsrtp comes with pylibsrtp. Where it is missing, audio cannot be encrypted and everything else works.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from gateway.core.errors import LocalError
from gateway.core.srtp import MasterKey, Suite
from gateway.plane.words import PROTECT, UNPROTECT

__all__ = ["KeyedSession", "functions", "is_available"]

_FUNCTIONS: Final = {
    PROTECT: "srtp_protect",
    PROTECT + 1: "srtp_protect_rtcp",
    UNPROTECT: "srtp_unprotect",
    UNPROTECT + 1: "srtp_unprotect_rtcp",
}
"""In which control word the address of each function is."""
_PROFILES: Final = {
    Suite.AES_CM_128_HMAC_SHA1_80: "SRTP_PROFILE_AES128_CM_SHA1_80",
    Suite.AES_CM_128_HMAC_SHA1_32: "SRTP_PROFILE_AES128_CM_SHA1_32",
    Suite.AEAD_AES_128_GCM: "SRTP_PROFILE_AEAD_AES_128_GCM",
}


class KeyedSession:
    """A session of libsrtp for one direction of a row; it lives as long as this object.

    Args:
        key: its master key.
        incoming: packets are checked and decrypted, not encrypted.

    Attributes:
        key: as given.
        address: of the session, for compiled code.

    Raises:
        LocalError: libsrtp is not there, or does not take the key.
    """

    def __init__(self, key: MasterKey, *, incoming: bool) -> None:
        library = _library()
        self.key = key
        kind = library.Policy.SSRC_ANY_INBOUND if incoming else library.Policy.SSRC_ANY_OUTBOUND
        try:
            policy = library.Policy(key.key, kind, srtp_profile=getattr(library.Policy, _PROFILES[key.suite]))
            self._session: Any = library.Session(policy)
        except (library.Error, ValueError) as error:
            raise LocalError(f"audio cannot be encrypted by {key.suite.value}: {error}") from error
        self.address = int(_binding().ffi.cast("intptr_t", self._session._srtp[0]))


@cache
def functions() -> dict[int, int]:
    """The addresses of libsrtp's functions, by the control word in which compiled code looks for each.

    Raises:
        LocalError: libsrtp is not there.
    """
    _library()
    ffi, library = _binding().ffi, _binding().lib
    return {word: int(ffi.cast("intptr_t", ffi.addressof(library, name))) for word, name in _FUNCTIONS.items()}


def is_available() -> bool:
    """Whether libsrtp is there."""
    return find_spec("pylibsrtp") is not None


def _library() -> Any:
    if not is_available():
        raise LocalError("encrypted audio needs libsrtp, which is not installed: pip install pylibsrtp")
    return import_module("pylibsrtp")


def _binding() -> Any:
    return import_module("pylibsrtp._binding")
