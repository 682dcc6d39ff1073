"""RFC 6665 section 4.1: the office subscribes to the mailbox that a provider keeps for it, as conversations."""

from __future__ import annotations

import pytest

from gateway.core.watch import MailboxStatus
from gateway.sip.events.message_summary import read_summary
from gateway.sip.message import Request, Response
from gateway.sip.transport import Flow
from gateway.sip.trunk_words import MailboxTold
from tests.support.sip import SERVER, Office
from tests.unit.sip.test_trunk import FIRST, Provider, opened, trunk

SUMMARY = "Messages-Waiting: yes\r\nMessage-Account: sip:4711@pstn.example\r\nVoice-Message: {}\r\n"


def watched(**changes: object) -> tuple[Office, Provider, Request]:
    """A trunk with a mailbox, and its first SUBSCRIBE."""
    office = opened(trunk(register=False, mailbox="201", **changes))
    provider = Provider(office)
    (subscribe,) = provider.asked("SUBSCRIBE")
    return office, provider, subscribe


def notify(
    provider: Provider,
    subscribe: Request,
    number: int,
    state: str = "active;expires=600",
    counts: str = "2/8 (1/0)",
    *,
    tag: str = "n",
    event: str = "message-summary",
    within: bool = True,
) -> Response:
    """A NOTIFY for that SUBSCRIBE, and what it is answered with."""
    body = SUMMARY.format(counts).encode() if counts else b""
    request = provider.request(
        "NOTIFY",
        str(subscribe.contacts[0].uri),
        to=str(subscribe.from_ if within else "<sip:4711@pstn.example>"),
        call_id=subscribe.call_id if within else f"unasked-{provider.host}",
        number=number,
        headers=(
            ("Event", event),
            ("Subscription-State", state),
            ("Contact", f"<sip:{FIRST}>"),
            ("Content-Type", "application/simple-message-summary"),
        ),
        body=body,
    )
    request.headers.set("From", f"<sip:4711@pstn.example>;tag={tag}")
    provider.messages()
    provider.send(request)
    return next(message for message in provider.messages() if isinstance(message, Response))


def counts(office: Office) -> list[MailboxStatus]:
    return [change.status for change in office.changes() if isinstance(change, MailboxTold)]


def asked(provider: Provider, seconds: float) -> list[int | None]:
    """The Expires of what is asked within some seconds."""
    provider.office.wait(seconds)
    return [request.expires for request in provider.asked("SUBSCRIBE")]


def accept(provider: Provider, subscribe: Request, tag: str = "n") -> None:
    answer = subscribe.reply(200, to_tag=tag)
    answer.headers.set("Expires", "600")
    answer.headers.set("Contact", f"<sip:{FIRST}>")
    provider.send(answer)


def test_section_4_1_2_1_it_asks_and_the_notify_tells() -> None:
    office, provider, subscribe = watched()
    assert (str(subscribe.uri), subscribe.headers.get("Event"), subscribe.expires) == (
        "sip:4711@pstn.example",
        "message-summary",
        3600,
    )
    assert subscribe.headers.get("Accept") == "application/simple-message-summary"
    accept(provider, subscribe)
    answer = notify(provider, subscribe, 1)
    assert answer.status == 200
    assert counts(office) == [MailboxStatus(2, 8, 1, 0)]
    notify(provider, subscribe, 2, counts="0/10")
    assert counts(office) == [MailboxStatus(0, 10)]


def test_section_4_1_2_4_a_notify_that_overtakes_the_answer_makes_the_dialog() -> None:
    office, provider, subscribe = watched()
    answer = notify(provider, subscribe, 1)
    assert answer.status == 200
    accept(provider, subscribe)
    forked = notify(provider, subscribe, 1, tag="another-fork")
    assert forked.status == 481
    assert len(counts(office)) == 1


def test_section_4_1_2_2_it_is_refreshed_in_the_dialog_in_time() -> None:
    office, provider, subscribe = watched()
    accept(provider, subscribe)
    notify(provider, subscribe, 1, "active;expires=300")
    office.wait(260)
    assert provider.asked("SUBSCRIBE") == []
    office.wait(10)
    (again,) = provider.asked("SUBSCRIBE")
    assert (again.call_id, again.to.tag, again.cseq.number) == (subscribe.call_id, "n", subscribe.cseq.number + 1)
    accept(provider, again)
    notify(provider, subscribe, 2, "active;expires=300")
    assert asked(provider, 200) == []


def test_rfc_3581_a_notifier_that_its_nat_shows_elsewhere_is_asked_again_there() -> None:
    office, provider, subscribe = watched()
    accept(provider, subscribe)
    notify(provider, subscribe, 1, "active;expires=300")
    provider.flow = Flow("udp", SERVER, (FIRST, 40404))
    notify(provider, subscribe, 2, "active;expires=300")
    office.wait(270)
    assert len(provider.asked("SUBSCRIBE")) == 1


def test_a_challenge_is_answered() -> None:
    _, provider, subscribe = watched()
    provider.challenge(subscribe)
    (proved,) = provider.asked("SUBSCRIBE")
    assert "Authorization" in proved.headers and proved.cseq.number == subscribe.cseq.number + 1


@pytest.mark.parametrize(
    ("state", "quiet", "within"),
    [
        ("terminated;reason=deactivated", 0, 3),
        ("terminated;reason=timeout", 0, 3),
        ("terminated", 0, 3),
        ("terminated;reason=probation;retry-after=60", 59, 2),
        ("terminated;reason=giveup", 140, 170),
        ("terminated;reason=rejected", 3500, 110),
        ("terminated;reason=noresource", 3500, 110),
    ],
)
def test_section_4_1_3_an_end_says_when_another_attempt_is_worth_while(
    state: str, quiet: float, within: float
) -> None:
    _, provider, subscribe = watched()
    accept(provider, subscribe)
    notify(provider, subscribe, 1, state, "")
    assert asked(provider, quiet) == []
    assert asked(provider, within) == [3600]


@pytest.mark.parametrize(("status", "quiet", "within"), [(489, 3500, 110), (404, 3500, 110), (500, 140, 170)])
def test_a_refusal_is_not_asked_about_every_minute(status: int, quiet: float, within: float) -> None:
    _, provider, subscribe = watched()
    provider.refuse(subscribe, status)
    assert asked(provider, quiet) == []
    assert asked(provider, within) == [3600]


def test_section_4_1_2_2_a_refresh_that_finds_no_subscription_makes_a_new_one() -> None:
    _, provider, subscribe = watched()
    accept(provider, subscribe)
    notify(provider, subscribe, 1)
    provider.office.wait(550)
    (refresh,) = provider.asked("SUBSCRIBE")
    provider.refuse(refresh, 481)
    provider.office.wait(3)
    (anew,) = provider.asked("SUBSCRIBE")
    assert anew.call_id != subscribe.call_id and anew.to.tag is None


@pytest.mark.parametrize("status", [400, 403, 408, 500, 502, 503, 603])
def test_section_4_1_2_2_a_refresh_that_is_refused_otherwise_leaves_what_is_held_until_it_ends(status: int) -> None:
    office, provider, subscribe = watched()
    accept(provider, subscribe)
    notify(provider, subscribe, 1)
    office.wait(550)
    for _ in range(2):
        (refresh,) = provider.asked("SUBSCRIBE")
        assert refresh.call_id == subscribe.call_id and refresh.to.tag == "n"
        provider.refuse(refresh, status)
        office.wait(20.1)
    assert notify(provider, subscribe, 2).status == 200, "it stands"
    for _ in range(700):
        for request in provider.asked("SUBSCRIBE"):
            provider.refuse(request, status)
        office.wait(1)
    assert notify(provider, subscribe, 3).status == 481, "what nobody has refreshed is over"


def test_a_connection_that_closes_has_what_is_held_renewed_by_another() -> None:
    """RFC 5923 section 3: so that the notifier can tell us again, and lamps stay as they are."""
    office = opened(trunk(f"{FIRST};transport=tcp", register=False, mailbox="201"))
    provider = Provider(office)
    provider.flow = Flow("tcp", SERVER, (FIRST, 5060))
    (subscribe,) = provider.asked("SUBSCRIBE")
    accept(provider, subscribe)
    notify(provider, subscribe, 1)
    office.stack.lost(provider.flow, office.clock.now, again=True)
    office.drain()
    (renewed,) = provider.asked("SUBSCRIBE")
    assert renewed.call_id == subscribe.call_id and renewed.to.tag == "n"
    accept(provider, renewed)
    assert notify(provider, subscribe, 2).status == 200
    for again in (True, True, False):  # whoever takes connections and closes them is not asked at once each time
        office.stack.lost(provider.flow, office.clock.now, again=again)
        office.drain()
    assert len(provider.asked("SUBSCRIBE")) == 1
    assert notify(provider, subscribe, 3).status == 481
    office.wait(3)
    (anew,) = provider.asked("SUBSCRIBE")
    assert anew.call_id != subscribe.call_id


def test_section_4_1_2_4_without_a_notify_there_is_no_subscription() -> None:
    _, provider, subscribe = watched()
    accept(provider, subscribe)
    assert asked(provider, 32) == []
    assert asked(provider, 300) == [3600]


def test_who_cannot_be_reached_is_asked_again_soon_and_then_ever_less_often() -> None:
    """As RFC 5626 section 4.5 has it; a notifier that starts anew is watched again within seconds."""
    office = opened(trunk(f"{FIRST};transport=tcp", register=False, mailbox="201"))
    provider = Provider(office)
    provider.flow = Flow("tcp", SERVER, (FIRST, 5060))
    assert provider.asked("SUBSCRIBE")

    def pause() -> float:
        """Until it is tried again, once the connection has failed."""
        begun = office.clock.now
        office.stack.lost(provider.flow, begun, why="connection refused")
        office.drain()
        while not provider.asked("SUBSCRIBE"):
            office.wait(1)
        return office.clock.now - begun

    for longest in (8, 16, 32, 64, 128, 256, 300, 300):
        assert longest / 2 <= pause() <= longest + 1


def test_section_4_1_2_3_it_is_ended_with_the_trunk() -> None:
    office, provider, subscribe = watched()
    accept(provider, subscribe)
    notify(provider, subscribe, 1)
    office.stack.trunks.stop(office.clock.now)
    office.drain()
    (last,) = provider.asked("SUBSCRIBE")
    assert last.expires == 0 and last.to.tag == "n"
    accept(provider, last)
    notify(provider, subscribe, 2, "terminated;reason=timeout", "0/0")
    assert office.stack.trunks.leaving == 0
    office.quiet()


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"event": "dialog"}, 481), ({"state": ""}, 400), ({"state": "???;"}, 400)],
)
def test_a_notify_that_is_not_for_it_changes_nothing(changes: dict[str, str], status: int) -> None:
    office, provider, subscribe = watched()
    answer = notify(provider, subscribe, 1, **changes)  # type: ignore[arg-type]  # as notify has them
    assert answer.status == status
    assert counts(office) == []


def test_section_4_1_4_of_a_subscribe_that_was_forked_one_notifier_is_heard() -> None:
    office, provider, subscribe = watched()
    assert notify(provider, subscribe, 1, tag="one").status == 200
    assert notify(provider, subscribe, 1, tag="two", counts="9/9").status == 481
    assert len(counts(office)) == 1
    assert notify(provider, subscribe, 2, tag="one").status == 200


def test_what_a_provider_tells_unasked_is_taken_and_of_nobody_else() -> None:
    office = opened(trunk(register=False, mailbox="201"))
    for host, status, told in ((FIRST, 200, 1), ("192.0.2.99", 481, 0)):
        provider = Provider(office, host)
        subscribe = provider.request("SUBSCRIBE", "sip:4711@pstn.example")
        answer = notify(provider, subscribe, 1, within=False)
        assert answer.status == status
        assert len(counts(office)) == told


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n", MailboxStatus(2, 8, 0, 2)),
        (b"messages-waiting:yes\nvoice-message : 1/0\n", MailboxStatus(1, 0)),
        (b"Messages-Waiting: no\r\n", MailboxStatus()),
        (b"Messages-Waiting: yes\r\nFax-Message: 4/0\r\n", MailboxStatus(1)),
        (b"Voice-Message: 2/8\r\n", None),
        (b"Messages-Waiting: yes\r\nVoice-Message: 99999999/1\r\n", MailboxStatus(1)),
        (b"\xff\xfe", None),
    ],
)
def test_rfc_3842_section_5_2_what_a_summary_says(body: bytes, status: MailboxStatus | None) -> None:
    assert read_summary(body) == status


@pytest.mark.parametrize(("least", "again"), [("7200", 7200), ("60", None), ("x", None), ("99999999", None)])
def test_section_4_1_2_1_too_brief_a_subscription_is_asked_for_again_for_longer(
    least: str, again: int | None
) -> None:
    """RFC 3261 section 21.4.17: with at least the Min-Expires of a 423."""
    _, provider, subscribe = watched()
    provider.refuse(subscribe, 423, Min_Expires=least)
    assert asked(provider, 3) == ([] if again is None else [again])


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 200), ("INFO", 405), ("BYE", 481)])
def test_rfc_3261_sections_11_2_and_21_4_6_what_else_its_notifier_asks_is_told_what_may(
    method: str, status: int
) -> None:
    _, provider, subscribe = watched()
    accept(provider, subscribe)
    notify(provider, subscribe, 1)
    provider.send(provider.from_below(subscribe, "n", method, 2))
    answer = next(message for message in provider.messages() if isinstance(message, Response))
    assert answer.status == status and (answer.headers.get("Allow") is not None) is (status != 481)
