"""Whole offices of different kinds move in: all of it loads, numbers go where they went, and a call passes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialplan.route import Route, dry_run
from gateway.asterisk import read_directory
from gateway.config import dialplan_doubts
from gateway.config.permission import permission
from gateway.core.number import Party
from gateway.testing.office import EmulatedOffice
from tests.unit.asterisk.directory import ADDRESS, OFFICES, Moved

NAMES = ("dahdi", "freepbx", "office", "small", "trunks")


@pytest.fixture(scope="module", params=NAMES)
def moved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Moved:
    return Moved(read_directory(OFFICES / request.param, ADDRESS), tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Moved]:
    return {
        name: Moved(read_directory(OFFICES / name, ADDRESS), tmp_path_factory.mktemp(name))
        for name in ("dahdi", "freepbx", "small")
    }


def route(moved: Moved, context: str, number: str, who: str, when: datetime | None = None) -> Route:
    def clock() -> datetime:
        return when or datetime(2026, 11, 20, 12, tzinfo=UTC)

    return asyncio.run(
        dry_run(
            moved.dialplan,
            context,
            number,
            caller=Party(who),
            clock=clock,
            technology="SIP",
            origin=who,
            permit=permission(moved.config, clock),
        )
    )


def dialled(route: Route) -> list[str]:
    return ["&".join(str(target) for target in attempt.targets) for attempt in route.attempts]


def test_steps_that_do_nothing_now_are_those_on_the_list(moved: Moved) -> None:
    text = "\n".join(moved.imported.files[name] for name in moved.imported.files if name != "office.toml")
    silenced = text.count("NoOp(not carried over)") + text.count("; not carried over:")
    told = [fault for fault in moved.imported.left if "its line does nothing now" in fault.what]
    assert silenced == len({(fault.file, fault.line) for fault in told})


def test_every_account_trunk_and_mailbox_is_there_or_told(moved: Moved) -> None:
    assert moved.config.accounts or moved.config.phones
    assert dialplan_doubts(moved.config, moved.dialplan) is not None
    for fault in moved.imported.left:
        assert fault.what and "\n" not in str(fault)


def test_the_small_company_has_no_line_that_is_not_built_in(offices: dict[str, Moved]) -> None:
    small = offices["small"]
    assert "not carried over" not in small.imported.files["extensions.conf"]
    told = [str(fault) for fault in (*small.imported.left, *small.imported.doubts)]
    assert not [line for line in told if "not built in" in line and "office.toml" not in line]
    assert dialled(route(small, "staff", "1102", "1101"))[0] == "PJSIP/1102"
    assert dialled(route(small, "staff", "95551212", "1101")) == ["PJSIP/12565551212@provider"]
    assert dialled(route(small, "staff", "911", "1101")) == ["PJSIP/911@provider"]


def test_what_a_control_panel_generated_goes_where_it_went(offices: dict[str, Moved]) -> None:
    panel = offices["freepbx"]
    assert dialled(route(panel, "from-internal", "102", "101"))[0] == "PJSIP/102"
    assert dialled(route(panel, "from-internal", "2125550123", "101")) == ["PJSIP/12125550123@provider"]
    assert dialled(route(panel, "from-internal", "911", "101")) == ["PJSIP/911@provider"]
    closed = route(panel, "from-pstn", "5550100200", "2125550199", datetime(2026, 11, 21, 12, tzinfo=UTC))
    assert any("ivr-1" in step for step in closed.steps)
    assert panel.left("extensions.conf") == [
        "2: cannot read extensions_override_freepbx.conf: No such file or directory, and its line does nothing "
        "now; mend the path or remove the line"
    ]


def test_the_old_office_dials_its_lines_and_then_its_provider(offices: dict[str, Moved]) -> None:
    old = offices["dahdi"]
    assert dialled(route(old, "from-internal", "95551234", "310")) == ["DAHDI/g0/5551234", "SIP/5551234@voip"]
    assert dialled(route(old, "from-internal", "4001", "310"))[0] == "DAHDI/1"
    told = old.left("extensions.conf")
    assert any(line.startswith("10: #exec is not allowed here") for line in told)
    assert any(line.startswith("23: IAX2/") and 'there is no technology "IAX2"' in line for line in told), told


@pytest.fixture
def small(offices: dict[str, Moved], tmp_path: Path) -> Iterator[EmulatedOffice]:
    office = EmulatedOffice(tmp_path, offices["small"].office)
    yield office
    office.close()


def test_a_call_passes_in_the_small_company(small: EmulatedOffice) -> None:
    lindsey, temple = small.sip("1101"), small.sip("1102")
    lindsey.call("1102")
    small.until(lambda: temple.state == "offered", within=3)
    temple.answer()
    small.until(lambda: lindsey.state == "up" and temple.state == "up", within=3)
    temple.hang_up()
    small.until(lambda: lindsey.state == "idle", within=3)


def test_a_call_is_picked_up_by_the_code_that_asterisk_has(small: EmulatedOffice) -> None:
    """Both are in the group desks; the dialplan's own *8 does the same, and goes first."""
    lindsey, temple = small.sip("1101"), small.sip("1102")
    lindsey.call("1102")
    small.until(lambda: temple.state == "offered", within=3)
    other = small.sip("1102", register=False)
    other.call("*8")
    small.until(lambda: lindsey.state == "up", within=3)
    lindsey.hang_up()
    small.run(1)


def test_a_telephone_and_a_line_of_the_old_office_talk(offices: dict[str, Moved], tmp_path: Path) -> None:
    office = EmulatedOffice(tmp_path, offices["dahdi"].office)
    try:
        desk = office.phone("4001")
        office.call_in("line3", "2125550199")
        office.until(lambda: desk.ringing, within=20)
        desk.lift()
        office.until(lambda: not desk.ringing, within=3)
        office.run(1)
        assert len(office.app.manager.calls) == 1
        desk.hang_up()
        office.run(3)
    finally:
        office.close()
