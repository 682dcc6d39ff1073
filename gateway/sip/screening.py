"""Whether a request can be understood at all: the checks of RFC 3261 8.2 that need no state.

A request enters; the response that refuses it leaves, or None. They are made in the order of that section.
"""

from __future__ import annotations

from typing import Final

from gateway.core.errors import MalformedError
from gateway.sip.body import AS_IT_IS, SDP, SESSION, is_optional, is_session, media_type, required_types
from gateway.sip.info import INFO_TYPES
from gateway.sip.message import Request, Response
from gateway.sip.outbound import OUTBOUND
from gateway.sip.path import PATH
from gateway.sip.refusals import SIPS_NEEDS_TLS
from gateway.sip.session import ALLOW, SDP_TYPE, SUPPORTED
from gateway.sip.transport import Flow
from gateway.sip.uri import OtherUri, SipUri, TelUri

__all__ = ["screen"]

METHODS: Final = frozenset(ALLOW.split(", "))
EXTENSIONS: Final = frozenset(SUPPORTED.split(", "))
"""Option tags that we can be required to know. Preconditions (RFC 3312) are not among them: 420."""
REGISTRAR_EXTENSIONS: Final = frozenset({OUTBOUND, PATH})
"""Further ones that a REGISTER can require."""
PASSED_ON: Final = frozenset({"INVITE", "MESSAGE"})
"""Requests that go on from us: calls and texts."""
BODY_TYPES: Final = {"INVITE": (SDP_TYPE,), "UPDATE": (SDP_TYPE,), "PRACK": (SDP_TYPE,), "INFO": INFO_TYPES}
"""What a body may be, by method; the bodies of other methods are not read."""


def screen(request: Request, flow: Flow) -> Response | None:
    """The refusal that `request` (no ACK, no CANCEL) earns, without a To tag; None where it is understood."""
    if request.uri.scheme == "sips" and not flow.is_secure:
        # RFC 5630 section 3.1.3: somebody between has taken it off TLS.
        return request.reply(403, SIPS_NEEDS_TLS)
    if request.method not in METHODS:
        response = request.reply(501)
        response.headers.set("Allow", ALLOW)
        return response
    refusal = _target(request)
    if refusal is None and "require" in request.headers.rows:
        refusal = _extensions(request)
    if refusal is None and request.body and request.method in BODY_TYPES:
        refusal = _content(request)
    if refusal is None and request.method in PASSED_ON and request.headers.typed["max-forwards"] == 0:
        refusal = _spent(request)
    return refusal


def _target(request: Request) -> Response | None:
    """Escapes may hide line ends and control characters; no number and no name of anybody has them."""
    uri = request.uri
    if isinstance(uri, SipUri):
        plain = not uri.user or "%" not in uri.user or uri.username.isprintable()
        return None if plain else request.reply(400, "Request-URI With Control Characters")
    helps = isinstance(uri, OtherUri) and uri.is_for_help and request.method == "INVITE"
    return None if helps or isinstance(uri, TelUri) else request.reply(416)


def _extensions(request: Request) -> Response | None:
    try:
        known = EXTENSIONS | REGISTRAR_EXTENSIONS if request.method == "REGISTER" else EXTENSIONS
        unknown = [tag for tag in request.tokens("Require") if tag not in known]
    except MalformedError as fault:
        return request.reply(400, str(fault))
    if not unknown:
        return None
    response = request.reply(420)
    response.headers.set("Unsupported", ", ".join(unknown))
    return response


def _content(request: Request) -> Response | None:
    """RFC 3261 8.2.3: a body that is marked as optional may be anything; of a multipart, see `required_types`."""
    wanted = BODY_TYPES[request.method]
    headers, rows = request.headers, request.headers.rows
    if "content-encoding" in rows and rows["content-encoding"][0].lower() != AS_IT_IS:
        response = request.reply(415)
        response.headers.set("Accept-Encoding", AS_IT_IS)
        return response
    if "content-type" not in rows:
        return request.reply(400, "A Body Without Content-Type")
    try:
        kind, _ = media_type(rows["content-type"][0])
        if kind in wanted and "content-disposition" not in rows:
            return None
        disposition = headers.get("content-disposition") or SESSION
        optional, known = is_optional(disposition), kind != SDP or is_session(disposition)
        missing = [] if kind in wanted else [part for part in required_types(request) if part not in wanted]
    except MalformedError as fault:
        return request.reply(400, str(fault))
    understood = (kind in wanted and known) or (kind.startswith("multipart/") and not missing)
    if understood or optional:
        return None
    response = request.reply(415)
    response.headers.set("Accept", ", ".join(wanted))
    return response


def _spent(request: Request) -> Response | None:
    """A loop through us must end here (RFC 7332 section 3, RFC 3261 16.3)."""
    return request.reply(483) if request.to.tag is None else None
