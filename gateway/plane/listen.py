"""What is done with linear audio that came in on a row, besides sending it on: DTMF looked for, samples kept."""

from __future__ import annotations

from gateway.media.compiled import stage
from gateway.media.fax_tone import detect_fax
from gateway.plane.access import arena_of, fax_ear_at, row_at, stages_of
from gateway.plane.dtmf import detect
from gateway.plane.events import FAX_HEARD, emit
from gateway.plane.libc import store_release
from gateway.plane.plan import CAPTURE, DETECT, FAX
from gateway.plane.row_table import ROW
from gateway.plane.table import Shared

__all__ = ["listen"]

_WRITTEN_AT = ROW.fields["capture_written"][1] if ROW.fields else 0
_ROW_SIZE = ROW.itemsize


@stage
def listen(t: Shared, i: int, count: int, now: int) -> None:
    """Look at the `count` samples in `t["linear"]` for row `i`."""
    stages = stages_of(t)[i]
    if stages & DETECT:
        detect(t, i, t["linear"], count, now)
    if stages & FAX:
        tone = detect_fax(fax_ear_at(t, i), t["linear"], count)
        if tone != 0:
            emit(t, FAX_HEARD, i, row_at(t, i)["generation"], 0, tone, 0, now)
    if stages & CAPTURE:
        row = row_at(t, i)
        written = row["capture_written"]
        length = row["capture_length"]
        base = row["capture_base"]
        arena = arena_of(t)
        linear = t["linear"]
        place = written % length
        for k in range(count):
            arena[base + place] = linear[k]
            place = place + 1 if place + 1 < length else 0
        # The count goes last: control copies what it covers.
        store_release(t["rows"] + i * _ROW_SIZE + _WRITTEN_AT, written + count)
