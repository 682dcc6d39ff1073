"""A configuration and its dialplan are checked against each other."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from dialplan.route import dry_run
from gateway.config import dialplan_doubts, load_office, ways_out
from gateway.config.boundary import Boundary
from gateway.config.permission import helpless, permission
from gateway.config.ways import group_members
from gateway.core.errors import ConfigError
from gateway.core.number import Party
from gateway.core.switch import Target
from gateway.toll.guard import Outside
from tests.unit.config.test_load import DOZEN

DIALPLAN = """\
[office]
exten => 101,1,Dial(FXS/101,30)
exten => 6001,1,Dial(SIP/6001&PJSIP/6001)
exten => _9X.,1,Dial(FXO/g1/${EXTEN:1})
exten => 3,1,Dial(DAHDI/3/5550100&FXO/copper1/5550100)
exten => _1XX,1,Dial(FXS/${EXTEN})
[from-pstn]
exten => s,1,Goto(office,101,1)
"""


def office(folder: Path, dialplan: str = DIALPLAN, config: str = DOZEN) -> Path:
    (folder / "extensions.conf").write_text(dialplan)
    (folder / "office.toml").write_text('dialplan = "extensions.conf"\n' + config)
    return folder / "office.toml"


def faults(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_office(path)
    return [str(fault).replace(f"{path.parent}/", "") for fault in caught.value.faults]


def test_an_office_and_its_dialplan_that_fit(tmp_path: Path) -> None:
    config, dialplan = load_office(office(tmp_path))
    assert config.dialplan == tmp_path / "extensions.conf"
    assert set(dialplan.contexts) == {"office", "from-pstn"}


def test_steps_are_told_by_the_name_of_the_file_alone(tmp_path: Path) -> None:
    _, dialplan = load_office(office(tmp_path))
    step = dialplan.contexts["office"].extensions[0].steps[1]
    assert step.place.file == "extensions.conf"


def test_the_builtin_dialplan_fits_every_office(tmp_path: Path) -> None:
    (tmp_path / "office.toml").write_text(DOZEN)
    _, dialplan = load_office(tmp_path / "office.toml")
    assert {"office", "from-pstn"} <= set(dialplan.contexts)
    (tmp_path / "office.toml").write_text("")
    load_office(tmp_path / "office.toml")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("FXS/101,30", "FXS/1O1,30", '2: FXS/1O1 dials nobody: there is no "1O1"; did you mean "101"?'),
        ("FXS/101,30", "FXS/1,30", '2: FXS/1 dials nobody: there is no "1"; known here: 101, 102'),
        (
            "Dial(FXS/101,30)",
            "Page(SIP/6001&FXS/1O1,dq)",
            '2: FXS/1O1 dials nobody: there is no "1O1"; did you mean "101"?',
        ),
        ("SIP/6001&", "SIP/6002&", '3: SIP/6002 dials no account: there is no "6002"; did you mean "6001"?'),
        ("FXO/g1/$", "FXO/g2/1&FXO/g1/$", "4: FXO/g2/1 dials no line: group 2 is empty"),
        ("DAHDI/3/", "DAHDI/4/", '5: DAHDI/4/5550100 dials nobody: there is no "4"'),
        (
            "PJSIP/",
            "PJSAP/",
            '3: PJSAP/6001 cannot be dialled: there is no technology "PJSAP"; did you mean "PJSIP"?',
        ),
        ("Dial(FXS/101", "Dail(FXS/101", "2: no application 'Dail'; did you mean Dial?"),
        (
            "FXO/g1/$",
            "FXO/coper1/$",
            '4: FXO/coper1/${EXTEN:1} dials nobody: there is no "coper1"; did you mean "copper1"',
        ),
    ],
)
def test_a_dialplan_that_names_what_is_not_there(tmp_path: Path, old: str, new: str, fault: str) -> None:
    found = faults(office(tmp_path, DIALPLAN.replace(old, new)))
    assert any(each.startswith(f"extensions.conf:{fault}") for each in found), found


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    plan = DIALPLAN.replace("SIP/6001&", "SIP/6002&") + "exten => 7,1,Wait(\nexten => 8,1,Dail(FXS/101)\n"
    config = DOZEN.replace("port = 2", 'port = 2\ncontext = "ofice"')
    assert [found.partition(";")[0] for found in faults(office(tmp_path, plan, config))] == [
        'extensions.conf:3: SIP/6002 dials no account: there is no "6002"',
        "extensions.conf:9: '(' without ')' after Wait",
        "extensions.conf:10: no application 'Dail'",
        'office.toml:9: phone 102 is in context "ofice", which the dialplan does not have',
    ]


def test_a_program_is_called_for_any_connection(tmp_path: Path) -> None:
    load_office(office(tmp_path, DIALPLAN + "exten => 8,1,Dial(AudioSocket/127.0.0.1:9092/${CALL_UUID})\n"))


def test_a_context_that_the_dialplan_lacks_is_told_where_it_is_named(tmp_path: Path) -> None:
    assert faults(office(tmp_path, config=DOZEN.replace("port = 2", 'port = 2\ncontext = "ofice"'))) == [
        'office.toml:9: phone 102 is in context "ofice", which the dialplan does not have; did you mean "office"?'
    ]


def test_faults_lie_where_they_can_be_opened_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = office(tmp_path, DIALPLAN.replace("Goto", "Gooto"))
    monkeypatch.chdir(tmp_path.parent)
    with pytest.raises(ConfigError) as caught:
        load_office(path)
    assert caught.value.faults[0].file == f"{tmp_path.name}/extensions.conf"


def test_calls_abroad_and_rules_for_nobody_are_told(tmp_path: Path) -> None:
    tolls = '[tolls]\nonward = ["disa"]\n[tolls.callers.6002]\nparallel = 1\n[tolls.trunks.g7]\nparallel = 1\n'
    assert faults(office(tmp_path, config=DOZEN + tolls)) == [
        'office.toml:14: the dialplan has no context "disa"; known here: from-pstn, office',
        'office.toml:15: nothing is called "6002"; did you mean "6001"?',
        'office.toml:17: nothing is called "g7"; known here: g1',
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('countries = ["gb", "xx"]', '"xx" is no country; write its ISO 3166 code, such as "gb"'),
        ('allow = ["everything"]', "known here: free, international"),
        ("minutes_per_hour = -1", "tolls.minutes_per_hour is -1; write a number from 0"),
        ('rates = "rates.csv"', "rates.csv: cannot be read: no such file or directory; mend rates in [tolls]"),
    ],
)
def test_rules_that_cannot_be_are_told(tmp_path: Path, line: str, fault: str) -> None:
    (found,) = faults(office(tmp_path, config=f"{DOZEN}[tolls]\n{line}\n"))
    assert fault in found


def test_a_table_of_rates_is_read_and_its_faults_are_told_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("+44, 0.02\nlocal, free\n")
    (found,) = faults(office(tmp_path, config=f'{DOZEN}[tolls]\nrates = "rates.csv"\n'))
    assert found.startswith("rates.csv:2: 'local, free' is no price; write")


def test_with_the_builtin_dialplan_help_is_reached_with_and_without_the_nine(tmp_path: Path) -> None:
    (tmp_path / "office.toml").write_text(DOZEN)
    config, dialplan = load_office(tmp_path / "office.toml")
    clock = partial(datetime.now, UTC)
    for dialled in ("911", "9911", "112"):
        route = asyncio.run(
            dry_run(
                dialplan,
                "office",
                dialled,
                caller=Party("6001"),
                clock=clock,
                origin="6001",
                permit=permission(config, clock),
            )
        )
        number = dialled[-3:]
        assert [str(target) for attempt in route.attempts for target in attempt.targets] == [f"FXO/g1/{number}"]
        assert route.rulings == [f"FXO/g1/{number}: {number} (emergency), which passes every cap"]


def test_a_second_attempt_of_a_route_is_not_beside_the_first(tmp_path: Path) -> None:
    plan = (
        "[office]\nexten => _7X.,1,Dial(FXO/g1/${EXTEN:1})\n same => n,Dial(FXO/copper1/${EXTEN:1})\n[from-pstn]\n"
    )
    config, dialplan = load_office(office(tmp_path, plan, f"{DOZEN}[tolls]\nparallel = 1\n"))
    clock = partial(datetime.now, UTC)
    permit = permission(config, clock)
    route = asyncio.run(
        dry_run(dialplan, "office", "75550100", caller=Party("6001"), clock=clock, origin="6001", permit=permit)
    )
    assert len(route.attempts) == 2
    assert [ruling.partition(": ")[2] for ruling in route.rulings] == ["5550100 (local), allowed by [tolls]"] * 2


TRUNK = """
[trunks.pstn]
servers = ["127.0.0.1:5080", "tcp:127.0.0.1"]
user = "4711"
secret = "s3cret"
called_in = [{ match = "+1256555XXXX", strip = 8 }]
sources = ["192.0.2.0/24", "2001:db8::7"]
"""


def test_a_trunk_is_dialled_by_number_and_name(tmp_path: Path) -> None:
    plan = DIALPLAN + "exten => _8X.,1,Dial(SIP/5551234@pstn)\n same => n,Dial(PJSIP/${EXTEN:1}@pstn)\n"
    config, _ = load_office(office(tmp_path, plan, DOZEN + TRUNK))
    assert [str(server) for server in config.trunks["pstn"].servers] == ["127.0.0.1:5080", "tcp:127.0.0.1"]


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("SIP/1@pnst", '9: SIP/1@pnst dials no trunk: there is no "pnst"; did you mean "pstn"?'),
        ("SIP/pstn", "9: SIP/pstn says no number; write SIP/NUMBER@pstn"),
        ("SIP/@pstn", "9: SIP/@pstn says no number; write SIP/NUMBER@pstn"),
        ("SIP/${EXTEN:1}@pnst", '9: SIP/${EXTEN:1}@pnst dials no trunk: there is no "pnst"; did you mean "pstn"?'),
    ],
)
def test_what_dials_no_trunk_is_told(tmp_path: Path, target: str, fault: str) -> None:
    plan = DIALPLAN + f"exten => 8,1,Dial({target})\n"
    assert faults(office(tmp_path, plan, DOZEN + TRUNK)) == [f"extensions.conf:{fault}"]


def test_the_builtin_dialplan_goes_out_by_a_trunk_after_the_lines_and_takes_its_calls(tmp_path: Path) -> None:
    (tmp_path / "office.toml").write_text(DOZEN + TRUNK)
    _, dialplan = load_office(tmp_path / "office.toml")
    said = [
        str(step.arguments.text)
        for extension in dialplan.contexts["builtin-outside"].extensions
        for step in extension.steps.values()
    ]
    assert any("SIP/${EXTEN:1}@pstn" in text for text in said)
    assert [extension.pattern.text for extension in dialplan.contexts["from-pstn"].extensions] == ["_[+0-9]!", "s"]


def test_every_way_from_outside_to_an_outside_line_is_listed(tmp_path: Path) -> None:
    careless = DIALPLAN.replace("s,1,Goto(office,101,1)", "s,1,Background(menu,,,office)")
    (way, direct) = ways_out(*load_office(office(tmp_path, careless)))
    assert (way.entry.who, way.target, way.sure) == ("line copper1", "FXO/g1/…", True)
    assert way.way == (
        f"{tmp_path}/extensions.conf:8 from-pstn,s,1 Background(menu,,,office)",
        f"{tmp_path}/extensions.conf:4 office,_9X.,1 Dial(FXO/g1/${{EXTEN:1}})",
    )
    assert direct.place.line == 5
    assert ways_out(*load_office(office(tmp_path))) == []


def test_a_context_from_which_help_cannot_be_called_is_found(tmp_path: Path) -> None:
    def found(dialplan: str) -> list[str]:
        return asyncio.run(helpless(*load_office(office(tmp_path, dialplan)), partial(datetime.now, UTC)))

    assert found(DIALPLAN) == ["office"], "with _9X. 911 is an 11 on the line"
    assert found(DIALPLAN + "[office]\nexten => 911,1,Dial(FXO/g1/911)\n") == []
    assert found(DIALPLAN + "[office]\nexten => 112,1,Dial(FXS/101)\n") == ["office"]


def test_who_calls_by_a_trunk_is_outside_and_may_call_any_number_there(tmp_path: Path) -> None:
    careless = DIALPLAN + "exten => _X.,1,Dial(SIP/${EXTEN}@pstn)\n"
    found = ways_out(*load_office(office(tmp_path, careless, DOZEN + TRUNK)))
    assert [(way.entry.who, way.target) for way in found] == [("trunk pstn", "SIP/…@pstn")]
    boundary = Boundary(load_office(office(tmp_path, DIALPLAN, DOZEN + TRUNK))[0])
    assert boundary.own("SIP/pstn-00000001") == ("pstn", False)
    assert boundary.own("SIP/6001-00000001") == ("6001", True)
    assert boundary.trunk("SIP/pstn-00000001") == "pstn" and boundary.trunk("FXO/copper1-00000001") == "g1"
    assert boundary.outside(Target("PJSIP", "5551234@pstn")) == Outside("pstn", "5551234")
    assert boundary.outside(Target("SIP", "6001")) is None
    assert boundary.outside(Target("DAHDI", "1")) is None and boundary.outside(Target("FXS", "101")) is None
    assert boundary.outside(Target("DAHDI", "3/5550100")) == Outside("g1", "5550100")


def test_files_are_included_by_pattern(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for number in (102, 103):
        (tmp_path / "parts" / f"{number}.conf").write_text(f"[office]\nexten => {number},1,Hangup()\n")
    _, dialplan = load_office(office(tmp_path, DIALPLAN + '#include "parts/*.conf"\n'))
    assert dialplan.find("office", "103") is not None
    step = dialplan.find("office", "103")
    assert step is not None and step.step.place.file == "parts/103.conf"
    (fault,) = faults(office(tmp_path, DIALPLAN + '#include "../*.conf"\n'))
    assert "outside this folder" in fault


def test_a_command_is_run_for_the_dialplan_only_where_the_office_allows_it(tmp_path: Path) -> None:
    (tmp_path / "more").write_text("[office]\nexten => 777,1,Hangup()\n")
    plan = DIALPLAN + "#exec cat more\n"
    (fault,) = faults(office(tmp_path, plan))
    assert "#exec is not allowed here" in fault and "allow exec in [permissions]" in fault
    allowed = DOZEN + "[permissions]\nexec = true\n"
    _, dialplan = load_office(office(tmp_path, plan, allowed))
    assert dialplan.find("office", "777") is not None
    (fault,) = faults(office(tmp_path, DIALPLAN + "#exec false\n", allowed))
    assert "'false' failed: it ended with 1" in fault


def test_a_hint_of_a_device_that_is_not_there_is_a_doubt(tmp_path: Path) -> None:
    plan = DIALPLAN + "exten => 8,hint,SIP/6001&SIP/6099\nexten => 8,1,Hangup()\nexten => 9,hint,Custom:night\n"
    (doubt,) = dialplan_doubts(*load_office(office(tmp_path, plan)))
    assert str(doubt).endswith(": a hint watches SIP/6099, which is not there; known here: 6001")


def test_a_prompt_in_a_further_folder_is_none(tmp_path: Path) -> None:
    (tmp_path / "theirs" / "custom").mkdir(parents=True)
    (tmp_path / "theirs" / "custom" / "welcome.gsm").write_bytes(b"")
    plan = DIALPLAN + "exten => 8,1,Playback(custom/welcome)\n"
    config = DOZEN + '[media]\nsounds = ["theirs"]\n'
    assert dialplan_doubts(*load_office(office(tmp_path, plan, config))) == []
    (doubt,) = dialplan_doubts(*load_office(office(tmp_path, plan)))
    assert "there is no prompt 'custom/welcome'" in str(doubt)


def test_a_prompt_that_nobody_has_is_a_doubt(tmp_path: Path) -> None:
    plan = DIALPLAN + (
        "exten => 8,1,Playback(beep&vm-goodbye&our-jingle)\n same => n,Record(note.wav)\n"
        " same => n,Playback(note)\n same => n,Background(${MENU})\n same => n,ExecIf(1?Playback(lost))\n"
    )
    doubted = [str(doubt) for doubt in dialplan_doubts(*load_office(office(tmp_path, plan)))]
    assert [doubt.partition(": ")[2].partition(";")[0] for doubt in doubted] == [
        "there is no prompt 'our-jingle': nothing is heard",
        "there is no prompt 'lost': nothing is heard",
    ]
    assert f"put our-jingle.wav into {tmp_path}/var/prompts/en" in doubted[0]


RING = """
[lines.copper1.rings.fax]
cadence = [800, 400, 800, 4000]
context = "office"
did = "95550100"
"""


def test_a_distinctive_ring_is_a_way_in_of_its_own(tmp_path: Path) -> None:
    path = office(tmp_path, config=DOZEN + RING)
    config, dialplan = load_office(path)
    assert config.lines["copper1"].rings["fax"].cadence == (800, 400, 800, 4000)
    assert {found.entry.who for found in ways_out(config, dialplan)} == {"line copper1, ring fax"}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"office"', '"ofice"', "line copper1 is in context"),
        ("[800, 400, 800, 4000]", "[800, 400, 800]", "[800, 400, 800] is no cadence"),
        ("[800, 400, 800, 4000]", "[8, 400]", "[8, 400] is no cadence"),
        ("[800, 400, 800, 4000]", '"800"', "cadence"),
    ],
)
def test_a_ring_that_makes_no_sense_is_told(tmp_path: Path, old: str, new: str, fault: str) -> None:
    [found] = faults(office(tmp_path, config=DOZEN + RING.replace(old, new)))
    assert found.startswith("office.toml:") and fault in found, found


def test_hunt_groups_are_told_by_who_is_in_them(tmp_path: Path) -> None:
    more = '[isdn.adapter1]\nbackend = "emulated"\nnumbers = ["1"]\n[spans.e1]\nbackend = "emulated"\n'
    config, _ = load_office(office(tmp_path, config=DOZEN + more))
    assert group_members(config) == {"g1": "lines copper1", "isdn-g1": "adapters adapter1", "span-g1": "spans e1"}


def test_a_conference_profile_that_is_not_there_is_worth_a_look(tmp_path: Path) -> None:
    plan = (
        "[office]\nexten => 8500,1,ConfBridge(board,,default_user,kees)\n same => n,ConfBridge(board,${X},,keys)\n"
    )
    config = '\n[conferences.menus.keys]\n1 = "toggle_mute"\n'
    (doubt,) = dialplan_doubts(*load_office(office(tmp_path, plan, config)))
    assert str(doubt).endswith(
        "extensions.conf:2: ConfBridge: there is no menu profile 'kees', so that nobody is let in; "
        'did you mean "keys"?'
    )
