"""sip.conf of the old chan_sip: friends and peers, and `register =>` lines.

A peer whose host is dynamic becomes an account, one at a fixed host a trunk. Asterisk docs: sip.conf.sample.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from dialplan.reader import Entry, Section
from gateway.asterisk.draft import Draft, caller, is_yes
from gateway.asterisk.pjsip import CODECS, listen

__all__ = ["read_sip"]

_GENERAL: Final = frozenset(
    "bindport bindaddr udpbindaddr tcpenable context register allow disallow nat directmedia canreinvite "
    "alwaysauthreject allowguest srvlookup language".split()
)
_READ: Final = frozenset(
    "type host secret remotesecret context callerid username defaultuser fromuser fromdomain allow disallow "
    "qualify port insecure nat directmedia canreinvite dtmfmode callgroup pickupgroup".split()
)


def read_sip(sections: Iterable[Section], draft: Draft) -> None:
    """Add what the sections of sip.conf say to `draft`."""
    registers: list[Entry] = []
    default = "default"
    for section in sections:
        said = {entry.key.lower(): entry.value.strip() for entry in section.entries}
        if section.name.lower() == "general":
            default = said.get("context", default)
            registers = [entry for entry in section.entries if entry.key.lower() == "register"]
            _general(section, said, draft)
            continue
        for entry in section.entries:
            if entry.key.lower() not in _READ:
                draft.leave_entry(entry, f"peer {section.name}")
        if said.get("host", "dynamic") == "dynamic":
            _account(section, said, default, draft)
        else:
            _trunk(section, said, default, registers, draft)
    for entry in registers:
        what = "a registration belongs to no peer at the same host"
        draft.leave(entry.place, what, "write user, secret and registers = true into its trunk")


def _general(section: Section, said: dict[str, str], draft: Draft) -> None:
    bind = said.get("udpbindaddr", said.get("bindaddr", "0.0.0.0"))
    if said.get("bindport", "").isdecimal() and ":" not in bind:
        bind = f"{bind}:{said['bindport']}"
    listeners = [("udp", bind, section.place)]
    if is_yes(said.get("tcpenable", "no")):
        listeners.append(("tcp", bind, section.place))
    listen(listeners, draft)
    for entry in section.entries:
        if entry.key.lower() not in _GENERAL:
            draft.leave_entry(entry, "[general]")


def _account(section: Section, said: dict[str, str], default: str, draft: Draft) -> None:
    name = section.name
    if not said.get("secret"):
        draft.leave(section.place, f"account {name} has no secret", "an account here needs one")
        return
    account: dict[str, Any] = {"secret": said["secret"]}
    label, _ = caller(said.get("callerid", ""))
    if label:
        account["name"] = label
    account["context"] = said.get("context", default)
    draft.table("accounts")[name] = account


def _trunk(section: Section, said: dict[str, str], default: str, registers: list[Entry], draft: Draft) -> None:
    host = said["host"]
    trunk: dict[str, Any] = {"servers": [f"{host}:{said['port']}" if said.get("port", "").isdecimal() else host]}
    user = said.get("defaultuser", said.get("username", ""))
    secret = said.get("remotesecret", said.get("secret", ""))
    trunk["registers"] = False
    for entry in registers:
        # register => user[:secret[:authuser]]@host[:port][/extension]
        login, at, rest = entry.value.rpartition("@")
        if at and rest.partition("/")[0].partition(":")[0] == host:
            trunk["registers"] = True
            parts = login.split("://")[-1].split(":")
            user, secret = parts[0], parts[1] if len(parts) > 1 else secret
            registers.remove(entry)
            break
    if user:
        trunk["user"] = user
    if secret:
        trunk["secret"] = secret
    for ours, theirs in (("from_user", "fromuser"), ("from_domain", "fromdomain")):
        if said.get(theirs):
            trunk[ours] = said[theirs]
    trunk["context"] = said.get("context", default)
    codecs = [word.strip() for word in said.get("allow", "").split(",") if word.strip() in CODECS]
    if codecs:
        trunk["codecs"] = codecs
    draft.table("trunks")[section.name] = trunk
