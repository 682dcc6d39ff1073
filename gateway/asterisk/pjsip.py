"""pjsip.conf: endpoints with the auths, aors, identifies and registrations that belong to them.

An endpoint that telephones register for becomes an account, one that is reached at a fixed address, or where we
register, a trunk. Asterisk docs: res_pjsip.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dialplan.model import Place
from dialplan.reader import Section
from gateway.asterisk.draft import Draft, caller
from gateway.core.codecs import CODECS as OURS

__all__ = ["CODECS", "listen", "read_pjsip", "server"]

CODECS: Final = frozenset(OURS)
"""Codecs, which have the same names here."""

_TRANSPORTS: Final = ("udp", "tcp")
_ANYWHERE: Final = ("0.0.0.0", "[::]", "::")

_TAKEN: Final[Mapping[str, frozenset[str]]] = {
    "endpoint": frozenset(
        "type context auth outbound_auth aors disallow allow callerid from_user from_domain outbound_proxy".split()
    ),
    "aor": frozenset("type contact max_contacts qualify_frequency outbound_proxy default_expiration".split()),
    "auth": frozenset("type auth_type username password realm".split()),
    "identify": frozenset("type endpoint match".split()),
    "registration": frozenset(
        "type server_uri client_uri outbound_auth expiration endpoint outbound_proxy contact_user line".split()
    ),
    "transport": frozenset("type protocol bind".split()),
}
"""Settings that are read, by the type of their section."""

_SAME: Final[Mapping[str, frozenset[str]]] = {
    "transport": frozenset(),  # every transport that listens serves everybody
    "direct_media": frozenset({"no"}),
    "rtp_symmetric": frozenset({"yes"}),
    "force_rport": frozenset({"yes"}),
    "rewrite_contact": frozenset({"yes"}),
    "dtmf_mode": frozenset({"rfc4733", "auto"}),
    "100rel": frozenset({"yes"}),
    "timers": frozenset({"yes"}),
    "t38_udptl": frozenset({"no"}),
    "media_encryption": frozenset({"no"}),
    "remove_existing": frozenset({"yes", "no"}),
    "retry_interval": frozenset(),
    "support_path": frozenset({"no"}),
}
"""Settings that hold here always, by the values that say so; an empty set takes any."""


@dataclass(slots=True)
class _Part:
    """A section by what it sets: the last value of each key, and where it stands."""

    section: Section
    kind: str
    values: dict[str, str]

    def all(self, key: str) -> list[str]:
        """Every value of a key that may be there more than once, or hold several."""
        return [
            word.strip()
            for entry in self.section.entries
            if entry.key.lower() == key
            for word in entry.value.split(",")
        ]


def read_pjsip(sections: Iterable[Section], draft: Draft) -> None:
    """Add what the sections of pjsip.conf say to `draft`."""
    parts = [_part(section) for section in sections]
    by_kind: dict[str, dict[str, _Part]] = {}
    for part in parts:
        by_kind.setdefault(part.kind, {})[part.section.name] = part
        _leave_unknown(part, draft)
    listen(_listeners(by_kind.get("transport", {}).values(), draft), draft)
    registrations = list(by_kind.get("registration", {}).values())
    for name, endpoint in by_kind.get("endpoint", {}).items():
        auth = by_kind.get("auth", {}).get(endpoint.values.get("auth", ""))
        aors = [found for aor in endpoint.all("aors") if (found := by_kind.get("aor", {}).get(aor))]
        registration = _registration(name, endpoint, registrations)
        out = (registration or endpoint).values.get("outbound_auth", endpoint.values.get("outbound_auth", ""))
        contacts = [contact for aor in aors for contact in aor.all("contact")]
        if auth is not None and not contacts and registration is None:
            _account(name, endpoint, auth, aors, draft)
        elif contacts or registration is not None:
            identify = [
                part for part in by_kind.get("identify", {}).values() if part.values.get("endpoint") == name
            ]
            login = by_kind.get("auth", {}).get(out)
            _trunk(name, endpoint, aors, registration, login, identify, draft)
        else:
            what = f"endpoint {name} has neither an auth for its telephone nor a contact"
            draft.leave(endpoint.section.place, what, "an account here needs a secret")


def _part(section: Section) -> _Part:
    values = {entry.key.lower(): entry.value.strip() for entry in section.entries}
    return _Part(section, values.get("type", section.name).lower(), values)


def _leave_unknown(part: _Part, draft: Draft) -> None:
    if part.kind not in _TAKEN:
        what = f"section [{part.section.name}] of type {part.kind} has nothing that answers to it here"
        draft.leave(part.section.place, what, "see whether it is missed")
        return
    for entry in part.section.entries:
        key, value = entry.key.lower(), entry.value.strip().lower()
        same = _SAME.get(key)
        if key not in _TAKEN[part.kind] and (same is None or (same and value not in same)):
            draft.leave_entry(entry, f"{part.kind} {part.section.name}")


def _listeners(transports: Iterable[_Part], draft: Draft) -> list[tuple[str, str, Place]]:
    found = []
    for part in transports:
        protocol = part.values.get("protocol", "udp").lower()
        if protocol not in _TRANSPORTS:
            what = f"transport {part.section.name} ({protocol}) needs certificates"
            mend = 'write [sip.tls] and a listener such as "tls:ADDRESS:5061"'
            draft.leave(part.section.place, what, mend)
            continue
        found.append((protocol, part.values.get("bind", "0.0.0.0"), part.section.place))
    return found


def listen(listeners: Sequence[tuple[str, str, Place]], draft: Draft) -> None:
    """Add listeners (protocol, bind address, place), at the address of the draft."""
    written: list[str] = []
    for protocol, bind, place in listeners:
        host, colon, port = bind.rpartition(":")
        host, port = (host, port) if colon and port.isdecimal() else (bind, "5060")
        if host not in (*_ANYWHERE, draft.address) or draft.address == "127.0.0.1":
            what = f"SIP over {protocol} listens on {draft.address}:{port}, and not on {host}"
            draft.leave(place, what, "write the addresses at which telephones reach it in listen of [sip]")
        if (listener := f"{protocol}:{draft.address}:{port}") not in written:
            written.append(listener)
    if written:
        table = draft.table("sip")
        table["listen"] = list(dict.fromkeys([*table.get("listen", []), *written]))


def _registration(name: str, endpoint: _Part, registrations: Sequence[_Part]) -> _Part | None:
    """The registration of an endpoint: it names it, or shares its outbound auth."""
    out = endpoint.values.get("outbound_auth")
    for part in registrations:
        if part.values.get("endpoint", "") == name or (out and part.values.get("outbound_auth") == out):
            return part
    return None


def _codecs(part: _Part, whose: str, draft: Draft) -> list[str]:
    allowed = [codec for codec in part.all("allow") if codec.lower().lstrip("!") != "all"]
    unknown = [codec for codec in allowed if codec.lower() not in CODECS]
    if unknown:
        entry = next(entry for entry in part.section.entries if entry.key.lower() == "allow")
        draft.leave_entry(entry, whose, f"{', '.join(unknown)} is not offered")
    return [codec.lower() for codec in allowed if codec.lower() in CODECS]


def _account(name: str, endpoint: _Part, auth: _Part, aors: Sequence[_Part], draft: Draft) -> None:
    whose = f"account {name}"
    if not auth.values.get("password"):
        draft.leave(auth.section.place, f"{whose} has no password that can be read", "write secret = … for it")
        return
    if auth.values.get("username", name) != name:
        what = f"{whose} logs in as {name}, and no longer as {auth.values['username']}"
        draft.leave(auth.section.place, what, "change the user name in the telephone")
    account: dict[str, Any] = {"secret": auth.values["password"]}
    label, number = caller(endpoint.values.get("callerid", ""))
    if label:
        account["name"] = label
    if number and number != name:
        what = f"calls of {whose} show {name}, and not {number}"
        draft.leave(endpoint.section.place, what, "set CALLERID(num) in its context")
    account["context"] = endpoint.values.get("context", "default")
    contacts = [int(aor.values["max_contacts"]) for aor in aors if aor.values.get("max_contacts", "").isdecimal()]
    if contacts:
        account["contacts"] = min(100, max(contacts))
    if codecs := _codecs(endpoint, whose, draft):
        account["codecs"] = codecs
    draft.table("accounts")[name] = account


def server(uri: str) -> tuple[str, str]:
    """User and server of `sip:user@host:port;transport=tcp`, the server as trunks here write it."""
    text = uri.strip().strip("<>").removeprefix("sips:").removeprefix("sip:")
    text, _, parameters = text.partition(";")
    user, _, host = text.rpartition("@")
    transport = next((word[10:] for word in parameters.split(";") if word.startswith("transport=")), "")
    return user.partition(":")[0], f"{transport}:{host}" if transport in _TRANSPORTS else host


def _trunk(
    name: str,
    endpoint: _Part,
    aors: Sequence[_Part],
    registration: _Part | None,
    login: _Part | None,
    identify: Sequence[_Part],
    draft: Draft,
) -> None:
    trunk: dict[str, Any] = {}
    contacts = [server(contact) for aor in aors for contact in aor.all("contact")]
    servers = [host for _, host in contacts]
    user = next((user for user, _ in contacts if user), "")
    if registration is not None:
        _, registrar = server(registration.values.get("server_uri", ""))
        servers = [registrar] if registrar and not servers else servers
        user = server(registration.values.get("client_uri", ""))[0] or user
        if registration.values.get("expiration", "").isdecimal():
            trunk["expires"] = min(86400, max(60, int(registration.values["expiration"])))
    trunk["servers"] = list(dict.fromkeys(servers))[:8]
    trunk["registers"] = registration is not None
    if user or login is not None:
        trunk["user"] = user or (login.values.get("username", "") if login is not None else "")
    if login is not None and login.values.get("password"):
        trunk["secret"] = login.values["password"]
        if login.values.get("username", "") not in ("", trunk["user"]):
            trunk["auth_user"] = login.values["username"]
    for key in ("from_user", "from_domain"):
        if endpoint.values.get(key):
            trunk[key] = endpoint.values[key]
    seconds = [
        aor.values["qualify_frequency"] for aor in aors if aor.values.get("qualify_frequency", "").isdecimal()
    ]
    trunk["qualify"] = min(3600, int(seconds[0])) if seconds else 0
    trunk["context"] = endpoint.values.get("context", "default")
    sources = [match for part in identify for match in part.all("match")]
    named = [match for match in sources if not _is_address(match)]
    for match in named:
        what = f"calls of trunk {name} come from {match}, a name"
        draft.leave(
            identify[0].section.place, what, "write its addresses in sources, where they are not its servers'"
        )
    if numeric := [match for match in sources if match not in named]:
        trunk["sources"] = numeric
    if codecs := _codecs(endpoint, f"trunk {name}", draft):
        trunk["codecs"] = codecs
    draft.table("trunks")[name] = trunk


def _is_address(text: str) -> bool:
    return ":" in text or text.replace(".", "").replace("/", "").isdecimal()
