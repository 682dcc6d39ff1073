"""A configuration file is either taken whole or refused with every fault, its line and the mend."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.config import Config, load
from gateway.config.load import parse
from gateway.config.office import load_office
from gateway.core.errors import ConfigError

DOZEN = """\
[cards.main]
backend = "emulated"
modules = ["fxs", "fxs", "fxo"]
[phones.101]
port = 1
[phones.102]
port = 2
[lines.copper1]
port = 3
[accounts.6001]
secret = "hunter2"
"""


def faults(text: str, folder: Path = Path("/etc/office")) -> list[str]:
    """What is wrong with a text, as `copperline check` prints it."""
    with pytest.raises(ConfigError) as caught:
        parse(text, "office.toml", folder)
    return [str(fault) for fault in caught.value.faults]


def read(text: str, folder: Path = Path("/etc/office")) -> Config:
    return parse(text, "office.toml", folder)


def test_two_phones_a_line_and_an_account_fit_in_a_dozen_lines() -> None:
    config = read(DOZEN)
    assert len(DOZEN.splitlines()) <= 12
    assert config.phones["102"].port == 2
    assert config.card_of(config.lines["copper1"]) == "main"
    assert config.accounts["6001"].context == "office"
    assert [str(listener) for listener in config.sip.listen] == ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"]
    assert str(config.web.listen) == "127.0.0.1:8080"


def test_the_directory_tells_numbers_worth_knowing() -> None:
    config = read('[directory]\n600 = "echo"\n"9 + number" = "the public network"\n')
    assert config.directory == {"600": "echo", "9 + number": "the public network"}


def test_an_empty_file_is_an_office_with_nothing_in_it() -> None:
    assert read("").phones == {}


def test_paths_written_or_not_are_taken_from_the_folder_of_the_file() -> None:
    config = read("")
    assert config.media.prompts == Path("/etc/office/var/prompts")
    assert config.store.url == "sqlite:////etc/office/var/copperline.db"
    config = read('[store]\nurl = "sqlite:///calls.db"\n[media]\nprompts = "/srv/prompts"')
    assert config.media.prompts == Path("/srv/prompts")
    assert config.store.url == "sqlite:////etc/office/calls.db"


def test_the_configuration_cannot_be_changed() -> None:
    config = read(DOZEN)
    with pytest.raises(ValueError, match="frozen"):
        config.phones["101"].port = 7  # type: ignore[misc]  # that this is refused is the point
    with pytest.raises(TypeError):
        config.phones["103"] = config.phones["101"]  # type: ignore[index]  # as above


def test_three_faults_are_told_at_once_with_line_and_nearest_name() -> None:
    text = DOZEN.replace("port = 1", 'prot = 1\nport = "1"').replace('"emulated"', '"emulatd"')
    assert faults(text) == [
        'office.toml:2: cards.main.backend cannot be "emulatd"; did you mean "emulated"?',
        'office.toml:5: [phones.101] has no setting "prot"; did you mean "port"?',
        'office.toml:6: phones.101.port is "1"; write a whole number without quotes',
    ]


def test_faults_in_single_settings_do_not_hide_what_the_rest_tells_together() -> None:
    text = DOZEN.replace("[phones.102]\nport = 2", "[phones.102]\nport = 1") + "nane = 'x'\n"
    assert faults(text) == [
        "office.toml:7: port 1 of card main is phone 101's already; give phone 102 a port of its own",
        'office.toml:12: [accounts.6001] has no setting "nane"; did you mean "name"?',
    ]


def test_a_faulty_card_brings_no_faults_of_the_phones_on_it() -> None:
    assert faults(DOZEN.replace('"fxs", "fxs"', '"fxz", "fxs"')) == [
        'office.toml:3: cards.main.modules.0 cannot be "fxz"; did you mean "fxs"?'
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            '[office]\ndialplan = "a.conf"',
            '2: [office] has no setting "dialplan"; it stands at the top of the file, above the first table in [ ]',
        ),
        ('[tolls]\ncountry = "de"', '2: [tolls] has no setting "country"; it belongs below [office]'),
        ('timezone = "UTC"', '1: the top of the file has no setting "timezone"; it belongs below [office]'),
        ("[phnes.101]\nport = 1", '1: the top of the file has no setting "phnes"; did you mean "phones"?'),
        (
            'accounts.6001 = "hunter2"',
            "1: accounts.6001 is no table; write its name in [ ] on a line of its own, its settings below",
        ),
        ("phones = 3", "1: phones is no table; write its name in [ ] on a line of its own, its settings below"),
        ("\n[accounts.6001]\n", "2: [accounts.6001] does not say secret; write secret = … below [accounts.6001]"),
        ("[sip]\nlisten = 'udp:127.0.0.1:5060'", '2: sip.listen is "udp:127.0.0.1:5060"; write a list in [ ]'),
        (
            "[sip]\nlisten = [\n'udp:127.0.0.1:5060',\n'tcp:192.0.2:5060']",
            '4: "192.0.2" is not an IP address; write it like "udp:127.0.0.1:5060", or "udp:eth0:5060" '
            "where eth0 has an address",
        ),
        (
            "[sip]\nlisten = ['sctp:127.0.0.1:5061']",
            '2: "sctp:127.0.0.1:5061" does not begin with udp:, tcp:, tls:, ws: or wss:;'
            ' write it like "udp:127.0.0.1:5060", or "udp:eth0:5060" where eth0 has an address',
        ),
        (
            "[sip]\nlisten = []",
            "2: sip.listen is empty; write at least one character or entry, or leave the line out",
        ),
        ("[sip]\nlisten = [7]", "2: sip.listen.0 is 7; write a text in quotes"),
        (
            "[sip]\nrtp_ports = '20999-20000'",
            '2: "20999-20000" is not a rising range within 1024-65535; write it like "20000-20999"',
        ),
        ("sip.timers = { t1 = 0 }", "1: sip.timers.t1 is 0; write a number above 0"),
        ("sip.timers = { t1 = 0.1, t5 = 1 }", '1: [sip.timers] has no setting "t5"; known here: t1, t2, t4'),
        (
            "[web]\nlisten = '127.0.0.1'",
            '2: "127.0.0.1" is not an IP address and a port; write it like "127.0.0.1:8080"',
        ),
        ("[accounts.7]\npassword = 'x'", '2: [accounts.7] has no setting "password"; did you mean "secret"?'),
        ("[trunks.x]\nregistrar = 'x'", '2: [trunks.x] has no setting "registrar"; did you mean "servers"?'),
        ("[sip]\ncodecs = ['PCMU']", '2: sip.codecs.0 cannot be "PCMU"; did you mean "ulaw"?'),
        (
            "[office]\nnumbers = 'xx'",
            '2: "xx" is no country; write its ISO 3166 code, such as "gb"',
        ),
        ("[office]\noutside = '+'", '2: "+" has a plus, for which there is no key; use digits, * and #'),
        ("[media]\nrows = 5.5", "2: media.rows is 5.5; write a whole number without quotes"),
        ("[media]\nprompts = 7", "2: media.prompts is 7; write a file name in quotes"),
        (
            "[lines.a]\nport = 1\nhangup_on_polarity = 'yes'",
            '3: lines.a.hangup_on_polarity is "yes"; write true or false, without quotes',
        ),
        (
            "[office]\ntimezone = 'Europe/Lundon'",
            '2: there is no time zone "Europe/Lundon"; write a name such as "Europe/London"',
        ),
        (
            "[office]\ntimezone = '../../etc/passwd'",
            '2: there is no time zone "../../etc/passwd"; write a name such as "Europe/London"',
        ),
        (
            "[store]\nurl = 'postgres://office:Kupfer@db/calls'",
            '2: "postgres" is no database that is known here; write "sqlite:///FILE" or "postgresql://…"',
        ),
        (
            '[office]\nname = "a\\nb"',
            "2: a text holds control characters or is longer than 120; write it on one line, shorter",
        ),
    ],
)
def test_fault_in_a_setting(text: str, fault: str) -> None:
    assert f"office.toml:{fault}" in faults(text)


def test_a_phone_with_a_name_that_cannot_be_dialled_is_refused_at_its_table() -> None:
    assert faults(DOZEN.replace("phones.102", "phones.bob"))[0] == (
        'office.toml:6: "bob" is not a number that can be dialled; use up to 32 digits, * and #'
    )


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ('[a]\nb = "x\nc = 1', 2, "this is not TOML"),
        ("[a]\nb = 1\nb = 2\n", 3, "this setting stands here again"),
        ("[phones.101]\n[phones.102]\n[phones.101]\n", 3, "[phones.101] stands here again; make one of the two"),
        ("[a]\nb = '''\n\n", 2, "this is not TOML"),
        ("x = " + "[" * 20000, 0, "nested too deeply"),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(text: str, line: int, what: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(what)) as caught:
        parse(text, "office.toml", Path())
    assert [fault.line for fault in caught.value.faults] == [line]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    missing, binary, folder = tmp_path / "none.toml", tmp_path / "binary.toml", tmp_path
    binary.write_bytes(b"a = 1\nb = '\xff'\n")
    for path, what in [(missing, "no such file"), (binary, "2: is not UTF-8"), (folder, "is a directory")]:
        with pytest.raises(ConfigError, match=what):
            load(path)


def test_lines_are_right_in_a_file_from_windows(tmp_path: Path) -> None:
    (tmp_path / "office.toml").write_bytes(b"[sip]\r\nlisten = [\r\n'udp:x:1'\r\n]\r\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "office.toml")
    assert [fault.line for fault in caught.value.faults] == [3]


def test_a_wrong_secret_is_not_shown() -> None:
    assert "4711" not in "".join(faults("[accounts.6001]\nsecret = 4711"))
    assert "hunter2" not in repr(read(DOZEN))


def test_name_servers_need_no_port() -> None:
    config = read('[sip]\nname_servers = ["192.0.2.53", "[2001:db8::53]:5353", "2001:db8::1"]')
    assert [str(server) for server in config.sip.name_servers] == [
        "192.0.2.53:53",
        "[2001:db8::53]:5353",
        "[2001:db8::1]:53",
    ]
    assert 'write it like "192.0.2.53"' in faults('[sip]\nname_servers = ["dns.example.com"]')[0]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("", ""),
        ("203.0.113.5", "203.0.113.5"),
        ("2001:DB8::5", "2001:db8::5"),
        ("Office.Example.com", "office.example.com"),
    ],
)
def test_where_we_are_is_an_address_or_a_name(written: str, read_as: str) -> None:
    assert read(f'[sip]\nadvertised = "{written}"').sip.advertised == read_as


@pytest.mark.parametrize(
    "written", ["203.0.113.500", "an office", "-a.example", "office.example.com:5060", "a" * 64]
)
def test_where_we_are_is_nothing_else(written: str) -> None:
    (fault,) = faults(f'[sip]\nadvertised = "{written}"')
    assert f'"{written}" is neither an IP address nor a host name' in fault and "office.example.com" in fault


TRUNK = '[trunks.pstn]\nservers = ["127.0.0.1"]\nuser = "4711"\nsecret = "s3cret"\n'


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"127.0.0.1"', '"sip.example:99999"', '2: "sip.example:99999" has a port that there is not'),
        ('"127.0.0.1"', '"http://x"', '2: "http://x" names no server'),
        ('"127.0.0.1"', "", "2: trunks.pstn.servers is empty"),
        ('user = "4711"\n', "", "1: trunk pstn is to be registered, and does not say for whom"),
        (
            '"127.0.0.1"',
            '"192.0.2.9"',
            "2: 192.0.2.9 is not on this machine, and SIP listens to",
        ),
        ("[trunks", '[sip]\nlisten = ["udp:127.0.0.1:5060"]\n[trunks', ""),
        ('secret = "s3cret"', "challenge = true", "4: trunk pstn is to prove itself, and has no user and secret"),
        ('user = "4711"', 'user = "4711"\nsources = ["here"]', '4: "here" is no network'),
        (
            'user = "4711"',
            'user = "4711"\ncaller_out = [{ match = "[1", strip = 1 }]',
            "4: \"[1\" is no pattern: '[' without ']'",
        ),
        (
            'user = "4711"',
            'user = "4711"\ncaller_out = [{ match = "X.", stirp = 1 }]',
            'has no setting "stirp"; did you mean "strip"?',
        ),
        ('user = "4711"', 'user = "4711"\ncodecs = ["ulav"]', "did you mean"),
        ("trunks.pstn]", 'accounts.pstn]\nsecret = "x"\n[trunks.pstn]', "is the name of a trunk and of an account"),
    ],
)
def test_what_is_wrong_with_a_trunk_is_told(old: str, new: str, fault: str) -> None:
    assert old in TRUNK
    if not fault:
        read(TRUNK.replace(old, new))
        return
    (said,) = faults(TRUNK.replace(old, new))
    assert fault in said


def test_the_secret_of_a_trunk_is_in_no_fault() -> None:
    (said,) = faults(TRUNK.replace('"s3cret"', "[1]"))
    assert "s3cret" not in said and "trunks.pstn.secret" in said


def test_a_server_that_is_called_by_a_transport_not_listened_to_is_told() -> None:
    text = '[sip]\nlisten = ["udp:127.0.0.1:5060"]\n' + TRUNK.replace('"127.0.0.1"', '"tcp:127.0.0.1"')
    assert faults(text) == [
        'office.toml:4: tcp:127.0.0.1 is called by tcp, which is not listened to here; add "tcp:…" to sip.listen'
    ]


def test_a_country_is_taken_as_people_write_it() -> None:
    assert [read(f"[office]\ncountry = '{code}'").office.country for code in ("DE", "gb", "UK")] == [
        "de",
        "uk",
        "uk",
    ]
    assert [read(f"[office]\nnumbers = '{code}'").office.numbers for code in ("CA", "gb", "UK")] == [
        "ca",
        "gb",
        "gb",
    ]


def test_a_file_of_an_editor_that_marks_utf_8_is_read(tmp_path: Path) -> None:
    """With a byte order mark, as Windows writes it (RFC 3629 section 6); the dialplan, too."""
    (tmp_path / "office.toml").write_text('\ufeffdialplan = "extensions.conf"\n', encoding="utf-8")
    (tmp_path / "extensions.conf").write_text("\ufeff[office]\nexten => 1,1,Hangup()\n", encoding="utf-8")
    config, dialplan = load_office(tmp_path / "office.toml")
    assert config.dialplan is not None and list(dialplan.contexts) == ["office"]
