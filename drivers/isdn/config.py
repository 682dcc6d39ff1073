"""What an ISDN adapter is told by the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.codec import Encoding

__all__ = ["IsdnConfig"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IsdnConfig:
    """A terminal adapter on a serial port.

    Attributes:
        name: by which it is dialled ("adapter1").
        device: its serial port, for display.
        profile: the family that it belongs to, a key of `drivers.isdn.profile.PROFILES`.
        coding: of the audio on its port, PCMU or PCMA.
        numbers: its own (MSNs): calls to these are taken, and calls out show one of them, the first unless the
            caller's own number is among them.
        withhold: what is dialled before a number so that the network withholds ours; "" where it cannot be.
        group: the hunt group that it belongs to; `ISDN/g1` takes an idle adapter of group 1.
        context: the dialplan context in which its calls come in.
        did: the extension for its calls; "" for the number that was called.
    """

    name: str
    device: str
    profile: str = "i4l"
    coding: Encoding = Encoding.PCMU
    numbers: tuple[str, ...] = ()
    withhold: str = ""
    group: int = 1
    context: str = "default"
    did: str = ""
