"""What every relayed packet reads and writes lies on the cache lines that are fetched for it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from gateway.plane.row_table import HEARD, LINE, ROW, SENT
from gateway.plane.table import Tables

FROM = """generation state kind descriptor connected rtcp_mux session_in peer encoding clock payload_in event_in
    remote_length remote latched source_ssrc received heard_at silent source_sequence source_received missed lost
    transit jitter tone"""
TO = """state descriptor connected encoding clock remote_length sending session_out payload_type ptime pending
    packing digit_phase ssrc feed feed_generation feed_ssrc feed_first sequence_offset timestamp_offset sequence
    timestamp span sent_at fed_at sent octets_sent"""


def lines_of(field: str) -> set[int]:
    assert ROW.fields is not None
    kind, at = ROW.fields[field][:2]
    return set(range(at // LINE, (at + kind.itemsize - 1) // LINE + 1))


@pytest.mark.parametrize(("fields", "fetched"), [(FROM, {0, *HEARD}), (TO, set(SENT))], ids=["from it", "to it"])
def test_what_a_packet_needs_of_a_row_is_fetched(fields: str, fetched: set[int]) -> None:
    assert set().union(*map(lines_of, fields.split())) == fetched


def test_rows_and_scratch_lie_on_lines_of_their_own_and_begin_empty() -> None:
    tables = Tables(3, 100, 1, workers=2)
    arrays = [tables.rows, tables.owners, tables.stages, *(worker.control for worker in tables.workers)]
    assert tables.rows.strides[0] % LINE == 0
    assert all(array.ctypes.data % LINE == 0 for array in arrays[:3])
    assert not any(np.any(array) for array in (tables.owners, tables.stages, tables.rows["state"]))
    ends = sorted((array.ctypes.data, array.ctypes.data + array.nbytes) for array in arrays)
    assert all(end <= start for (_, end), (start, _) in pairwise(ends))
