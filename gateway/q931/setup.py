"""SETUP: from an order to its message, and from a message that came to what is told of it (Q.931 3.1.14)."""

from __future__ import annotations

from gateway.q931.channel_identification import ChannelIdentification
from gateway.q931.coding import ElementCode, MessageType
from gateway.q931.config import Dialect
from gateway.q931.element import (
    BearerCapability,
    Display,
    KeypadFacility,
    Opaque,
    ProgressIndicator,
    SendingComplete,
)
from gateway.q931.message import Element, Message
from gateway.q931.number import CalledNumber, CallingNumber, RedirectingNumber
from gateway.q931.primitive import Order, Setup

__all__ = ["compose", "read"]

LONGEST_DISPLAY = 80
"""Octets of text (4.5.16)."""


def compose(
    order: Order, reference: int, channel: ChannelIdentification, location: int, dialect: Dialect
) -> Message:
    """The SETUP of a call that we place.

    Args:
        order: what is wanted.
        reference: the call's.
        channel: which B channel is to be used.
        location: what we are, for progress indicators.
        dialect: the network's habits.
    """
    elements: list[Element] = [order.bearer or dialect.bearer, channel]
    if order.complete and dialect.sending_complete:
        elements.append(SendingComplete())
    elements += [ProgressIndicator(description, location) for description in order.progress]
    if order.display:
        elements.append(Display(order.display[:LONGEST_DISPLAY], dialect.display_lead))
    if order.calling is not None:
        elements.append(order.calling)
    if order.called.digits:
        elements.append(order.called)
    elements += order.redirecting
    elements += order.extra
    return Message(MessageType.SETUP, reference, False, tuple(elements))


def read(message: Message, call: int, channel: int, dialect: Dialect) -> Setup:
    """What a SETUP tells, whose mandatory elements have been looked at.

    Args:
        message: the SETUP.
        call: the number of its call.
        channel: the B channel taken for it.
        dialect: the network's habits: where no digits follow a SETUP, those in it are all.
    """
    display, keypad = message.first(Display), message.first(KeypadFacility)
    return Setup(
        call,
        channel,
        message.first(CalledNumber),
        message.has(ElementCode.SENDING_COMPLETE) or not dialect.overlap,
        message.first(BearerCapability) or BearerCapability(),
        message.first(CallingNumber),
        display.text if display else "",
        tuple(message.all(RedirectingNumber)),
        tuple(indicator.description for indicator in message.all(ProgressIndicator)),
        keypad.keys if keypad else "",
        tuple(message.all(Opaque)),
    )
