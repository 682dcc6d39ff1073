"""`copperline ports`: what the cards have beside what a configuration wants of them."""

from __future__ import annotations

import errno
import tomllib
from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

from gateway.app.ports import PortUse, ports_of_kernel, proposal
from gateway.app.span_ports import span_proposal, spans_of
from gateway.cli import main
from gateway.core.errors import Unavailable
from hardware.analog.discovery import FoundPort
from hardware.analog.emulated import EmulatedCard
from hardware.analog.line import PortKind
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Ioctl, SigType
from hardware.port import Handle

OFFICE = """
[cards.main]
backend = "emulated"
modules = ["fxs", "fxs", "fxo", "fxo"]
[phones.101]
port = 1
[lines.copper1]
port = 3
start = "ground"
"""


@pytest.fixture
def office(tmp_path: Path) -> Path:
    file = tmp_path / "office.toml"
    file.write_text(OFFICE)
    return file


def test_ports_are_shown_with_who_is_on_them(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports", str(office)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert rows == [
        ["main", "1", "FXS", "kewl", "ok", "telephone", "101", "EMU/1/0"],
        ["main", "2", "FXS", "kewl", "ok", "EMU/1/1"],
        ["main", "3", "FXO", "ground", "ok", "line", "copper1", "EMU/1/2"],
        ["main", "4", "FXO", "kewl", "ok", "EMU/1/3"],
    ]


def test_what_is_wanted_and_not_there_is_told_with_the_mend(
    office: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine whose card has lost a module and got another."""
    monkeypatch.setattr(
        "gateway.app.ports.discover", lambda card: [FoundPort(1, PortKind.FXO, "WCTDM/4/0", alarm=True)]
    )
    assert main(["ports", str(office)]) == 1
    printed = capsys.readouterr()
    assert [line.split() for line in printed.out.splitlines()[1:]] == [
        ["main", "1", "FXO", "kewl", "red", "alarm", "telephone", "101", "WCTDM/4/0"],
        ["main", "3", "none", "missing", "line", "copper1"],
    ]
    assert printed.err.splitlines() == [
        "port 1: telephone 101 needs an FXS port; take another, or another module.",
        "port 3: the card has no such analogue port; run dahdi_cfg, or take another port.",
    ]


def test_a_configuration_is_proposed_for_ports_that_nothing_uses(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ports", str(office), "--propose"]) == 0
    proposed = capsys.readouterr().out
    assert tomllib.loads(proposed) == {
        "phones": {"102": {"port": 2, "card": "main"}},
        "lines": {"copper2": {"port": 4, "card": "main"}},
    }
    office.write_text(OFFICE + proposed)
    assert main(["check", str(office)]) == 0
    capsys.readouterr()
    assert main(["ports", str(office), "--propose"]) == 0
    assert capsys.readouterr().out == "# Every port is used.\n"


def test_a_new_card_gets_an_office() -> None:
    card = EmulatedCard(
        ports=[PortKind.FXS, PortKind.FXO, PortKind.FXS], signalling={2: SigType.FXSGS, 3: SigType.NONE}
    )
    ports = ports_of_kernel(card)
    assert ports == [
        PortUse("", 1, FoundPort(1, PortKind.FXS, "EMU/1/0")),
        PortUse("", 2, FoundPort(2, PortKind.FXO, "EMU/1/1", "ground")),
    ]
    assert tomllib.loads(proposal(ports)) == {
        "phones": {"101": {"port": 1}},
        "lines": {"copper1": {"port": 2, "start": "ground"}},
    }


def test_without_a_driver_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports"]) == 1
    told = capsys.readouterr().err
    assert "/dev/dahdi/ctl is not there: is a card there, and is the dahdi module loaded?" in told
    assert told.endswith("The ports of an office: copperline ports office.toml\n")


# Serial ports.


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a serial port with something behind it, one with nothing, and an adapter of the kernel's."""
    monkeypatch.setattr("hardware.isdn.discovery.glob", {"/dev/ttyI*": ["/dev/ttyI0"]}.__getitem__)
    monkeypatch.setattr(
        "hardware.isdn.discovery.list_ports.comports",
        lambda: [ListPortInfo("/dev/ttyACM7"), port("/dev/ttyUSB3", "Terminal adapter")],
    )


def port(device: str, description: str) -> ListPortInfo:
    found = ListPortInfo(device)
    found.description = description
    return found


def test_serial_ports_are_shown_with_the_adapters_on_them(
    office: Path, machine: None, capsys: pytest.CaptureFixture[str]
) -> None:
    isdn = '[isdn.{}]\nbackend = "tty"\ndevice = "{}"\nnumbers = ["1"]\n'
    office.write_text(OFFICE + isdn.format("adapter1", "/dev/ttyUSB3") + isdn.format("adapter2", "/dev/ttyUSB9"))
    assert main(["ports", str(office)]) == 1
    printed = capsys.readouterr()
    assert [line.split() for line in printed.out.splitlines()[-3:]] == [
        ["/dev/ttyI0", "ok", "isdn4linux"],
        ["/dev/ttyUSB3", "ok", "ISDN", "adapter", "adapter1", "Terminal", "adapter"],
        ["/dev/ttyUSB9", "missing", "ISDN", "adapter", "adapter2"],
    ]
    assert "/dev/ttyUSB9: there is no such device; plug the adapter in, or write another port." in printed.err


def test_without_a_configuration_and_without_dahdi_serial_ports_are_shown(
    machine: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(card: object) -> list[FoundPort]:
        raise Unavailable("there is no DAHDI")

    monkeypatch.setattr("gateway.app.ports.discover", nothing)
    assert main(["ports"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["/dev/ttyUSB3", "ok", "Terminal", "adapter"]
    monkeypatch.setattr("hardware.isdn.discovery.list_ports.comports", list)
    monkeypatch.setattr("hardware.isdn.discovery.glob", lambda pattern: [])
    assert main(["ports"]) == 1
    assert "there is no DAHDI" in capsys.readouterr().err


class Kernel:
    """A kernel with an analogue card of four channels, an E1 and a T1 after it."""

    def open(self, node: str) -> Handle:
        assert node == abi.CTL_NODE
        return self  # type: ignore[return-value]

    def ioctl(self, request: int, argument: bytearray) -> None:
        if request != Ioctl.SPANSTAT:
            raise OSError(errno.EINVAL, "no such channel")
        asked = structs.SPANINFO.parse(bytes(argument))
        if asked.spanno not in (1, 3, 4):  # numbers may have gaps
            raise OSError(errno.EINVAL, "no such span")
        kind, channels, alarms = {1: (b"FXS", 4, 0), 3: (b"E1", 31, 0), 4: (b"T1", 24, abi.Alarm.RED)}[asked.spanno]
        names = {"spantype": kind.ljust(6, b"\0"), "name": f"TE2/0/{asked.spanno}".encode().ljust(20, b"\0")}
        argument[:] = structs.SPANINFO.build({**asked, **names, "totalchans": channels, "alarms": alarms})

    def close(self) -> None:
        """Nothing is held."""


def with_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.app.span_ports.backend", lambda name: Kernel())


def test_spans_are_shown_with_their_channels_and_alarms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_kernel(monkeypatch)
    file = tmp_path / "office.toml"
    file.write_text('[spans.main]\nbackend = "dahdi"\nspan = 3\n[spans.lab]\nbackend = "emulated"\nkind = "t1"\n')
    assert main(["ports", str(file)]) == 1
    printed = capsys.readouterr()
    assert [line.split() for line in printed.out.splitlines() if "span" in line or "emulated" in line][-3:] == [
        ["emulated", "T1", "1-24", "ok", "span", "lab", "EMU/1"],
        ["span", "3", "E1", "5-35", "ok", "span", "main", "TE2/0/3"],
        ["span", "4", "T1", "36-59", "alarm", "TE2/0/4"],
    ]
    assert "span 4: red alarm: nothing is received; look at the cable" in printed.err


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("span = 9", "span main: no card has such a span"),
        ("span = 4", 'span main: it is of kind T1; write kind = "t1" below [spans.main]'),
    ],
)
def test_a_span_that_is_not_what_is_configured_is_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    fault: str,
) -> None:
    with_kernel(monkeypatch)
    file = tmp_path / "office.toml"
    file.write_text(f'[spans.main]\nbackend = "dahdi"\n{text}\n')
    assert main(["ports", str(file)]) == 1
    assert fault in capsys.readouterr().err


def test_a_configuration_is_proposed_for_free_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    with_kernel(monkeypatch)
    proposed = tomllib.loads(span_proposal(spans_of(None), taken=["e1"]))
    assert proposed == {
        "spans": {
            "e1b": {"backend": "dahdi", "span": 3, "kind": "e1"},
            "t1": {"backend": "dahdi", "span": 4, "kind": "t1"},
        }
    }
