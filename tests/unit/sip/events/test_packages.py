"""What each event package tells, as conversations: dialog, presence, message-summary, reg, conference; PUBLISH."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest

from gateway.core.errors import MalformedError
from gateway.core.number import Party, Presentation
from gateway.core.switch import DeviceState
from gateway.core.watch import (
    CallShown,
    ExtensionStatus,
    MailboxStatus,
    Stage,
)
from gateway.sip.events import markup
from gateway.sip.events.dialog_info import Seal
from gateway.sip.message import Request, Response
from gateway.sip.transport import Flow
from tests.support.sip import SERVER, Office, Phone
from tests.support.watch import ScriptedWatchable, at
from tests.unit.sip.events.watcher import Watcher, dialogs, document, office_to_watch, state

DIALOG = "{urn:ietf:params:xml:ns:dialog-info}"
PIDF = "{urn:ietf:params:xml:ns:pidf}"
RPID = "{urn:ietf:params:xml:ns:pidf:rpid}"
REG = "{urn:ietf:params:xml:ns:reginfo}"
ROOM = "{urn:ietf:params:xml:ns:conference-info}"


def tell(office: Office, watchable: ScriptedWatchable, status: ExtensionStatus, number: str = "101") -> None:
    """The extension is in another state."""
    watchable.extensions[at(number)] = status
    office.stack.watching.extension_changed(at(number), office.clock.now)
    office.drain()


def watched(event: str, to: str = "101", user: str = "6001") -> tuple[Office, ScriptedWatchable, Watcher]:
    """A subscription that has been told the state, two seconds ago."""
    office, watchable = office_to_watch()
    watcher = Watcher(office, user)
    assert watcher.subscribe(to, event).status == 200
    watcher.notified()
    office.wait(5.5)
    return office, watchable, watcher


# The dialog package.


def test_rfc_4235_section_4_1_a_call_is_shown_with_its_direction_state_and_parties() -> None:
    office, watchable, watcher = watched("dialog")
    call = CallShown("FXS/101-00000007", Stage.EARLY, True, remote=Party("5550100", "Ada & Bob"))
    tell(office, watchable, ExtensionStatus(DeviceState.RINGING, (call,)))
    root = document(watcher.notified())
    assert (root.get("entity"), root.get("state")) == ("sip:101@192.0.2.1", "full")
    dialog = root.find(f"{DIALOG}dialog")
    assert dialog is not None and dialog.get("direction") == "recipient" and dialog.get("id") == call.id
    assert dialog.findtext(f"{DIALOG}state") == "early"
    identity = dialog.find(f"{DIALOG}remote/{DIALOG}identity")
    assert identity is not None and (identity.text, identity.get("display")) == (
        "sip:5550100@192.0.2.1",
        "Ada & Bob",
    )
    local, remote = dialog.get("local-tag"), dialog.get("remote-tag")
    seal = Seal(b"k" * 32)
    assert dialog.get("call-id") == call.id
    assert seal.vouches(call.id, local or "", remote or "") and not seal.vouches(call.id, remote or "", local or "")


def test_rfc_4235_section_4_1_6_a_party_without_a_name_is_shown_by_its_number_alone() -> None:
    office, watchable, watcher = watched("dialog")
    call = CallShown("x-1", Stage.CONFIRMED, False, remote=Party("5550100"))
    tell(office, watchable, ExtensionStatus(DeviceState.INUSE, (call,)))
    identity = document(watcher.notified()).find(f".//{DIALOG}remote/{DIALOG}identity")
    assert identity is not None and (identity.text, identity.attrib) == ("sip:5550100@192.0.2.1", {})


def test_a_caller_who_hides_is_not_shown() -> None:
    office, watchable, watcher = watched("dialog")
    hidden = Party("5550100", "Ada", Presentation.RESTRICTED)
    tell(
        office,
        watchable,
        ExtensionStatus(DeviceState.INUSE, (CallShown("x-1", Stage.CONFIRMED, False, remote=hidden),)),
    )
    assert b"5550100" not in (body := watcher.notified().body) and b"Ada" not in body


@pytest.mark.parametrize(
    ("device", "shown"),
    [
        (DeviceState.NOT_INUSE, []),
        (DeviceState.UNAVAILABLE, []),
        (DeviceState.RINGING, ["early"]),
        (DeviceState.RINGINUSE, ["early"]),
        (DeviceState.INUSE, ["confirmed"]),
        (DeviceState.BUSY, ["confirmed"]),
        (DeviceState.ONHOLD, ["confirmed"]),
    ],
)
def test_a_lamp_whose_device_tells_no_calls_still_shows_its_state(device: DeviceState, shown: list[str]) -> None:
    office, watchable, watcher = watched("dialog")
    tell(office, watchable, ExtensionStatus(device))
    notify = watcher.notified()
    assert dialogs(notify) == shown
    assert (b"+sip.rendering" in notify.body) is (device is DeviceState.ONHOLD)


TWO = (CallShown("FXS/101-1", Stage.CONFIRMED, True), CallShown("FXS/101-2", Stage.EARLY, False))


@pytest.mark.parametrize(
    "named", ['call-id="FXS/101-1"', 'call-id="FXS/101-1";to-tag={0}', "From-Tag={1};to-tag={0}"]
)
def test_rfc_4235_section_3_2_a_subscription_that_names_a_dialog_is_told_of_it_alone(named: str) -> None:
    office, watchable = office_to_watch()
    watchable.extensions[at("101")] = ExtensionStatus(DeviceState.INUSE, TWO)
    watcher = Watcher(office)
    assert watcher.subscribe(event="dialog;" + named.format(*Seal(b"k" * 32).tags("FXS/101-1"))).status == 200
    notify = watcher.notified()
    assert notify.headers.get("Event") == "dialog"
    assert [shown.get("id") for shown in document(notify).iter(f"{DIALOG}dialog")] == ["FXS/101-1"]
    office.wait(2)
    tell(office, watchable, ExtensionStatus(DeviceState.INUSE, TWO[1:]))
    last = watcher.notified()
    assert str(state(last)) == "terminated;reason=noresource" and not last.body


def test_rfc_4235_section_3_2_a_dialog_that_there_is_not_ends_its_subscription_at_once() -> None:
    office, watchable = office_to_watch()
    watchable.extensions[at("101")] = ExtensionStatus(DeviceState.INUSE, TWO)
    local, remote = Seal(b"k" * 32).tags("FXS/101-1")
    for named in ("call-id=x", f'call-id="FXS/101-2";to-tag={local}', f"to-tag={remote};from-tag={local}"):
        watcher = Watcher(office)
        assert watcher.subscribe(event=f"dialog;{named}").status == 200
        assert str(state(watcher.notified())) == "terminated;reason=noresource"
    assert not len(office.stack.watching.notifier)


# Presence.


def basic(notify: Request) -> str | None:
    return document(notify).findtext(f"{PIDF}tuple/{PIDF}status/{PIDF}basic")


def activities(notify: Request) -> list[str]:
    found: list[Element] = list(document(notify).iter(f"{RPID}activities"))
    return [child.tag.removeprefix(RPID) for parent in found for child in parent]


def test_rfc_3856_an_extension_in_a_call_is_on_the_phone() -> None:
    office, watchable, watcher = watched("presence")
    tell(office, watchable, ExtensionStatus(DeviceState.INUSE))
    notify = watcher.notified()
    assert notify.headers.get("Content-Type") == "application/pidf+xml"
    assert (basic(notify), activities(notify)) == ("open", ["on-the-phone"])
    assert document(notify).get("entity") == "sip:101@192.0.2.1"
    office.wait(2)
    tell(office, watchable, ExtensionStatus(DeviceState.UNAVAILABLE))
    notify = watcher.notified()
    assert (basic(notify), activities(notify)) == ("closed", [])


def test_an_account_of_ones_own_context_can_be_watched_without_a_hint() -> None:
    office, _, watcher = watched("presence", "6002")
    Phone(office, "6002", host="192.0.2.61").register()
    assert basic(watcher.notified()) == "open"


@pytest.mark.parametrize(
    ("most", "more"),
    [("<a>" * 15 + "</a>" * 15, "<a>" * 16 + "</a>" * 16), ("<a/>" * 511, "<a/>" * 512)],
    ids=["deep", "many"],
)
def test_documents_of_too_many_elements_are_not_read(most: str, more: str) -> None:
    markup.read(f"<presence>{most}</presence>".encode())
    with pytest.raises(MalformedError, match="too many elements"):
        markup.read(f"<presence>{more}</presence>".encode())


def test_an_account_of_another_context_cannot_be_watched() -> None:
    office, _ = office_to_watch()
    assert Watcher(office, "6001").subscribe("trunk", "presence").status == 404


def pidf(basic: str = "open", note: str = "", activity: str = "") -> bytes:
    """What a telephone publishes."""
    person = f"<dm:person id='p'><r:activities><r:{activity}/></r:activities></dm:person>" if activity else ""
    return (
        f"<?xml version='1.0'?><presence xmlns='{PIDF[1:-1]}' xmlns:r='{RPID[1:-1]}' "
        "xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model' entity='sip:6002@192.0.2.1'>"
        f"<tuple id='t'><status><basic>{basic}</basic></status><note>{note}</note></tuple>{person}</presence>"
    ).encode()


class Publisher:
    """A telephone that publishes."""

    def __init__(self, office: Office) -> None:
        self.phone = Phone(office, "6002", host="192.0.2.61")
        self.tag: str | None = None
        self.count = 0

    def publish(
        self,
        body: bytes = b"",
        *,
        expires: int = 600,
        tag: str | None = None,
        to: str = "6002",
        event: str = "presence",
        kind: str = "application/pidf+xml",
    ) -> Response:
        """PUBLISH; with the tag of the last one, unless another is given."""
        self.count += 1
        headers = [("Event", event), ("Expires", str(expires))]
        if body:
            headers.append(("Content-Type", kind))
        if tag or self.tag:
            headers.append(("SIP-If-Match", tag or self.tag or ""))
        request = self.phone.request(
            "PUBLISH", f"sip:{to}@{SERVER[0]}", call_id=f"p{self.count}", headers=tuple(headers), body=body
        )
        self.phone.proved(request)
        response = self.phone.response()
        self.tag = response.headers.get("SIP-ETag") or self.tag
        return response


def test_rfc_3903_section_4_what_is_published_is_told_to_watchers() -> None:
    office, _, watcher = watched("presence", "6002")
    publisher = Publisher(office)
    Phone(office, "6002", host="192.0.2.62").register()
    watcher.notified()
    office.wait(2)
    response = publisher.publish(pidf("open", "In the garden", "vacation"))
    assert response.status == 200 and response.headers.get("Expires") == "600" and publisher.tag
    notify = watcher.notified()
    assert (basic(notify), activities(notify)) == ("open", ["vacation"])
    assert document(notify).findtext(f"{PIDF}tuple/{PIDF}note") == "In the garden"


def test_who_is_off_is_not_there_whatever_was_published() -> None:
    office, _, watcher = watched("presence", "6002")
    phone = Phone(office, "6002", host="192.0.2.62")
    phone.register()
    watcher.notified()
    office.wait(2)
    Publisher(office).publish(pidf("open", "In the garden"))
    assert basic(watcher.notified()) == "open"
    office.wait(2)
    phone.register(expires=0, number=9)
    assert basic(watcher.notified()) == "closed"


def test_rfc_3903_section_4_1_refresh_modify_and_remove_each_give_a_new_tag() -> None:
    office = Office(watchable=ScriptedWatchable())
    publisher = Publisher(office)
    tags = {publisher.publish(pidf("closed")).headers.get("SIP-ETag")}
    tags.add(publisher.publish().headers.get("SIP-ETag"))
    assert office.stack.watching.publications.presence("6002").open is False  # type: ignore[union-attr]
    tags.add(publisher.publish(pidf("open")).headers.get("SIP-ETag"))
    assert office.stack.watching.publications.presence("6002").open is True  # type: ignore[union-attr]
    tags.add(publisher.publish(expires=0).headers.get("SIP-ETag"))
    assert len(tags) == 4 and None not in tags
    assert office.stack.watching.publications.presence("6002") is None
    office.quiet()


def test_rfc_3903_section_6_a_tag_that_is_not_known_is_412() -> None:
    publisher = Publisher(Office())
    publisher.publish(pidf())
    first = publisher.tag
    publisher.publish()
    assert publisher.publish(tag=first).status == 412


def test_a_publication_ends_with_its_time_and_watchers_are_told() -> None:
    office, _, watcher = watched("presence", "6002")
    Phone(office, "6002", host="192.0.2.62").register()
    watcher.notified()
    office.wait(2)
    Publisher(office).publish(pidf("closed"), expires=60)
    assert basic(watcher.notified()) == "closed"
    office.wait(60)
    assert basic(watcher.notified()) == "open"


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"body": pidf(), "to": "6001"}, 403),
        ({"body": pidf(), "event": "dialog"}, 489),
        ({"body": pidf(), "expires": 5}, 423),
        ({"body": b""}, 400),
        ({"body": b"open", "kind": "text/plain"}, 415),
        ({"body": b"<presence/>"}, 400),
        ({"body": b"<presence"}, 400),
        ({"body": b"<!DOCTYPE p [<!ENTITY a 'b'>]>" + pidf()[21:]}, 400),
        ({"body": b"<a>" * 20 + b"</a>" * 20}, 400),
        ({"body": b"<a>" + b"<b/>" * 600 + b"</a>"}, 400),
    ],
)
def test_publications_that_cannot_be_taken(given: dict[str, object], status: int) -> None:
    office = Office()
    assert Publisher(office).publish(**given).status == status  # type: ignore[arg-type]
    assert len(office.stack.watching.publications) == 0


def test_publications_of_one_account_are_bounded() -> None:
    office = Office()
    publisher = Publisher(office)
    statuses = []
    for _ in range(11):
        publisher.tag = None
        statuses.append(publisher.publish(pidf()).status)
    assert statuses == [200] * 10 + [403]


# Message lamps.


def test_rfc_3842_section_5_the_messages_of_ones_own_mailbox() -> None:
    office, watchable, watcher = watched("message-summary", "6001")
    watchable.mailboxes["6001"] = MailboxStatus(2, 8, 1, 0)
    office.stack.watching.mailbox_changed("6001", office.clock.now)
    office.drain()
    notify = watcher.notified()
    assert notify.headers.get("Content-Type") == "application/simple-message-summary"
    assert notify.body.decode() == (
        "Messages-Waiting: yes\r\nMessage-Account: sip:6001@192.0.2.1\r\nVoice-Message: 2/8 (1/0)\r\n"
    )


@pytest.mark.parametrize(
    ("waiting", "lit"),
    [(MailboxStatus(1), "yes"), (MailboxStatus(0, 3), "no"), (MailboxStatus(urgent_new=1), "yes")],
)
def test_rfc_3842_section_5_2_the_lamp_is_lit_for_what_is_new_or_urgent(waiting: MailboxStatus, lit: str) -> None:
    office, watchable, watcher = watched("message-summary", "6001")
    watchable.mailboxes["6001"] = waiting
    office.stack.watching.mailbox_changed("6001", office.clock.now)
    office.drain()
    assert watcher.notified().body.startswith(f"Messages-Waiting: {lit}".encode())


@pytest.mark.parametrize(("user", "to", "status"), [("6001", "6002", 403), ("6002", "6002", 404)])
def test_mailboxes_of_others_and_those_that_there_are_not(user: str, to: str, status: int) -> None:
    office, _ = office_to_watch()
    assert Watcher(office, user).subscribe(to, "message-summary").status == status


def test_an_account_with_a_mailbox_is_told_when_it_registers_and_at_each_change() -> None:
    office, watchable = office_to_watch()
    phone = Phone(office, "6004")
    watchable.mailboxes["8004"] = MailboxStatus(1)
    phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}", headers=(("Expires", "600"),)))
    messages = phone.messages()
    assert [message.summary.split()[0] for message in messages] == ["200", "NOTIFY"]
    notify = messages[1]
    assert isinstance(notify, Request)
    assert notify.headers.get("Event") == "message-summary" and b"Messages-Waiting: yes" in notify.body
    assert state(notify).state == "active" and notify.to.tag is None
    phone.reply(notify, 200, contact=False)
    watchable.mailboxes["8004"] = MailboxStatus()
    office.stack.watching.mailbox_changed("8004", office.clock.now)
    office.drain()
    assert b"Messages-Waiting: no" in phone.arrived().body


def test_a_telephone_that_subscribed_is_not_told_twice() -> None:
    office, watchable = office_to_watch()
    watcher = Watcher(office, "6004")
    phone = watcher.phone
    phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}", headers=(("Expires", "600"),)))
    office.wait(33)  # the lamp's NOTIFY is given up
    phone.messages()
    assert watcher.subscribe("6004", "message-summary").status == 200
    watcher.notified()
    office.wait(2)
    watchable.mailboxes["8004"] = MailboxStatus(3)
    office.stack.watching.mailbox_changed("8004", office.clock.now)
    office.drain()
    assert b"Voice-Message: 3/0" in watcher.notified().body


# Registrations.


def contacts(notify: Request) -> list[tuple[str | None, str | None]]:
    return [(found.get("state"), found.get("event")) for found in document(notify).iter(f"{REG}contact")]


def test_rfc_3680_section_5_an_account_watches_its_own_registrations() -> None:
    office, _, watcher = watched("reg", "6001")
    other = Phone(office, "6001", host="192.0.2.62")
    other.register(expires=60)
    notify = watcher.notified()
    assert contacts(notify) == [("active", "registered")]
    registration = document(notify).find(f"{REG}registration")
    assert registration is not None and registration.get("state") == "active"
    assert registration.findtext(f"{REG}contact/{REG}uri") == "sip:6001@192.0.2.62:5070"
    contact = registration.find(f"{REG}contact")
    assert contact is not None and (contact.get("q"), contact.get("expires")) == ("1", "60")
    office.wait(60.2)
    notify = watcher.notified()
    assert contacts(notify) == [("terminated", "expired")]
    registration = document(notify).find(f"{REG}registration")
    assert registration is not None and registration.get("state") == "terminated"


def test_rfc_3680_section_5_3_a_contact_keeps_its_id_and_two_flows_have_two() -> None:
    office, _, watcher = watched("reg", "6001")
    phone = Phone(office, "6001", host="192.0.2.62")

    def ids(reg_id: int, number: int, port: int) -> list[str | None]:
        phone.flow = Flow("udp", SERVER, ("192.0.2.62", port))
        contact = f'<sip:6001@192.0.2.62:5070>;+sip.instance="<urn:uuid:1>";reg-id={reg_id}'
        headers = (("Contact", contact), ("Supported", "outbound"), ("Expires", "60"))
        phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}", number=number, headers=headers))
        assert phone.response().status == 200
        registration = document(watcher.notified()).find(f"{REG}registration")
        office.wait(5.5)
        assert registration is not None
        return [found.get("id") for found in registration.findall(f"{REG}contact")]

    (first,) = ids(1, 1, 5070)
    assert ids(1, 3, 5070) == [first]
    (second,) = ids(2, 5, 5071)  # the later one is called (RFC 5626 5.1)
    assert second != first


def test_the_registrations_of_others_are_not_shown() -> None:
    office, _ = office_to_watch()
    assert Watcher(office).subscribe("6002", "reg").status == 403
