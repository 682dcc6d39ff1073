"""What the tables of the office's services tell: [tones], [music], [voicemail], [queues], [conferences], [parking].

Faults keep a configuration from loading. Doubts are told by `copperline check`: a name that nobody has, and each
service whose settings are kept though it is not built in yet.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping, Sequence
from os.path import isdir, isfile
from typing import Final

from dialplan.apps.services import SERVICES
from gateway.config.faults import Finding, nearest
from gateway.config.locate import KeyPath
from gateway.config.model import Config
from gateway.media.music import DEFAULT
from gateway.media.places import has_language, prompt_folders
from gateway.media.soundfile import SUFFIXES
from gateway.media.speech import voiced
from gateway.media.tone import ZONES

__all__ = ["service_doubts", "service_findings"]

_SHOWN: Final = 4
"""Names that are told; of more, how many there are."""


def service_findings(config: Config) -> Iterator[Finding]:
    """What cannot be."""
    tones = config.office.tones
    if tones is not None and tones not in ZONES and tones not in config.tones:
        what = f'there are no tones "{tones}"'
        yield Finding(("office", "tones"), what, nearest(tones, [*config.tones, *ZONES]))
    taken: dict[tuple[str, int], str] = {}
    for name, lot in config.parking.items():
        for number in lot.numbers:
            other = taken.setdefault((lot.context, number), name)
            if other != name:
                what = f"place {number} of lot {name} is one of lot {other} already"
                yield Finding(("parking", name, "places"), what, "give each lot places of its own")
                break


def service_doubts(config: Config, contexts: Container[str]) -> Iterator[Finding]:
    """What loads, and does less than was thought."""
    yield from _unread(config)
    yield from _language(config)
    yield from _kept(config)
    yield from _music(config)
    yield from _mailboxes(config)
    yield from _room(config)
    for index, folder in enumerate(config.media.sounds):
        if not isdir(folder):
            yield Finding(("media", "sounds", index), f"there is no folder {folder}", "mend the path")
    for path, context in _contexts(config):
        if context and context not in contexts:
            yield Finding(path, f'the dialplan has no context "{context}"', "write it, or leave the line out")


def _room(config: Config) -> Iterator[Finding]:
    """Fewer legs than the calls that are asked for: a call has two, and a SIP leg two ports, of RTP and of RTCP."""
    calls, path = config.limits.calls, ("limits", "calls")
    if "calls" not in config.limits.model_fields_set:
        return
    if config.media.rows < 2 * calls:
        what = f"{calls} calls have two legs each, and media.rows = {config.media.rows} is room for fewer"
        yield Finding(path, what, f"write media.rows = {2 * calls}, or let in fewer calls")
    first, last = config.sip.rtp_ports.first, config.sip.rtp_ports.last
    if last - first + 1 < 4 * calls:
        what = f"{calls} calls take four ports each, and the {last - first + 1} of sip.rtp_ports are fewer"
        yield Finding(path, what, f"let sip.rtp_ports span {4 * calls} ports, or let in fewer calls")


def _unread(config: Config) -> Iterator[Finding]:
    """What the built-in dialplan would go by, in an office that has its own."""
    for name in ("outside", "answers"):
        if config.dialplan is not None and name in config.office.model_fields_set:
            what = f"office.{name} is for the built-in dialplan, and this office has its own"
            yield Finding(("office", name), what, f"say it in {config.dialplan.name}, and leave the line out")


def _language(config: Config) -> Iterator[Finding]:
    """A language in which nothing can be said."""
    language = config.office.language
    folders = prompt_folders(config.media.prompts, config.media.sounds)
    if voiced(language) != language and not has_language(folders, language):
        what = f'there are no prompts in language "{language}": English ones are heard'
        mend = f"put recordings into {config.media.prompts / language}, or install Asterisk's sounds in it"
        yield Finding(("office", "language"), what, mend)


def _kept(config: Config) -> Iterator[Finding]:
    """Settings of services that are not there yet."""
    tables: tuple[tuple[str, str, Sequence[KeyPath]], ...] = (
        ("voicemail", "mailbox", [("voicemail", name) for name in config.voicemail]),
        ("queues", "queue", [("queues", name) for name in config.queues]),
    )
    built_in = set(SERVICES.values())
    for service, word, paths in tables:
        if paths and service in built_in:
            names = [str(path[-1]) for path in paths]
            verb = "are" if service == "queues" else "is"
            what = f"{_counted(word, names)} kept; {service} {verb} not built in yet"
            yield Finding(paths[0], what)


def _counted(word: str, names: Sequence[str]) -> str:
    """`mailbox 101 is`, `queues sales, help are`, `mailboxes 101, 102, 103, 104 and 5 more are`."""
    if len(names) == 1:
        return f"{word} {names[0]} is"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    plural = f"{word}es" if word.endswith("x") else f"{word}s"
    return f"{plural} {', '.join(names[:_SHOWN])}{more} are"


def _music(config: Config) -> Iterator[Finding]:
    """Classes without music, and music of classes that there are not."""
    for name, music in config.music.items():
        folder = music.folder
        if folder is not None and not (isdir(folder) and os.access(folder, os.R_OK)):
            what = f"there is no folder {folder}: the office's own music is heard"
            yield Finding(("music", name, "folder"), what, "mend the path")
        elif folder is not None and not any(path.suffix.lower() in SUFFIXES for path in folder.iterdir()):
            what = f"{folder} holds no sound file that can be played: the office's own music is heard"
            yield Finding(("music", name, "folder"), what, f"put files with one of {' '.join(SUFFIXES)} there")
        for index, file in enumerate(music.files):
            if not isfile(file):
                yield Finding(("music", name, "files", index), f"there is no file {file}: it is passed over")
    named: list[tuple[KeyPath, str]] = [
        *((("queues", name, "music"), queue.music) for name, queue in config.queues.items()),
        *((("conferences", "users", name, "music"), user.music) for name, user in config.conferences.users.items()),
        *((("parking", name, "music"), lot.music) for name, lot in config.parking.items()),
    ]
    for path, name in named:
        if name and name != DEFAULT and name not in config.music:
            what = f'there is no music "{name}": that of the class {DEFAULT} is heard'
            yield Finding(path, what, nearest(name, [*config.music, DEFAULT]))


def _mailboxes(config: Config) -> Iterator[Finding]:
    """Lamps for mailboxes that there are not, in an office that has some."""
    users: tuple[tuple[str, Mapping[str, str]], ...] = (
        ("accounts", {name: account.mailbox for name, account in config.accounts.items()}),
        ("phones", {name: phone.mailbox for name, phone in config.phones.items()}),
    )
    for table, boxes in users:
        for name, box in boxes.items():
            if box and config.voicemail and box not in config.voicemail:
                what = f'there is no mailbox "{box}"'
                yield Finding((table, name, "mailbox"), what, nearest(box, list(config.voicemail)))


def _contexts(config: Config) -> Iterator[tuple[KeyPath, str]]:
    """Contexts that services name."""
    for name, box in config.voicemail.items():
        for key in ("callback", "dial_out", "exit_context"):
            yield ("voicemail", name, key), getattr(box, key)
    for name, queue in config.queues.items():
        yield ("queues", name, "context"), queue.context
    for name, lot in config.parking.items():
        yield ("parking", name, "comeback"), lot.comeback
