"""A T.38 gateway by libspandsp: a fax machine's audio on one side, IFP packets on the other."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np

from gateway.core.audio import Samples
from gateway.core.fax import T38
from gateway.fax.library import GatewayStatistics, spandsp
from gateway.fax.machine import FRAME, agree, packet_handler, pointer

__all__ = ["Relay"]


class Relay:
    """A gateway.

    Args:
        theirs: what the far side of the packets can.
        send: takes the IFP packets that go out, and how many times each is to be sent.
    """

    def __init__(self, *, theirs: T38, send: Callable[[bytes, int], None]) -> None:
        library = self._library = spandsp()
        self._handler = packet_handler(send)
        self._gateway = library.t38_gateway_init(None, self._handler, None)
        self._core = library.t38_gateway_get_t38_core_state(self._gateway)
        agree(self._core, theirs)
        library.t38_gateway_set_ecm_capability(self._gateway, 1)
        library.t38_gateway_set_supported_modems(self._gateway, 7 if theirs.bit_rate > 9600 else 3)
        library.t38_gateway_set_transmit_on_idle(self._gateway, 1)
        library.span_log_set_level(library.t38_gateway_get_logging_state(self._gateway), 0)
        self._closed = False

    @property
    def pages(self) -> int:
        """Whole pages that went through."""
        figures = GatewayStatistics()
        if not self._closed:
            self._library.t38_gateway_get_transfer_statistics(self._gateway, ctypes.byref(figures))
        return int(figures.pages_transferred)

    def receive(self, number: int, packet: bytes) -> None:
        """Take an IFP packet."""
        if not self._closed:
            self._library.t38_core_rx_ifp_packet(self._core, packet, len(packet), number)

    def work(self, heard: Samples) -> Samples:
        """Hear 160 samples at 8000 Hz of the audio side, and say as many."""
        said = np.zeros(FRAME, np.int16)
        if not self._closed:
            self._library.t38_gateway_rx(self._gateway, pointer(np.ascontiguousarray(heard, np.int16)), len(heard))
            self._library.t38_gateway_tx(self._gateway, pointer(said), FRAME)
        return said

    def close(self) -> None:
        """Give back what it holds."""
        if not self._closed:
            self._closed = True
            self._library.t38_gateway_free(self._gateway)
