"""Fax machines (ITU-T T.30) by libspandsp: a document goes out, or comes in, over audio or over T.38.

`AudioMachine` is given 20 ms of what comes in and gives 20 ms of what goes out. `PacketMachine` is given IFP
packets and 20 ms of time, and hands out IFP packets. Both tell by `report` how they are getting on. Whoever holds
one must `close` it; what was received until then is in its file.
"""

from __future__ import annotations

import ctypes
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from gateway.core.audio import Samples
from gateway.core.fax import T38, FaxOptions, FaxReport
from gateway.fax.document import is_whole
from gateway.fax.library import PACKET_HANDLER, PHASE_HANDLER, Statistics, spandsp

__all__ = ["FRAME", "AudioMachine", "Machine", "PacketMachine", "prepare"]

FRAME: Final = 160
"""Samples of 20 ms."""

_MODEMS: Final = {"V27": 1, "V29": 2, "V17": 4}
_LIMITED: Final = {2400: ("V27",), 4800: ("V27",), 7200: ("V27", "V29"), 9600: ("V27", "V29")}
"""Modems that go no faster; V.17 begins beyond."""
_ALL_COMPRESSIONS: Final = 0x02 | 0x04 | 0x08
"""T.4 in one and two dimensions, T.6."""
_ALL_RESOLUTIONS: Final = 0x01 | 0x02 | 0x04 | 0x20000 | 0x40000
"""Standard, fine and superfine, at 8 and 16 dots a millimetre."""
_ALL_SIZES: Final = 0x01 | 0x02 | 0x04 | 0x10000 | 0x20000 | 0x40000 | 0x80000 | 0x100000
"""A4, B4 and A3 in width, any length."""
_MOST_IDENTIFICATION: Final = 20
"""Characters of a CSI or TSI (T.30 5.3.6.2.4)."""
_MOST_HEADER: Final = 50
_METRES_TO_INCHES: Final = 0.0254
_DROPPED: Final = 48
"""T30_ERR_CALLDROPPED."""


class Machine(ABC):
    """What both kinds have in common.

    Args:
        path: the TIFF file that is sent, or written.
        sends: which of the two.
        options: how it works.
        image: whether it goes by T.38.
    """

    def __init__(self, path: Path, *, sends: bool, options: FaxOptions, image: bool) -> None:
        self._library = spandsp()
        self._sends = sends
        self._image = image
        self._code: int | None = None
        self._spoilt = ""
        # The library calls these as long as its object lives.
        self._on_page = PHASE_HANDLER(self._page_done)
        self._on_end = PHASE_HANDLER(self._ended)
        self._t30: Any = None
        self._last = FaxReport(image=image)
        self._path = path
        self._options = options

    @property
    def report(self) -> FaxReport:
        """How it goes."""
        if self._t30 is None:
            return self._last
        figures = Statistics()
        self._library.t30_get_transfer_statistics(self._t30, ctypes.byref(figures))
        fault = ""
        if self._code:
            fault = self._library.t30_completion_code_to_str(self._code).decode("ascii", "replace")
        fault = self._spoilt or fault
        across, down = (round(dots * _METRES_TO_INCHES) for dots in (figures.x_resolution, figures.y_resolution))
        return FaxReport(
            over=self._code is not None,
            fault=fault,
            pages=figures.pages_tx if self._sends else figures.pages_rx - bool(self._spoilt),
            in_file=max(figures.pages_in_file, 0) if self._sends else 0,
            bit_rate=figures.bit_rate,
            resolution=f"{across}x{down}" if across else "",
            ecm=bool(figures.error_correcting_mode),
            remote=_printable(self._library.t30_get_rx_ident(self._t30)),
            image=self._image,
        )

    def close(self) -> None:
        """End it, and give back what it holds; `report` stays as it is then."""
        if self._t30 is None:
            return
        if self._code is None:
            self._library.t30_terminate(self._t30)
            if self._code is None:
                self._code = _DROPPED
        self._last = self.report
        self._t30 = None
        self._free()

    def _begin(self, t30: Any) -> None:
        library, options, name = self._library, self._options, str(self._path).encode()
        self._t30 = t30
        station = options.station.encode("ascii", "replace")[:_MOST_IDENTIFICATION]
        if station:
            library.t30_set_tx_ident(t30, station)
        if options.header:
            library.t30_set_tx_page_header_info(t30, options.header.encode("latin-1", "replace")[:_MOST_HEADER])
        if self._sends:
            library.t30_set_tx_file(t30, name, -1, -1)
        else:
            library.t30_set_rx_file(t30, name, -1)
        library.t30_set_ecm_capability(t30, int(options.ecm))
        library.t30_set_supported_modems(t30, prepare(options))
        library.t30_set_supported_compressions(t30, _ALL_COMPRESSIONS)
        library.t30_set_supported_resolutions(t30, _ALL_RESOLUTIONS)
        library.t30_set_supported_image_sizes(t30, _ALL_SIZES)
        library.t30_set_phase_d_handler(t30, self._on_page, None)
        library.t30_set_phase_e_handler(t30, self._on_end, None)
        library.span_log_set_level(library.t30_get_logging_state(t30), 0)

    @abstractmethod
    def _free(self) -> None:
        """Give the library's object back."""

    def _page_done(self, t30: int, user: int, code: int) -> int:
        """A page has come, or has gone: one that could not be written must not be acknowledged."""
        if not self._sends and not self._spoilt:
            figures = Statistics()
            self._library.t30_get_transfer_statistics(t30, ctypes.byref(figures))
            if figures.pages_rx and not is_whole(self._path, figures.pages_rx):
                self._spoilt = f"{self._path} cannot be written; is the disk full?"
                self._library.t30_terminate(t30)
        return 0

    def _ended(self, t30: int, user: int, code: int) -> int:
        if self._code is None:
            self._code = code
        return 0


class AudioMachine(Machine):
    """A fax machine on a telephone line."""

    def __init__(self, path: Path, *, sends: bool, options: FaxOptions) -> None:
        super().__init__(path, sends=sends, options=options, image=False)
        library = self._library
        self._fax = library.fax_init(None, int(sends))
        self._begin(library.fax_get_t30_state(self._fax))
        library.fax_set_transmit_on_idle(self._fax, 1)
        library.span_log_set_level(library.fax_get_logging_state(self._fax), 0)

    def work(self, heard: Samples) -> Samples:
        """Hear 160 samples at 8000 Hz and say as many."""
        said = np.zeros(FRAME, np.int16)
        if self._t30 is not None:
            self._library.fax_rx(self._fax, pointer(np.ascontiguousarray(heard, np.int16)), len(heard))
            self._library.fax_tx(self._fax, pointer(said), FRAME)
        return said

    def _free(self) -> None:
        self._library.fax_free(self._fax)


class PacketMachine(Machine):
    """A fax machine on a T.38 stream.

    Args:
        theirs: what the far side can.
        send: takes the IFP packets that go out, and how many times each is to be sent.
    """

    def __init__(
        self,
        path: Path,
        *,
        sends: bool,
        options: FaxOptions,
        theirs: T38,
        send: Callable[[bytes, int], None],
    ) -> None:
        super().__init__(path, sends=sends, options=options, image=True)
        library = self._library
        self._handler = packet_handler(send)
        self._terminal = library.t38_terminal_init(None, int(sends), self._handler, None)
        self._core = library.t38_terminal_get_t38_core_state(self._terminal)
        agree(self._core, theirs)
        self._begin(library.t38_terminal_get_t30_state(self._terminal))
        library.span_log_set_level(library.t38_terminal_get_logging_state(self._terminal), 0)

    def receive(self, number: int, packet: bytes) -> None:
        """Take an IFP packet."""
        if self._t30 is not None:
            self._library.t38_core_rx_ifp_packet(self._core, packet, len(packet), number)

    def work(self) -> None:
        """Let 20 ms pass."""
        if self._t30 is not None:
            self._library.t38_terminal_send_timeout(self._terminal, FRAME)

    def _free(self) -> None:
        self._library.t38_terminal_free(self._terminal)


def _printable(identification: bytes | None) -> str:
    """What a far side calls itself, without what no display could show."""
    text = (identification or b"").decode("ascii", "replace")
    return "".join(character for character in text if character.isprintable()).strip()


def prepare(options: FaxOptions) -> int:
    """The modems that may be used, as bits."""
    allowed = next((names for rate, names in _LIMITED.items() if options.highest <= rate), tuple(_MODEMS))
    chosen = [name for name in options.modems if name in allowed] or ["V27"]
    return sum(_MODEMS[name] for name in set(chosen))


def packet_handler(send: Callable[[bytes, int], None]) -> Any:
    """A function that the library can call with IFP packets; it must be kept as long as it may be called."""

    def sent(core: int, user: int, packet: Any, length: int, count: int) -> int:
        send(ctypes.string_at(packet, length), max(count, 1))
        return 0

    return PACKET_HANDLER(sent)


def agree(core: Any, theirs: T38) -> None:
    """Tell the T.38 part of a machine or gateway what the far side can."""
    library = spandsp()
    library.t38_set_t38_version(core, theirs.version)
    library.t38_set_data_rate_management_method(core, 1 if theirs.local_tcf else 2)
    library.t38_set_max_datagram_size(core, theirs.datagram)
    library.t38_set_fastest_image_data_rate(core, theirs.bit_rate)
    library.span_log_set_level(library.t38_core_get_logging_state(core), 0)


def pointer(samples: Samples) -> Any:
    """Samples as the library takes them; they must stay in place meanwhile."""
    return samples.ctypes.data_as(ctypes.POINTER(ctypes.c_int16))
