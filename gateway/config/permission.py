"""What the toll rules would say to a target, for dry runs: nothing is counted, and nobody is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dialplan.model import Dialplan
from dialplan.route import Permit, dry_run
from gateway.config.boundary import Boundary
from gateway.config.model import Config
from gateway.config.tolls import toll_policy
from gateway.config.variables import given_variables
from gateway.core.number import Party
from gateway.core.switch import Leg, Target
from gateway.toll.guard import Caller, TollGuard
from gateway.toll.numbering import Kind, NumberingPlan

__all__ = ["HelpRoute", "help_routes", "helpless", "numbering", "permission"]


def numbering(config: Config) -> NumberingPlan:
    """The numbers of the office's country, with the office's own emergency numbers."""
    country = config.office.numbers or config.office.country
    return NumberingPlan(country, emergency=config.tolls.emergency, access=config.tolls.access)


@dataclass(frozen=True, slots=True)
class HelpRoute:
    """What an emergency number does where somebody dials it.

    Attributes:
        context: of the dialplan.
        caller: who is supposed to dial, the first telephone or account that dials there.
        number: the emergency number.
        targets: what would be called, in order.
        outside: whether one of them is an outside line that takes it as an emergency.
        ending: how the call would end where nobody answers.
    """

    context: str
    caller: str
    number: str
    targets: tuple[str, ...]
    outside: bool
    ending: str


async def help_routes(config: Config, dialplan: Dialplan, clock: Callable[[], datetime]) -> list[HelpRoute]:
    """Every emergency number, from every context in which telephones or accounts dial, without a call."""
    permit, numbers, given = permission(config, clock), numbering(config).emergency, given_variables(config)
    origins = [("FXS", number, phone.context) for number, phone in config.phones.items()]
    origins += [("SIP", number, account.context) for number, account in config.accounts.items()]
    found = []
    for context, (technology, name) in sorted({context: origin for *origin, context in reversed(origins)}.items()):
        for number in numbers:
            route = await dry_run(
                dialplan,
                context,
                number,
                caller=Party(name),
                clock=clock,
                technology=technology,
                origin=name,
                permit=permit,
                variables=given(f"{technology}/{name}-0"),
            )
            outside = any(f"({Kind.EMERGENCY.value})" in ruling for ruling in route.rulings)
            targets = tuple(str(target) for attempt in route.attempts for target in attempt.targets)
            found.append(HelpRoute(context, name, number, targets, outside, str(route.ending or "")))
    return found


async def helpless(config: Config, dialplan: Dialplan, clock: Callable[[], datetime]) -> list[str]:
    """Contexts in which telephones or accounts dial, and from which no emergency number gets to an outside line."""
    routes = await help_routes(config, dialplan, clock)
    safe = {route.context for route in routes if route.outside}
    return sorted({route.context for route in routes} - safe)


def permission(config: Config, clock: Callable[[], datetime]) -> Permit:
    """The rules of `config`, for `dialplan.route.dry_run`.

    Raises:
        ConfigError: the table of rates cannot be read.
    """
    boundary = Boundary(config)
    guard = TollGuard(
        numbering(config),
        toll_policy(config.tolls),
        clock=lambda: 0.0,
        wall=lambda: clock().timestamp(),
        notice=lambda text: None,
        keep=lambda usages: None,
    )

    def permit(leg: Leg, target: Target) -> str:
        outside = boundary.outside(target)
        if outside is None:
            return ""
        name, inside = boundary.own(leg.name)
        grant = guard.permit(Caller(name, leg.context, inside, leg.standing), outside)
        guard.ended(grant)
        if grant.emergency:
            return f"{grant.destination}, which passes every cap"
        return f"{grant.destination}, allowed by {grant.rules.table}"

    return permit
