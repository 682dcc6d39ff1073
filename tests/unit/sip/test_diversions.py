"""Who diverted a call: Diversion (RFC 5806) and History-Info (RFC 7044), in and out, each entry for itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.diversion import MAX_DIVERSIONS, Diversion, diversions_of, set_diversions
from gateway.core.messages import Dial
from gateway.core.number import Party
from gateway.sip.account import Account
from gateway.sip.digest import Secret
from gateway.sip.diversions import diversion_of
from gateway.sip.message import Request
from tests.support.sip import Office, Phone
from tests.unit.sip.test_identity import offered, sent

TRUNK = Account("trunk", Secret("x"), trusted=True)
CALLER = Party("5550100")
CHAIN = [
    Diversion("102", "user-busy"),
    Diversion("103", "no-answer", hidden=True),
    Diversion("104", "unconditional"),
]
"""102 had it last, from 103, who does not want to be shown, and 103 from 104."""


def variables(*diversions: Diversion) -> dict[str, str]:
    found: dict[str, str] = {}
    set_diversions(found, diversions)
    return found


def diverted(*header: tuple[str, str], user: str = "trunk") -> list[Diversion]:
    """Who diverted the call that comes in with these headers."""
    return diversions_of(offered(user, *header).variables)


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (
            ("Diversion", "<sip:102@x>;reason=user-busy;counter=1, <sip:103@x>"),
            [Diversion("102", "user-busy"), Diversion("103")],
        ),
        (
            ("Diversion", "<sip:102@x>;reason=no-answer, <sip:103@x>;reason=deflection;privacy=uri"),
            [Diversion("102", "no-answer"), Diversion("103", "deflection", hidden=True)],
        ),
        (("Diversion", "<tel:+1-256-555-0100>"), [Diversion("+12565550100")]),
        (("Diversion", "<sip:102@x>;reason=user-busy;privacy=Full"), [Diversion("102", "user-busy", hidden=True)]),
        (("Diversion", "<sip:102@x>;reason=user-busy;privacy=off"), [Diversion("102", "user-busy")]),
        (("Diversion", '<sip:102@x>;reason="on leave, for good"'), [Diversion("102", "on leave, for good")]),
        (("Diversion", '<sip:102@x>;reason="'), []),
        (("History-Info", "<sip:102@x>;index=1"), []),
        (
            ("History-Info", "<sip:102@x>;index=1, <sip:101@x;cause=408>;index=1.1;mp=1"),
            [Diversion("102", "no-answer")],
        ),
        (
            (
                "History-Info",
                "<sip:103@x>;index=1, <sip:102@x;cause=302>;index=1.1, <sip:101@x;cause=486>;index=1.1.1",
            ),
            [Diversion("102", "user-busy"), Diversion("103", "unconditional")],
        ),
    ],
)
def test_who_diverted_the_call_and_why(header: tuple[str, str], told: list[Diversion]) -> None:
    assert diverted(header) == told
    assert diverted(header, user="6001") == [], "a telephone is not believed"


def test_what_a_dialplan_reads_of_it() -> None:
    header = "<sip:102@x>;reason=user-busy;privacy=full, <sip:103@x>;reason=no-answer, <sip:104@x>"
    found = offered("trunk", ("Diversion", header)).variables
    assert {name: value for name, value in found.items() if name.startswith("REDIRECTING")} == {
        "REDIRECTING_NUMBER": "102",
        "REDIRECTING_REASON": "user-busy",
        "REDIRECTING_HIDDEN": "yes",
        "REDIRECTING_ORIGINAL": "104",
        "REDIRECTING_CHAIN": "103;no-answer,104;unknown",
    }


class TestChain:
    """Three diversions, each with a reason of its own, the middle one private."""

    def test_rfc_5806_section_5_a_trusted_peer_is_told_all_and_which_is_private(self) -> None:
        invite = sent("trunk", CALLER, variables(*CHAIN))
        assert invite.headers.all("Diversion") == (
            "<sip:102@192.0.2.1>;reason=user-busy",
            "<sip:103@192.0.2.1>;reason=no-answer;privacy=full",
            "<sip:104@192.0.2.1>;reason=unconditional",
        )
        assert diversions_of(diversion_of(invite, TRUNK)) == CHAIN

    def test_rfc_7044_section_10_1_2_the_history_tells_the_same(self) -> None:
        invite = sent("trunk", CALLER, variables(*CHAIN))
        invite.headers.remove("Diversion")
        assert invite.headers.all("History-Info") == (
            "<sip:104@192.0.2.1>;index=1",
            "<sip:103@192.0.2.1;cause=302?Privacy=history>;index=1.1;mp=1",
            "<sip:102@192.0.2.1;cause=408>;index=1.1.1;mp=1.1",
            f"<{invite.uri};cause=486>;index=1.1.1.1;mp=1.1.1",
        )
        assert diversions_of(diversion_of(invite, TRUNK)) == CHAIN

    def test_others_are_told_of_those_that_may_be_shown_and_where_somebody_is_missing(self) -> None:
        invite = sent("6001", CALLER, variables(*CHAIN))
        assert b"103" not in invite.serialise().replace(b"sip:6001", b"")
        assert invite.headers.all("Diversion") == (
            "<sip:102@192.0.2.1>;reason=user-busy",
            "<sip:104@192.0.2.1>;reason=unconditional",
        )
        history = invite.headers.all("History-Info")
        assert history[1] == "<sip:anonymous@anonymous.invalid;cause=302>;index=1.1;mp=1"
        invite.headers.remove("Diversion")
        assert diversions_of(diversion_of(invite, TRUNK)) == [CHAIN[0], CHAIN[2]]

    def test_from_one_trunk_to_the_next_nothing_is_lost(self) -> None:
        rows = "102@x>;reason=user-busy", "103@x>;reason=no-answer;privacy=full", "104@x>;reason=unconditional"
        came = ", ".join(f"<sip:{row}" for row in rows)
        found = offered("trunk", ("Diversion", came)).variables
        assert diversions_of(diversion_of(sent("trunk", CALLER, found), TRUNK)) == CHAIN

    def test_rfc_5806_section_5_a_telephone_that_redirects_is_the_latest_of_both_headers(self) -> None:
        office = Office()
        phone, colleague = Phone(office), Phone(office, "6002", host="192.0.2.61")
        phone.register()
        colleague.register()
        office.command(office.stack.channel("6001", office.clock.now), Dial("6001", CALLER, variables(*CHAIN[2:])))
        response = phone.arrived().reply(302, to_tag="below")
        response.headers.set("Contact", "<sip:6002@192.0.2.1>")
        phone.send(response)
        invite = colleague.arrived()
        assert diversions_of(diversion_of(invite, TRUNK)) == [Diversion("6001", "deflection"), CHAIN[2]]
        assert invite.headers.all("History-Info") == (
            "<sip:104@192.0.2.1>;index=1",
            "<sip:6001@192.0.2.1;cause=302>;index=1.1;mp=1",
            f"<{invite.uri};cause=480>;index=1.1.1;mp=1.1",
        )


class TestHistory:
    def test_section_10_1_a_request_may_hide_the_whole_of_it(self) -> None:
        history = ("History-Info", "<sip:102@x>;index=1, <sip:101@x;cause=408>;index=1.1")
        assert diverted(history, ("Privacy", "id; history")) == [Diversion("102", "no-answer", hidden=True)]

    def test_section_10_2_the_reason_may_stand_in_the_entry_that_was_left(self) -> None:
        history = "<sip:102@x?Reason=SIP%3Bcause%3D486%3Btext%3D%22Busy%22>;index=1, <sip:101@x>;index=1.1;mp=1"
        assert diverted(("History-Info", history)) == [Diversion("102", "user-busy")]

    def test_section_5_the_contact_of_the_same_user_is_no_diversion(self) -> None:
        history = (
            "<sip:104@x>;index=1, <sip:104@192.0.2.9>;index=1.1;rc=1, "
            "<sip:103@x;cause=302>;index=1.1.1;mp=1.1, <sip:103@192.0.2.8>;index=1.1.1.1;np=1.1.1"
        )
        assert diverted(("History-Info", history)) == [Diversion("104", "unconditional")]


class TestVariables:
    def test_a_dialplan_says_who_was_first_without_a_chain(self) -> None:
        said = {"REDIRECTING_NUMBER": "102", "REDIRECTING_ORIGINAL": "103", "REDIRECTING_HIDDEN": "yes"}
        assert diversions_of(said) == [Diversion("102", hidden=True), Diversion("103", hidden=True)]

    def test_what_is_set_takes_the_place_of_what_was(self) -> None:
        found = variables(*CHAIN)
        set_diversions(found, [Diversion("105")])
        assert found == {"REDIRECTING_NUMBER": "105", "REDIRECTING_REASON": "unknown"}
        set_diversions(found, [])
        assert found == {}

    def test_a_chain_without_end_is_cut(self) -> None:
        endless = [Diversion(str(number)) for number in range(100)]
        assert len(diversions_of(variables(*endless))) == MAX_DIVERSIONS
        row = ", ".join(f"<sip:{number}@x>" for number in range(15))
        assert len(diverted(("Diversion", row), ("Diversion", row))) == MAX_DIVERSIONS

    @given(
        st.lists(
            st.builds(
                Diversion,
                st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8),
                st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8),
                st.booleans(),
            ),
            max_size=5,
            unique_by=lambda one: one.number,
        )
    )
    @settings(max_examples=60, deadline=None)
    def test_they_come_back_as_they_were(self, chain: list[Diversion]) -> None:
        assert diversions_of(variables(*chain)) == chain

    @given(st.text(max_size=60))
    @settings(max_examples=60, deadline=None)
    def test_a_chain_that_a_dialplan_writes_badly_harms_nobody(self, text: str) -> None:
        found = diversions_of({"REDIRECTING_NUMBER": "102", "REDIRECTING_CHAIN": text})
        assert found[0] == Diversion("102")


def test_who_diverted_a_call_goes_on_with_it() -> None:
    invite: Request = sent("6001", CALLER, variables(Diversion("101", "user-busy")))
    assert invite.headers.get("Diversion") == "<sip:101@192.0.2.1>;reason=user-busy"
    assert invite.headers.all("History-Info") == (
        "<sip:101@192.0.2.1>;index=1",
        f"<{invite.uri};cause=486>;index=1.1;mp=1",
    )
    assert diversions_of(diversion_of(invite, TRUNK)) == [Diversion("101", "user-busy")]
