"""A leg that is over goes by itself: nothing of it waits for the garbage collector, whose pauses delay other calls.

What refers to one another in a ring is let go only when the collector looks through all that lives, which takes the
longer the more calls stand.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Answer, Dial, Hangup
from gateway.core.number import Party
from tests.support.sip import Office, Phone, session_description

OVER = Ending(Cause.NORMAL_CLEARING, "the dialplan", Act.HUNG_UP, "its end")


def dialled(office: Office, phone: Phone) -> Callable[[], None]:
    """A call to a telephone, which rings; what hangs up."""
    channel = office.stack.channel(phone.user, office.clock.now)
    office.command(channel, Dial(phone.user, Party("101")))
    return lambda: office.command(channel, Hangup(OVER))


def cancelled(office: Office, phone: Phone) -> None:
    hang_up = dialled(office, phone)
    invite = phone.arrived()
    phone.reply(invite, 180)
    hang_up()
    cancel = phone.arrived()
    phone.reply(cancel, 200)
    phone.reply(invite, 487)


def refused(office: Office, phone: Phone) -> None:
    dialled(office, phone)
    phone.reply(phone.arrived(), 486)


def answered_and_hung_up_by_us(office: Office, phone: Phone) -> None:
    hang_up = dialled(office, phone)
    phone.reply(phone.arrived(), 200, body=session_description())
    hang_up()
    bye = next(message for message in phone.messages() if message.method == "BYE")
    phone.reply(bye, 200)


def answered_and_hung_up_by_them(office: Office, phone: Phone) -> None:
    dialled(office, phone)
    invite = phone.arrived()
    phone.reply(invite, 200, body=session_description())
    phone.send(phone.from_below(invite, "below", "BYE"))


def taken_and_hung_up_by_us(office: Office, phone: Phone) -> None:
    invite = phone.invite("101")
    ((channel, _),) = office.heard()
    office.command(channel, Answer())
    phone.send(phone.ack(invite, next(response for response in phone.messages() if response.status == 200)))
    office.command(channel, Hangup(OVER))
    phone.reply(phone.arrived(), 200)


def taken_and_hung_up_by_them(office: Office, phone: Phone) -> None:
    invite = phone.invite("101")
    ((channel, _),) = office.heard()
    office.command(channel, Answer())
    answer = next(response for response in phone.messages() if response.status == 200)
    phone.send(phone.ack(invite, answer))
    phone.send(phone.within(invite, answer, "BYE", 2))


def not_taken(office: Office, phone: Phone) -> None:
    invite = phone.invite("101")
    ((channel, _),) = office.heard()
    office.command(channel, Hangup(OVER))
    phone.send(phone.ack(invite, next(response for response in phone.messages() if response.status >= 300)))


@pytest.mark.parametrize(
    "story",
    [
        cancelled,
        refused,
        answered_and_hung_up_by_us,
        answered_and_hung_up_by_them,
        taken_and_hung_up_by_us,
        taken_and_hung_up_by_them,
        not_taken,
    ],
)
def test_a_leg_that_is_over_leaves_nothing_to_the_collector(story: Callable[[Office, Phone], None]) -> None:
    office = Office()
    phone = Phone(office)
    phone.register()
    office.heard()
    gc.collect()
    gc.disable()
    try:
        story(office, phone)
        office.heard()
        office.wait(200)
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = {type(each).__qualname__ for each in gc.garbage if type(each).__module__.startswith("gateway.")}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert left == set()
