"""Files about the machine and about services that are not here: rtp.conf, asterisk.conf, and what is named only.

A file that says what an office does is told section by section; one that says how Asterisk itself runs needs
nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from dialplan.model import Place
from dialplan.reader import Section
from gateway.asterisk.draft import Draft, is_yes, last, number

__all__ = ["leave_other_files", "read_asterisk", "read_rtp"]

_LOWEST: Final = 1024
_HIGHEST: Final = 65_535

_ITS_OWN: Final = frozenset(
    "modules logger cli cli_aliases cli_permissions http udptl codecs cdr cdr_custom cdr_manager cel "
    "cel_custom dsp dnsmgr enum stasis sorcery acl say ccss res_config_sqlite hep prometheus statsd "
    "res_stun_monitor resolver_unbound geolocation stir_shaken pjproject res_fax pjsip_notify sip_notify "
    "extensions_minivm minivm ss7.timers test_sorcery app_skel config_test xmpp motif ooh323 unistim skinny "
    "console oss alsa phone chan_mobile misdn osp alarmreceiver amd adsi telcordia-1 festival vpb users_sample "
    "res_curl res_snmp res_http_media_cache res_corosync smdi calendar ast_debug_tools aeap websocket_client "
    "app_mysql res_ldap res_odbc res_pgsql cdr_sqlite3_custom cdr_syslog cdr_tds cdr_beanstalkd cel_odbc "
    "cel_pgsql cel_sqlite3_custom cel_tds func_odbc dbsep indications musiconhold rtp asterisk features "
    "res_parking queues voicemail confbridge extensions pjsip pjsip_wizard sip chan_dahdi".split()
)
"""Files (without `.conf`) that are read, or that say how Asterisk itself runs."""
_OFFICE_S: Final[Mapping[str, tuple[str, str]]] = {
    "users": ("user", "write an account or a telephone for it"),
    "iax": ("IAX peer", "IAX is not spoken here: make it a SIP trunk"),
    "meetme": ("MeetMe room", "set it up as a conference"),
    "followme": ("follow-me profile", "dial the numbers one after the other in the dialplan"),
    "agents": ("agent", "make a member of its queues of it"),
    "queuerules": ("queue rule", "see whether it is missed"),
    "extconfig": ("realtime", "export what the database holds into files"),
    "dundi": ("DUNDi peer", "make it a SIP trunk"),
    "mgcp": ("MGCP gateway", "MGCP is not spoken here"),
    "sla": ("shared line", "see whether it is missed"),
    "phoneprov": ("provisioning profile", "see whether it is missed"),
    "res_config_odbc": ("database", "export what it holds into files"),
    "ss7": ("SS7 link", "it has no driver here yet"),
}
"""Files that say what the office does, the word for a section, and the mend."""
_ASK: Final = "AMI and ARI are not spoken here: let its program ask the HTTP interface, see docs/moving-in.md"
_READ: Final = "let who reads them there have [store] url, or copperline records"
_PROGRAM_S: Final[Mapping[str, tuple[str, str]]] = {
    "manager": ("AMI user", _ASK),
    "ari": ("ARI user", _ASK),
    "cdr_mysql": ("table of call records", _READ),
    "cdr_pgsql": ("table of call records", _READ),
    "cdr_odbc": ("table of call records", _READ),
    "cdr_adaptive_odbc": ("table of call records", _READ),
}
"""The same of files by which other programs work with Asterisk: nothing where they are switched off, or empty."""
_OTHER_LANGUAGES: Final = {"extensions.ael": "AEL", "extensions.lua": "Lua"}
_WRITTEN: Final = {
    "extensions.ael": "Asterisk's aelparse -w writes it as extensions.conf.aeldump: include that",
    "extensions.lua": "write it as extensions.conf",
}


def read_rtp(sections: Iterable[Section], draft: Draft) -> None:
    """rtp.conf: the ports. Audio that anybody may change to another source is left behind."""
    for section in sections:
        said = last(section)
        for entry in section.entries:
            if entry.key.lower() == "strictrtp" and entry.value.strip().lower() in ("no", "false", "off", "0"):
                draft.leave_entry(
                    entry, "audio", "a far side that changes its source must say so by SDP (docs/nat.md)"
                )
        first = number(said.get("rtpstart", ""), _LOWEST, _HIGHEST)
        final = number(said.get("rtpend", ""), _LOWEST, _HIGHEST)
        if first is not None and final is not None and first < final:
            draft.table("sip")["rtp_ports"] = f"{first}-{final}"


def read_asterisk(sections: Iterable[Section], draft: Draft) -> None:
    """asterisk.conf: where Asterisk's data is, and in it what the office has recorded."""
    for section in sections:
        said = last(section)
        data = said.get("astdatadir", said.get("astvarlibdir", ""))
        if section.name.lower() == "directories" and data:
            draft.sounds = Path(data)
    if (draft.sounds / "sounds").is_dir():
        draft.table("media")["sounds"] = [str(draft.sounds / "sounds")]


def leave_other_files(
    folder: Path, names: Sequence[str], read: Callable[[str], list[Section]], draft: Draft
) -> None:
    """Name files of a directory that are not carried.

    Args:
        names: of the files that were read, with those that they include.
        read: gives the sections of a file.
    """
    for path in sorted(folder.iterdir()):
        stem = path.name.removesuffix(".conf")
        if path.name in _OTHER_LANGUAGES and path.is_file():
            what = f"the dialplan in {_OTHER_LANGUAGES[path.name]} is not carried over"
            draft.leave(Place(path.name, 0), what, _WRITTEN[path.name])
        if path.name in names or stem in _ITS_OWN or stem == path.name or not path.is_file():
            continue
        if stem in _PROGRAM_S:
            _leave_sections(path.name, *_PROGRAM_S[stem], _switched_on(stem, read(path.name)), draft)
        elif stem in _OFFICE_S:
            _leave_sections(path.name, *_OFFICE_S[stem], read(path.name), draft)
        else:
            draft.leave(Place(path.name, 0), "this file is not read", "see whether it is missed")


def _switched_on(stem: str, sections: list[Section]) -> list[Section]:
    """The sections that say something; none of a manager that is not enabled, as it is by default."""
    general = next((last(section) for section in sections if section.name.lower() == "general"), {})
    if not is_yes(general.get("enabled", "no" if stem == "manager" else "yes")):
        return []
    return [section for section in sections if section.entries]


def _leave_sections(file: str, word: str, mend: str, sections: Iterable[Section], draft: Draft) -> None:
    for section in sections:
        if word == "realtime":
            for entry in section.entries:
                source = entry.value.partition(",")[0][:40]
                what = f"{entry.key} comes from a database ({source}), and is not carried over"
                draft.leave(entry.place, what, mend)
        elif section.name.lower() != "general":
            draft.leave(section.place, f"{word} {section.name} is not carried over", mend)
