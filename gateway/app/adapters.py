"""The serial ISDN adapters of an office: their ports opened by name, emulated ones with an exchange behind."""

from __future__ import annotations

from collections.abc import Mapping

from drivers.isdn.config import IsdnConfig
from gateway.config.model import Config
from gateway.core.codec import Encoding
from gateway.media.tone import zone
from hardware.isdn.emulated import EmulatedAdapter
from hardware.isdn.port import SerialPort
from hardware.isdn.tty import Tty
from hardware.world.access import IsdnAccess
from hardware.world.isdn import IsdnWorld

__all__ = ["Adapters"]

_CODINGS = {"ulaw": Encoding.PCMU, "alaw": Encoding.PCMA}


class Adapters:
    """All adapters of a configuration.

    Args:
        config: the office.
        by_hand: time is moved by hand, faster than the kernel carries what emulated adapters say.
    """

    def __init__(self, config: Config, *, by_hand: bool = False) -> None:
        self._settings = config.isdn
        emulated = {name: each for name, each in config.isdn.items() if each.backend == "emulated"}
        self._world = IsdnWorld(
            {name: each.number for name, each in emulated.items()},
            zone(config.office.country),
            families={name: each.profile for name, each in emulated.items()},
            settles=by_hand,
        )
        self.configs = [
            IsdnConfig(
                name=name,
                device=each.device or each.backend,
                profile=each.profile,
                coding=_CODINGS[each.coding],
                numbers=each.numbers,
                withhold=each.withhold,
                group=each.group,
                context=each.context,
                did=each.did,
            )
            for name, each in config.isdn.items()
        ]

    def open(self, name: str) -> SerialPort:
        """Open the port of the adapter `name`.

        Raises:
            HardwareError: it is not there or would not open.
        """
        settings = self._settings[name]
        emulated = self._world.adapters.get(name)
        return emulated.open(settings.rate) if emulated is not None else Tty(settings.device, settings.rate)

    def step(self, now: float) -> None:
        """Let the emulated world live up to `now`."""
        self._world.step(now)

    @property
    def emulated(self) -> Mapping[str, EmulatedAdapter]:
        """Emulated adapters by name."""
        return self._world.adapters

    @property
    def accesses(self) -> Mapping[str, IsdnAccess]:
        """Their accesses to the network."""
        return self._world.accesses

    def close(self) -> None:
        """Give the emulated ones' pseudo-terminals back."""
        self._world.close()
