"""The configuration as frozen tables: what may be written, and what holds where nothing is.

Validated by pydantic from the parsed TOML; unknown keys are refused. What one table alone can tell is checked
here; what several tell together is checked in `consistency`. Paths become absolute, taken from the folder of the
configuration file. Nothing here opens a file or a device.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, ValidationInfo

from gateway.config.address import Listener, PortRange, SocketAddress
from gateway.config.analog import CardSettings, LineSettings, PhoneSettings
from gateway.config.conferences import ConferenceSettings
from gateway.config.fax import FaxSettings
from gateway.config.features import FeatureSettings
from gateway.config.isdn import IsdnSettings
from gateway.config.leg import LegSettings
from gateway.config.music import MusicSettings
from gateway.config.parking import ParkingSettings
from gateway.config.queues import QueueSettings
from gateway.config.security import SecuritySettings
from gateway.config.spans import SpanSettings
from gateway.config.tls import TlsSettings
from gateway.config.tolls import TollSettings
from gateway.config.tones import ToneSettings
from gateway.config.trunks import Server, TrunkSettings
from gateway.config.values import (
    Codec,
    File,
    Items,
    Label,
    Mailbox,
    Name,
    Networks,
    Number,
    Settings,
    host_or_none,
    keys_or_none,
    mailbox_or_none,
    refuse,
    region,
    resolve,
    time_zone,
    tone_country,
    word_or_none,
    written,
)
from gateway.config.voicemail import VoicemailSettings

__all__ = [
    "AccountSettings",
    "Config",
    "LimitSettings",
    "MediaSettings",
    "OfficeSettings",
    "PermissionSettings",
    "SipSettings",
    "StoreSettings",
    "TimerSettings",
    "TrunkSettings",
    "WebSettings",
]

_SQLITE: Final = "sqlite:///"
_Digest = Literal["sha-256", "md5"]
DOMAIN_PORT: Final = 53


def _resolve_url(url: str, info: ValidationInfo) -> str:
    if url.startswith(_SQLITE):
        return f"{_SQLITE}{resolve(Path(url.removeprefix(_SQLITE)), info)}"
    if not url.startswith("postgresql://"):
        kind = url.partition(":")[0]  # what follows may hold a password
        raise refuse(f'"{kind}" is no database that is known here', 'write "sqlite:///FILE" or "postgresql://…"')
    return url


_Listener = Annotated[
    Listener,
    written(Listener.parse, 'write it like "udp:127.0.0.1:5060", or "udp:eth0:5060" where eth0 has an address'),
]
_Address = Annotated[SocketAddress, written(SocketAddress.parse, 'write it like "127.0.0.1:8080"')]
_NameServer = Annotated[
    SocketAddress, written(lambda text: SocketAddress.parse(text, DOMAIN_PORT), 'write it like "192.0.2.53"')
]
_Ports = Annotated[PortRange, written(PortRange.parse, 'write it like "20000-20999"')]


class OfficeSettings(Settings):
    """[office]: what holds for the whole office.

    Attributes:
        name: shown on the console and in logs.
        country: tones, ring cadences, line habits and numbers: us, uk, de, …
        numbers: the country whose numbers are dialled, where its tones are not known here: "ca", with country "us";
            None takes `country`.
        tones: whose tones are heard, a country's or those of a table [tones.NAME]; None takes the country's.
        language: of the prompts, ISO 639 code; what there is not in it is heard in English.
        timezone: IANA name; None takes the machine's.
        outside: what is dialled before a number outside, by the built-in dialplan; empty where nothing is: whatever
            is no number of the office goes out.
        answers: telephones and accounts that calls from outside ring, all at once, by the built-in dialplan; where
            empty, the first telephone, or the first account.
    """

    name: Label = "Copperline"
    country: Annotated[str, AfterValidator(tone_country)] = "us"
    numbers: Annotated[str, AfterValidator(region)] | None = None
    tones: str | None = None
    language: str = "en"
    timezone: Annotated[str, AfterValidator(time_zone)] | None = None
    outside: Annotated[str, AfterValidator(keys_or_none)] = "9"
    answers: Items[Name] = ()


class TimerSettings(Settings):
    """[sip.timers]: RFC 3261 table 4, seconds.

    Attributes:
        t1: how long there and back is supposed to take; by it all is timed that is sent again over UDP.
        t2: the most between two of a request that is no INVITE, and of the answer to an INVITE.
        t4: how long a message may stay in the network.
    """

    t1: Annotated[float, Field(gt=0, le=10)] = 0.5
    t2: Annotated[float, Field(gt=0, le=60)] = 4.0
    t4: Annotated[float, Field(gt=0, le=60)] = 5.0


class SipSettings(Settings):
    """[sip]: the SIP side.

    Attributes:
        listen: where it listens, "TRANSPORT:ADDRESS:PORT" each, the transport being udp, tcp, tls, ws or wss. A
            network interface in place of the address, "udp:eth0:5060", stands for that which it has at the start.
        tls: certificates for tls and wss.
        origins: pages from which browsers may connect over ws and wss, "https://HOST" each, besides those of the
            host that they connect to; "*" lets all in.
        signposts: listen also where telephones may look for SIP in vain (these ports by the other transports, 5060
            and 5061 where they are free), to tell who does; not on loopback, and nobody is answered there.
        idle: seconds after which a connection that nobody uses is closed.
        advertised: the public IP address by which peers outside of private networks reach this machine, where that
            is not its own: behind a NAT, or in a container whose ports are mapped; empty where they are the same.
            Or a host name for it, which is looked up every minute: for lines whose address moves.
        stun: STUN servers, "HOST" or "HOST:PORT" each, that tell the public address where `advertised` is empty:
            behind a NAT at home. Trunks, and telephones that know this machine by an IP address, need none.
        keep_alive: seconds between two questions to a telephone behind a NAT, which keep its way there open (UDP;
            many a NAT forgets it after 30 s); 0 asks none.
        realm: of digest authentication.
        digests: its algorithms that are offered, dearest first. MD5 alone by default: clients that do not know
            SHA-256 (RFC 8760) should pass it over, and many give up instead, baresip 1 among them.
        integrity: offer digests that prove bodies, too (qop auth-int), as well as those that do not. Not where
            routers rewrite addresses within SIP: what they have changed proves nothing.
        longest_text: octets of a text (MESSAGE) that comes by TCP, TLS or WebSocket and goes to telephones that are
            there by these; by UDP, and for those who are away, 1300 is the most (RFC 3428).
        name_servers: whom to ask for the servers of a SIP domain, and for ENUM, "ADDRESS" or "ADDRESS:PORT" each;
            none takes the machine's.
        rtp_ports: UDP ports for audio; two are used for each leg.
        codecs: what is offered and taken, dearest first; what the other side of a call can use goes before that.
        rtp_timeout: seconds, 10 at least, after which a call is ended whose telephone or trunk sends no audio;
            0 waits for ever. Those that send nothing in pauses, not even comfort noise, need a minute or more.
        rtp_timeout_hold: the same while it is on hold.
        timers: RFC 3261 timers.
        min_expires, max_expires: bounds of a registration, seconds.
        contacts: phones that may be registered for one account at once.
        service_route: proxies through which telephones that register are to send their calls (RFC 3608), the first
            hop first; "HOST" or "TRANSPORT:HOST:PORT" each.
        redirects: which redirections (3xx) of telephones are followed, as those that have their calls diverted send
            them: "office", to numbers of the office; "anywhere", also out of it, which their account then answers
            for, and to any address; "refused", none. Providers are not followed elsewhere.
        strangers: context of the dialplan that takes calls of telephones with no account, or a wrong secret, to say
            so; they never get an outside line. Where empty, they are refused.
    """

    listen: Annotated[Items[_Listener], Field(min_length=1)] = (
        Listener("udp", SocketAddress("127.0.0.1", 5060)),
        Listener("tcp", SocketAddress("127.0.0.1", 5060)),
    )
    tls: TlsSettings = Field(default_factory=TlsSettings)
    origins: Items[Label] = ()
    signposts: bool = True
    idle: Annotated[int, Field(ge=60, le=604800)] = 4000
    advertised: Annotated[str, AfterValidator(host_or_none)] = ""
    stun: Annotated[Items[Server], Field(max_length=4)] = ()
    keep_alive: Annotated[int, Field(ge=0, le=3600)] = 25
    realm: Name = "copperline"
    digests: Annotated[Items[_Digest], Field(min_length=1)] = ("md5",)
    integrity: bool = False
    longest_text: Annotated[int, Field(ge=1300, le=60000)] = 16384
    name_servers: Items[_NameServer] = ()
    rtp_ports: _Ports = PortRange(20000, 20999)
    codecs: Annotated[Items[Codec], Field(min_length=1)] = ("ulaw", "alaw", "g722")
    rtp_timeout: Annotated[int, Field(ge=0, le=86400)] = 0
    rtp_timeout_hold: Annotated[int, Field(ge=0, le=86400)] = 0
    timers: TimerSettings = TimerSettings()
    min_expires: Annotated[int, Field(ge=10, le=86400)] = 60
    max_expires: Annotated[int, Field(ge=60, le=604800)] = 3600
    contacts: Annotated[int, Field(ge=1, le=100)] = 10
    service_route: Annotated[Items[Server], Field(max_length=10)] = ()
    redirects: Literal["refused", "office", "anywhere"] = "office"
    strangers: Annotated[str, AfterValidator(word_or_none)] = ""


class AccountSettings(LegSettings):
    """[accounts.NUMBER]: a SIP account.

    Attributes:
        secret: of its digest authentication.
        name: shown to those it calls.
        context: of the dialplan, in which it dials.
        permit: networks from which it may register and call; empty lets it come from anywhere.
        tls: it may be used over TLS (or secure WebSocket) alone; by any other way it is refused.
        contacts: telephones that may be registered for it at once; 0 takes the number of [sip].
        flash: what a hook flash in a call by an outside line does: nothing ("ignore"), or it is passed on ("pass"),
            and the exchange then takes another number from it that no rule of [tolls] sees.
        mailbox: whose messages its lamp shows without a subscription, "201" or "201@shop"; those of its own number,
            where it subscribes, need no setting.
        call_groups: whoever may pick up in one of these may take its calls; pickup_groups: those whose calls it may
            take by Pickup without a number. Who has none is in one group with all others that have none.
    """

    secret: Annotated[str, Field(min_length=1, max_length=256, repr=False)]
    name: Label = ""
    context: Name = "office"
    permit: Networks = ()
    tls: bool = False
    contacts: Annotated[int, Field(ge=0, le=100)] = 0
    flash: Literal["ignore", "pass"] = "ignore"
    mailbox: Annotated[str, AfterValidator(mailbox_or_none)] = ""
    call_groups: Items[Name] = ()
    pickup_groups: Items[Name] = ()


class WebSettings(Settings):
    """[web]: HTTP interface and console.

    Attributes:
        listen: "ADDRESS:PORT", loopback only.
    """

    listen: _Address = SocketAddress("127.0.0.1", 8080)


class StoreSettings(Settings):
    """[store]: registrations and call records.

    Attributes:
        url: "sqlite:///FILE" or "postgresql://USER:SECRET@HOST/DATABASE".
        keep_days: days for which call records are kept; 0 keeps them for ever.
    """

    url: Annotated[str, Field(repr=False), AfterValidator(_resolve_url)] = "sqlite:///var/copperline.db"
    keep_days: Annotated[int, Field(ge=0, le=36500)] = 0


class MediaSettings(Settings):
    """[media]: the media plane.

    Attributes:
        rows: legs that can have audio at once.
        threads: that work them, each on a core of its own; 0 has one for each core but one, eight
            at most.
        arena_seconds: of tones, prompts and recordings held at once.
        prompts: folder of the office's own prompts, one folder a language in it; what espeak-ng speaks is kept in
            its folder `spoken`, and heard where nobody has recorded a prompt of that name.
        sounds: further folders of prompts, read and never written; looked into after `prompts`, and before the
            distribution's packages of Asterisk's sounds, which are used where they are installed.
        recordings: folder of recorded calls; none is written outside it.
        recording_coding: of samples in recorded WAV files: L16, or PCMU or PCMA at half the size.
        recordings_at_once: calls being recorded at a time.
    """

    rows: Annotated[int, Field(ge=4, le=65536)] = 512
    threads: Annotated[int, Field(ge=0, le=64)] = 0
    arena_seconds: Annotated[int, Field(ge=60, le=36000)] = 1800
    prompts: File = Path("var/prompts")
    sounds: Items[File] = ()
    recordings: File = Path("var/recordings")
    recording_coding: Literal["L16", "PCMU", "PCMA"] = "L16"
    recordings_at_once: Annotated[int, Field(ge=0, le=10_000)] = 200


class LimitSettings(Settings):
    """[limits]: bounds that keep one mistake from taking the office down.

    Attributes:
        calls: at once.
        connections: TCP, TLS and WebSocket connections held at once.
        connections_from_one: of these, from one address (an IPv6 network of 64 bits counts as one), that have not
            proved an account yet; of those that have, half of all may come from one address.
        dialplan_steps: that one call may take without time passing.
        records_shown: call records that one request returns at most.
        sip_requests: new SIP requests (calls, registrations) a second that are served; what is more gets 503. 0
            leaves it to how late the office's own work is, which is always watched.
    """

    calls: Annotated[int, Field(ge=1, le=100_000)] = 200
    connections: Annotated[int, Field(ge=10, le=100_000)] = 2000
    connections_from_one: Annotated[int, Field(ge=1, le=100_000)] = 200
    dialplan_steps: Annotated[int, Field(ge=100, le=10_000_000)] = 10_000
    records_shown: Annotated[int, Field(ge=1, le=10_000)] = 200
    sip_requests: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0


class PermissionSettings(Settings):
    """[permissions]: what the dialplan may do to the machine that it runs on; nothing, unless it is written here.

    Attributes:
        shell: run commands: System, TrySystem, SHELL().
        environment: read environment variables: ENV().
        exec: take in what a command prints: #exec in its files, whenever they are read.
        agi: let the programs of this folder drive calls: AGI(), EAGI().
        http: ask web servers: CURL().
    """

    shell: bool = False
    environment: bool = False
    exec: bool = False
    agi: File | None = None
    http: bool = False


class Config(Settings):
    """A whole configuration file.

    Attributes:
        dialplan: the extensions.conf to run; None takes the built-in one.
        directory: numbers worth knowing, each with what answers there; shown at the start and on the console.
    """

    dialplan: File | None = None
    directory: Annotated[Mapping[Label, Label], AfterValidator(MappingProxyType)] = {}
    office: OfficeSettings = OfficeSettings()
    sip: SipSettings = Field(default_factory=SipSettings)
    cards: Annotated[Mapping[str, CardSettings], AfterValidator(MappingProxyType)] = {}
    phones: Annotated[Mapping[Number, PhoneSettings], AfterValidator(MappingProxyType)] = {}
    lines: Annotated[Mapping[Name, LineSettings], AfterValidator(MappingProxyType)] = {}
    isdn: Annotated[Mapping[Name, IsdnSettings], AfterValidator(MappingProxyType)] = {}
    spans: Annotated[Mapping[Name, SpanSettings], AfterValidator(MappingProxyType)] = {}
    accounts: Annotated[Mapping[Name, AccountSettings], AfterValidator(MappingProxyType)] = {}
    trunks: Annotated[Mapping[Name, TrunkSettings], AfterValidator(MappingProxyType)] = {}
    security: SecuritySettings = SecuritySettings()
    web: WebSettings = WebSettings()
    store: StoreSettings = StoreSettings()
    media: MediaSettings = MediaSettings()
    limits: LimitSettings = LimitSettings()
    features: FeatureSettings = FeatureSettings()
    fax: FaxSettings = FaxSettings()
    permissions: PermissionSettings = PermissionSettings()
    tolls: TollSettings = Field(default_factory=TollSettings)
    tones: Annotated[Mapping[Name, ToneSettings], AfterValidator(MappingProxyType)] = {}
    music: Annotated[Mapping[Name, MusicSettings], AfterValidator(MappingProxyType)] = {}
    voicemail: Annotated[Mapping[Mailbox, VoicemailSettings], AfterValidator(MappingProxyType)] = {}
    queues: Annotated[Mapping[Name, QueueSettings], AfterValidator(MappingProxyType)] = {}
    conferences: ConferenceSettings = Field(default_factory=ConferenceSettings)
    parking: Annotated[Mapping[Name, ParkingSettings], AfterValidator(MappingProxyType)] = {}

    @property
    def tone_zone(self) -> str:
        """Whose tones are heard."""
        return self.office.tones or self.office.country

    def card_of(self, user: PhoneSettings | LineSettings) -> str:
        """The name of the card on which a phone or line is, given or implied."""
        return user.card if user.card is not None else next(iter(self.cards))
