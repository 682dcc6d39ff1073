"""The applications of a dialplan, all families of them; `APPLICATIONS` is the whole table, by small-letter name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.apps import (
    agi,
    amd,
    answer,
    audiosocket,
    block,
    channels,
    conference,
    control,
    dial,
    digits,
    disa,
    fax,
    flow,
    header,
    keys,
    listen,
    machine,
    macro,
    message,
    monitor,
    music,
    notes,
    originate,
    page,
    parking,
    play,
    read,
    record,
    say,
    services,
    signals,
    spy,
    subroutine,
    transfer,
    variable,
)
from dialplan.script import Application

__all__ = ["APPLICATIONS", "NAMES"]

_FAMILIES: Final = (
    agi.APPLICATIONS,
    amd.APPLICATIONS,
    answer.APPLICATIONS,
    audiosocket.APPLICATIONS,
    block.APPLICATIONS,
    channels.APPLICATIONS,
    conference.APPLICATIONS,
    control.APPLICATIONS,
    dial.APPLICATIONS,
    digits.APPLICATIONS,
    disa.APPLICATIONS,
    fax.APPLICATIONS,
    flow.APPLICATIONS,
    header.APPLICATIONS,
    keys.APPLICATIONS,
    listen.APPLICATIONS,
    machine.APPLICATIONS,
    macro.APPLICATIONS,
    message.APPLICATIONS,
    monitor.APPLICATIONS,
    music.APPLICATIONS,
    notes.APPLICATIONS,
    originate.APPLICATIONS,
    page.APPLICATIONS,
    parking.APPLICATIONS,
    play.APPLICATIONS,
    read.APPLICATIONS,
    record.APPLICATIONS,
    say.APPLICATIONS,
    services.APPLICATIONS,
    signals.APPLICATIONS,
    spy.APPLICATIONS,
    subroutine.APPLICATIONS,
    transfer.APPLICATIONS,
    variable.APPLICATIONS,
)

NAMES: Final[tuple[str, ...]] = tuple(sorted(name for family in _FAMILIES for name in family))
"""As they are written in files."""

APPLICATIONS: Final[Mapping[str, Application]] = {
    name.lower(): application for family in _FAMILIES for name, application in family.items()
}
