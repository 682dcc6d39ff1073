"""PUBLISH (RFC 3903): what telephones tell of their own presence, kept for those who watch it.

An authenticated PUBLISH enters and is obeyed or refused; each publication has an entity tag that changes with every
refresh, and ends by itself. What all of an account's telephones tell together is `presence`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.core.errors import MalformedError
from gateway.sip.account import Account
from gateway.sip.body import media_type
from gateway.sip.events.header import EventType
from gateway.sip.events.pidf import PIDF_TYPE, Presence, parse_presence
from gateway.sip.events.subscription import Terms, granted_seconds
from gateway.sip.identity import number_of
from gateway.sip.message import Request, Response
from gateway.sip.session import Setting, Timer

__all__ = ["Publications"]

PACKAGE: Final = "presence"
MAX_PUBLICATIONS: Final = 10
"""Publications of one account at a time: one a telephone."""


@dataclass(slots=True)
class _Publication:
    """What one telephone has told, until its time is over."""

    presence: Presence
    life: Timer | None = None


class Publications:
    """All publications of all accounts.

    Args:
        setting: the stack's services.
        terms: seconds of a publication.
        token: makes entity tags.
        changed: told of the account whose presence has changed.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        terms: Terms,
        token: Callable[[], str],
        changed: Callable[[str, float], None],
    ) -> None:
        self._setting = setting
        self._terms = terms
        self._token = token
        self._changed = changed
        self._held: dict[str, dict[str, _Publication]] = {}

    def __len__(self) -> int:
        """How many publications there are."""
        return sum(len(held) for held in self._held.values())

    def presence(self, user: str) -> Presence | None:
        """What the telephones of `user` tell together, the latest word first; None where none tells anything."""
        told = [publication.presence for publication in reversed(self._held.get(user, {}).values())]
        if not told:
            return None
        basics = [one.open for one in told if one.open is not None]
        return Presence(
            open=any(basics) if basics else None,
            activities=next((one.activities for one in told if one.activities), ()),
            note=next((one.note for one in told if one.note), ""),
        )

    def publish(self, request: Request, account: Account, now: float) -> Response:
        """Obey a PUBLISH that `account` has sent, in the order of section 6; the response is to be sent."""
        if number_of(request.uri) != account.user:
            return request.reply(403, "That Is Not Your Address")
        if not _is_presence(request):
            response = request.reply(489)
            response.headers.set("Allow-Events", PACKAGE)
            return response
        tags = request.headers.values("SIP-If-Match")
        held = self._held.get(account.user, {})
        if len(tags) > 1:
            return request.reply(400, "More Than One SIP-If-Match")
        if tags and tags[0] not in held:
            return request.reply(412)
        expires = granted_seconds(request, self._terms)
        if isinstance(expires, Response):
            return expires
        told = _told(request, tags)
        if isinstance(told, Response):
            return told
        if not tags and len(held) >= MAX_PUBLICATIONS:
            return request.reply(403, f"More Than {MAX_PUBLICATIONS} Publications")
        return self._obey(request, account.user, tags[0] if tags else "", told, expires, now)

    def _obey(
        self, request: Request, user: str, old_tag: str, told: Presence | None, expires: int, now: float
    ) -> Response:
        before = self.presence(user)
        old = self._end(user, old_tag) if old_tag else None
        tag = self._token()
        kept = told or (old.presence if old is not None else None)
        if expires and kept is not None:
            life = self._setting.carrier.at(now + expires, lambda at: self._expired(user, tag, at))
            self._held.setdefault(user, {})[tag] = _Publication(kept, life)
        if self.presence(user) != before:
            self._changed(user, now)
        response = request.reply(200)
        response.headers.set("SIP-ETag", tag)
        response.headers.set("Expires", expires)
        return response

    def _expired(self, user: str, tag: str, now: float) -> None:
        self._end(user, tag)
        self._changed(user, now)

    def _end(self, user: str, tag: str) -> _Publication:
        held = self._held[user]
        publication = held.pop(tag)
        if publication.life is not None:
            publication.life.cancel()
        if not held:
            del self._held[user]
        return publication


def _is_presence(request: Request) -> bool:
    try:
        return EventType.parse(request.headers.get("Event") or "").package == PACKAGE
    except MalformedError:
        return False


def _told(request: Request, tags: list[str]) -> Presence | Response | None:
    """What the body tells; None for a refresh or a removal, which have none (section 4.1)."""
    if not request.body:
        return None if tags else request.reply(400, "A First Publication Without A Body")
    try:
        kind, _ = media_type(request.headers.get("Content-Type") or "")
        if kind != PIDF_TYPE:
            response = request.reply(415)
            response.headers.set("Accept", PIDF_TYPE)
            return response
        return parse_presence(request.body)
    except MalformedError as fault:
        return request.reply(400, str(fault)[:80])
