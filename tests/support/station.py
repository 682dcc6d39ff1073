"""A SIP telephone on a plain socket and the real clock, which writes its messages by hand and reads what comes.

It has no transactions and repeats nothing; what comes twice, octet by octet, is passed over. It shares no code with
the office. Every message that it takes is looked at as RFC 3261 asks of it, whatever the test looks at besides.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
import time
from dataclasses import dataclass, field
from itertools import count

__all__ = ["Station", "Taken"]

PATIENCE = 20.0
"""Seconds to wait for a message."""
PACE = 0.06
"""Seconds before a new request: an office on a busy machine takes twenty a second and no more."""
_PARAMETER = re.compile(r'(\w+)="?([^",]*)"?')
_serial = count(1)


@dataclass(frozen=True)
class Taken:
    """A message that came.

    Attributes:
        start: its first line.
        rows: header fields in order, names in lower case.
        body: what follows them.
    """

    start: str
    rows: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def parse(cls, data: bytes) -> Taken:
        """Read a message."""
        head, _, body = data.partition(b"\r\n\r\n")
        start, *lines = head.decode().split("\r\n")
        rows = tuple(
            (name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
        )
        return cls(start, rows, body)

    def all(self, name: str) -> list[str]:
        """The values of a header."""
        return [value for found, value in self.rows if found == name.lower()]

    def __getitem__(self, name: str) -> str:
        (value,) = self.all(name)
        return value

    @property
    def method(self) -> str:
        """Of a request, its method; of a response, that of what it answers."""
        return self["CSeq"].split()[1]

    @property
    def status(self) -> int:
        """Of a response; 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def contact(self) -> str:
        """The URI of the Contact."""
        found = re.search(r"<([^>]*)>", self["Contact"])
        assert found, self["Contact"]
        return found[1]

    @property
    def audio(self) -> tuple[str, int]:
        """Where the session description wants its audio."""
        text = self.body.decode()
        address, port = re.search(r"^c=IN IP4 (\S+)", text, re.M), re.search(r"^m=audio (\d+) RTP/AVP", text, re.M)
        assert address and port, text
        return address[1], int(port[1])


def tag_of(value: str) -> str:
    """The tag of a From or To."""
    found = re.search(r";tag=([^;]+)", value)
    return found[1] if found else ""


@dataclass
class Call:
    """What a station knows of a call: who is who at this end of it, and what was sent last."""

    call_id: str
    local: str
    remote: str
    target: str
    number: int = 0
    invite: dict[str, str] = field(default_factory=dict)


class Station:
    """One telephone.

    Args:
        server: the office.
        user, secret: its account.
        transport: "udp" or "tcp".
        port: its own UDP port; 0 for any.
    """

    def __init__(
        self, server: tuple[str, int], user: str, secret: str, transport: str = "udp", port: int = 0
    ) -> None:
        self.server, self.user, self.transport = server, user, transport
        self._secret = secret
        self._stream = transport == "tcp"
        self._buffer = b""
        self._seen: set[bytes] = set()
        self._sent: dict[str, dict[str, str]] = {}  # by branch: the headers that a response repeats
        if self._stream:
            self._socket = socket.create_connection(server)
        else:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind((server[0], port))
            self._socket.connect(server)
        self.address: tuple[str, int] = self._socket.getsockname()
        self.media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.media.bind((server[0], 0))
        self.media.setblocking(False)

    def close(self) -> None:
        """Be gone."""
        self._socket.close()
        self.media.close()

    # What it says of itself.

    @property
    def contact(self) -> str:
        """Its Contact's URI."""
        return f"sip:{self.user}@{self.address[0]}:{self.address[1]};transport={self.transport}"

    def description(self, version: int = 1) -> bytes:
        """Its offer or answer: G.711 at its media socket."""
        host, port = self.media.getsockname()
        return (
            f"v=0\r\no={self.user} 1 {version} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        ).encode()

    def begins(self, called: str = "") -> Call:
        """A call, or a registration, of its own that has not been sent yet."""
        at = f"{self.server[0]}:{self.server[1]}"
        uri = f"sip:{called}@{at}" if called else f"sip:{at}"
        local = f"<sip:{self.user}@{self.server[0]}>;tag=s{next(_serial)}"
        return Call(
            f"{next(_serial)}@{self.address[0]}", local, f"<sip:{called or self.user}@{self.server[0]}>", uri
        )

    # What it sends.

    def asks(self, call: Call, method: str, *headers: str, body: bytes = b"", uri: str = "") -> None:
        """Send a request of `call`, the next by number but for ACK and CANCEL, which have their INVITE's."""
        if method in ("REGISTER", "INVITE"):
            time.sleep(PACE)
        uri = uri or call.target
        if method == "CANCEL":
            uri, via, number = call.invite["uri"], call.invite["via"], call.invite["number"]
        else:
            sent_by = f"{self.address[0]}:{self.address[1]}"
            via = f"SIP/2.0/{self.transport.upper()} {sent_by};branch=z9hG4bKs{next(_serial)}"
            call.number += method != "ACK"
            number = call.invite["number"] if method == "ACK" else str(call.number)
        if method == "INVITE":
            call.invite = {"uri": uri, "via": via, "number": number}
        fields = {"via": via, "from": call.local, "call-id": call.call_id, "cseq": f"{number} {method}"}
        if method != "ACK":
            self._sent[f"{via} {method}"] = fields
        rows = [f"Via: {via}", "Max-Forwards: 70", f"From: {call.local}", f"To: {call.remote}"]
        rows += [f"Call-ID: {call.call_id}", f"CSeq: {number} {method}", *headers]
        if method == "INVITE":
            rows.append(f"Contact: <{self.contact}>")
        self._write(f"{method} {uri} SIP/2.0", rows, body)

    def acknowledges_refusal(self, call: Call, response: Taken) -> None:
        """ACK a final response other than 2xx: hop by hop, in the INVITE's transaction (17.1.1.3)."""
        rows = [f"Via: {call.invite['via']}", "Max-Forwards: 70", f"From: {call.local}", f"To: {response['To']}"]
        rows += [f"Call-ID: {call.call_id}", f"CSeq: {call.invite['number']} ACK"]
        self._write(f"ACK {call.invite['uri']} SIP/2.0", rows, b"")

    def answers(self, request: Taken, status: str, *headers: str, tag: str = "", body: bytes = b"") -> None:
        """Answer a request."""
        to = request["To"] + (f";tag={tag}" if tag and not tag_of(request["To"]) else "")
        rows = [f"Via: {via}" for via in request.all("Via")] + [
            f"Record-Route: {r}" for r in request.all("Record-Route")
        ]
        rows += [
            f"From: {request['From']}",
            f"To: {to}",
            f"Call-ID: {request['Call-ID']}",
            f"CSeq: {request['CSeq']}",
        ]
        if request.method == "INVITE" and 100 < int(status.split()[0]) < 300:
            rows.append(f"Contact: <{self.contact}>")
        self._write(f"SIP/2.0 {status}", [*rows, *headers], body)

    def is_called(self, invite: Taken, tag: str) -> Call:
        """The call that `invite` began, once it is answered with `tag`."""
        return Call(invite["Call-ID"], f"{invite['To']};tag={tag}", invite["From"], invite.contact, 100)

    def is_answered(self, call: Call, response: Taken) -> None:
        """From now on the requests of `call` are within the dialog that `response` makes (12.1.2)."""
        call.remote, call.target = response["To"], response.contact

    def credentials(self, call: Call, method: str, challenge: Taken, secret: str = "", name: str = "") -> str:
        """The header that answers a challenge, with MD5 and qop "auth" (RFC 2617 3.2.2)."""
        asked = [dict(_PARAMETER.findall(value)) for value in challenge.all("WWW-Authenticate")]
        (found,) = [fields for fields in asked if fields.get("algorithm", "MD5") == "MD5"]
        assert "auth" in found["qop"].split(",") and found["nonce"] and found["realm"]

        def md5(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        name = name or self.user
        one = md5(f"{name}:{found['realm']}:{secret or self._secret}")
        two = md5(f"{method}:{call.target}")
        proof = md5(f"{one}:{found['nonce']}:00000001:c:auth:{two}")
        return (
            f'Authorization: Digest username="{name}", realm="{found["realm"]}", nonce="{found["nonce"]}", '
            f'uri="{call.target}", response="{proof}", algorithm=MD5, qop=auth, nc=00000001, cnonce="c"'
        )

    def _write(self, start: str, rows: list[str], body: bytes) -> None:
        rows = [*rows, *(["Content-Type: application/sdp"] if body else []), f"Content-Length: {len(body)}"]
        self._socket.sendall("\r\n".join([start, *rows, "", ""]).encode() + body)

    # What it takes.

    def takes(self, *expected: str, within: float = PATIENCE) -> Taken:
        """The next message, which must be a response with this status and method, or a request with this method."""
        taken = self._next(within, " ".join(expected))
        what = f"{taken.status} {taken.method}" if taken.status else taken.method
        assert what in expected, f"{self.user} wants {' or '.join(expected)} and gets {taken.start}"
        self._check_response(taken) if taken.status else self._check_request(taken)
        return taken

    def hears_nothing(self, seconds: float = 0.3) -> None:
        """No message comes, but for what came before."""
        data = self._new(time.monotonic() + seconds)
        assert data is None, f"{self.user} wants nothing and gets {data!r}"

    def copies(self, seconds: float) -> list[bytes]:
        """All that comes, what came before included."""
        end, found = time.monotonic() + seconds, []
        while (data := self._read(end)) is not None:
            found.append(data)
        return found

    def hears(self, payload: bytes) -> bool:
        """Whether a packet with this payload has come to its media socket."""
        found = False
        with contextlib.suppress(BlockingIOError):
            while True:
                found |= self.media.recv(2048)[12:] == payload
        return found

    def _next(self, within: float, wanted: str) -> Taken:
        data = self._new(time.monotonic() + within)
        assert data is not None, f"{self.user} waits {within:g} s for {wanted}"
        return Taken.parse(data)

    def _new(self, end: float) -> bytes | None:
        while (data := self._read(end)) is not None:
            if data not in self._seen:
                self._seen.add(data)
                break
        return data

    def _read(self, end: float) -> bytes | None:
        """The next message, as it came; None where there is none until `end`."""
        while True:
            head, mark, _ = self._buffer.partition(b"\r\n\r\n")
            if self._stream and mark and head:
                length = re.search(rb"\r\nContent-Length: *(\d+)", head)
                assert length, head
                size = len(head) + len(mark) + int(length[1])
                if len(self._buffer) >= size:
                    data, self._buffer = self._buffer[:size], self._buffer[size:]
                    return data
            self._socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                data = self._socket.recv(65535)
            except TimeoutError:
                return None
            if not self._stream:
                return data
            self._buffer += data

    def _check_response(self, taken: Taken) -> None:
        """RFC 3261 8.2.6.2, 12.1.1, 20.14."""
        sent = next((fields for key, fields in self._sent.items() if key == f"{_base(taken)} {taken.method}"), None)
        assert sent is not None, f"no request with this Via: {taken['Via']}"
        for name in ("from", "call-id", "cseq"):
            assert taken[name] == sent[name], f"{name} of {taken.start}"
        assert bool(tag_of(taken["To"])) or taken.status == 100, f"no tag: {taken.start}"
        if taken.method == "INVITE" and 100 < taken.status < 300:
            assert taken.contact.startswith("sip:")
        self._check_body(taken)

    def _check_request(self, taken: Taken) -> None:
        """RFC 3261 8.1.1, 20.14."""
        assert ";branch=z9hG4bK" in taken.all("Via")[0]
        assert 0 < int(taken["Max-Forwards"]) <= 70
        assert tag_of(taken["From"]) and int(taken["CSeq"].split()[0]) >= 0
        if taken.method == "INVITE":
            assert taken.contact.startswith("sip:") and taken["Allow"]
        self._check_body(taken)

    def _check_body(self, taken: Taken) -> None:
        assert int(taken["Content-Length"]) == len(taken.body)
        assert bool(taken.body) == bool(taken.all("Content-Type"))


def _base(taken: Taken) -> str:
    """The Via as it was sent: without what the office wrote into it (18.2.1, RFC 3581)."""
    return re.sub(r";(received|rport|keep)(=[^;]*)?", "", taken["Via"])
