"""libspandsp 0.0.6 (Debian's libspandsp2) by ctypes: the functions that are used, with their types.

Every object of it is opaque here: NULL as the first argument of an `init` makes it allocate, `free` gives it back.
The library is optional; what needs it says so by Unavailable, with the name of the package. It keeps no state
beyond its objects, calls back only from within a call, and gives up the interpreter lock while it works.
"""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int16, c_uint8, c_uint16, c_void_p
from functools import cache
from typing import Any, Final

from gateway.core.errors import Unavailable

__all__ = ["PACKET_HANDLER", "PHASE_HANDLER", "GatewayStatistics", "Statistics", "missing", "spandsp"]

LIBRARY: Final = "libspandsp.so.2"
PACKAGE: Final = "libspandsp2"

PACKET_HANDLER: Final = CFUNCTYPE(c_int, c_void_p, c_void_p, POINTER(c_uint8), c_int, c_int)
"""t38_tx_packet_handler_t: the T.38 core, user data, an IFP packet, its length, how many times to send it."""
PHASE_HANDLER: Final = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
"""t30_phase_d_handler_t and t30_phase_e_handler_t (whose result nobody reads): T.30, user data, a code."""


class Statistics(Structure):
    """t30_stats_t."""

    _fields_ = [
        (name, c_int)
        for name in (
            "bit_rate error_correcting_mode pages_tx pages_rx pages_in_file x_resolution y_resolution width length "
            "image_size encoding bad_rows longest_bad_row_run error_correcting_mode_retries current_status"
        ).split()
    ]


class GatewayStatistics(Structure):
    """t38_stats_t."""

    _fields_ = [(name, c_int) for name in ("bit_rate", "error_correcting_mode", "pages_transferred")]


_P: Final = c_void_p
_AUDIO: Final = POINTER(c_int16)
_FUNCTIONS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "fax_init": (_P, (_P, c_int)),
    "fax_free": (c_int, (_P,)),
    "fax_rx": (c_int, (_P, _AUDIO, c_int)),
    "fax_tx": (c_int, (_P, _AUDIO, c_int)),
    "fax_set_transmit_on_idle": (None, (_P, c_int)),
    "fax_get_t30_state": (_P, (_P,)),
    "fax_get_logging_state": (_P, (_P,)),
    "t38_terminal_init": (_P, (_P, c_int, PACKET_HANDLER, _P)),
    "t38_terminal_free": (c_int, (_P,)),
    "t38_terminal_send_timeout": (c_int, (_P, c_int)),
    "t38_terminal_get_t30_state": (_P, (_P,)),
    "t38_terminal_get_t38_core_state": (_P, (_P,)),
    "t38_terminal_get_logging_state": (_P, (_P,)),
    "t38_gateway_init": (_P, (_P, PACKET_HANDLER, _P)),
    "t38_gateway_free": (c_int, (_P,)),
    "t38_gateway_rx": (c_int, (_P, _AUDIO, c_int)),
    "t38_gateway_tx": (c_int, (_P, _AUDIO, c_int)),
    "t38_gateway_set_ecm_capability": (None, (_P, c_int)),
    "t38_gateway_set_transmit_on_idle": (None, (_P, c_int)),
    "t38_gateway_set_supported_modems": (None, (_P, c_int)),
    "t38_gateway_get_transfer_statistics": (None, (_P, POINTER(GatewayStatistics))),
    "t38_gateway_get_t38_core_state": (_P, (_P,)),
    "t38_gateway_get_logging_state": (_P, (_P,)),
    "t38_core_rx_ifp_packet": (c_int, (_P, c_char_p, c_int, c_uint16)),
    "t38_core_get_logging_state": (_P, (_P,)),
    "t38_set_t38_version": (None, (_P, c_int)),
    "t38_set_data_rate_management_method": (None, (_P, c_int)),
    "t38_set_max_datagram_size": (None, (_P, c_int)),
    "t38_set_fastest_image_data_rate": (None, (_P, c_int)),
    "t30_set_tx_ident": (c_int, (_P, c_char_p)),
    "t30_get_rx_ident": (c_char_p, (_P,)),
    "t30_set_tx_page_header_info": (c_int, (_P, c_char_p)),
    "t30_set_tx_file": (None, (_P, c_char_p, c_int, c_int)),
    "t30_set_rx_file": (None, (_P, c_char_p, c_int)),
    "t30_set_ecm_capability": (c_int, (_P, c_int)),
    "t30_set_supported_modems": (c_int, (_P, c_int)),
    "t30_set_supported_compressions": (c_int, (_P, c_int)),
    "t30_set_supported_resolutions": (c_int, (_P, c_int)),
    "t30_set_supported_image_sizes": (c_int, (_P, c_int)),
    "t30_set_phase_d_handler": (None, (_P, PHASE_HANDLER, _P)),
    "t30_set_phase_e_handler": (None, (_P, PHASE_HANDLER, _P)),
    "t30_get_transfer_statistics": (None, (_P, POINTER(Statistics))),
    "t30_completion_code_to_str": (c_char_p, (c_int,)),
    "t30_terminate": (None, (_P,)),
    "t30_get_logging_state": (_P, (_P,)),
    "span_log_set_level": (c_int, (_P, c_int)),
}


@cache
def spandsp() -> Any:
    """The library.

    Raises:
        Unavailable: it is not installed, or is none that we know.
    """
    try:
        library = ctypes.CDLL(LIBRARY)
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as fault:
        raise Unavailable(f"fax needs {LIBRARY}, which is not installed: apt-get install {PACKAGE}") from fault
    return library


def missing() -> str:
    """Why there is no fax, as a sentence; "" where there is."""
    try:
        spandsp()
    except Unavailable as fault:
        return str(fault)
    return ""
