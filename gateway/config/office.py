"""An office's configuration and dialplan, loaded together and checked against each other.

The dialplan's faults carry its own lines; a context that a telephone, line or account names and the dialplan
lacks is a fault of the configuration; a Dial to somebody who is not there is one of the dialplan.
"""

from __future__ import annotations

import errno
import shlex
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from glob import escape
from pathlib import Path
from typing import Final

from dialplan.check import conference_profiles, dialled, doubts, prompts, technologies, watched
from dialplan.exits import Exit, exits
from dialplan.functions import FUNCTIONS
from dialplan.loader import examine
from dialplan.model import Dialplan
from dialplan.reader import as_text
from drivers.audiosocket.protocol import Address as Server
from drivers.registry import TECHNOLOGIES, Address
from gateway.config.boundary import Boundary
from gateway.config.builtin import BUILTIN_NAME, builtin_dialplan
from gateway.config.certificates import certificate_doubts
from gateway.config.consistency import encryption_doubts
from gateway.config.faults import Finding, nearest
from gateway.config.load import load, read
from gateway.config.locate import Locator
from gateway.config.model import Config
from gateway.config.parking import PARKING_NAME, parking_dialplan
from gateway.config.services import service_doubts
from gateway.config.tolls import toll_policy
from gateway.config.ways import TABLES, each_way, group_name, span_names, ways
from gateway.core.errors import ConfigError, Fault, MalformedError, RemoteError
from gateway.core.switch import Target
from gateway.media.english import ENGLISH
from gateway.media.places import LAST_LANGUAGE, OWN_SOUNDS, prompt_folders, stems

__all__ = ["PLAN_LIMIT", "dialplan_doubts", "has_nobody", "load_office", "setting_doubts", "ways_out"]

EXEC_SECONDS: Final = 10
"""How long an #exec may take; the office starts, or goes on with its old dialplan, meanwhile."""

PLAN_LIMIT: Final = 16 << 20
"""Octets of one file of the dialplan, far more than anybody has written."""

_SIP: Final = ("SIP", "PJSIP")
_PROGRAMS: Final = "AUDIOSOCKET"


def load_office(path: Path) -> tuple[Config, Dialplan]:
    """Load the configuration at `path` and the dialplan that it names, or the built-in one.

    In steps and traces the dialplan's file is called by its name alone, in faults by where it lies.

    Raises:
        ConfigError: with every fault found.
    """
    config = load(path)
    dialplan, faults = _load_dialplan(config)
    found = [*_contexts(config, dialplan), *_tolls(config, dialplan), *_variables(config)]
    toll_policy(config.tolls)
    locator = Locator(read(path)) if found else None
    if locator is not None:
        faults += [Fault(str(path), locator.line(each.path), each.what, each.mend) for each in found]
    for place, written, target in dialled(dialplan):
        if "$" in written and target.technology.upper() == _PROGRAMS:
            continue
        wrong = _target(target, config, dialplan)
        if wrong is not None:
            faults.append(Fault(_shown(config, place.file), place.line, f"{written} {wrong[0]}", wrong[1]))
    told = {(fault.file, fault.line) for fault in faults}
    for place, technology in technologies(dialplan):
        fault = _technology(technology)
        if fault is not None and (_shown(config, place.file), place.line) not in told:
            faults.append(Fault(_shown(config, place.file), place.line, *fault))
    if faults:
        raise ConfigError(faults)
    return config, dialplan


def dialplan_doubts(config: Config, dialplan: Dialplan) -> list[Fault]:
    """What a dialplan says that does less than its writer may have thought: it loads, and is worth a look."""
    found = sorted(
        [
            *doubts(dialplan),
            *_silent(config, dialplan),
            *_unwatched(config, dialplan),
            *_conferences(config, dialplan),
        ]
    )
    return [_lying(config, doubt) for doubt in found]


def _unwatched(config: Config, dialplan: Dialplan) -> Iterator[Fault]:
    """Hints of devices that are not there: their lamps stay dark."""
    for place, device in watched(dialplan):
        wrong = _target(device, config, dialplan)
        if wrong is not None and device.technology.upper() != "LOCAL":
            mend = wrong[1] or "name one that is"
            yield Fault(place.file, place.line, f"a hint watches {device}, which is not there", mend)


def _silent(config: Config, dialplan: Dialplan) -> Iterator[Fault]:
    """Prompts that no folder has, and that are not spoken at the start."""
    own = config.media.recordings / OWN_SOUNDS
    folders = (own, *prompt_folders(config.media.prompts, config.media.sounds))
    heard: dict[str, bool] = {"beep": True}
    for place, name in prompts(dialplan):
        if name not in heard:
            places = stems(folders, name, (config.office.language, LAST_LANGUAGE))
            heard[name] = name in ENGLISH or any(_is_there(place) for place in places)
        if not heard[name]:
            mend = f"put {name}.wav into {config.media.prompts / config.office.language}"
            yield Fault(place.file, place.line, f"there is no prompt {name!r}: nothing is heard", mend)


def _conferences(config: Config, dialplan: Dialplan) -> Iterator[Fault]:
    """Profiles of conferences that there are not: who would enter with one is not let in."""
    settings = config.conferences
    known = {"bridge": settings.rooms, "user": settings.users, "menu": settings.menus}
    for place, kind, name in conference_profiles(dialplan):
        if name not in known[kind] and name != f"default_{kind}":
            what = f"ConfBridge: there is no {kind} profile {name!r}, so that nobody is let in"
            yield Fault(place.file, place.line, what, nearest(name, list(known[kind])))


def _is_there(stem: Path) -> bool:
    """Whether there is a file of that name with any suffix."""
    return any(stem.parent.glob(f"{escape(stem.name)}.*"))


def setting_doubts(path: Path, config: Config, dialplan: Dialplan) -> list[Fault]:
    """What the configuration at `path` says that works and is worth a look: a certificate that ends soon, say."""
    found = [
        *_readable(path, config),
        *certificate_doubts(config),
        *encryption_doubts(config),
        *service_doubts(config, dialplan.contexts),
        *_members(config, dialplan),
        *_nobody(config),
        *_forged(config, dialplan),
    ]
    locator = Locator(read(path)) if found else None
    told = [Fault(str(path), locator.line(each.path), each.what, each.mend) for each in found] if locator else []
    return sorted(told, key=lambda fault: fault.line)


def has_nobody(config: Config) -> bool:
    """Whether it is an office that nobody can call, nor call from."""
    return not (config.phones or config.accounts or config.trunks or any(each_way(config)))


def _nobody(config: Config) -> Iterator[Finding]:
    if has_nobody(config):
        yield Finding((), "there is no telephone, account, line or trunk", "write one, such as [accounts.6001]")


def _readable(path: Path, config: Config) -> Iterator[Finding]:
    """Secrets that everybody on this machine can read, of an office that others can reach."""
    open_to_others = not all(listener.address.is_loopback for listener in config.sip.listen)
    secrets = config.accounts or any(trunk.secret for trunk in config.trunks.values())
    if open_to_others and secrets and path.stat().st_mode & stat.S_IROTH:
        what = f"everybody on this machine can read the secrets in {path}"
        yield Finding(("sip", "listen"), what, f"chmod o= {path}")


def _forged(config: Config, dialplan: Dialplan) -> Iterator[Finding]:
    """Trunks known by an address that anybody can write into a datagram, whose calls may go out at our cost."""
    by_datagram = {
        f"trunk {name}": name
        for name, trunk in config.trunks.items()
        if not trunk.challenge
        and any(server.transport in ("", "udp") and not server.is_here for server in trunk.servers)
    }
    told: set[str] = set()
    for found in ways_out(config, dialplan) if by_datagram else ():
        name = by_datagram.get(found.entry.who)
        if name is not None and name not in told and found.standings & set(config.tolls.onward):
            told.add(name)
            what = (
                f"trunk {name} is known by its address, which anybody can forge over UDP, and its calls reach "
                f"{found.target}"
            )
            yield Finding(("trunks", name, "servers"), what, 'write challenge = true, or its servers as "tls:…"')


def _members(config: Config, dialplan: Dialplan) -> Iterator[Finding]:
    """Members of queues who are not there."""
    for name, queue in config.queues.items():
        for index, member in enumerate(queue.members):
            technology, _, address = member.target.partition("/")
            wrong = _target(Target.written(technology, address), config, dialplan)
            if wrong is not None:
                yield Finding(("queues", name, "members", index), f"{member.target} {wrong[0]}", wrong[1])


def ways_out(config: Config, dialplan: Dialplan) -> list[Exit]:
    """Every way that leads from a caller outside to an outside line, with files as they lie from here."""
    boundary = Boundary(config)
    return [
        replace(
            found,
            way=tuple(f"{_shown(config, step.partition(':')[0])}:{step.partition(':')[2]}" for step in found.way),
        )
        for found in exits(dialplan, boundary.entries(), boundary.leaves)
    ]


def _load_dialplan(config: Config) -> tuple[Dialplan, list[Fault]]:
    """The dialplan as far as it can be read, and its faults."""
    if config.dialplan is None:
        text = builtin_dialplan(config)
        return examine(BUILTIN_NAME, read=lambda _: text)
    folder, whole = config.dialplan.parent, config.dialplan.name

    def beside(name: str) -> str:
        if name == PARKING_NAME:
            return parking_dialplan(config.parking)
        text = as_text(_octets(folder / name))
        return f"{text}\n#include {PARKING_NAME}\n" if config.parking and name == whole else text

    def found(pattern: str) -> list[str]:
        return [str(path.relative_to(folder)) for path in folder.glob(pattern) if path.is_file()]

    execute = partial(_execute, folder) if config.permissions.exec else None
    try:
        dialplan, faults = examine(config.dialplan.name, read=beside, find=found, execute=execute)
    except ConfigError as error:
        raise ConfigError([_lying(config, fault) for fault in error.faults]) from error
    return dialplan, [_lying(config, fault) for fault in faults]


def _octets(path: Path) -> bytes:
    """What is in a file of the dialplan, unless it is one without end, or one that keeps its reader waiting."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "no plain file")
    with path.open("rb") as file:
        data = file.read(PLAN_LIMIT + 1)
    if len(data) > PLAN_LIMIT:
        raise OSError(errno.EFBIG, f"larger than {PLAN_LIMIT} bytes")
    return data


def _lying(config: Config, fault: Fault) -> Fault:
    """A fault of the dialplan, where its file lies."""
    return replace(fault, file=_shown(config, fault.file))


def _execute(folder: Path, command: str) -> str:
    """What a command of the dialplan's files prints; raises OSError."""
    try:
        done = subprocess.run(
            shlex.split(command), cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=EXEC_SECONDS
        )
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise OSError(str(error)) from error
    if done.returncode:
        raise OSError(f"it ended with {done.returncode}")
    return done.stdout.decode("utf-8", "replace")


def _shown(config: Config, file: str) -> str:
    """Where a file of the dialplan lies, as seen from here."""
    if config.dialplan is None:
        return file
    whole = config.dialplan.parent / file
    return str(whole.relative_to(Path.cwd())) if whole.is_relative_to(Path.cwd()) else str(whole)


def _contexts(config: Config, dialplan: Dialplan) -> Iterator[Finding]:
    named = [
        *((("phones", name, "context"), user.context) for name, user in config.phones.items()),
        *(((TABLES[kind], name, "context"), way.context) for kind, name, way in each_way(config)),
        *(
            (("lines", name, "rings", ring, "context"), own.context)
            for name, line in config.lines.items()
            for ring, own in line.rings.items()
            if own.context
        ),
        *((("accounts", name, "context"), account.context) for name, account in config.accounts.items()),
        *((("trunks", name, "context"), trunk.context) for name, trunk in config.trunks.items()),
        *((("sip", "strangers"), config.sip.strangers) for _ in range(bool(config.sip.strangers))),
    ]
    for path, context in named:
        if context not in dialplan.contexts:
            what = (
                f'{path[0].removesuffix("s")} {path[1]} is in context "{context}", which the dialplan does not have'
            )
            yield Finding(path, what, nearest(context, list(dialplan.contexts)))


def _variables(config: Config) -> Iterator[Finding]:
    """Functions among the variables that calls bring, that cannot be set."""
    users = [
        *((("phones", name), user.variables) for name, user in config.phones.items()),
        *(((TABLES[kind], name), way.variables) for kind, name, way in each_way(config)),
        *((("accounts", name), account.variables) for name, account in config.accounts.items()),
        *((("trunks", name), trunk.variables) for name, trunk in config.trunks.items()),
    ]
    writable = [name for name, function in FUNCTIONS.items() if function.write is not None]
    for path, variables in users:
        for name in variables:
            function, parenthesis, _ = name.partition("(")
            if parenthesis and function not in writable:
                what = f"there is no function {function} that can be set"
                yield Finding((*path, "variables", name), what, nearest(function, writable))


def _tolls(config: Config, dialplan: Dialplan) -> Iterator[Finding]:
    """Names in [tolls] that nobody has: a cap on them would cap nobody."""
    trunks = [*sorted({group_name(kind, way.group) for kind, _, way in each_way(config)}), *config.trunks]
    lines = [name for _, name, _ in each_way(config)]
    callers = [*config.accounts, *config.phones, *lines, *config.trunks, *dialplan.contexts]
    for kind, known in (("callers", callers), ("trunks", trunks)):
        for name in getattr(config.tolls, kind):
            if name not in known:
                yield Finding(("tolls", kind, name), f'nothing is called "{name}"', nearest(name, known))
    for index, context in enumerate(config.tolls.onward):
        if context not in dialplan.contexts:
            what = f'the dialplan has no context "{context}"'
            yield Finding(("tolls", "onward", index), what, nearest(context, list(dialplan.contexts)))


def _target(target: Target, config: Config, dialplan: Dialplan) -> tuple[str, str] | None:
    """What a Dial's target does wrong, as "dials nobody", and the mend; None where nothing is wrong."""
    technology = target.technology.upper()
    if technology in _SIP:
        return _sip_target(target, config)
    if technology == "LOCAL":
        return _local_target(target, dialplan)
    if technology == _PROGRAMS:
        return _program(target)
    unknown = _technology(target.technology)
    if unknown is not None:
        return f"cannot be dialled: {unknown[0]}", unknown[1]
    try:
        address = Address.parse(target.address)
    except RemoteError as error:
        return f"cannot be dialled: {error}", ""
    return _line_target(target, address, TECHNOLOGIES[technology], config)


def _program(target: Target) -> tuple[str, str] | None:
    try:
        Server.parse(target.address)
    except MalformedError as fault:
        return f"dials nobody: {fault}", ""
    return None


def _technology(name: str) -> tuple[str, str] | None:
    """What is wrong with a technology, and the mend."""
    known = [*TECHNOLOGIES, *_SIP, "LOCAL", _PROGRAMS]
    return None if name.upper() in known else (f'there is no technology "{name}"', nearest(name.upper(), known))


def _local_target(target: Target, dialplan: Dialplan) -> tuple[str, str] | None:
    number, at, context = target.address.partition("/")[0].partition("@")
    if not (number and at and context):
        return "names no extension", "write Local/EXTENSION@CONTEXT"
    # Some of it may be known only when a call comes.
    if context in dialplan.contexts or not context.replace("-", "_").isidentifier():
        return None
    return f'dials nobody: there is no context "{context}"', nearest(context, list(dialplan.contexts))


def _sip_target(target: Target, config: Config) -> tuple[str, str] | None:
    number, at, name = target.address.rpartition("@")
    if at:
        if name not in config.trunks:
            return f'dials no trunk: there is no "{name}"', nearest(name, list(config.trunks))
        return None if number else ("says no number", f"write SIP/NUMBER@{name}")
    if name in config.trunks:
        return "says no number", f"write SIP/NUMBER@{name}"
    if name in config.accounts:
        return None
    return f'dials no account: there is no "{name}"', nearest(name, list(config.accounts))


def _line_target(
    target: Target, address: Address, kinds: tuple[str, ...], config: Config
) -> tuple[str, str] | None:
    phones = config.phones if "FXS" in kinds else {}
    lines = {name: way for kind in kinds for name, way in ways(config, kind).items()}
    words = {word for words in span_names(config).values() for word in words} if "SPAN" in kinds else set()
    if "FXS" in kinds and "FXO" in kinds:  # DAHDI/3: as dialplans for chan_dahdi write it
        words |= {str(phone.port) for phone in config.phones.values()}
        words |= {str(line.port) for line in config.lines.values()}
    if address.span is not None and not _is_in_group(address, kinds, config):
        return f"dials no line: span {address.span} is not in group {address.group}", ""
    if address.group is not None:
        capped = [name for name in _counted(address.group, kinds, config) if name in config.tolls.trunks]
        if len(capped) > 1:
            what = f"goes out by lines and by spans, and counts for [tolls.trunks.{capped[0]}] alone"
            return what, "give them groups of their own"
        groups = {line.group for line in lines.values()}
        return None if address.group in groups else (f"dials no line: group {address.group} is empty", "")
    names = [*phones, *lines]
    if address.line in names or address.line in words:
        return None
    return f'dials nobody: there is no "{address.line}"', nearest(address.line, names)


def _counted(group: int, kinds: tuple[str, ...], config: Config) -> list[str]:
    """What the toll rules call the lines of a group, of each kind."""
    found = [(kind, way) for kind in kinds for way in ways(config, kind).values()]
    return sorted({group_name(kind, way.group) for kind, way in found if way.group == group})


def _is_in_group(address: Address, kinds: tuple[str, ...], config: Config) -> bool:
    """Whether the span that an address names is in its group."""
    named = [config.spans[name] for name, words in span_names(config).items() if f"i{address.span}" in words]
    return "SPAN" in kinds and any(span.group == address.group for span in named)
