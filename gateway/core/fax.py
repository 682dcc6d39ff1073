"""Fax as signalling, calls and dialplans see it: T.38 streams of legs, and machines that send and take documents.

A leg carries a fax in its audio, or beside it in an Image: packets of T.38 (IFP) in the place of samples. A FaxDesk
has what stands between the two, and the machines that send a document to a leg or take one from it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, Protocol

from gateway.core.audio import Audio
from gateway.core.frozen import frozen

__all__ = [
    "MODEMS",
    "RATES",
    "T38",
    "Correction",
    "Fax",
    "FaxBridge",
    "FaxDesk",
    "FaxJob",
    "FaxOptions",
    "FaxProgress",
    "FaxReport",
    "Image",
    "ImageFactory",
]

MODEMS: Final = ("V17", "V27", "V29")
"""The modems of image data, as dialplans name them."""
RATES: Final = (2400, 4800, 7200, 9600, 12000, 14400)
"""Bits a second at which images go."""


class Correction(Enum):
    """What makes good the loss of UDPTL packets (T.38 9.1.4); the value is its name in SDP."""

    NONE = ""
    REDUNDANCY = "t38UDPRedundancy"
    FEC = "t38UDPFEC"


@frozen
class T38:
    """What one side of a T.38 stream can and wants (T.38 Annex D 2.3).

    Attributes:
        version: of T.38.
        bit_rate: the most, in bit/s.
        local_tcf: the training check is made by each gateway, and not sent across (rate management method 1).
        buffer: octets that it can hold back.
        datagram: octets of the largest UDPTL packet that it takes.
        correction: what its packets are made safe by.
    """

    version: int = 0
    bit_rate: int = 14400
    local_tcf: bool = False
    buffer: int = 2000
    datagram: int = 400
    correction: Correction = Correction.REDUNDANCY


class Image(Protocol):
    """One leg's T.38 stream over UDPTL."""

    address: str
    """Our IP address, to be written into SDP."""
    port: int
    """Our port."""
    theirs: T38
    """What the far side can, once that is agreed."""
    listener: Callable[[int, bytes], None] | None
    """Who takes the packets (IFP) that come in, in order, each with its sequence number."""

    @property
    def received(self) -> int:
        """Packets that have come in."""
        ...

    @property
    def lost(self) -> int:
        """Packets that have not, and that nothing has made good."""
        ...

    @property
    def recovered(self) -> int:
        """Packets that were lost and made good."""
        ...

    def set_remote(
        self, address: str, port: int, theirs: T38, via: str | None = None, strict: bool = False
    ) -> None:
        """Send to a peer, and accept from it; one behind NAT is found by its packets.

        Args:
            via: the IP address from which its signalling comes.
            strict: accept from `address` and `port` alone.
        """
        ...

    def send(self, packet: bytes, times: int = 1) -> None:
        """Send an IFP packet, so many times over."""
        ...

    def close(self) -> None:
        """Close its socket; nothing comes or goes any more."""
        ...


class ImageFactory(Protocol):
    """Where legs get their T.38 streams from."""

    def image(self, address: str) -> Image:
        """Open a UDPTL socket on our IP address.

        Raises:
            Exhausted: no port or descriptor is free.
        """
        ...


@frozen
class FaxOptions:
    """How a fax machine of ours is to work.

    Attributes:
        station: its identification (CSI, TSI), at most 20 characters: its number.
        header: written at the head of each page that it sends; "" for no such line.
        ecm: whether errors may be corrected by sending blocks again.
        modems: those it may use, of MODEMS.
        highest: bits a second of the fastest of them.
    """

    station: str = ""
    header: str = ""
    ecm: bool = True
    modems: tuple[str, ...] = MODEMS
    highest: int = 14400


@frozen
class FaxJob:
    """A document to be sent, or to be taken.

    Attributes:
        files: names of TIFF files within the folder of faxes; those that are sent follow one another.
        sends: whether it is sent.
        options: how.
    """

    files: tuple[str, ...]
    sends: bool
    options: FaxOptions = FaxOptions()


@frozen
class FaxReport:
    """How a fax goes, or went.

    Attributes:
        over: whether it has ended.
        fault: why it failed, as a clause; "" while it goes well, and of one that went well.
        pages: whole pages that went across.
        in_file: pages of the document that is sent; 0 where that is not known.
        bit_rate: bits a second agreed on; 0 before that.
        resolution: dots an inch, across and down: "204x98".
        ecm: whether errors are corrected.
        remote: the far side's identification.
        image: whether it went by T.38.
    """

    over: bool = False
    fault: str = ""
    pages: int = 0
    in_file: int = 0
    bit_rate: int = 0
    resolution: str = ""
    ecm: bool = False
    remote: str = ""
    image: bool = False


class Fax(Protocol):
    """A fax machine at work on a leg."""

    @property
    def report(self) -> FaxReport:
        """How it goes."""
        ...

    def stop(self) -> None:
        """End it before its time; harmless once it is over."""
        ...


class FaxBridge(Protocol):
    """What carries a fax between two legs of which at least one has an Image."""

    def close(self) -> None:
        """Carry no more; the legs keep their streams and rows."""
        ...


@frozen
class FaxProgress:
    """A fax machine of ours on a leg, the leg's `number`th, has something to report."""

    number: int


class FaxDesk(Protocol):
    """Fax machines, and what stands between T.38 and audio."""

    @property
    def missing(self) -> str:
        """Why there are none, as a sentence that says what to install; "" where all is well."""
        ...

    def bridge(self, one: Image, other: Image | Audio) -> FaxBridge:
        """Carry a fax between a T.38 stream and another one, or audio.

        Raises:
            Unavailable: that takes a library that is not there.
            Exhausted: too many faxes are under way.
        """
        ...

    def begin(self, job: FaxJob, over: Image | Audio, told: Callable[[FaxReport], None]) -> Fax:
        """Send or take a document.

        Args:
            told: told after each page and at the end, which is also where a file proves to be none.

        Raises:
            LocalError: a file lies outside the folder of faxes.
            Unavailable: the library is not there.
            Exhausted: too many faxes are under way.
        """
        ...

    async def check(self, job: FaxJob) -> int:
        """How many pages a job will send; 0 for one that takes a document.

        Raises:
            LocalError, Unavailable: as `begin`.
        """
        ...
