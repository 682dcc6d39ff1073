"""Documents that cross an office, dot by dot: on analogue lines, in G.711 and by T.38, to and from disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.core.fax import Correction, FaxOptions
from gateway.testing.telephone import FxsTelephone
from hardware.world.fax_machine import FaxMachine
from tests.scenario.conftest import Build
from tests.support.fax import document, needs_spandsp, read_pages, same
from tests.support.fax_phone import SipFax
from tests.support.office import OfficeUnderTest

pytestmark = pytest.mark.skipif(bool(needs_spandsp), reason=needs_spandsp)

DIALPLAN = """
[office]
exten => _10X,1,Dial(FXS/${EXTEN})
exten => _600X,1,Dial(SIP/${EXTEN})
exten => 70,1,Set(FAXOPT(localstationid)=2565551170)
 same => n,ReceiveFAX(in/${CALLERID(num)}.tif)
 same => n,Set(GLOBAL(AFTER)=${CONTEXT})
exten => 71,1,SendFAX(one.tif&two.tif)
exten => 72,1,ReceiveFAX(in/${CALLERID(num)}.tif,F)
exten => 73,1,SendFAX(one.tif,z)
exten => 74,1,SendFAX(${TRICK})
exten => _[67]X,1,Hangup()
exten => h,1,Set(GLOBAL(STATUS)=${FAXSTATUS})
 same => n,Set(GLOBAL(PAGES)=${FAXPAGES})
 same => n,Set(GLOBAL(MODE)=${FAXMODE})
 same => n,Set(GLOBAL(REMOTE)=${REMOTESTATIONID})
 same => n,Set(GLOBAL(ERROR)=${FAXERROR})
 same => n,Set(GLOBAL(WORDS)=${FAXSTATUSSTRING})
[from-pstn]
exten => s,1,Hangup()
"""
T38 = (
    ('secret = "copper-6001"', 'secret = "copper-6001"\nt38 = true'),
    ('secret = "copper-6002"', 'secret = "copper-6002"\nt38 = true'),
)
A_FAX = 120.0
"""Seconds in which a page or two are across at any rate."""


def machine(office: OfficeUnderTest, number: str) -> FaxMachine:
    return FaxMachine(office.phone(number), FaxOptions(station=number))


def sip_fax(office: OfficeUnderTest, user: str, path: Path, *, sends: bool, **traits: object) -> SipFax:
    """A SIP fax machine of an account, registered, with a document to send or to take."""
    phone = office.sip(user, kind=SipFax)
    for name, value in traits.items():
        setattr(phone, name, value)
    phone.fax(path, sends=sends)
    return phone


def dial(office: OfficeUnderTest, fax: FaxMachine, number: str) -> None:
    fax.telephone.lift()
    office.until(lambda: fax.telephone.hears == "dial")
    fax.telephone.dial(number)
    office.until(lambda: not fax.telephone.busy_hands)


def answer(office: OfficeUnderTest, fax: FaxMachine) -> None:
    office.until(lambda: fax.telephone.ringing)
    fax.telephone.lift()


def globals_of(office: OfficeUnderTest) -> dict[str, str]:
    return office.app.engine._shared.globals


def until_over(office: OfficeUnderTest, *reports: Callable[[], bool]) -> None:
    office.until(lambda: all(report() for report in reports), within=A_FAX)


def test_a_document_crosses_two_analogue_lines(build: Build, tmp_path: Path) -> None:
    office = build(dialplan=DIALPLAN)
    pages = document(tmp_path / "out.tif", 2)
    caller, called = FxsTelephone(office, "101"), FxsTelephone(office, "102")
    caller.dial("102")
    caller.send_fax(tmp_path / "out.tif")
    called.expect_ring()
    called.lift()
    called.take_fax(tmp_path / "in.tif")
    assert caller.expect_fax(pages=2).remote == "102"
    assert called.expect_fax(pages=2).bit_rate == 14400
    assert "a fax machine or modem is heard" in office.story()
    with pytest.raises(AssertionError, match="a fax of 3 pages was expected within 1 s; 2 are across, it is over"):
        called.expect_fax(pages=3, within=1)
    caller.hang_up()
    called.hang_up()
    assert same(tmp_path / "in.tif", pages)


def test_a_document_is_taken_from_an_analogue_line(build: Build, tmp_path: Path) -> None:
    office = build(dialplan=DIALPLAN)
    pages = document(tmp_path / "out.tif", 2)
    caller = machine(office, "101")
    dial(office, caller, "70")
    caller.send(tmp_path / "out.tif")
    until_over(office, lambda: caller.report.over)
    assert caller.report.fault == "" and caller.report.remote == "2565551170"
    caller.hang_up()
    office.until(lambda: "STATUS" in globals_of(office))
    told = globals_of(office)
    assert (told["STATUS"], told["PAGES"], told["MODE"], told["REMOTE"]) == ("SUCCESS", "2", "audio", "101")
    assert same(office.config.fax.folder / "in" / "101.tif", pages)


def test_documents_are_sent_to_an_analogue_line(build: Build, tmp_path: Path) -> None:
    office = build(dialplan=DIALPLAN)
    folder = office.config.fax.folder
    folder.mkdir(parents=True)
    pages = document(folder / "one.tif") + document(folder / "two.tif", 2, rows=200)
    called = machine(office, "101")
    dial(office, called, "71")
    called.take(tmp_path / "in.tif")
    until_over(office, lambda: called.report.over)
    called.hang_up()
    office.until(lambda: "STATUS" in globals_of(office))
    assert (globals_of(office)["STATUS"], globals_of(office)["PAGES"]) == ("SUCCESS", "3")
    assert same(tmp_path / "in.tif", pages)


@pytest.mark.parametrize(("loss", "correction"), [(0.05, Correction.REDUNDANCY), (0.05, Correction.FEC)])
def test_a_gateway_stands_between_a_line_and_t38(
    build: Build, tmp_path: Path, loss: float, correction: Correction
) -> None:
    """An analogue machine calls a provider, whose gateway hears its own machine answer and changes to T.38."""
    office = build(*T38, dialplan=DIALPLAN)
    pages = document(tmp_path / "out.tif", 2)
    caller = machine(office, "101")
    called = sip_fax(office, "6001", tmp_path / "in.tif", sends=False, loss=loss, correction=correction)
    dial(office, caller, "6001")
    caller.send(tmp_path / "out.tif")
    office.until(lambda: called.state == "offered")
    called.answer()
    office.run(2.0)
    called.change()
    until_over(office, lambda: caller.report.over, lambda: called.report.over)
    assert (caller.report.fault, called.report.fault) == ("", "")
    assert called.report.image and called.packets[0] > 20 and called.packets[1] > 100
    caller.hang_up()
    office.until(lambda: called.state == "idle")
    assert " made good, 0 lost" in office.story()
    assert same(tmp_path / "in.tif", pages)


def test_the_office_asks_for_t38_when_its_own_machine_answers(build: Build, tmp_path: Path) -> None:
    office = build(*T38, dialplan=DIALPLAN)
    pages = document(tmp_path / "out.tif")
    called = machine(office, "101")
    caller = sip_fax(office, "6001", tmp_path / "out.tif", sends=True, loss=0.05)
    caller.call("101")
    answer(office, called)
    called.take(tmp_path / "in.tif")
    until_over(office, lambda: caller.report.over, lambda: called.report.over)
    assert (caller.report.fault, called.report.fault) == ("", "")
    assert caller.report.image
    caller.hang_up()
    office.until(lambda: caller.state == "idle")
    called.hang_up()
    assert same(tmp_path / "in.tif", pages)


def test_refused_t38_leaves_a_fax_in_g711(build: Build, tmp_path: Path) -> None:
    office = build(*T38, dialplan=DIALPLAN)
    pages = document(tmp_path / "out.tif")
    called = machine(office, "101")
    caller = sip_fax(office, "6001", tmp_path / "out.tif", sends=True, t38=False)
    caller.call("101")
    answer(office, called)
    called.take(tmp_path / "in.tif")
    until_over(office, lambda: caller.report.over, lambda: called.report.over)
    assert (caller.report.fault, called.report.fault) == ("", "")
    assert not caller.report.image and "m=image" in "".join(message.body for message in caller.log)
    caller.hang_up()
    called.hang_up()
    assert same(tmp_path / "in.tif", pages)


def test_two_t38_legs_pass_their_packets_on(build: Build, tmp_path: Path) -> None:
    office = build(*T38, dialplan=DIALPLAN)
    pages = document(tmp_path / "out.tif")
    caller = sip_fax(office, "6001", tmp_path / "out.tif", sends=True, loss=0.05)
    called = sip_fax(office, "6002", tmp_path / "in.tif", sends=False, loss=0.05)
    caller.call("6002")
    office.until(lambda: called.state == "offered")
    called.answer()
    office.run(1.0)
    called.change()
    until_over(office, lambda: caller.report.over, lambda: called.report.over)
    assert (caller.report.fault, called.report.fault) == ("", "")
    assert caller.report.image and called.report.image
    caller.hang_up()
    office.until(lambda: called.state == "idle")
    assert same(tmp_path / "in.tif", pages)
    assert office.app.media.faxes.usage == 0


@pytest.mark.parametrize("called", ["70", "72"])
def test_a_document_is_taken_from_sip(build: Build, tmp_path: Path, called: str) -> None:
    """By T.38 where that is asked for and had, with 5 % of its packets lost; in audio where it is not."""
    office = build(*T38, dialplan=DIALPLAN)
    pages = document(tmp_path / "out.tif")
    caller = sip_fax(office, "6001", tmp_path / "out.tif", sends=True, loss=0.05)
    caller.call(called)
    until_over(office, lambda: caller.report.over)
    assert caller.report.fault == ""
    caller.hang_up()
    office.until(lambda: "STATUS" in globals_of(office))
    mode = "T38" if called == "70" else "audio"
    assert (globals_of(office)["STATUS"], globals_of(office)["MODE"]) == ("SUCCESS", mode)
    assert same(office.config.fax.folder / "in" / "6001.tif", pages)


def test_a_document_is_sent_by_t38(build: Build, tmp_path: Path) -> None:
    """SendFAX begins in audio, and asks for T.38 (option z) when it hears that a machine has answered."""
    office = build(*T38, dialplan=DIALPLAN)
    office.config.fax.folder.mkdir(parents=True)
    pages = document(office.config.fax.folder / "one.tif")
    taker = sip_fax(office, "6001", tmp_path / "in.tif", sends=False, loss=0.05)
    taker.call("73")
    until_over(office, lambda: taker.report.over)
    office.until(lambda: taker.state == "idle", within=10)
    assert taker.report.fault == "" and taker.report.image
    assert globals_of(office)["STATUS"] == "SUCCESS"
    assert same(tmp_path / "in.tif", pages)


def test_who_hangs_up_amid_a_fax_leaves_what_has_come(build: Build, tmp_path: Path) -> None:
    office = build(dialplan=DIALPLAN)
    document(tmp_path / "out.tif", 3)
    caller = machine(office, "101")
    dial(office, caller, "70")
    caller.send(tmp_path / "out.tif")
    office.until(lambda: caller.report.pages == 1, within=A_FAX)
    caller.hang_up()
    office.until(lambda: "STATUS" in globals_of(office))
    told = globals_of(office)
    assert (told["STATUS"], told["PAGES"]) == ("FAILED", "1")
    assert told["WORDS"] == told["ERROR"] == "The call dropped prematurely"
    assert len(read_pages(office.config.fax.folder / "in" / "101.tif")) >= 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.tif", "cannot be read"),
        ("broken.tif", "cannot be read"),
        ("../out.tif", "must lie in"),
        ("one.pdf", "end in .tif"),
        ("", "before FAX transmission"),
    ],
)
def test_what_cannot_be_sent_is_told_in_words(build: Build, name: str, words: str) -> None:
    office = build(dialplan=DIALPLAN)
    office.config.fax.folder.mkdir(parents=True)
    (office.config.fax.folder / "broken.tif").write_bytes(b"II*\0" + bytes(50))
    globals_of(office)["TRICK"] = name
    phone = office.phone("101")
    phone.lift()
    office.until(lambda: phone.hears == "dial")
    phone.dial("74")
    office.until(lambda: "STATUS" in globals_of(office), within=20)
    assert globals_of(office)["STATUS"] == "FAILED"
    assert words in globals_of(office)["WORDS"]
    phone.hang_up()
