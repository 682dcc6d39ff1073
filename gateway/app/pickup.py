"""The pickup groups of telephones and accounts, from the configuration."""

from __future__ import annotations

from gateway.call.pickup import Groups, PickupGroups
from gateway.config.model import Config

__all__ = ["pickup_groups"]


def pickup_groups(config: Config) -> PickupGroups:
    """Who may answer whose calls."""
    members = [(f"SIP/{user}", account) for user, account in config.accounts.items()]
    found = {name: Groups(frozenset(each.call_groups), frozenset(each.pickup_groups)) for name, each in members}
    for number, phone in config.phones.items():
        found[f"FXS/{number}"] = Groups(frozenset(phone.call_groups), frozenset(phone.pickup_groups))
    return PickupGroups(found)
