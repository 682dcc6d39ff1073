"""What the tables of a configuration tell only together: ports, numbers, addresses, secrets, files.

A valid `Config` goes in, findings come out, in the order of the document. It looks whether named files exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os.path import isfile
from typing import Final

from phonenumbers import SUPPORTED_REGIONS

from drivers.registry import GROUP_LETTERS
from gateway.config.analog import LineSettings, PhoneSettings
from gateway.config.certificates import certificate_findings
from gateway.config.faults import Finding, nearest
from gateway.config.features import CODE_NAMES
from gateway.config.locate import KeyPath
from gateway.config.model import Config
from gateway.config.services import service_findings
from gateway.config.ways import TABLES, each_way
from gateway.core.codec import CODECS
from gateway.fax.library import missing
from gateway.media.codec.libraries import needs
from gateway.media.tone import ZONES

__all__ = ["easily_guessed", "encryption_doubts", "findings"]

SECRET_LENGTH: Final = 10
"""Characters that a secret needs once SIP is open to a network: guessing eight digits over a LAN takes hours."""

_COMMON_SECRETS: Final = frozenset(
    {
        "1234567890",
        "0123456789",
        "password",
        "password1",
        "password123",
        "changemenow",
        "copperline",
        "secretsecret",
    }
)


def findings(config: Config) -> Iterator[Finding]:
    """Everything that does not fit together in `config`."""
    yield from _files(config)
    yield from _country(config)
    yield from _answers(config)
    yield from _sip(config)
    yield from _codecs(config)
    yield from certificate_findings(config)
    yield from _web(config)
    yield from _cards(config)
    yield from _ports(config)
    yield from _numbers(config)
    yield from _line_names(config)
    yield from _adapters(config)
    yield from _spans(config)
    yield from _channels(config)
    yield from _contexts(config)
    yield from _trunks(config)
    yield from _secrets(config)
    yield from _secure_accounts(config)
    yield from _features(config)
    yield from _fax(config)
    yield from service_findings(config)


def _files(config: Config) -> Iterator[Finding]:
    if config.dialplan is not None and not isfile(config.dialplan):
        what = f"there is no dialplan file {config.dialplan}"
        yield Finding(("dialplan",), what, "name one that exists, or leave the line out for the built-in dialplan")


def _features(config: Config) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    for name in CODE_NAMES:
        keys = getattr(config.features, name)
        if keys and keys in taken:
            what = f'"{keys}" is the code of features.{taken[keys]} already'
            yield Finding(("features", name), what, "give each feature keys of its own")
        taken.setdefault(keys, name)


def _fax(config: Config) -> Iterator[Finding]:
    """T.38 where it cannot be had."""
    for table, entries in (("accounts", config.accounts), ("trunks", config.trunks)):
        for name, entry in entries.items():
            if entry.t38 and missing():
                what, _, mend = missing().partition(": ")
                yield Finding((table, name, "t38"), what, f"{mend}, or leave the line out")
            elif entry.t38 and entry.media_encryption == "required":
                what = "T.38 is not encrypted, and media_encryption is required"
                yield Finding((table, name, "t38"), what, "leave one of the two out; faxes then stay in audio")


def _country(config: Config) -> Iterator[Finding]:
    country = config.office.country
    if country not in ZONES:
        what = f'the tones of country "{country}" are not known here'
        alike = f'take the country that is most alike, and write numbers = "{country}" below it'
        mend = alike if country.upper() in SUPPORTED_REGIONS else nearest(country, list(ZONES))
        yield Finding(("office", "country"), what, mend)


def _answers(config: Config) -> Iterator[Finding]:
    known = [*config.phones, *config.accounts]
    for index, name in enumerate(config.office.answers):
        if name not in known:
            what = f'no telephone and no account is called "{name}"'
            yield Finding(("office", "answers", index), what, nearest(name, known))


def _codecs(config: Config) -> Iterator[Finding]:
    parts: list[tuple[KeyPath, Sequence[str]]] = [(("sip",), config.sip.codecs)]
    parts += [(("accounts", number), account.codecs) for number, account in config.accounts.items()]
    parts += [(("trunks", name), trunk.codecs) for name, trunk in config.trunks.items()]
    for path, names in parts:
        for index, name in enumerate(names):
            missing = needs(CODECS[name].encoding)
            if missing is not None:
                what, _, mend = missing.partition(": ")
                yield Finding((*path, "codecs", index), what, f"{mend}, or leave {name} out")


def _sip(config: Config) -> Iterator[Finding]:
    listeners = config.sip.listen
    for index, listener in enumerate(listeners):
        if listener.address.is_wildcard:
            what = f"{listener} is no address that a telephone can be told to send its audio to"
            yield Finding(("sip", "listen", index), what, "write this machine's own address, one line for each")
        for earlier in listeners[:index]:
            if earlier.overlaps(listener):
                yield Finding(
                    ("sip", "listen", index), f"{listener} is taken by {earlier} already", "leave one out"
                )
        if listener.is_secure and config.sip.tls.certificate is None:
            what = f"{listener} needs a certificate, and there is none"
            yield Finding(("sip", "listen", index), what, "set certificate = and key = in [sip.tls]")
    ports = config.sip.rtp_ports
    for index, listener in enumerate(listeners):
        if listener.transport == "udp" and ports.first <= listener.address.port <= ports.last:
            what = f"{listener} lies within the audio ports {ports}"
            yield Finding(("sip", "listen", index), what, "move one of the two")
    if config.sip.min_expires > config.sip.max_expires:
        what = f"min_expires {config.sip.min_expires} is above max_expires {config.sip.max_expires}"
        yield Finding(("sip", "min_expires"), what, "write a smaller one")


def _web(config: Config) -> Iterator[Finding]:
    listen = config.web.listen
    if not listen.is_loopback:
        what = f"the web interface has no login and would be open to everybody who reaches {listen}"
        yield Finding(("web", "listen"), what, "listen on 127.0.0.1 and reach it through an SSH tunnel")
    for listener in config.sip.listen:
        if listener.transport != "udp" and listener.address.overlaps(listen):
            yield Finding(("web", "listen"), f"{listen} is taken by SIP ({listener})", "write another port")


def _cards(config: Config) -> Iterator[Finding]:
    for name, card in config.cards.items():
        if card.backend == "emulated" and not card.modules:
            mend = 'write modules = ["fxs", "fxo"] with one word for each port'
            yield Finding(("cards", name), f"the emulated card {name} has no modules", mend)
        if card.backend == "dahdi" and card.modules:
            what = f"card {name} is a real one, which tells its modules itself"
            yield Finding(("cards", name, "modules"), what, "leave the line out")


def _ports(config: Config) -> Iterator[Finding]:
    taken: dict[tuple[str, int], str] = {}
    users: list[tuple[KeyPath, str, str, PhoneSettings | LineSettings]] = [
        *((("phones", name), f"phone {name}", "fxs", phone) for name, phone in config.phones.items()),
        *((("lines", name), f"line {name}", "fxo", line) for name, line in config.lines.items()),
    ]
    for path, who, kind, user in users:
        if not config.cards:
            yield Finding(path, f"{who} is on a card, and there is none", "add a table [cards.main] with a backend")
            continue
        if user.card is None and len(config.cards) > 1:
            yield Finding(path, f"{who} does not say its card", f"one of: {', '.join(config.cards)}")
            continue
        card = config.card_of(user)
        if card not in config.cards:
            yield Finding((*path, "card"), f'there is no card "{card}"', nearest(card, list(config.cards)))
            continue
        yield from _fits((*path, "port"), who, kind, card, user.port, config)
        other = taken.setdefault((card, user.port), who)
        if other != who:
            what = f"port {user.port} of card {card} is {other}'s already"
            yield Finding((*path, "port"), what, f"give {who} a port of its own")


def _fits(path: KeyPath, who: str, kind: str, card: str, port: int, config: Config) -> Iterator[Finding]:
    """Whether an emulated card has the port, and with the right module on it."""
    modules = config.cards[card].modules
    if not modules:
        return
    if port > len(modules):
        yield Finding(path, f"card {card} has no port {port}", f"its ports are 1 to {len(modules)}")
    elif modules[port - 1] != kind:
        needed = (
            "FXS module, which feeds a telephone" if kind == "fxs" else "FXO module, which takes an exchange line"
        )
        fitting = [str(number) for number, module in enumerate(modules, 1) if module == kind]
        mend = (
            f"ports with one: {', '.join(fitting)}"
            if fitting
            else f'the card has none; add "{kind}" to its modules'
        )
        what = f"{who} needs an {needed}; port {port} of card {card} has an {modules[port - 1].upper()} module"
        yield Finding(path, what, mend)


def _numbers(config: Config) -> Iterator[Finding]:
    for number in config.accounts:
        if number in config.phones:
            what = f"number {number} is used twice: by a phone and by an account"
            yield Finding(("accounts", number), what, "give one of them another number")


def _line_names(config: Config) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    for kind, name, _ in each_way(config):
        path: KeyPath = (TABLES[kind], name)
        if name[:1] in GROUP_LETTERS and name[1:].isdigit():
            what = f'"{name}" would be taken for a group of lines when dialled'
            yield Finding(path, what, "give the line another name")
        if name in taken:
            what = f"{name} is the name of one of the {taken[name]} already, and toll rules name callers"
            yield Finding(path, what, "give it another name")
        taken.setdefault(name, TABLES[kind])


def _adapters(config: Config) -> Iterator[Finding]:
    """Serial ISDN adapters."""
    taken: dict[str, str] = {}
    for name, adapter in config.isdn.items():
        path: KeyPath = ("isdn", name)
        if adapter.backend == "emulated":
            if adapter.device:
                yield Finding((*path, "device"), f"adapter {name} is emulated, and has no device", "leave it out")
        elif not adapter.device:
            what = f"adapter {name} does not say its serial port"
            yield Finding(path, what, 'write device = "/dev/ttyACM0", or what it is called')
        elif taken.setdefault(adapter.device, name) != name:
            what = f"{adapter.device} is the port of adapter {taken[adapter.device]} already"
            yield Finding((*path, "device"), what, f"give {name} a port of its own")
        for place, number in enumerate(adapter.numbers):
            if not number.isdigit():
                what = f'"{number}" is no number of an access: an adapter takes digits alone'
                yield Finding((*path, "numbers", place), what, "write it as the network tells called numbers")
        if adapter.profile == "i4l" and not adapter.numbers:
            what = f"adapter {name} has no number, and takes and places no calls without one"
            yield Finding(path, what, 'write its own as numbers = ["2565551100"]')


def _spans(config: Config) -> Iterator[Finding]:
    taken: dict[int, str] = {}
    for name, span in config.spans.items():
        kind = span.kind.upper()
        if span.signalling > span.most:
            what = f"a {kind} has no channel {span.signalling}"
            yield Finding(("spans", name, "signalling_channel"), what, "leave the line out for the usual one")
        elif span.signalling in span.slots or span.slots[-1] > span.most:
            d_channel = f"the D channel of the {kind} is {span.signalling}"
            what = f"not all of channels {span.channels} carry calls: {d_channel}"
            yield Finding(("spans", name, "channels"), what, f"name some of 1 to {span.most}, and not that one")
        if span.backend == "emulated":
            if "span" in span.model_fields_set:
                what = f"span {name} is emulated, and a card of its own"
                yield Finding(("spans", name, "span"), what, "leave the line out")
        elif taken.setdefault(span.span, name) != name:
            what = f"span {span.span} of the machine is {taken[span.span]}'s already"
            yield Finding(("spans", name, "span"), what, f"give {name} a span of its own")


def _channels(config: Config) -> Iterator[Finding]:
    """DAHDI counts its channels through all cards, so that `DAHDI/33` must mean one alone."""
    taken = {phone.port: f"phone {name}" for name, phone in config.phones.items()}
    taken |= {line.port: f"line {name}" for name, line in config.lines.items()}
    for name, span in config.spans.items():
        if not span.first_channel:
            continue
        channels = range(span.first_channel, span.first_channel + span.most)
        both = min(taken.keys() & set(channels), default=None)
        if both is not None:
            its = f"span {name} has DAHDI's channels {channels[0]} to {channels[-1]}"
            what = f"{its}, and {both} is {taken[both]}'s"
            mend = "write the first of them that `copperline ports` tells, or leave the line out"
            yield Finding(("spans", name, "first_channel"), what, mend)
        taken |= dict.fromkeys(channels, f"span {name}")


def _contexts(config: Config) -> Iterator[Finding]:
    """With the built-in dialplan, a context that reaches outside must not be one that calls from outside reach."""
    if config.dialplan is not None:
        return
    inside = {phone.context for phone in config.phones.values()}
    inside |= {account.context for account in config.accounts.values()}
    found = [(TABLES[kind], name, way.context) for kind, name, way in each_way(config)]
    found += [("trunks", name, trunk.context) for name, trunk in config.trunks.items()]
    for table, name, context in found:
        if context in inside:
            what = (
                f"calls that come in on {table.removesuffix('s')} {name} could go out again: phones share its "
                f"context {context}"
            )
            yield Finding(
                (table, name, "context"), what, f"give {table} a context of their own, or write a dialplan"
            )


def _trunks(config: Config) -> Iterator[Finding]:
    heard = {listener.transport for listener in config.sip.listen}
    only_here = all(listener.address.is_loopback for listener in config.sip.listen)
    for name, trunk in config.trunks.items():
        path: KeyPath = ("trunks", name)
        if name in config.accounts:
            what = f"{name} is the name of a trunk and of an account, and SIP/{name} could be either"
            yield Finding(path, what, "give the trunk another name")
        if trunk.registers and not trunk.user:
            what = f"trunk {name} is to be registered, and does not say for whom"
            yield Finding(path, what, "write user = … below it, or registers = false")
        if trunk.challenge and not (trunk.user and trunk.secret):
            what = f"trunk {name} is to prove itself, and has no user and secret to prove"
            yield Finding((*path, "challenge"), what, "write both, or leave the line out")
        for place, server in enumerate(trunk.servers):
            if server.transport in ("udp", "tcp") and server.transport not in heard:
                what = f"{server} is called by {server.transport}, which is not listened to here"
                yield Finding((*path, "servers", place), what, f'add "{server.transport}:…" to sip.listen')
            if only_here and not server.is_here:
                what = f"{server} is not on this machine, and SIP listens to this machine alone"
                yield Finding((*path, "servers", place), what, "add this machine's own address to sip.listen")


def encryption_doubts(config: Config) -> Iterator[Finding]:
    """Audio that is to be encrypted by keys that anybody on the way can read, since they travel in SIP."""
    heard = sorted({listener.transport for listener in config.sip.listen} - {"tls", "wss"})
    for number, account in config.accounts.items():
        if account.media_encryption == "required" and heard:
            what = f"audio of account {number} must be encrypted, and over {heard[0]} anybody can read its keys"
            mend = "have its telephones use TLS"
            yield Finding(("accounts", number, "media_encryption"), what, mend)
    for name, trunk in config.trunks.items():
        if trunk.media_encryption == "required" and any(server.transport != "tls" for server in trunk.servers):
            what = f"audio of trunk {name} must be encrypted, and without TLS anybody can read its keys"
            mend = 'write its servers as "tls:…", or leave the encryption out'
            yield Finding(("trunks", name, "media_encryption"), what, mend)


def easily_guessed(secret: str, name: str) -> bool:
    """Whether the secret of account `name` would be found by those who try."""
    weak = len(secret) < SECRET_LENGTH or secret.lower() in _COMMON_SECRETS or len(set(secret)) < 4
    return weak or name in secret


def _secure_accounts(config: Config) -> Iterator[Finding]:
    """Accounts for TLS alone where there is none."""
    if any(listener.transport in ("tls", "wss") for listener in config.sip.listen):
        return
    for number, account in config.accounts.items():
        if account.tls:
            what = f"account {number} is for TLS alone, and SIP listens on neither tls nor wss"
            yield Finding(("accounts", number, "tls"), what, "add such a line to sip.listen, or leave this one out")


def _secrets(config: Config) -> Iterator[Finding]:
    if all(listener.address.is_loopback for listener in config.sip.listen):
        return
    for name, trunk in config.trunks.items():
        if trunk.challenge and easily_guessed(trunk.secret, trunk.user):
            what = (
                f"the secret by which trunk {name} proves itself is easily guessed, and SIP is open to the network"
            )
            mend = f"use {SECRET_LENGTH} or more random characters"
            yield Finding(("trunks", name, "secret"), what, mend)
    for number, account in config.accounts.items():
        if easily_guessed(account.secret, number):
            what = f"the secret of account {number} is easily guessed, and SIP is open to the network"
            mend = f"use {SECRET_LENGTH} or more random characters, or listen on 127.0.0.1 only"
            yield Finding(("accounts", number, "secret"), what, mend)
