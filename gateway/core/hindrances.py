"""What has kept packets of a leg from being taken in, or from leaving: counted on its row, for who explains it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gateway.core.frozen import frozen

__all__ = ["UNHINDERED", "Hindrances"]


@frozen
class Hindrances:
    """Packets of an RTP row that came to nothing, counted since it began.

    Attributes:
        refused: all that were.
        misfits: refused because nobody agreed on their payload type.
        payload_type: that of the last of them.
        strangers: refused because they came from elsewhere than the peer.
        source: whence the last of those two kinds came; None where there was none.
        forged: refused because the peer's key has not made them as they are.
        unsent: of ours, that this machine could not send.
        error: errno of the last of them.
    """

    refused: int = 0
    misfits: int = 0
    payload_type: int = -1
    strangers: int = 0
    source: tuple[str, int] | None = None
    forged: int = 0
    unsent: int = 0
    error: int = 0

    def since(self, before: Hindrances) -> Hindrances:
        """What has been counted since `before` was read."""
        return replace(
            self,
            refused=self.refused - before.refused,
            misfits=self.misfits - before.misfits,
            strangers=self.strangers - before.strangers,
            forged=self.forged - before.forged,
            unsent=self.unsent - before.unsent,
        )


UNHINDERED: Final = Hindrances()
