"""An Asterisk office moves in: what is carried, what is told to have been left behind, and that all of it loads."""

from __future__ import annotations

import shutil
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.asterisk import Imported, read_directory
from gateway.asterisk.draft import Draft
from gateway.asterisk.plan import access_digits, additions, dialplan_files, parks
from gateway.cli import main
from gateway.config import Config, load_office
from gateway.core.errors import LocalError
from tests.unit.asterisk.directory import ADDRESS, OFFICES, Moved, move_in

OFFICE = OFFICES / "office"


@pytest.fixture(scope="module")
def imported() -> Imported:
    return read_directory(OFFICE, ADDRESS)


@pytest.fixture(scope="module")
def config(imported: Imported, tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder = tmp_path_factory.mktemp("office")
    for name, text in imported.files.items():
        (folder / name).write_text(text)
    return load_office(folder / "office.toml")[0]


def left(imported: Imported, file: str) -> list[str]:
    return [str(fault).removeprefix(f"{file}:") for fault in imported.left if fault.file == file]


def test_endpoints_with_an_auth_are_accounts(config: Config) -> None:
    counter = config.accounts["201"]
    assert (counter.secret, counter.name, counter.context) == ("Kupfer-Draht-eins", "Counter", "staff")
    assert (counter.contacts, counter.codecs) == (2, ("alaw", "ulaw"))
    assert config.accounts["301"].name == "Gate"
    assert len(config.accounts["203"].secret) >= 16, "a new one, where Asterisk asked for none"


def test_endpoints_that_register_or_have_an_address_are_trunks(config: Config) -> None:
    provider = config.trunks["line-out"]
    assert [str(server) for server in provider.servers] == ["registrar.example.net"]
    assert (provider.user, provider.auth_user, provider.secret) == ("4930555", "shop-login", "Very/Secret;Word")
    assert (provider.registers, provider.expires, provider.qualify) == (True, 1800, 60)
    assert (provider.from_user, provider.codecs, provider.context) == ("4930555", ("alaw",), "from-provider")
    branch = config.trunks["branch"]
    assert [str(server) for server in branch.servers] == ["198.51.100.7:5080"]
    assert not branch.registers and [str(source) for source in branch.sources] == ["198.51.100.0/28"]
    old = config.trunks["old-provider"]
    assert (old.registers, old.user, old.secret) == (True, "oldshop", "Another-Secret")


def test_channels_are_telephones_and_lines_with_what_stands_above_them(config: Config) -> None:
    assert {number: (phone.port, phone.name) for number, phone in config.phones.items()} == {
        "211": (1, "Bench"),
        "212": (2, "Yard"),
        "1003": (3, ""),
    }
    assert [(name, line.port, line.group) for name, line in config.lines.items()] == [
        ("line5", 5, 1),
        ("line6", 6, 1),
    ]
    line = config.lines["line5"]
    assert line.receive_gain == config.phones["211"].receive_gain == 2.5
    assert (line.hangup_on_polarity, line.hangup_on_tone, line.caller_id) == (True, 4, "v23")
    assert config.cards["main"].backend == "dahdi" and config.office.country == "de"


def test_digital_channels_are_spans(config: Config) -> None:
    (span,) = config.spans.values()
    assert (span.backend, span.span, span.kind, span.side, span.dialect) == ("dahdi", 2, "t1", "user", "ni2")
    assert span.slots == tuple(range(1, 16)) and span.group == config.lines["line5"].group
    assert span.first_channel == 9, "so that DAHDI/9 to DAHDI/23 are its channels"


PLAN = "[default]\nexten => 1,1,Hangup()\n[from-pbx]\nexten => 1,1,Hangup()\n"


def test_two_e1_in_one_line_are_two_spans_with_what_is_said_of_them(tmp_path: Path) -> None:
    said = (
        "switchtype=euroisdn", "signalling=pri_net", "group=3", "context=from-pbx", "pridialplan=national",
        "nationalprefix=0", "internationalprefix=00", "overlapdial=yes", "inbanddisconnect=yes", "priexclusive=yes",
        "channel => 1-15,17-31,32-46,48-62",
    )  # fmt: skip
    moved = move_in(tmp_path, chan_dahdi="\n".join(["[channels]", *said]), extensions=PLAN)
    spans = moved.config.spans
    assert {name: (span.span, len(span.slots)) for name, span in spans.items()} == {
        "e1span1": (1, 30),
        "e1span2": (2, 30),
    }
    span = spans["e1span2"]
    assert (span.kind, span.side, span.dialect, span.group, span.context) == (
        "e1",
        "network",
        "etsi",
        3,
        "from-pbx",
    )
    assert (span.called_type, span.national_prefix, span.international_prefix) == ("national", "0", "00")
    assert (span.sending, span.exclusive, span.announcements) == ("overlap", True, True)
    assert [line.partition(";")[0] for line in moved.left("chan_dahdi.conf")] == [
        "12: the channels from 1 on are taken for those of span 1",
        "12: the channels from 32 on are taken for those of span 2",
    ]
    assert [each.first_channel for each in spans.values()] == [1, 32]


BETWEEN = """\
[channels]
switchtype=euroisdn
signalling=pri_cpe
context=from-pbx
group=2
channel => 1-15,17-31,36-50,52-66
signalling=fxs_ks
group=1
channel => 32-35
"""
"""Two E1, and a card with four lines between them."""


def spans_of(moved: Moved) -> dict[str, tuple[int, int, int]]:
    """Number, first channel and B channels of each span."""
    return {name: (span.span, span.first_channel, len(span.slots)) for name, span in moved.config.spans.items()}


def test_ports_between_two_spans_are_a_card_between_them(tmp_path: Path) -> None:
    moved = move_in(tmp_path, chan_dahdi=BETWEEN, extensions=PLAN)
    assert spans_of(moved) == {"e1span1": (1, 1, 30), "e1span3": (3, 36, 30)}
    assert [line.partition(";")[0] for line in moved.left("chan_dahdi.conf")] == [
        "6: the channels from 1 on are taken for those of span 1",
        "6: the channels from 36 on are taken for those of span 3",
    ]


def test_what_the_machines_own_file_says_of_spans_is_no_guess(tmp_path: Path) -> None:
    said = BETWEEN.replace("36-50,52-66", "40-54,56-70")
    system = """\
span=1,1,0,ccs,hdb3,crc4
span = 4,2,0,ccs,hdb3   # behind two cards of ports
bchan=1-15,17-31
dchan=16
fxsks=32-35
echocanceller=mg2,1-15,17-31
bchan=40-54,56-70
dchan=55
"""
    moved = move_in(tmp_path, chan_dahdi=said, extensions=PLAN, system=system)
    assert spans_of(moved) == {"e1span1": (1, 1, 30), "e1span4": (4, 40, 30)}
    assert moved.left("chan_dahdi.conf") == moved.left("system.conf") == []


def test_basic_accesses_before_a_span_are_counted(tmp_path: Path) -> None:
    system = "span=1,1,0,ccs,ami\nspan=2,0,0,ccs,hdb3\nbchan=1-2,4-18,20-34\nhardhdlc=3\ndchan=19\n"
    said = BETWEEN.replace("1-15,17-31,36-50,52-66", "4-18,20-34").replace("32-35", "40")
    moved = move_in(tmp_path, chan_dahdi=said, extensions=PLAN, system=system)
    assert spans_of(moved) == {"e1span2": (2, 4, 30)}
    assert moved.left("chan_dahdi.conf") == []


@pytest.mark.parametrize(
    "system", ["span=1,1,0,odd,hdb3\nbchan=1-15", "span=x,1\nspan=\n=\nbchan=9999999999-", "\0\xff"]
)
def test_a_file_of_the_machine_that_tells_nothing_leaves_it_a_guess(tmp_path: Path, system: str) -> None:
    moved = move_in(tmp_path, chan_dahdi=BETWEEN, extensions=PLAN, system=system)
    assert spans_of(moved) == {"e1span1": (1, 1, 30), "e1span3": (3, 36, 30)}


def test_a_span_named_by_two_lines_goes_by_the_first_and_says_so(tmp_path: Path) -> None:
    said = BETWEEN.replace("1-15,17-31,36-50,52-66", "1-15\ngroup=3\nchannel => 17-31")
    moved = move_in(tmp_path, chan_dahdi=said, extensions=PLAN)
    (span,) = moved.config.spans.values()
    assert (span.group, len(span.slots)) == (2, 30)
    assert moved.left("chan_dahdi.conf")[1] == (
        "8: these channels are of span 1, which goes by what line 6 has; a span has one context and group here"
    )


def test_a_switch_that_is_not_known_is_told(tmp_path: Path) -> None:
    said = "[channels]\nswitchtype=4ess\nsignalling=pri_cpe\nchannel => 1-23\n"
    moved = move_in(tmp_path, chan_dahdi=said, extensions=PLAN)
    span = moved.config.spans["t1span1"]
    assert span.dialect == "ni2" and len(span.slots) == 23
    assert "4: switchtype 4ess is not known here, and ni2 is taken; ask for National ISDN" in moved.left(
        "chan_dahdi.conf"
    )


def test_every_line_that_is_left_behind_is_told_with_its_file(imported: Imported) -> None:
    assert left(imported, "chan_dahdi.conf") == [
        "16: the telephone on channel 3 is 1003 for now: its caller ID has no number; give it its number",
        "28: the channels from 9 on are taken for those of span 2; compare `copperline ports`, "
        "or put DAHDI's system.conf beside this file",
    ]
    pjsip = left(imported, "pjsip.conf")
    assert (
        "46: account 202 logs in as 202, and no longer as shop202; change the user name in the telephone" in pjsip
    )
    assert len([line for line in pjsip if "device_state_busy_at" in line]) == 1, "a template's line is told once"
    assert "53: account 203 has no secret; a new one stands in office.toml; write it into the telephone" in pjsip
    assert any("pbx.example.org, a name" in line for line in pjsip)
    assert left(imported, "voicemail.conf") == []
    assert left(imported, "confbridge.conf") == []


def test_the_digit_for_an_outside_line_is_known(config: Config) -> None:
    """`ignorepat => 0`: help that is dialled behind it is help."""
    assert config.tolls.access == ("0",)


def test_no_secret_is_told(imported: Imported) -> None:
    report = "\n".join(map(str, imported.left))
    for secret in ("Kupfer", "Very/Secret", "Another-Secret", "Old-Phone", "4711", "8642"):
        assert secret not in report


def test_a_secret_that_is_easily_guessed_is_renewed_on_a_network_alone(imported: Imported, config: Config) -> None:
    assert config.accounts["202"].secret != "Kupfer-Draht-202" and len(config.accounts["202"].secret) >= 16
    assert any("the secret of account 202 was easily guessed" in str(fault) for fault in imported.left)


def test_a_step_that_cannot_be_carried_out_does_nothing_and_lines_keep_their_numbers(imported: Imported) -> None:
    before = (OFFICE / "extensions.conf").read_text().splitlines()
    after = imported.files["extensions.conf"].splitlines()
    changed = {number for number, (old, new) in enumerate(zip(before, after, strict=False), 1) if old != new}
    assert changed == {12, 15}
    assert after[11] == " same => n,NoOp(not carried over) ;  same => n,MeetMe(299)".replace(";  ", "; ")
    assert left(imported, "extensions.conf")[1].startswith("12: the application MeetMe of Asterisk is not built in")
    doubted = [str(fault) for fault in imported.doubts]
    voicemail = "VoiceMailMain: the office has no voicemail; the caller is told so and the script goes on"
    assert f"extensions.conf:14: {voicemail}" in doubted
    assert imported.files["incoming.conf"] == (OFFICE / "incoming.conf").read_text()


def test_a_context_that_nobody_wrote_is_there_and_empty(imported: Imported) -> None:
    assert "\n[from-branch]\n" in imported.files["extensions.conf"]
    assert left(imported, "extensions.conf")[0].startswith(" context from-branch is named by")


def test_trunks_want_an_address_and_a_directory_something_to_read(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"Trunks are reached over a network \(line-out, branch, old-provider\)"):
        read_directory(OFFICE)
    with pytest.raises(LocalError, match="holds no Asterisk configuration"):
        read_directory(tmp_path)
    with pytest.raises(LocalError, match=r"gone is no directory; name the one that holds pjsip.conf"):
        read_directory(tmp_path / "gone")


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "pbx.example.org", "192.0.2.10:5060"])
def test_an_address_is_one_that_telephones_can_be_told(address: str) -> None:
    with pytest.raises(LocalError, match=r"is not an address of this machine; write one such as 192\.0\.2\.10"):
        read_directory(OFFICE, address)


def test_an_address_of_ipv6_is_taken(tmp_path: Path) -> None:
    moved = move_in(tmp_path, address="2001:db8::10", sip="[general]\nbindaddr=::\n")
    assert [str(each) for each in moved.config.sip.listen] == ["udp:[2001:db8::10]:5060"]


def test_one_file_alone_is_an_office(tmp_path: Path) -> None:
    (tmp_path / "extensions.conf").write_text("[default]\nexten => 1,1,NoSuchThing()\nbroken line\n")
    imported = read_directory(tmp_path)
    assert imported.files["extensions.conf"].splitlines() == [
        "[default]",
        "exten => 1,1,NoOp(not carried over) ; exten => 1,1,NoSuchThing()",
        "; not carried over: broken line",
    ]
    assert [fault.line for fault in imported.left] == [2, 3]


def test_the_command_writes_what_check_passes_and_nothing_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "mine"
    words = ["import", str(OFFICE), "--to", str(to), "--address", ADDRESS]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "\nCalls abroad and to premium numbers are shut until [tolls] opens them.\n" in told
    assert (
        "pjsip.conf:11: the certificate /etc/asterisk/keys/shop.pem of a TLS transport is not on this machine"
        in told
        and "import-report.txt" in told
    )
    assert stat.S_IMODE((to / "office.toml").stat().st_mode) == 0o600
    assert main(["check", str(to / "office.toml")]) == 0
    assert "no faults" in capsys.readouterr().out
    assert main(words) == 1
    assert capsys.readouterr().err == f"{to}/extensions.conf is there already; name another folder with --to\n"


def test_what_cannot_be_here_is_left_out_and_told_and_the_rest_moves_in(tmp_path: Path) -> None:
    (tmp_path / "pjsip.conf").write_text(
        "[we ird]\ntype=endpoint\nauth=we ird\ncontext=staff\n[we ird]\ntype=auth\npassword=Secret-of-none\n"
        '[201]\ntype=endpoint\nauth=201\ncontext=staff\ncallerid="' + "x" * 200 + '" <201>\n'
        "[201]\ntype=auth\npassword=Kupfer-Draht-eins\n"
        "[out]\ntype=endpoint\naors=out\n[out]\ntype=aor\ncontact=sip:${HOST}\n"
    )
    (tmp_path / "chan_dahdi.conf").write_text("[channels]\nsignalling=fxs_ks\ncontext=bad name\nchannel=>70000\n")
    imported = read_directory(tmp_path, ADDRESS)
    (tmp_path / "ours").mkdir()
    for name, text in imported.files.items():
        (tmp_path / "ours" / name).write_text(text)
    config, _ = load_office(tmp_path / "ours" / "office.toml")
    assert list(config.accounts) == ["201"] and config.accounts["201"].name == ""
    assert not config.trunks and not config.lines
    told = "\n".join(map(str, imported.left))
    assert '"we ird" cannot be a name, and is left out' in told
    assert '"${HOST}" names no server, and is left out' in told
    assert "Kupfer" not in told and "Secret-of-none" not in told


def test_a_password_in_a_dial_is_carried_and_not_told(tmp_path: Path) -> None:
    dial = "exten => 1,1,Dial(SIP/4711:Kupfer@far.example.com/1&PJSIP/gone/sip:200@far.example.com,20)"
    (tmp_path / "extensions.conf").write_text(f"[default]\n{dial}\n")
    imported = read_directory(tmp_path)
    assert "4711:Kupfer@" in imported.files["extensions.conf"]
    told = "\n".join(left(imported, "extensions.conf"))
    assert "SIP/4711@far.example.com/1 dials no trunk" in told and "sip:200@far" in told and "Kupfer" not in told


JUNK = st.text(alphabet='[]=>;,"(){}$#!@/&\n ax1-\\\x00\x7f\u2028é', max_size=8)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_a_damaged_directory_moves_in_or_is_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    office = data.draw(st.sampled_from(sorted(path for path in OFFICES.iterdir() if path.is_dir())))
    shutil.copytree(office, folder, dirs_exist_ok=True)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in data.draw(st.lists(st.sampled_from(files), min_size=1, max_size=8, unique=True)):
        text = path.read_text()
        for at in data.draw(st.lists(st.integers(0, len(text)), max_size=5)):
            text = text[:at] + data.draw(JUNK) + text[at + data.draw(st.integers(0, 20)) :]
        path.write_text(text)
    try:
        imported = read_directory(folder, ADDRESS)
    except LocalError as error:
        assert str(error)
    else:
        assert Moved(imported, tmp_path_factory.mktemp("ours")).config is not None


def test_a_country_is_taken_where_no_file_tells_one(tmp_path: Path) -> None:
    (tmp_path / "extensions.conf").write_text("[default]\nexten => 1,1,Hangup()\n")
    imported = read_directory(tmp_path, country="de")
    assert 'country = "de"' in imported.files["office.toml"]
    assert left(imported, "office.toml") == [
        " no indications.conf tells the country: de is taken, for tones and for what may be called; "
        "write another as country in [office]"
    ]
    (tmp_path / "indications.conf").write_text("[general]\ncountry=fr\n")
    assert 'country = "fr"' in read_directory(tmp_path, country="de").files["office.toml"]
    with pytest.raises(LocalError, match='"zz" is no country; write its ISO 3166 code, such as "de"'):
        read_directory(tmp_path, country="zz")


@pytest.mark.parametrize(
    ("country", "indications", "office"),
    [
        ("GB", "", {"country": "uk"}),
        ("ca", "", {"numbers": "ca"}),
        ("de", "[general]\ncountry=gb\n", {"country": "uk"}),
        ("de", "[general]\ncountry=ie\n", {"numbers": "ie"}),
        ("de", "[general]\ncountry=ie\n[ie]\ndial=425\n", {"numbers": "ie", "tones": "ie"}),
    ],
)
def test_numbers_are_those_of_the_country_also_where_its_tones_are_not_known(
    tmp_path: Path, country: str, indications: str, office: dict[str, str]
) -> None:
    (tmp_path / "extensions.conf").write_text("[default]\nexten => 1,1,Hangup()\n")
    if indications:
        (tmp_path / "indications.conf").write_text(indications)
    made = Moved(read_directory(tmp_path, country=country), tmp_path / "ours").config.office
    assert made.model_dump(include={"country", "numbers", "tones"}, exclude_defaults=True) == office


def test_an_office_of_many_lines_is_read_in_no_time(tmp_path: Path) -> None:
    plan = "".join(f"exten => {number},1,Dial(Local/1@default)\n" for number in range(4000))
    (tmp_path / "extensions.conf").write_text(f"[default]\n{plan}[brackets\n" + "\n" * 20_000)
    began = time.process_time()
    files = dialplan_files(
        lambda name: (tmp_path / name).read_text(), lambda pattern: [str(found) for found in tmp_path.glob(pattern)]
    )
    draft = Draft(tables={"accounts": {"1": {"context": "default"}}})
    assert not parks(files) and access_digits(files) == [] and "imported-pickup" in additions(files, draft)
    assert time.process_time() - began < 1


def test_what_is_the_same_of_many_lines_is_shown_once_and_stands_in_the_report_each_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = "".join(f"exten => {number},1,VoiceMail({number})\n" for number in range(9))
    (tmp_path / "extensions.conf").write_text(f"[default]\n{steps}")
    assert main(["import", str(tmp_path), "--to", str(tmp_path / "ours"), "--country", "de"]) == 0
    sentence = "VoiceMail: the office has no voicemail; the caller is told so and the script goes on"
    told = capsys.readouterr().out
    assert told.count(sentence) == 1 and f"extensions.conf:2: {sentence} (and 8 more)\n" in told
    assert (tmp_path / "ours" / "import-report.txt").read_text().count(sentence) == 9


def test_a_file_that_is_no_text_is_told_once_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "extensions.conf").write_bytes(bytes(range(256)) * 99)
    with pytest.raises(LocalError, match=r"^extensions\.conf cannot be read: it is no text$"):
        read_directory(tmp_path, ADDRESS)


def test_passwords_on_lines_that_say_nothing_are_not_told(tmp_path: Path) -> None:
    auth = "[6001]\ntype=auth\nsecret hunter2\nhunter2\n6001 = hunter2\nuserpwd = hunter2\n"
    auth += "refresh_token = hunter2\nlanguagee = de\n"
    told = move_in(tmp_path, pjsip=auth).left("pjsip.conf")
    assert told[0].startswith("3: 'secret…' is neither") and "languagee = de" in " ".join(told)
    assert "hunter2" not in " ".join(told)


def test_the_folder_that_one_is_in_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "asterisk").mkdir()
    (tmp_path / "asterisk" / "extensions.conf").write_text("[default]\nexten => 1,1,Hangup()\n")
    monkeypatch.chdir(tmp_path / "asterisk")
    assert read_directory(Path()).files["office.toml"].startswith("# Made from asterisk by copperline import.")


def test_who_wants_remote_party_ids_is_told_what_is_sent_instead(tmp_path: Path) -> None:
    (told,) = move_in(
        tmp_path, pjsip="[t]\ntype=endpoint\naors=t\nsend_rpid=yes\n[t]\ntype=aor\ncontact=sip:a.example\n"
    ).left("pjsip.conf")
    assert told.startswith("4: send_rpid = yes of endpoint t") and "P-Asserted-Identity" in told
