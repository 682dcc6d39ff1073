"""CURL and ENUM: functions that ask somebody elsewhere, here servers of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import cast

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.rrset
import pytest

from dialplan.engine import DialplanEngine
from dialplan.functions.enum import choose, zone_name
from dialplan.shared import Permissions
from dialplan.substitution import ScriptError
from gateway.core.number import Party
from tests.unit.dialplan.office import FakeLeg, Office

ALL = Permissions(http=True, network=True)


class Web:
    """A web server: keeps what it was asked, answers by path."""

    def __init__(self, answers: Mapping[str, tuple[int, str]]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.port = 0
        self.under_way: set[asyncio.Future[None]] = set()

    def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.under_way.add(asyncio.ensure_future(self.serve(reader, writer)))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            (int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length:")), 0
        )
        body = (await reader.readexactly(length)).decode()
        self.asked.append(head + body)
        path = head.split(" ")[1]
        if path != "/never":
            status, text = self.answers.get(path, (404, "nothing"))
            more = f"Location: {text}\r\n" if status == 302 else ""
            reply = f"HTTP/1.1 {status} X\r\n{more}Content-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}"
            writer.write(reply.encode())
        else:
            await reader.read()
        writer.close()
        await writer.wait_closed()


def ask(web: Web, *steps: str, permissions: Permissions = ALL, name: str = "Ada") -> FakeLeg:
    async def go() -> FakeLeg:
        server = await asyncio.start_server(web, "127.0.0.1", 0)
        web.port = server.sockets[0].getsockname()[1]
        text = "[office]\nexten => 100,1," + "\n same => n,".join(steps) + "\n"
        office = Office(text.replace("WEB", f"http://127.0.0.1:{web.port}"))
        office.engine = DialplanEngine(office.dialplan, office, permissions=permissions)
        leg = FakeLeg(called="100")
        leg.party = Party("6001", name)
        async with asyncio.timeout(10), server:
            await office.call("100", leg)
            await asyncio.gather(*web.under_way)
        return leg

    return asyncio.run(go())


class TestCurl:
    def test_what_is_there(self) -> None:
        web = Web({"/who?n=6001": (200, "Ada, ${EXTEN}\n")})
        leg = ask(web, "Set(T=${CURL(WEB/who?n=${CALLERID(num)})})")
        assert leg.variables["T"] == "Ada, ${EXTEN}"

    def test_a_body_is_posted_commas_and_all(self) -> None:
        web = Web({"/in": (200, "ok")})
        leg = ask(web, "Set(T=${CURL(WEB/in,a=${CALLERID(name)}&b=2)})", name="x), evil")
        assert leg.variables["T"] == "ok"
        assert web.asked[0].startswith("POST ") and web.asked[0].endswith("a=x), evil&b=2")

    def test_not_where_the_configuration_does_not_say_so(self) -> None:
        web = Web({"/": (200, "x")})
        leg = ask(web, "Set(T=${CURL(WEB/)})", permissions=Permissions())
        assert (leg.variables["T"], web.asked) == ("", []) and any(
            "[permissions] http" in note for note in leg.notes
        )

    @pytest.mark.parametrize("address", ["file:///etc/passwd", "gopher://h/", "nonsense", "", "http://"])
    def test_only_the_web(self, address: str) -> None:
        leg = ask(Web({}), f"Set(T=${{CURL({address})}})")
        assert leg.variables["T"] == "" and any("is no address" in note for note in leg.notes)

    def test_a_server_that_never_answers_costs_the_time_out_and_no_more(self) -> None:
        leg = ask(Web({}), "Set(CURLOPT(httptimeout)=0.2)", "Set(T=${CURL(WEB/never)})", "Set(U=on)")
        assert (leg.variables["T"], leg.variables["U"]) == ("", "on")

    def test_options(self) -> None:
        web = Web({"/a": (302, "/b"), "/b": (200, "there"), "/c": (500, "broken")})
        leg = ask(
            web,
            "Set(CURLOPT(useragent)=office)",
            "Set(CURLOPT(httpheader)=X-Key: 1)",
            "Set(CURLOPT(httpheader)=Y: 2)",
            "Set(A=${CURL(WEB/a)})",
            "Set(CURLOPT(followlocation)=1)",
            "Set(CURLOPT(failurecodes)=500,404)",
            "Set(B=${CURL(WEB/a)})",
            "Set(C=${CURL(WEB/c)})",
            "Set(D=${CURLOPT(useragent)}${CURLOPT(nothing)})",
        )
        assert [leg.variables[name] for name in "ABCD"] == ["/b", "there", "", "office"]
        assert "X-Key: 1" in web.asked[0] and "Y: 2" in web.asked[0]

    def test_an_answer_has_a_length(self) -> None:
        leg = ask(Web({"/": (200, "x" * 200_000)}), "Set(T=${LEN(${CURL(WEB/)})})")
        assert 0 < int(leg.variables["T"]) <= 65536

    def test_values_of_a_form_become_a_hash(self) -> None:
        web = Web({"/": (200, "name=Ada+L%20x&room=1,2")})
        leg = ask(web, "Set(CURLOPT(hashcompat)=yes)", "Set(T=${CURL(WEB/)})")
        assert leg.variables["T"] == "Ada+L x,1\\,2" and leg.variables["~ODBCFIELDS~"] == "name,room"


RECORDS = (
    '10 20 "u" "E2U+sip" "!^.*$!sip:second@example.com!" .',
    '10 10 "u" "E2U+sip" "!^\\\\+1256(.*)$!sip:\\\\1@example.com!" .',
    '20 10 "u" "E2U+email:mailto" "!^.*$!mailto:ada@example.com!" .',
    '5 10 "s" "SIP+D2U" "" _sip._udp.example.com.',
)


ZONE = {
    "1.0.1.0.5.5.5.6.5.2.1.e164.test.": RECORDS,
    "2.0.1.0.5.5.5.6.5.2.1.e164.test.": (
        '10 20 "u" "E2U+sip" "!^.*$!sip:last@example.com!" .',
        '10 10 "" "" "" carrier.test.',
        '10 5 "" "" "" nothing.test.',
        '10 1 "" "E2U+sip" "!^.*$!sip:evil@example.com!" carrier.test.',
    ),
    "carrier.test.": ('90 90 "u" "E2U+sip" "!^.*$!sip:first@carrier.test!" .', '1 1 "" "" "" deeper.test.'),
    "deeper.test.": ('9 9 "" "" "" carrier.test.', '10 9 "u" "E2U+sip" "!^(.*)$!sip:\\\\1@deeper.test!" .'),
    **{f"{n}.chain.test.": (f'1 1 "" "" "" {n + 1}.chain.test.',) for n in range(20)},
    "3.0.1.0.5.5.5.6.5.2.1.e164.test.": ('1 1 "" "" "" 0.chain.test.',),
    "4.0.1.0.5.5.5.6.5.2.1.e164.test.": (
        '10 5 "" "" "" broken.test.',
        '10 10 "u" "E2U+sip" "!^.*$!sip:there@example.com!" .',
    ),
}


class NameServer(asyncio.DatagramProtocol):
    """Answers for these names, and keeps how often it was asked."""

    asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        type(self).asked += 1
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        name = query.question[0].name
        if name.to_text() in ZONE:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "NAPTR", *ZONE[name.to_text()]))
        else:
            answer.set_rcode(dns.rcode.SERVFAIL if name.to_text() == "broken.test." else dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), source)


def look_up(*steps: str, permissions: Permissions = ALL) -> FakeLeg:
    async def go() -> FakeLeg:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            NameServer, local_addr=("127.0.0.1", 0)
        )
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = transport.get_extra_info("sockname")[1]
        office = Office("[office]\nexten => 100,1," + "\n same => n,".join(steps) + "\n")
        office.engine = DialplanEngine(office.dialplan, office, permissions=permissions, resolver=lambda: resolver)
        try:
            return await office.call("100")
        finally:
            transport.close()

    return asyncio.run(go())


class TestEnum:
    @pytest.mark.parametrize(
        ("asked", "value"),
        [
            ("ENUMLOOKUP(+12565550101,sip,,1,e164.test)", "5550101@example.com"),
            ("ENUMLOOKUP(+12565550101,,,2,e164.test)", "second@example.com"),
            ("ENUMLOOKUP(1-256-555-0101,sip,c,,e164.test)", "2"),
            ("ENUMLOOKUP(+12565550101,ALL,,3,e164.test)", "email:mailto:mailto:ada@example.com"),
            ("ENUMLOOKUP(+12565550101,mail,,1,e164.test)", ""),
            ("ENUMLOOKUP(+12565550101,sip,,9,e164.test)", ""),
            ("ENUMLOOKUP(+4412345,sip,,1,e164.test)", ""),
            ("ENUMLOOKUP(+4412345,sip,c,,e164.test)", "0"),
            ("ENUMLOOKUP(nobody,sip,,1,e164.test)", ""),
        ],
    )
    def test_a_number_in_the_dns(self, asked: str, value: str) -> None:
        assert look_up(f"Set(T=${{{asked}}})").variables["T"] == value

    def test_rfc_3403_section_4_1_a_record_without_a_flag_leads_on_in_its_place_and_never_in_a_circle(self) -> None:
        leg = look_up(
            "Set(Q=${ENUMQUERY(+12565550102,sip,e164.test)})",
            "Set(T=${ENUMRESULT(${Q},1)} ${ENUMRESULT(${Q},2)} ${ENUMRESULT(${Q},3)} ${ENUMRESULT(${Q},getnum)})",
        )
        assert leg.variables["T"] == "+12565550102@deeper.test first@carrier.test last@example.com 3"

    def test_who_leads_to_servers_that_fail_takes_no_other_record_along(self) -> None:
        leg = look_up("Set(T=${ENUMLOOKUP(+12565550104,sip,,1,e164.test)})")
        assert leg.variables["T"] == "there@example.com"

    def test_who_leads_on_and_on_is_not_followed_for_ever(self) -> None:
        NameServer.asked = 0
        assert look_up("Set(T=${ENUMLOOKUP(+12565550103,sip,c,,e164.test)})").variables["T"] == "0"
        assert NameServer.asked == 6

    def test_queries_are_kept_for_their_results(self) -> None:
        leg = look_up(
            "Set(Q=${ENUMQUERY(+12565550101,sip,e164.test)})",
            "Set(T=${ENUMRESULT(${Q},getnum)} ${ENUMRESULT(${Q},2)} ${ENUMRESULT(${Q},3)}${ENUMRESULT(7,1)})",
        )
        assert leg.variables["T"] == "2 second@example.com "

    def test_a_dry_run_asks_nobody(self) -> None:
        leg = look_up("Set(T=${ENUMLOOKUP(+12565550101,sip,,1,e164.test)})", permissions=Permissions())
        assert leg.variables["T"] == "" and any("dry run" in note for note in leg.notes)

    def test_rfc_6116_3_2_the_name_of_a_number(self) -> None:
        assert zone_name("+442079460148") == "8.4.1.0.6.4.9.7.0.2.4.4.e164.arpa"
        with pytest.raises(ScriptError):
            zone_name("Ada")

    @pytest.mark.parametrize(
        "expression", ["", "!", "!^.*$!sip:x", "!(!sip:x!", "!^(a+)+$!sip:x!g", "a^a", "!^.*$!\\9!", "!^.*$!a\nb!"]
    )
    def test_records_that_mean_nothing_are_left_out(self, expression: str) -> None:
        assert choose("+1256", [(1, 1, "E2U+sip", expression)], "sip") == []
