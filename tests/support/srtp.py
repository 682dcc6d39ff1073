"""SRTP written down a second time, from RFC 3711 and RFC 7714 by the primitives of `cryptography`.

One direction of one stream, as slow and plain as the RFCs say it, to hold the media plane against.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.core.srtp import MasterKey, Suite

__all__ = ["Srtp", "derived", "key_stream"]

HEADER = 12
ENCRYPTED = 1 << 31
"""The E flag before an SRTCP index (RFC 3711 3.4)."""


def key_stream(key: bytes, counter: int, octets: int) -> bytes:
    """AES in counter mode (RFC 3711 4.1.1): `counter` is the whole 128 bits of the first block."""
    encryptor = Cipher(algorithms.AES(key), modes.CTR(counter.to_bytes(16, "big"))).encryptor()
    return encryptor.update(bytes(octets))


def derived(key: bytes, salt: bytes, label: int, octets: int) -> bytes:
    """A session key (RFC 3711 4.3.1, rate 0); salts of 12 octets as RFC 7714 11 extends them."""
    x = int.from_bytes(salt.ljust(14, b"\0"), "big") ^ (label << 48)
    return key_stream(key, x << 16, octets)


class Srtp:
    """One direction of a stream under a master key.

    Args:
        key: the master key.
        mki: the key identifier that each packet carries.
        roll_over: how often the sequence number has wrapped.
    """

    def __init__(self, key: MasterKey, mki: bytes = b"", roll_over: int = 0) -> None:
        self.suite = key.suite
        self.mki = mki
        self.roll_over = roll_over
        self._index = 0
        master, salt = key.key[:16], key.key[16:]
        self._keys = [derived(master, salt, label, 16) for label in (0, 3)]
        self._hashes = [derived(master, salt, label, 20) for label in (1, 4)]
        self._salts = [derived(master, salt, label, len(salt)) for label in (2, 5)]

    @classmethod
    def by_session_key(cls, suite: Suite, key: bytes, salt: bytes) -> Srtp:
        """With keys that are not derived, as the test vectors of RFC 7714 have them."""
        stream = cls(MasterKey(suite, bytes(suite.octets)))
        stream._keys, stream._salts = [key, key], [salt, salt]
        return stream

    def cover(self, packet: bytes) -> bytes:
        """An RTP packet without CSRCs and extension, encrypted."""
        head, payload = packet[:HEADER], packet[HEADER:]
        if self.suite is Suite.AEAD_AES_128_GCM:
            return head + self._gcm().encrypt(self._nonce(head), payload, head) + self.mki
        body = head + self._counter_mode(head, payload)
        return body + self.mki + self._tag(body)

    def uncover(self, packet: bytes) -> bytes:
        """The same back.

        Raises:
            ValueError: a wrong tag.
        """
        if self.mki:
            tag = self.suite.tags[0]
            assert packet[len(packet) - tag - len(self.mki) : len(packet) - tag] == self.mki
            packet = packet[: len(packet) - tag - len(self.mki)] + packet[len(packet) - tag :]
        head = packet[:HEADER]
        if self.suite is Suite.AEAD_AES_128_GCM:
            return head + self._gcm().decrypt(self._nonce(head), packet[HEADER:], head)
        body, tag_seen = packet[: -self.suite.tags[0]], packet[-self.suite.tags[0] :]
        if self._tag(body) != tag_seen:
            raise ValueError("wrong tag")
        return head + self._counter_mode(head, body[HEADER:])

    def cover_report(self, packet: bytes) -> bytes:
        """A compound RTCP packet, encrypted (RFC 3711 3.4, RFC 7714 9)."""
        self._index += 1
        trailer = (ENCRYPTED | self._index).to_bytes(4, "big")
        head, rest = packet[:8], packet[8:]
        ssrc = head[4:8]
        if self.suite is Suite.AEAD_AES_128_GCM:
            nonce = _xor(bytes(2) + ssrc + bytes(2) + self._index.to_bytes(4, "big"), self._salts[1])
            return head + AESGCM(self._keys[1]).encrypt(nonce, rest, head + trailer) + trailer + self.mki
        counter = _counter(self._salts[1], int.from_bytes(ssrc, "big"), self._index)
        body = head + _xor(rest, key_stream(self._keys[1], counter, len(rest))) + trailer
        return body + self.mki + hmac.digest(self._hashes[1], body, hashlib.sha1)[:10]

    def _counter_mode(self, head: bytes, payload: bytes) -> bytes:
        index = (self.roll_over << 16) | int.from_bytes(head[2:4], "big")
        counter = _counter(self._salts[0], int.from_bytes(head[8:12], "big"), index)
        return _xor(payload, key_stream(self._keys[0], counter, len(payload)))

    def _tag(self, body: bytes) -> bytes:
        whole = hmac.digest(self._hashes[0], body + self.roll_over.to_bytes(4, "big"), hashlib.sha1)
        return whole[: self.suite.tags[0]]

    def _gcm(self) -> AESGCM:
        return AESGCM(self._keys[0])

    def _nonce(self, head: bytes) -> bytes:
        """RFC 7714 8.1."""
        return _xor(bytes(2) + head[8:12] + self.roll_over.to_bytes(4, "big") + head[2:4], self._salts[0])


def _counter(salt: bytes, ssrc: int, index: int) -> int:
    """RFC 3711 4.1.1: salt, SSRC and packet index, each in its place."""
    return (int.from_bytes(salt, "big") << 16) ^ (ssrc << 64) ^ (index << 16)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
