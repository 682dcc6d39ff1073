"""pjsip.conf, pjsip_wizard.conf, sip.conf: who becomes an account, who a trunk, and with what."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.asterisk import read_directory
from tests.support.tls import Authority
from tests.unit.asterisk.directory import ADDRESS, OFFICES, Moved, move_in


@pytest.fixture(scope="module")
def trunks(tmp_path_factory: pytest.TempPathFactory) -> Moved:
    return Moved(read_directory(OFFICES / "trunks", ADDRESS), tmp_path_factory.mktemp("trunks"))


@pytest.fixture(scope="module")
def dahdi(tmp_path_factory: pytest.TempPathFactory) -> Moved:
    return Moved(read_directory(OFFICES / "dahdi", ADDRESS), tmp_path_factory.mktemp("dahdi"))


def test_a_registration_finds_its_endpoint_and_brings_realm_proxy_and_domain(trunks: Moved) -> None:
    itsp = trunks.config.trunks["itsp"]
    assert [str(server) for server in itsp.servers] == ["registrar.itsp.example:5080"]
    assert (itsp.registers, itsp.expires, itsp.domain) == (True, 300, "itsp.example")
    assert (itsp.user, itsp.auth_user, itsp.secret) == ("49305550", "login-4711", "Itsp;Secret")
    assert (str(itsp.proxy), itsp.realm) == ("edge.itsp.example", "itsp.example")
    assert (itsp.from_user, itsp.from_domain, itsp.codecs) == ("49305550", "itsp.example", ("alaw", "g722"))


def test_a_carrier_by_addresses_keeps_all_of_them(trunks: Moved) -> None:
    carrier = trunks.config.trunks["carrier"]
    assert [str(server) for server in carrier.servers] == ["198.51.100.10:5060", "198.51.100.11:5060"]
    assert [str(source) for source in carrier.sources] == [
        "198.51.100.10/32",
        "198.51.100.11/32",
        "198.51.100.64/27",
    ]
    inbound = trunks.config.trunks["inbound-only"]
    assert [str(server) for server in inbound.servers] == ["203.0.113.77"]


def test_an_endpoint_with_an_auth_at_a_fixed_address_must_prove_itself(trunks: Moved) -> None:
    box = trunks.config.trunks["box"]
    assert (str(box.servers[0]), box.user, box.challenge) == ("tcp:192.0.2.44:5070", "box", True)
    assert box.media_encryption == "optional"
    assert [str(each) for each in trunks.config.sip.listen] == [f"udp:{ADDRESS}:5060", f"tcp:{ADDRESS}:5060"]


def test_wizards_are_telephones_and_trunks_with_their_hints(trunks: Moved) -> None:
    account = trunks.config.accounts["201"]
    assert (account.name, account.context, account.contacts) == ("Ada", "staff", 3)
    assert account.codecs == ("g722", "alaw")
    backup = trunks.config.trunks["backup-carrier"]
    assert [str(server) for server in backup.servers] == ["sip1.backup.example:5070", "sip2.backup.example"]
    assert (backup.registers, backup.user, backup.expires) == (True, "backup-user", 120)
    hints = [each.hint for each in trunks.dialplan.contexts["staff"].extensions if each.hint]
    assert hints == ["PJSIP/201"]


def test_a_registration_of_nobody_and_a_certificate_elsewhere_are_told(trunks: Moved) -> None:
    told = trunks.left("pjsip.conf")
    assert any(line.startswith("65: registration lost belongs to no endpoint") for line in told), told
    assert told[0].startswith("4: the certificate /nowhere/pbx.pem of a TLS transport is not on this machine")
    assert trunks.config.sip.realm == "pbx.example.org"


def test_a_tls_transport_moves_in_with_its_files(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    chain = Authority(tmp_path / "keys").certificate("pbx.example.org").chain
    moved = move_in(
        tmp_path,
        pjsip=f"[t]\ntype=transport\nprotocol=tls\nbind=0.0.0.0:5061\ncert_file={chain}\nverify_client=yes\n"
        "[u]\ntype=transport\nprotocol=udp\nbind=0.0.0.0\n",
        extensions="[staff]\n",
    )
    assert [str(each) for each in moved.config.sip.listen] == [f"tls:{ADDRESS}:5061", f"udp:{ADDRESS}:5060"]
    assert (moved.config.sip.tls.certificate, moved.config.sip.tls.clients) == (chain, "asked")


def test_groups_mailboxes_networks_and_encryption_of_an_account(dahdi: Moved) -> None:
    lab, sales = dahdi.config.accounts["310"], dahdi.config.accounts["311"]
    assert (lab.name, lab.calls, lab.mailbox) == ("Lab", 2, "310")
    assert (lab.call_groups, lab.pickup_groups) == (("1",), ("1",))
    assert [str(network) for network in lab.permit] == ["192.168.0.0/16"]
    assert sales.permit == () and sales.media_encryption == "required"


def test_keys_as_info_and_flows_with_a_registrar_move_in(tmp_path: Path) -> None:
    moved = move_in(
        tmp_path,
        pjsip="[7001]\ntype=endpoint\naors=7001\nauth=7001\ndtmf_mode=info\n[7001]\ntype=aor\nmax_contacts=1\n"
        "[7001]\ntype=auth\nusername=7001\npassword=Secret-7001\n"
        "[prov]\ntype=endpoint\naors=prov\n[prov]\ntype=aor\ncontact=sip:sip.prov.example\n"
        "[prov]\ntype=registration\nserver_uri=sip:sip.prov.example\nclient_uri=sip:u@sip.prov.example\n"
        "endpoint=prov\nline=yes\nsupport_outbound=yes\n",
        extensions="[default]\n",
    )
    assert moved.config.accounts["7001"].dtmf == "info"
    assert (moved.config.trunks["prov"].outbound, moved.config.trunks["prov"].dtmf) == (True, "auto")
    assert moved.left("pjsip.conf") == []


@pytest.mark.parametrize(("line", "redirects"), [("promiscredir=yes", "anywhere"), ("promiscredir=no", "office")])
def test_where_telephones_may_divert_their_calls_moves_in(tmp_path: Path, line: str, redirects: str) -> None:
    moved = move_in(tmp_path, sip=f"[general]\n{line}\n[7001]\ntype=friend\nhost=dynamic\nsecret=Secret-7001\n")
    assert moved.config.sip.redirects == redirects
    assert not [left for left in moved.left("sip.conf") if "promiscredir" in left]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("externhost=Office.Example.com\nexternrefresh=60", "office.example.com"),
        ("externaddr=203.0.113.9:5060", "203.0.113.9"),
        ("externhost=not a name", ""),
    ],
)
def test_where_the_machine_is_known_outside_moves_in_as_address_or_name(
    tmp_path: Path, line: str, expected: str
) -> None:
    moved = move_in(tmp_path, sip=f"[general]\n{line}\n[7001]\ntype=friend\nhost=dynamic\nsecret=Secret-7001\n")
    assert moved.config.sip.advertised == expected
    assert [left for left in moved.left("sip.conf") if "extern" in left or "peers outside" in left] == (
        [] if expected else moved.left("sip.conf")
    )


def test_register_lines_of_chan_sip_find_their_peers(dahdi: Moved) -> None:
    voip, home = dahdi.config.trunks["voip"], dahdi.config.trunks["home"]
    assert (voip.user, voip.secret, voip.auth_user) == ("5551000", "Trunk-Secret-1", "auth5551000")
    assert (voip.registers, voip.expires, voip.qualify) == (True, 600, 30)
    assert (home.user, home.secret, home.registers) == ("homeuser", "Home-Secret-2", True)
    assert str(home.servers[0]) == "tcp:203.0.113.50:5062"
    assert dahdi.config.sip.advertised == "203.0.113.9" and dahdi.config.sip.codecs == ("alaw", "ulaw", "gsm")


@pytest.mark.parametrize(
    ("line", "user", "secret", "login", "domain"),
    [
        ("ada@host.example", "ada", "", "", ""),
        ("ada:secret-0815@host.example", "ada", "secret-0815", "", ""),
        ("tcp://ada:secret-0815:login@host.example:5070/33~300", "ada", "secret-0815", "login", ""),
        ("ada@home.example:secret-0815:login@host.example", "ada", "secret-0815", "login", "home.example"),
    ],
)
def test_a_register_line_in_all_its_forms(
    tmp_path: Path, line: str, user: str, secret: str, login: str, domain: str
) -> None:
    sip = f"[general]\nregister => {line}\n[p]\ntype=peer\nhost=host.example\n"
    trunk = move_in(tmp_path, sip=sip).config.trunks["p"]
    assert (trunk.user, trunk.secret, trunk.auth_user, trunk.domain) == (user, secret, login, domain)
    assert trunk.registers


def test_lines_and_telephones_keep_levels_services_and_echo(dahdi: Moved) -> None:
    gate, desk = dahdi.config.phones["309"], dahdi.config.phones["4001"]
    assert (gate.receive_gain, gate.transmit_gain, gate.tail, gate.call_waiting) == (-3.5, 2.0, 128, False)
    assert (gate.mailbox, desk.mailbox, desk.call_waiting) == ("309", "4001", True)
    line = dahdi.config.lines["line3"]
    assert (line.answer, line.hangup_on_tone, line.group) == ("voice", 6, 0)
    assert dahdi.left("dahdi-channels.conf") == [
        "21: line 3 is in group 0, and no longer in 11; Dial g0, or one line after the other",
        "23: line 4 is in group 0, and no longer in 11; Dial g0, or one line after the other",
        "23: rxgain = 40 of channel 4 is no gain that can be set; write receive_gain from -24 to 12 dB",
        "25: channels 5-8 have signalling em_w, which has no driver here yet; "
        "carried are fxo_ks for telephones, fxs_ks for lines, pri_cpe and pri_net for spans",
    ]


def test_what_calls_bring_with_them(tmp_path: Path) -> None:
    moved = move_in(
        tmp_path,
        pjsip='[201]\ntype=endpoint\nauth=201\ncontext=staff\ncallerid="Ada" <4930555201>\naccountcode=shop\n'
        "set_var=ROOM=12\nset_var=CHANNEL(language)=de\nset_var=NOSUCH(x)=1\nset_var=EVIL=${SHELL(id)}\n"
        "dtmf_mode=info\nt38_udptl=yes\n[201]\ntype=auth\npassword=Kupfer-Draht-eins\n",
        extensions="[staff]\n",
    )
    account = moved.config.accounts["201"]
    assert dict(account.variables) == {
        "CALLERID(num)": "4930555201",
        "ROOM": "12",
        "CHANNEL(language)": "de",
        "EVIL": "${SHELL(id)}",
        "CHANNEL(accountcode)": "shop",
    }
    assert (account.dtmf, account.t38) == ("info", True)
    assert moved.left("office.toml") == [
        " NOSUCH(x) of [accounts.201.variables]: there is no function NOSUCH that can be set, and is left out; "
        "known here: " + str(moved.imported.left[0]).partition("known here: ")[2]
    ]


def test_ports_and_realm_and_timer_of_the_machine(tmp_path: Path) -> None:
    moved = move_in(
        tmp_path,
        pjsip="[global]\ntype=global\ndefault_realm=pbx\n[system]\ntype=system\ntimer_t1=250\n",
        rtp="[general]\nrtpstart=12000\nrtpend=12999\nstrictrtp=no\n",
    )
    sip = moved.config.sip
    assert (sip.realm, sip.timers.t1, str(sip.rtp_ports)) == ("pbx", 0.25, "12000-12999")
    (told,) = moved.left("rtp.conf")
    assert "strictrtp = no of audio has no setting here" in told


def test_channels_keep_how_they_are_seized_and_released(tmp_path: Path) -> None:
    channels = "[channels]\ncontext=default\nfaxdetect=incoming\n" + "".join(
        f"callerid=<{100 + number}>\nsignalling={signalling}\nchannel => {number}\n"
        for number, signalling in enumerate(("fxo_ks", "fxo_ls", "fxo_gs", "fxs_ks", "fxs_ls", "fxs_gs"), 1)
    )
    moved = move_in(tmp_path, chan_dahdi=channels, extensions="[default]\nexten => 101,1,Dial(DAHDI/1)\n")
    assert [phone.start for phone in moved.config.phones.values()] == ["kewl", "loop", "ground"]
    assert [line.start for line in moved.config.lines.values()] == ["kewl", "loop", "ground"]
    assert moved.left("chan_dahdi.conf") == []


PROTECTED = """
[transport]
type=transport
[world]
type=acl
deny=0.0.0.0/0
permit=192.168.0.0/16
[201]
type=endpoint
auth=201
aors=201
rtp_timeout=5
[201]
type=aor
minimum_expiration=120
maximum_expiration=7200
[202]
type=aor
minimum_expiration=90
[201]
type=auth
md5_cred=5d41402abc4b2a76b9719d911017c592
[202]
type=endpoint
auth=202
aors=202
rtp_timeout=90
deny=0.0.0.0/0
permit=10.0.0.0/8
subscribe_context=lamps
[202]
type=auth
password=Long-Enough-7x
[anonymous]
type=endpoint
context=public
"""


def test_who_is_known_by_a_hash_gets_a_new_secret_and_lists_of_networks_hold_for_all(tmp_path: Path) -> None:
    moved = move_in(tmp_path, pjsip=PROTECTED, extensions="[default]\nexten => 1,1,Dial(PJSIP/201&PJSIP/202)\n")
    hashed, plain = (moved.config.accounts[name] for name in ("201", "202"))
    assert len(hashed.secret) >= 16 and plain.secret == "Long-Enough-7x"
    assert [str(network) for network in (*hashed.permit, *plain.permit)] == ["192.168.0.0/16", "10.0.0.0/8"]
    assert moved.config.sip.rtp_timeout == 90
    assert (moved.config.sip.min_expires, moved.config.sip.max_expires) == (90, 7200)
    assert moved.left("pjsip.conf") == [
        "20: account 201 has its secret as a hash alone, from which it cannot be told; a new one stands in "
        "office.toml; write it into the telephone",
        "30: subscribe_context = lamps of endpoint 202 has no setting here; lamps are looked up in its context: "
        "include it there",
        "34: endpoint anonymous is for strangers, who are refused here; write an account or a trunk for whoever is "
        "to call in",
    ]


OLD_SIP = """
[general]
rtptimeout=30
[100]
type=friend
host=dynamic
md5secret=5d41402abc4b2a76b9719d911017c592
[gate]
type=user
host=192.0.2.77
secret=Cellar-And-Yard
[carrier]
type=user
host=198.51.100.9
secret=x
insecure=invite
"""


def test_an_old_user_that_proves_itself_is_an_account_and_one_that_does_not_a_trunk(tmp_path: Path) -> None:
    moved = move_in(tmp_path, sip=OLD_SIP, extensions="[default]\nexten => 1,1,Dial(SIP/100&SIP/gate)\n")
    assert list(moved.config.accounts) == ["100", "gate"] and list(moved.config.trunks) == ["carrier"]
    assert moved.config.accounts["gate"].secret == "Cellar-And-Yard"
    assert moved.config.sip.rtp_timeout == 30
    assert moved.left("sip.conf") == [
        "4: account 100 has its secret as a hash alone, from which it cannot be told; a new one stands in "
        "office.toml; write it into the telephone"
    ]
