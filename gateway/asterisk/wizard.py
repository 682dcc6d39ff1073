"""pjsip_wizard.conf: one section for a telephone or trunk, spread into the sections that pjsip.conf would have.

Asterisk docs: pjsip_wizard.conf.sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from dialplan.reader import Entry, Section
from gateway.asterisk.draft import Draft, is_yes, last

__all__ = ["read_wizard"]

_KINDS: Final = ("endpoint", "aor", "inbound_auth", "outbound_auth", "registration", "identify")
"""Objects whose settings are written `object/setting`."""
_READ: Final = frozenset(
    "type sends_auth accepts_auth sends_registrations accepts_registrations remote_hosts outbound_proxy "
    "transport server_uri_pattern client_uri_pattern contact_pattern has_hint hint_context hint_exten "
    "hint_application".split()
)
_PATTERNS: Final[Mapping[str, str]] = {
    "contact_pattern": "sip:${REMOTE_HOST}",
    "server_uri_pattern": "sip:${REMOTE_HOST}",
    "client_uri_pattern": "sip:${USERNAME}@${REMOTE_HOST}",
}


def read_wizard(sections: Iterable[Section], draft: Draft) -> list[Section]:
    """The sections of pjsip.conf that those of pjsip_wizard.conf stand for."""
    found: list[Section] = []
    for section in sections:
        said = last(section)
        if said.get("type") != "wizard":
            what = f"section [{section.name}] of pjsip_wizard.conf is no wizard"
            draft.leave(section.place, what, "see whether it is missed")
            continue
        found += _spread(section, said, draft)
    return found


def _spread(section: Section, said: Mapping[str, str], draft: Draft) -> Iterable[Section]:
    name = section.name
    hosts = [host.strip() for host in said.get("remote_hosts", "").split(",") if host.strip()]
    parts = {kind: Section(name, section.place) for kind in _KINDS}
    for kind, key, value in _joined(name, said, hosts):
        parts[kind].entries.append(Entry(section.place, key, value))
    for entry in section.entries:
        kind, slash, key = entry.key.partition("/")
        if slash and kind in parts:
            parts[kind].entries.append(Entry(entry.place, key, entry.value))
        elif entry.key.lower() not in _READ:
            draft.leave_entry(entry, f"wizard {name}")
    used = ["endpoint", "aor"]
    used += ["inbound_auth"] if is_yes(said.get("accepts_auth", "")) else ["identify"] if hosts else []
    used += ["outbound_auth"] if is_yes(said.get("sends_auth", "")) else []
    used += ["registration"] if is_yes(said.get("sends_registrations", "")) and hosts else []
    _hint(section, said, draft)
    return [_typed(parts[kind], kind) for kind in used]


def _joined(name: str, said: Mapping[str, str], hosts: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """The settings that make one of the sections: kind, key, value."""
    user = said.get("outbound_auth/username", "")

    def filled(key: str, host: str) -> str:
        return said.get(key, _PATTERNS[key]).replace("${REMOTE_HOST}", host).replace("${USERNAME}", user)

    yield "endpoint", "aors", name
    if is_yes(said.get("accepts_auth", "")):
        yield "endpoint", "auth", f"{name}-iauth"
    if is_yes(said.get("sends_auth", "")):
        yield "endpoint", "outbound_auth", f"{name}-oauth"
        yield "registration", "outbound_auth", f"{name}-oauth"
    if said.get("outbound_proxy"):
        yield "endpoint", "outbound_proxy", said["outbound_proxy"]
    yield "registration", "endpoint", name
    yield "identify", "endpoint", name
    for host in hosts:
        yield "aor", "contact", filled("contact_pattern", host)
        yield "identify", "match", host.partition(":")[0]
    for host in hosts[:1]:
        yield "registration", "server_uri", filled("server_uri_pattern", host)
        yield "registration", "client_uri", filled("client_uri_pattern", host)


def _typed(part: Section, kind: str) -> Section:
    """A part under the name and type that it has in pjsip.conf."""
    suffix = {"inbound_auth": "-iauth", "outbound_auth": "-oauth"}.get(kind, "")
    kind = "auth" if suffix else kind
    entries = [Entry(part.place, "type", kind), *part.entries]
    return Section(f"{part.name}{suffix}", part.place, entries=entries)


def _hint(section: Section, said: Mapping[str, str], draft: Draft) -> None:
    """A hint that the wizard makes in the dialplan."""
    if not is_yes(said.get("has_hint", "")):
        return
    extension, context = said.get("hint_exten", ""), said.get("hint_context") or said.get("endpoint/context")
    draft.hints.append((context or "default", extension, f"PJSIP/{section.name}"))
    if said.get("hint_application"):
        what = f"hint_application of wizard {section.name} is dialled by no extension of the dialplan"
        draft.leave(section.place, what, f"write exten => {extension},1,{said['hint_application']}")
