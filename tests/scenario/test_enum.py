"""Numbers that are looked up in the DNS before they are dialled (RFC 6116)."""

from __future__ import annotations

from tests.scenario.conftest import Build
from tests.support.name_server import name_server

PLAN = """
[office]
exten => _600X,1,Dial(SIP/${EXTEN},30)
exten => _+X.,1,Set(URI=${ENUMLOOKUP(${EXTEN},sip,,1,e164.test)})
 same => n,GotoIf($["${URI}" = ""]?nobody)
 same => n,Dial(SIP/${CUT(URI,@,1)},30)
 same => n(nobody),Hangup(1)
[from-pstn]
exten => s,1,Hangup()
"""
RECORD = '1.0.1.0.5.5.5.6.5.2.1.e164.test 60 NAPTR 10 10 "u" "E2U+sip" "!^.*$!sip:6002@office.test!" .'


def test_enum_asks_the_name_servers_of_the_office(build: Build) -> None:
    with name_server(RECORD) as dns:
        servers = f'[sip]\nname_servers = ["127.0.0.1:{dns.address[1]}"]\n'
        office = build(("[sip]\n", servers), dialplan=PLAN)
        ada, clerk = office.sip("6001"), office.sip("6002")
        ada.call("+12565550101")
        office.until(lambda: clerk.state == "offered", within=3)
        ada.hang_up()
        office.until(lambda: ada.state == "idle", within=3)
        ada.call("+12565550999")
        office.until(lambda: ada.status == 404, within=3)
        assert [asked.split()[1] for asked in dns.asked if "e164" in asked] == ["NAPTR", "NAPTR"]
