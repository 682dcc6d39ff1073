"""SendFAX, ReceiveFAX and FAXOPT as dialplans see them (Asterisk res/res_fax.c)."""

from __future__ import annotations

import asyncio

import pytest

from gateway.core.errors import LocalError, Unavailable
from gateway.core.fax import FaxJob, FaxOptions, FaxReport
from tests.unit.dialplan.office import FakeLeg, Office

WELL = FaxReport(True, "", 2, 2, 14400, "204x196", True, "+1 256 555 0100", True)


def run(steps: str, office_with: object = WELL, *, hangs_up: bool = False) -> tuple[Office, FakeLeg]:
    """Run `steps` of an extension, then write down variables at its end."""
    lines = "\n".join(f" same => n,{step}" for step in steps.split("; "))
    office = Office(f"[office]\nexten => 1,1,NoOp()\n{lines}\nexten => h,1,Set(AT_END=${{FAXSTATUS}})\n")
    office.fax_ends = office_with  # type: ignore[assignment]  # a report, or what is raised
    office.caller_ends_fax = hangs_up
    return office, asyncio.run(office.call("1"))


def test_a_fax_that_went_well_is_told_by_variables_and_by_faxopt() -> None:
    office, leg = run("SendFAX(one.tif&sub/two.tif); Set(P=${FAXOPT(pages)}); Set(S=${FAXOPT(statusstr)})")
    assert office.faxes == [(FaxJob(("one.tif", "sub/two.tif"), True), False)]
    told = {name: value for name, value in leg.variables.items() if "FAX" in name or "STATION" in name}
    assert told == {
        "FAXSTATUS": "SUCCESS",
        "FAXERROR": "",
        "FAXSTATUSSTRING": "OK",
        "FAXMODE": "T38",
        "FAXPAGES": "2",
        "FAXBITRATE": "14400",
        "FAXRESOLUTION": "204x196",
        "LOCALSTATIONID": "",
        "REMOTESTATIONID": "+1 256 555 0100",
    }
    assert (leg.variables["P"], leg.variables["S"]) == ("2", "OK")


def test_what_faxopt_says_goes_with_the_fax() -> None:
    office, leg = run(
        "Set(FAXOPT(ecm)=no); Set(FAXOPT(modem)=v27,V29); Set(FAXOPT(maxrate)=9600); "
        "Set(FAXOPT(localstationid)=100); Set(FAXOPT(headerinfo)=Ann & Co); ReceiveFAX(in.tif); "
        "Set(R=${FAXOPT(ecm)} ${FAXOPT(modem)} ${FAXOPT(maxrate)} ${FAXOPT(filename)})"
    )
    options = FaxOptions("100", "Ann & Co", ecm=False, modems=("V27", "V29"), highest=9600)
    assert office.faxes == [(FaxJob(("in.tif",), False, options), True)]
    assert leg.variables["R"] == "no V27,V29 9600 in.tif"
    assert leg.variables["LOCALSTATIONID"] == "100"


@pytest.mark.parametrize(
    ("application", "asked"),
    [
        ("SendFAX(a.tif)", False),
        ("SendFAX(a.tif,z)", True),
        ("SendFAX(a.tif,zF)", False),
        ("ReceiveFAX(a.tif)", True),
        ("ReceiveFAX(a.tif,F)", False),
        ("ReceiveFAX(a.tif,dfs)", True),
    ],
)
def test_when_t38_is_asked_for(application: str, asked: bool) -> None:
    office, _ = run(application)
    assert [image for _, image in office.faxes] == [asked]


def test_the_answer_comes_first() -> None:
    _, leg = run("ReceiveFAX(a.tif)")
    assert leg.answered


def test_what_failed_on_the_way_says_so_in_the_words_of_the_machine() -> None:
    _, leg = run("SendFAX(a.tif)", FaxReport(True, "Far end is not compatible", 0))
    assert leg.variables["FAXSTATUS"] == "FAILED"
    assert leg.variables["FAXERROR"] == leg.variables["FAXSTATUSSTRING"] == "Far end is not compatible"


@pytest.mark.parametrize("fault", [LocalError("a.tif cannot be read as TIFF"), Unavailable("fax needs libspandsp")])
def test_what_cannot_be_begun_says_why_and_the_call_goes_on(fault: Exception) -> None:
    _, leg = run("SendFAX(a.tif); Set(ON=1)", fault)
    assert (leg.variables["FAXSTATUS"], leg.variables["FAXERROR"]) == ("FAILED", "INIT_ERROR")
    assert leg.variables["FAXSTATUSSTRING"] == str(fault)
    assert leg.variables["ON"] == "1"


def test_a_fax_without_a_file_is_none() -> None:
    office, leg = run("SendFAX(); Set(ON=1)")
    assert office.faxes == []
    assert leg.variables["FAXERROR"] == "INVALID_ARGUMENTS" and leg.variables["ON"] == "1"


def test_who_hangs_up_leaves_what_is_known_to_h() -> None:
    _, leg = run("ReceiveFAX(a.tif); Set(ON=1)", WELL, hangs_up=True)
    assert leg.variables["AT_END"] == "SUCCESS" and "ON" not in leg.variables


@pytest.mark.parametrize(
    "step",
    [
        "Set(FAXOPT(modem)=v99)",
        "Set(FAXOPT(modem)=)",
        "Set(FAXOPT(maxrate)=10)",
        "Set(FAXOPT(minrate)=fast)",
        "Set(FAXOPT(ecm)=maybe)",
        "Set(FAXOPT(pages)=3)",
        "Set(FAXOPT(nonsense)=3)",
    ],
)
def test_what_makes_no_sense_changes_nothing(step: str) -> None:
    office, _ = run(f"{step}; ReceiveFAX(a.tif)")
    assert [job.options for job, _ in office.faxes] in ([FaxOptions()], [])


@pytest.mark.parametrize("item", ["gateway", "faxdetect", "t38timeout", "negotiate_both", "minrate"])
def test_what_only_asterisk_needs_is_kept(item: str) -> None:
    value = "9600" if item == "minrate" else "yes"
    _, leg = run(f"Set(FAXOPT({item})={value}); Set(R=${{FAXOPT({item})}})")
    assert leg.variables["R"] == value
