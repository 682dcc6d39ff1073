"""What outlives a restart: registrations, and the records of calls."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from gateway.testing.sip_phone import SipPhone
from tests.support.office import OfficeUnderTest

OFFICE = """
[sip]
listen = ["udp:127.0.0.1:{port}"]
[web]
listen = "127.0.0.1:0"
[accounts.6001]
secret = "one"
[accounts.6002]
secret = "two"
"""


def test_a_registered_phone_is_reached_after_a_restart(tmp_path: Path) -> None:
    first = OfficeUnderTest(tmp_path, OFFICE.format(port=0))
    server = first.app.sip.bound[0][1]
    grace = SipPhone("6002", "two", server)
    try:
        grace.register()
        for _ in range(20):
            first.run(0.02)
            grace.tick(first.loop.now)
        assert grace.status == 200
        first.close()

        second = OfficeUnderTest(tmp_path, OFFICE.format(port=server[1]))
        (registration,) = second.registrations()
        assert registration.account == "6002" and 290 < registration.expires <= 300
        ada = second.sip("6001")
        ada.call("6002")
        for _ in range(20):
            second.run(0.02)
            grace.tick(second.loop.now)
        assert grace.state == "offered"
        ada.hang_up()
        second.run(1)
        second.close()

        third = OfficeUnderTest(tmp_path, OFFICE.format(port=server[1]))
        (record,) = third.records()
        assert (record.caller, record.called, record.disposition) == ("6001", "6002", "NO ANSWER")
        third.close()
    finally:
        grace.close()


def test_a_call_that_is_up_when_the_machine_goes_has_a_record_until_it_was_seen_last(tmp_path: Path) -> None:
    office = OfficeUnderTest(tmp_path, OFFICE.format(port=0))
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("6002")
    office.until(lambda: grace.state == "offered", within=2)
    grace.answer()
    office.until(lambda: ada.state == "up", within=2)
    office.run(95)
    office.clock.complete(office.stored())
    left = tmp_path / "left"
    shutil.copytree(office.folder / "var", left / "var")
    ada.hang_up()
    office.run(1)
    (ended,) = office.records()
    office.close()

    after = OfficeUnderTest(left, OFFICE.format(port=0))
    (record,) = after.records()
    assert (record.id, record.disposition, record.dialled) == (ended.id, "ANSWERED", "6002")
    assert 60 < record.billed < 95 and int(record.ending.cause) == 41
    assert str(record.ending).startswith("Copperline stopped responding (its process ended while the call was up")
    after.close()

    again = OfficeUnderTest(tmp_path, OFFICE.format(port=0))
    assert again.records() == [ended], "one that ended in good order is not recorded twice"
    again.close()


def test_what_a_script_kept_in_the_database_is_there_after_a_restart(tmp_path: Path) -> None:
    dialplan = "[office]\nexten => _*21X.,1,Set(DB(cfu/${CALLERID(num)})=${EXTEN:3})\n same => n,Hangup()\n"
    dialplan += "exten => *22,1,Hangup(${IF($[${DB(cfu/6001)} = 6002]?17:31)})\n"
    for dialled, status in (("*216002", "480"), ("*22", "486")):
        office = OfficeUnderTest(tmp_path, OFFICE.format(port=0), dialplan)
        ada = office.sip("6001")
        ada.call(dialled)
        office.until(lambda ada=ada: ada.state == "idle", within=2)
        assert ada.ended_by.startswith(status)
        office.close()


def test_after_the_clock_was_set_back_no_call_has_the_name_of_an_earlier_one(tmp_path: Path) -> None:
    """A machine without a clock of its own begins at the same moment after each power failure."""
    taken = 0
    for _ in range(2):
        office = OfficeUnderTest(tmp_path, OFFICE.format(port=0))
        ada = office.sip("6001")
        ada.call("6002")
        office.run(1)
        ada.hang_up()
        office.run(1)
        assert len(office.records()) == taken + 1
        office.close()
        with closing(sqlite3.connect(tmp_path / "var" / "copperline.db")) as database, database:
            database.execute("CREATE TEMP TABLE earlier AS SELECT * FROM call_records LIMIT 1")
            for second in range(60):
                begun = datetime.now(tz=office.app.manager.now().tzinfo) + timedelta(seconds=second)
                database.execute("UPDATE earlier SET id = ?", (f"{begun:%Y%m%d-%H%M%S}-1",))
                database.execute("INSERT OR IGNORE INTO call_records SELECT * FROM earlier")
            (taken,) = database.execute("SELECT count(*) FROM call_records").fetchone()
