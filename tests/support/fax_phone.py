"""A SIP fax machine: a SipPhone with a modem in the place of mouth and ear, which can T.38 as gateways can.

What it says of T.38 in SDP is written by hand; its network loses what it is told to lose, both ways.
"""

from __future__ import annotations

import random
import re
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.core.fax import T38, Correction, FaxOptions, FaxReport
from gateway.fax.machine import FRAME, AudioMachine, PacketMachine
from gateway.fax.udptl import UdptlReceiver, UdptlSender
from gateway.media import g711
from gateway.testing.sip_message import SipMessage
from gateway.testing.sip_phone import SipPhone
from gateway.testing.sip_voice import SipVoice
from gateway.testing.sip_wire import bound_socket

__all__ = ["SipFax"]

SILENCE = np.zeros(FRAME, np.int16)


class SipFax(SipPhone):
    """A fax machine behind a SIP adapter.

    Attributes:
        t38: whether it takes T.38 when that is asked for.
        loss: share of UDPTL packets that go astray, each way.
        correction: what makes that good.
    """

    t38 = True
    loss = 0.0
    correction = Correction.REDUNDANCY

    def __init__(self, user: str, secret: str, server: tuple[str, int], **more: Any) -> None:
        super().__init__(user, secret, server, **more)
        self.voice.close()
        self.voice = self._modem = _Modem(server[0], self.voice.encoding)
        self.report = FaxReport()
        self.packets = [0, 0]
        self.image: tuple[str, int] | None = None
        self._udptl = bound_socket(server[0])
        self._chance = random.Random(11)
        self._machine: AudioMachine | PacketMachine | None = None
        self._began = False
        self._sends = False
        self._path = Path()
        self._receiver = UdptlReceiver()

    def fax(self, path: Path, *, sends: bool) -> None:
        """Send or take a document once a call is up."""
        self._path, self._sends = path, sends
        self._sender = UdptlSender(self.correction, 400)

    @property
    def sockets(self) -> int:
        return super().sockets + 1

    def close(self) -> None:
        super().close()
        self._udptl.close()
        if self._machine is not None:
            self._machine.close()

    def change(self) -> None:
        """Ask for T.38, as a gateway that hears its fax machine does."""
        dialog = self._dialog
        assert dialog is not None
        self._in_dialog(
            "INVITE",
            next(dialog.numbers),
            f"Contact: <{self._contact}>\r\nContent-Type: application/sdp\r\n\0{self._image_sdp()}",
        )

    def tick(self, now: float) -> None:
        if self.state == "up" and not self._began:
            self._began = True
            self._begin()
        super().tick(now)
        if isinstance(self._machine, PacketMachine) and self.state == "up":
            self._take_packets(self._machine)
            self._machine.work()
        if self._machine is not None and not self.report.over:
            self.report = self._machine.report
        if self.state == "idle" and self._began and self._machine is not None:
            self._machine.close()
            self.report = self._machine.report

    def _begin(self) -> None:
        if self._machine is not None:
            self._machine.close()
        self._modem.machine = None
        options = FaxOptions(station=self.user)
        if self.image is None:
            self._machine = self._modem.machine = AudioMachine(self._path, sends=self._sends, options=options)
        else:
            theirs = T38(correction=self.correction)
            self._machine = PacketMachine(
                self._path, sends=self._sends, options=options, theirs=theirs, send=self._send_packet
            )

    # Signalling.

    def _request(self, message: SipMessage) -> None:
        if message.method == "INVITE" and self._dialog is not None and self.state == "up":
            self._dialog.invite = message
            if "m=image" in message.body and not self.t38:
                self._respond("488 Not Acceptable Here")
                return
            self._take_image(message.body)
            self._respond("200 OK", self._image_sdp() if "m=image" in message.body else self.voice.sdp())
            return
        super()._request(message)

    def _response(self, message: SipMessage) -> None:
        super()._response(message)
        if message.method == "INVITE" and message.status == 200 and "m=image" in message.body:
            self._take_image(message.body)

    def _take_image(self, body: str) -> None:
        found = re.search(r"m=image (\d+)", body)
        host = re.search(r"c=IN IP4 (\S+)", body)
        before = self.image
        self.image = (host[1], int(found[1])) if found and host and int(found[1]) else None
        self._modem.silent = self.image is not None
        if self.image != before and self._began and not self.report.over:
            self._begin()

    def _image_sdp(self) -> str:
        port = self._udptl.getsockname()[1]
        lines = ["a=T38FaxVersion:0", "a=T38MaxBitRate:14400", "a=T38FaxRateManagement:transferredTCF"]
        if self.correction is not Correction.NONE:
            lines.append(f"a=T38FaxUdpEC:{self.correction.value}")
        return self.voice.sdp("\r\n".join([f"m=image {port} udptl t38", *lines, ""]))

    # Media.

    def _send_packet(self, packet: bytes, times: int) -> None:
        datagram = self._sender.send(packet)
        for _ in range(times):
            if self.image is not None and self._chance.random() >= self.loss:
                self.packets[0] += 1
                self._udptl.sendto(datagram, self.image)

    def _take_packets(self, machine: PacketMachine) -> None:
        while True:
            try:
                data = self._udptl.recv(2000)
            except BlockingIOError:
                return
            if self._chance.random() < self.loss:
                continue
            self.packets[1] += 1
            for number, packet in self._receiver.receive(data):
                machine.receive(number, packet)


class _Modem(SipVoice):
    """The mouth and ear of a fax machine: what its modem hears and says, until it is told of T.38."""

    def __init__(self, server: str, encoding: Encoding) -> None:
        super().__init__(server, encoding)
        self.machine: AudioMachine | None = None
        self.silent = False
        self._queue: deque[Samples] = deque()

    def hear(self, data: bytes) -> None:
        if data[1] & 0x7F in (0, 8):
            samples = g711.decode(data[12:], self.encoding)
            self._queue.extend(samples.reshape(-1, FRAME))

    def speak(self) -> None:
        if self.machine is not None:
            self.say(self.machine.work(self._queue.popleft() if self._queue else SILENCE))
        if not self.silent:
            super().speak()
