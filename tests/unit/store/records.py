"""Call records and registrations to store in tests, and until when they are not yet stored."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from gateway.call.call import CallRecord
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.quality import Quality
from gateway.store import Store, StoredBinding

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def call_record(id: str = "call-1", minutes: float = 0, *, caller_name: str = "Ada") -> CallRecord:
    """A call that was answered and ended well, `minutes` after the start of the day."""
    started = START + timedelta(minutes=minutes)
    return CallRecord(
        id=id,
        started=started,
        answered=started + timedelta(seconds=4.5),
        ended=started + timedelta(seconds=64.5),
        caller="6001",
        caller_name=caller_name,
        called="101",
        context="office",
        source="SIP/6001-00000001",
        destination="FXS/101-00000002",
        duration=64.5,
        billed=60.0,
        disposition="ANSWERED",
        ending=Ending(Cause.NORMAL_CLEARING, "telephone 101", Act.HUNG_UP, "ONHOOK event on port 1"),
        dialled="g1/5550100",
        answer_signal="a voice after ringback, 90% sure",
        tried=("g2/5550100: line copper3 refused (no dial tone): network out of order.",),
        cost=0.125,
        quality=(Quality("SIP/6001-00000001", "PCMU", 2950, 3000, 50, 2, 0.004, None, 3, 4.1),),
    )


def binding(account: str = "6001", contact: str = "sip:6001@192.0.2.7:5060", seconds: float = 600) -> StoredBinding:
    """A registration that ends `seconds` after the start of the day."""
    return StoredBinding(
        account=account,
        place=contact,
        contact=contact,
        call_id="a84b4c76e66710",
        cseq=7,
        expires=START + timedelta(seconds=seconds),
        q=500,
        user_agent="baresip",
        transport="tcp",
        local="192.0.2.1:5060",
        remote="192.0.2.7:49152",
    )


async def on_disk(store: Store) -> None:
    """Wait until everything is."""
    async with asyncio.timeout(5):
        while store.pending:
            await asyncio.sleep(0.001)
