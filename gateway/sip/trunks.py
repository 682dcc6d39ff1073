"""All trunks of a stack: which one a dial string names and a request comes from; changed without a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.core.switch import DeviceState
from gateway.sip.account import Account
from gateway.sip.headers import NameAddr
from gateway.sip.message import Request
from gateway.sip.session import Setting
from gateway.sip.transport import Flow
from gateway.sip.trunk import Trunk
from gateway.sip.trunk_words import ExtensionTold, MailboxTold, TrunkChanged, TrunkConfig, TrunkStatus

__all__ = ["Trunks"]


class Trunks:
    """The trunks of a stack.

    Args:
        setting: the stack's services.
        token: makes tags and Call-IDs that nobody can guess.
        contact: our Contact on a flow, for a user.
        in_use: how many legs a trunk has, by its name.
        told: takes the changes of their states.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        token: Callable[[], str],
        contact: Callable[[Flow, str], NameAddr],
        in_use: Callable[[str], int],
        told: Callable[[TrunkChanged | MailboxTold | ExtensionTold], None],
    ) -> None:
        self._in_use = in_use
        self._setting = setting
        self._token = token
        self._contact = contact
        self._told = told
        self._trunks: dict[str, Trunk] = {}
        self._leaving: list[Trunk] = []

    def load(self, configs: Iterable[TrunkConfig], now: float) -> None:
        """Have these trunks and no others; those that are as before are left alone."""
        wanted = {config.name: config for config in configs}
        for name, trunk in list(self._trunks.items()):
            if wanted.get(name) != trunk.config:
                self._remove(name, now)
        for name, config in wanted.items():
            if name not in self._trunks:
                trunk = Trunk(config, self._setting, token=self._token, contact=self._contact, told=self._told)
                self._trunks[name] = trunk
                trunk.start(now)

    def stop(self, now: float) -> None:
        """Unregister everywhere."""
        for name in list(self._trunks):
            self._remove(name, now)

    @property
    def leaving(self) -> int:
        """How many registrations of removed trunks wait for their end."""
        self._leaving = [trunk for trunk in self._leaving if not trunk.is_over]
        return len(self._leaving)

    def named(self, name: str) -> Trunk | None:
        """The trunk of that name, or None."""
        return self._trunks.get(name)

    def extension(self, address: str) -> DeviceState | None:
        """The state of NUMBER@TRUNK, an extension of another office; None where it is not watched."""
        number, at, name = address.rpartition("@")
        trunk = self._trunks.get(name) if at else None
        return trunk.extension(number) if trunk is not None else None

    def __len__(self) -> int:
        return len(self._trunks)

    def sender(self, request: Request, flow: Flow) -> Trunk | None:
        """The trunk from which `request` comes, or None."""
        for trunk in self._trunks.values():
            if trunk.recognises(request, flow):
                return trunk
        return None

    def proving(self, user: str) -> Account | None:
        """The trunk that calls with proofs of `user`, as an account; None where there is none."""
        for trunk in self._trunks.values():
            if trunk.config.challenge and trunk.config.user == user:
                return trunk.account
        return None

    def lives_at(self, source: str) -> bool:
        """Whether a trunk's server is at `source`."""
        for name in self._trunks:
            if self._trunks[name].lives_at(source):
                return True
        return False

    def status(self) -> list[TrunkStatus]:
        """For lists."""
        return [trunk.status(self._in_use(trunk.config.name)) for trunk in self._trunks.values()]

    def _remove(self, name: str, now: float) -> None:
        trunk = self._trunks.pop(name)
        trunk.stop(now)
        self._leaving.append(trunk)
