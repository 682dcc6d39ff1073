"""A name server on loopback: real DNS messages over a real socket, from records written as in a zone file."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

__all__ = ["NameServer", "name_server"]


class NameServer:
    """Answers from its records; names that it does not have do not exist.

    Args:
        zone: lines "NAME TTL TYPE DATA".

    Attributes:
        silent: it takes questions and says nothing.
        failing: it answers SERVFAIL.
        spoils: what becomes of each answer on its way.
        asked: "NAME TYPE" of each question so far.
    """

    def __init__(self, zone: str) -> None:
        self.records: dict[tuple[str, str], dns.rrset.RRset] = {}
        self.silent = self.failing = False
        self.spoils: Callable[[bytes], bytes] = bytes
        self.asked: list[str] = []
        for line in filter(None, map(str.strip, zone.splitlines())):
            self.add(line)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def add(self, line: str) -> None:
        """One more record."""
        name, ttl, kind, data = line.split(None, 3)
        rrset = dns.rrset.from_text(f"{name}.", int(ttl), "IN", kind, data)
        held = self.records.setdefault((name, kind), rrset)
        for record in rrset:
            held.add(record)

    def close(self) -> None:
        """Be gone."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self.address)
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, source = self._socket.recvfrom(4096)
            if not data:
                return
            query = dns.message.from_wire(data)
            (question,) = query.question
            name = question.name.to_text(omit_final_dot=True).lower()
            kind = dns.rdatatype.to_text(question.rdtype)
            self.asked.append(f"{name} {kind}")
            if not self.silent:
                self._socket.sendto(self.spoils(self._answer(query, name, kind).to_wire()), source)

    def _answer(self, query: dns.message.Message, name: str, kind: str) -> dns.message.Message:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA | dns.flags.RA
        found = self.records.get((name, kind))
        if self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif found is not None:
            response.answer.append(found)
        else:
            response.authority.append(
                dns.rrset.from_text("test.", 300, "IN", "SOA", "ns.test. hostmaster.test. 1 60 60 60 20")
            )
            if not any(held == name for held, _ in self.records):
                response.set_rcode(dns.rcode.NXDOMAIN)
        return response


@contextmanager
def name_server(zone: str) -> Iterator[NameServer]:
    """A name server for the time of a test."""
    server = NameServer(zone)
    try:
        yield server
    finally:
        server.close()
