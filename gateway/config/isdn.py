"""Serial ISDN adapters, each with a basic access to the public network, in the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gateway.config.values import Items, Label, Name, Number, Settings, Variables, dialled_or_none, word_or_none

__all__ = ["IsdnSettings"]


class IsdnSettings(Settings):
    """[isdn.NAME]: a terminal adapter on a serial port, which carries one call at a time.

    Attributes:
        backend: "emulated", or "tty" for a serial port of the machine.
        device: that port, such as "/dev/ttyACM0" or "/dev/ttyI0"; an emulated adapter has none.
        rate: bits a second on it; 8000 octets of audio a second need 115200.
        profile: the family of its commands: "i4l" (isdn4linux and what behaves so), or "v253" (ITU-T V.253).
        coding: of audio on the port: "ulaw" or "alaw".
        numbers: its own (MSNs): calls to these are taken, and calls out show the first, or the caller's own where
            that is one of them.
        withhold: what is dialled before a number when the caller's is to be withheld, such as "*31#"; where empty,
            the network shows ours all the same.
        group: dialled as g1 in `ISDN/g1/NUMBER`.
        context: of the dialplan, where its calls come in.
        variables: of the channel of each of them, as for a telephone.
        did: the extension for its calls; where empty, the number that was called.
    """

    backend: Literal["emulated", "tty"]
    device: Label = ""
    rate: Annotated[int, Field(ge=9600, le=4_000_000)] = 115200
    profile: Literal["i4l", "v253"] = "i4l"
    coding: Literal["ulaw", "alaw"] = "ulaw"
    numbers: Annotated[Items[Number], Field(max_length=20)] = ()
    withhold: Annotated[str, AfterValidator(dialled_or_none)] = ""
    group: Annotated[int, Field(ge=0, le=63)] = 1
    context: Name = "from-pstn"
    variables: Variables = Field(default_factory=dict)
    did: Annotated[str, AfterValidator(word_or_none)] = ""

    @property
    def number(self) -> str:
        """The number that it shows."""
        return self.numbers[0] if self.numbers else ""

    @property
    def called(self) -> tuple[str, ...]:
        """The extensions at which its calls come in."""
        return (self.did,) if self.did else self.numbers or ("s",)
