"""A reload is all or nothing, and calls in progress finish on the dialplan with which they began."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from gateway.app.run import reload_office
from gateway.config.office import PLAN_LIMIT
from tests.support.office import OfficeUnderTest
from tests.support.tls import Authority

OFFICE = """
[sip]
listen = ["udp:127.0.0.1:0"]
[web]
listen = "127.0.0.1:0"
[accounts.6001]
secret = "copper-6001"
[accounts.6002]
secret = "copper-6002"
"""
OLD = """[office]
exten => 100,1,Answer()
 same => n,Wait(5)
 same => n,Goto(last,s,1)
exten => 200,1,Hangup(21)
[last]
exten => s,1,Hangup(17)
"""
NEW = """[office]
exten => 100,1,Hangup(42)
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[OfficeUnderTest]:
    with OfficeUnderTest(tmp_path, OFFICE, OLD) as office:
        yield office


def reload(office: OfficeUnderTest) -> None:
    office.loop.call_soon(reload_office, office.folder / "office.toml", office.app)
    office.run(0.1)


def test_a_call_in_progress_finishes_on_the_old_files_and_the_next_one_runs_on_the_new(
    office: OfficeUnderTest,
) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("100")
    office.until(lambda: ada.state == "up", within=2)
    (office.folder / "extensions.conf").write_text(NEW)
    reload(office)
    grace.call("100")
    office.until(lambda: grace.state == "idle", within=2)
    assert grace.ended_by.startswith("503 Q.850;cause=42")
    office.until(lambda: ada.state == "idle", within=8)
    assert ada.ended_by.startswith("BYE Q.850;cause=17"), "by a context that the new files do not have"


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("extensions.conf", NEW + "exten => 7,1,Playbak(x)\n", "extensions.conf:3: no application 'Playbak'"),
        ("extensions.conf", NEW + '#include "gone.conf"\n', "extensions.conf:3: cannot read gone.conf"),
        (
            "extensions.conf",
            "[elsewhere]\n",
            'account 6001 is in context "office", which the dialplan does not have',
        ),
        ("office.toml", 'dialplan = "extensions.conf"\n[sip\n', "office.toml:2: this is not TOML"),
        ("office.toml", 'dialplan = "extensions.conf"\n[tolls]\nrates = "gone.csv"\n', "gone.csv: cannot be read"),
    ],
)
def test_a_fault_anywhere_changes_nothing(
    office: OfficeUnderTest, caplog: pytest.LogCaptureFixture, file: str, text: str, said: str
) -> None:
    (office.folder / file).write_text(text)
    with caplog.at_level(logging.ERROR, "copperline"):
        reload(office)
    assert said in caplog.text and "not reloaded; the office goes on as it was" in caplog.text
    ada = office.sip("6001")
    ada.call("200")
    office.until(lambda: ada.state == "idle", within=2)
    assert ada.ended_by.startswith("603 Q.850;cause=21")


def test_an_operator_is_told_what_came_of_it(office: OfficeUnderTest) -> None:
    file = office.folder / "office.toml"
    office.app.console.reread = partial(reload_office, file, office.app)
    (office.folder / "extensions.conf").write_text(NEW + "exten => 7,1,Playbak(x)\n")
    refused = office.app.console.reload()
    assert not refused.done and refused.told[-1] == "not reloaded; the office goes on as it was"
    assert "extensions.conf:3: no application 'Playbak'" in refused.told[0]
    (office.folder / "extensions.conf").write_text(NEW)
    file.write_text(file.read_text().replace("[web]", "[limits]\ncalls = 3\n[web]"))
    done = office.app.console.reload()
    assert done.done and done.told[0].startswith("dialplan, accounts, trunks")
    assert done.told[-1] == f"other settings in {file} have changed, too; they take effect at the next start"


def test_a_reload_that_was_refused_is_told_until_one_is_done(office: OfficeUnderTest) -> None:
    (office.folder / "extensions.conf").write_text(NEW + "exten => 7,1,Playbak(x)\n")
    reload(office)
    (worry,) = office.app.console.worries()
    assert worry.startswith("The reload at ") and "extensions.conf:3: no application 'Playbak'" in worry
    assert worry.endswith("(not reloaded; the office goes on as it was).")
    assert office.app.console.trouble() == "", "calls are taken"
    (office.folder / "extensions.conf").write_text(NEW)
    reload(office)
    assert office.app.console.worries() == []


def test_a_certificate_in_use_that_ends_is_told_until_a_renewed_one_is_read(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    ending, renewed = (authority.certificate("office.test", days=days).chain for days in (10, 90))
    text = f'{OFFICE}[sip.tls]\ncertificate = "{ending}"\n'
    with OfficeUnderTest(tmp_path, text, OLD) as office:
        (worry,) = office.app.console.worries()
        assert worry.startswith(f"The certificate of {ending} that is in use ends on ")
        assert worry.endswith("have it renewed, then reload (SIGHUP).")
        ending.write_bytes(renewed.read_bytes())
        assert len(office.app.console.worries()) == 1, "renewed, and not read yet"
        reload(office)
        assert office.app.console.worries() == []
        ending.unlink()
        reload(office)
        (worry,) = office.app.console.worries()
        assert f"{ending} cannot be read: no such file" in worry
        assert office.app.console.trouble() == "", "the one that was read before is shown still"


def test_who_is_being_stopped_is_given_no_more_calls(office: OfficeUnderTest) -> None:
    ada = office.sip("6001")
    ada.call("100")
    office.until(lambda: ada.state == "up", within=2)
    assert office.app.console.trouble() == ""
    office.loop.create_task(office.app.drained(10))
    office.run(0.1)
    assert office.app.console.trouble().startswith("The office is being stopped")
    office.until(lambda: ada.state == "idle", within=8)


def test_a_hundred_broken_edits_in_any_order_harm_no_call(office: OfficeUnderTest) -> None:
    ada = office.sip("6001")
    ada.call("100")
    office.until(lambda: ada.state == "up", within=2)
    chance = random.Random(20260101)
    for _ in range(100):
        name, whole = chance.choice([("extensions.conf", OLD), ("office.toml", OFFICE)])
        at = chance.randrange(len(whole))
        (office.folder / name).write_text(f"{whole[:at]}{chance.choice('[]=(){}$#;')}{whole[at + 3 :]}")
        office.loop.call_soon(reload_office, office.folder / "office.toml", office.app)
    office.until(lambda: ada.state == "idle", within=8)
    assert ada.ended_by.startswith("BYE Q.850;cause=17")


def test_a_file_that_is_just_being_written_sends_nobody_away(
    office: OfficeUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    """Editors and copying programs empty it first, and write it then."""
    file = office.folder / "office.toml"
    whole = file.read_text()
    file.write_text("")
    with caplog.at_level(logging.INFO, logger="copperline"):
        reload(office)
    assert "has no telephone, account, line or trunk any more" in caplog.text and "not reloaded" in caplog.text
    office.sip("6001")
    file.write_text(whole)
    reload(office)
    assert not office.app.console.worries()


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda path: path.symlink_to("/dev/zero"), "no plain file"),
        (os.mkfifo, "no plain file"),
        (lambda path: path.write_bytes(bytes(PLAN_LIMIT + 1)), "larger than"),
    ],
    ids=["device", "pipe", "large"],
)
def test_a_dialplan_without_end_is_a_fault(
    office: OfficeUnderTest, caplog: pytest.LogCaptureFixture, make: Callable[[Path], object], fault: str
) -> None:
    """A pipe into which nobody writes would keep the office waiting as well."""
    make(office.folder / "endless.conf")
    (office.folder / "extensions.conf").write_text(OLD + '#include "endless.conf"\n')
    with caplog.at_level(logging.INFO, logger="copperline"):
        reload(office)
    assert "endless.conf" in caplog.text and fault in caplog.text and "not reloaded" in caplog.text
