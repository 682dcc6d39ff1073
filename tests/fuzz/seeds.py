"""What is mutated: messages and texts of every kind that are right, or wrong in a known way.

The torture messages of RFC 4475 and RFC 5118 are among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from gateway.core.fax import Correction
from gateway.fax.udptl import UdptlPacket, UdptlSender
from gateway.plane.rtcp import Reception, RtcpReport, Sending
from gateway.sip.stun import Attribute, Kind, Stun, xor_mapped
from tests.support.sip import Office, Phone, session_description

__all__ = ["seeds"]

_DATA: Final = Path(__file__).parents[1] / "data"
_EXAMPLES: Final = Path(__file__).parents[2] / "examples"

_HEADERS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "INVITE": (
        ("Supported", "100rel, timer, replaces"),
        ("Session-Expires", "90;refresher=uac"),
        ("Min-SE", "90"),
        ("P-Asserted-Identity", '"Ada" <sip:6001@192.0.2.1>, <tel:+12565550100>'),
        ("Privacy", "id"),
        ("Diversion", '"x" <sip:101@192.0.2.1>;reason=no-answer;counter=1'),
        ("History-Info", "<sip:101@192.0.2.1>;index=1, <sip:102@192.0.2.1?Reason=SIP%3Bcause%3D302>;index=1.1"),
        ("Accept-Contact", '*;audio;methods="INVITE"'),
        ("Reject-Contact", '*;priority="#>=5"'),
        ("Request-Disposition", "no-fork, sequential"),
        ("Alert-Info", "<urn:alert:service:call-waiting>"),
    ),
    "REGISTER": (
        ("Contact", '<sip:6001@192.0.2.60:5070;ob>;q=0.5;expires=600;reg-id=1;+sip.instance="<urn:uuid:1>"'),
        ("Path", "<sip:edge.example.com;lr>"),
        ("Supported", "path, outbound, gruu"),
    ),
    "SUBSCRIBE": (("Event", "dialog;id=7"), ("Accept", "application/dialog-info+xml"), ("Expires", "600")),
    "PUBLISH": (("Event", "presence"), ("Expires", "600"), ("Content-Type", "application/pidf+xml")),
    "REFER": (
        ("Refer-To", "<sip:102@192.0.2.1?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>"),
        ("Referred-By", "<sip:a@b>"),
    ),
    "MESSAGE": (("Content-Type", "text/plain;charset=UTF-8"),),
    "INFO": (("Content-Type", "application/dtmf-relay"),),
    "OPTIONS": (("Accept", "application/sdp"),),
    "UPDATE": (),
    "PRACK": (("RAck", "1 1 INVITE"),),
    "NOTIFY": (
        ("Target-Dialog", "a;local-tag=b;remote-tag=c"),
        ("Event", "refer"),
        ("Subscription-State", "active;expires=60"),
        ("Content-Type", "message/sipfrag"),
    ),
    "BYE": (("Reason", 'Q.850;cause=16;text="x"'),),
    "CANCEL": (),
    "ACK": (),
}
_BODIES: Final[Mapping[str, bytes]] = {
    "MESSAGE": "Grüße".encode(),
    "INFO": b"Signal=5\r\nDuration=160\r\n",
    "NOTIFY": b"SIP/2.0 200 OK\r\n",
    "PUBLISH": b'<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:6001@192.0.2.1">'
    b'<tuple id="a"><status><basic>open</basic></status></tuple></presence>',
}


@cache
def seeds(target: str) -> tuple[bytes, ...]:
    """What a target is given, before it is mutated."""
    return _SEEDS[target]()


def _messages() -> tuple[bytes, ...]:
    phone = Phone(Office())
    made = []
    for method, headers in _HEADERS.items():
        body = _BODIES.get(method, session_description() if method in ("INVITE", "UPDATE") else b"")
        request = phone.request(method, headers=headers, body=body)
        made.append(request.serialise())
        made.append(request.reply(200, to_tag="t").serialise())
    torture = [
        file.read_bytes() for folder in ("rfc4475", "rfc5118") for file in sorted((_DATA / folder).iterdir())
    ]
    return (*made, *torture)


def _descriptions() -> tuple[bytes, ...]:
    lines = (
        "a=rtcp:40001", "a=rtcp-mux", "a=ptime:20", "a=maxptime:60", "a=sendonly", "a=fmtp:101 0-16",
        "a=rtpmap:9 G722/8000",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4",
        "a=curr:qos local none", "a=des:qos mandatory local sendrecv",
        "m=image 9 udptl t38", "a=T38FaxVersion:0", "m=video 0 RTP/AVP 96",
    )  # fmt: skip
    return (
        session_description(),
        session_description(formats="0 8 9 18 101", lines=lines),
        b"v=0\r\no=- 1 1 IN IP6 ::1\r\ns= \r\nc=IN IP6 ::1\r\nt=0 0\r\nr=1\r\nz=0\r\nk=clear:x\r\na=x\r\n"
        b"m=audio 9/2 RTP/SAVP 0\r\ni=x\r\nc=IN IP4 224.2.1.1/127/3\r\nb=AS:64\r\n",
    )


def _documents() -> tuple[bytes, ...]:
    return (
        b'<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="1" state="full" '
        b'entity="sip:201@x"><dialog id="a" direction="recipient"><state>confirmed</state><local><target '
        b'uri="sip:201@x"><param pname="+sip.rendering" pvalue="no"/></target></local></dialog></dialog-info>',
        b"Messages-Waiting: yes\r\nMessage-Account: sip:4711@x\r\nVoice-Message: 2/8 (0/2)\r\n",
        _BODIES["PUBLISH"],
    )


def _stun() -> tuple[bytes, ...]:
    mapped = {Attribute.XOR_MAPPED_ADDRESS: xor_mapped(("192.0.2.1", 5060), b"abcdefghijkl")}
    return (
        Stun(Kind.REQUEST, b"abcdefghijkl").serialise(),
        Stun(Kind.SUCCESS, b"abcdefghijkl", mapped).serialise(),
        Stun(Kind.REQUEST, b"abcdefghijkl", {Attribute.USERNAME: b"ada", 0x7FFF: b"xyz"}).serialise(),
    )


def _web() -> tuple[bytes, ...]:
    head = (
        b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\nOrigin: http://a\r\n\r\n"
    )
    mask = b"\0\0\0\0"
    return (
        head,
        head + b"\x81\x84" + mask + b"\r\n\r\n",
        head + b"\x01\x82" + mask + b"IN" + b"\x89\x80" + mask + b"\x80\x82" + mask + b"VI" + b"\x88\x80" + mask,
        head + b"\x82\xfe\x00\x80" + mask + b"x" * 128 + b"\x82\xff" + b"\0" * 6 + b"\xff\xff" + mask,
    )


def _dialplans() -> tuple[bytes, ...]:
    return (
        *(file.read_bytes() for file in sorted(_EXAMPLES.rglob("*.conf"))[:6]),
        b"[globals]\nA=1\n[a](!)\nexten => _[1-9]X.,1(x),Set(B=${A}:$[1+${A}])\n same => n(y),Goto(x)\n"
        b"include => b,9:00-17:00,mon-fri,*,*\nswitch => Loopback/1@b\n"
        b"[b](+)\nexten => s/101,hint,SIP/6001&Custom:x\n",
    )


def _expressions() -> tuple[bytes, ...]:
    return (
        b'$[${LEN(${a})} > 3 & "${X}" = "x" ? 1 :: 0]',
        b"${a:1:-1}${FILTER(0-9,${X})}$[1 + 2 * (3 - -4) / 5 % 6]",
        b'$["${X}" : "([0-9]+)x"] $[ "abc" =~ "b+" ] ${REPLACE(a,b,c)}${CUT(X,-,1)}',
    )


def _udptl() -> tuple[bytes, ...]:
    streams = []
    for correction in Correction:
        sender = UdptlSender(correction, 400)
        streams.append(b"".join(sender.send(bytes((0xC0, 1, number, 0, 0, 0, 0, 0))) for number in range(16)))
    return (*streams, UdptlPacket(5, b"\x06", (b"\x0c", bytes(40))).serialise())


def _rtp() -> tuple[bytes, ...]:
    head = bytes.fromhex("8000000100000000abcdef01")
    report = RtcpReport(7, Sending(1 << 32, 160, 1, 160), (Reception(8, 1, 2, 3, 4, 5, 6),), "ada", True)
    return (
        head + b"\xff" * 160,
        bytes.fromhex("b16500010000000000000007000000010000000100000000") + b"\x05\x0a\x00\xa0\0\0\0\x04",
        bytes.fromhex("800d00020000000000000007") + b"\x40\1\2\3",
        report.serialise(),
    )


def _isdn() -> tuple[bytes, ...]:
    """Q.931: messages of every kind that a call on a primary rate interface meets."""
    octets = (
        "05 a1 04038090a3 1803a18381 1e028183 2805416c696365 6c06018131303132 70058135353531",
        "05 04039090a3 1801a3 700181 740881808133303031", "05 04028890 1803a98389 7c028890 9e0100",
        "0d 1803a98381 1e028288", "02 1803a98385", "01 1e028488", "03 1e028488 08028092", "07 4c0501803130",
        "0f", "7b 70038135a1", "7b a1 2c0135", "45 08028090", "45 08028291 1e028288", "45", "4d 08028090", "4d",
        "5a 0803809008", "5a", "6e 2701f9", "75", "7d 0802809e 14010a", "7d 0802e2 140100", "62 1c0291a1",
        "46 1803a18381 790180", "46 790187", "4e 1803a18381 790180", "4e 790187", "20 7e020431", "24", "25 100131",
    )  # fmt: skip
    return tuple(bytes.fromhex("08020001" + message) for message in octets)


_SEEDS: Final = {
    "sip": _messages,
    "stream": _messages,
    "stack": lambda: (bytes(range(256)),),
    "sdp": _descriptions,
    "documents": _documents,
    "wishes": _messages,
    "stun": _stun,
    "udptl": _udptl,
    "websocket": _web,
    "dialplan": _dialplans,
    "expression": _expressions,
    "rtp": _rtp,
    "q931": _isdn,
    "span": lambda: (bytes(range(256)),),
    "adapter": lambda: (bytes(range(256)),),
    "calls": lambda: (bytes(range(256)),),
}
