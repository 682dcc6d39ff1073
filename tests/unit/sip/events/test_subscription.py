"""SUBSCRIBE and NOTIFY (RFC 6665) as conversations, with the dialog package for an example."""

from __future__ import annotations

import pytest

from gateway.core.switch import DeviceState
from gateway.sip.config import SipConfig
from gateway.sip.events.header import EventType, SubscriptionState
from gateway.sip.events.notifier import NotifierConfig
from gateway.sip.identity import number_of
from gateway.sip.message import Request
from gateway.sip.transport import Flow
from tests.support.sip import SERVER, Office, Phone
from tests.support.watch import ScriptedWatchable, at
from tests.unit.sip.events.watcher import Watcher, dialogs, document, office_to_watch, state

INUSE, IDLE, RINGING = DeviceState.INUSE, DeviceState.NOT_INUSE, DeviceState.RINGING


def test_section_4_2_1_a_subscription_is_granted_and_told_the_state_at_once() -> None:
    office, watchable = office_to_watch()
    watcher = Watcher(office)
    granted = watcher.subscribe()
    assert (granted.status, granted.headers.get("Expires")) == (200, "600")
    assert granted.contacts and granted.to.tag
    notify = watcher.notified()
    assert notify.headers.get("Event") == "dialog" and notify.contacts
    assert state(notify) == SubscriptionState("active", 600)
    assert notify.headers.get("Content-Type") == "application/dialog-info+xml" and dialogs(notify) == []
    assert notify.from_.tag == granted.to.tag and notify.to.tag == "phone"
    assert watchable.watched == {at("101"): 1}


def test_rfc_3581_a_subscriber_whose_nat_gives_it_another_port_is_told_there() -> None:
    office, watchable = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe()
    watcher.notified()
    watcher.phone.flow = Flow("udp", SERVER, (watcher.phone.host, 40404))
    watcher.again()
    watcher.notified()
    office.wait(2)
    watcher.change(watchable, INUSE)
    assert dialogs(watcher.notified()) == ["confirmed"]


def test_section_4_2_2_a_change_is_told_with_the_next_version() -> None:
    office, watchable = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe()
    first = watcher.notified()
    office.wait(2)
    watcher.change(watchable, INUSE)
    second = watcher.notified()
    assert dialogs(second) == ["confirmed"]
    assert second.cseq.number == first.cseq.number + 1
    assert [document(notify).get("version") for notify in (first, second)] == ["0", "1"]


def test_rfc_4235_section_3_10_changes_of_one_second_make_one_notify() -> None:
    office, watchable = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe()
    watcher.notified()
    for state_now in (RINGING, IDLE, RINGING, INUSE):
        watcher.change(watchable, state_now)
    assert watcher.hears_nothing()
    office.wait(1.1)
    assert dialogs(watcher.notified()) == ["confirmed"]
    office.wait(5)
    assert watcher.hears_nothing()


def test_one_notify_is_under_way_at_a_time() -> None:
    office, watchable = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe()
    unanswered = watcher.notified(None)
    watcher.change(watchable, INUSE)
    assert watcher.hears_nothing()
    watcher.phone.reply(unanswered, 200, contact=False)
    office.wait(1.1)
    assert dialogs(watcher.notified()) == ["confirmed"]


def test_section_4_2_1_4_a_refresh_gives_another_term_and_another_notify() -> None:
    office, _ = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe(expires=60)
    watcher.notified()
    office.wait(50)
    moved = f"sip:moved@192.0.2.60:{watcher.phone.port}"
    answer = watcher.again(expires=100, contact=f"<{moved}>")
    assert answer.headers.get("Expires") == "100"
    notify = watcher.notified()
    assert state(notify) == SubscriptionState("active", 100)
    assert str(notify.uri) == moved, "section 4.4.1: it moves the target"
    office.wait(90)
    assert len(office.stack.watching.notifier) == 1


def test_section_4_2_1_4_expires_0_ends_it_with_a_last_notify() -> None:
    office, watchable = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe()
    watcher.notified()
    assert watcher.again(expires=0).status == 200
    assert state(watcher.notified()) == SubscriptionState("terminated", reason="timeout")
    assert watchable.watched == {}
    assert watcher.again().status == 481
    office.quiet()


def test_a_subscription_that_nobody_refreshes_ends_with_timeout() -> None:
    office, _ = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe(expires=60)
    watcher.notified()
    office.wait(60)
    assert state(watcher.notified()) == SubscriptionState("terminated", reason="timeout")
    office.quiet()


def test_section_4_4_3_a_fetch_is_told_the_state_once() -> None:
    office, watchable = office_to_watch()
    watcher = Watcher(office)
    watcher.change(watchable, INUSE)
    assert watcher.subscribe(expires=0).headers.get("Expires") == "0"
    notify = watcher.notified()
    assert state(notify).is_over and dialogs(notify) == ["confirmed"]
    watcher.change(watchable, IDLE)
    assert watcher.hears_nothing()
    office.quiet()


@pytest.mark.parametrize("event", ["weather", None, "dialog dialog"])
def test_section_7_2_1_a_package_that_we_do_not_have_is_489_with_those_that_we_have(event: str | None) -> None:
    refusal = Watcher(Office()).subscribe(event=event)
    assert refusal.status == 489
    assert refusal.headers.get("Allow-Events") == "conference, dialog, message-summary, presence, refer, reg"


def test_rfc_3515_section_2_4_4_what_a_refer_alone_makes_is_not_to_be_subscribed_to() -> None:
    assert Watcher(Office()).subscribe(event="refer").status == 403


def test_section_4_2_1_1_too_short_a_time_is_423_and_too_long_a_one_is_cut() -> None:
    office, _ = office_to_watch()
    refusal = Watcher(office).subscribe(expires=59)
    assert (refusal.status, refusal.headers.get("Min-Expires")) == (423, "60")
    assert Watcher(office).subscribe(expires=86400).headers.get("Expires") == "3600"
    assert Watcher(office).subscribe(expires=None).headers.get("Expires") == "3600"


def test_documents_that_the_subscriber_cannot_read_are_406() -> None:
    office, _ = office_to_watch()
    assert Watcher(office).subscribe(headers=(("Accept", "text/plain"),)).status == 406
    assert Watcher(office).subscribe(headers=(("Accept", "text/plain, application/*"),)).status == 200


def test_an_extension_without_hint_in_the_watchers_context_is_404() -> None:
    office, watchable = office_to_watch()
    watchable.extensions.pop(at("101"))
    assert Watcher(office).subscribe().status == 404
    assert watchable.watched == {}


def test_the_watchers_own_context_decides() -> None:
    office, _ = office_to_watch()
    assert Watcher(office, "trunk").subscribe().status == 404


def test_strangers_watch_nothing() -> None:
    office, _ = office_to_watch()
    stranger = Phone(office, "nobody", host="203.0.113.5")
    stranger.send(stranger.request("SUBSCRIBE", "sip:101@192.0.2.1", headers=(("Event", "dialog"),)))
    assert stranger.response().status == 401
    office.quiet()


@pytest.mark.parametrize("status", [404, 405, 408, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 502, 604])
def test_section_4_2_2_a_notify_that_finds_nobody_who_has_subscribed_ends_the_subscription(status: int) -> None:
    office, watchable = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe()
    watcher.notified(status)
    assert watchable.watched == {} and len(office.stack.watching.notifier) == 0
    office.quiet()


@pytest.mark.parametrize("status", [400, 401, 403, 415, 486, 500, 503, 600, 603])
def test_rfc_5057_section_5_1_any_other_refusal_is_of_that_notify_alone(status: int) -> None:
    office, watchable = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe()
    watcher.notified(status)
    office.wait(20)
    assert watcher.hears_nothing()
    watcher.change(watchable, INUSE)
    assert dialogs(watcher.notified()) == ["confirmed"]


def test_section_4_2_2_a_subscriber_that_is_silent_is_forgotten() -> None:
    office, watchable = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe()
    watcher.notified(None)
    office.wait(33)
    assert watchable.watched == {}


def test_a_subscriber_that_asks_for_time_gets_the_state_after_it() -> None:
    office, _ = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe()
    notify = watcher.notified(None)
    refusal = notify.reply(503)
    refusal.headers.set("Retry-After", "20 (busy)")
    watcher.phone.send(refusal)
    office.wait(19)
    assert watcher.hears_nothing()
    office.wait(1.2)
    watcher.notified()


def test_requests_out_of_order_are_500() -> None:
    office, _ = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe()
    watcher.notified()
    assert watcher.again(number=1).status == 500


def test_a_refresh_that_names_another_event_is_of_no_subscription() -> None:
    office, _ = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe(event="dialog;id=1")
    assert watcher.notified().headers.get("Event") == "dialog;id=1"
    assert watcher.again(event="dialog").status == 481
    assert watcher.again(event="Dialog;id=1").status == 200


def test_an_extension_that_loses_its_hint_ends_the_subscription() -> None:
    office, watchable = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe()
    watcher.notified()
    office.wait(2)
    watchable.extensions.clear()
    office.stack.watching.extension_changed(at("101"), office.clock.now)
    office.drain()
    notify = watcher.notified()
    assert state(notify) == SubscriptionState("terminated", reason="noresource") and not notify.body
    office.quiet()


@pytest.mark.parametrize("headers", [(), (("Contact", "<sip:6001@df7jal23ls0d.invalid;transport=ws>"),)])
def test_a_lost_connection_takes_its_subscriptions_with_it(headers: tuple[tuple[str, str], ...]) -> None:
    """Also those of a browser, which has no host to be looked for (RFC 7118 section 5)."""
    office, watchable = office_to_watch()
    watcher = Watcher(office, transport="tcp")
    watcher.subscribe(headers=headers)
    watcher.notified()
    office.stack.lost(watcher.phone.flow, office.clock.now)
    assert watchable.watched == {}
    office.quiet()


@pytest.mark.parametrize("is_there", [True, False])
def test_rfc_3261_section_18_who_listens_elsewhere_is_told_by_another_connection(is_there: bool) -> None:
    office, watchable = office_to_watch()
    watcher, there = Watcher(office, transport="tcp", port=40123), Phone(office, transport="tcp", port=5060)
    watcher.subscribe(headers=(("Contact", f"<sip:6001@{there.host};transport=tcp>"),))
    watcher.notified()
    office.stack.lost(watcher.phone.flow, office.clock.now)
    assert watchable.watched != {}
    office.wait(10)
    watcher.change(watchable, DeviceState.INUSE)
    notify = there.arrived()
    assert notify.method == "NOTIFY"
    if is_there:
        there.reply(notify, 200, contact=False)
    else:
        office.stack.lost(there.flow, office.clock.now)
    assert (watchable.watched != {}) is is_there


def test_before_a_restart_subscribers_are_told_to_come_again() -> None:
    office, _ = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe()
    watcher.notified()
    office.stack.close(office.clock.now)
    office.drain()
    assert state(watcher.notified()) == SubscriptionState("terminated", None, "probation", 30)
    office.quiet()


def test_subscriptions_are_bounded_for_each_account_and_in_all() -> None:
    watchable = ScriptedWatchable()
    office = Office(SipConfig(notifier=NotifierConfig(per_account=2, most=3)), watchable=watchable)
    users = ["6001", "6001", "6001", "6002", "6003"]
    statuses = [Watcher(office, user).subscribe().status for user in users]
    assert statuses == [200, 200, 403, 200, 503]


def test_a_notify_that_belongs_to_nothing_is_481() -> None:
    office, _ = office_to_watch()
    phone = Phone(office)
    phone.send(phone.request("NOTIFY", headers=(("Event", "dialog"), ("Subscription-State", "active"))))
    assert phone.response().status == 481


@pytest.mark.parametrize(
    ("text", "state_meant"),
    [
        ("active;expires=10", SubscriptionState("active", 10)),
        ("Terminated ; reason=Rejected;retry-after=5", SubscriptionState("terminated", None, "rejected", 5)),
        ("pending", SubscriptionState("pending")),
    ],
)
def test_section_8_4_subscription_states_are_read(text: str, state_meant: SubscriptionState) -> None:
    assert SubscriptionState.parse(text) == state_meant
    assert SubscriptionState.parse(str(state_meant)) == state_meant


def test_section_8_2_1_events_are_compared_by_package_and_id() -> None:
    assert EventType.parse("Presence; ID=7;x=y") == EventType("presence", "7")
    assert str(EventType("presence", "7")) == "presence;id=7"


def test_rfc_5626_each_line_of_a_telephone_takes_its_own_lamps_along_to_where_it_is_reached_now() -> None:
    """Two lines come by one way, of which one has been registered anew by another mapping of their NAT."""
    office, watchable = office_to_watch()
    here, there = ({"host": "203.0.113.60", "port": port} for port in (5060, 6060))
    watchers = [Watcher(office, user, **here) for user in ("6001", "6002")]
    for watcher in watchers:
        watcher.phone.messages()
        assert watcher.phone.register(call_id=watcher.phone.user).status == 200
        assert watcher.subscribe().status == 200
        watcher.notified()
    moved = Phone(office, "6001", **there)  # type: ignore[arg-type]  # where it is
    contact = (("Contact", "<sip:6001@203.0.113.60:5060>"),)
    moved.proved(moved.request("REGISTER", f"sip:{SERVER[0]}", call_id="6001", number=5, headers=contact))
    for phone in (moved, *(watcher.phone for watcher in watchers)):
        phone.messages()
    watchers[0].change(watchable, INUSE)
    office.wait(2)
    heard = [
        {number_of(one.to.uri) for one in phone.messages() if isinstance(one, Request) and one.method == "NOTIFY"}
        for phone in (moved, watchers[1].phone)
    ]
    assert heard == [{"6001"}, {"6002"}]


@pytest.mark.parametrize(
    ("method", "status"), [("OPTIONS", 200), ("INFO", 405), ("INVITE", 405), ("UPDATE", 405), ("BYE", 481)]
)
def test_rfc_3261_sections_11_2_and_21_4_6_what_else_comes_in_its_dialog_is_told_what_may(
    method: str, status: int
) -> None:
    office, _ = office_to_watch()
    watcher = Watcher(office)
    watcher.subscribe()
    watcher.notified()
    request = watcher.phone.within(watcher.asked, watcher.answer, method, 50)
    watcher.phone.send(request)
    answer = watcher.phone.response()
    assert answer.status == status
    if status == 405:
        assert answer.headers.get("Allow") == "SUBSCRIBE, NOTIFY, OPTIONS"
