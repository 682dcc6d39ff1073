"""Applications do what their names say."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from dialplan.apps.dial import targets
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.number import Party
from tests.unit.dialplan.office import BUSY, CALLER_HUNG_UP, NOON, FakeLeg, Office


def run(office: Office, number: str = "100", leg: FakeLeg | None = None) -> FakeLeg:
    return asyncio.run(office.call(number, leg))


def call(text: str, leg: FakeLeg | None = None) -> FakeLeg:
    return run(Office("[office]\n" + text), "100", leg)


def ending(leg: FakeLeg) -> Ending:
    assert leg.ending is not None
    return leg.ending


def steps(*applications: str) -> str:
    return "exten => 100,1,NoOp()\n" + "".join(f" same => n,{application}\n" for application in applications)


class TestSet:
    @pytest.mark.parametrize(
        ("step", "noted"),
        [
            ("Set(X)", "Set(X) sets nothing: write Set(name=value)"),
            ("Set(=2)", "Set(=2) sets nothing: write Set(name=value)"),
            ("Set(${NOTHING})", "Set() sets nothing: write Set(name=value)"),
            ("MSet(Y=3,X)", "MSet(X) sets nothing: write MSet(name=value)"),
        ],
    )
    def test_without_a_value_nothing_is_set_and_the_script_goes_on(self, step: str, noted: str) -> None:
        """As in Asterisk (main/pbx_variables.c), which warns."""
        leg = call(steps("Set(X=1)", step, "NoOp(X is ${X}${Y})"))
        assert noted in leg.notes
        assert leg.notes[-1].endswith(f"NoOp(X is 1{'3' if 'Y' in step else ''})")


class TestDial:
    def test_a_busy_telephone_is_what_the_caller_is_told(self) -> None:
        office = Office("[office]\nexten => 100,1,Dial(FXS/101,30)")
        leg = run(office)
        assert office.dialled == [(["FXS/101"], 30.0)]
        assert ending(leg) is BUSY
        assert leg.variables["DIALSTATUS"] == "BUSY"

    def test_unanswered_the_next_priority_runs_and_knows_why(self) -> None:
        leg = call(steps("Dial(FXS/101)", "NoOp(${DIALSTATUS} ${HANGUPCAUSE})", "Hangup()"))
        assert "extensions.conf:4 office,100,3 NoOp(BUSY 17)" in leg.notes
        assert ending(leg) is BUSY

    @pytest.mark.parametrize(
        ("written", "called"),
        [
            ("SIP/pstn/5550100", "SIP/5550100@pstn"),
            ("PJSIP/pstn/sip:5550100@192.0.2.9:5080", "PJSIP/5550100@pstn"),
            ("PJSIP/pstn/sips:+15550100@host;user=phone", "PJSIP/+15550100@pstn"),
            ("SIP/5550100@pstn", "SIP/5550100@pstn"),
            ("SIP/dear/5550100@cheap", "SIP/dear/5550100@cheap"),  # SIP/${EXTEN}@cheap, and somebody's EXTEN
            ("SIP/6001", "SIP/6001"),
            ("FXO/g1/5550100", "FXO/g1/5550100"),
            ("Local/1@office/n", "Local/1@office/n"),
        ],
    )
    def test_a_trunk_is_called_in_whichever_of_asterisk_s_ways_it_is_written(
        self, written: str, called: str
    ) -> None:
        found = targets(written)
        assert found is not None and [str(target) for target in found] == [called]

    def test_all_targets_are_called_at_once(self) -> None:
        office = Office("[office]\nexten => 100,1,Dial(FXS/101&SIP/6001,,r)")
        run(office)
        assert office.dialled == [(["FXS/101", "SIP/6001"], None)]
        assert (office.options.ringing, office.options.muffled, office.ringback) == (True, True, None)

    def test_what_i_conceals_is_shown_again_where_nobody_has_answered(self) -> None:
        """The letter is capital I: no new identities from its talk on."""
        text = "[office]\n" + steps("Dial(FXS/101,,I)", "Dial(FXS/102)")
        assert not run(Office(text, answers=["FXS/101"])).reveals
        assert run(Office(text)).reveals

    def test_answered_the_caller_is_answered_and_ends_with_the_far_side(self) -> None:
        office = Office("[office]\n" + steps("Dial(FXS/101)", "NoOp(never)"), answers=["FXS/101"])
        leg = run(office)
        assert leg.told == ["answer"]
        assert ending(leg).by == "telephone 101"
        assert leg.variables["DIALEDPEERNAME"] == "FXS/101-2"
        assert leg.variables["DIALEDPEERNUMBER"] == "101"
        assert leg.variables["ANSWEREDTIME"] == "0"
        assert not any("never" in note for note in leg.notes)

    def test_with_g_the_script_goes_on_when_the_far_side_hangs_up(self) -> None:
        office = Office(
            "[office]\n" + steps("Dial(FXS/101,,g)", "NoOp(${DIALSTATUS})", "Busy(3)"), answers=["FXS/101"]
        )
        leg = run(office)
        assert leg.notes[-2].endswith("NoOp(ANSWER)")
        assert leg.heard == ["tone busy"]
        assert leg.waited == 3

    def test_a_caller_who_hangs_up_in_the_call_ends_both(self) -> None:
        office = Office(
            "[office]\nexten => 100,1,Dial(FXS/101)\nexten => h,1,NoOp(${DIALSTATUS})", answers=["FXS/101"]
        )
        office.caller_ends_bridge = True
        leg = run(office)
        assert ending(leg) == CALLER_HUNG_UP
        assert office.others[0].ending == CALLER_HUNG_UP
        assert leg.notes[-1].endswith("NoOp(ANSWER)")

    def test_after_the_talk_the_record_knows_how_long_it_was(self) -> None:
        class Talked(FakeLeg):
            async def answer(self) -> None:
                await super().answer()
                office.time += timedelta(seconds=75.2)

            @property
            def up(self) -> float | None:
                return 75.2 if self.answered else None

        told = "NoOp(${CDR(answer)} ${CDR(billsec)} ${CDR(billsec,f)} ${CDR(disposition)})"
        office = Office(f"[office]\nexten => 100,1,Dial(FXS/101)\nexten => h,1,{told}", answers=["FXS/101"])
        leg = run(office, leg=Talked())
        assert leg.notes[-1].endswith("NoOp(2024-03-15 12:00:00 75 75.200000 ANSWERED)")

    def test_a_caller_who_hangs_up_before_being_answered_leaves_nobody_behind(self) -> None:
        class Gone(FakeLeg):
            async def answer(self) -> None:
                self.hang_up(CALLER_HUNG_UP)
                await super().answer()

        office = Office("[office]\nexten => 100,1,Dial(FXS/101)", answers=["FXS/101"])
        run(office, leg=Gone())
        assert office.others[0].ending == CALLER_HUNG_UP

    @pytest.mark.parametrize("targets", ["", "101", "FXS/", "/101", "FXS/101&nobody"])
    def test_a_target_that_names_nobody_is_not_called(self, targets: str) -> None:
        office = Office(f"[office]\nexten => 100,1,Dial({targets},30)")
        assert run(office).variables["DIALSTATUS"] == "INVALIDARGS"
        assert office.dialled == []

    def test_variables_with_underscores_are_inherited(self) -> None:
        office = Office("[office]\n" + steps("Set(_ONCE=1)", "Set(__EVER=2)", "Set(NOT=3)", "Dial(FXS/101)"))
        leg = run(office)
        assert office.passed_on == {"ONCE": "1", "__EVER": "2"}
        assert "3" not in office.passed_on.values()
        assert leg.variables["_ONCE"] == "1"

    def test_an_option_that_is_not_built_in_is_noted(self) -> None:
        assert "Dial: option q is not built in and does nothing" in call(steps("Dial(FXS/101,,q)")).notes


class TestHearing:
    def test_playback_answers_first(self) -> None:
        leg = call(steps("Playback(hello&world)", "NoOp(${PLAYBACKSTATUS})"))
        assert (leg.told, leg.heard) == (["answer"], ["hello", "world"])
        assert leg.notes[-1].endswith("NoOp(SUCCESS)")

    def test_playback_as_early_media(self) -> None:
        leg = call(steps("Playback(hello,noanswer)"))
        assert (leg.told, leg.heard) == (["early media"], ["hello"])

    def test_playback_is_skipped_before_an_answer(self) -> None:
        leg = call(steps("Playback(hello,skip)"))
        assert (leg.told, leg.heard) == ([], [])

    def test_a_prompt_that_is_not_there_is_noted_and_the_call_goes_on(self) -> None:
        leg = call(steps("Playback(no-such)", "NoOp(${PLAYBACKSTATUS})"))
        assert "no prompt 'no-such'" in leg.notes
        assert leg.notes[-1].endswith("NoOp(FAILED)")

    def test_milliwatt_lasts_until_the_caller_hangs_up(self) -> None:
        leg = call(steps("Answer()", "Milliwatt()"))
        assert leg.heard == ["tone milliwatt"]
        assert ending(leg) == CALLER_HUNG_UP

    def test_echo_ends_with_the_hash_key(self) -> None:
        leg = call(steps("Answer()", "Echo()", "NoOp(after)"), FakeLeg(keys="12#"))
        assert leg.notes[-1].endswith("NoOp(after)")

    def test_tones_play_while_the_script_goes_on(self) -> None:
        leg = call(steps("Playtones(congestion)", "Wait(3)", "StopPlaytones()"))
        assert leg.heard == ["tone congestion", "(stopped)"]
        assert leg.waited == 3

    def test_a_tone_that_does_not_exist_ends_the_call_clearly(self) -> None:
        assert "no tone 'trumpet'" in ending(call(steps("Playtones(trumpet)"))).evidence

    def test_numbers_digits_and_the_time_are_spoken(self) -> None:
        leg = call(steps("Answer()", "SayDigits(10)", "SayNumber(-42)", "SayUnixTime(,,IMp)"))
        assert leg.heard == ["say 1", "say 0", "number -42", "number 12", "digits/oclock", "digits/p-m"]

    @pytest.mark.parametrize(
        ("epoch", "form", "heard"),
        [
            ("0", "", "day-4 mon-0 h-1 number 19 number 70 at number 12 oclock a-m"),
            ("1710506701", "", "day-5 mon-2 h-15 number 2024 at number 12 number 45 p-m"),
            ("1711756807", "d", "h-30"),
            ("1711843207", "de", "30 h-1 30 h-1"),
            ("1710460984", "HMS", "oh oh 3 oh 4"),
            ("1710460984", "R", "oh oh 3"),
            ("1710506701", "T", "number 12 number 45 oh 1"),
            ("1710489600", "k N", "number 8 hundred"),
            ("1710460800", "kS", "oh number 0"),
            ("1710489600", "Q", "today"),
            ("1710420000", "q", "yesterday"),
            ("1710160000", "q", "day-1"),
            ("1710489600", "q", ""),
            ("1700000000", "Q", "day-2 mon-10 h-14 number 2023"),
            ("0", "m", "h-1"),
            ("1710489600", "'hello' 'unclosed", "hello unclosed"),
            ("-5000000000", "Y", "number 18 number 11"),
            ("1136073600", "B?%Y", "mon-0 number 2006"),
        ],
    )
    def test_a_moment_is_spoken_by_its_format(self, epoch: str, form: str, heard: str) -> None:
        leg = call(steps("Answer()", f"SayUnixTime({epoch},UTC,{form})"))
        assert " ".join(name.removeprefix("digits/") for name in leg.heard) == heard

    def test_a_key_leaves_it_with_option_j(self) -> None:
        leg = call("exten => 100,1,SayUnixTime(,,IMp,j)\nexten => 5,1,NoOp(five)\n", FakeLeg(keys="5"))
        assert leg.notes[-1].endswith("NoOp(five)")

    @pytest.mark.parametrize(
        "application", ["SayNumber(one)", "SayNumber(1e9)", "SayUnixTime(1e14)", "SayNumber(9999999999999999)"]
    )
    def test_what_cannot_be_spoken_is_told(self, application: str) -> None:
        assert ending(call(steps(application))).act is Act.FAILED


MENU = """exten => 100,1,Background(menu)
 same => n,WaitExten(5)
 same => n,NoOp(nothing keyed)
 same => n,Hangup()
exten => 101,1,NoOp(one-oh-one)
exten => 1015,1,NoOp(four digits)
exten => i,1,NoOp(invalid ${INVALID_EXTEN})
"""


class TestKeys:
    @pytest.mark.parametrize(
        ("keys", "said"),
        [
            ("101-", "NoOp(one-oh-one)"),
            ("1015", "NoOp(four digits)"),
            ("-101-", "NoOp(one-oh-one)"),
            ("--", "Hangup()"),
            ("9", "NoOp(invalid 9)"),
            ("10-", "NoOp(invalid 10)"),
            ("-#", "NoOp(invalid #)"),
        ],
    )
    def test_a_menu(self, keys: str, said: str) -> None:
        leg = call(MENU, FakeLeg(keys=keys))
        assert leg.heard == ["menu"]
        assert leg.notes[-1].endswith(said)

    def test_what_is_no_extension_may_be_a_pin_and_is_not_told(self) -> None:
        leg = call(MENU, FakeLeg(keys="4711"))
        assert leg.notes[-1].endswith("NoOp(invalid 4)")  # nothing begins with 4
        text = MENU + "exten => 47110,1,NoOp()\n"
        leg = call(text, FakeLeg(keys="4711-"))
        assert leg.notes[-1].endswith("NoOp(invalid ????)")
        assert "keyed ????" in leg.notes and not any("4711" in note for note in leg.notes)

    MENUS = (
        "exten => 100,1,Background({arguments})\n same => n,WaitExten(5)\n same => n,NoOp(nothing keyed)\n"
        "exten => 1,1,NoOp(one)\nexten => 23,1,NoOp(two-three)\nexten => i,1,NoOp(invalid ${{INVALID_EXTEN}})\n"
        "[other]\nexten => 1,1,NoOp(other one)\nexten => _2,1,NoOp(other two)\nexten => _2.,1,NoOp(other more)\n"
    )

    @pytest.mark.parametrize(
        ("arguments", "keys", "said"),
        [
            ("menu,m", "1", "NoOp(one)"),
            ("menu,m", "23-", "NoOp(invalid 3)"),
            ("menu,p", "1", "NoOp(one)"),
            ("menu,p", "-", "NoOp(nothing keyed)"),
            ("menu,,,other", "1", "NoOp(other one)"),
            ("menu,,,other", "23", "NoOp(two-three)"),
            ("menu,m,,other", "1", "NoOp(other one)"),
            ("menu,,,other", "9", "NoOp(invalid 9)"),
        ],
    )
    def test_which_keys_end_a_prompt_and_where_they_lead(self, arguments: str, keys: str, said: str) -> None:
        leg = call(self.MENUS.format(arguments=arguments), FakeLeg(keys=keys))
        assert leg.heard == ["menu"]
        assert leg.notes[-1].endswith(said)

    def test_a_prompt_in_another_language(self) -> None:
        assert call(steps("Background(menu,,de)", "Background(menu)")).heard == ["de/menu", "menu"]

    @pytest.mark.parametrize(
        ("options", "heard"),
        [
            ("", []),
            ("m", ["music default", "(stopped)"]),
            ("m(jazz)", ["music jazz", "(stopped)"]),
            ("d", ["tone dial", "(stopped)"]),
            ("d(de)", ["tone dial", "(stopped)"]),
        ],
    )
    def test_what_is_heard_while_an_extension_is_awaited(self, options: str, heard: list[str]) -> None:
        leg = call(f"exten => 100,1,WaitExten(5,{options})\nexten => 1,1,NoOp(one)", FakeLeg(keys="1"))
        assert leg.heard == heard
        assert leg.notes[-1].endswith("NoOp(one)")

    def test_a_time_out_with_nothing_below_runs_t(self) -> None:
        assert call("exten => 100,1,WaitExten(3)\nexten => t,1,NoOp(late)").notes[-1].endswith("NoOp(late)")

    def test_how_long_keys_are_waited_for(self) -> None:
        leg = call(MENU, FakeLeg(keys="-10-"))
        assert leg.patience == [5.0, 5.0, 5.0]
        leg = call(steps("Set(TIMEOUT(digit)=2)", "Set(TIMEOUT(response)=7)", "WaitExten()"), FakeLeg(keys="1-"))
        assert leg.patience == [7.0, 2.0]

    def test_without_i_a_wrong_key_ends_the_call_as_unallocated(self) -> None:
        leg = call("exten => 100,1,WaitExten(3)", FakeLeg(keys="9"))
        assert ending(leg).cause is Cause.UNALLOCATED_NUMBER


class TestRefusals:
    @pytest.mark.parametrize(
        ("application", "cause"),
        [
            ("Busy()", Cause.USER_BUSY),
            ("Congestion()", Cause.SWITCHING_EQUIPMENT_CONGESTION),
            ("Hangup(79)", Cause.SERVICE_NOT_IMPLEMENTED),
            ("Hangup(USER_BUSY)", Cause.USER_BUSY),
            ("Hangup()", Cause.NORMAL_CLEARING),
        ],
    )
    def test_a_cause(self, application: str, cause: Cause) -> None:
        leg = call(steps(application))
        assert ending(leg).cause is cause
        assert ending(leg).by == "the dialplan"
        assert leg.told == []

    def test_an_answered_leg_hears_the_tone_until_it_hangs_up(self) -> None:
        leg = call(steps("Answer()", "Congestion()"))
        assert leg.heard == ["tone congestion"]
        assert ending(leg) == CALLER_HUNG_UP

    @pytest.mark.parametrize("cause", ["0", "300", "soon"])
    def test_what_is_no_cause(self, cause: str) -> None:
        assert "is no Q.850 cause" in ending(call(steps(f"Hangup({cause})"))).evidence


class TestFlow:
    def test_signals(self) -> None:
        assert call(steps("Proceeding()", "Ringing()", "Progress()", "Answer(500)")).told == [
            "proceeding", "ringing", "early media", "answer",
        ]  # fmt: skip

    @pytest.mark.parametrize(("hours", "said"), [(0, "open"), (8, "closed")])
    def test_goto_by_the_hour(self, hours: int, said: str) -> None:
        office = Office(
            "[office]\nexten => 100,1,GotoIfTime(09:00-17:00,mon-fri,*,*?day:night)\n"
            " same => n(day),NoOp(open)\n same => n,Hangup()\n same => n(night),NoOp(closed)\n same => n,Hangup()"
        )
        office.time = NOON + timedelta(hours=hours)
        assert any(note.endswith(f"NoOp({said})") for note in run(office).notes)

    def test_an_offset_counts_from_here(self) -> None:
        leg = call(steps("Goto(+2)", "NoOp(skipped)", "NoOp(reached)"))
        assert [note for note in leg.notes if "skipped" in note] == []
        assert leg.notes[-1].endswith("NoOp(reached)")

    def test_a_jump_to_nowhere_runs_i(self) -> None:
        leg = call("exten => 100,1,Set(X=999)\n same => n,Goto(${X},1)\nexten => i,1,NoOp(${INVALID_EXTEN})")
        assert leg.notes[-1].endswith("NoOp(999)")

    def test_return_without_gosub_is_told(self) -> None:
        assert "Return without Gosub" in ending(call(steps("Return()"))).evidence

    def test_an_application_whose_name_was_put_together(self) -> None:
        leg = call(steps("Set(A=Playbak)", "TryExec(${A}(x))", "NoOp(${TRYSTATUS})", "Exec(${A}(x))"))
        assert any(note.endswith("NoOp(NOAPP)") for note in leg.notes)
        assert "no application Playbak" in ending(leg).evidence

    def test_messages_are_in_the_story(self) -> None:
        leg = call(steps("Verbose(1,hello)", "Verbose(world)", "Log(NOTICE,careful)"))
        assert [note for note in leg.notes if not note.startswith("extensions")] == [
            "hello",
            "world",
            "NOTICE: careful",
        ]


class TestFunctions:
    def said(self, text: str, leg: FakeLeg | None = None) -> str:
        return call(steps(f"Set(T={text})"), leg).notes[-1].partition("Set(T=")[2].removesuffix(")")

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("${CHANNEL(name)}", "SIP/6001-1"),
            ("${CHANNEL(channeltype)}", "SIP"),
            ("${DEVICE_STATE(FXS/101)}", "INUSE"),
            ("${DIALPLAN_EXISTS(office,100,1)}", "1"),
            ("${DIALPLAN_EXISTS(office,999,1)}", "0"),
            ("${DIALPLAN_EXISTS(office)}", "1"),
            ("${MATH(7/2)}", "3.500000"),
            ("${MATH(7%2,int)}", "1"),
            ("${MATH(255,hex)}", ""),
            ("${IF($[1 = 1]?yes:no)}", "yes"),
            ("${IFTIME(12:00-13:00,*,*,*?noon:else)}", "noon"),
            ("${ISNULL()}", "1"),
            ("${STRFTIME(,UTC,%H:%M)}", "12:00"),
            ("${EPOCH}", str(int(NOON.timestamp()))),
            ("${CUT(MISSING,-,2)}", ""),
            ("${SPRINTF(%s-%05.1f,a,2.25)}", "a-002.2"),
            ("${URIENCODE(a b&c)}", "a%20b%26c"),
            ("${TOLOWER(AbC)}", "abc"),
            ("${HINT(101@hints)}", ""),
            ("${MD5(hello)}", "5d41402abc4b2a76b9719d911017c592"),
        ],
    )
    def test_a_value(self, text: str, value: str) -> None:
        assert self.said(text) == value

    @pytest.mark.parametrize(
        "text",
        ["${CUT(A)}", "${REPLACE(A)}", "${STRREPLACE(A)}", "${FIELDNUM(A)}", "${FILTER(A)}", "${REGEX(x)}",
         '${REGEX("(" x)}', "${MATH(1+1,roman)}", "${RAND(a,b)}", "${INC(CHANNEL)}", "${IF(1)}",
         "${IFTIME(99:00?a:b)}", "${SPRINTF(%d,x)}", "${SPRINTF(%y,x)}", "${BASE64_DECODE(a)}",
         "${STRPTIME(x,UTC,%Y)}", "${STRFTIME(1e14)}", "${CALLERID(shoe)}", "${CHANNEL(shoe)}", "${TIMEOUT(shoe)}",
         "${SET(A)}", "${GROUP_MATCH_COUNT(()}", "${DB(x)}", "${JSON_DECODE(A)}",
         "${SHIFT()}", "${LISTFILTER(A)}", "${HANGUPCAUSE(x)}", "${IMPORT(x,y)}", "${SHARED(x,y)}", "${MIN(a,b)}",
         "${LOCAL_PEEK(x)}", "${STACK_PEEK(1)}", "${EVAL_EXTEN(nowhere,1,1)}", "${ABS()}", "${CHANNELS(()}"],
    )  # fmt: skip
    def test_arguments_that_make_no_sense_give_nothing_and_a_note(self, text: str) -> None:
        leg = call(steps(f"Set(T=<{text}>)", "NoOp(T is ${T})"))
        assert leg.variables["T"] == "<>"
        assert leg.notes[-1].endswith("NoOp(T is <>)")
        name = text[2:].partition("(")[0]
        assert any(name in note and "office" not in note for note in leg.notes)
        assert "end of extension" in ending(leg).evidence

    def test_the_callers_identity_is_read_and_written(self) -> None:
        leg = FakeLeg()
        leg.party = Party("6001", "Ada")
        call(steps("Set(CALLERID(name)=The ${CALLERID(name)})", "Set(CALLERID(num-pres)=prohib_not_screened)"), leg)
        assert (leg.party.number, leg.party.name, leg.party.presentation.value) == ("6001", "The Ada", "restricted")

    def test_time_outs_are_set(self) -> None:
        assert call(steps("Set(TIMEOUT(digit)=3)", "NoOp(${TIMEOUT(digit)})")).notes[-1].endswith("NoOp(3.000)")

    def test_the_language_of_prompts_is_set(self) -> None:
        leg = call(steps("Set(CHANNEL(language)=fr)", "NoOp(${CHANNEL(language)})"))
        assert leg.notes[-1].endswith("NoOp(fr)")

    def test_the_state_of_an_extension_is_that_of_its_devices(self) -> None:
        leg = call("exten => 100,1,NoOp(${EXTENSION_STATE(101@office)})\nexten => 101,hint,FXS/101&SIP/6009\n")
        assert leg.notes[-1].endswith("NoOp(INUSE)")
