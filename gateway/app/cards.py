"""The cards of an office: their ports numbered through, their backends made, emulated ones with a world behind.

Lines know ports by one number. A real card's ports keep their DAHDI channel numbers; those of emulated cards
follow one after the other above them, in the order of the configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from drivers.echo import EchoConfig, Remover
from drivers.fxo.config import AnswerSignal, FxoConfig
from drivers.fxo.rings import DistinctiveRing
from drivers.fxs.config import FlashUse, FxsConfig, MessageLamp
from gateway.config.analog import LINE_TONES, LineSettings, PhoneSettings
from gateway.config.model import Config
from gateway.config.tones import tone_zones
from gateway.config.values import Settings
from gateway.core.errors import OpenFailed
from gateway.media.delivery import Delivery
from gateway.media.tone import ZONES, zone
from hardware.analog.dahdi import AnalogPort
from hardware.analog.emulated import EmulatedCard
from hardware.analog.line import LineCommand, PortKind, SetLevels
from hardware.analog.pulse import PulseOrder
from hardware.dahdi.abi import SigType
from hardware.port import Backend
from hardware.registry import backend
from hardware.world.office_line import OfficeLine
from hardware.world.telephone import Telephone
from hardware.world.world import World

__all__ = ["Cards", "with_levels"]

NORTH_AMERICA: Final = "us"
"""Where a flash is longer than a dial pulse; elsewhere telephones press the hook for 80 to 120 ms."""
DAHDI_CHANNELS: Final = 1024
"""DAHDI has no channel above this number (dahdi/user.h, DAHDI_MAX_CHANNELS)."""


@dataclass(frozen=True, slots=True)
class _Card:
    name: str
    backend: Backend
    first: int
    world: World | None


_SIGNALLING: Final = {
    (PhoneSettings, "kewl"): SigType.FXOKS,
    (PhoneSettings, "loop"): SigType.FXOLS,
    (PhoneSettings, "ground"): SigType.FXOGS,
    (LineSettings, "kewl"): SigType.FXSKS,
    (LineSettings, "loop"): SigType.FXSLS,
    (LineSettings, "ground"): SigType.FXSGS,
}
"""What an emulated channel speaks to a telephone or an exchange line of each start."""


def with_levels(old: Config, new: Config) -> dict[str, Any]:
    """The tables of `old` that have levels of ports, with those of `new`."""
    return {
        table: {name: _leveled(was, getattr(new, table).get(name)) for name, was in getattr(old, table).items()}
        for table in ("phones", "lines")
    }


def _leveled(was: Settings, now: Settings | None) -> Settings:
    if now is None:
        return was
    return was.model_copy(update={level: getattr(now, level) for level in ("receive_gain", "transmit_gain")})


class Cards:
    """All cards of a configuration.

    Args:
        config: the office.

    Raises:
        LocalError: a backend or a country that there is not.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._zone = tone_zones(config.tones).get(config.tone_zone) or zone(config.tone_zone)
        self._cards: dict[str, _Card] = {}
        free = DAHDI_CHANNELS if any(card.backend == "dahdi" for card in config.cards.values()) else 0
        for name, settings in config.cards.items():
            if settings.backend == "emulated":
                self._cards[name] = self._emulated(name, free)
                free += len(settings.modules)
            else:
                self._cards[name] = _Card(name, backend(settings.backend), 0, None)
        ports = self._ports(config)
        self._gains = {self._port(settings): (settings.receive_gain, settings.transmit_gain) for settings in ports}
        self._starts = {self._port(settings): settings.start for settings in ports}
        self.fxs = [self._fxs(number) for number in config.phones]
        self.fxo = [self._fxo(name) for name in config.lines]

    def open(self, number: int, country: str) -> AnalogPort:
        """Open the port that has `number` throughout the office.

        Raises:
            HardwareError: it is not there or would not open.
        """
        card = self._card_at(number)
        receive, transmit = self._gains.get(number, (0.0, 0.0))
        start = self._starts.get(number, "kewl")
        # The kernel knows countries alone; what it plays is heard where nothing here can be.
        port = AnalogPort(
            card.backend,
            number - card.first,
            zone=country if country in ZONES else self._country,
            receive_gain=receive,
            transmit_gain=transmit,
        )
        if (port.start == "ground") is not (start == "ground"):
            port.close()
            raise OpenFailed(
                f'DAHDI channel {port.number} is {port.start} start and the configuration says start = "{start}"; '
                "make /etc/dahdi/system.conf (fxoks, fxogs, fxsks, fxsgs) and it say the same"
            )
        return port

    def set_levels(self, config: Config) -> list[tuple[int, LineCommand]]:
        """Take over the levels of `config` for the ports that there are; what their ports are to be told."""
        commands: list[tuple[int, LineCommand]] = []
        for settings in self._ports(config):
            gains = settings.receive_gain, settings.transmit_gain
            card = self._cards.get(config.card_of(settings))
            number = card.first + settings.port if card is not None else 0
            if self._gains.get(number, gains) != gains:
                self._gains[number] = gains
                commands.append((number, SetLevels(*gains)))
        return commands

    @staticmethod
    def _ports(config: Config) -> list[PhoneSettings | LineSettings]:
        return [*config.phones.values(), *config.lines.values()]

    def place(self, number: int) -> tuple[str, int]:
        """The card of a port, and the port's number on it."""
        card = self._card_at(number)
        return card.name, number - card.first

    def step(self, now: float) -> None:
        """Let the emulated worlds live up to `now`."""
        for card in self._cards.values():
            if card.world is not None:
                card.world.step(now)

    @property
    def telephones(self) -> dict[str, Telephone]:
        """Emulated telephones by their numbers."""
        found = {}
        for number, phone in self._config.phones.items():
            world = self._cards[self._config.card_of(phone)].world
            if world is not None:
                found[number] = world.telephones[phone.port]
        return found

    @property
    def backends(self) -> dict[str, Backend]:
        """Every card by name."""
        return {card.name: card.backend for card in self._cards.values()}

    @property
    def emulated(self) -> dict[str, EmulatedCard]:
        """Emulated cards by name."""
        return {card.name: card.world.card for card in self._cards.values() if card.world is not None}

    @property
    def exchange_lines(self) -> dict[str, tuple[World, OfficeLine]]:
        """Emulated exchange lines by name, each with the world of its central office."""
        found = {}
        for name, line in self._config.lines.items():
            world = self._cards[self._config.card_of(line)].world
            if world is not None:
                found[name] = (world, world.office.lines[line.port])
        return found

    @property
    def _country(self) -> str:
        return self._config.office.country

    @property
    def _tones(self) -> dict[str, str]:
        """The exchange's tones, where the office has written tones of its own."""
        own = self._config.tones.get(self._config.tone_zone)
        return {name: text for name, text in own.written.items() if name in LINE_TONES} if own is not None else {}

    def _emulated(self, name: str, first: int) -> _Card:
        modules = [PortKind(module.upper()) for module in self._config.cards[name].modules]
        users = [user for user in self._ports(self._config) if self._config.card_of(user) == name]
        signalling = {user.port: _SIGNALLING[type(user), user.start] for user in users}
        card = EmulatedCard(
            ports=modules,
            zone=self._country,
            signalling=signalling,
            echo_cancellers=self._config.cards[name].echo_cancellers,
        )
        numbers = {user.port: user.number for user in users if isinstance(user, LineSettings) and user.number}
        world = World(card, numbers=numbers)
        for user in users:
            if isinstance(user, PhoneSettings):
                world.telephones[user.port].lamp_by_reversal = user.message_lamp == "reversal"
        return _Card(name, card, first, world)

    def _port(self, settings: PhoneSettings | LineSettings) -> int:
        """The number of a port throughout the office."""
        return self._cards[self._config.card_of(settings)].first + settings.port

    def _card_at(self, number: int) -> _Card:
        return max((card for card in self._cards.values() if card.first < number), key=lambda card: card.first)

    def _fxs(self, number: str) -> FxsConfig:
        phone = self._config.phones[number]
        return FxsConfig(
            port=self._port(phone),
            number=number,
            name=phone.name,
            context=phone.context,
            zone=self._zone.name,
            ground_start=phone.start == "ground",
            cadence=self._zone.ring,
            caller_id=self._caller_id(phone.caller_id),
            pulse_order=PulseOrder(phone.pulse_order),
            short_flash=self._country != NORTH_AMERICA if phone.short_flash is None else phone.short_flash,
            hotline=phone.hotline,
            hotline_after=phone.hotline_after,
            lamp=MessageLamp(phone.message_lamp),
            answer_polarity=phone.answer_polarity,
            release_battery=phone.release_battery,
            echo=EchoConfig(Remover(phone.echo_canceller), phone.tail),
            flash=FlashUse(phone.flash),
            call_waiting=phone.call_waiting,
            three_way=phone.three_way,
            transfer=phone.transfer,
        )

    def _caller_id(self, written: str | None) -> Delivery | None:
        """How caller ID goes, as written in the configuration or else as in the country."""
        if written is None:
            return Delivery.in_country(self._country)
        return None if written == "none" else Delivery.of(written)

    def _fxo(self, name: str) -> FxoConfig:
        line = self._config.lines[name]
        return FxoConfig(
            port=self._port(line),
            name=name,
            group=line.group,
            context=line.context,
            did=line.did or line.number or "s",
            number=line.number,
            dial_tone_wait=line.dial_tone_wait,
            pulses=PulseOrder(line.pulse_order) if line.dialling == "pulse" else None,
            answer=AnswerSignal(line.answer),
            answer_after=line.answer_after,
            hangup_on_polarity=line.hangup_on_polarity,
            hangup_on_tone=line.hangup_on_tone,
            caller_id=self._caller_id(line.caller_id),
            shared=line.shared,
            waiting_caller_id=line.waiting_caller_id,
            rings=tuple(
                DistinctiveRing(ring, own.cadence, own.context or "", own.did) for ring, own in line.rings.items()
            ),
            tones={**self._tones, **line.tones},
            echo=EchoConfig(Remover(line.echo_canceller), line.tail),
            zone=self._country,
        )
