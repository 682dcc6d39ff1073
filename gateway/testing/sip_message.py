"""A SIP message as plain text, as far as a telephone needs it, and the proof of its password (RFC 3261 22)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

__all__ = ["SipMessage", "proof"]


@dataclass
class SipMessage:
    """A message taken apart as far as a telephone needs it."""

    start: str
    headers: list[tuple[str, str]]
    body: str

    @classmethod
    def parse(cls, data: bytes) -> SipMessage:
        head, _, body = data.decode().partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        return cls(
            start, [(n.strip().lower(), v.strip()) for n, _, v in (line.partition(":") for line in lines)], body
        )

    def all(self, name: str) -> list[str]:
        return [value for found, value in self.headers if found == name.lower()]

    def __getitem__(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def status(self) -> int:
        return int(self.start.split()[1]) if self.start.startswith("SIP/") else 0

    @property
    def method(self) -> str:
        return self["cseq"].split()[1]


def proof(challenge: SipMessage, method: str, uri: str, user: str, secret: str) -> str:
    """The line that answers a 401 or 407: a digest of MD5 or SHA-256 with qop=auth (RFC 8760, RFC 7616 3.4)."""
    row = challenge["www-authenticate"] or challenge["proxy-authenticate"]
    given = dict(re.findall(r'(\w+)="?([^",]+)"?', row))
    algorithm = given.get("algorithm", "MD5")
    digest = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5

    def h(text: str) -> str:
        return digest(text.encode()).hexdigest()

    ha1, ha2 = h(f"{user}:{given['realm']}:{secret}"), h(f"{method}:{uri}")
    answer = h(f"{ha1}:{given['nonce']}:00000001:c:auth:{ha2}")
    name = "Authorization" if challenge.status == 401 else "Proxy-Authorization"
    opaque = f', opaque="{given["opaque"]}"' if "opaque" in given else ""
    return (
        f'{name}: Digest username="{user}", realm="{given["realm"]}", nonce="{given["nonce"]}", '
        f'uri="{uri}", response="{answer}", algorithm={algorithm}, cnonce="c", qop=auth, '
        f"nc=00000001{opaque}\r\n"
    )
