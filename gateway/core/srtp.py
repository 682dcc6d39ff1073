"""Keys of encrypted audio (SRTP, RFC 3711) as signalling agrees on them and the media plane uses them.

They come and go in session descriptions (RFC 4568); no log, trace or representation shows them.
"""

from __future__ import annotations

from dataclasses import field

from gateway.core.frozen import frozen
from gateway.core.word import Word

__all__ = ["Encryption", "MasterKey", "Protection", "Suite"]


class Encryption(Word):
    """Whether the audio of a leg is encrypted; the value is how a configuration says it."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Suite(Word):
    """A crypto suite; the value is its name in SDP (RFC 4568 6.2, RFC 7714 14.2)."""

    AEAD_AES_128_GCM = "AEAD_AES_128_GCM"
    AES_CM_128_HMAC_SHA1_80 = "AES_CM_128_HMAC_SHA1_80"
    AES_CM_128_HMAC_SHA1_32 = "AES_CM_128_HMAC_SHA1_32"

    @property
    def octets(self) -> int:
        """Octets of master key and master salt together."""
        return 28 if self is Suite.AEAD_AES_128_GCM else 30

    @property
    def tags(self) -> tuple[int, int]:
        """Octets of the authentication tag that follows a key identifier in an RTP and in an RTCP packet."""
        if self is Suite.AEAD_AES_128_GCM:
            return 0, 0  # its tag is part of the ciphertext, before the identifier (RFC 7714 8.2, 9.2)
        # The short tag is for RTP alone (RFC 4568 6.2.2).
        return (4 if self is Suite.AES_CM_128_HMAC_SHA1_32 else 10), 10


@frozen
class MasterKey:
    """A master key with its salt.

    Attributes:
        suite: what it is for.
        key: `suite.octets` octets, key first.
        identifier: octets of the key identifier (MKI) in each packet; 0 for none.
    """

    suite: Suite
    key: bytes = field(repr=False)
    identifier: int = 0


@frozen
class Protection:
    """What encrypts a leg's audio: what comes in by `theirs`, what goes out by `ours`, one suite for both."""

    theirs: MasterKey
    ours: MasterKey

    @property
    def suite(self) -> Suite:
        """The suite of both."""
        return self.ours.suite
