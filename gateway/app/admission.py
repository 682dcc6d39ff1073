"""The SIP stack's door as the web sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from gateway.app.slips import Names
from gateway.sip.stack import SipStack
from gateway.web.admission import BanView, RefusalView
from gateway.web.unhurried import unhurried

__all__ = ["Door"]


class Door:
    """Who is let in (`gateway.web.admission.Admission`).

    Args:
        sip: the stack.
        accounts: the users there are, for suggestions.
        clock: the engine clock, seconds.
    """

    def __init__(self, sip: SipStack, accounts: Callable[[], Sequence[str]], clock: Callable[[], float]) -> None:
        self._sip = sip
        self._accounts = accounts
        self._clock = clock

    async def refusals(self) -> AsyncIterator[RefusalView]:
        """Who was refused lately, the latest first."""
        refusals = self._sip.refusals.all()
        if not refusals:
            return
        now, users = self._clock(), frozenset(self._accounts())
        names = Names(users)
        async for refusal in unhurried(refusals):
            refused = refusal.refused
            host, port = refused.flow.remote
            # Looked for here and not where the request is answered, which takes the same time for every user.
            meant = "" if refused.user in users else names.meant(refused.user)
            yield RefusalView(
                user=refused.user,
                remote=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
                transport=refused.flow.transport,
                method=refused.method,
                why=f"{refused.why}; there is {meant}" if meant else refused.why,
                count=refusal.count,
                seconds=now - refusal.last,
            )

    def bans(self) -> Sequence[BanView]:
        """Who is banned, the latest first."""
        now = self._clock()
        return [BanView(ban.source, ban.why, ban.until - now) for ban in self._sip.doorman.bans.all(now)]

    def lift(self, source: str) -> bool:
        """Hear a source again; whether it was banned."""
        return self._sip.doorman.bans.lift(source)
