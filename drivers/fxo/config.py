"""What an FXO line is told by the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.media.fsk import Standard

__all__ = ["FxoConfig"]


@dataclass(frozen=True, slots=True)
class FxoConfig:
    """An exchange line on an FXO port.

    Attributes:
        port: DAHDI channel number.
        name: the line's name, by which it is dialled ("copper1").
        group: the hunt group that it belongs to; `FXO/g1` takes an idle line of group 1.
        context: the dialplan context in which its calls come in.
        did: the number that its callers are taken to have dialled; "" makes it "s".
        number: its own number in the exchange, for display; may be empty.
        answer_on_polarity: the exchange reverses polarity when the called party answers.
        hangup_on_polarity: it reverses polarity when the far side hangs up.
        caller_id: how the exchange sends caller ID after the first ring; None where it sends none.
        zone: the country of the exchange ("us", "de", …).
    """

    port: int
    name: str
    group: int = 1
    context: str = "default"
    did: str = ""
    number: str = ""
    answer_on_polarity: bool = False
    hangup_on_polarity: bool = False
    caller_id: Standard | None = Standard.BELL_202
    zone: str = "us"
