"""INFO in a call (RFC 6086): packages that we never asked for."""

from __future__ import annotations

from tests.support.sip import Office, Phone
from tests.unit.sip.test_update import answered


def test_section_4_2_2_an_info_package_that_was_not_asked_for_is_469_and_no_key() -> None:
    office = Office()
    phone = Phone(office)
    _, invite, ok = answered(office, phone)
    headers = (("Info-Package", "conference"), ("Content-Type", "application/dtmf-relay"))
    phone.send(phone.within(invite, ok, "INFO", 3, b"Signal=5\r\n", headers=headers))
    refusal = phone.response()
    assert (refusal.status, refusal.reason, refusal.headers.get("Recv-Info")) == (469, "Bad Info Package", "")
    assert office.events() == []
