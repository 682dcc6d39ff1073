"""E1 and T1 spans in the configuration: what fits together, what they are to the dialplan and to the toll rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.boundary import Boundary
from gateway.config.office import load_office, ways_out
from gateway.config.variables import given_variables
from gateway.core.switch import Target
from gateway.toll.guard import Outside
from tests.unit.config.test_load import DOZEN, faults, read
from tests.unit.config.test_office import DIALPLAN, office
from tests.unit.config.test_office import faults as office_faults

SPAN = DOZEN + '[spans.e1]\nbackend = "emulated"\nnumber = "2565551100"\n'
RIGHT_CHANNEL = "write the first of them that `copperline ports` tells, or leave the line out"


def test_a_span_is_two_lines() -> None:
    span = read(DOZEN + '[spans.e1]\nbackend = "dahdi"\n').spans["e1"]
    assert (span.span, span.kind, span.side, span.dialect, span.context) == (1, "e1", "user", "etsi", "from-pstn")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("number =", "span = 2\nnumber =", "14: span e1 is emulated, and a card of its own; leave the line out"),
        (
            "number =",
            'kind = "t1"\nsignalling_channel = 30\nnumber =',
            "15: a T1 has no channel 30; leave the line out for the usual one",
        ),
        ("number =", 'channels = "1-x"\nnumber =', '14: "1-x" names no channels; write them like "1-10, 12"'),
        (
            "number =",
            'channels = "10-17"\nnumber =',
            "14: not all of channels 10-17 carry calls: the D channel of the E1 is 16;"
            " name some of 1 to 31, and not that one",
        ),
        (
            "spans.e1",
            "spans.g7",
            '12: "g7" would be taken for a group of lines when dialled; give the line another name',
        ),
        (
            "spans.e1",
            "spans.copper1",
            "12: copper1 is the name of one of the lines already, and toll rules name callers;"
            " give it another name",
        ),
        (
            "[spans.e1]",
            '[spans.one]\nbackend = "dahdi"\n[spans.two]\nbackend = "dahdi"\nspan = 1\n[spans.e1]',
            "16: span 1 of the machine is one's already; give two a span of its own",
        ),
        (
            "number =",
            "first_channel = 2\nnumber =",
            f"14: span e1 has DAHDI's channels 2 to 32, and 2 is phone 102's; {RIGHT_CHANNEL}",
        ),
        (
            "number =",
            'kind = "t1"\nfirst_channel = 3\nnumber =',
            f"15: span e1 has DAHDI's channels 3 to 26, and 3 is line copper1's; {RIGHT_CHANNEL}",
        ),
        (
            "[spans.e1]",
            '[spans.one]\nbackend = "dahdi"\nfirst_channel = 4\n[spans.e1]\nfirst_channel = 34',
            f"16: span e1 has DAHDI's channels 34 to 64, and 34 is span one's; {RIGHT_CHANNEL}",
        ),
    ],
)
def test_what_does_not_fit_is_told(old: str, new: str, fault: str) -> None:
    assert [f"office.toml:{fault}"] == faults(SPAN.replace(old, new))


def test_channels_of_spans_follow_the_ports_and_one_another() -> None:
    text = SPAN + 'first_channel = 4\n[spans.t1]\nbackend = "emulated"\nkind = "t1"\nfirst_channel = 35\n'
    assert [span.first_channel for span in read(text).spans.values()] == [4, 35]


def test_fewer_channels_can_be_rented_than_there_are() -> None:
    assert len(read(SPAN).spans["e1"].slots) == 30 and 16 not in read(SPAN).spans["e1"].slots
    assert read(SPAN + 'channels = "1-3, 20"\n').spans["e1"].slots == (1, 2, 3, 20)


def test_a_span_is_dialled_by_name_and_by_group(tmp_path: Path) -> None:
    plan = DIALPLAN + "exten => _7X.,1,Dial(SPAN/e1/${EXTEN:1})\n same => n,Dial(SPAN/g1/${EXTEN:1})\n"
    load_office(office(tmp_path, plan, SPAN))
    for target, fault in (
        ("SPAN/e2/1", 'SPAN/e2/1 dials nobody: there is no "e2"; known here: e1'),
        ("SPAN/g2/1", "SPAN/g2/1 dials no line: group 2 is empty"),
        ("SPAN/copper1/1", 'SPAN/copper1/1 dials nobody: there is no "copper1"; known here: e1'),
    ):
        wrong = DIALPLAN + f"exten => 8,1,Dial({target})\n"
        assert office_faults(office(tmp_path, wrong, SPAN)) == [f"extensions.conf:9: {fault}"]


def test_who_calls_by_a_span_is_outside_and_calls_by_it_leave_the_office(tmp_path: Path) -> None:
    config, _ = load_office(office(tmp_path, DIALPLAN, SPAN))
    boundary = Boundary(config)
    assert boundary.own("SPAN/e1-00000001") == ("e1", False)
    assert boundary.trunk("SPAN/e1-00000001") == "span-g1"
    assert boundary.trunk("FXO/copper1-00000001") == "g1"
    assert boundary.outside(Target("SPAN", "e1/5550100")) == Outside("span-g1", "5550100")
    assert boundary.outside(Target("SPAN", "G1/5550100")) == Outside("span-g1", "5550100")
    careless = DIALPLAN + "exten => _X.,1,Dial(SPAN/e1/${EXTEN})\n"
    (way, *_) = ways_out(*load_office(office(tmp_path, careless, SPAN)))
    assert (way.entry.who, way.target) == ("span e1", "SPAN/e1/…")


def test_calls_by_a_span_bring_its_variables() -> None:
    config = read(SPAN + '[spans.e1.variables]\nCUSTOMER = "4711"\n')
    assert given_variables(config)("SPAN/e1-0000001") == {"CUSTOMER": "4711"}


def test_the_builtin_dialplan_goes_out_by_a_span_and_takes_all_its_numbers(tmp_path: Path) -> None:
    (tmp_path / "office.toml").write_text(SPAN)
    _, dialplan = load_office(tmp_path / "office.toml")
    said = [
        str(step.arguments.text)
        for extension in dialplan.contexts["builtin-outside"].extensions
        for step in extension.steps.values()
    ]
    assert any("SPAN/g1/${EXTEN:1}" in text for text in said)
    patterns = [extension.pattern.text for extension in dialplan.contexts["from-pstn"].extensions]
    assert patterns == ["2565551100", "_[+0-9]!", "s"]


def test_toll_rules_cap_a_group_of_spans_by_its_name(tmp_path: Path) -> None:
    load_office(office(tmp_path, DIALPLAN, SPAN + "[tolls.trunks.span-g1]\nparallel = 4\n"))
    (fault,) = office_faults(office(tmp_path, DIALPLAN, SPAN + "[tolls.trunks.span-g2]\nparallel = 4\n"))
    assert 'nothing is called "span-g2"' in fault


def test_a_span_is_dialled_in_chan_dahdi_s_words_too(tmp_path: Path) -> None:
    span = SPAN + "group = 3\nfirst_channel = 32\n"
    plan = DIALPLAN
    for number, address in enumerate(("g3", "i1", "i1-g3", "e1", "33", "3")):
        plan += f"exten => _7{number}X.,1,Dial(DAHDI/{address}/${{EXTEN:2}})\n"
    config, _ = load_office(office(tmp_path, plan, span))
    boundary = Boundary(config)
    for address in ("g3", "i1", "i1-g3", "e1", "33"):
        assert boundary.outside(Target("DAHDI", f"{address}/5550100")) == Outside("span-g3", "5550100")
    for address in ("g1", "3", "copper1"):
        assert boundary.outside(Target("DAHDI", f"{address}/5550100")) == Outside("g1", "5550100")
    assert boundary.outside(Target("DAHDI", "1")) is None, "a telephone"
    for address, fault in (
        ("g4", "DAHDI/g4/1 dials no line: group 4 is empty"),
        ("i1-g1", "DAHDI/i1-g1/1 dials no line: span 1 is not in group 1"),
        ("i2", 'DAHDI/i2/1 dials nobody: there is no "i2"; known here: 101, 102, copper1, e1'),
        ("47", 'DAHDI/47/1 dials nobody: there is no "47"'),
        ("g3c", "DAHDI/g3c/1 cannot be dialled: g3c: who answers is not asked for a key"),
    ):
        wrong = DIALPLAN + f"exten => 8,1,Dial(DAHDI/{address}/1)\n"
        (found,) = office_faults(office(tmp_path, wrong, span))
        assert found.startswith(f"extensions.conf:9: {fault}"), found


def test_a_group_of_lines_and_spans_counts_as_it_has_rules(tmp_path: Path) -> None:
    boundary = Boundary(read(SPAN))
    assert boundary.outside(Target("DAHDI", "g1/5550100")) == Outside("g1", "5550100")
    assert boundary.outside(Target("SPAN", "g1/5550100")) == Outside("span-g1", "5550100")
    assert boundary.outside(Target("ISDN", "g7/5550100")) == Outside("isdn-g7", "5550100")
    capped = SPAN + "[tolls.trunks.span-g1]\nparallel = 4\n"
    assert Boundary(read(capped)).outside(Target("DAHDI", "g1/5550100")) == Outside("span-g1", "5550100")
    plan = DIALPLAN + "exten => 8,1,Dial(DAHDI/g1/1)\n"
    load_office(office(tmp_path, plan, capped))
    (fault,) = office_faults(office(tmp_path, plan, capped + "[tolls.trunks.g1]\nparallel = 2\n"))
    assert "DAHDI/g1/1 goes out by lines and by spans, and counts for [tolls.trunks.g1] alone; give" in fault
