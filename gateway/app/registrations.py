"""Registrations between the SIP stack and the store: engine time there, wall clock here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gateway.core.errors import MalformedError
from gateway.sip.binding import Binding
from gateway.sip.grammar import split_list
from gateway.sip.headers import NameAddr
from gateway.sip.outbound import Outbound
from gateway.sip.parameters import Parameters
from gateway.sip.transport import Address, Flow
from gateway.sip.uri import SipUri
from gateway.store.binding import StoredBinding
from gateway.store.store import Store

__all__ = ["KeptBindings"]


class KeptBindings:
    """Keeps the registrar's bindings in the store (`gateway.sip.binding.Bindings`).

    Nobody waits for one to be on the disk: what is lost there is renewed within minutes.

    Args:
        store: where they are kept.
        clock: the engine clock, seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def saved(self, binding: Binding) -> None:
        """A binding is new or was renewed."""
        self._store.save_binding(self._stored(binding))

    def removed(self, binding: Binding) -> None:
        """A binding has ended."""
        self._store.remove_binding(self._stored(binding))

    async def load(self) -> list[Binding]:
        """Those of an earlier run that are still good. Connections do not live through a restart; UDP does."""
        now, wall = self._clock(), datetime.now(UTC)
        found = []
        for stored in await self._store.load_bindings(wall):
            try:
                found.append(_binding(stored, now, wall))
            except (MalformedError, ValueError):
                self._store.remove_binding(stored)
        return found

    def _stored(self, binding: Binding) -> StoredBinding:
        return StoredBinding(
            account=binding.account,
            place=binding.place,
            contact=str(binding.contact),
            call_id=binding.call_id,
            cseq=binding.number,
            expires=datetime.now(UTC) + timedelta(seconds=binding.expires_at - self._clock()),
            q=binding.q,
            user_agent=binding.user_agent,
            transport=binding.flow.transport,
            local=_written(binding.flow.local),
            remote=_written(binding.flow.remote),
            instance=binding.outbound.instance if binding.outbound is not None else "",
            reg_id=binding.outbound.reg_id if binding.outbound is not None else 0,
            path=", ".join(map(str, binding.path)),
            features=str(binding.features),
        )


def _binding(stored: StoredBinding, now: float, wall: datetime) -> Binding:
    if stored.transport != "udp":
        raise ValueError("its connection ended with the earlier run")
    return Binding(
        account=stored.account,
        contact=SipUri.parse(stored.contact),
        flow=Flow(stored.transport, _read(stored.local), _read(stored.remote)),
        call_id=stored.call_id,
        number=stored.cseq,
        expires_at=now + (stored.expires - wall).total_seconds(),
        q=stored.q,
        user_agent=stored.user_agent,
        since=now,
        outbound=Outbound(stored.instance, stored.reg_id) if stored.reg_id else None,
        path=tuple(NameAddr.parse(proxy) for proxy in split_list(stored.path) if proxy),
        features=Parameters.parse(stored.features),
    )


def _written(address: Address) -> str:
    return f"{address[0]}:{address[1]}"


def _read(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return host, int(port)
