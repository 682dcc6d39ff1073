"""What a leg's scripts have asked of faxes, and how its last one went: behind FAXOPT, SendFAX and ReceiveFAX."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.core.fax import FaxOptions, FaxReport

__all__ = ["FaxNotes"]


@dataclass(slots=True)
class FaxNotes:
    """The notes of one leg.

    Attributes:
        options: how its faxes are to go.
        kept: what FAXOPT keeps and nobody acts on.
        files: of the last fax, sent or taken.
        report: how that went, or goes.
    """

    options: FaxOptions = field(default_factory=FaxOptions)
    kept: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    report: FaxReport = field(default_factory=FaxReport)

    @property
    def status(self) -> str:
        """SUCCESS or FAILED, as Asterisk has it; "" before the first fax."""
        if not self.files:
            return ""
        return "SUCCESS" if self.report.over and not self.report.fault else "FAILED"

    @property
    def sentence(self) -> str:
        """How it ended, in words."""
        if not self.files:
            return ""
        return self.report.fault or ("OK" if self.report.over else "under way")
