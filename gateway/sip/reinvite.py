"""One re-INVITE of ours, from its sending to its last response (RFC 3261 14.1).

Its reliable provisional responses have their PRACK (RFC 3262 section 4), and the first of them that describes the
session brings the answer (section 5). Its 2xx are acknowledged here, repeated ones again. One that gets nothing but
provisional responses is cancelled: else its transaction would last as long as its peer likes (RFC 3261 17.1.1.2),
and the session could not be changed any more.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.sip.credentials import Prover
from gateway.sip.dialog import Dialog
from gateway.sip.message import Request, Response
from gateway.sip.reliable import ReliableOrder, Turn
from gateway.sip.session import Setting
from gateway.sip.within import Acknowledgement, Errand, ack_within, ack_within_again, send_within

__all__ = ["Reinvite"]


class Reinvite:
    """A re-INVITE that is out.

    Args:
        setting: the stack's services.
        dialog: its dialog.
        invite: the request.
        now: engine clock.
        answered: told of each reliable provisional response, and says whether that brought the answer.
        taken: told of the first 2xx, whose ACK is out; it brings the answer unless `has_answer`.
        refused: told of a final response that is none.
        failed: told that there will be no response, and why.
    """

    __slots__ = (
        "_ack",
        "_answer",
        "_dialog",
        "_failed",
        "_invite",
        "_limit",
        "_order",
        "_refused",
        "_setting",
        "_taken",
        "_under_way",
        "has_answer",
    )

    def __init__(
        self,
        setting: Setting,
        dialog: Dialog,
        invite: Request,
        now: float,
        *,
        answered: Callable[[Response, float], bool],
        taken: Callable[[Response, float], None],
        refused: Callable[[Response, float], None],
        failed: Callable[[str, float], None],
    ) -> None:
        self._setting = setting
        self._dialog = dialog
        self._invite = invite
        self._answer = answered
        self._taken = taken
        self._refused = refused
        self._failed = failed
        self._ack: Acknowledgement | None = None
        self._order = ReliableOrder()
        self.has_answer = False
        """Whether a provisional response has brought the answer."""
        self._under_way = send_within(setting, dialog, invite, now, answered=self._answered, failed=self._silent)
        # Nobody lifts a handset for it: timer C (RFC 3261 16.6 step 11) runs from the beginning.
        self._limit = setting.carrier.after(setting.timers.ringing, now, self.cancel)

    def cancel(self, now: float) -> None:
        """It is not wanted any more; a final response to it is told all the same."""
        self._limit.cancel()
        if isinstance(self._under_way, Errand):
            self._under_way.cancel(now)
        else:
            self._setting.carrier.cancel(self._under_way, now, "")

    def _answered(self, response: Response, now: float) -> None:
        if not response.is_final:
            turn = self._order.acknowledge(self._setting, self._dialog, response, now)
            if turn is Turn.NEXT and not self.has_answer:
                self.has_answer = self._answer(response, now)
            return
        self._limit.cancel()
        if self._ack is not None:
            ack_within_again(self._setting, self._ack, now)
        elif response.status < 300:
            self._dialog.refresh(response, "INVITE")
            ack = Prover.repeat(self._invite, self._dialog.ack(self._invite.cseq.number))
            self._ack = ack_within(self._setting, self._dialog, ack, now)
            self._taken(response, now)
        else:
            self._refused(response, now)

    def _silent(self, evidence: str, now: float) -> None:
        self._limit.cancel()
        self._failed(evidence, now)
