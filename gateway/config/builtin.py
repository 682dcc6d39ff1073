"""The dialplan that runs where the configuration names none, in the language of extensions.conf.

Every telephone and account is reached by its number, parking lots by theirs, a number behind what `outside` of
[office] says (9) and emergency numbers go out by the first idle line or trunk, and calls that come in on a line or
trunk ring those that `answers` names, or the first telephone, or the first account where there is no telephone.
Whoever has just set up a telephone hears by *43, *60 and *65 whether it works.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.config.model import Config
from gateway.config.parking import parking_dialplan
from gateway.config.permission import numbering
from gateway.config.ways import TABLES, called_at, each_way, ways

__all__ = ["BUILTIN_NAME", "TRIALS", "builtin_dialplan"]

BUILTIN_NAME: Final = "built-in dialplan"
"""Stands for a file name in faults and traces."""

RING_SECONDS: Final = 60
"""How long a phone rings; exchanges give up after one to three minutes."""

TRIALS: Final = {"*43": "an echo: you hear yourself", "*60": "the time", "*65": "the number of your own telephone"}
"""What can be dialled with one telephone alone; other PBXs have the same numbers."""

_TRIALS: Final = """\
[builtin-trials]
exten => *43,1,Answer()
 same => n,Playback(demo-echotest)
 same => n,Echo()
 same => n,Hangup()
exten => *60,1,Answer()
 same => n,Playback(at-tone-time-exactly)
 same => n,SayUnixTime(,,IMp 'vm-and' S 'seconds')
 same => n,Playback(beep)
 same => n,Hangup()
exten => *65,1,Answer()
 same => n,Wait(0.5)
 same => n,SayDigits(${CALLERID(num)})
 same => n,Hangup()
"""

_NO_LINE: Final = '$["${DIALSTATUS}" =~ "CHANUNAVAIL|CONGESTION"]'


def builtin_dialplan(config: Config) -> str:
    """The dialplan's text for the numbers and lines of `config`."""
    targets = {number: f"FXS/{number}" for number in config.phones}
    targets |= {number: f"SIP/{number}" for number in config.accounts}
    prefix = config.office.outside
    answering = [targets[number] for number in config.office.answers] or list(targets.values())[:1]
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
        text += [f"[{context}]", "include => builtin-numbers", "include => builtin-trials"]
        text += ["include => builtin-outside"] if out else []
        text += [f"ignorepat => {prefix}"] if out and prefix else []
        text += [f"include => {lot}" for lot in sorted({lot.context for lot in config.parking.values()})]
        text.append("")
    text += ["[builtin-numbers]"]
    for number, target in targets.items():
        text += [f"exten => {number},1,Dial({target},{RING_SECONDS})", " same => n,Hangup()"]
        text.append(f"exten => {number},hint,{target}")
    text += ["", _TRIALS]
    if out:
        text += ["[builtin-outside]"]
        # With and without the 9: nobody in need thinks of it.
        emergency = numbering(config).emergency
        help_numbers = [(before + number, number) for before in sorted({"", prefix}) for number in emergency]
        behind = f"${{EXTEN:{len(prefix)}}}" if prefix else "${EXTEN}"
        for dialled, number in [*help_numbers, (f"_{prefix}X.", behind)]:
            text += _by_the_first(out, dialled, number)
        # As telephones with a list of numbers write them (E.164); a line has no key for the plus.
        text += _by_the_first([way for way in out if way.startswith("SIP/")], "_+X.", "${EXTEN}")
        text.append("")
    for context in outside:
        text.append(f"[{context}]")
        wanted = {called_at(way) for *_, way in each_way(config) if way.context == context}
        wanted |= {called for way in config.isdn.values() if way.context == context for called in way.called}
        numbered = [trunk.context for trunk in config.trunks.values()]
        numbered += [span.context for span in config.spans.values()]
        wanted |= {"_[+0-9]!"} if context in numbered else set()
        for extension in sorted(wanted):
            if answering:
                text.append(f"exten => {extension},1,Dial({'&'.join(answering)},{RING_SECONDS})")
                text.append(" same => n,Hangup()")
            else:
                text.append(f"exten => {extension},1,Hangup(20)")
        text.append("")
    return "\n".join(text) + parking_dialplan(config.parking)


def _by_the_first(out: Sequence[str], dialled: str, number: str) -> list[str]:
    """An extension that goes out by the first way that takes the call; none where there is no way."""
    if not out:
        return []
    # A further way is a further step: the targets of one Dial would all be called at once.
    further = [f" same => n,ExecIf({_NO_LINE}?Dial({way.format(number)}))" for way in out[1:]]
    return [f"exten => {dialled},1,Dial({out[0].format(number)})", *further, " same => n,Hangup()"]
