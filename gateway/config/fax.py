"""Fax in the configuration: [fax]."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from gateway.config.values import File, Label, Settings, refuse

__all__ = ["FaxSettings"]

MOST_IDENTIFICATION: Final = 20
"""Characters (T.30 5.3.6.2.4)."""
_IDENTIFICATION: Final = frozenset("0123456789+ ")


def _station(text: str) -> str:
    if len(text) > MOST_IDENTIFICATION or not set(text) <= _IDENTIFICATION:
        raise refuse(
            f'"{text[:40]}" cannot identify a fax machine',
            f"write a telephone number of up to {MOST_IDENTIFICATION} digits, + and blanks",
        )
    return text


class FaxSettings(Settings):
    """[fax]: documents that SendFAX sends and ReceiveFAX takes; T.38 is a setting of accounts and trunks (`t38`).

    Attributes:
        folder: where the TIFF files are; none is read or written outside it.
        station: what our machines identify themselves by, where FAXOPT(localstationid) does not say it.
        header: the line at the head of each page sent, where FAXOPT(headerinfo) does not say it; "" for none.
        at_once: fax machines and T.38 gateways at work at a time; each takes about 0.2 % of a core.
    """

    folder: File = Path("var/faxes")
    station: Annotated[str, AfterValidator(_station)] = ""
    header: Label = ""
    at_once: Annotated[int, Field(ge=0, le=1000)] = 30
