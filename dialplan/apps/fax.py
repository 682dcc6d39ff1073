"""SendFAX ReceiveFAX: documents to and from fax machines, over T.38 or audio (Asterisk res/res_fax.c).

How the fax goes may be said beforehand by FAXOPT; how it went is told by it, and by variables, also where the call
has ended with the fax: FAXSTATUS (SUCCESS or FAILED), FAXERROR, FAXSTATUSSTRING, FAXMODE, FAXPAGES, FAXBITRATE,
FAXRESOLUTION, LOCALSTATIONID, REMOTESTATIONID.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dialplan.arguments import options, split
from dialplan.script import Application, Script
from gateway.core.errors import CopperlineError
from gateway.core.fax import FaxJob, FaxReport

__all__ = ["APPLICATIONS", "OPTIONS"]

OPTIONS: Final = frozenset("dfFsz")
"""Letters that are known; `d`, `f` and `s` say what is so anyway, or what the call's story has."""


async def send(script: Script, arguments: str) -> None:
    """`SendFAX(file.tif[&file.tif…][,options])`: send TIFF files, one after the other, to a fax machine.

    Options: `F` stays in audio; `z` asks for T.38 itself when the far side's machine is heard and its gateway has
    not. A far side that changes to T.38 is followed.
    """
    await _fax(script, arguments, sends=True)


async def receive(script: Script, arguments: str) -> None:
    """`ReceiveFAX(file.tif[,options])`: answer as a fax machine does and write what comes as a TIFF file.

    T.38 is asked for where the leg has it. Options: `F` stays in audio.
    """
    await _fax(script, arguments, sends=False)


async def _fax(script: Script, arguments: str, *, sends: bool) -> None:
    words = [*split(arguments, limit=2), ""]
    names = tuple(name.strip() for name in words[0].split("&") if name.strip()) if sends else (words[0].strip(),)
    chosen = options(words[1])
    for letter in sorted(set(chosen) - OPTIONS):
        script.note(f"{'SendFAX' if sends else 'ReceiveFAX'}: option {letter} is not known and does nothing")
    notes = script.share.fax
    notes.files = names if any(names) else ()
    notes.report = FaxReport()
    _tell(script, "INVALID_ARGUMENTS" if not notes.files else "Channel Problems")
    if not notes.files:
        script.note("a fax needs the name of a file")
        return

    def told(report: FaxReport) -> None:
        notes.report = report

    error = "HANGUP"
    try:
        await script.leg.answer()
        job = FaxJob(notes.files, sends, notes.options)
        image = "F" not in chosen and ("z" in chosen or not sends)
        await script.switch.fax(script.leg, job, image=image, told=told)
    except CopperlineError as fault:
        notes.report = FaxReport(over=True, fault=str(fault))
        error = "INIT_ERROR"
    finally:
        _tell(script, error)


def _tell(script: Script, error: str) -> None:
    """Write down how the fax went; `error` is what to call its failure where the machine has no words for it."""
    notes = script.share.fax
    report = notes.report
    failed = notes.status != "SUCCESS"
    values: Sequence[tuple[str, str]] = (
        ("FAXSTATUS", "FAILED" if failed else "SUCCESS"),
        ("FAXERROR", (error if error != "HANGUP" or not report.fault else report.fault) if failed else ""),
        ("FAXSTATUSSTRING", notes.sentence or "Error before FAX transmission started."),
        ("FAXMODE", "T38" if report.image else "audio"),
        ("FAXPAGES", str(report.pages)),
        ("FAXBITRATE", str(report.bit_rate or "")),
        ("FAXRESOLUTION", report.resolution),
        ("LOCALSTATIONID", notes.options.station),
        ("REMOTESTATIONID", report.remote),
    )
    for name, value in values:
        script.assign(name, value)


APPLICATIONS: Final[Mapping[str, Application]] = {"ReceiveFAX": receive, "SendFAX": send}
