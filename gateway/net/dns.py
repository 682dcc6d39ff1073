"""Name servers asked on the loop, for `gateway.sip.names`: a task for each question, and a reply for sure.

The servers are those of the configuration, or the system's, looked up anew for each question so that a change of
network needs no restart. Names of the system's hosts file go before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver

from gateway.net.udp import Address
from gateway.sip.names import AddressRecord, Kind, Naptr, Question, Record, Reply, Srv
from gateway.sip.transport import is_address

__all__ = ["NameServers"]

_log = logging.getLogger("copperline.net")

HOSTS: Final = Path("/etc/hosts")
HOSTS_TTL: Final = 30.0
"""Seconds for which a line of the hosts file holds."""
NO_TTL: Final = 60.0
"""Seconds for which there is nothing, where the name server does not say for how long."""
PATIENCE: Final = 5.0
"""Seconds for a reply from any of the servers: a caller waits for it."""
TRY: Final = 1.5
"""Seconds for a reply from one of them."""
DOMAIN_PORT: Final = 53


class NameServers:
    """Asks name servers.

    Args:
        loop: the loop.
        on_reply: takes the reply to each question.
        servers: whom to ask; none for those of the system.
        hosts: the system's hosts file.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_reply: Callable[[Reply], None],
        servers: Sequence[Address] = (),
        hosts: Path = HOSTS,
    ) -> None:
        self._loop = loop
        self._on_reply = on_reply
        self._servers = servers
        self._hosts = hosts
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, question: Question) -> None:
        """Ask, and have the reply taken some time later."""
        task = self._loop.create_task(self._ask(question))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for nothing any more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, question: Question) -> None:
        try:
            reply = self._from_hosts(question) or await self._from_servers(question)
        except Exception as error:
            # Whoever has asked waits for a reply, whatever was made of what a stranger's name server sent.
            _log.exception("what name servers say of %s cannot be read", question.name)
            reply = Reply(question, fault=f"its name servers' reply cannot be read: {_reason(error)}")
        self._on_reply(reply)

    def _from_hosts(self, question: Question) -> Reply | None:
        if question.kind not in (Kind.A, Kind.AAAA):
            return None
        try:
            text = self._hosts.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        found = [address for address, names in _entries(text) if question.name in names]
        if not found:
            return None
        colon = question.kind is Kind.AAAA
        records = tuple(AddressRecord(address) for address in found if (":" in address) == colon)
        return Reply(question, records, HOSTS_TTL)

    async def _from_servers(self, question: Question) -> Reply:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self.resolver().resolve(
                    f"{question.name}.", question.kind.value, raise_on_no_answer=False, search=False
                )
        except dns.resolver.NXDOMAIN as error:
            return Reply(question, ttl=_negative_ttl(next(iter(error.kwargs["responses"].values()), None)))
        except (dns.exception.DNSException, OSError, ValueError) as error:
            return Reply(question, fault=_reason(error))
        if answer.rrset is None:
            return Reply(question, ttl=_negative_ttl(answer.response))
        return Reply(question, tuple(_record(record, question.kind) for record in answer.rrset), answer.rrset.ttl)

    def resolver(self) -> dns.asyncresolver.Resolver:
        """What asks these servers, as they are now."""
        resolver = dns.asyncresolver.Resolver(configure=not self._servers)
        if self._servers:
            resolver.nameservers = [host for host, _ in self._servers]
            resolver.nameserver_ports = dict(self._servers)
        resolver.lifetime = PATIENCE
        resolver.timeout = TRY
        return resolver


def _entries(text: str) -> Iterator[tuple[str, list[str]]]:
    for line in text.splitlines():
        address, *names = line.partition("#")[0].lower().split() or [""]
        if is_address(address):
            yield address, names


def _record(record: Any, kind: Kind) -> Record:
    match kind:
        case Kind.NAPTR:
            return Naptr(
                record.order,
                record.preference,
                record.flags.decode("ascii", "replace").upper(),
                record.service.decode("ascii", "replace").upper(),
                record.regexp.decode("utf-8", "replace"),
                _name(record.replacement),
            )
        case Kind.SRV:
            return Srv(record.priority, record.weight, record.port, _name(record.target))
        case Kind.A | Kind.AAAA:
            return AddressRecord(record.address)


def _name(name: Any) -> str:
    return str(name.to_text(omit_final_dot=True)).lower().rstrip(".")


def _negative_ttl(response: Any) -> float:
    """RFC 2308 section 5: the SOA record of the authority tells for how long there is nothing."""
    for rrset in response.authority if response is not None else ():
        if rrset.rdtype == dns.rdatatype.SOA:
            return float(min(rrset.ttl, rrset[0].minimum))
    return NO_TTL


def _reason(error: Exception) -> str:
    match error:
        case TimeoutError() | dns.exception.Timeout():
            return f"no reply within {PATIENCE:g} s"
        case dns.resolver.NoResolverConfiguration():
            return "no name server is configured on this machine; set sip.name_servers"
        case dns.resolver.NoNameservers():
            return "all name servers refused or failed"
        case _:
            return str(error) or type(error).__name__
