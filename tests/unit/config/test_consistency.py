"""What the tables of a configuration tell together is checked as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.office import load_office, setting_doubts
from gateway.core.codec import Encoding
from gateway.media.codec import libraries
from gateway.media.tone import ZONES
from tests.unit.config.test_load import DOZEN, faults, read


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "[phones.102]\nport = 2",
            "[phones.102]\nport = 1",
            "7: port 1 of card main is phone 101's already; give phone 102 a port of its own",
        ),
        (
            "port = 2",
            "port = 3",
            "7: phone 102 needs an FXS module, which feeds a telephone; port 3 of card main has an FXO module;"
            " ports with one: 1, 2",
        ),
        (
            "port = 3",
            "port = 2",
            "9: line copper1 needs an FXO module, which takes an exchange line; port 2 of card main has an FXS"
            " module; ports with one: 3",
        ),
        ("port = 3", "port = 4", "9: card main has no port 4; its ports are 1 to 3"),
        ("port = 3", 'port = 3\ncard = "mian"', '10: there is no card "mian"; did you mean "main"?'),
        (
            "accounts.6001",
            "accounts.101",
            "10: number 101 is used twice: by a phone and by an account; give one of them another number",
        ),
        (
            "lines.copper1",
            "lines.g1",
            '8: "g1" would be taken for a group of lines when dialled; give the line another name',
        ),
        (
            'modules = ["fxs", "fxs", "fxo"]',
            "",
            '1: the emulated card main has no modules; write modules = ["fxs", "fxo"] with one word for each port',
        ),
        ('"emulated"', '"dahdi"', "3: card main is a real one, which tells its modules itself; leave the line out"),
        (
            "[cards.main]",
            "[cards.other]\nbackend = 'dahdi'\n[cards.main]",
            "6: phone 101 does not say its card; one of: other, main",
        ),
        (
            "[cards.main]",
            '[web]\nlisten = "0.0.0.0:80"\n[cards.main]',
            "2: the web interface has no login and would be open to everybody who reaches 0.0.0.0:80;"
            " listen on 127.0.0.1 and reach it through an SSH tunnel",
        ),
        (
            "[cards.main]",
            '[web]\nlisten = "127.0.0.1:5060"\n[cards.main]',
            "2: 127.0.0.1:5060 is taken by SIP (tcp:127.0.0.1:5060); write another port",
        ),
        (
            "[cards.main]",
            '[sip]\nrtp_ports = "5000-6000"\n[cards.main]',
            "1: udp:127.0.0.1:5060 lies within the audio ports 5000-6000; move one of the two",
        ),
        (
            "[cards.main]",
            '[sip]\nlisten = ["udp:127.0.0.1:5060", "udp:127.0.0.1:5060"]\n[cards.main]',
            "2: udp:127.0.0.1:5060 is taken by udp:127.0.0.1:5060 already; leave one out",
        ),
        (
            "[cards.main]",
            '[sip]\nlisten = ["udp:0.0.0.0:5060"]\n[cards.main]',
            "2: udp:0.0.0.0:5060 is no address that a telephone can be told to send its audio to;"
            " write this machine's own address, one line for each",
        ),
        (
            "[cards.main]",
            "[office]\ncountry = 'IE'\n[cards.main]",
            '2: the tones of country "ie" are not known here; take the country that is most alike, and write'
            ' numbers = "ie" below it',
        ),
        (
            "[cards.main]",
            "[office]\ncountry = 'atlantis'\n[cards.main]",
            f'2: the tones of country "atlantis" are not known here; known here: {", ".join(sorted(ZONES))}',
        ),
        (
            "port = 3",
            'port = 3\ncontext = "office"',
            "10: calls that come in on line copper1 could go out again: phones share its context office;"
            " give lines a context of their own, or write a dialplan",
        ),
        (
            "[cards.main]",
            "[sip]\nmin_expires = 3601\n[cards.main]",
            "2: min_expires 3601 is above max_expires 3600; write a smaller one",
        ),
        (
            "[cards.main]",
            '[office]\nanswers = ["101", "103"]\n[cards.main]',
            '2: no telephone and no account is called "103"; did you mean "102"?',
        ),
    ],
)
def test_tables_that_do_not_fit_together(old: str, new: str, fault: str) -> None:
    assert old in DOZEN
    assert f"office.toml:{fault}" in faults(DOZEN.replace(old, new, 1))


@pytest.mark.parametrize(
    ("table", "path"),
    [
        ("[sip]\n", "2: "),
        ('[accounts.6001]\nsecret = "copper-6001"\n', "3: "),
        ('[trunks.far]\nservers = ["udp:127.0.0.2"]\nregisters = false\n', "4: "),
    ],
)
def test_a_codec_whose_library_is_missing_is_named_with_what_to_install(
    table: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f'{table}codecs = ["ulaw", "g729"]\n'
    assert read(text)
    monkeypatch.setattr(libraries, "_PACKAGES", {Encoding.G729: ("libnowhere.so.9", "libbcg729-0")})
    libraries._library.cache_clear()
    found = faults(text)
    libraries._library.cache_clear()
    assert found[0].startswith(f"office.toml:{path}")
    assert "needs libnowhere.so.9, which is not installed; apt-get install libbcg729-0, or" in found[0]


def test_phones_without_any_card() -> None:
    assert faults("[phones.101]\nport = 1") == [
        "office.toml:1: phone 101 is on a card, and there is none; add a table [cards.main] with a backend"
    ]


def test_the_dialplan_must_exist(tmp_path: Path) -> None:
    text = 'dialplan = "extensions.conf"\n' + DOZEN
    assert "there is no dialplan file" in faults(text, tmp_path)[0]
    (tmp_path / "extensions.conf").write_text("[office]\n")
    assert read(text, tmp_path).dialplan == tmp_path / "extensions.conf"


def test_an_account_for_tls_alone_needs_tls_to_be_listened_to(tmp_path: Path) -> None:
    text = '[sip]\nlisten = ["udp:127.0.0.1:5060"]\n[accounts.6001]\nsecret = "x"\ntls = true\n'
    assert "account 6001 is for TLS alone" in faults(text, tmp_path)[0]


def test_a_trunk_that_proves_itself_needs_a_secret_that_is_not_guessed() -> None:
    text = (
        '[sip]\nlisten = ["udp:192.0.2.1:5060"]\n[trunks.branch]\nservers = ["192.0.2.9"]\n'
        'user = "branch"\nsecret = "branch-1"\nchallenge = true\n'
    )
    assert "trunk branch proves itself is easily guessed" in faults(text)[0]


@pytest.mark.parametrize("secret", ["1234", "password123", "aaaaaaaaaaaaaa", "office-6001-x", "0123456789"])
def test_a_weak_secret_is_refused_where_sip_is_open_to_the_network(secret: str) -> None:
    text = f'[sip]\nlisten = ["udp:192.0.2.1:5060"]\n[accounts.6001]\nsecret = "{secret}"\n'
    assert "easily guessed" in faults(text)[0]
    assert secret not in faults(text)[0].replace("account 6001", "")
    assert read(text.replace("192.0.2.1", "127.0.0.1")).accounts["6001"].secret == secret


def test_a_strong_secret_is_taken_where_sip_is_open_to_the_network() -> None:
    read('[sip]\nlisten = ["udp:[2001:db8::1]:5060"]\n[accounts.6001]\nsecret = "wq8-Zr4mTx1p"\n')


def test_keys_that_anybody_can_read_are_worth_a_doubt(tmp_path: Path) -> None:
    path = tmp_path / "office.toml"
    path.write_text(
        '[accounts.6001]\nsecret = "copper-6001"\nmedia_encryption = "required"\n'
        '[trunks.far]\nservers = ["udp:127.0.0.2"]\nregisters = false\nmedia_encryption = "required"\n'
        '[trunks.good]\nservers = ["tls:127.0.0.2"]\nregisters = false\nmedia_encryption = "required"\n'
    )
    config, dialplan = load_office(path)
    assert [str(doubt).removeprefix(f"{tmp_path}/") for doubt in setting_doubts(path, config, dialplan)] == [
        "office.toml:3: audio of account 6001 must be encrypted, and over tcp anybody can read its keys;"
        " have its telephones use TLS",
        "office.toml:7: audio of trunk far must be encrypted, and without TLS anybody can read its keys;"
        ' write its servers as "tls:…", or leave the encryption out',
    ]


FORGEABLE = """
[sip]
listen = ["udp:192.0.2.1:5060", "tcp:192.0.2.1:5060"]
[trunks.far]
servers = ["{server}"]
registers = false
context = "{context}"
{more}
[tolls]
onward = ["disa"]
"""
OUT_AGAIN = """
[disa]
exten => _9X.,1,Dial(SIP/${EXTEN:1}@far)
[from-pstn]
exten => _9X.,1,Dial(SIP/${EXTEN:1}@far)
"""


@pytest.mark.parametrize(
    ("server", "context", "more", "told"),
    [
        ("udp:192.0.2.9", "disa", "", True),
        ("sip.example.com", "disa", "", True),
        ("tcp:192.0.2.9", "disa", "", False),
        ("udp:127.0.0.9", "disa", "", False),
        ("udp:192.0.2.9", "from-pstn", "", False),  # [tolls] refuses what is dialled there
        ("udp:192.0.2.9", "disa", 'challenge = true\nuser = "far"\nsecret = "wq8-Zr4mTx1p"', False),
    ],
)
def test_a_trunk_that_can_be_forged_and_leads_out_is_worth_a_doubt(
    tmp_path: Path, server: str, context: str, more: str, told: bool
) -> None:
    path = tmp_path / "office.toml"
    head = 'dialplan = "extensions.conf"\n'
    path.write_text(head + FORGEABLE.format(server=server, context=context, more=more))
    path.chmod(0o600)
    (tmp_path / "extensions.conf").write_text(OUT_AGAIN)
    config, dialplan = load_office(path)
    assert [str(doubt).removeprefix(f"{tmp_path}/") for doubt in setting_doubts(path, config, dialplan)] == [
        "office.toml:6: trunk far is known by its address, which anybody can forge over UDP, and its calls reach "
        'SIP/…@far; write challenge = true, or its servers as "tls:…"'
    ] * told
