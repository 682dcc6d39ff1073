"""`copperline sim`: hands on the emulated telephones and exchange lines of a running office."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url, segment
from gateway.core.errors import LocalError
from gateway.media.soundfile import read
from gateway.web import wav

__all__ = ["command"]

command = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_ALSO: Final = {"off-hook": "lift", "on-hook": "hang-up", "hears": "heard"}
"""What a hand does in the words of the line."""
_HANDS: Final = ("lift", "hang-up", "flash")
_DIALS: Final = ("dial", "pulse")
_ACTIONS: Final = (*_HANDS, *_DIALS, "say", "heard", "fault")
_LINE_ACTIONS: Final = ("call", "hang-up", "unplug", "plug-in", "fault")


@command.command("phone")
def phone(
    number: Annotated[str, typer.Argument(help="The telephone: 101.")],
    action: Annotated[
        str,
        typer.Argument(
            help=f"One of: {', '.join(_ACTIONS)}; or off-hook, on-hook, hears.",
            autocompletion=lambda: [*_ACTIONS, *_ALSO],
        ),
    ],
    value: Annotated[str, typer.Argument(help="Digits to dial or pulse, the sound file to say, or a fault.")] = "",
    url: Url = DEFAULT_URL,
    save: Annotated[Path | None, typer.Option(help="With heard: write what was heard to this WAV file.")] = None,
) -> None:
    """Work a telephone: lift, hang up, flash, dial, pulse, say a sound file, tell what is heard."""
    action = _ALSO.get(action, action)
    if action not in _ACTIONS:
        raise typer.BadParameter(f'"{action}" is none of {", ".join(_ACTIONS)}', param_hint="ACTION")
    if action == "fault":
        OfficeClient(url).act(f"/api/v1/sim/phones/{segment(number)}/fault", _fault(value))
        return
    if bool(value) != (action in (*_DIALS, "say")):
        wanted = {"say": "the name of a sound file"}.get(action, "digits" if action in _DIALS else "nothing")
        raise typer.BadParameter(f"{action} takes {wanted} after it", param_hint="VALUE")
    office, path = OfficeClient(url), f"/api/v1/sim/phones/{segment(number)}"
    if action == "heard":
        _tell(office.get(f"{path}/heard"))
        if save is not None:
            _write(save, office.download(f"{path}/recording.wav"))
    elif action == "say":
        office.upload(f"{path}/say", wav.encode(read(Path(value))), "audio/wav")
    else:
        office.act(path, {"action": action, **({"digits": value} if value else {})})


@command.command("line")
def line(
    name: Annotated[str, typer.Argument(help="The line: copper1.")],
    action: Annotated[
        str,
        typer.Argument(help=f"One of: {', '.join(_LINE_ACTIONS)}.", autocompletion=lambda: list(_LINE_ACTIONS)),
    ],
    value: Annotated[str, typer.Argument(help="The fault: noise=-45,echo=10; nothing mends it.")] = "",
    url: Url = DEFAULT_URL,
    number: Annotated[str, typer.Option(help="The number that calls.")] = "",
    caller: Annotated[str, typer.Option("--name", help="The name that is shown with it.")] = "",
) -> None:
    """Let the exchange call in on a line or end its call, cut the line, or let its copper be faulty.

    A fault is numbers by name: loss (dB), noise and hum (dBm0), mains (Hz), clicks (a second), shift (Hz), echo (dB
    of return loss) and delay (ms).
    """
    if action not in _LINE_ACTIONS:
        raise typer.BadParameter(f'"{action}" is none of {", ".join(_LINE_ACTIONS)}', param_hint="ACTION")
    path = f"/api/v1/sim/lines/{segment(name)}"
    if action == "call":
        OfficeClient(url).act(f"{path}/call", {"number": number, "name": caller})
    elif action == "fault":
        OfficeClient(url).act(f"{path}/fault", _fault(value))
    else:
        OfficeClient(url).act(f"{path}/{action}", {})


def _fault(text: str) -> dict[str, float]:
    """`noise=-45,echo=10` as numbers by name; nothing is a sound line."""
    try:
        return {name: float(value) for name, _, value in (part.partition("=") for part in text.split(",") if part)}
    except ValueError as error:
        raise typer.BadParameter(f'"{text}" is not written as noise=-45,echo=10', param_hint="VALUE") from error


def _tell(heard: dict[str, Any]) -> None:
    show.line(f"telephone {heard['number']}: {'off hook' if heard['off_hook'] else 'on hook'}")
    show.line(f"  bell       {'ringing' if heard['ringing'] else 'still'}, {heard['rings']} rings")
    level = "" if heard["level"] is None else f", {heard['level']:.1f} dBm0"
    show.line(f"  hears      {heard['tone'] or ('silence' if heard['level'] is None else 'sound')}{level}")
    show.line(f"  digits     {heard['digits'] or 'none'}")
    caller = f"{heard['caller_name']} <{heard['caller_number']}>".strip()
    show.line(f"  caller ID  {'none' if caller == '<>' else caller}")


def _write(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise LocalError(f"{file} cannot be written: {(error.strerror or str(error)).lower()}.") from error
