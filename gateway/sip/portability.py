"""What the telephone numbers of URIs say beside the number (RFC 4694, RFC 3966): npdi, rn, cic, ext, isub, context.

The URI of a request enters, and channel variables leave; those of a leg go into the URI of its INVITE, so that what
one network has looked up need not be looked up again. Only peers of our trust domain are believed, and told
(section 7): whoever names a carrier chooses who is paid.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from gateway.core.carried import PORTABILITY
from gateway.core.errors import MalformedError
from gateway.sip.account import Account
from gateway.sip.identity import number_of
from gateway.sip.message import Request
from gateway.sip.parameters import NO_PARAMETERS, Parameters
from gateway.sip.uri import SipUri, TelUri, Uri

__all__ = ["portability_of", "write_portability"]

_VARIABLES: Final = frozenset(PORTABILITY)
_TOLD: Final = "yes"
"""The value of the variable of a parameter that has none."""
_NUMBER: Final = re.compile(r"\+?[0-9A-Fa-f().\-]*[0-9A-Fa-f][0-9A-Fa-f().\-]*")
"""A routing number or a carrier code, global or local (section 4)."""
_CONTEXT: Final = re.compile(r"\+[0-9().\-]*[0-9][0-9().\-]*|[A-Za-z0-9][A-Za-z0-9.\-]*")
"""Digits of a global number, or a domain."""
_LOCAL: Final = re.compile(r"[0-9*#]+")
"""A number that is valid somewhere alone, and may be told with its context; a global one must not be."""
_PARAMETERS: Final = {
    "ext": re.compile(r"[0-9().\-]*[0-9][0-9().\-]*"),
    "isub": re.compile(r"[A-Za-z0-9%+\-_.!~*'()]+"),
    "phone-context": _CONTEXT,
    "cic": _NUMBER,
    "cic-context": _CONTEXT,
    "npdi": re.compile(""),
    "rn": _NUMBER,
    "rn-context": _CONTEXT,
}
"""The parameters, in the order of `PORTABILITY`, which is that of RFC 3966 section 3, and what they may be."""
LONGEST: Final = 64
"""Characters of a value; a number has 15 digits."""


def portability_of(request: Request, account: Account) -> dict[str, str]:
    """What the URI of `request` tells of the number's network, if `account` is believed; nonsense is left out."""
    if not account.trusted:
        return {}
    given = _telephone_parameters(request.uri)
    if not given:
        return {}
    number = number_of(request.uri)
    found: dict[str, str] = {}
    for variable, name in zip(PORTABILITY, _PARAMETERS, strict=True):
        value = given.get(name)
        if value is not None and _fits(name, value, number):
            found[variable] = value or _TOLD
    return found


def write_portability(invite: Request, variables: Mapping[str, str], account: Account) -> None:
    """Write what the variables of a leg tell of the number's network into the URI of its INVITE."""
    if _VARIABLES.isdisjoint(variables) or not account.trusted or not isinstance(invite.uri, SipUri):
        return
    number = number_of(invite.uri)
    written = NO_PARAMETERS
    for variable, name in zip(PORTABILITY, _PARAMETERS, strict=True):
        value = variables.get(variable, "")
        if value and name == "npdi":
            written = written.having(name)
        elif value and _fits(name, value, number):
            written = written.having(name, value)
    if written:
        # RFC 3261 19.1.6: the parameters of a telephone number stand in the user part, which says so.
        parameters = invite.uri.parameters.having("user", "phone")
        invite.uri = replace(invite.uri, user=f"{invite.uri.user}{written}", parameters=parameters)


def _fits(name: str, value: str, number: str) -> bool:
    """Whether parameter `name` of `number` may have this value."""
    if name == "phone-context" and not _LOCAL.fullmatch(number):
        return False
    return len(value) <= LONGEST and _PARAMETERS[name].fullmatch(value) is not None


def _telephone_parameters(uri: Uri) -> Parameters:
    if isinstance(uri, TelUri):
        return uri.parameters
    if not isinstance(uri, SipUri):
        return NO_PARAMETERS
    user = uri.username
    if ";" not in user:
        return NO_PARAMETERS
    _, semicolon, rest = user.partition(";")
    try:
        return Parameters.parse(semicolon + rest)
    except MalformedError:
        return NO_PARAMETERS
