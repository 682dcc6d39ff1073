"""What pjsip.conf and sip.conf have in common: listeners, certificates, codecs, groups, networks, addresses.

Values as Asterisk writes them go in, settings of ours come out; what has none is left behind in the draft.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Final, get_args

from dialplan.model import Place
from dialplan.reader import Entry
from gateway.asterisk.draft import Draft, number
from gateway.config.values import Codec, host_or_none

__all__ = [
    "TRANSPORTS",
    "Listening",
    "advertise",
    "bring",
    "certificates",
    "codecs",
    "group_settings",
    "listen",
    "networks",
    "new_secret",
    "secret_of",
    "server",
    "wait_for_audio",
]

CODECS: Final = frozenset(get_args(Codec))
"""Codecs that have the same names here."""
TRANSPORTS: Final = ("udp", "tcp", "tls")
_ANYWHERE: Final = ("0.0.0.0", "[::]", "::", "")
_PORTS: Final = {"udp": "5060", "tcp": "5060", "tls": "5061", "ws": "8088", "wss": "8089"}
_SECRET_BYTES: Final = 12
_GROUPS: Final = 64
"""Groups that Asterisk has."""

Listening = tuple[str, str, Place]
"""Protocol, address that is bound, and where that is written."""


def listen(listeners: Sequence[Listening], draft: Draft) -> None:
    """Add listeners, at the address of the draft."""
    written: list[str] = []
    for protocol, bind, place in listeners:
        host, colon, port = bind.rpartition(":")
        host, port = (host, port) if colon and port.isdecimal() else (bind, _PORTS[protocol])
        if host not in (*_ANYWHERE, draft.address) or (host != draft.address and draft.address == "127.0.0.1"):
            what = f"SIP over {protocol} listens on {draft.address}:{port}, and not on {host}"
            draft.leave(place, what, "write the addresses at which telephones reach it in listen of [sip]")
        shown = f"[{draft.address}]" if ":" in draft.address else draft.address
        if (listener := f"{protocol}:{shown}:{port}") not in written:
            written.append(listener)
    if written:
        table = draft.table("sip")
        table["listen"] = list(dict.fromkeys([*table.get("listen", []), *written]))


def certificates(files: tuple[str, str, str], place: Place, draft: Draft) -> bool:
    """Take over the files of a TLS transport; whether there is a certificate that can be read.

    Args:
        files: of the certificate, its key and the authorities; "" for none.
    """
    certificate, key, authorities = files
    if not certificate or not Path(certificate).is_file():
        what = f"the certificate {certificate or '(none)'} of a TLS transport is not on this machine"
        draft.leave(place, what, 'write [sip.tls], and a listener such as "tls:ADDRESS:5061"')
        return False
    table = draft.table("sip", "tls")
    table["certificate"] = certificate
    for name, file in (("key", key), ("authorities", authorities)):
        if file and Path(file).is_file():
            table[name] = file
        elif file:
            draft.leave(place, f"{file} of a TLS transport is not on this machine", f"write {name} in [sip.tls]")
    return True


def advertise(address: str, place: Place, draft: Draft) -> None:
    """Take over the address, or the host name, by which the machine is known outside."""
    host = address.partition(":")[0] if address.count(":") == 1 else address
    try:
        draft.table("sip")["advertised"] = host_or_none(host)
    except ValueError:
        what = f"{address} is neither an address nor a name by which peers outside reach this machine"
        draft.leave(place, what, "write one as advertised in [sip]")


def codecs(entries: Iterable[Entry], whose: str, draft: Draft) -> list[str]:
    """The codecs that `allow` and `disallow` lines leave, in order."""
    chosen: list[str] = []
    for entry in entries:
        key = entry.key.lower()
        if key not in ("allow", "disallow"):
            continue
        words = [word.strip().lower() for word in entry.value.replace("&", ",").split(",") if word.strip()]
        taken_away = {word.lstrip("!") for word in words if word.startswith("!") or key == "disallow"}
        if "all" in taken_away:
            chosen = []
        chosen = [codec for codec in chosen if codec not in taken_away]
        wanted = [word.partition(":")[0] for word in words if not word.startswith("!")] if key == "allow" else []
        unknown = [word for word in wanted if word not in CODECS and word != "all"]
        if unknown:
            draft.leave_entry(entry, whose, f"{', '.join(unknown)} is not offered")
        chosen += [word for word in wanted if word in CODECS and word not in chosen]
    return chosen


def groups(text: str) -> list[str]:
    """Groups `1,3-5` or by name, one by one."""
    found: list[str] = []
    for part in (part.strip() for part in text.split(",")):
        first, dash, last = part.partition("-")
        if dash and first.isdecimal() and last.isdecimal() and len(last) < 4:
            found += [str(group) for group in range(int(first), min(int(last), _GROUPS) + 1)]
        elif part:
            found.append(part)
    return list(dict.fromkeys(found))


def networks(entries: Iterable[Entry], keys: tuple[str, str], whose: str, draft: Draft) -> list[str]:
    """Networks that may log in, of `deny` and `permit` lines; none where everybody may.

    Args:
        keys: of the lines that deny and permit: ("deny", "permit").
    """
    everybody = True
    found: list[str] = []
    for entry in entries:
        key = entry.key.lower()
        if key not in keys:
            continue
        for word in (word.strip() for word in entry.value.split(",")):
            try:
                network = ip_network(word, strict=False)
            except ValueError:
                draft.leave_entry(entry, whose, "write its networks as permit")
                continue
            if key == keys[0] and network.prefixlen == 0:
                everybody = False
                found.clear()
            elif key == keys[0]:
                draft.leave_entry(entry, whose, "write the networks that may, as permit")
            elif network.prefixlen == 0:
                everybody = True
            else:
                found.append(str(network))
    return [] if everybody else list(dict.fromkeys(found))


def new_secret() -> str:
    """A secret that nobody guesses."""
    return token_urlsafe(_SECRET_BYTES)


def secret_of(name: str, secret: str, hashed: str, place: Place, draft: Draft) -> str:
    """The secret of an account; a new one where it has none that can be read, so that the dialplan finds it.

    Args:
        hashed: what is known in its place, from which none can be told; "" for nothing.
    """
    if secret:
        return secret
    why = "has its secret as a hash alone, from which it cannot be told" if hashed else "has no secret"
    mend = "write it into the telephone"
    draft.leave(place, f"account {name} {why}; a new one stands in office.toml", mend)
    return new_secret()


def bring(entries: Iterable[Entry], key: str) -> dict[str, str]:
    """Variables of `set_var=NAME=value` lines."""
    pairs = [entry.value.partition("=") for entry in entries if entry.key.lower() == key]
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def server(uri: str) -> tuple[str, str]:
    """User and server of `sip:user@host:port;transport=tcp`, the server as trunks here write it."""
    text = uri.strip().strip("<>").strip('"')
    secure = text.lower().startswith("sips:")
    text = text.removeprefix("sips:").removeprefix("sip:").replace("\\", "")
    text, _, parameters = text.partition(";")
    user, _, host = text.rpartition("@")
    words = (word.strip().lower() for word in parameters.split(";"))
    transport = next((word[10:] for word in words if word.startswith("transport=")), "tls" if secure else "")
    return user.partition(":")[0], f"{transport}:{host}" if transport in TRANSPORTS and host else host


def group_settings(said: Mapping[str, str], names: tuple[str, str, str, str], table: dict[str, Any]) -> None:
    """Add call_groups and pickup_groups: numbered ones and, by the same setting here, named ones.

    Args:
        names: keys of numbered call and pickup groups, and of named ones.
    """
    for ours, keys in (("call_groups", names[::2]), ("pickup_groups", names[1::2])):
        if found := [group for key in keys for group in groups(said.get(key, ""))]:
            table[ours] = list(dict.fromkeys(found))


def wait_for_audio(said: Mapping[str, str], names: tuple[str, str], draft: Draft) -> None:
    """Take over after how long without audio a call is ended; here it is the same for all, the longest of them.

    Args:
        names: keys of the seconds in a talk, and on hold.
    """
    for ours, theirs in zip(("rtp_timeout", "rtp_timeout_hold"), names, strict=True):
        seconds = number(said.get(theirs, "0"), 0, 86400)
        if seconds:
            sip = draft.table("sip")
            sip[ours] = max(sip.get(ours, 0), seconds, 10)
