"""`copperline rooms`: conference rooms and who is in them; `rooms kick ROOM WHO` and the like work them."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url, segment

__all__ = ["command"]

_PATH = "/api/v1/conferences"
_Room = Annotated[str, typer.Argument(help="A room's name.", metavar="ROOM")]
_Who = Annotated[
    str, typer.Argument(help="One in it: its # in the list, number or leg; all where left out.", metavar="[WHO]")
]

_Url = Annotated[str, typer.Option(help="Where the office runs, as for rooms itself.")]
"""It may stand before the word or after it."""

command = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@command.callback()
def _show(
    context: typer.Context,
    url: Url = DEFAULT_URL,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the conference rooms of a running office, and work them."""
    if context.invoked_subcommand is not None:
        context.obj = url
        return
    rooms = OfficeClient(url).get(_PATH)
    if json:
        show.as_json(rooms)
        return
    for room in rooms:
        told = [word for word in ("locked", "muted", "recorded") if room[word]]
        show.line(f"{room['name']}{': ' if told else ''}{', '.join(told)}")
        show.table(
            ["#", "WHO", "LEG", "STATE", "FOR"],
            [
                [
                    str(member["number"]),
                    " ".join(word for word in (member["caller_name"], member["caller"]) if word) or "unknown",
                    member["leg"],
                    ", ".join(
                        [
                            member["state"],
                            *(["talks"] if member["talking"] else []),
                            *(word for word in ("admin", "marked") if member[word]),
                        ]
                    ),
                    show.duration(member["seconds"]),
                ]
                for member in room["members"]
            ],
            "",
        )
    if not rooms:
        show.line("Nobody is in a conference.")


def _act(context: typer.Context, url: str, room: str, act: str, member: str = "") -> None:
    OfficeClient(url or context.obj).act(f"{_PATH}/{segment(room)}", {"act": act, "member": member})


@command.command("kick")
def _kick(context: typer.Context, room: _Room, who: _Who = "", url: _Url = "") -> None:
    """Send somebody out of a room, or all."""
    _act(context, url, room, "kick", who)
    show.line(f"{who or 'All'} {'has' if who else 'have'} been sent out of {room}.")


@command.command("mute")
def _mute(context: typer.Context, room: _Room, who: _Who = "", url: _Url = "") -> None:
    """Let somebody be heard no more, or all who are no admins."""
    _act(context, url, room, "mute", who)
    show.line(f"{who or 'Participants'} {'is' if who else 'are'} muted in {room}.")


@command.command("unmute")
def _unmute(context: typer.Context, room: _Room, who: _Who = "", url: _Url = "") -> None:
    """Let somebody be heard again, or all."""
    _act(context, url, room, "unmute", who)
    show.line(f"{who or 'Participants'} {'is' if who else 'are'} heard again in {room}.")


@command.command("lock")
def _lock(context: typer.Context, room: _Room, url: _Url = "") -> None:
    """Let nobody but admins into a room."""
    _act(context, url, room, "lock")
    show.line(f"{room} is locked.")


@command.command("unlock")
def _unlock(context: typer.Context, room: _Room, url: _Url = "") -> None:
    """Let everybody into a room again."""
    _act(context, url, room, "unlock")
    show.line(f"{room} is unlocked.")
