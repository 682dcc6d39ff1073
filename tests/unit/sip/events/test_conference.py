"""The conference package (RFC 4575), as conversations: who is in a room, what has changed there, and its end."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest

from gateway.core.number import Party, Presentation
from gateway.core.watch import ConferenceShown, ParticipantShown
from gateway.sip.message import Request
from tests.support.watch import at
from tests.unit.sip.events.watcher import Watcher, document, office_to_watch, state

ROOM = "{urn:ietf:params:xml:ns:conference-info}"
ADA = ParticipantShown("SIP/6001-1", Party("6001", "Ada"))
BERT = ParticipantShown("SIP/6002-2", Party("6002", "Bert"))
HIDDEN = ParticipantShown("FXO/1-3", Party("555", "", Presentation.RESTRICTED))


class Board:
    """A room that somebody watches, and has been told of."""

    def __init__(self, *participants: ParticipantShown) -> None:
        self.office, self.watchable = office_to_watch()
        self.shown = ConferenceShown("board", most=10, participants=participants)
        self.watchable.rooms[at("8500")] = self.shown
        self.watcher = Watcher(self.office)
        assert self.watcher.subscribe("8500", "conference").status == 200
        self.first = document(self.watcher.notified())

    def becomes(self, *participants: ParticipantShown, locked: bool = False) -> None:
        """The room is another, and five seconds have passed."""
        self.office.wait(5.5)
        self.shown = replace(self.shown, participants=participants, locked=locked)
        self.watchable.rooms[at("8500")] = self.shown
        self.tell()

    def tell(self) -> None:
        self.office.stack.watching.conference_changed(at("8500"), self.office.clock.now)
        self.office.drain()

    def told(self) -> Element:
        return document(self.watcher.notified())


def users(root: Element) -> dict[str, str | None]:
    """The users of a document, with their states."""
    return {user.get("entity") or "": user.get("state") for user in root.iter(f"{ROOM}user")}


def statuses(root: Element) -> list[tuple[str | None, str | None]]:
    """The status of each endpoint, and of its audio."""
    return [
        (endpoint.findtext(f"{ROOM}status"), endpoint.findtext(f"{ROOM}media/{ROOM}status"))
        for endpoint in root.iter(f"{ROOM}endpoint")
    ]


def said(root: Element, what: str) -> str | None:
    return root.findtext(f"{ROOM}conference-state/{ROOM}{what}")


def test_section_3_5_what_is_no_room_of_the_watchers_context_is_not_found() -> None:
    office, watchable = office_to_watch()
    assert Watcher(office).subscribe("8500", "conference").status == 404
    watchable.rooms[at("8500")] = ConferenceShown("board")
    assert Watcher(office).subscribe("8500", "conference").status == 200
    assert watchable.watched == {at("8500"): 1}


def test_section_5_a_first_document_tells_all() -> None:
    board = Board(ADA, HIDDEN)
    root = board.first
    assert (root.get("version"), root.get("entity"), root.get("state")) == ("1", "sip:8500@192.0.2.1", "full")
    description = root.find(f"{ROOM}conference-description")
    assert description is not None
    assert description.findtext(f"{ROOM}subject") == "board"
    assert description.findtext(f"{ROOM}maximum-user-count") == "10"
    assert description.findtext(f"{ROOM}conf-uris/{ROOM}entry/{ROOM}uri") == "sip:8500@192.0.2.1"
    assert (said(root, "user-count"), said(root, "active"), said(root, "locked")) == ("2", "true", "false")
    assert users(root) == {"sip:6001@192.0.2.1": "full", "sip:FXO/1-3@anonymous.invalid": "full"}
    assert root.findtext(f"{ROOM}users/{ROOM}user/{ROOM}display-text") == "Ada"
    assert statuses(root) == [("connected", "sendrecv")] * 2


def test_section_4_1_later_ones_tell_what_is_different_with_the_next_version() -> None:
    board = Board(ADA)
    board.becomes(ADA, BERT)
    root = board.told()
    assert (root.get("version"), root.get("state")) == ("2", "partial")
    assert users(root) == {"sip:6002@192.0.2.1": "full"} and said(root, "user-count") == "2"
    board.becomes(BERT)
    root = board.told()
    assert (root.get("version"), users(root)) == ("3", {"sip:6001@192.0.2.1": "deleted"})
    board.becomes(BERT, locked=True)
    root = board.told()
    assert users(root) == {} and root.find(f"{ROOM}users") is None and said(root, "locked") == "true"
    board.becomes()
    root = board.told()
    assert users(root) == {"sip:6002@192.0.2.1": "deleted"} and said(root, "active") == "false"


@pytest.mark.parametrize(
    ("now", "status"),
    [
        (replace(ADA, muted=True), ("muted-via-focus", "recvonly")),
        (replace(ADA, held=True), ("on-hold", "inactive")),
        (replace(ADA, held=True, muted=True), ("on-hold", "inactive")),
    ],
)
def test_section_5_7_3_who_is_muted_or_on_hold_is_shown_so(now: ParticipantShown, status: tuple[str, str]) -> None:
    board = Board(ADA, BERT)
    board.becomes(now, BERT)
    root = board.told()
    assert users(root) == {"sip:6001@192.0.2.1": "full"} and statuses(root) == [status]
    assert root.find(f"{ROOM}conference-state") is None, "nothing of it has changed"


def test_section_5_6_who_is_in_it_twice_is_one_user_with_two_endpoints() -> None:
    board = Board(ADA, replace(ADA, id="SIP/6001-9"))
    assert users(board.first) == {"sip:6001@192.0.2.1": "full"} and len(statuses(board.first)) == 2
    assert said(board.first, "user-count") == "1"
    board.becomes(ADA)
    root = board.told()
    assert users(root) == {"sip:6001@192.0.2.1": "full"} and len(statuses(root)) == 1


def test_rfc_6665_section_4_2_1_2_a_refresh_is_told_all_again() -> None:
    board = Board(ADA)
    board.becomes(ADA, BERT)
    board.told()
    assert board.watcher.again(event="conference").status == 200
    root = board.told()
    assert (root.get("version"), root.get("state"), len(users(root))) == ("3", "full", 2)


def test_what_was_refused_for_a_while_is_told_whole_afterwards() -> None:
    board = Board(ADA)
    board.becomes(ADA, BERT)
    notify = board.watcher.notified(None)
    assert isinstance(notify, Request)
    refusal = notify.reply(503)
    refusal.headers.set("Retry-After", "7")
    board.watcher.phone.send(refusal)
    board.office.wait(8)
    root = board.told()
    assert (root.get("version"), root.get("state"), len(users(root))) == ("3", "full", 2)


def test_section_3_10_changes_within_five_seconds_are_one_document() -> None:
    board = Board(ADA)
    board.becomes(ADA, BERT)
    board.told()
    for participants in ((BERT,), (BERT, HIDDEN)):
        board.watchable.rooms[at("8500")] = replace(board.shown, participants=participants)
        board.tell()
    assert board.watcher.hears_nothing()
    board.office.wait(5.2)
    assert users(board.told()) == {
        "sip:6001@192.0.2.1": "deleted",
        "sip:FXO/1-3@anonymous.invalid": "full",
    }


def test_section_5_1_a_room_that_is_no_more_is_deleted_and_the_subscription_over() -> None:
    board = Board(ADA)
    board.office.wait(5.5)
    del board.watchable.rooms[at("8500")]
    board.tell()
    notify = board.watcher.notified()
    assert (document(notify).get("state"), document(notify).get("version")) == ("deleted", "2")
    assert (state(notify).state, state(notify).reason) == ("terminated", "noresource")
    assert board.watchable.watched == {}
