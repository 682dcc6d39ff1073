"""Our public address where the operator has written a host name for it (`sip.advertised`): looked up again and
again, for a line whose address moves.

What a name server says holds until it says something else: while it says nothing, or nothing of use, the address
before it stays, and the trouble is told of once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gateway.core.literal import literal
from gateway.sip.open_ways import WayTold
from gateway.sip.resolve import Located
from gateway.sip.session import Setting
from gateway.sip.transport import is_private
from gateway.sip.uri import SipUri

__all__ = ["PublicName"]

EVERY: Final = 60.0
"""Seconds between two looks: the replies of name servers are kept as long as they allow, so that few leave us."""
ANY_PORT: Final = 5060
"""With a port, a name stands for its addresses alone (RFC 3263 4.2)."""


class PublicName:
    """The addresses of a host name of ours.

    Args:
        name: as the operator has written it.
        setting: the stack's services.
        found: takes our public addresses by version of IP, whenever they change, and the time.
        told: takes what is wrong with the name, and that it is well again.
    """

    def __init__(
        self,
        name: str,
        setting: Setting,
        found: Callable[[Mapping[int, str], float], None],
        told: Callable[[WayTold], None],
    ) -> None:
        self._name = name
        self._setting = setting
        self._found = found
        self._told = told
        self._known: dict[int, str] = {}
        self._trouble = ""

    def look(self, now: float) -> None:
        """Look the name up, now and every minute from then on."""
        self._setting.resolver.locate(SipUri(self._name, port=ANY_PORT), self._located, now)

    def _located(self, located: Located, now: float) -> None:
        self._setting.carrier.at(now + EVERY, self.look)
        hosts = [flow.remote[0] for flow in located.flows]
        public: dict[int, str] = {literal(host).version: host for host in reversed(hosts) if not is_private(host)}
        if not public:
            private = f"it is {hosts[0]}, a private address that peers outside cannot reach" if hosts else ""
            self._fail(private or located.fault)
            return
        if public != self._known or self._trouble:
            self._known, self._trouble = public, ""
            addresses = " and ".join(public.values())
            self._told(WayTold(f'peers outside are told that "{self._name}" is {addresses}', True))
            self._found(public, now)

    def _fail(self, why: str) -> None:
        if why == self._trouble:
            return
        self._trouble = why
        told = " and ".join(self._known.values()) or "our own address"
        self._told(
            WayTold(
                f'sip.advertised is "{self._name}", and that cannot be told to peers outside: {why}; they are told '
                f"{told}. Mend the name, or write the public IP address in its place",
                False,
            )
        )
