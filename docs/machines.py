"""Every state machine of the project, by the name of its drawing, with the state in which it begins.

What a drawing shows is in the table itself; only its name, its place and its beginning are told here. A test finds
tables that are missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from drivers.fxo import states as fxo
from drivers.fxs import states as fxs
from drivers.isdn import states as isdn
from drivers.span import states as span
from gateway.core.machine import Table
from gateway.q931 import call_states as q931_call
from gateway.q931 import lapd_states
from gateway.sip import established_states, incoming_states, outgoing_states, register_states
from gateway.sip.events import subscriber, subscription
from gateway.sip.transaction import invite_client, invite_server, plain_client, plain_server
from hardware.analog.emulation import receive_fxo, receive_fxs, transmit
from hardware.isdn.emulation import call_states
from hardware.world import exchange_states, office_call

__all__ = ["MACHINES", "Drawn"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A state machine to be drawn.

    Attributes:
        name: of its drawing's file, without ending.
        title: what it is the machine of.
        source: the file that holds its table.
        table: the table.
        start: the state in which it begins.
        ends: the states that are meant to have no way out.
    """

    name: str
    title: str
    source: str
    table: Table[Any, Any]
    start: Enum
    ends: frozenset[Enum] = frozenset()


MACHINES: Final = (
    Drawn(
        "sip-invite-client",
        "INVITE client transaction (RFC 3261 17.1.1, RFC 6026)",
        "gateway/sip/transaction/invite_client.py",
        invite_client.INVITE_CLIENT,
        invite_client.InviteClientState.CALLING,
        frozenset({invite_client.InviteClientState.TERMINATED}),
    ),
    Drawn(
        "sip-invite-server",
        "INVITE server transaction (RFC 3261 17.2.1, RFC 6026)",
        "gateway/sip/transaction/invite_server.py",
        invite_server.INVITE_SERVER,
        invite_server.InviteServerState.PROCEEDING,
        frozenset({invite_server.InviteServerState.TERMINATED}),
    ),
    Drawn(
        "sip-plain-client",
        "Client transaction of any other request (RFC 3261 17.1.2)",
        "gateway/sip/transaction/plain_client.py",
        plain_client.PLAIN_CLIENT,
        plain_client.PlainClientState.TRYING,
        frozenset({plain_client.PlainClientState.TERMINATED}),
    ),
    Drawn(
        "sip-plain-server",
        "Server transaction of any other request (RFC 3261 17.2.2)",
        "gateway/sip/transaction/plain_server.py",
        plain_server.PLAIN_SERVER,
        plain_server.PlainServerState.TRYING,
        frozenset({plain_server.PlainServerState.TERMINATED}),
    ),
    Drawn(
        "sip-incoming",
        "An INVITE that came in, until it is answered (RFC 3261 13.3)",
        "gateway/sip/incoming_states.py",
        incoming_states.TABLE,
        incoming_states.State.OFFERED,
        frozenset({incoming_states.State.ANSWERED, incoming_states.State.OVER}),
    ),
    Drawn(
        "sip-outgoing",
        "An INVITE that we send, until it is answered (RFC 3261 13.2)",
        "gateway/sip/outgoing_states.py",
        outgoing_states.TABLE,
        outgoing_states.State.CALLING,
        frozenset({outgoing_states.State.ANSWERED, outgoing_states.State.OVER}),
    ),
    Drawn(
        "sip-register",
        "Our registration with somebody else's registrar (RFC 3261 10.2, RFC 5626 4.5)",
        "gateway/sip/register_states.py",
        register_states.TABLE,
        register_states.State.IDLE,
        frozenset({register_states.State.OVER}),
    ),
    Drawn(
        "sip-established",
        "An established INVITE session (RFC 3261 12 to 15)",
        "gateway/sip/established_states.py",
        established_states.TABLE,
        established_states.State.STEADY,
        frozenset({established_states.State.CLOSED}),
    ),
    Drawn(
        "sip-subscription",
        "A subscription with us (RFC 6665 4.2)",
        "gateway/sip/events/subscription.py",
        subscription.TABLE,
        subscription.State.AT_REST,
        frozenset({subscription.State.OVER}),
    ),
    Drawn(
        "sip-subscriber",
        "A subscription of ours (RFC 6665 4.1)",
        "gateway/sip/events/subscriber.py",
        subscriber.TABLE,
        subscriber.State.IDLE,
        frozenset({subscriber.State.OVER}),
    ),
    Drawn(
        "line-fxs", "A telephone line: the driver of an FXS port", "drivers/fxs/states.py", fxs.TABLE, fxs.FXS.start
    ),
    Drawn(
        "line-fxo", "An exchange line: the driver of an FXO port", "drivers/fxo/states.py", fxo.TABLE, fxo.FXO.start
    ),
    Drawn(
        "line-isdn",
        "A basic access behind a terminal adapter: the driver of a serial port",
        "drivers/isdn/states.py",
        isdn.TABLE,
        isdn.ISDN.start,
    ),
    Drawn("line-span", "A span", "drivers/span/states.py", span.SPAN, span.SpanState.OUT),
    Drawn(
        "span-placed",
        "A call that we place on a span, above Q.931",
        "drivers/span/states.py",
        span.PLACED,
        span.CallState.NEW,
        frozenset({span.CallState.OVER}),
    ),
    Drawn(
        "span-taken",
        "A call that comes in on a span, above Q.931",
        "drivers/span/states.py",
        span.TAKEN,
        span.CallState.NEW,
        frozenset({span.CallState.OVER}),
    ),
    Drawn(
        "exchange-call",
        "A call on a span, or a basic access, at the emulated exchange",
        "hardware/world/exchange_states.py",
        exchange_states.EXCHANGE_CALL,
        exchange_states.ExchangeState.NEW,
        frozenset({exchange_states.ExchangeState.OVER}),
    ),
    Drawn(
        "card-fxs-transmit",
        "Emulated FXS channel: what it puts on the line",
        "hardware/analog/emulation/transmit.py",
        transmit.FXS_TRANSMIT,
        transmit.TxState.ONHOOK,
    ),
    Drawn(
        "card-fxo-transmit",
        "Emulated FXO channel: what it puts on the line",
        "hardware/analog/emulation/transmit.py",
        transmit.FXO_TRANSMIT,
        transmit.TxState.ONHOOK,
    ),
    Drawn(
        "card-fxs-receive",
        "Emulated FXS channel: what the telephone does",
        "hardware/analog/emulation/receive_fxs.py",
        receive_fxs.FXS_RECEIVE,
        receive_fxs.FxsState.ONHOOK,
    ),
    Drawn(
        "card-fxo-ringing",
        "Emulated FXO channel: whether the exchange rings",
        "hardware/analog/emulation/receive_fxo.py",
        receive_fxo.FXO_RINGING,
        receive_fxo.RingState.QUIET,
    ),
    Drawn(
        "card-fxo-battery",
        "Emulated FXO channel: whether the exchange feeds the line",
        "hardware/analog/emulation/receive_fxo.py",
        receive_fxo.FXO_BATTERY,
        receive_fxo.BatteryState.ALARM,
    ),
    Drawn(
        "office-line",
        "A subscriber line at the emulated central office",
        "hardware/world/office_call.py",
        office_call.OFFICE_LINE,
        office_call.CallState.IDLE,
    ),
    Drawn(
        "adapter-call",
        "An emulated ISDN terminal adapter",
        "hardware/isdn/emulation/call_states.py",
        call_states.TERMINAL,
        call_states.CallState.IDLE,
    ),
    Drawn(
        "q931-call",
        "A call on a primary rate interface (Q.931 5)",
        "gateway/q931/call_states.py",
        q931_call.CALL,
        q931_call.State.NULL,
    ),
    Drawn(
        "q921-link",
        "The data link of a D channel (Q.921 annex B)",
        "gateway/q931/lapd_states.py",
        lapd_states.LAPD,
        lapd_states.State.TEI_ASSIGNED,
    ),
)
