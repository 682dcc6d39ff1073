"""What outlives a restart: registrations, and the records of calls."""

from __future__ import annotations

import shutil
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
