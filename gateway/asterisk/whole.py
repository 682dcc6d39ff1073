"""A whole directory: its files read in turn, the dialplan copied and mended until all of it loads.

In goes the path of an Asterisk configuration directory; out come our files as texts, and the list of what was left
behind. A step of the dialplan that cannot be carried out here becomes a NoOp in its place, so that lines keep their
numbers and the extension around it still works; it is on the list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from phonenumbers import SUPPORTED_REGIONS

from dialplan.model import Place
from dialplan.reader import Section, Sources, as_text, read_sections
from gateway.asterisk.confbridge import read_confbridge
from gateway.asterisk.dahdi import read_dahdi
from gateway.asterisk.draft import Draft
from gateway.asterisk.features import read_features, read_parking
from gateway.asterisk.indications import read_indications
from gateway.asterisk.machine import leave_other_files, read_asterisk, read_rtp
from gateway.asterisk.mending import OFFICE, mend
from gateway.asterisk.musiconhold import read_music
from gateway.asterisk.peers import listen, new_secret
from gateway.asterisk.pjsip import read_pjsip
from gateway.asterisk.plan import DIALPLAN, access_digits, additions, dialplan_files, parks
from gateway.asterisk.queues import read_queues
from gateway.asterisk.sip import read_sip
from gateway.asterisk.voicemail import read_voicemail
from gateway.asterisk.wizard import read_wizard
from gateway.config.consistency import easily_guessed
from gateway.config.values import tone_country
from gateway.core.errors import Fault, LocalError
from gateway.media.tone import ZONES

__all__ = ["Imported", "read_directory"]

_READERS: Final[dict[str, Callable[[Iterable[Section], Draft], None]]] = {
    "asterisk.conf": read_asterisk,
    "indications.conf": read_indications,
    "pjsip.conf": read_pjsip,
    "sip.conf": read_sip,
    "chan_dahdi.conf": read_dahdi,
    "rtp.conf": read_rtp,
    "features.conf": read_features,
    "res_parking.conf": read_parking,
    "voicemail.conf": read_voicemail,
    "queues.conf": read_queues,
    "confbridge.conf": read_confbridge,
    "musiconhold.conf": read_music,
}
"""What each file becomes, in the order in which they are read."""
_PJSIP: Final = "pjsip.conf"
_WIZARD: Final = "pjsip_wizard.conf"
_WIRING: Final = "system.conf"
_HOME: Final = "/etc/asterisk"
"""Where Asterisk's files lie, and so what files that are named whole are beside."""
_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of one file."""
_LOOPBACK: Final = "127.0.0.1"
_PLACES: Final = "701-750"
"""Of the lot that Asterisk has where none is written, in the context parkedcalls."""
_HEAD: Final = "# Made from {folder} by copperline import. What was left behind is in import-report.txt.\n\n"


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a directory.

    Attributes:
        files: our files by name: office.toml, extensions.conf and what that includes.
        left: what was left behind, in the order of files and lines.
        doubts: what was carried over and does less here, likewise.
    """

    files: dict[str, str]
    left: list[Fault]
    doubts: list[Fault]


def read_directory(folder: Path, address: str = "", country: str = "") -> Imported:
    """Read an Asterisk configuration directory.

    Args:
        address: of this machine, at which SIP is to listen; "" for 127.0.0.1, where there is no trunk.
        country: where the office is, if no file says so; "" leaves it the default.

    Raises:
        LocalError: it is none, or has trunks and no address was given, or the country is not known, or what came of
            it does not load.
    """
    if not folder.is_dir():
        raise LocalError(f"{folder} is no directory; name the one that holds pjsip.conf or extensions.conf")
    _check_address(address)
    country = tone_country(country)
    if country and country not in ZONES and country.upper() not in SUPPORTED_REGIONS:
        raise LocalError(f'"{country}" is no country; write its ISO 3166 code, such as "de"')
    directory = _Directory(folder)
    known = (*_READERS, _WIZARD, DIALPLAN)
    if not any((folder / name).is_file() for name in known):
        raise LocalError(f"{folder} holds no Asterisk configuration: none of {', '.join(known)}")
    draft = Draft(address or _LOOPBACK, {"dialplan": DIALPLAN, "office": {"name": "Office"}})
    draft.wiring = directory.wiring()
    wizards = read_wizard(directory.sections(_WIZARD, draft), draft)
    for name, reader in _READERS.items():
        sections = directory.sections(name, draft)
        reader([*sections, *wizards] if name == _PJSIP else sections, draft)
    if draft.tables.get("trunks") and not address:
        names = ", ".join(draft.tables["trunks"])
        raise LocalError(
            f"Trunks are reached over a network ({names}): say this machine's own address with --address."
        )
    if country:
        _settle(country, draft)
    _listen_everywhere(draft)
    _renew_weak_secrets(draft)
    files = dialplan_files(directory.read, directory.find)
    if parks(files):
        draft.table("parking").setdefault("default", {"places": _PLACES})
    if access := access_digits(files):
        draft.table("tolls")["access"] = access
    leave_other_files(folder, [*directory.seen, *files], lambda name: directory.sections(name, draft), draft)
    files[DIALPLAN] += additions(files, draft)
    doubts = mend(files, draft, _HEAD.format(folder=folder.absolute().name))
    return Imported(files, sorted(set(draft.left)), doubts)


def _check_address(address: str) -> None:
    """See that telephones can be told the address to send their audio to."""
    try:
        usable = not address or not ip_address(address).is_unspecified
    except ValueError:
        usable = False
    if not usable:
        raise LocalError(f'"{address}" is not an address of this machine; write one such as 192.0.2.10')


class _Directory:
    """The files of a directory, and which of them were read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        homes = "|".join(re.escape(home) for home in (_HOME, str(folder), str(folder.absolute())))
        self._whole = re.compile(rf'^([ \t]*#(?:try)?include\s*["<]?)(?:{homes})/', re.MULTILINE)
        self.seen: set[str] = set()

    def read(self, name: str) -> str:
        """The text of a file; raises OSError."""
        self.seen.add(name)
        with (self._folder / name).open("rb") as file:
            data = file.read(_LIMIT + 1)
        if len(data) > _LIMIT:
            raise OSError(f"it is larger than {_LIMIT} bytes")
        return self._whole.sub(r"\1", as_text(data))

    def find(self, pattern: str) -> list[str]:
        """The files that match a pattern."""
        found = (path for path in self._folder.glob(pattern) if path.is_file())
        return [str(path.relative_to(self._folder)) for path in found]

    def wiring(self) -> str:
        """DAHDI's system.conf, beside the other files or in /etc/dahdi where they lie in /etc/asterisk; else ""."""
        self.seen.add(_WIRING)
        for path in (self._folder / _WIRING, self._folder.parent / "dahdi" / _WIRING):
            with suppress(OSError), path.open("rb") as file:
                return file.read(_LIMIT).decode("utf-8", "replace")
        return ""

    def sections(self, name: str, draft: Draft) -> list[Section]:
        """The sections of a file, none where it is not there."""
        if not (self._folder / name).is_file():
            return []
        try:
            sections, faults = read_sections(name, Sources(self.read, self.find))
        except OSError as error:
            raise LocalError(f"{self._folder / name} cannot be read: {error.strerror or error}") from error
        draft.left.extend(faults)
        return sections


def _listen_everywhere(draft: Draft) -> None:
    """Listen by every transport by which a trunk is called, and by UDP where nothing is said."""
    wanted = ["udp"]
    servers = [server for trunk in draft.tables.get("trunks", {}).values() for server in trunk["servers"]]
    wanted += ["tcp"] if any(server.startswith("tcp:") for server in servers) else []
    heard = draft.tables.get("sip", {}).get("listen", [])
    missing = [transport for transport in wanted if not any(each.startswith(transport) for each in heard)]
    if (servers or draft.tables.get("accounts")) and missing:
        listen([(transport, draft.address, Place(OFFICE, 0)) for transport in missing], draft)


def _settle(country: str, draft: Draft) -> None:
    """Take a country where no file has told one: tones go by it, and which numbers may be called."""
    office = draft.table("office")
    if office.keys() & {"country", "tones", "numbers"}:
        return
    if country in ZONES:
        office["country"] = country
        what = f"no indications.conf tells the country: {country} is taken, for tones and for what may be called"
        draft.left.append(Fault(OFFICE, 0, what, "write another as country in [office]"))
    else:
        office["numbers"] = country
        what = f"no indications.conf tells the country: {country} is taken for what may be called, and its tones"
        what += " are not known here"
        draft.left.append(Fault(OFFICE, 0, what, "take a country with the same tones as country in [office]"))


def _renew_weak_secrets(draft: Draft) -> None:
    """On a network, an account with a secret that is easily guessed gets a new one."""
    accounts = draft.tables.get("accounts", {})
    for name, account in accounts.items() if draft.address != _LOOPBACK else ():
        if easily_guessed(account["secret"], name):
            account["secret"] = new_secret()
            what = f"the secret of account {name} was easily guessed; a new one stands in office.toml"
            draft.left.append(Fault(OFFICE, 0, what, "write it into the telephone"))
