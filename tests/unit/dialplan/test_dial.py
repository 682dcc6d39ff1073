"""The options of Dial: what happens before, between and after."""

from __future__ import annotations

import asyncio

import pytest

from gateway.core.cause import Cause
from gateway.core.ending import Ending
from gateway.core.feature import Feature
from gateway.core.number import Party, Presentation
from gateway.core.switch import Place
from tests.unit.dialplan.office import CALLER_HUNG_UP, FakeLeg, Office

SUBROUTINES = """
[before]
exten => s,1,Set(TRACE=${TRACE}before(${ARG1}${ARG2}))
 same => n,Return()
[screen]
exten => s,1,Set(TRACE=screen(${ARG1}))
 same => n,Read(KEY,press-1,1)
 same => n,Set(GOSUB_RESULT=${IF($[${KEY} = 1]?:${ARG1})})
 same => n,Return()
[endless]
exten => s,1,NoOp()
 same => n,Goto(1)
[forgets]
exten => s,1,Set(TRACE=${ARG1})
[gone]
exten => s,1,Wait(1)
 same => n,Hangup()
"""


def office(*steps: str, far_keys: str = "") -> Office:
    text = "[office]\nexten => 100,1,NoOp()\n" + "".join(f" same => n,{step}\n" for step in steps) + SUBROUTINES
    place = Office(text, answers=["FXS/101"])
    place.far_keys = far_keys
    return place


def call(place: Office, leg: FakeLeg | None = None) -> FakeLeg:
    return asyncio.run(place.call("100", leg))


def ending(leg: FakeLeg) -> Ending:
    assert leg.ending is not None
    return leg.ending


class TestWhoIsShown:
    @pytest.mark.parametrize(
        ("chosen", "shown"),
        [
            ("g", None),
            ("o", None),
            ("f(2565551100)", Party("2565551100", "Ada")),
            ("o(200)", Party("200")),
            ("u", Party("6001", "Ada", Presentation.RESTRICTED)),
            ("f(1)u(unavailable)", Party("1", "Ada", Presentation.UNAVAILABLE)),
            ("u(allowed_passed_screen)", None),
        ],
    )
    def test_the_callers_number_as_shown(self, chosen: str, shown: Party | None) -> None:
        place, leg = office(f"Dial(FXS/101,,{chosen})"), FakeLeg()
        leg.party = Party("6001", "Ada")
        call(place, leg)
        assert place.shown == shown

    def test_a_presentation_that_is_none(self) -> None:
        assert "'shy' is no presentation" in ending(call(office("Dial(FXS/101,,u(shy))"))).evidence


class TestBefore:
    def test_a_subroutine_runs_before_anybody_is_called(self) -> None:
        place = office("Dial(FXS/101,,B(before^s^1(a^b))g)", "Set(T=${TRACE} ${EXTEN} ${DIALSTATUS})")
        assert call(place).variables["T"] == "before(ab) 100 ANSWER"

    def test_a_subroutine_without_a_return_leaves_nothing_behind(self) -> None:
        place = office("Dial(FXS/101,,B(forgets^s^1(a))g)", "Set(T=${TRACE}<${ARG1}> ${EXTEN})")
        assert call(place).variables["T"] == "a<> 100"

    def test_a_subroutine_that_ends_the_call_calls_nobody(self) -> None:
        place = office("Dial(FXS/101,,B(gone^s^1))")
        call(place)
        assert place.dialled == []

    def test_a_subroutine_that_never_ends_is_stopped(self) -> None:
        place = office("Dial(FXS/101,,B(endless^s^1))")
        assert "dialplan loop" in ending(call(place)).evidence
        assert place.dialled == []

    def test_subroutines_that_dial_for_ever_are_stopped(self) -> None:
        place = office("Dial(FXS/101,,B(office^100^1))")
        assert "subroutines of applications within one another" in ending(call(place)).evidence

    def test_ringback_of_a_name(self) -> None:
        place = office("Dial(FXS/101,,r(busy))")
        call(place)
        assert place.ringback == "tone busy"


class TestTheCalledSide:
    def test_it_hears_something_first_and_keys_are_sent(self) -> None:
        place = office("Dial(FXS/101,,A(welcome:wait)D(12w3:4))")
        leg = call(place)
        assert (place.others[0].heard, leg.heard) == (["welcome"], ["wait"])
        assert ([sent[0] for sent in place.others[0].sent], [sent[0] for sent in leg.sent]) == (list("123"), ["4"])
        assert place.others[0].waited == pytest.approx(3 * 0.2 + 0.5)

    def test_it_says_yes_and_is_connected(self) -> None:
        place = office("Dial(FXS/101,,U(screen^BUSY))", far_keys="1")
        leg = call(place)
        assert "answer" in leg.told
        assert place.others[0].variables["TRACE"] == "screen(BUSY)"
        assert "TRACE" not in leg.variables

    def test_it_sends_the_caller_elsewhere(self) -> None:
        place = office("Dial(FXS/101,,U(screen^GOTO:4))", "Set(T=below)", "NoOp(there)", far_keys="2")
        leg = call(place)
        assert place.others[0].ending is not None and "answer" not in leg.told
        assert "T" not in leg.variables and any(note.endswith("NoOp(there)") for note in leg.notes)

    @pytest.mark.parametrize(
        ("wish", "status"), [("BUSY", "BUSY"), ("CONGESTION", "CONGESTION"), ("CONTINUE", "NOANSWER")]
    )
    def test_it_says_no(self, wish: str, status: str) -> None:
        place = office(f"Dial(FXS/101,,U(screen^{wish}))", "Set(T=${DIALSTATUS}${CDR(disposition)})", far_keys="2")
        leg = call(place)
        assert leg.variables["T"].startswith(status)
        assert "answer" not in leg.told
        assert ending(place.others[0]).evidence == f"GOSUB_RESULT {wish}"

    def test_it_says_no_to_everything(self) -> None:
        place = office("Dial(FXS/101,,U(screen^ABORT))", "NoOp(never)", far_keys="2")
        assert ending(call(place)) is ending(place.others[0])

    def test_it_hangs_up_while_it_is_asked(self) -> None:
        place = office("Dial(FXS/101,,U(screen^BUSY))", "Set(T=${DIALSTATUS})", far_keys="h")
        leg = call(place)
        assert leg.variables["T"] == "NOANSWER"
        assert ending(leg) == CALLER_HUNG_UP  # the reason why nobody was reached

    def test_a_subroutine_that_never_ends_leaves_nobody_behind(self) -> None:
        place = office("Dial(FXS/101,,U(endless))")
        assert "dialplan loop" in ending(call(place)).evidence
        assert place.others[0].ending is not None

    def test_a_subroutine_that_is_not_there_leaves_nobody_behind(self) -> None:
        place = office("Dial(FXS/101,,U(${TOLOWER(NOWHERE)}))")
        assert "no context nowhere" in ending(call(place)).evidence
        assert place.others[0].ending is not None


class TestTheTalk:
    @pytest.mark.parametrize(
        ("chosen", "seconds"), [("L(30000:5000)", 30), ("S(20)", 20), ("L(30000)S(50)", 30), ("L(7200000)", 7200)]
    )
    def test_it_lasts_no_longer_than_it_may(self, chosen: str, seconds: int) -> None:
        place = office(f"Dial(FXS/101,,{chosen})")
        call(place)
        assert place.limit is not None and place.limit.seconds == seconds

    def test_the_caller_is_warned_and_the_called_side_where_wanted(self) -> None:
        place = office("Set(LIMIT_WARNING_FILE=hurry)", "Dial(FXS/101,,L(90000:61000:30000))")
        call(place)
        assert place.limit is not None and place.limit.warnings == (61, 31, 1)
        assert [sound.name for sound in place.limit.to_leg[31]] == ["hurry"]
        assert place.limit.to_other == {}
        place = office("Set(LIMIT_PLAYAUDIO_CALLEE=yes)", "Dial(FXS/101,,L(90000:61000))")
        call(place)
        assert place.limit is not None
        assert [sound.name for sound in place.limit.to_other[61]] == [
            "vm-youhave",
            "number 1",
            "queue-minutes",
            "number 1",
            "queue-seconds",
        ]

    def test_the_beginning_and_the_end_of_a_limited_talk_may_be_heard(self) -> None:
        place = office(
            "Set(LIMIT_CONNECT_FILE=hello)", "Set(LIMIT_TIMEOUT_FILE=bye)", "Dial(FXS/101,,L(90000:30000))"
        )
        call(place)
        assert place.limit is not None and place.limit.warnings == (90, 30, 0)
        heard = {left: [sound.name for sound in sounds] for left, sounds in place.limit.to_leg.items()}
        assert heard[90] == ["hello"] and heard[0] == ["bye"] and heard[30][0] == "vm-youhave"

    def test_each_side_may_have_its_own_features(self) -> None:
        place = office("Dial(FXS/101,,tHk)")
        leg = call(place)
        assert place.others[0].features == {Feature.BLIND_TRANSFER, Feature.ATTENDED_TRANSFER, Feature.PARK}
        assert leg.features == {Feature.HANG_UP}

    def test_a_plain_dial_gives_none_and_takes_those_of_the_last_one_away(self) -> None:
        place = office("Dial(FXS/101,,gtH)", "Dial(FXS/101)")
        leg = call(place)
        assert [bool(other.features) for other in place.others] == [True, False]
        assert leg.features == frozenset()

    def test_where_the_called_side_goes_when_the_caller_has_hung_up(self) -> None:
        place = office("Dial(FXS/101,,F(office^200^1))")
        call(place)
        assert place.others[0].afterwards == Place("office", "200", 1)
        place = office("Dial(FXS/101,,F)")
        call(place)
        assert place.others[0].afterwards == Place("office", "100", 3)

    def test_music_while_it_rings(self) -> None:
        place = office("Dial(FXS/101,,m(jazz))")
        call(place)
        assert place.ringback == "music jazz"

    def test_a_macro_may_say_no(self) -> None:
        text = "[macro-no]\nexten => s,1,Set(MACRO_RESULT=BUSY)\n same => n,Return()\n"
        place = Office(f"[office]\nexten => 100,1,Dial(FXS/101,,M(no))\n{text}", answers=["FXS/101"])
        leg = call(place)
        assert leg.variables["DIALSTATUS"] == "BUSY"

    def test_the_record_begins_anew(self) -> None:
        place = office("Set(CDR(x)=1)", "Dial(FXS/101,,Cg)", "Set(T=<${CDR(x)}>${CDR(dst)} ${CDR(dstchannel)})")
        assert call(place).variables["T"] == "<>100 FXS/101-2"

    def test_without_an_answer_the_cause_is_that_of_the_called_side(self) -> None:
        assert ending(call(office("Dial(FXS/109,,U(screen)gL(1000))"))).cause is Cause.USER_BUSY


def ada() -> FakeLeg:
    leg = FakeLeg(called="100")
    leg.party = Party("6001", "Ada")
    return leg


class TestPrivacy:
    """Whoever is called hears who calls, and keys what is to become of it."""

    @pytest.mark.parametrize(
        ("key", "status", "connected"),
        [("1", "ANSWER", True), ("2", "NOANSWER", False), ("3", "TORTURE", False), ("4", "DONTCALL", False)],
    )
    def test_the_called_side_decides(self, key: str, status: str, connected: bool) -> None:
        place = office("Dial(FXS/101,,pg)", "NoOp(is ${DIALSTATUS})", far_keys=key)
        leg = call(place, ada())
        assert any(note.endswith(f"NoOp(is {status})") for note in leg.notes)
        assert "priv-recordintro" in leg.heard and "vm-dialout" in leg.heard
        assert place.others[0].heard[:2] == ["priv-callpending", f"the name of {leg.peer}"]
        assert (leg.variables.get("DIALEDPEERNAME") == place.others[0].name) is connected

    def test_who_keys_nothing_is_not_connected(self) -> None:
        place = office("Dial(FXS/101,,p)", "NoOp(is ${DIALSTATUS})")
        leg = call(place, ada())
        assert any(note.endswith("NoOp(is NOANSWER)") for note in leg.notes)
        assert place.others[0].ending is not None and place.others[0].ending.cause is Cause.CALL_REJECTED

    def test_a_caller_with_a_number_is_not_screened_with_modifier_n(self) -> None:
        leg = call(office("Dial(FXS/101,,pN)"), ada())
        assert "priv-recordintro" not in leg.heard

    def test_the_answer_is_kept_for_the_number(self) -> None:
        steps = [
            "Dial(FXS/101,,P(desk)g)",
            "Dial(FXS/101,,P(desk)g)",
            "NoOp(${DB(privacy/desk/6001)} ${DIALSTATUS})",
        ]
        place = office(*steps, far_keys="4")
        leg = call(place, ada())
        assert any(note.endswith("NoOp(KILL DONTCALL)") for note in leg.notes)
        assert len(place.dialled) == 1, "the second time nobody is asked"
        place = office(*steps, far_keys="1")
        leg = call(place, ada())
        assert any(note.endswith("NoOp(ALLOW ANSWER)") for note in leg.notes)
        assert len(place.dialled) == 2 and leg.heard.count("priv-recordintro") == 1
