"""The SIP side from the configuration's words to those of the stack: its settings, accounts and trunks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from secrets import token_hex
from typing import Final
from uuid import UUID, getnode, uuid5

from dialplan.pattern import Pattern
from gateway.config.address import ServerName
from gateway.config.leg import LegSettings
from gateway.config.model import Config, SipSettings, TrunkSettings
from gateway.config.permission import numbering
from gateway.config.security import SecuritySettings
from gateway.config.trunks import RuleSettings
from gateway.core.codec import CODECS, Codec
from gateway.core.srtp import Encryption
from gateway.net.tls import Certificate, Clients, TlsConfig
from gateway.plane.protection import is_available
from gateway.sip.account import Account
from gateway.sip.ban import BanConfig
from gateway.sip.config import SipConfig
from gateway.sip.credentials import Credentials
from gateway.sip.digest import Algorithm, Secret
from gateway.sip.discovery import STUN_PORT
from gateway.sip.doorman import DoormanConfig
from gateway.sip.headers import NameAddr
from gateway.sip.number_rules import NumberRule, NumberRules
from gateway.sip.outfit import LegsConfig
from gateway.sip.overload import OverloadConfig
from gateway.sip.parameters import Parameters
from gateway.sip.redirection import Redirects
from gateway.sip.registrar import RegistrarConfig
from gateway.sip.servers import ServersConfig
from gateway.sip.transaction.timers import TimerConfig
from gateway.sip.trunk_words import TrunkConfig
from gateway.sip.uri import SipUri, loose
from gateway.sip.watch import Patience

__all__ = ["accounts_of", "sip_config", "tls_config", "trunks_of"]

STRANGER: Final = "*unknown"
"""Its user: no account can have this name."""
STRANGERS_AT_ONCE: Final = 2
"""Calls of unknown telephones: enough to hear what is said to them, and no way to fill an office."""

_ALGORITHMS: Final[Mapping[str, Algorithm]] = {"sha-256": Algorithm.SHA_256, "md5": Algorithm.MD5}
"""Digest algorithms by their names in the configuration."""

_CLIENTS: Final[Mapping[str, Clients]] = {
    "ignored": Clients.IGNORED,
    "asked": Clients.ASKED,
    "required": Clients.REQUIRED,
}
"""Whether clients show certificates, by the word in the configuration."""


def sip_config(config: Config) -> SipConfig:
    """How the stack behaves."""
    timers = config.sip.timers
    return SipConfig(
        realm=config.sip.realm,
        algorithms=[_ALGORITHMS[name] for name in config.sip.digests],
        integrity=config.sip.integrity,
        longest_text=config.sip.longest_text,
        timers=TimerConfig(timers.t1, timers.t2, timers.t4),
        advertised=config.sip.advertised,
        stun=[SipUri(server.host, port=server.port or STUN_PORT) for server in config.sip.stun],
        keep_alive=config.sip.keep_alive,
        legs=LegsConfig(
            codecs=_codecs(config.sip.codecs),
            patience=Patience(config.sip.rtp_timeout, config.sip.rtp_timeout_hold),
            redirects=Redirects(config.sip.redirects),
        ),
        registrar=RegistrarConfig(
            config.sip.min_expires,
            config.sip.max_expires,
            config.sip.contacts,
            [NameAddr(loose(_uri(server))) for server in config.sip.service_route],
        ),
        doorman=_doorman(config.security),
        overload=OverloadConfig(config.limits.sip_requests, numbering(config).emergency),
        stranger=_stranger(config.sip),
        help=_help(numbering(config).emergency),
    )


def _help(numbers: Sequence[str]) -> str:
    """Of the emergency numbers the one for everything: 911 where there is that, else 112 (RFC 5031 section 4.2)."""
    return next((number for number in ("911", "112", *numbers) if number in numbers), "")


def _stranger(sip: SipSettings) -> Account | None:
    """For whom calls of telephones without an account are taken; nobody can log in as it."""
    if not sip.strangers:
        return None
    return Account(STRANGER, Secret(token_hex()), "Unknown telephone", sip.strangers, calls=STRANGERS_AT_ONCE)


def _doorman(security: SecuritySettings) -> DoormanConfig:
    return DoormanConfig(
        rate=security.rate,
        burst=security.burst,
        bans=BanConfig(security.ban_after, security.ban_window, security.ban_seconds),
        scanners=security.scanners,
        allow=security.allow,
    )


def tls_config(config: Config) -> TlsConfig:
    """With whom TLS connections are made, and how both sides prove who they are."""
    tls = config.sip.tls
    return TlsConfig(
        certificate=Certificate(tls.certificate, tls.key) if tls.certificate is not None else None,
        names={name: Certificate(pair.certificate, pair.key) for name, pair in tls.names.items()},
        authorities=tls.authorities,
        clients=_CLIENTS[tls.clients],
        wildcards=tls.wildcards,
    )


def accounts_of(config: Config) -> list[Account]:
    """Who may register and call."""
    return [
        replace(
            _account(user, Secret(account.secret), account),
            name=account.name,
            context=account.context,
            contacts=account.contacts,
            permit=account.permit,
            secure=account.tls,
            mailbox=account.mailbox,
        )
        for user, account in config.accounts.items()
    ]


def _account(user: str, secret: Secret, leg: LegSettings) -> Account:
    """What telephones and trunks have alike."""
    return Account(
        user,
        secret,
        codecs=_codecs(leg.codecs),
        calls=leg.calls,
        encryption=_encryption(leg.media_encryption),
        info_keys=leg.dtmf == "info",
        symmetric=leg.rtp_symmetric,
        comfort_noise=leg.comfort_noise,
        t38=leg.t38,
    )


def trunks_of(config: Config) -> list[TrunkConfig]:
    """The trunks."""
    return [_trunk(name, trunk) for name, trunk in config.trunks.items()]


def _trunk(name: str, trunk: TrunkSettings) -> TrunkConfig:
    secret = Secret(trunk.secret)
    account = replace(
        _account(name, secret, trunk),
        context=trunk.context,
        trusted=trunk.trusted,
        trunk=True,
        rules=NumberRules(
            caller_out=_rules(trunk.caller_out),
            called_out=_rules(trunk.called_out),
            caller_in=_rules(trunk.caller_in),
            called_in=_rules(trunk.called_in),
        ),
    )
    login = trunk.auth_user or trunk.user
    return TrunkConfig(
        account=account,
        servers=ServersConfig(
            [_uri(server) for server in trunk.servers],
            proxy=None if trunk.proxy is None else _uri(trunk.proxy),
            qualify=trunk.qualify,
        ),
        domain=trunk.domain,
        user=trunk.user,
        credentials=Credentials(login, secret, trunk.realm) if login and trunk.secret else None,
        register=trunk.registers,
        expires=trunk.expires,
        keep_alive=trunk.keep_alive,
        from_user=trunk.from_user,
        from_domain=trunk.from_domain,
        sources=trunk.sources,
        challenge=trunk.challenge,
        instance=_instance(name) if trunk.outbound else "",
        mailbox=trunk.mailbox,
        lamps=trunk.lamps,
    )


def _instance(trunk: str) -> str:
    """Who we are to a provider: the same over all restarts (RFC 5626 section 4.1), and on no other machine."""
    return uuid5(UUID(int=getnode()), trunk).urn


def _encryption(wish: str) -> Encryption:
    """As wished; what is optional is left out where libsrtp is missing."""
    encryption = Encryption(wish)
    return Encryption.OFF if encryption is Encryption.OPTIONAL and not is_available() else encryption


def _codecs(names: Sequence[str]) -> tuple[Codec, ...]:
    return tuple(CODECS[name] for name in names)


def _rules(rules: Sequence[RuleSettings]) -> list[NumberRule]:
    return [NumberRule(Pattern.parse(f"_{rule.match}"), rule.strip, rule.prepend, rule.replace) for rule in rules]


def _uri(server: ServerName) -> SipUri:
    parameters = (("transport", server.transport),) if server.transport else ()
    return SipUri(server.host, port=server.port, parameters=Parameters(parameters))
