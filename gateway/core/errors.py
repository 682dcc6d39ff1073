"""Every error that crosses a room, sorted by whose fault it is.

    CopperlineError
    ├── LocalError              our caller or our configuration is wrong
    │   ├── ConfigError         faults in configuration files, all of them at once
    │   ├── IllegalInput        a state machine met an input that its table does not list
    │   └── Exhausted           a bounded resource (row, port, transaction) has run out
    ├── RemoteError             a peer sent or did something wrong; carries a Cause
    │   └── MalformedError      bytes that do not parse
    └── HardwareError           a device
        ├── Unavailable         it is not there
        ├── OpenFailed          it is there and would not open
        └── Lost                it went away while in use

Nothing here imports from another room except `cause`, so everything may import this.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.cause import Cause

__all__ = [
    "ConfigError",
    "CopperlineError",
    "Exhausted",
    "Fault",
    "HardwareError",
    "IllegalInput",
    "LocalError",
    "Lost",
    "MalformedError",
    "OpenFailed",
    "RemoteError",
    "Unavailable",
]


class CopperlineError(Exception):
    """Base of all errors of this system. The text is one sentence that names the thing and the mend."""


class LocalError(CopperlineError):
    """Our own misuse: a programming or configuration error on this side."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault in a file, as `copperline check` prints it.

    Attributes:
        file: path as the user named it.
        line: line number from 1, or 0 where the whole file is meant.
        what: what is wrong, one clause.
        mend: what to do, one clause; may be empty.
    """

    file: str
    line: int
    what: str
    mend: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}" + (f"; {self.mend}" if self.mend else "")


class ConfigError(LocalError):
    """Configuration that cannot be used. `faults` lists everything found, in file order."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class IllegalInput(LocalError):
    """A machine met an input that its table does not list for the present state."""


class Exhausted(LocalError):
    """A bounded resource has none left; the text names the resource and its limit."""


class RemoteError(CopperlineError):
    """A peer's fault. `cause` is what the call that meets it should end with, `advice` what to try next."""

    def __init__(self, text: str, cause: Cause = Cause.PROTOCOL_ERROR, *, advice: str = "") -> None:
        self.cause = cause
        self.advice = advice
        super().__init__(text)


class MalformedError(RemoteError):
    """Bytes from a peer that do not parse."""


class HardwareError(CopperlineError):
    """A device failed; the text names the device."""


class Unavailable(HardwareError):
    """The device, its driver or its library is not there."""


class OpenFailed(HardwareError):
    """The device is there and would not open (in use, no permission, not configured)."""


class Lost(HardwareError):
    """The device went away while in use."""
