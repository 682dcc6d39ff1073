"""The files of services: mailboxes, queues, conferences, music, features, parking, tones."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.asterisk import read_directory
from gateway.config import dialplan_doubts
from tests.unit.asterisk.directory import ADDRESS, OFFICES, Moved, move_in


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Moved:
    return Moved(read_directory(OFFICES / "small", ADDRESS), tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def dahdi(tmp_path_factory: pytest.TempPathFactory) -> Moved:
    return Moved(read_directory(OFFICES / "dahdi", ADDRESS), tmp_path_factory.mktemp("dahdi"))


def test_mailboxes_have_what_is_general_and_what_is_their_own(small: Moved, dahdi: Moved) -> None:
    box = small.config.voicemail["1101@staff"]
    assert (box.pin, box.name, box.email) == ("4571", "Lindsey Freddie", "lindsey@example.com")
    assert (box.timezone, box.attach, box.say_caller) == ("America/Chicago", True, True)
    assert (box.longest, box.shortest, box.silence, box.messages) == (300, 2, 5, 100)
    desk = dahdi.config.voicemail["4001"]
    assert (desk.pin, desk.email, desk.pager) == ("4001", "one@example.org", "pager@example.org")
    assert (desk.attach, desk.delete, desk.formats) == (False, True, ("wav49", "gsm", "wav"))
    assert list(dahdi.config.voicemail) == ["4001", "309", "310", "77@other"]
    assert dahdi.left("voicemail.conf") == [
        "3: serveremail = asterisk of voicemail has no setting here; set it where messages are kept and sent here",
        "8: tz of mailbox 4001 has no setting here; see whether it is missed",
        "8: volgain of mailbox 4001 has no setting here; see whether it is missed",
        "9: the PIN of mailbox 309 is no digits; write pin = … for it",
        "11: alias of mailboxes in default; write aliases in its mailbox",
    ]


def test_queues_keep_strategy_and_members(small: Moved, tmp_path: Path) -> None:
    sales = small.config.queues["sales"]
    assert (sales.strategy, sales.timeout, sales.retry, sales.music) == ("ringall", 15, 5, "default")
    assert [(member.target, member.penalty, member.name) for member in sales.members] == [
        ("PJSIP/1101", 1, "Lindsey"),
        ("PJSIP/1102", 0, ""),
        ("PJSIP/1177", 0, ""),
    ]
    assert any('PJSIP/1177 dials no account: there is no "1177"' in line for line in small.doubted("office.toml"))
    queue = move_in(
        tmp_path,
        queues="[q]\nstrategy=roundrobin\njoinempty=paused,unavailable\nleavewhenempty=strict\nautopause=all\n"
        "periodic-announce=a,b\nmonitor-format=wav\nannounce-frequency=90\nmember => Agent/7\n"
        "member => Local/5@staff/n,2,Eve,hint:5@staff,no,30,yes\nnosuch=1\n",
        extensions="[staff]\nexten => 5,1,Hangup()\n",
    )
    found = queue.config.queues["q"]
    assert (found.strategy, found.autopause, found.record, found.periodic) == ("rrmemory", "all", True, ("a", "b"))
    assert found.join_empty == ("paused", "unavailable")
    assert found.leave_empty == ("penalty", "paused", "invalid", "unavailable")
    (eve,) = found.members
    assert (eve.penalty, eve.device, eve.ring_in_use, eve.wrap_up, eve.paused) == (
        2,
        "hint:5@staff",
        False,
        30,
        True,
    )
    assert queue.left("queues.conf") == [
        "9: member = Agent/7 of queue q has no setting here; see whether it is missed",
        "11: nosuch = 1 of queue q has no setting here; see whether it is missed",
    ]


def test_profiles_of_conferences(small: Moved) -> None:
    conferences = small.config.conferences
    admin, user = conferences.users["admin_user"], conferences.users["default_user"]
    assert (admin.admin, admin.marked, admin.count) == (True, True, True)
    assert (admin.pin, admin.music) == ("8642", "default")
    assert (user.wait_marked, user.end_marked) == (True, True)
    assert conferences.rooms["default_bridge"].members == 20
    assert conferences.menus["sample_user_menu"]["*4"] == "decrease_listening_volume"
    assert len(small.left("confbridge.conf")) == 1 and "video_mode" in small.left("confbridge.conf")[0]


def test_music_is_its_folder_and_programs_are_told(small: Moved, tmp_path: Path) -> None:
    assert small.config.music["default"].folder == Path("/var/lib/asterisk/moh")
    assert small.config.music["default"].order == "random"
    assert small.left("musiconhold.conf")[0].startswith("6: class of music ads is played by /usr/bin/mpg123")
    moved = move_in(
        tmp_path,
        asterisk="[directories]\nastdatadir => /usr/share/asterisk\n",
        musiconhold="[general]\ncachertclasses=yes\n[a]\nmode=files\n[b]\nmode=playlist\nentry=intro\nentry=http://x.example/y\nentry=/srv/z\n",
    )
    assert moved.config.music["a"].folder == Path("/usr/share/asterisk/moh")
    assert moved.config.music["b"].files == (Path("/usr/share/asterisk/sounds/intro"), Path("/srv/z"))
    assert len(moved.left("musiconhold.conf")) == 1


def test_what_the_office_has_recorded_is_found_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "data" / "sounds" / "custom").mkdir(parents=True)
    (tmp_path / "data" / "sounds" / "custom" / "welcome.gsm").write_bytes(b"")
    moved = move_in(
        tmp_path,
        asterisk=f"[directories]\nastdatadir => {tmp_path / 'data'}\n",
        extensions="[staff]\nexten => 1,1,Playback(custom/welcome)\n",
    )
    assert moved.config.media.sounds == (tmp_path / "data" / "sounds",)
    assert dialplan_doubts(moved.config, moved.dialplan) == []


def test_keys_in_a_talk_and_parking_lots(small: Moved, dahdi: Moved) -> None:
    features = small.config.features
    assert (features.blind_transfer, features.record, features.park) == ("#1", "*3", "#72")
    assert (features.transfer_time, features.digit_time) == (5.0, 2.0)
    lot = small.config.parking["default"]
    assert (lot.extension, lot.numbers, lot.time, lot.ring, lot.next) == ("700", range(701, 721), 300, 20, True)
    assert lot.transfers == "caller"
    old = dahdi.config.parking["default"]
    assert (old.extension, old.numbers, old.time) == ("700", range(701, 706), 60), "as before Asterisk 12"
    assert dahdi.config.features.hang_up == "*0"


@pytest.mark.parametrize("line", ["include => parkedcalls", "exten => 7,1,Park()"])
def test_who_parks_has_the_lot_that_asterisk_has_unasked(tmp_path: Path, line: str) -> None:
    pjsip = "[201]\ntype=endpoint\ncontext=office\nauth=201\naors=201\n[201]\ntype=auth\nauth_type=userpass\n"
    pjsip += "username=201\npassword=kX93mfQ02lqPz7\n[201]\ntype=aor\nmax_contacts=1\n"
    moved = move_in(tmp_path, pjsip=pjsip, extensions=f"[office]\nexten => 1,1,Answer()\n{line}\n")
    assert moved.config.parking["default"].places == "701-750"
    assert moved.left("extensions.conf") == []
    assert not any("secrets" in str(doubt) for doubt in moved.imported.doubts), (
        "what is written is the owner's alone"
    )


def test_numbers_are_called_by_a_trunk_in_either_of_asterisk_s_ways(tmp_path: Path) -> None:
    pjsip = "[itsp]\ntype=endpoint\ncontext=in\naors=itsp\n[itsp]\ntype=aor\ncontact=sip:192.0.2.99\n"
    pjsip += "[itsp]\ntype=identify\nendpoint=itsp\nmatch=192.0.2.99\n"
    dialplan = "[in]\nexten => 1,1,Hangup()\n[out]\nexten => _X.,1,Dial(PJSIP/itsp/sip:${EXTEN}@192.0.2.99)\n"
    dialplan += " same => n,Dial(SIP/itsp/${EXTEN})\n same => n,Dial(PJSIP/gone/sip:${EXTEN}@192.0.2.99)\n"
    moved = move_in(tmp_path, pjsip=pjsip, extensions=dialplan)
    assert moved.left("extensions.conf") == [
        '6: PJSIP/gone/sip:${EXTEN}@192.0.2.99 dials no trunk: there is no "gone", and its line does nothing now; '
        "known here: itsp"
    ]


def test_the_code_that_picks_up_works_in_every_context_that_has_telephones(small: Moved, tmp_path: Path) -> None:
    names = [include.context for include in small.dialplan.contexts["staff"].includes]
    assert names[-1] == "imported-pickup"
    moved = move_in(
        tmp_path,
        features="[general]\npickupexten=#8\n",
        pjsip="[201]\ntype=endpoint\nauth=201\ncontext=staff\n[201]\ntype=auth\npassword=Kupfer-Draht-eins\n",
        extensions="[staff]\n",
    )
    (extension,) = moved.dialplan.contexts["imported-pickup"].extensions
    assert extension.pattern.text == "#8"


def test_tones_that_are_those_known_here_are_not_written_and_others_are(small: Moved, tmp_path: Path) -> None:
    assert small.config.tones == {} and small.left("indications.conf") == []
    moved = move_in(
        tmp_path,
        indications="[general]\ncountry=de\n[de]\nringcadence=1000,4000\ndial=400\nbusy = 425/480,0/480\n"
        "[moon]\nringcadence = 250,x\ndial = !950/330,0\nring=loud\nbeep=1000/100,0/100\n",
    )
    assert moved.config.office.country == "de"
    assert moved.config.tones["de"].written == {"dial": "400"} and moved.config.tones["de"].ringing == ()
    assert moved.config.tones["moon"].written == {"beep": "1000/100,0/100", "dial": "!950/330,0"}
    assert [line.partition(":")[0] for line in moved.left("indications.conf")] == ["8", "10"]


def test_a_country_that_is_not_known_has_its_tones(tmp_path: Path) -> None:
    moved = move_in(tmp_path, indications="[general]\ncountry=moon\n[moon]\nringcadence=300,600\ndial=500\n")
    assert (moved.config.office.country, moved.config.office.tones) == ("us", "moon")
    assert moved.config.tones["moon"].ringing == (300, 600)
    assert moved.left("indications.conf") == [
        "1: numbers and lines of country moon are not known here; its tones are carried over; "
        "take the country that is most alike in [office]"
    ]


def test_files_of_services_that_are_not_here_are_named(dahdi: Moved) -> None:
    assert dahdi.left("iax.conf") == [
        "2: IAX peer iax-branch is not carried over; IAX is not spoken here: make it a SIP trunk"
    ]
    assert dahdi.left("users.conf") == ["3: user 6000 is not carried over; write an account or a telephone for it"]
    assert dahdi.left("extconfig.conf")[0] == (
        "2: voicemail comes from a database (mysql), and is not carried over; "
        "export what the database holds into files"
    )
    for file in ("extensions.ael", "meetme.conf", "res_custom_thing.conf"):
        assert len(dahdi.left(file)) == 1, file


def test_programs_that_work_with_asterisk_are_named_and_their_passwords_are_not(tmp_path: Path) -> None:
    ask = "AMI and ARI are not spoken here: let its program ask the HTTP interface, see docs/moving-in.md"
    moved = move_in(
        tmp_path,
        extensions="",
        manager="[general]\nenabled = yes\n[crm]\nsecret = hunter2\nread = call\n",
        ari="[general]\npretty = yes\n[flow]\ntype = user\npassword = hunter2\n",
        cdr_mysql="[global]\nhostname = db\npassword = hunter2\n",
        cdr_odbc="[global]\n",
    )
    assert moved.left("manager.conf") == [f"3: AMI user crm is not carried over; {ask}"]
    assert moved.left("ari.conf") == [f"3: ARI user flow is not carried over; {ask}"]
    assert moved.left("cdr_mysql.conf") == [
        "1: table of call records global is not carried over; "
        "let who reads them there have [store] url, or copperline records"
    ]
    assert moved.left("cdr_odbc.conf") == [] and "hunter2" not in str(moved)


def test_ami_that_is_switched_off_needs_nothing(tmp_path: Path) -> None:
    moved = move_in(tmp_path, extensions="", manager="[general]\nenabled = no\n[crm]\nsecret = hunter2\n")
    assert moved.left("manager.conf") == []


def test_files_about_asterisk_itself_are_not_spoken_of(small: Moved) -> None:
    for file in ("modules.conf", "logger.conf", "asterisk.conf", "rtp.conf"):
        assert small.left(file) == []
