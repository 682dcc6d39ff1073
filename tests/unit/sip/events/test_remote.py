"""RFC 4235 from the other side: extensions of another office, watched over a trunk for lamps of ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.switch import DeviceState
from gateway.core.watch import ExtensionStatus
from gateway.sip.events.pidf import Presence, write_presence
from gateway.sip.events.remote import MOST, RemoteExtension
from gateway.sip.message import Request
from gateway.sip.trunk_words import ExtensionTold
from tests.support.sip import Office
from tests.support.watch import at
from tests.unit.sip.events.watcher import Watcher, office_to_watch
from tests.unit.sip.test_trunk import FIRST, Provider, opened, trunk


def document(*dialogs: str, version: int = 0, state: str = "full") -> bytes:
    return (
        f'<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{version}" '
        f'state="{state}" entity="sip:201@x">{"".join(dialogs)}</dialog-info>'
    ).encode()


def dialog(stage: str, direction: str = "recipient", key: str = "a", more: str = "") -> str:
    return f'<dialog id="{key}" direction="{direction}"><state>{stage}</state>{more}</dialog>'


HELD = '<local><target uri="sip:201@x"><param pname="+sip.rendering" pvalue="no"/></target></local>'


@pytest.mark.parametrize(
    ("dialogs", "state"),
    [
        ((), DeviceState.NOT_INUSE),
        ((dialog("terminated"),), DeviceState.NOT_INUSE),
        ((dialog("early"),), DeviceState.RINGING),
        ((dialog("early", "initiator"),), DeviceState.INUSE),
        ((dialog("trying", "initiator"),), DeviceState.INUSE),
        ((dialog("confirmed"),), DeviceState.INUSE),
        ((dialog("confirmed", more=HELD),), DeviceState.ONHOLD),
        ((dialog("confirmed", key="a"), dialog("early", key="b")), DeviceState.RINGINUSE),
        ((dialog("???"),), DeviceState.NOT_INUSE),
    ],
)
def test_section_3_7_1_what_its_calls_make_of_an_extension(dialogs: tuple[str, ...], state: DeviceState) -> None:
    extension = RemoteExtension()
    assert extension.state is DeviceState.UNKNOWN
    assert extension.take(document(*dialogs)) and extension.state is state
    assert not extension.take(document(*dialogs, version=1)), "it is told once"


def test_section_4_3_parts_are_put_upon_what_was_known_and_late_ones_are_dropped() -> None:
    extension = RemoteExtension()
    extension.take(document(dialog("confirmed"), version=5))
    assert not extension.take(document(dialog("terminated"), version=5, state="partial"))
    assert extension.take(document(dialog("early", key="b"), version=6, state="partial"))
    assert extension.state is DeviceState.RINGINUSE
    assert extension.take(document(dialog("terminated"), version=7, state="partial"))
    assert extension.state is DeviceState.RINGING
    assert extension.take(document(version=1)), "a full one says all anew"
    assert extension.state is DeviceState.NOT_INUSE


@pytest.mark.parametrize("body", [b"", b"<x/>", b"<dialog-info version='x'/>", b"<!DOCTYPE a><a/>", b"\xff"])
def test_what_is_no_such_document_changes_nothing(body: bytes) -> None:
    extension = RemoteExtension()
    assert not extension.take(body) and extension.state is DeviceState.UNKNOWN


@given(st.binary(max_size=200))
def test_no_document_crashes(body: bytes) -> None:
    RemoteExtension().take(body)
    RemoteExtension().take(document(dialog("confirmed")).replace(b"confirmed", body))


def test_what_is_kept_of_an_extension_is_bounded() -> None:
    extension = RemoteExtension()
    for number in range(3 * MOST):
        extension.take(document(dialog("confirmed", key=str(number)), version=number, state="partial"))
    assert len(extension._dialogs) == MOST


@pytest.mark.parametrize(
    "state",
    [DeviceState.NOT_INUSE, DeviceState.INUSE, DeviceState.RINGING, DeviceState.ONHOLD],
)
def test_what_our_own_notifier_tells_is_understood(state: DeviceState) -> None:
    office, watchable = office_to_watch()
    watcher = Watcher(office)
    watchable.extensions[at("101")] = ExtensionStatus(state)
    watcher.subscribe()
    extension = RemoteExtension()
    extension.take(watcher.notified().body)
    assert extension.state is state


# Over a trunk.


def notify(
    provider: Provider, subscribe: Request, number: int, state: str, body: bytes, package: str = "dialog"
) -> None:
    kind = {"dialog": "application/dialog-info+xml", "presence": "application/pidf+xml"}[package]
    request = provider.request(
        "NOTIFY",
        str(subscribe.contacts[0].uri),
        to=str(subscribe.from_),
        call_id=subscribe.call_id,
        number=number,
        headers=(
            ("Event", package),
            ("Subscription-State", state),
            ("Contact", f"<sip:{FIRST}>"),
            ("Content-Type", kind),
        ),
        body=body,
    )
    request.headers.set("From", "<sip:201@pstn.example>;tag=n")
    provider.send(request)


def told(office: Office) -> list[ExtensionTold]:
    return [change for change in office.changes() if isinstance(change, ExtensionTold)]


def test_an_extension_of_another_office_is_a_device_of_ours() -> None:
    office = opened(trunk(register=False, lamps=("201", "202")))
    provider = Provider(office)
    subscribes = {request.to.uri.username: request for request in provider.asked("SUBSCRIBE")}  # type: ignore[union-attr]  # a SIP URI
    assert subscribes.keys() == {"201", "202"}
    assert subscribes["201"].headers.get("Event") == "dialog"
    stack = office.stack
    assert (stack.device("201@pstn"), stack.device("203@pstn")) == ("SIP/201@pstn", "SIP/pstn")
    assert stack.state("201@pstn") is DeviceState.UNKNOWN
    notify(provider, subscribes["201"], 1, "active;expires=600", document(dialog("early")))
    assert told(office) == [ExtensionTold("pstn", "201")]
    assert stack.state("201@pstn") is DeviceState.RINGING
    assert stack.state("203@pstn") is DeviceState.NOT_INUSE, "any other number is the trunk itself"
    notify(provider, subscribes["201"], 2, "terminated;reason=giveup", b"")
    assert told(office) == [ExtensionTold("pstn", "201")]
    assert stack.state("201@pstn") is DeviceState.UNKNOWN


@pytest.mark.parametrize(
    ("presence", "state"),
    [
        (Presence(open=True), DeviceState.NOT_INUSE),
        (Presence(open=True, activities=("on-the-phone",)), DeviceState.INUSE),
        (Presence(open=False), DeviceState.UNAVAILABLE),
    ],
)
def test_rfc_3856_of_an_office_that_tells_presence_alone_that_is_watched(
    presence: Presence, state: DeviceState
) -> None:
    office = opened(trunk(register=False, lamps=("201",)))
    provider = Provider(office)
    (subscribe,) = provider.asked("SUBSCRIBE")
    provider.refuse(subscribe, 489)
    office.wait(2.1)
    (subscribe,) = provider.asked("SUBSCRIBE")
    assert subscribe.headers.get("Event") == "presence"
    assert subscribe.headers.get("Accept") == "application/pidf+xml"
    document = write_presence(presence, "sip:201@pstn.example")
    notify(provider, subscribe, 1, "active;expires=600", document, "presence")
    assert told(office) == [ExtensionTold("pstn", "201")]
    assert office.stack.state("201@pstn") is state
    notify(provider, subscribe, 2, "active;expires=600", b"<presence/>", "presence")
    assert told(office) == [] and office.stack.state("201@pstn") is state


def test_an_office_that_tells_neither_is_not_asked_again_and_again() -> None:
    office = opened(trunk(register=False, lamps=("201",)))
    provider = Provider(office)
    for _ in range(2):
        (subscribe,) = provider.asked("SUBSCRIBE")
        provider.refuse(subscribe, 489)
        office.wait(2.1)
    office.wait(3500)
    assert provider.asked("SUBSCRIBE") == []
