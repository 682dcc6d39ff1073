"""An Asterisk directory moves in, and telephones of somebody else's make talk in what came of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.core.audio import Samples
from tests.support.baresip import Baresip
from tests.support.steady import Steadily
from tests.support.wire import EXAMPLE, RunningOffice, free_port
from tests.wire.test_call import says_and_is_heard

pytestmark = pytest.mark.wire

ASTERISK = Path(__file__).parents[1] / "data" / "asterisk" / "small"
SECRETS = {"1101": "Lind-2f9Qa-77", "1102": "Temp-8w3Zk-12"}


@pytest.fixture
def moved(tmp_path: Path, spoken: None) -> Iterator[RunningOffice]:
    """The small company, without its provider, on this machine alone."""
    source, ours = tmp_path / "etc", tmp_path / "office"
    shutil.copytree(ASTERISK, source)
    pjsip = (source / "pjsip.conf").read_text().partition("[provider]")[0]
    (source / "pjsip.conf").write_text(pjsip.replace("bind = 0.0.0.0", f"bind = 127.0.0.1:{free_port()}"))
    assert main(["import", str(source), "--to", str(ours)]) == 0
    office = ours / "office.toml"
    with office.open("a") as file:
        file.write(f'\n[web]\nlisten = "127.0.0.1:{free_port()}"\n[media]\nprompts = "{EXAMPLE / "var/prompts"}"\n')
    assert main(["check", str(office)]) == 0
    running = RunningOffice(tmp_path / "run", config=office)
    yield running
    assert running.stop() == 0


def test_two_telephones_of_an_asterisk_office_talk(
    moved: RunningOffice, tmp_path: Path, sentence: Samples, steadily: Steadily
) -> None:
    with ExitStack() as stack:
        phones = {}
        for number, secret in SECRETS.items():
            phones[number] = Baresip(tmp_path / number, number, secret, moved.addresses["udp"], "udp")
            stack.callback(phones[number].quit)
        lindsey, temple = phones["1101"], phones["1102"]
        lindsey.dial("1102")
        lindsey.wait_for("CALL_ESTABLISHED")
        temple.wait_for("CALL_ESTABLISHED")
        steadily(lambda: says_and_is_heard(lindsey, temple, sentence))
        lindsey.hang_up()
        temple.wait_for("CALL_CLOSED")
    assert "no application" not in moved.log
