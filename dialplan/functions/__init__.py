"""Dialplan functions, one file a family; `FUNCTIONS` is the whole table, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.functions import (
    between,
    caller,
    channel,
    clock,
    collection,
    conference,
    database,
    device,
    document,
    ended,
    enum,
    fax,
    group,
    header,
    hook,
    logic,
    loudness,
    machine,
    message,
    number,
    parties,
    place,
    record,
    services,
    stack,
    text,
    web,
)
from dialplan.script import Function

__all__ = ["FUNCTIONS"]

FUNCTIONS: Final[Mapping[str, Function]] = {
    **between.FUNCTIONS,
    **caller.FUNCTIONS,
    **channel.FUNCTIONS,
    **clock.FUNCTIONS,
    **collection.FUNCTIONS,
    **conference.FUNCTIONS,
    **database.FUNCTIONS,
    **device.FUNCTIONS,
    **document.FUNCTIONS,
    **ended.FUNCTIONS,
    **enum.FUNCTIONS,
    **fax.FUNCTIONS,
    **group.FUNCTIONS,
    **header.FUNCTIONS,
    **hook.FUNCTIONS,
    **logic.FUNCTIONS,
    **loudness.FUNCTIONS,
    **machine.FUNCTIONS,
    **message.FUNCTIONS,
    **number.FUNCTIONS,
    **parties.FUNCTIONS,
    **place.FUNCTIONS,
    **record.FUNCTIONS,
    **services.FUNCTIONS,
    **stack.FUNCTIONS,
    **text.FUNCTIONS,
    **web.FUNCTIONS,
}
