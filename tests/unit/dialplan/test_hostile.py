"""What callers send is never evaluated: names, numbers, keys, headers and what programs answer."""

from __future__ import annotations

import asyncio
import os

from hypothesis import given, settings
from hypothesis import strategies as st

from dialplan.engine import DialplanEngine
from dialplan.shared import Permissions
from gateway.core.number import Party
from tests.unit.dialplan.office import FakeLeg, Office

SECRET = "hunter2-not-to-be-told"
PLAN = """[globals]
SECRET=hunter2-not-to-be-told
[office]
exten => 100,1,NoOp(${CALLERID(all)} ${SIP_HEADER(X-A)})
 same => n,Set(NAME=${CALLERID(name)})
 same => n,Set(HEADER=${SIP_HEADER(X-A)})
 same => n,Set(__KEPT=${NAME})
 same => n,ExecIf($["${NAME}" = "${HEADER}"]?Set(SAME=${NAME}))
 same => n,GotoIf($[${LEN(${NAME})} > 5]?long:long)
 same => n(long),Set(AGAIN=${EVAL(${NAME})})
 same => n,Set(HASH(h,${FILTER(a-z,${NAME})})=${NAME})
 same => n,Set(DB(callers/x)=${NAME})
 same => n,Set(BACK=${DB(callers/x)})
 same => n,MSet(ONE=1)
 same => n,Exec(Set(EXECUTED=${NAME}))
 same => n,TryExec(NoOp(${NAME}))
 same => n,Gosub(sub,s,1(one))
 same => n,Macro(m,one)
 same => n,Verbose(1,${NAME})
 same => n,Log(NOTICE,${NAME})
 same => n,UserEvent(Call,Name: ${NAME})
 same => n,Read(KEYS,,3)
 same => n,Dial(FXS/101,30,b(before^s^1))
 same => n,Set(END=1)
[sub]
exten => s,1,Set(IN=${NAME}${HEADER})
 same => n,Return(${NAME})
[macro-m]
exten => s,1,Set(MACRO=${NAME})
[before]
exten => s,1,Return()
[pwned]
exten => _.,1,Set(PWNED=1)
"""

PIECES = st.sampled_from(
    "${SECRET} ${GLOBAL(SECRET)} ${SHELL(id)} ${ENV(PATH)} ${SECRET:0:99} $[1+1] ${EVAL(${SECRET})} ${ $["
    " System(id) Goto(pwned,s,1) ?Goto(pwned,s,1) )?Set(PWNED=1) ,Set(PWNED=1)".split()
    + list("\x00\x1b)(,&|?:;\"'\\^~`${}[]= a")
)
HOSTILE = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=6).map("".join)


@given(name=HOSTILE, number=HOSTILE, header=HOSTILE, keys=st.text("0123456789*#-", max_size=6))
@settings(max_examples=120, deadline=None)
def test_what_a_caller_sends_stays_text(name: str, number: str, header: str, keys: str) -> None:
    office = Office(PLAN)
    office.engine = DialplanEngine(office.dialplan, office, permissions=Permissions(shell=True, environment=True))
    leg = FakeLeg(called="100", keys=keys)
    leg.party = Party(number, name)
    leg.headers = (("X-A", header),)
    asyncio.run(office.call("100", leg))
    assert leg.variables["END"] == "1" and "PWNED" not in leg.variables
    assert (leg.variables["NAME"], leg.variables["HEADER"]) == (name, header)
    assert (leg.variables["BACK"], leg.variables["GOSUB_RETVAL"], leg.variables["MACRO"]) == (name, name, name)
    told = [*leg.variables.values(), *leg.notes, *leg.heard, *(str(dialled) for dialled in office.dialled)]
    for text in told:
        assert SECRET not in text and os.environ["PATH"] not in text and "uid=" not in text
