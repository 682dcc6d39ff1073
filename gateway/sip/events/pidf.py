"""Presence documents (RFC 3863 PIDF, with the activities of RFC 4480): read from telephones, written for watchers.

What is read is what our watchers can be told: whether somebody can be reached, what he does, and his note.
"""

from __future__ import annotations

from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.sip.events.markup import add, element, local_name, read, write

__all__ = ["PIDF_TYPE", "Presence", "parse_presence", "write_presence"]

PIDF_TYPE: Final = "application/pidf+xml"

PIDF: Final = "urn:ietf:params:xml:ns:pidf"
DATA_MODEL: Final = "urn:ietf:params:xml:ns:pidf:data-model"
RPID: Final = "urn:ietf:params:xml:ns:pidf:rpid"
MAX_NOTE: Final = 256
"""Characters of a note that are kept."""
ACTIVITIES: Final = frozenset(
    (
        "appointment away breakfast busy dinner holiday in-transit looking-for-work lunch meal meeting "
        "on-the-phone other performance permanent-absence playing presentation shopping sleeping spectator "
        "steering travel tv unknown vacation working worship"
    ).split()
)
"""RFC 4480 section 3.2. What is not among them is left out."""


@frozen
class Presence:
    """What is known of somebody.

    Attributes:
        open: whether he can be reached; None where that is not told.
        activities: what he does, in RFC 4480's words.
        note: his own words; "" for none.
    """

    open: bool | None = None
    activities: tuple[str, ...] = ()
    note: str = ""


def parse_presence(data: bytes) -> Presence:
    """Read a PIDF document. Open is who can be reached by one of its tuples (RFC 3863 section 4.1.4).

    Raises:
        MalformedError: it is none.
    """
    root = read(data)
    if root.tag != f"{PIDF}}}presence":
        raise MalformedError("a document that is no presence")
    basics = [(found.text or "").strip().lower() for found in root.iter(f"{PIDF}}}basic")]
    notes = [(found.text or "").strip() for found in root.iter() if local_name(found) == "note"]
    doings = [local_name(found) for activities in root.iter(f"{RPID}}}activities") for found in activities]
    return Presence(
        open="open" in basics if basics else None,
        activities=tuple(dict.fromkeys(doing for doing in doings if doing in ACTIVITIES)),
        note=next((note[:MAX_NOTE] for note in notes if note), ""),
    )


def write_presence(presence: Presence, entity: str) -> bytes:
    """The document that tells `presence` of `entity`, a SIP URI."""
    root = element("presence", xmlns=PIDF, entity=entity)
    root.set("xmlns:dm", DATA_MODEL)
    root.set("xmlns:rpid", RPID)
    reach = add(root, "tuple", id="office")
    add(add(reach, "status"), "basic", "open" if presence.open else "closed")
    add(reach, "contact", entity)
    if presence.note:
        add(reach, "note", presence.note)
    if presence.activities:
        person = add(root, "dm:person", id="person")
        doings = add(person, "rpid:activities")
        for activity in presence.activities:
            add(doings, f"rpid:{activity}")
        if presence.note:
            add(person, "dm:note", presence.note)
    return write(root)
