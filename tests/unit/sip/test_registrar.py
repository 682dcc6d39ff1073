"""Registrations as conversations: RFC 3665 section 2, and what RFC 3261 10.3 asks beyond it."""

from __future__ import annotations

import pytest

from gateway.sip.binding import Binding, Registration, RegistrationChanged
from gateway.sip.config import SipConfig
from gateway.sip.message import Request, Response
from gateway.sip.registrar import RegistrarConfig
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri
from tests.support.sip import SERVER, Office, Phone


def contacts(response: Response) -> list[str]:
    return [str(contact) for contact in response.contacts]


def what(office: Office) -> list[Registration]:
    return [change.what for change in office.changes() if isinstance(change, RegistrationChanged)]


def register(phone: Phone, *rows: str, number: int, expires: str | None = None, **more: str) -> Response:
    """A REGISTER with these Contact rows, let in."""
    headers = [("Contact", row) for row in rows]
    if expires is not None:
        headers.append(("Expires", expires))
    phone.proved(
        phone.request("REGISTER", f"sip:{SERVER[0]}", number=number, headers=tuple(headers), **more)  # type: ignore[arg-type]  # passed on
    )
    return phone.response()


def test_a_telephone_registers_after_a_challenge() -> None:
    office = Office()
    phone = Phone(office)
    phone.send(phone.request("REGISTER", f"sip:{SERVER[0]}"))
    challenge = phone.response()
    assert challenge.status == 401 and challenge.to.tag
    rows = challenge.headers.all("WWW-Authenticate")
    assert ["SHA-256" in rows[0], "MD5" in rows[1]] == [True, True]
    phone.send(phone.with_proof(phone.request("REGISTER", f"sip:{SERVER[0]}"), challenge))
    ok = phone.response()
    assert ok.status == 200
    assert contacts(ok) == ["<sip:6001@192.0.2.60:5070>;expires=3600;q=1"]
    assert what(office) == [Registration.REGISTERED]
    (binding,) = office.stack.bindings
    assert binding.flow == phone.flow


def test_it_renews_asks_and_unregisters() -> None:
    office = Office()
    phone = Phone(office)
    phone.register(expires=300)
    assert contacts(phone.register(expires=600, number=5)) == ["<sip:6001@192.0.2.60:5070>;expires=600;q=1"]
    office.wait(100)
    question = phone.request("REGISTER", f"sip:{SERVER[0]}", number=7)
    question.headers.remove("Contact")
    phone.proved(question)
    assert contacts(phone.response()) == ["<sip:6001@192.0.2.60:5070>;expires=500;q=1"]
    assert contacts(phone.register(expires=0, number=9)) == []
    assert what(office) == [Registration.REGISTERED, Registration.RENEWED, Registration.UNREGISTERED]
    assert office.stack.bindings == []
    office.wait(40)
    assert office.stack.deadline() is None


def test_a_wrong_secret_and_an_unknown_user_are_refused_alike() -> None:
    office = Office()
    said = []
    for user in ("6001", "6666"):
        phone = Phone(office, user, host=f"192.0.2.{user[-1]}")
        request = phone.request("REGISTER", f"sip:{SERVER[0]}")
        phone.send(request)
        phone.send(phone.with_proof(request, phone.response(), "wrong"))
        said.append(phone.response().summary)
    assert said == ["403 Forbidden", "403 Forbidden"]
    assert office.stack.bindings == []


def test_nobody_registers_for_somebody_else() -> None:
    office = Office()
    phone = Phone(office)
    phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}", to="<sip:6002@192.0.2.1>"))
    assert phone.response().status == 403
    assert office.stack.bindings == []


def test_a_used_proof_cannot_be_used_again() -> None:
    office = Office()
    phone = Phone(office)
    proved = phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}"))
    assert phone.response().status == 200
    proved.headers.set("Via", "SIP/2.0/UDP 192.0.2.60:5070;branch=z9hG4bKstolen;rport")
    proved.headers.set("Call-ID", "stolen")
    phone.send(proved)
    again = phone.response()
    assert again.status == 401 and "stale=true" in again.headers.all("WWW-Authenticate")[0]


def test_too_short_an_expiry_is_423_and_too_long_a_one_is_cut() -> None:
    office = Office(SipConfig(registrar=RegistrarConfig(min_expires=60, max_expires=1800)))
    phone = Phone(office)
    brief = phone.register(expires=30)
    assert (brief.status, brief.headers.get("Min-Expires")) == (423, "60")
    assert contacts(phone.register(expires=90000, number=5)) == ["<sip:6001@192.0.2.60:5070>;expires=1800;q=1"]


def test_the_contacts_own_expiry_wins_and_an_unreadable_one_is_an_hour() -> None:
    office = Office()
    phone = Phone(office)
    said = register(
        phone, "<sip:a@192.0.2.60>;expires=100;q=0.5, <sip:b@192.0.2.60>;expires=soon", number=1, expires="700"
    )
    assert contacts(said) == ["<sip:b@192.0.2.60>;expires=3600;q=1", "<sip:a@192.0.2.60>;expires=100;q=0.5"]


def test_a_binding_that_nobody_renews_expires() -> None:
    office = Office()
    phone = Phone(office)
    phone.register(expires=300)
    office.wait(299)
    assert len(office.stack.bindings) == 1
    office.wait(1)
    assert office.stack.bindings == []
    assert what(office) == [Registration.REGISTERED, Registration.EXPIRED]


def test_a_star_unregisters_all_and_needs_expires_0() -> None:
    office = Office()
    phone = Phone(office)
    register(phone, "<sip:a@192.0.2.60>, <sip:b@192.0.2.60>", number=1)
    assert register(phone, "*", number=3).status == 400
    assert register(phone, "*", number=5, expires="10").status == 400
    assert len(office.stack.bindings) == 2
    assert contacts(register(phone, "*", number=7, expires="0")) == []
    assert office.stack.bindings == []


def test_an_older_register_changes_nothing() -> None:
    office = Office()
    phone = Phone(office)
    phone.register(number=10)
    assert register(phone, "<sip:6001@192.0.2.60:5070>", number=8, expires="0").status == 500
    assert register(phone, "*", number=6, expires="0").status == 500
    assert len(office.stack.bindings) == 1


def test_a_register_is_obeyed_whole_or_not_at_all() -> None:
    office = Office()
    phone = Phone(office)
    said = register(phone, "<sip:a@192.0.2.60>, <sip:b@192.0.2.60>;expires=5", number=1)
    assert said.status == 423
    assert office.stack.bindings == []


def test_an_account_has_so_many_contacts_and_no_more() -> None:
    office = Office(SipConfig(registrar=RegistrarConfig(contacts=2)))
    phone = Phone(office)
    register(phone, "<sip:a@192.0.2.60>, <sip:b@192.0.2.60>", number=1)
    assert register(phone, "<sip:c@192.0.2.60>", number=3).status == 403
    assert register(phone, "<sip:b@192.0.2.60>", number=5).status == 200
    assert len(office.stack.bindings) == 2


def test_equivalent_contacts_are_one() -> None:
    office = Office()
    phone = Phone(office)
    said = register(phone, "<sip:%61@192.0.2.60>, <sip:a@192.0.2.60>;q=0.2", number=1)
    assert contacts(said) == ["<sip:a@192.0.2.60>;expires=3600;q=0.2"]
    assert contacts(register(phone, "<sip:a@192.0.2.60>, <sip:%61@192.0.2.60>", number=3)) == [
        "<sip:%61@192.0.2.60>;expires=3600;q=1"
    ]


def test_a_contact_that_is_no_sip_uri_is_refused() -> None:
    office = Office()
    assert register(Phone(office), "<mailto:a@b.example>", number=1).status == 400


@pytest.mark.parametrize("q", ["nan", "inf", "7", "-1", "x"])
def test_a_strange_q_counts_as_1(q: str) -> None:
    office = Office()
    assert contacts(register(Phone(office), f"<sip:a@192.0.2.60>;q={q}", number=1)) == [
        "<sip:a@192.0.2.60>;expires=3600;q=1"
    ]


def test_a_binding_outlives_its_connection_where_its_contact_can_be_reached() -> None:
    office = Office()
    phone = Phone(office, port=33000, transport="tcp")
    register(phone, "<sip:a@192.0.2.60:5099;transport=tcp>, <sip:b@nat.invalid;transport=tcp>", number=1)
    office.stack.lost(phone.flow, office.clock.now)
    office.drain()
    (binding,) = office.stack.bindings
    assert binding.flow == Flow("tcp", SERVER, ("192.0.2.60", 5099))
    assert what(office)[-1] is Registration.LOST
    office.stack.lost(binding.flow, office.clock.now)
    assert office.stack.bindings == []


def test_registrations_of_an_earlier_run_are_taken_over_except_strangers() -> None:
    office = Office()
    flow = Flow("udp", SERVER, ("192.0.2.60", 5070))
    kept = [
        Binding(user, SipUri.of(user, "192.0.2.60"), flow, "old", 1, office.clock.now + 100)
        for user in ("6001", "7777")
    ]
    office.stack.restore(kept)
    assert office.stack.bindings == kept[:1]
    office.wait(100)
    assert office.stack.bindings == []


def test_whoever_keeps_bindings_hears_of_each_change() -> None:
    class Kept:
        def __init__(self) -> None:
            self.said: list[tuple[str, str]] = []

        def saved(self, binding: Binding) -> None:
            self.said.append(("saved", str(binding.contact)))

        def removed(self, binding: Binding) -> None:
            self.said.append(("removed", str(binding.contact)))

    kept = Kept()
    office = Office(bindings=kept)
    phone = Phone(office)
    phone.register()
    phone.register(expires=0, number=5)
    assert kept.said == [("saved", "sip:6001@192.0.2.60:5070"), ("removed", "sip:6001@192.0.2.60:5070")]
    register(phone, "<sip:6001@192.0.2.60:5070>", number=7)
    register(phone, "<sip:%36001@192.0.2.60:5070>", number=9)  # the same, written otherwise (RFC 3261 19.1.4)
    assert [what for what, _ in kept.said[2:]] == ["saved", "removed", "saved"]


def test_a_telephone_that_moved_is_called_at_its_new_place() -> None:
    office = Office()
    Phone(office).register()
    moved = Phone(office, port=6666)
    register(moved, "<sip:6001@192.0.2.60:5070>", number=5)
    (binding,) = office.stack.bindings
    assert binding.flow.remote == ("192.0.2.60", 6666)


def test_a_repeated_register_is_answered_from_its_transaction() -> None:
    office = Office()
    phone = Phone(office)
    proved = phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}"))
    first = phone.response()
    phone.send(proved)
    assert phone.response().serialise() == first.serialise()
    assert isinstance(proved, Request) and len(office.changes()) == 1


def test_section_10_3_step_8_the_answer_tells_the_time_of_day() -> None:
    office = Office()
    assert Phone(office).register().headers.get("Date") == "Sun, 01 Mar 2026 12:30:05 GMT"
