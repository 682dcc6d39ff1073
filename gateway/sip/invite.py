"""The INVITE of a leg that goes out, as far as it is known before the session writes its own part.

Whom it is for and who calls, what the dialplan has added, and what goes on with the call from the leg for which it
is made: a diversion, a number's network, the caller's preferences.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.core.added import added
from gateway.core.messages import Dial
from gateway.sip.account import Account
from gateway.sip.fork import Target
from gateway.sip.headers import NameAddr
from gateway.sip.identity import write_caller, write_diversion, write_referrer
from gateway.sip.message import Request
from gateway.sip.portability import write_portability
from gateway.sip.preferences import write_preferences
from gateway.sip.trunk_words import Outbound
from gateway.sip.uri import SipUri

__all__ = ["written"]


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
    invite = Request("INVITE", replace(target.uri, headers=""))
    if outbound is None:
        write_caller(invite, dial.caller, account, host, tag)
        invite.headers.set("To", NameAddr(SipUri.of(account.user, host)))
        invite.headers.set("Route", *target.routes)
    else:
        write_caller(invite, dial.caller, account, outbound.domain, tag, from_user=outbound.from_user)
        invite.headers.set("To", outbound.to)
        invite.headers.set("Route", *outbound.routes)
    invite.headers.set("Call-ID", call_id)
    for name, value in added(dial.variables):
        invite.headers.add(name, value)
    write_portability(invite, dial.variables, account)
    write_preferences(invite, dial.variables)
    write_diversion(invite, dial.variables, host, trusted=account.trusted)
    write_referrer(invite, dial.variables, host)
    if target.diverted_by:
        invite.headers.set("Diversion", f"<{target.diverted_by}>;reason=deflection")
    return invite
