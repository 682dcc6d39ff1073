"""The analogue ports that the cards have, and the serial ones of the machine, asked for without opening any, beside
what a configuration does with each; and a configuration for analogue ports that nothing uses yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.app.cards import Cards
from gateway.config.model import Config
from hardware.analog.discovery import FoundPort, discover
from hardware.analog.line import PortKind
from hardware.isdn.discovery import serial_ports
from hardware.port import Backend

__all__ = [
    "PortUse",
    "SerialUse",
    "ports_of",
    "ports_of_kernel",
    "proposal",
    "serial_ports_of",
]

FIRST_NUMBER: Final = 101
"""Number of the first telephone that is proposed."""


@dataclass(frozen=True, slots=True)
class PortUse:
    """A port and who is on it.

    Attributes:
        card: name of the card; empty without a configuration.
        number: on its card.
        found: what the card says of it; None where it has no such port.
        user: "telephone 101", "line copper1"; empty where nothing is configured on it.
        trouble: why it cannot serve whoever is configured on it, and what to do; empty where it can.
    """

    card: str
    number: int
    found: FoundPort | None
    user: str = ""
    trouble: str = ""


def ports_of_kernel(kernel: Backend) -> list[PortUse]:
    """The ports that the running kernel has.

    Raises:
        HardwareError: there is no driver.
    """
    return [PortUse("", port.number, port) for port in discover(kernel)]


def ports_of(config: Config) -> list[PortUse]:
    """The ports of every card of a configuration, and those that it wants and no card has.

    Raises:
        HardwareError: a card is not there.
    """
    uses: list[PortUse] = []
    wanted = _wanted(config)
    for name, backend in Cards(config).backends.items():
        there = {port.number: port for port in discover(backend)}
        numbers = sorted({*there, *(number for card, number in wanted if card == name)})
        uses += [_use(name, number, there.get(number), wanted.get((name, number))) for number in numbers]
    return uses


@dataclass(frozen=True, slots=True)
class SerialUse:
    """A serial port and who is on it.

    Attributes:
        device: "/dev/ttyACM0".
        name: what is behind it, as it calls itself.
        user: "ISDN adapter adapter1"; empty where nothing is configured on it.
        trouble: why it cannot serve that, and what to do; empty where it can.
    """

    device: str
    name: str
    user: str = ""
    trouble: str = ""


def serial_ports_of(config: Config | None) -> list[SerialUse]:
    """The serial ports of the machine, and those that a configuration wants and there are none of."""
    found = {port.device: port.name for port in serial_ports()}
    wanted = {} if config is None else {each.device: name for name, each in config.isdn.items() if each.device}
    missing = {device for device in wanted if device not in found and not Path(device).exists()}
    trouble = "there is no such device; plug the adapter in, or write another port"
    return [
        SerialUse(
            device,
            found.get(device, ""),
            f"ISDN adapter {wanted[device]}" if device in wanted else "",
            trouble if device in missing else "",
        )
        for device in sorted(found.keys() | wanted.keys())
    ]


def _wanted(config: Config) -> Mapping[tuple[str, int], tuple[str, PortKind]]:
    """Who is configured on a port of a card, and the kind that it takes."""
    phones = {
        (config.card_of(phone), phone.port): (f"telephone {number}", PortKind.FXS)
        for number, phone in config.phones.items()
    }
    lines = {
        (config.card_of(line), line.port): (f"line {name}", PortKind.FXO) for name, line in config.lines.items()
    }
    return phones | lines


def _use(card: str, number: int, found: FoundPort | None, wanted: tuple[str, PortKind] | None) -> PortUse:
    if wanted is None:
        return PortUse(card, number, found)
    user, kind = wanted
    trouble = ""
    if found is None:
        trouble = "the card has no such analogue port; run dahdi_cfg, or take another port"
    elif found.kind is not kind:
        trouble = f"{user} needs an {kind.value} port; take another, or another module"
    return PortUse(card, number, found, user, trouble)


def proposal(ports: Iterable[PortUse], taken: Sequence[str] = ()) -> str:
    """A piece of configuration for the ports that nothing uses: telephones from 101 on, lines from copper1 on.

    Args:
        taken: numbers of telephones and names of lines that there are already.
    """
    free = [port for port in ports if port.found is not None and not port.user]
    numbers = (str(number) for number in range(FIRST_NUMBER, 10_000) if str(number) not in taken)
    names = (f"copper{number}" for number in range(1, 10_000) if f"copper{number}" not in taken)
    tables = []
    for port in free:
        assert port.found is not None
        table = f"phones.{next(numbers)}" if port.found.kind is PortKind.FXS else f"lines.{next(names)}"
        settings = [f"port = {port.number}", *([f'card = "{port.card}"'] if port.card else [])]
        if port.found.start != "kewl":
            settings.append(f'start = "{port.found.start}"')
        tables.append(f"[{table}]  # {port.found.name}\n" + "\n".join(settings) + "\n")
    return "\n".join(tables)
