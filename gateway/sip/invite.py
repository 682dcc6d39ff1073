"""The INVITE of a leg that goes out, as far as it is known before the session writes its own part.

Whom it is for and who calls, what the dialplan has added, and what goes on with the call from the leg for which it
is made: a diversion, a number's network, the caller's preferences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.core.added import added
from gateway.core.carried import DIVERTED_BY, HOPS
from gateway.core.diversion import Diversion, diversions_of
from gateway.core.messages import Dial
from gateway.core.repeated import Kept
from gateway.sip.account import Account
from gateway.sip.dialog import MAX_FORWARDS
from gateway.sip.diversions import write_diversions
from gateway.sip.fields import Headers
from gateway.sip.headers import NameAddr
from gateway.sip.identity import caller_fields, write_referrer
from gateway.sip.message import Request
from gateway.sip.portability import write_portability
from gateway.sip.preferences import write_preferences
from gateway.sip.target import Target
from gateway.sip.trunk_words import Outbound
from gateway.sip.uri import SipUri

__all__ = ["hops_of", "written"]

DEFLECTION: Final = "deflection"
"""Why a call goes elsewhere that a telephone has redirected (RFC 5806 section 5)."""


def hops_of(invite: Request) -> dict[str, str]:
    """The channel variable that tells how far the call of `invite` may go."""
    hops = invite.max_forwards
    return {} if hops is None else {HOPS: str(hops)}


def _hops_after_us(variables: Mapping[str, str]) -> int:
    """Max-Forwards of the call that goes on: one less than it came with (RFC 7332 section 3), 70 at most."""
    return _ONE_LESS[variables[HOPS]] if HOPS in variables else MAX_FORWARDS


def _one_less(left: str) -> int:
    told = left.isascii() and left.isdigit() and len(left) < 11
    return min(max(int(left) - 1, 0), MAX_FORWARDS) if told else MAX_FORWARDS


_ONE_LESS: Final = Kept(_one_less)


def written(
    account: Account,
    target: Target,
    dial: Dial,
    outbound: Outbound | None,
    *,
    call_id: str,
    host: str,
    tag: str,
) -> Request:
    """The INVITE to a target of an account or trunk.

    Args:
        outbound: how calls of the trunk are written; None for a telephone.
        host: our address as the target sees it.
        tag: of our From.
    """
    uri = target.uri
    if outbound is None:
        caller = caller_fields(dial.caller, account, host, tag)
        to = SipUri.of(account.user, host)
        routes: Sequence[NameAddr] = target.routes
    else:
        caller = caller_fields(dial.caller, account, outbound.from_domain, tag, from_user=outbound.from_user)
        to = SipUri.of(uri.username, outbound.domain)
        routes = outbound.routes
    fields: list[tuple[str, object]] = [
        ("Max-Forwards", _hops_after_us(dial.variables)),
        *caller,
        ("To", NameAddr(to)),
        *[("Route", route) for route in routes],
        ("Call-ID", call_id),
        *added(dial.variables),
    ]
    headers = Headers(fields)
    headers.typed["call-id"] = call_id
    invite = Request("INVITE", uri.requested(), headers)
    write_portability(invite, dial.variables, account)
    write_preferences(invite, dial.variables)
    if DIVERTED_BY in dial.variables or target.diverted_by:
        _write_diversions(invite, target, dial, host, account)
    write_referrer(invite, dial.variables, host)
    return invite


def _write_diversions(invite: Request, target: Target, dial: Dial, host: str, account: Account) -> None:
    diversions = diversions_of(dial.variables)
    if target.diverted_by:
        diversions.insert(0, Diversion(target.diverted_by, DEFLECTION))
    write_diversions(invite, diversions, host, trusted=account.trusted)
