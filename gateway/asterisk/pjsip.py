"""pjsip.conf: endpoints with the auths, aors, identifies and registrations that belong to them.

An endpoint that telephones register for becomes an account, one that is reached at a fixed address, or where we
register, a trunk. Asterisk docs: res_pjsip.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dialplan.reader import Entry, Section
from gateway.asterisk.draft import NO_MEND, Draft, caller, is_yes, last, number
from gateway.asterisk.peers import (
    TRANSPORTS,
    Listening,
    advertise,
    bring,
    certificates,
    codecs,
    group_settings,
    listen,
    networks,
    secret_of,
    server,
    wait_for_audio,
)
from gateway.asterisk.pjsip_settings import MENDS, SAME, TAKEN

__all__ = ["read_pjsip"]

_SERVERS: Final = 8
"""Of a trunk."""


@dataclass(slots=True)
class _Part:
    """A section by what it sets: the last value of each key, and where it stands."""

    section: Section
    kind: str
    values: dict[str, str]

    @property
    def name(self) -> str:
        return self.section.name

    @property
    def entries(self) -> list[Entry]:
        return self.section.entries

    def get(self, key: str) -> str:
        """The value of a key, "" where it is not there."""
        return self.values.get(key, "")

    def all(self, key: str) -> list[str]:
        """Every value of a key that may be there more than once, or hold several."""
        lines = [entry.value for entry in self.entries if entry.key.lower() == key]
        return [word.strip() for line in lines for word in line.split(",") if word.strip()]


@dataclass(slots=True)
class _Peer:
    """An endpoint with all that belongs to it."""

    endpoint: _Part
    auth: _Part | None = None
    login: _Part | None = None
    registration: _Part | None = None
    aors: list[_Part] = field(default_factory=list)
    identifies: list[_Part] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.endpoint.name

    @property
    def contacts(self) -> list[str]:
        return [contact for aor in self.aors for contact in aor.all("contact")]

    @property
    def sources(self) -> list[str]:
        return [match for part in self.identifies for match in part.all("match")]

    @property
    def mailboxes(self) -> list[str]:
        found = [box for part in (self.endpoint, *self.aors) for box in part.all("mailboxes")]
        return list(dict.fromkeys(box.removesuffix("@default") for box in found))


def read_pjsip(sections: Iterable[Section], draft: Draft) -> None:
    """Add what the sections of pjsip.conf say to `draft`."""
    by_kind: dict[str, dict[str, _Part]] = {}
    for section in sections:
        values = last(section)
        part = _Part(section, values.get("type", section.name).lower(), values)
        by_kind.setdefault(part.kind, {})[part.name] = part
        _leave_unknown(part, draft)
    listen(_listeners(by_kind.get("transport", {}).values(), draft), draft)
    for part in by_kind.get("global", {}).values():
        if part.get("default_realm"):
            draft.table("sip")["realm"] = part.get("default_realm")
    for part in by_kind.get("system", {}).values():
        if (milliseconds := number(part.get("timer_t1"), 1, 10_000)) is not None:
            draft.table("sip", "timers")["t1"] = milliseconds / 1000
    registrations = dict(by_kind.get("registration", {}))
    _expiries(list(by_kind.get("aor", {}).values()), draft)
    for endpoint in by_kind.get("endpoint", {}).values():
        wait_for_audio(endpoint.values, ("rtp_timeout", "rtp_timeout_hold"), draft)
        peer = _peer(endpoint, by_kind, registrations)
        if peer.auth is not None and not peer.contacts and peer.registration is None:
            _account(peer, draft)
        elif peer.contacts or peer.registration is not None or peer.sources:
            _trunk(peer, draft)
        elif peer.aors:
            _account(peer, draft)
        else:
            what = f"endpoint {peer.name} is for strangers, who are refused here"
            draft.leave(endpoint.section.place, what, "write an account or a trunk for whoever is to call in")
    _permit(by_kind.get("acl", {}).values(), draft)
    for registration in registrations.values():
        what = f"registration {registration.name} belongs to no endpoint, so that no call could come in by it"
        draft.leave(registration.section.place, what, "write a trunk with registers = true and its context")


def _expiries(aors: Sequence[_Part], draft: Draft) -> None:
    """For how long registrations may be, which is the same for all here: the shortest and the longest of them."""
    for ours, theirs, least, chosen in (
        ("min_expires", "minimum_expiration", 10, min),
        ("max_expires", "maximum_expiration", 60, max),
    ):
        if found := [seconds for aor in aors if (seconds := number(aor.get(theirs), least, 86400)) is not None]:
            draft.table("sip")[ours] = chosen(found)


def _permit(lists: Iterable[_Part], draft: Draft) -> None:
    """Accounts without networks of their own have those that may use SIP at all."""
    for part in lists:
        if found := networks(part.entries, ("deny", "permit"), f"acl {part.name}", draft):
            for account in draft.tables.get("accounts", {}).values():
                account.setdefault("permit", found)


def _peer(endpoint: _Part, kinds: Mapping[str, Mapping[str, _Part]], registrations: dict[str, _Part]) -> _Peer:
    auths, aors = kinds.get("auth", {}), kinds.get("aor", {})
    peer = _Peer(endpoint, auth=auths.get(endpoint.get("auth")))
    peer.aors = [found for aor in endpoint.all("aors") if (found := aors.get(aor)) is not None]
    identifies = kinds.get("identify", {}).values()
    peer.identifies = [part for part in identifies if part.get("endpoint") == endpoint.name]
    peer.registration = _registration(peer, registrations)
    if peer.registration is not None:
        del registrations[peer.registration.name]
    out = endpoint.get("outbound_auth")
    if peer.registration is not None:
        out = peer.registration.get("outbound_auth") or out
    peer.login = auths.get(out)
    return peer


def _registration(peer: _Peer, registrations: Mapping[str, _Part]) -> _Part | None:
    """The registration of an endpoint: it names it, or shares its outbound auth, or goes where its contact is."""
    out = peer.endpoint.get("outbound_auth")
    hosts = {_host(contact) for contact in peer.contacts} - {""}
    for part in registrations.values():
        if part.get("endpoint") == peer.name or (out and part.get("outbound_auth") == out):
            return part
    return next((part for part in registrations.values() if _host(part.get("server_uri")) in hosts), None)


def _host(uri: str) -> str:
    """The host of an address, without transport and port."""
    name = server(uri)[1]
    for transport in TRANSPORTS:
        name = name.removeprefix(f"{transport}:")
    return name.partition(":")[0].lower()


def _leave_unknown(part: _Part, draft: Draft) -> None:
    if part.kind not in TAKEN:
        what = f"section [{part.name}] of type {part.kind} has nothing that answers to it here"
        draft.leave(part.section.place, what, "see whether it is missed")
        return
    for entry in part.entries:
        key, value = entry.key.lower(), entry.value.strip().lower()
        same = SAME.get(key)
        own = part.get("client_uri").removeprefix("sips:").removeprefix("sip:").partition("@")[0]
        if key == "contact_user" and value == own.lower():
            continue
        if key == "language":
            draft.speak(entry, f"{part.kind} {part.name}")
            continue
        if key not in TAKEN[part.kind] and (same is None or (same and value not in same)):
            draft.leave_entry(entry, f"{part.kind} {part.name}", MENDS.get(key, NO_MEND))


def _listeners(transports: Iterable[_Part], draft: Draft) -> list[Listening]:
    found: list[Listening] = []
    for part in transports:
        place, protocol = part.section.place, part.values.get("protocol", "udp").lower()
        for key in ("external_signaling_address", "external_media_address"):
            if part.get(key):
                advertise(part.get(key), place, draft)
        if protocol not in TRANSPORTS:
            what = f"transport {part.name} ({protocol}) is for browsers, by the web server of Asterisk"
            draft.leave(place, what, f'write a listener such as "{protocol[:3]}:ADDRESS:8089" in listen of [sip]')
            continue
        files = (part.get("cert_file"), part.get("priv_key_file"), part.get("ca_list_file"))
        if protocol == "tls" and not certificates(files, place, draft):
            continue
        if protocol == "tls" and is_yes(part.get("require_client_cert")):
            draft.table("sip", "tls")["clients"] = "required"
        elif protocol == "tls" and is_yes(part.get("verify_client")):
            draft.table("sip", "tls")["clients"] = "asked"
        found.append((protocol, part.values.get("bind", "0.0.0.0"), place))
    return found


def _common(peer: _Peer, whose: str, draft: Draft) -> dict[str, Any]:
    """What accounts and trunks have both."""
    table: dict[str, Any] = {"context": peer.endpoint.values.get("context", "default")}
    if chosen := codecs(peer.endpoint.entries, whose, draft):
        table["codecs"] = chosen
    encryption = peer.endpoint.get("media_encryption").lower()
    if encryption == "sdes":
        optimistic = is_yes(peer.endpoint.get("media_encryption_optimistic"))
        table["media_encryption"] = "optional" if optimistic else "required"
    elif encryption not in ("", "no"):
        what = f"{whose} has audio encrypted by {encryption}, which is not built in"
        draft.leave(peer.endpoint.section.place, what, 'media_encryption = "required" is SRTP by SDES')
    variables = bring(peer.endpoint.entries, "set_var")
    for key, function in (("accountcode", "CHANNEL(accountcode)"), ("tone_zone", "CHANNEL(tonezone)")):
        if peer.endpoint.get(key):
            variables[function] = peer.endpoint.get(key)
    if variables:
        table["variables"] = variables
    mode = peer.endpoint.get("dtmf_mode").lower()
    if mode in ("info", "auto_info"):
        table["dtmf"] = "info"
    elif mode not in ("", "rfc4733", "auto", "none"):
        what = f"keys of {whose} are tones ({mode}), which are heard, and not sent"
        draft.leave(peer.endpoint.section.place, what, "set the telephone to RFC 4733")
    if is_yes(peer.endpoint.get("t38_udptl")):
        table["t38"] = True
    return table


def _account(peer: _Peer, draft: Draft) -> None:
    name, whose, endpoint = peer.name, f"account {peer.name}", peer.endpoint
    auth = peer.auth or endpoint
    if auth.values.get("username", name) != name:
        what = f"{whose} logs in as {name}, and no longer as {auth.values['username']}"
        draft.leave(auth.section.place, what, "change the user name in the telephone")
    hashed = auth.get("md5_cred") or auth.get("password_digest")
    secret = secret_of(name, auth.get("password"), hashed, auth.section.place, draft)
    account: dict[str, Any] = {"secret": secret}
    label, shown = caller(endpoint.get("callerid"))
    if label:
        account["name"] = label
    account |= _common(peer, whose, draft)
    if shown and shown != name:
        account["variables"] = {"CALLERID(num)": shown, **account.get("variables", {})}
    contacts = [most for aor in peer.aors if (most := number(aor.get("max_contacts"), 0, 100)) is not None]
    if contacts:
        account["contacts"] = max(contacts)
    if peer.mailboxes:
        account["mailbox"] = peer.mailboxes[0]
        for box in peer.mailboxes[1:]:
            draft.leave(endpoint.section.place, f"the lamp of {whose} does not show mailbox {box}", "it shows one")
    group_settings(
        endpoint.values, ("call_group", "pickup_group", "named_call_group", "named_pickup_group"), account
    )
    if permit := networks(endpoint.entries, ("deny", "permit"), whose, draft):
        account["permit"] = permit
    draft.table("accounts")[name] = account


def _trunk(peer: _Peer, draft: Draft) -> None:
    endpoint, registration = peer.endpoint, peer.registration
    trunk: dict[str, Any] = {}
    contacts = [server(contact) for contact in peer.contacts]
    servers = [host for _, host in contacts if host]
    user = next((user for user, _ in contacts if user), "")
    if registration is not None:
        _, registrar = server(registration.get("server_uri"))
        servers = [registrar] if registrar and not servers else servers
        client, home = server(registration.get("client_uri"))
        user = client or user
        if (expires := number(registration.get("expiration"), 60, 86400)) is not None:
            trunk["expires"] = expires
        if (domain := home.rpartition(":")[0] or home) != _host(registration.get("server_uri")):
            trunk["domain"] = domain
        if is_yes(registration.get("support_outbound")):
            trunk["outbound"] = True
    servers = servers or [source for source in peer.sources if "/" not in source]
    trunk["servers"] = list(dict.fromkeys(servers))[:_SERVERS]
    trunk["registers"] = registration is not None
    parts = [part for part in (registration, endpoint, *peer.aors) if part is not None]
    if proxy := next((part.get("outbound_proxy") for part in parts if part.get("outbound_proxy")), ""):
        trunk["proxy"] = server(proxy)[1]
    trunk |= _login(peer, user)
    for key in ("from_user", "from_domain"):
        if endpoint.get(key):
            trunk[key] = endpoint.get(key)
    seconds = [wait for aor in peer.aors if (wait := number(aor.get("qualify_frequency"), 0, 3600)) is not None]
    trunk["qualify"] = seconds[0] if seconds else 0
    if endpoint.get("trust_id_inbound") and not is_yes(endpoint.get("trust_id_inbound")):
        trunk["trusted"] = False
    trunk |= _common(peer, f"trunk {peer.name}", draft)
    _sources(peer, trunk, draft)
    draft.table("trunks")[peer.name] = trunk


def _login(peer: _Peer, user: str) -> dict[str, Any]:
    """How we prove ourselves there, and whether it must here."""
    login = peer.login or peer.auth
    if login is None:
        return {"user": user} if user else {}
    found: dict[str, Any] = {"user": user or login.get("username")}
    if login.get("password"):
        found["secret"] = login.get("password")
        if login.get("username") not in ("", found["user"]):
            found["auth_user"] = login.get("username")
        if login.get("realm") not in ("", "asterisk"):
            found["realm"] = login.get("realm")
        if peer.auth is not None and found["user"]:
            found["challenge"] = True
    return found


def _sources(peer: _Peer, trunk: dict[str, Any], draft: Draft) -> None:
    """Where its calls come from; the addresses of its servers need not be said."""
    here = {_host(f"sip:{name}") for name in trunk["servers"]}
    named = [match for match in peer.sources if not _is_address(match) and match.lower() not in here]
    for match in named:
        what = f"calls of trunk {peer.name} come from {match}, a name"
        mend = "write its addresses in sources, where they are not its servers'"
        draft.leave(peer.identifies[0].section.place, what, mend)
    if numeric := [match for match in peer.sources if _is_address(match)]:
        trunk["sources"] = numeric


def _is_address(text: str) -> bool:
    return ":" in text or text.replace(".", "").replace("/", "").isdecimal()
