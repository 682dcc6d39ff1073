"""A real office's configuration, set apart: the same numbers, dialplan and lines, and nothing that leads outside.

Its cards and adapters become emulated ones, its sockets ports that are free on loopback, its database and its
recordings files of the test, and its trunks lead to whom the test names, or nowhere. What its users dial is what
they dial.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from gateway.config.address import Listener, ServerName, SocketAddress
from gateway.config.analog import CardSettings
from gateway.config.isdn import IsdnSettings
from gateway.config.model import Config
from gateway.core.errors import LocalError

__all__ = ["set_apart"]

LOOPBACK: Final = "127.0.0.1"
NOWHERE: Final = f"{LOOPBACK}:9"
"""A port at which nobody is: a request that goes there is refused at once."""

SOME_NUMBER: Final = "2565550200"
"""Of an ISDN access whose office does not say one (555-01XX and 02XX are nobody's)."""

Module = Literal["fxs", "fxo"]


def set_apart(config: Config, folder: Path, trunks: Mapping[str, str]) -> Config:
    """`config` as a test may run it beside the office itself.

    Args:
        folder: where its files go.
        trunks: "127.0.0.1:5070" by the trunk's name: who stands for its provider.

    Raises:
        LocalError: a trunk is named that the office does not have, or an address is none.
    """
    unknown = sorted(set(trunks) - set(config.trunks))
    if unknown:
        known = ", ".join(config.trunks) or "none"
        raise LocalError(f"the office has no trunk {unknown[0]!r}; it has: {known}")
    free = SocketAddress(LOOPBACK, 0)
    listeners = tuple(Listener(each.transport, free) for each in config.sip.listen)
    return config.model_copy(
        update={
            "cards": {name: _emulated(name, config) for name in config.cards},
            "isdn": {name: _emulated_adapter(adapter) for name, adapter in config.isdn.items()},
            "spans": {name: span.model_copy(update={"backend": "emulated"}) for name, span in config.spans.items()},
            "sip": config.sip.model_copy(update={"listen": listeners, "advertised": ""}),
            "trunks": {name: _led(trunk, trunks.get(name, NOWHERE)) for name, trunk in config.trunks.items()},
            "web": config.web.model_copy(update={"listen": free}),
            "store": config.store.model_copy(update={"url": f"sqlite:///{folder / 'copperline.db'}"}),
            "media": config.media.model_copy(update={"recordings": folder / "recordings"}),
            "fax": config.fax.model_copy(update={"folder": folder / "faxes"}),
        }
    )


def _led(trunk: Any, address: str) -> Any:
    try:
        server = ServerName.parse(address)
    except ValueError as error:
        raise LocalError(f"a trunk cannot lead to {address!r}: {error}") from error
    return trunk.model_copy(update={"servers": (server,), "proxy": None, "registers": False, "qualify": 0})


def _emulated_adapter(adapter: IsdnSettings) -> IsdnSettings:
    """The adapter as an emulated one, which has a number."""
    numbers = adapter.numbers or (SOME_NUMBER,)
    return adapter.model_copy(update={"backend": "emulated", "device": "", "numbers": numbers})


def _emulated(name: str, config: Config) -> CardSettings:
    """The card as an emulated one, with the modules that its telephones and lines need."""
    card = config.cards[name]
    if card.backend == "emulated":
        return card
    kinds: dict[int, Module] = {
        **{phone.port: "fxs" for phone in config.phones.values() if config.card_of(phone) == name},
        **{line.port: "fxo" for line in config.lines.values() if config.card_of(line) == name},
    }
    modules: tuple[Module, ...] = tuple(kinds.get(port, "fxs") for port in range(1, max(kinds, default=0) + 1))
    return card.model_copy(update={"backend": "emulated", "modules": modules})
