"""The numbers that Q.931 gives to things: messages, information elements, and the values inside these."""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "Capability",
    "Coding",
    "ElementCode",
    "Layer1",
    "Location",
    "MessageType",
    "Notification",
    "NumberType",
    "Plan",
    "Presented",
    "ProgressDescription",
    "Reason",
    "RestartClass",
    "Screening",
]


class MessageType(IntEnum):
    """Table 4-2 of Q.931, and the types of Q.932."""

    ALERTING = 0x01
    CALL_PROCEEDING = 0x02
    PROGRESS = 0x03
    SETUP = 0x05
    CONNECT = 0x07
    SETUP_ACKNOWLEDGE = 0x0D
    CONNECT_ACKNOWLEDGE = 0x0F
    USER_INFORMATION = 0x20
    SUSPEND_REJECT = 0x21
    RESUME_REJECT = 0x22
    HOLD = 0x24
    SUSPEND = 0x25
    RESUME = 0x26
    HOLD_ACKNOWLEDGE = 0x28
    SUSPEND_ACKNOWLEDGE = 0x2D
    RESUME_ACKNOWLEDGE = 0x2E
    HOLD_REJECT = 0x30
    RETRIEVE = 0x31
    RETRIEVE_ACKNOWLEDGE = 0x33
    RETRIEVE_REJECT = 0x37
    DISCONNECT = 0x45
    RESTART = 0x46
    RELEASE = 0x4D
    RESTART_ACKNOWLEDGE = 0x4E
    RELEASE_COMPLETE = 0x5A
    SEGMENT = 0x60
    FACILITY = 0x62
    REGISTER = 0x64
    NOTIFY = 0x6E
    STATUS_ENQUIRY = 0x75
    CONGESTION_CONTROL = 0x79
    INFORMATION = 0x7B
    STATUS = 0x7D

    def __str__(self) -> str:
        return self.name.replace("_", " ")


class ElementCode(IntEnum):
    """Information elements of codeset 0 (table 4-3; Q.932, Q.95x). Those above 0x7F are one octet long."""

    SEGMENTED_MESSAGE = 0x00
    BEARER_CAPABILITY = 0x04
    CAUSE = 0x08
    CALL_IDENTITY = 0x10
    CALL_STATE = 0x14
    CHANNEL_IDENTIFICATION = 0x18
    FACILITY = 0x1C
    PROGRESS_INDICATOR = 0x1E
    NETWORK_SPECIFIC_FACILITIES = 0x20
    NOTIFICATION_INDICATOR = 0x27
    DISPLAY = 0x28
    DATE_TIME = 0x29
    KEYPAD_FACILITY = 0x2C
    SIGNAL = 0x34
    INFORMATION_RATE = 0x40
    END_TO_END_TRANSIT_DELAY = 0x42
    TRANSIT_DELAY = 0x43
    PACKET_BINARY_PARAMETERS = 0x44
    PACKET_WINDOW_SIZE = 0x45
    PACKET_SIZE = 0x46
    CLOSED_USER_GROUP = 0x47
    REVERSE_CHARGE = 0x4A
    CONNECTED_NUMBER = 0x4C
    CONNECTED_SUBADDRESS = 0x4D
    CALLING_NUMBER = 0x6C
    CALLING_SUBADDRESS = 0x6D
    CALLED_NUMBER = 0x70
    CALLED_SUBADDRESS = 0x71
    ORIGINAL_CALLED_NUMBER = 0x73
    REDIRECTING_NUMBER = 0x74
    REDIRECTION_NUMBER = 0x76
    TRANSIT_NETWORK_SELECTION = 0x78
    RESTART_INDICATOR = 0x79
    LOW_LAYER_COMPATIBILITY = 0x7C
    HIGH_LAYER_COMPATIBILITY = 0x7D
    USER_USER = 0x7E
    MORE_DATA = 0xA0
    SENDING_COMPLETE = 0xA1

    def __str__(self) -> str:
        return self.name.replace("_", " ").lower()


class Coding(IntEnum):
    """Whose coding an element keeps to (bits 7 and 6 of its octet 3)."""

    ITU = 0
    ISO = 1
    NATIONAL = 2
    LOCAL = 3


class Capability(IntEnum):
    """Information transfer capability (4.5.5)."""

    SPEECH = 0x00
    UNRESTRICTED = 0x08
    RESTRICTED = 0x09
    AUDIO = 0x10
    """3.1 kHz audio."""
    UNRESTRICTED_WITH_TONES = 0x11
    VIDEO = 0x18


class Layer1(IntEnum):
    """User information layer 1 protocol (4.5.5)."""

    V110 = 1
    MU_LAW = 2
    A_LAW = 3
    G721 = 4
    H221 = 5
    NON_CCITT = 7
    V120 = 8
    HDLC = 9


class Location(IntEnum):
    """Where a cause or a progress indicator comes from (Q.850 2.2.3)."""

    USER = 0
    PRIVATE_LOCAL = 1
    PUBLIC_LOCAL = 2
    TRANSIT = 3
    PUBLIC_REMOTE = 4
    PRIVATE_REMOTE = 5
    INTERNATIONAL = 7
    BEYOND_INTERWORKING = 10


class ProgressDescription(IntEnum):
    """Progress descriptions (4.5.23)."""

    NOT_END_TO_END_ISDN = 1
    DESTINATION_NOT_ISDN = 2
    ORIGINATION_NOT_ISDN = 3
    RETURNED_TO_ISDN = 4
    SERVICE_CHANGED = 5
    IN_BAND = 8


class NumberType(IntEnum):
    """Type of number (4.5.8)."""

    UNKNOWN = 0
    INTERNATIONAL = 1
    NATIONAL = 2
    NETWORK_SPECIFIC = 3
    SUBSCRIBER = 4
    ABBREVIATED = 6


class Plan(IntEnum):
    """Numbering plan (4.5.8)."""

    UNKNOWN = 0
    ISDN = 1
    """E.164."""
    DATA = 3
    TELEX = 4
    NATIONAL = 8
    PRIVATE = 9


class Presented(IntEnum):
    """Presentation indicator (4.5.10)."""

    ALLOWED = 0
    RESTRICTED = 1
    NOT_AVAILABLE = 2
    RESERVED = 3


class Screening(IntEnum):
    """Screening indicator (4.5.10)."""

    NOT_SCREENED = 0
    PASSED = 1
    FAILED = 2
    NETWORK = 3


class Reason(IntEnum):
    """Reason for redirection (Q.952.7); other numbering than ISUP's."""

    UNKNOWN = 0
    BUSY = 1
    NO_REPLY = 2
    DEFLECTION = 4
    OUT_OF_ORDER = 9
    BY_DTE = 10
    UNCONDITIONAL = 15


class Notification(IntEnum):
    """Notification descriptions (4.5.22, Q.953)."""

    USER_SUSPENDED = 0
    USER_RESUMED = 1
    BEARER_CHANGED = 2
    DIVERTED = 0x7B
    HELD = 0x79
    RETRIEVED = 0x7A


class RestartClass(IntEnum):
    """What a RESTART is about (4.5.25)."""

    CHANNELS = 0
    """Those that the channel identification tells."""
    INTERFACE = 6
    """The one interface that the channel identification tells, or the only one."""
    ALL_INTERFACES = 7
