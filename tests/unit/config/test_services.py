"""The tables of services: [tones], [music], [voicemail], [queues], [conferences] and [parking]."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.office import load_office, setting_doubts
from gateway.config.parking import parking_lots
from gateway.config.settings import settings
from gateway.config.tones import tone_zones
from gateway.core.errors import ConfigError
from gateway.core.feature import Feature
from gateway.media.tone import ZONES
from tests.unit.config.test_load import DOZEN, faults, read

SERVICES = """\
[voicemail.101]
pin = "4711"
name = "Ada Lovelace"
email = "ada@example.com"
timezone = "Europe/London"
[voicemail."102@shop"]
delete = true
[queues.sales]
strategy = "rrmemory"
music = "jazz"
members = [{ target = "SIP/6001", penalty = 1, name = "Ada" }, { target = "FXS/103" }]
join_empty = ["unavailable", "paused"]
[conferences.rooms.default_bridge]
members = 50
sounds = { join = "beep" }
[conferences.users.admin]
admin = true
pin = "8642"
[conferences.menus.usual]
1 = "toggle_mute"
"*3" = "playback_and_continue(conf-menu),no_op"
[parking.default]
extension = "700"
comeback = "nowhere"
"""


def doubts(folder: Path, text: str) -> list[str]:
    """What is worth a look in an office of these lines, in which there is somebody."""
    path = folder / "office.toml"
    path.write_text(f'{text}\n[accounts.6009]\nsecret = "u8Rk2vQw0Zt4"\n')
    return [str(doubt).replace(f"{folder}/", "") for doubt in setting_doubts(path, *load_office(path))]


def test_settings_of_services_are_taken() -> None:
    config = read(DOZEN + SERVICES)
    assert config.voicemail["101"].email == "ada@example.com" and config.voicemail["102@shop"].delete
    assert [(member.target, member.penalty) for member in config.queues["sales"].members] == [
        ("SIP/6001", 1),
        ("FXS/103", 0),
    ]
    assert config.conferences.menus["usual"]["*3"] == "playback_and_continue(conf-menu),no_op"
    assert config.parking["default"].numbers == range(701, 721)


def test_check_says_what_is_kept_without_its_service_and_what_is_not_there(tmp_path: Path) -> None:
    assert doubts(tmp_path, DOZEN + SERVICES) == [
        "office.toml:12: mailboxes 101, 102@shop are kept; voicemail is not built in yet",
        "office.toml:19: queue sales is kept; queues are not built in yet",
        'office.toml:21: there is no music "jazz": that of the class default is heard; known here: default',
        'office.toml:22: FXS/103 dials nobody: there is no "103"; did you mean "102"?',
        'office.toml:35: the dialplan has no context "nowhere"; write it, or leave the line out',
    ]


def test_what_is_for_the_built_in_dialplan_is_told_where_there_is_another(tmp_path: Path) -> None:
    (tmp_path / "extensions.conf").write_text("[office]\nexten => 1,1,Hangup()\n")
    text = 'dialplan = "extensions.conf"\n[office]\noutside = "0"\n'
    assert doubts(tmp_path, text) == [
        "office.toml:3: office.outside is for the built-in dialplan, and this office has its own;"
        " say it in extensions.conf, and leave the line out"
    ]
    assert doubts(tmp_path, text.partition("\n")[2]) == []


def test_a_language_in_which_nothing_can_be_said_is_told(tmp_path: Path) -> None:
    text = '[office]\nlanguage = "tlh"\n[media]\nprompts = "prompts"\n'
    assert doubts(tmp_path, text) == [
        'office.toml:2: there are no prompts in language "tlh": English ones are heard; '
        f"put recordings into {tmp_path}/prompts/tlh, or install Asterisk's sounds in it".replace(
            f"{tmp_path}/", ""
        )
    ]
    (tmp_path / "prompts" / "tlh").mkdir(parents=True)
    assert doubts(tmp_path, text) == [] == doubts(tmp_path, text.replace("tlh", "en_GB"))


def test_more_calls_than_there_is_room_for_are_told(tmp_path: Path) -> None:
    assert doubts(tmp_path, "[limits]\ncalls = 300\n") == [
        "office.toml:2: 300 calls have two legs each, and media.rows = 512 is room for fewer; "
        "write media.rows = 600, or let in fewer calls",
        "office.toml:2: 300 calls take four ports each, and the 1000 of sip.rtp_ports are fewer; "
        "let sip.rtp_ports span 1200 ports, or let in fewer calls",
    ]
    assert doubts(tmp_path, "[limits]\ncalls = 250\n") == []


def test_pins_are_not_shown() -> None:
    assert not {"4711", "8642"} & {row.value.strip('"') for row in settings(read(SERVICES))}
    assert faults("[voicemail.101]\npin = 4711\n") == [
        "office.toml:2: voicemail.101.pin is of another kind; write a text in quotes"
    ]


def test_what_cannot_be_is_refused_with_its_line() -> None:
    assert set(
        faults(
            '[voicemail."1@2@3"]\n[queues.q]\nmembers = [{ target = "Ada" }]\n'
            '[conferences.menus.m]\n"1x" = "no_op"\n[conferences.menus.n]\n1 = "explode"\n'
            '[parking.p]\nplaces = "720-701"\n[voicemail.7]\nemail = "ada"\ntimezone = "Mars"\n'
        )
    ) == {
        'office.toml:1: "2@3" cannot be a name; use letters, digits and . _ - +',
        'office.toml:11: "ada" is no mail address; write it like "ada@example.com"',
        'office.toml:12: there is no time zone "Mars"; write a name such as "Europe/London"',
        'office.toml:3: "Ada" is nobody to call; write it as in Dial: SIP/201, FXS/101, Local/201@staff',
        'office.toml:5: "1x" cannot be keyed in a conference; use digits, * and #',
        'office.toml:7: keys in a conference cannot "explode"; known here: admin_kick_last, '
        "admin_toggle_conference_lock, admin_toggle_mute_participants, decrease_listening_volume, "
        "decrease_talking_volume, dialplan_exec, increase_listening_volume, increase_talking_volume, "
        "leave_conference, no_op, participant_count, playback, playback_and_continue, release_as_single_video_src, "
        "reset_listening_volume, reset_talking_volume, set_as_single_video_src, toggle_mute",
        'office.toml:9: "720-701" are no places; write first and last, such as "701-720", at most 1000',
    }


def test_two_lots_have_no_place_in_common() -> None:
    assert faults('[parking.default]\n[parking.night]\nplaces = "720-730"\n') == [
        "office.toml:3: place 720 of lot night is one of lot default already; give each lot places of its own"
    ]
    read('[parking.default]\n[parking.night]\nplaces = "720-730"\ncontext = "night"\n')


def test_tones_of_one_s_own_stand_on_a_country_s() -> None:
    config = read(
        '[office]\ntones = "moon"\n[tones.moon]\nlike = "de"\nringing = [400, 200]\ndial = "300/100,0/100"\n'
        'others = { noon = "600/50,0/50" }\n[tones.us]\nbusy = "500/250,0/250"\n'
    )
    zones = tone_zones(config.tones)
    moon = zones["moon"]
    assert (moon.ring, moon.tones["dial"], moon.law) == ((400, 200), "300/100,0/100", ZONES["de"].law)
    assert moon.tones["busy"] == ZONES["de"].tones["busy"] and moon.tone("noon").loop_from == 0
    assert zones["us"].tones["busy"] == "500/250,0/250" and zones["us"].ring == ZONES["us"].ring


def test_tones_that_are_none_are_refused() -> None:
    text = '[office]\ntones = "mon"\n[tones.moon]\nlike = "gb"\ndial = "loud"\n'
    name, like, dial = faults(text)
    assert name == 'office.toml:2: there are no tones "mon"; did you mean "moon"?'
    assert like.startswith('office.toml:4: the tones of "gb" are not known here; known here: ')
    assert dial.startswith("office.toml:5: ") and "loud" in dial


def test_folders_that_cannot_be_looked_into_are_told(tmp_path: Path) -> None:
    name = "x" * 300  # as root may look into any other
    text = f'dialplan = "{name}"\n[music.default]\nfolder = "{name}"\nfiles = ["{name}"]\n'
    assert faults(text) == [
        f"office.toml:1: there is no dialplan file /etc/office/{name}; "
        "name one that exists, or leave the line out for the built-in dialplan"
    ]
    told = doubts(tmp_path, f'[media]\nsounds = ["{name}"]\n{text.partition(chr(10))[2]}')
    assert [doubt.partition(name)[0] for doubt in told] == [
        "office.toml:2: there is no folder ",
        "office.toml:4: there is no folder ",
        "office.toml:5: there is no file ",
    ]


def test_a_class_of_music_without_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    text = '[music.default]\nfolder = "gone"\n[music.sales]\nfolder = "empty"\nfiles = ["a.wav"]\n'
    told = doubts(tmp_path, text)
    assert told[0] == "office.toml:2: there is no folder gone: the office's own music is heard; mend the path"
    assert told[1].startswith("office.toml:4: empty holds no sound file that can be played: the office's own music")
    assert told[2] == "office.toml:5: there is no file a.wav: it is passed over"


def test_a_lamp_s_mailbox_is_looked_for_where_there_are_some(tmp_path: Path) -> None:
    text = '[accounts.6001]\nsecret = "hunter2"\nmailbox = "6001@shop"\n'
    assert doubts(tmp_path, text) == []
    assert doubts(tmp_path, text + '[voicemail."6001@shops"]\n')[0] == (
        'office.toml:3: there is no mailbox "6001@shop"; did you mean "6001@shops"?'
    )


def test_the_numbers_of_a_lot_are_in_the_dialplan_with_a_hint_for_each_place(tmp_path: Path) -> None:
    lots = '[parking.default]\nextension = "700"\nhints = true\n'
    lots += '[parking.night]\nplaces = "801-802"\ncontext = "late"\n'
    parking = DOZEN + lots
    path = tmp_path / "office.toml"
    path.write_text(parking)
    _, builtin = load_office(path)
    (tmp_path / "extensions.conf").write_text("[office]\ninclude => parkedcalls\ninclude => late\n[from-pstn]\n")
    path.write_text('dialplan = "extensions.conf"\n' + parking)
    _, own = load_office(path)
    for plan in (builtin, own):
        found = [plan.find("office", number) for number in ("700", "720", "802")]
        assert [each and each.step.application for each in found] == ["Park", "ParkedCall", "ParkedCall"]
        hints = [each.hint for each in plan.contexts["parkedcalls"].extensions if each.hint]
        assert len(hints) == 20 and hints[0] == "park:701@parkedcalls"
        assert not any(each.hint for each in plan.contexts["late"].extensions)
    (tmp_path / "extensions.conf").write_text("[parkedcalls]\nexten => 700,1,NoOp()\n[office]\n[from-pstn]\n")
    with pytest.raises(ConfigError, match="700 has a priority 1 already"):
        load_office(path)


def test_what_who_may_do_by_keys_after_a_call_has_been_taken_back() -> None:
    made = parking_lots(read('[parking.p]\ntransfers = "both"\nreparking = "parked"\nto_parker = false\n').parking)
    both = {Feature.BLIND_TRANSFER, Feature.ATTENDED_TRANSFER}
    assert made["p"].caller_may == both and made["p"].parked_may == both | {Feature.PARK}
    assert made["p"].ring is None
