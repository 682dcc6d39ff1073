"""sip.conf of the old chan_sip: friends and peers, and `register =>` lines.

A peer whose host is dynamic becomes an account, one at a fixed host a trunk. Asterisk docs: sip.conf.sample.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from dialplan.reader import Entry, Section
from gateway.asterisk.draft import Draft, caller, is_yes, last, number
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
    wait_for_audio,
)

__all__ = ["read_sip"]

_GENERAL: Final = frozenset(
    "bindport bindaddr udpbindaddr tcpenable tcpbindaddr tlsenable tlsbindaddr tlscertfile tlsprivatekey tlscafile "
    "context register allow disallow externaddr externhost externip promiscredir realm minexpiry maxexpiry "
    "rtptimeout rtpholdtimeout".split()
)
_GENERAL_SAME: Final = frozenset(
    "nat directmedia canreinvite alwaysauthreject allowguest srvlookup localnet defaultexpiry tos_sip tos_audio "
    "tos_video cos_sip cos_audio cos_video registertimeout registerattempts pedantic "
    "useragent sdpsession sdpowner callcounter limitonpeers notifyringing notifyhold notifycid rtcachefriends "
    "dtmfmode relaxdtmf trustrpid sendrpid session-timers session-expires session-minse session-refresher "
    "tlsdontverifyserver tlscipher tlsclientmethod transport qualify qualifyfreq mwi mwi_from progressinband "
    "rfc2833compensate autodomain externrefresh".split()
)
"""What holds here always, or is no longer needed."""
_READ: Final = frozenset(
    "type host secret remotesecret context callerid cid_number fullname username defaultuser fromuser fromdomain "
    "md5secret allow disallow qualify qualifyfreq port insecure nat directmedia canreinvite dtmfmode callgroup "
    "pickupgroup namedcallgroup namedpickupgroup mailbox permit deny encryption transport outboundproxy call-limit "
    "busylevel trustrpid sendrpid callcounter session-timers progressinband setvar accountcode t38pt_udptl".split()
)
_REGISTER: Final = re.compile(
    r"(?:(?P<peer>[\w.-]+)\?)?(?:(?P<transport>\w+)://)?(?P<user>[^:@]+(?:@[^:@]+(?=:|@))?)"
    r"(?::(?P<secret>[^:]*))?(?::(?P<login>[^:@]*))?@(?P<host>[^/~:]+)(?::(?P<port>\d+))?"
    r"(?:/(?P<extension>[^~]*))?(?:~(?P<expiry>\d+))?"
)
"""`[peer?][transport://]user[@domain][:secret[:login]]@host[:port][/extension][~expiry]`"""


def read_sip(sections: Iterable[Section], draft: Draft) -> None:
    """Add what the sections of sip.conf say to `draft`."""
    registers: list[Entry] = []
    general: Mapping[str, str] = {}
    for section in sections:
        said = last(section)
        if section.name.lower() == "general":
            general = said
            registers = [entry for entry in section.entries if entry.key.lower() == "register"]
            _general(section, said, draft)
            continue
        if section.name.lower() == "authentication":
            draft.leave(section.place, "[authentication] of sip.conf", "write user and secret into each trunk")
            continue
        for entry in section.entries:
            if entry.key.lower() == "language":
                draft.speak(entry, f"peer {section.name}")
            elif entry.key.lower() not in _READ:
                draft.leave_entry(entry, f"peer {section.name}")
        proves = said.get("type", "").lower() == "user" and "insecure" not in said
        if said.get("host", "dynamic") == "dynamic" or (proves and (said.get("secret") or said.get("md5secret"))):
            _account(section, said, general, draft)
        else:
            _trunk(section, said, general, registers, draft)
    for entry in registers:
        what = "a registration belongs to no peer at the same host"
        draft.leave(entry.place, what, "write user, secret and registers = true into its trunk")


def _general(section: Section, said: Mapping[str, str], draft: Draft) -> None:
    _listeners(section, said, draft)
    sip = draft.table("sip")
    if chosen := codecs(section.entries, "[general]", draft):
        sip["codecs"] = chosen
    for ours, theirs, least in (("min_expires", "minexpiry", 10), ("max_expires", "maxexpiry", 60)):
        if (seconds := number(said.get(theirs, ""), least, 86400)) is not None:
            sip[ours] = seconds
    wait_for_audio(said, ("rtptimeout", "rtpholdtimeout"), draft)
    if said.get("realm"):
        sip["realm"] = said["realm"]
    if address := said.get("externaddr") or said.get("externip") or said.get("externhost", ""):
        advertise(address, section.place, draft)
    if is_yes(said.get("promiscredir", "")):
        sip["redirects"] = "anywhere"
    if not sip:
        del draft.tables["sip"]
    for entry in section.entries:
        if entry.key.lower() == "language":
            draft.speak(entry, "[general]")
        elif entry.key.lower() not in _GENERAL | _GENERAL_SAME:
            draft.leave_entry(entry, "[general]")


def _listeners(section: Section, said: Mapping[str, str], draft: Draft) -> None:
    port = said.get("bindport", "")

    def bound(key: str) -> str:
        bind = said.get(key, said.get("bindaddr", "0.0.0.0"))
        return f"{bind}:{port}" if port.isdecimal() and ":" not in bind else bind

    listeners: list[Listening] = [("udp", bound("udpbindaddr"), section.place)]
    if is_yes(said.get("tcpenable", "no")):
        listeners.append(("tcp", bound("tcpbindaddr"), section.place))
    files = (said.get("tlscertfile", ""), said.get("tlsprivatekey", ""), said.get("tlscafile", ""))
    if is_yes(said.get("tlsenable", "no")) and certificates(files, section.place, draft):
        listeners.append(("tls", said.get("tlsbindaddr", "0.0.0.0"), section.place))
    listen(listeners, draft)


def _common(section: Section, said: Mapping[str, str], general: Mapping[str, str], draft: Draft) -> dict[str, Any]:
    table: dict[str, Any] = {"context": said.get("context", general.get("context", "default"))}
    if chosen := codecs(section.entries, f"peer {section.name}", draft):
        table["codecs"] = chosen
    if is_yes(said.get("encryption", "no")):
        table["media_encryption"] = "required"
    if said.get("dtmfmode", general.get("dtmfmode", "")).lower() in ("info", "shortinfo"):
        table["dtmf"] = "info"
    most = said.get("call-limit", said.get("busylevel", ""))
    if (calls := number(most, 0, 100_000)) is not None:
        table["calls"] = calls
    variables = bring(section.entries, "setvar")
    if said.get("accountcode"):
        variables["CHANNEL(accountcode)"] = said["accountcode"]
    if variables:
        table["variables"] = variables
    if is_yes(said.get("t38pt_udptl", "no").partition(",")[0]):
        table["t38"] = True
    return table


def _account(section: Section, said: dict[str, str], general: Mapping[str, str], draft: Draft) -> None:
    name = section.name
    secret = secret_of(name, said.get("secret", ""), said.get("md5secret", ""), section.place, draft)
    account: dict[str, Any] = {"secret": secret}
    label, shown = caller(said.get("callerid", ""))
    label, shown = said.get("fullname", label), said.get("cid_number", shown)
    if label:
        account["name"] = label
    account |= _common(section, said, general, draft)
    if shown and shown != name:
        account["variables"] = {"CALLERID(num)": shown, **account.get("variables", {})}
    boxes = [box.strip() for box in said.get("mailbox", "").split(",") if box.strip()]
    if boxes:
        account["mailbox"] = boxes[0].removesuffix("@default")
    names = ("callgroup", "pickupgroup", "namedcallgroup", "namedpickupgroup")
    group_settings(said, names, account)
    if permit := networks(section.entries, ("deny", "permit"), f"account {name}", draft):
        account["permit"] = permit
    draft.table("accounts")[name] = account


def _trunk(
    section: Section, said: Mapping[str, str], general: Mapping[str, str], registers: list[Entry], draft: Draft
) -> None:
    host = said["host"]
    port = f":{said['port']}" if said.get("port", "").isdecimal() else ""
    transport = said.get("transport", "").split(",")[0].strip().lower()
    prefix = f"{transport}:" if transport in TRANSPORTS[1:] else ""
    trunk: dict[str, Any] = {"servers": [f"{prefix}{host}{port}"]}
    user = said.get("defaultuser", said.get("username", ""))
    secret = said.get("remotesecret", said.get("secret", ""))
    trunk["registers"] = False
    for entry in registers:
        found = _REGISTER.fullmatch(entry.value)
        if found is not None and (found["peer"] == section.name or (not found["peer"] and found["host"] == host)):
            trunk["registers"] = True
            user, at, domain = found["user"].partition("@")
            if at:
                trunk["domain"] = domain
            secret = found["secret"] or secret
            if found["login"] and found["login"] != user:
                trunk["auth_user"] = found["login"]
            if (expires := number(found["expiry"] or "", 60, 86400)) is not None:
                trunk["expires"] = expires
            registers.remove(entry)
            break
    if user:
        trunk["user"] = user
    if secret:
        trunk["secret"] = secret
    for ours, theirs in (("from_user", "fromuser"), ("from_domain", "fromdomain"), ("proxy", "outboundproxy")):
        if said.get(theirs):
            trunk[ours] = said[theirs]
    if said.get("qualify", "no").lower() in ("no", "off", "0", "false"):
        trunk["qualify"] = 0
    if "trustrpid" in said and not is_yes(said["trustrpid"]):
        trunk["trusted"] = False
    draft.table("trunks")[section.name] = trunk | _common(section, said, general, draft)
