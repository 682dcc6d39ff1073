"""Serial ISDN adapters in the configuration: what fits together, and what they are to dialplan and tolls."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.boundary import Boundary
from gateway.config.builtin import builtin_dialplan
from gateway.config.office import load_office, ways_out
from gateway.config.variables import given_variables
from gateway.core.switch import Target
from gateway.toll.guard import Outside
from tests.unit.config.test_load import DOZEN, faults, read
from tests.unit.config.test_office import DIALPLAN, office
from tests.unit.config.test_office import faults as office_faults

ADAPTER = DOZEN + '[isdn.adapter1]\nbackend = "tty"\ndevice = "/dev/ttyI0"\nnumbers = ["2565551100"]\n'


def test_an_adapter_is_three_lines() -> None:
    adapter = read(ADAPTER).isdn["adapter1"]
    assert (adapter.profile, adapter.coding, adapter.rate, adapter.group) == ("i4l", "ulaw", 115200, 1)
    assert (adapter.number, adapter.called, adapter.context) == ("2565551100", ("2565551100",), "from-pstn")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            'device = "/dev/ttyI0"\n',
            "",
            "12: adapter adapter1 does not say its serial port;"
            ' write device = "/dev/ttyACM0", or what it is called',
        ),
        (
            'backend = "tty"',
            'backend = "emulated"',
            "14: adapter adapter1 is emulated, and has no device; leave it out",
        ),
        (
            'numbers = ["2565551100"]',
            "",
            "12: adapter adapter1 has no number, and takes and places no calls without one;"
            ' write its own as numbers = ["2565551100"]',
        ),
        (
            "[isdn.adapter1]",
            '[isdn.one]\nbackend = "tty"\ndevice = "/dev/ttyI0"\nnumbers = ["1"]\n[isdn.adapter1]',
            "18: /dev/ttyI0 is the port of adapter one already; give adapter1 a port of its own",
        ),
        (
            "isdn.adapter1",
            "isdn.g1",
            '12: "g1" would be taken for a group of lines when dialled; give the line another name',
        ),
        (
            'numbers = ["2565551100"]',
            'numbers = ["+1256"]',
            '15: "+1256" is no number of an access: an adapter takes digits alone;'
            " write it as the network tells called numbers",
        ),
        (
            'numbers = ["2565551100"]',
            'numbers = ["Ada"]',
            '15: "Ada" is not a number that can be dialled; use up to 32 digits, * and #',
        ),
    ],
)
def test_what_does_not_fit_is_told(old: str, new: str, fault: str) -> None:
    assert [f"office.toml:{fault}"] == faults(ADAPTER.replace(old, new))


def test_an_adapter_is_dialled_by_name_and_by_group(tmp_path: Path) -> None:
    plan = DIALPLAN + "exten => _8X.,1,Dial(ISDN/adapter1/${EXTEN:1})\n same => n,Dial(ISDN/g1/${EXTEN:1})\n"
    load_office(office(tmp_path, plan, ADAPTER))
    for target, fault in (
        ("ISDN/adapter9/1", 'ISDN/adapter9/1 dials nobody: there is no "adapter9"; did you mean "adapter1"?'),
        ("ISDN/g2/1", "ISDN/g2/1 dials no line: group 2 is empty"),
        ("ISDN/adapter1/+1", "'+1' cannot be dialled on a line"),
    ):
        wrong = DIALPLAN + f"exten => 8,1,Dial({target})\n"
        (told,) = office_faults(office(tmp_path, wrong, ADAPTER))
        assert told.startswith("extensions.conf:9: ") and fault in told


def test_it_leads_outside_and_brings_callers_in(tmp_path: Path) -> None:
    plan = DIALPLAN + "[from-pstn]\nexten => 2565551100,1,Dial(ISDN/adapter1/900)\n"
    if "[from-pstn]" in DIALPLAN:
        plan = DIALPLAN + "exten => 2565551100,1,Dial(ISDN/adapter1/900)\n"
    config, dialplan = load_office(office(tmp_path, plan, ADAPTER))
    boundary = Boundary(config)
    assert boundary.outside(Target("ISDN", "adapter1/900")) == Outside("isdn-g1", "900")
    assert boundary.outside(Target("ISDN", "g1/900")) == Outside("isdn-g1", "900")
    assert boundary.trunk("ISDN/adapter1-00000001") == "isdn-g1"
    assert boundary.own("ISDN/adapter1-00000001") == ("adapter1", False)
    assert any(found.entry.who == "ISDN adapter adapter1" for found in ways_out(config, dialplan))


def test_its_calls_bring_variables() -> None:
    config = read(ADAPTER + 'variables = { SIDE = "isdn" }\n')
    assert given_variables(config)("ISDN/adapter1-00000001") == {"SIDE": "isdn"}


def test_the_built_in_dialplan_takes_its_numbers_and_dials_by_it() -> None:
    text = builtin_dialplan(read(ADAPTER.replace('["2565551100"]', '["2565551100", "2565551101"]')))
    assert "exten => 2565551100,1,Dial(" in text and "exten => 2565551101,1,Dial(" in text
    assert "Dial(ISDN/g1/${EXTEN:1})" in text
