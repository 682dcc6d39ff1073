"""Keys of one dialog's audio: offered, taken and kept from exchange to exchange (RFC 4568 5 to 7).

Audio that must be encrypted is RTP/SAVP. Where it may be, RTP/AVP is offered with keys beside it: whoever does not
know them answers in clear, and most telephones that can do both offer it that way themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gateway.core.srtp import Encryption, MasterKey, Protection, Suite
from gateway.sdp.crypto import Crypto
from gateway.sdp.refusal import WARNING_TRANSPORT, NotAcceptable

__all__ = ["PLAIN", "SECURE", "Keying"]

PLAIN: Final = "RTP/AVP"
SECURE: Final = "RTP/SAVP"
"""Transports of audio in clear and of encrypted audio (RFC 3711 12)."""
IN_CLEAR: Final = frozenset({PLAIN, "RTP/AVPF"})
ENCRYPTED: Final = frozenset({SECURE, "RTP/SAVPF"})
"""Those that are taken. Who offers feedback (RFC 4585, RFC 5124) is answered likewise and sent none, as none is
agreed upon by a=rtcp-fb."""
SUITES: Final = tuple(Suite)
"""What is offered, dearest first: that which costs least."""


class Keying:
    """Our side of it.

    Args:
        encryption: whether audio may or must be encrypted.
        random: where keys come from: as many octets as it is asked for.

    Attributes:
        encryption: as it was given, or asked for since.
        protocol: the transport of our descriptions.
    """

    __slots__ = ("_offered", "_random", "encryption", "protocol")

    def __init__(self, encryption: Encryption, random: Callable[[int], bytes]) -> None:
        self.encryption = encryption
        self._random = random
        self._offered: tuple[Crypto, ...] = ()
        self.protocol = SECURE if encryption is Encryption.REQUIRED else PLAIN

    def check(self, protocol: str, cryptos: Sequence[Crypto]) -> None:
        """Make sure that a stream of the peer's suits us.

        Raises:
            NotAcceptable: one of both sides must have encryption, and the other does not.
        """
        if protocol.startswith("UDP/TLS/"):
            raise NotAcceptable(
                f"the peer wants audio as browsers have it ({protocol}: DTLS-SRTP over ICE), which is not spoken "
                f"here; we speak {PLAIN} and {SECURE}",
                WARNING_TRANSPORT,
            )
        if protocol not in IN_CLEAR | ENCRYPTED:
            raise NotAcceptable(f"we speak {PLAIN} and {SECURE}, the peer wants {protocol}", WARNING_TRANSPORT)
        if self.encryption is Encryption.OFF:
            if protocol in ENCRYPTED:
                raise NotAcceptable(
                    f"the peer wants encrypted audio ({protocol}), which is not to be had on this path",
                    WARNING_TRANSPORT,
                )
        elif not cryptos and (protocol in ENCRYPTED or self.encryption is Encryption.REQUIRED):
            suites = " ".join(suite.value for suite in SUITES)
            raise NotAcceptable(
                f"audio must be encrypted, and the peer has no key that we can use (a=crypto); we have {suites}",
                WARNING_TRANSPORT,
            )

    def offer(self, before: Protection | None, *, is_first: bool) -> tuple[Crypto, ...]:
        """A key of each suite, that in use first; a call that was agreed upon in clear stays so.

        Args:
            before: keys in use.
            is_first: nothing has been agreed upon yet.
        """
        self._offered = ()
        if self.encryption is not Encryption.OFF and (is_first or before is not None):
            suites = SUITES if before is None else sorted(SUITES, key=lambda suite: suite is not before.suite)
            self._offered = tuple(Crypto(tag, self._key(suite, before)) for tag, suite in enumerate(suites, 1))
        return self._offered

    def insist(self) -> bool:
        """Have audio encrypted from now on, where it only might be; whether that is something new."""
        if self.encryption is not Encryption.OPTIONAL:
            return False
        self.encryption, self.protocol = Encryption.REQUIRED, SECURE
        return True

    def answer(
        self, protocol: str, cryptos: Sequence[Crypto], before: Protection | None
    ) -> tuple[Crypto | None, Protection | None]:
        """Our line and the keys of both, where the peer offers a key; the first that we can use is taken."""
        self.protocol = protocol
        if self.encryption is Encryption.OFF or not cryptos:
            return None, None
        theirs = cryptos[0]
        key = self._key(theirs.key.suite, before)
        return Crypto(theirs.tag, key), Protection(theirs.key, key)

    def accept(self, cryptos: Sequence[Crypto]) -> Protection | None:
        """The keys that an answer leaves; None for audio in clear.

        Raises:
            NotAcceptable: it takes none that we offered (section 7.1.3).
        """
        if not self._offered or not cryptos:
            return None
        theirs = cryptos[0]
        for ours in self._offered:
            if (ours.tag, ours.key.suite) == (theirs.tag, theirs.key.suite):
                return Protection(theirs.key, ours.key)
        raise NotAcceptable("the peer's answer takes none of the keys that we offered", WARNING_TRANSPORT)

    def _key(self, suite: Suite, before: Protection | None) -> MasterKey:
        """Our key of `suite`: the one in use, which goes on counting where it is, or a new one."""
        if before is not None and before.suite is suite:
            return before.ours
        return MasterKey(suite, self._random(suite.octets))
