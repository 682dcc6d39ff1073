"""`copperline sim`: hands on the emulated telephones, exchange lines and cards of a running office."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url, segment
from gateway.cli.completion import emulated
from gateway.core.errors import LocalError
from gateway.media.soundfile import read
from gateway.web import wav

__all__ = ["command"]

command = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_ALSO: Final = {"off-hook": "lift", "on-hook": "hang-up", "hears": "heard"}
"""What a hand does in the words of the line."""
_HANDS: Final = ("lift", "hang-up", "flash")
_DIALS: Final = ("dial", "pulse")
_PLUG: Final = ("unplug", "plug-in")
_ACTIONS: Final = (*_HANDS, *_DIALS, "say", "heard", "fault", "echo", *_PLUG)
_LINE_ACTIONS: Final = ("call", "hang-up", *_PLUG, "fault", "echo")
_CARD_ACTIONS: Final = ("remove", "insert")
_TAKES: Final = {**dict.fromkeys(_DIALS, "digits"), **dict.fromkeys(("say", "echo"), "the name of a sound file")}
"""What must stand after an action; after flash and fault something may, after others nothing."""


def _offers(*words: str) -> Any:
    """Completion by words that are known."""
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


@command.command("list")
def everything(url: Url = DEFAULT_URL) -> None:
    """Tell which telephones, lines and cards are emulated."""
    found = OfficeClient(url).get("/api/v1/sim")
    for what, names in found.items():
        show.line(f"{what:<7} {', '.join(names) or 'none'}")


@command.command("phone", short_help="Work a telephone: lift, dial, say a sound file, tell what it hears.")
def phone(
    number: Annotated[
        str, typer.Argument(help="The telephone: 101.", metavar="NUMBER", autocompletion=emulated("phones"))
    ],
    action: Annotated[
        str,
        typer.Argument(
            help=f"One of: {', '.join(_ACTIONS)}; or off-hook, on-hook, hears.",
            metavar="ACTION",
            autocompletion=_offers(*_ACTIONS, *_ALSO),
        ),
    ],
    value: Annotated[
        str,
        typer.Argument(
            help="Digits to dial or pulse, the sound file to say, milliseconds of the flash, or a fault.",
            metavar="VALUE",
        ),
    ] = "",
    url: Url = DEFAULT_URL,
    save: Annotated[Path | None, typer.Option(help="With heard: write what was heard to this WAV file.")] = None,
) -> None:
    """Work a telephone: lift, hang up, flash, dial, pulse, say a sound file, tell what is heard, pull its plug.

    echo takes a sound file of at most 256 ms: the impulse response of the echo path that its copper has from then
    on.

    Its faults are those of a line's copper (copperline sim line --help), and those of its hook: bounce (ms for
    which contacts chatter), early-flash (ms after lifting at which the hook slips once).
    """
    action = _ALSO.get(action, action)
    _must_be(action, _ACTIONS)
    office, path = OfficeClient(url), f"/api/v1/sim/phones/{segment(number)}"
    if action == "fault":
        office.act(f"{path}/fault", _fault(value))
        return
    if action == "flash":
        office.act(path, {"action": action, **({"ms": _milliseconds(value)} if value else {})})
        return
    if bool(value) != (action in _TAKES):
        raise typer.BadParameter(f"{action} takes {_TAKES.get(action, 'nothing')} after it", param_hint="VALUE")
    if action == "heard":
        _tell(office.get(f"{path}/heard"))
        if save is not None:
            _write(save, office.download(f"{path}/recording.wav"))
    elif action in ("say", "echo"):
        office.upload(f"{path}/{action}", wav.encode(read(Path(value))), "audio/wav")
    elif action in _PLUG:
        office.act(f"{path}/{action}", {})
    else:
        office.act(path, {"action": action, **({"digits": value} if value else {})})


@command.command("line", short_help="Let the exchange call in on a line, or cut or spoil the line.")
def line(
    name: Annotated[
        str,
        typer.Argument(
            help="The exchange line, ISDN adapter or span: copper1.",
            metavar="NAME",
            autocompletion=emulated("lines"),
        ),
    ],
    action: Annotated[
        str,
        typer.Argument(
            help=f"One of: {', '.join(_LINE_ACTIONS)}.", metavar="ACTION", autocompletion=_offers(*_LINE_ACTIONS)
        ),
    ],
    value: Annotated[
        str,
        typer.Argument(
            help="The fault: noise=-45,echo=10 (nothing mends it); or the file of an echo path.", metavar="VALUE"
        ),
    ] = "",
    url: Url = DEFAULT_URL,
    number: Annotated[str, typer.Option(help="The number that calls.")] = "",
    caller: Annotated[str, typer.Option("--name", help="The name that is shown with it.")] = "",
) -> None:
    """Let the exchange call in on a line or end its call, cut the line, or let its copper be faulty.

    A fault is numbers by name: loss (dB), noise and hum (dBm0), mains (Hz), clicks (a second), shift (Hz), echo (dB
    of return loss) and delay (ms). echo takes a sound file of at most 256 ms, the impulse response of an echo path.
    """
    _must_be(action, _LINE_ACTIONS)
    path = f"/api/v1/sim/lines/{segment(name)}"
    if action == "call":
        OfficeClient(url).act(f"{path}/call", {"number": number, "name": caller})
    elif action == "fault":
        OfficeClient(url).act(f"{path}/fault", _fault(value))
    elif action == "echo":
        if not value:
            raise typer.BadParameter(f"echo takes {_TAKES['echo']} after it", param_hint="VALUE")
        OfficeClient(url).upload(f"{path}/echo", wav.encode(read(Path(value))), "audio/wav")
    else:
        OfficeClient(url).act(f"{path}/{action}", {})


@command.command("card", short_help="Pull a card out of the running machine, or put it back.")
def card(
    name: Annotated[str, typer.Argument(help="The card: main.", metavar="NAME", autocompletion=emulated("cards"))],
    action: Annotated[
        str,
        typer.Argument(
            help=f"One of: {', '.join(_CARD_ACTIONS)}.", metavar="ACTION", autocompletion=_offers(*_CARD_ACTIONS)
        ),
    ],
    url: Url = DEFAULT_URL,
) -> None:
    """Pull a card out of the running machine, or put it back with the same lines plugged in."""
    _must_be(action, _CARD_ACTIONS)
    OfficeClient(url).act(f"/api/v1/sim/cards/{segment(name)}/{action}", {})


def _must_be(action: str, actions: tuple[str, ...]) -> None:
    if action not in actions:
        raise typer.BadParameter(f'"{action}" is none of {", ".join(actions)}', param_hint="ACTION")


def _milliseconds(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise typer.BadParameter(f'"{text}" is no whole number of milliseconds', param_hint="VALUE")
    return int(text)


def _fault(text: str) -> dict[str, float]:
    """`noise=-45,echo=10` as numbers by name; nothing is a sound line."""
    try:
        return {name: float(value) for name, _, value in (part.partition("=") for part in text.split(",") if part)}
    except ValueError as error:
        raise typer.BadParameter(f'"{text}" is not written as noise=-45,echo=10', param_hint="VALUE") from error


def _tell(heard: dict[str, Any]) -> None:
    show.line(f"telephone {heard['number']}: {'off hook' if heard['off_hook'] else 'on hook'}")
    show.line(f"  bell       {'ringing' if heard['ringing'] else 'still'}, {heard['rings']} rings")
    level = "" if heard["level"] is None else f", {heard['level'] + 0.0:.1f} dBm0"
    sound = f"{heard['tone']} tone" if heard["tone"] else "silence" if heard["level"] is None else "sound"
    show.line(f"  hears      {sound}{level}")
    show.line(f"  digits     {heard['digits'] or 'none'}")
    caller = f"{heard['caller_name']} <{heard['caller_number']}>".strip()
    show.line(f"  caller ID  {'none' if caller == '<>' else caller}")


def _write(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise LocalError(f"{file} cannot be written: {(error.strerror or str(error)).lower()}.") from error
