"""A connection that closed within a call: whether its peer is reached by a new one (RFC 3261 section 18).

A peer that named its own host, and is not behind NAT, may listen where it says. An OPTIONS is sent there at once:
whoever answers it goes on with the call, and one that cannot be reached has left it. Who calls again by itself
meanwhile goes on as well.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.core.errors import Exhausted
from gateway.sip.dialog import Dialog
from gateway.sip.message import Response
from gateway.sip.session import GONE, Setting

__all__ = ["reconnect"]


def reconnect(setting: Setting, dialog: Dialog, now: float, gone: Callable[[float], None]) -> bool:
    """Look for the peer of `dialog`, whose flow is lost, where it says that it is.

    Args:
        gone: told where nobody is there, or nobody who knows the call.

    Returns:
        Whether there is a place to look at.
    """
    lost, way = dialog.flow, dialog.way_anew()
    if way is None:
        return False

    def answered(response: Response, at: float) -> None:
        if response.status in GONE:
            failed("", at)

    def failed(_: str, at: float) -> None:
        if dialog.moved(way, lost):
            gone(at)

    dialog.moved(lost, way)
    try:
        setting.carrier.send(dialog.request("OPTIONS"), way, now, answered=answered, failed=failed)
    except Exhausted:
        return not dialog.moved(way, lost)
    return True
