"""Functions on lists, the database, groups, locks and the script itself, in dialplans that use them."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplan.database import MemoryDatabase
from dialplan.functions import FUNCTIONS
from dialplan.locks import Locks
from gateway.core.errors import Exhausted
from gateway.core.number import Party, Presentation
from gateway.testing.loop import ManualLoop
from tests.unit.dialplan.office import FakeLeg, Office


def office(*steps: str) -> Office:
    return Office("[office]\nexten => 100,1,NoOp()\n" + "".join(f" same => n,{step}\n" for step in steps))


def said(*steps: str, leg: FakeLeg | None = None) -> str:
    """What T holds after the steps."""
    return asyncio.run(office(*steps).call("100", leg)).variables.get("T", "")


class TestLists:
    @pytest.mark.parametrize(
        ("steps", "value"),
        [
            (["Set(ARRAY(A,B,C)=1,2)", "Set(T=${A}-${B}-${C})"], "1-2-"),
            (['Set(ARRAY(A,B)="x,y",z)', "Set(T=${A}/${B})"], "x,y/z"),
            (["Set(PUSH(L)=a)", "Set(PUSH(L)=b)", "Set(UNSHIFT(L)=z)", "Set(T=${L})"], "z,a,b"),
            (["Set(PUSH(L,-)=a)", "Set(PUSH(L,-)=b)", "Set(T=${L})"], "a-b"),
            (["Set(L=a,b,c)", "Set(T=${POP(L)}${SHIFT(L)}-${L})"], "ca-b"),
            (["Set(L=a)", "Set(T=${POP(L)}${POP(L)}-${L})"], "a-"),
            (["Set(L=a\\x7cb)", "Set(L=a-b-c)", "Set(T=${SHIFT(L,-)}:${L})"], "a:b-c"),
            (["Set(L=a,b,a)", "Set(T=${LISTFILTER(L,\\,,a)})"], "b"),
            (["Set(L=a::b::ab)", "Set(T=${LISTFILTER(L,::,a)})"], "b::ab"),
            (["Set(L=abc)", "Set(T=${STRBETWEEN(L,-)})"], "a-b-c"),
            (["Set(T=${SORT(a:2,b:x,c:-1)})"], "c,b,a"),
            (["Set(DB(list/x)=a-b)", "Set(T=${CUT(DB(list/x),-,2)})"], "b"),
        ],
    )
    def test_a_list(self, steps: list[str], value: str) -> None:
        assert said(*steps) == value

    def test_a_hash_tells_its_keys_latest_first(self) -> None:
        set_all = [f"Set(HASH(h,{key})={key}!)" for key in ("a", "b", "c")]
        assert said(*set_all, "Set(HASH(h,a)=again)", "Set(T=${HASHKEYS(h)}/${HASH(h)})") == "a,c,b/again,c!,b!"

    def test_a_hash_is_set_as_a_whole_by_the_keys_last_read(self) -> None:
        fill = ["Set(HASH(h,a)=1)", "Set(HASH(h,b)=2)", "Set(X=${HASH(h)})", "Set(HASH(g)=8,9)"]
        assert said(*fill, "Set(T=${HASH(g,b)}${HASH(g,a)})") == "89"

    def test_a_hash_is_cleared(self) -> None:
        assert (
            said("Set(HASH(h,a)=1)", "Set(HASH(hh,a)=2)", "ClearHash(h)", "Set(T=${HASHKEYS(h)}${HASHKEYS(hh)})")
            == "a"
        )

    def test_hash_without_keys_is_noted(self) -> None:
        leg = asyncio.run(office("Set(HASH(h)=1)", "Set(HASH(,x)=1)").call("100"))
        assert sum(note.startswith("HASH: ") for note in leg.notes) == 2


class TestDatabase:
    def test_what_is_kept_is_found_by_other_calls(self) -> None:
        both = Office(
            "[office]\nexten => 1,1,Set(DB(cf/101)=5550100)\n"
            "exten => 2,1,Set(T=${DB_EXISTS(cf/101)}${DB_RESULT}/${DB(cf/101)}/${DB_EXISTS(cf/102)})\n"
        )
        asyncio.run(both.call("1"))
        assert asyncio.run(both.call("2")).variables["T"] == "15550100/5550100/0"

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("${DB_KEYS()}", "a,b"),
            ("${DB_KEYS(a)}", "x,y"),
            ("${DB_KEYS(/a/)}", "x,y"),
            ("${DB_KEYS(none)}", ""),
            ("${DB_KEYS(a/y)}", "1,2"),
            ("${DB_KEYS(b/z)}", "k"),
            ("${DB_KEYCOUNT(a)}", "3"),
            ("${DB_DELETE(a/x)}${DB(a/x)}", "1"),
        ],
    )
    def test_keys(self, text: str, value: str) -> None:
        fill = ["Set(DB(a/x)=1)", "Set(DB(a/y/1)=2)", "Set(DB(a/y/2)=3)", "Set(DB(b/z)=4)", "Set(DB(b/z/k)=5)"]
        assert said(*fill, f"Set(T={text})") == value

    def test_deleting_by_set(self) -> None:
        assert said("Set(DB(a/x)=1)", "Set(DB_DELETE(a/x)=)", "Set(T=${DB_EXISTS(a/x)})") == "0"

    def test_a_full_store_says_so(self) -> None:
        store = MemoryDatabase(most=1)
        store.put("a/b", "1")
        store.put("a/b", "2")
        with pytest.raises(Exhausted, match="holds 1 entries"):
            store.put("a/c", "3")
        store.delete("a/b")
        store.delete("a/b")
        assert store.paths("") == []


class TestJson:
    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("s", "x"),
            ("n", "5"),
            ("t", "true"),
            ("z", "null"),
            ("o.p", "7.5"),
            ("o", '{"p":7.5,"q":["é"]}'),
            ("o/q/0,/", "é"),
            ("l,.,c", "3"),
            ("l", '["a","b",{"k":1}]'),
            ("l.1", "b"),
            ("l.2.k", "1"),
            ("l.7", ""),
            ("l.x", ""),
            ("s.deeper", ""),
            ("missing", ""),
        ],
    )
    def test_a_value(self, path: str, value: str) -> None:
        leg = FakeLeg()
        leg.variables["J"] = '{"s":"x","n":5,"t":true,"z":null,"o":{"p":7.5,"q":["é"]},"l":["a","b",{"k":1}]}'
        assert said(f"Set(T=${{JSON_DECODE(J,{path})}})", leg=leg) == value

    @pytest.mark.parametrize("text", ["{", "[" * 100_000, "", "nonsense", '"text"'])
    def test_what_is_no_object_gives_nothing(self, text: str) -> None:
        leg = FakeLeg()
        leg.variables["J"] = text
        assert said("Set(T=<${JSON_DECODE(J,a.b)}>)", leg=leg) == "<>"


class TestGroups:
    def test_calls_in_a_group_are_counted_while_they_last(self) -> None:
        text = (
            "[office]\nexten => hold,1,Set(GROUP()=out)\n same => n,Set(GROUP(where)=here)\n same => n,Wait(1)\n"
            "exten => count,1,Set(T=${GROUP_COUNT(out)}${GROUP_COUNT(OUT@where)}${GROUP_COUNT(@where)})\n"
            " same => n,Set(T=${T}/${GROUP_MATCH_COUNT(^ou)}${GROUP_MATCH_COUNT(h@wh)})\n"
        )
        both = Office(text)
        held = asyncio.Event()

        class Holding(FakeLeg):
            async def wait(self, seconds: float) -> None:
                await held.wait()

        async def story() -> str:
            first, second = Holding("SIP/1"), Holding("SIP/2")
            calls = [asyncio.create_task(both.call("hold", leg)) for leg in (first, second)]
            await asyncio.sleep(0)
            during = (await both.call("count", FakeLeg("SIP/3"))).variables["T"]
            held.set()
            await asyncio.gather(*calls)
            after = (await both.call("count", FakeLeg("SIP/4"))).variables["T"]
            return f"{during} then {after}"

        assert asyncio.run(story()) == "200/22 then 000/00"

    def test_a_leg_has_one_group_in_each_category(self) -> None:
        steps = ["Set(GROUP()=a)", "Set(GROUP()=b)", "Set(GROUP(x)=c)", "Set(GROUP()=d@y)"]
        assert said(*steps, "Set(T=${GROUP()}${GROUP(x)} ${GROUP_LIST()})") == "bc b c@x d@y"

    def test_a_group_is_left_by_an_empty_name(self) -> None:
        assert said("Set(GROUP()=a)", "Set(GROUP()=)", "Set(T=<${GROUP_LIST()}${GROUP()}>)") == "<>"


class TestLocks:
    def test_a_lock_is_its_owners_until_given_back(self) -> None:
        assert said("Set(T=${TRYLOCK(a)}${TRYLOCK(a)}${UNLOCK(a)}${UNLOCK(a)}${UNLOCK(a)}${LOCK(a)})") == "111101"

    def test_who_waits_gets_it_when_the_other_call_ends_or_gives_up(self) -> None:
        loop = ManualLoop()
        text = (
            "[office]\nexten => 1,1,Set(T=${LOCK(line)})\n same => n,Wait(9)\nexten => 2,1,Set(T=${TRYLOCK(line)})"
        )
        both = Office(text)

        class Waiting(FakeLeg):
            async def wait(self, seconds: float) -> None:
                await asyncio.sleep(seconds)

        first, second, third, fourth = (Waiting(f"SIP/{number}") for number in range(4))
        tasks = [loop.create_task(both.call("1", first))]
        loop.settle()
        tasks.append(loop.create_task(both.call("1", second)))
        loop.settle()
        assert (first.variables.get("T"), second.variables.get("T")) == ("1", None)
        loop.run_until_complete(both.call("2", third))
        assert third.variables["T"] == "0"
        loop.advance(4, tick=1)
        assert second.variables["T"] == "0"  # three seconds are all that it waits
        loop.advance(3, tick=1)
        tasks.append(loop.create_task(both.call("1", fourth)))
        loop.settle()
        loop.advance(3, tick=1)
        assert fourth.variables["T"] == "1"
        loop.advance(20, tick=1)
        assert all(task.done() for task in tasks)
        loop.close()


class TestLocksAlone:
    def test_a_lock_that_was_handed_over_is_given_back_once(self) -> None:
        async def story() -> None:
            locks = Locks()
            assert locks.attempt("line", "a")
            waiting = asyncio.create_task(locks.take("line", "b"))
            await asyncio.sleep(0)
            assert locks.release("line", "a")
            assert await waiting
            assert not locks.release("line", "a")
            assert locks.release("line", "b")
            assert locks.attempt("line", "c")

        asyncio.run(story())

    def test_one_handed_over_in_the_moment_in_which_patience_ends_is_had(self) -> None:
        with closing(ManualLoop()) as loop:
            locks = Locks()
            locks.attempt("line", "a")
            waiting = loop.create_task(locks.take("line", "b"))
            loop.settle()
            loop.call_at(loop.time() + 2.9, locks.release, "line", "a")
            loop.advance(4, tick=4)
            assert waiting.result()
            assert not locks.attempt("line", "c")

    def test_who_is_gone_before_it_is_handed_over_does_not_keep_it(self) -> None:
        with closing(ManualLoop()) as loop:
            locks = Locks()
            locks.attempt("line", "a")
            waiting = loop.create_task(locks.take("line", "b"))
            loop.settle()
            locks.release("line", "a")
            waiting.cancel()
            loop.settle()
            assert waiting.cancelled()
            assert locks.attempt("line", "c")

    def test_so_many_locks_and_no_more(self) -> None:
        locks = Locks()
        assert [locks.attempt(str(number), "a") for number in range(1001)].count(True) == 1000


class TestBetweenCalls:
    def test_variables_given_to_others(self) -> None:
        text = (
            "[office]\nexten => 1,1,Set(SHARED(X,SIP/boss)=for you)\n same => n,Set(T=${IMPORT(SIP/boss-1,PLAN)})\n"
            " same => n,Set(T=${T}${SHARED(X,SIP/boss-1)}${SHARED(X)} ${CHANNELS(boss)})\n"
            "exten => 2,1,Set(_PLAN=secret )\n same => n,Wait(1)\n same => n,Set(T=${SHARED(X)})\n"
        )
        both = Office(text)

        class Waiting(FakeLeg):
            async def wait(self, seconds: float) -> None:
                self.other = await both.call("1", FakeLeg("SIP/aide-1"))

        boss = Waiting("SIP/boss-1")
        asyncio.run(both.call("2", boss))
        assert boss.other.variables["T"] == "secret for you SIP/boss-1"
        assert boss.variables["T"] == "for you"

    def test_a_dial_group(self) -> None:
        steps = ["Set(DIALGROUP(g)=FXS/1&FXS/2)", "Set(DIALGROUP(g,add)=FXS/3)", "Set(DIALGROUP(g,del)=FXS/1)"]
        assert said(*steps, "Set(T=${DIALGROUP(g)})") == "FXS/2&FXS/3"


class TestTheScriptItself:
    def test_eval_looks_at_what_a_value_says(self) -> None:
        steps = ["Set(WHO=Ada)", "Set(WORDS=Hello \\${WHO})", "Set(WORDS=Hello $" + "{WHO)"]
        assert steps  # the file's own text cannot hold an unfilled name: it comes from elsewhere
        leg = FakeLeg()
        leg.variables["A"] = "b"
        both = Office(
            "[office]\nexten => 100,1,Set(B=$)\n same => n,Set(W=${B}{A})\n same => n,Set(T=${EVAL(${W}!)})"
        )
        assert asyncio.run(both.call("100", leg)).variables["T"] == "b!"

    @settings(max_examples=40)
    @given(st.sampled_from(["${GLOBAL(X)}", "${DB_DELETE(a/b)}", "$[1+1]", "${EVAL(${X})}", "x${A}"]))
    def test_eval_takes_what_the_caller_sent_as_it_is(self, words: str) -> None:
        leg = FakeLeg()
        leg.party = Party("6001", words)
        leg.variables["HEADER"] = words + "!"
        told = said("Set(T=${EVAL(${CALLERID(name)} ${HEADER})})", leg=leg)
        assert told == f"{words} {words}!"

    def test_eval_changes_nothing(self) -> None:
        both = Office(
            "[office]\nexten => 100,1,Set(B=$)\n same => n,Set(N=1)\n same => n,Set(T=<${EVAL(${B}{INC(N)})}>${N})"
        )
        leg = asyncio.run(both.call("100"))
        assert leg.variables["T"] == "<>1"
        assert any("not read by the way" in note for note in leg.notes)

    def test_a_name_that_a_caller_gives_calls_no_function(self) -> None:
        leg = FakeLeg()
        leg.party = Party("6001", "SHIFT(L)")
        assert said("Set(L=a,b)", "Set(T=<${CUT(${CALLERID(name)},-,1)}>${L})", leg=leg) == "<>a,b"

    def test_variables_of_subroutines_further_out(self) -> None:
        text = (
            "[office]\nexten => 100,1,Gosub(a,1(one))\nexten => a,1,Gosub(b,1(two))\n same => n,Return()\n"
            "exten => b,1,Set(T=${LOCAL_PEEK(0,ARG1)}${LOCAL_PEEK(1,ARG1)}<${LOCAL_PEEK(2,ARG1)}>)\n"
            " same => n,Set(T=${T} ${STACK_PEEK(1,l)} ${STACK_PEEK(2,e)})\n same => n,Return()\n"
        )
        assert asyncio.run(Office(text).call("100")).variables["T"] == "twoone<> office,a,1 100"

    def test_variables_are_unset(self) -> None:
        steps = ["Set(A=1)", "Set(GLOBAL(G)=2)", "Set(DELETE(A)=)", "Set(GLOBAL_DELETE(G)=)", "Set(T=<${A}${G}>)"]
        assert said(*steps) == "<>"

    def test_the_arguments_of_another_step(self) -> None:
        steps = ["Set(WHO=Ada)", "Set(T=${EVAL_EXTEN(letter)})", "Hangup()"]
        text = "".join(f" same => n,{step}\n" for step in steps)
        both = Office(f"[office]\nexten => 100,1,NoOp()\n{text} same => n(letter),NoOp(Dear ${{WHO}})")
        assert asyncio.run(both.call("100")).variables["T"] == "Dear Ada"


class TestHowItEnded:
    def test_each_target_of_the_last_dial(self) -> None:
        steps = [
            "Dial(FXS/101&SIP/6002)",
            "Set(T=${HANGUPCAUSE_KEYS()}/${HANGUPCAUSE(FXS/101,ast)}/${HANGUPCAUSE(SIP/6002)}/${HANGUPCAUSE})",
        ]
        assert said(*steps) == "FXS/101,SIP/6002/User Busy/SIP off-hook/17"

    def test_the_record_so_far(self) -> None:
        leg = FakeLeg()
        leg.party = Party("6001", "Ada")
        steps = [
            "Set(CDR(userfield)=x)",
            "Set(CDR(mine)=y)",
            "Set(CDR(src)=nobody)",
            "Set(CDR_PROP(disable)=1)",
            "Set(A=${CDR(disposition)} ${CDR(answer)}. ${CDR(start)} ${CDR(clid)} ${CDR(dst)} ${CDR(lastapp)})",
            "Answer()",
            "Set(B=${CDR(disposition)} ${CDR(answer)} ${CDR(billsec)} ${CDR(duration,f)} ${CDR(start,u)})",
            "Set(T=${A} ${B} ${CDR(userfield)}${CDR(MINE)}${CDR(src)})",
        ]
        assert said(*steps, leg=leg) == (
            'NO ANSWER . 2024-03-15 12:00:00 "Ada" <6001> 100 Set '
            "ANSWERED 2024-03-15 12:00:00 0 0.000000 1710504000.000000 xy6001"
        )

    def test_a_failed_dial_is_the_disposition(self) -> None:
        assert said("Dial(FXS/101)", "Set(T=${CDR(disposition)})") == "BUSY"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${MATH(7/-2)}", "0.000000"),
        ("${MATH(7/0)}", "0.000000"),
        ("${MATH(-7%3,int)}", "-1"),
        ("${MATH(7%0,int)}", "0"),
        ("${MATH(-5-3,int)}", "-8"),
        ("${MATH(5--3,int)}", "8"),
        ("${MATH(2^10,int)}", "1024"),
        ("${MATH(1<<4,int)}", "16"),
        ("${MATH(-1>>1,int)}", "-1"),
        ("${MATH(170 AND 63,i)}", "42"),
        ("${MATH(6XOR3,i)}", "5"),
        ("${MATH(200+55,hex)}", "ff"),
        ("${MATH(3>=3)}", "TRUE"),
        ("${MATH(3==4)}", "FALSE"),
        ("${MATH(123x+1,int)}", "124"),
        ("${MIN(3,2.5)}", "2.500000"),
        ("${MAX(3,2.5)}", "3"),
        ("${MAX(,4)}", "4"),
        ("${ABS(-3)}", "3"),
        ("${INC(NEVER_SET)}", ""),
        ("${KEYPADHASH(a-1*#z)}", "219"),
        ("${URIENCODE(a/b~(c))}", "a%2Fb~(c)"),
        ("${STRFTIME(0.25,UTC,%S.%3q)}", "00.250"),
        ("${TIMEOUT(absolute)}", "0"),
        ("${PASSTHRU(x)}", "x"),
        ("${PJSIP_DIAL_CONTACTS(6001)}", "PJSIP/6001"),
        ("${GROUP_COUNT()}", "0"),
        ("${TOUPPER(aé)}${TOLOWER(AÉ)}", "AéaÉ"),
        ("${SPRINTF(%x %d,-1,-1)}", "ffffffff -1"),
        ("${SPRINTF(%ld-%5.1f-%-4s|%c,12abc,2.25,x,65)}", "12-  2.2-x   |A"),
        ("${SPRINTF(%d %d,1)}", ""),
        ('${REGEX("^[[:digit:]]+$" 123)}', "1"),
        ("${CALLERID(ani2)}<${CALLERID(tag)}>", "0<>"),
    ],
)
def test_a_value(text: str, value: str) -> None:
    assert said(f"Set(T={text})") == value


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FUNCTIONS)), st.text(max_size=30), st.text(max_size=10))
def test_no_function_ever_breaks_a_call(name: str, arguments: str, value: str) -> None:
    leg = FakeLeg()
    leg.variables.update({"X": arguments, "V": value})
    read = [f"Set(T=${{{name}(${{X}})}}${{{name}(X,${{X}})}})"] if FUNCTIONS[name].readable else []
    write = [f"Set({name}(${{X}})=${{V}})"] if FUNCTIONS[name].write is not None else []
    with closing(ManualLoop()) as loop:
        call = loop.create_task(office(*read, *write).call("100", leg))
        loop.advance(8, tick=4)
        assert call.done()
    assert leg.ending is not None
    assert "fault of Copperline" not in leg.ending.advice, leg.notes


def test_underscores_are_no_part_of_a_variables_name() -> None:
    assert said("Set(_A=1)", "Set(__B=2)", "Set(T=<${A}${_A}${__A}${B}${__B}>)") == "<12>"


def test_time_in_the_record_passes() -> None:
    both = office("Wait(1)", "Set(T=${CDR(duration)})")

    class Waiting(FakeLeg):
        async def wait(self, seconds: float) -> None:
            both.time += timedelta(seconds=75)

    assert asyncio.run(both.call("100", Waiting())).variables["T"] == "75"


class TestParties:
    def test_the_other_identities_are_kept(self) -> None:
        steps = [
            'Set(CONNECTEDLINE(all)="Ada" <200>)',
            "Set(REDIRECTING(from-num)=300)",
            "Set(REDIRECTING(reason)=cfb)",
            "Set(T=${CONNECTEDLINE(number)}${CONNECTEDLINE(name-valid)} ${REDIRECTING(from-all)})",
            "Set(T=${T} ${REDIRECTING(to-num-valid)}${REDIRECTING(reason)}<${CONNECTEDLINE(shoe)}>)",
        ]
        assert said(*steps) == '2001 "" <300> 0cfb<>'

    def test_a_call_that_came_in_diverted_says_who_diverted_it(self) -> None:
        leg = FakeLeg()
        leg.variables.update({"REDIRECTING_NUMBER": "300", "REDIRECTING_REASON": "no-answer"})
        steps = [
            "Set(T=${REDIRECTING(from-num)} ${REDIRECTING(reason)} ${CALLERID(rdnis)})",
            "Set(REDIRECTING(reason)=away)",
            "Set(T=${T} ${REDIRECTING_NUMBER} ${REDIRECTING_REASON})",
            "Set(CALLERID(rdnis)=400)",
            "Set(T=${T} ${REDIRECTING(from-num)} ${REDIRECTING_NUMBER})",
        ]
        assert said(*steps, leg=leg) == "300 cfnr 300 300 away 400 400"

    def test_who_diverted_a_call_goes_on_with_it_in_the_words_of_rfc_5806(self) -> None:
        steps = ["Set(REDIRECTING(from-num)=300)", "Set(REDIRECTING(reason)=cfnr)"]
        assert said(*steps, "Set(T=${REDIRECTING_NUMBER} ${REDIRECTING_REASON})") == "300 no-answer"

    @pytest.mark.parametrize(
        ("presentation", "told"),
        [
            (Presentation.ALLOWED, "allowed_not_screened"),
            (Presentation.RESTRICTED, "prohib_not_screened"),
            (Presentation.UNAVAILABLE, "unavailable"),
        ],
    )
    def test_how_a_caller_came_in_is_its_presentation(self, presentation: Presentation, told: str) -> None:
        leg = FakeLeg()
        leg.party = Party("200", presentation=presentation)
        asyncio.run(office("Set(T=${CALLERID(num-pres)})").call("100", leg))
        assert leg.variables["T"] == told

    def test_settings_of_the_channel_are_kept(self) -> None:
        assert said("Set(CHANNEL(musicclass)=jazz)", "Set(T=${CHANNEL(musicclass)}${CHANNEL(tonezone)})") == "jazz"


class TestHangupHandlers:
    TEXT = (
        "[office]\nexten => 100,1,Set(CHANNEL(hangup_handler_push)=done,s,1(a,b))\n"
        " same => n,Set(CHANNEL(hangup_handler_push)=done,s,1(c))\n same => n,{step}\n"
        "exten => h,1,Set(T=h)\n[done]\nexten => s,1,Set(T=${{T}} ${{ARG1}}${{ARG2}}${{HANGUPCAUSE}})\n"
        " same => n,Return()\n"
    )

    @pytest.mark.parametrize(
        ("step", "value"),
        [
            ("Hangup(17)", "h c17 ab17"),
            ("Set(CHANNEL(hangup_handler_pop)=)", "h ab16"),
            ("Set(CHANNEL(hangup_handler_wipe)=done,s,1(x))", "h x16"),
        ],
    )
    def test_they_run_once_the_leg_is_over_latest_first(self, step: str, value: str) -> None:
        leg = asyncio.run(Office(self.TEXT.format(step=step)).call("100"))
        assert leg.variables["T"] == value

    def test_one_that_asks_for_itself_again_ends(self) -> None:
        text = self.TEXT.format(step="NoOp()").replace("n,Return()", "n,Set(CHANNEL(hangup_handler_push)=done,s,1)")
        assert asyncio.run(Office(text).call("100")).variables["T"] == "h c16 ab16"

    def test_one_that_cannot_run_is_noted(self) -> None:
        leg = asyncio.run(office("Set(CHANNEL(hangup_handler_push)=100,nowhere)").call("100"))
        assert any(note.startswith("hangup handler 100,nowhere: no label 'nowhere'") for note in leg.notes)


class TestLoudness:
    @pytest.mark.parametrize(
        ("steps", "gains"),
        [
            (["Set(VOLUME(TX)=2)"], (0.0, 6.02)),
            (["Set(VOLUME(rx)=-4)"], (-12.04, 0.0)),
            (["Set(VOLUME(TX)=1.5)", "Set(VOLUME(RX)=3)"], (9.54, 3.52)),
            (["Set(VOLUME(TX)=2)", "Set(VOLUME(TX)=0)"], (0.0, 0.0)),
            (["Set(VOLUME(TX)=900)"], (0.0, 24.0)),
            (["Set(VOLUME(TX)=loud)"], (0.0, 0.0)),
            (["Set(VOLUME(XX)=2)"], (0.0, 0.0)),
        ],
    )
    def test_volume(self, steps: list[str], gains: tuple[float, float]) -> None:
        leg = asyncio.run(office(*steps).call("100"))
        assert leg.gains == pytest.approx(gains, abs=0.01)

    def test_jitter_buffers_are_what_they_are(self) -> None:
        leg = asyncio.run(office("Set(JITTERBUFFER(adaptive)=default)", "Set(JITTERBUFFER(fixed)=200)").call("100"))
        told = [note for note in leg.notes if note.startswith("JITTERBUFFER")]
        assert told == ["JITTERBUFFER(fixed): the jitter buffer stays as it is, which is adaptive"]

    def test_a_blacklist(self) -> None:
        leg = FakeLeg()
        leg.party = Party("666", "Spam")
        assert said("Set(DB(blacklist/666)=1)", "Set(T=${BLACKLIST()})", leg=leg) == "1"
        assert said("Set(T=${BLACKLIST()})") == "0"
