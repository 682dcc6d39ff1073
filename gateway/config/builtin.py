"""The dialplan that runs where the configuration names none, in the language of extensions.conf.

Every telephone and account is reached by its number, parking lots by theirs, 9 and a number and emergency numbers
go out by the first idle line or trunk, and calls that come in on a line or trunk ring the first telephone, or the
first account where there is no telephone.
"""

from __future__ import annotations

from typing import Final

from gateway.config.model import Config
from gateway.config.parking import parking_dialplan
from gateway.config.permission import numbering
from gateway.config.ways import TABLES, called_at, each_way, ways

__all__ = ["BUILTIN_NAME", "builtin_dialplan"]

BUILTIN_NAME: Final = "built-in dialplan"
"""Stands for a file name in faults and traces."""

RING_SECONDS: Final = 60
"""How long a phone rings; exchanges give up after one to three minutes."""

_NO_LINE: Final = '$["${DIALSTATUS}" =~ "CHANUNAVAIL|CONGESTION"]'


def builtin_dialplan(config: Config) -> str:
    """The dialplan's text for the numbers and lines of `config`."""
    targets = {number: f"FXS/{number}" for number in config.phones}
    targets |= {number: f"SIP/{number}" for number in config.accounts}
    contexts = {phone.context for phone in config.phones.values()}
    contexts |= {account.context for account in config.accounts.values()}
    inside = sorted(contexts or {"office"})
    out = [
        f"{technology}/g{group}/{{}}"
        for technology in TABLES
        for group in sorted({way.group for way in ways(config, technology).values()})
    ]
    out += [f"SIP/{{}}@{name}" for name in config.trunks]
    outside = sorted(
        ({way.context for *_, way in each_way(config)} | {trunk.context for trunk in config.trunks.values()})
        - set(inside)
    )

    text = []
    for context in inside:
        text += [f"[{context}]", "include => builtin-numbers"]
        text += ["include => builtin-outside", "ignorepat => 9"] if out else []
        text += [f"include => {lot}" for lot in sorted({lot.context for lot in config.parking.values()})]
        text.append("")
    text += ["[builtin-numbers]"]
    for number, target in targets.items():
        text += [f"exten => {number},1,Dial({target},{RING_SECONDS})", " same => n,Hangup()"]
        text.append(f"exten => {number},hint,{target}")
    text.append("")
    if out:
        text += ["[builtin-outside]"]
        # With and without the 9: nobody in need thinks of it.
        help_numbers = [(prefix + number, number) for prefix in ("", "9") for number in numbering(config).emergency]
        for dialled, number in [*help_numbers, ("_9X.", "${EXTEN:1}")]:
            text.append(f"exten => {dialled},1,Dial({out[0].format(number)})")
            # A further way is a further step: the targets of one Dial would all be called at once.
            text += [f" same => n,ExecIf({_NO_LINE}?Dial({way.format(number)}))" for way in out[1:]]
            text.append(" same => n,Hangup()")
        text.append("")
    for context in outside:
        text.append(f"[{context}]")
        wanted = {called_at(way) for *_, way in each_way(config) if way.context == context}
        wanted |= {called for way in config.isdn.values() if way.context == context for called in way.called}
        numbered = [trunk.context for trunk in config.trunks.values()]
        numbered += [span.context for span in config.spans.values()]
        wanted |= {"_[+0-9]!"} if context in numbered else set()
        for extension in sorted(wanted):
            for target in list(targets.values())[:1]:
                text.append(f"exten => {extension},1,Dial({target},{RING_SECONDS})")
                text.append(" same => n,Hangup()")
            if not targets:
                text.append(f"exten => {extension},1,Hangup(20)")
        text.append("")
    return "\n".join(text) + parking_dialplan(config.parking)
