"""Why no session comes of a description, as it is told to the peer (RFC 3261 20.43)."""

from __future__ import annotations

from typing import Final

from gateway.core.cause import Cause
from gateway.core.errors import RemoteError

__all__ = [
    "WARNING_ADDRESS",
    "WARNING_FORMAT",
    "WARNING_MEDIA_TYPE",
    "WARNING_NETWORK",
    "WARNING_TRANSPORT",
    "ImageRefused",
    "NotAcceptable",
]

WARNING_NETWORK: Final = 300
WARNING_ADDRESS: Final = 301
WARNING_TRANSPORT: Final = 302
WARNING_MEDIA_TYPE: Final = 304
WARNING_FORMAT: Final = 305


class NotAcceptable(RemoteError):
    """No session can come of a description: it is refused with 488 (RFC 3261 21.4.26).

    `warning` is the warn-code of RFC 3261 20.43 that says why: 301 address, 302 transport, 304 media type,
    305 format.
    """

    def __init__(self, text: str, warning: int) -> None:
        self.warning = warning
        super().__init__(text, Cause.BEARER_CAPABILITY_NOT_IMPLEMENTED)


class ImageRefused(NotAcceptable):
    """The answer to our offer of T.38 has no such stream: nothing is carried until audio is offered again."""

    def __init__(self) -> None:
        super().__init__("the peer's answer takes no T.38", WARNING_MEDIA_TYPE)
