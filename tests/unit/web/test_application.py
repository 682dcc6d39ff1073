"""The HTTP interface as programs, browsers and strangers meet it."""

from __future__ import annotations

import asyncio
import csv
import dataclasses
import io
import re
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.call.call import CallRecord
from gateway.core.errors import LocalError
from gateway.web import wav
from gateway.web.application import application
from gateway.web.guard import BODY_LIMIT
from gateway.web.office import CallView, ReloadView
from gateway.web.unhurried import AT_ONCE, unhurried
from tests.support.web import ShownOffice, ShownWorld

LOCAL = "http://127.0.0.1:8080"


JSON = {"content-type": "application/json"}


def ask(office: ShownOffice, method: str, path: str, **request: Any) -> httpx.Response:
    """One request to an office at 127.0.0.1:8080."""

    async def conversation() -> httpx.Response:
        app = application(office, host="127.0.0.1", most_records=50)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=LOCAL) as client:
            return await client.request(method, path, **request)

    return asyncio.run(conversation())


def post(world: ShownWorld, path: str, body: Any) -> httpx.Response:
    return ask(ShownOffice(world), "POST", path, json=body)


def test_calls_in_progress() -> None:
    answer = ask(ShownOffice(), "GET", "/api/v1/calls")
    assert answer.json() == [
        {
            "id": "call-7",
            "state": "up",
            "caller": "6001",
            "caller_name": "Ada",
            "called": "101",
            "context": "office",
            "started": "2026-11-21T09:00:00Z",
            "answered": "2026-11-21T09:00:00Z",
            "duration": 65.2,
            "legs": [
                {"name": "SIP/6001-00000001", "peer": "account 6001", "state": "up", "audio": "", "trouble": ""},
                {"name": "FXS/101-00000002", "peer": "telephone 101", "state": "up", "audio": "", "trouble": ""},
            ],
        }
    ]


@pytest.mark.parametrize(("query", "ids"), [("limit=2", [0, 1]), ("search=CALL-119&limit=3", [119, 1190, 1191])])
def test_a_part_of_many_calls(query: str, ids: list[int]) -> None:
    office = ShownOffice()
    office.shown_calls = [dataclasses.replace(office.shown_calls[0], id=f"call-{n}") for n in range(1200)]
    calls = ask(office, "GET", f"/api/v1/calls?{query}").json()
    assert [call["id"] for call in calls] == [f"call-{n}" for n in ids]
    assert len(ask(office, "GET", "/api/v1/calls").json()) == 1200
    assert ask(office, "GET", "/api/v1/office").json()["calls"] == 1200
    answer = ask(office, "GET", "/api/v1/calls?limit=0")
    assert (answer.status_code, answer.json()) == (400, {"error": "limit must be a number from 1 to 1000000."})
    assert ask(office, "GET", "/api/v1/registrations?search=nobody").json() == []


def test_others_have_their_turn_while_many_calls_are_listed() -> None:
    office = ShownOffice()
    office.shown_calls *= 10 * AT_ONCE

    async def turns() -> int:
        listed = asyncio.ensure_future(_ids(unhurried(office.shown_calls)))
        had = 0
        while not listed.done():
            await asyncio.sleep(0)
            had += 1
        assert listed.result() == ["call-7"] * 10 * AT_ONCE
        return had

    assert asyncio.run(turns()) >= 10


async def _ids(calls: AsyncIterator[CallView]) -> list[str]:
    return [call.id async for call in calls]


def test_what_scripts_keep_is_shown_and_changed() -> None:
    office = ShownOffice()
    where = "/api/v1/database"
    assert ask(office, "GET", where).json() == {"cfu/101": "5550100"}
    assert ask(office, "POST", where, json={"path": "dnd/101", "value": "1"}).status_code == 204
    assert ask(office, "POST", where, json={"path": "cfu/101", "value": None}).status_code == 204
    assert ask(office, "GET", f"{where}?prefix=dnd").json() == {"dnd/101": "1"}
    assert ask(office, "GET", f"{where}?prefix=cfu").json() == {}
    refused = ask(office, "POST", where, json={"path": "dnd", "value": "1"})
    assert (refused.status_code, refused.json()["error"]) == (400, "'dnd' is no family/key.")
    for body in ([], {"path": 1}, {"path": "a/b", "value": 1}):
        assert ask(office, "POST", where, json=body).status_code == 400


def test_a_telephone_is_called_for_a_number() -> None:
    office = ShownOffice()
    body = {"from": "101", "to": "95550100"}
    assert ask(office, "POST", "/api/v1/calls", json=body).status_code == 204
    assert office.placed == [("101", "95550100")]


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({"from": "999", "to": "1"}, 409, 'No account or telephone is called "999".'),
        ({"from": "101"}, 400, "from and to must each be a number"),
        ({"from": "101", "to": "1&SIP/evil@x"}, 400, "from and to must each be a number"),
        ({"from": 101, "to": "1"}, 400, "from and to must each be a number"),
        (["101", "1"], 400, "The body must be a JSON object."),
    ],
)
def test_a_call_that_cannot_be_placed(body: object, status: int, why: str) -> None:
    office = ShownOffice()
    answer = ask(office, "POST", "/api/v1/calls", json=body)
    assert answer.status_code == status and answer.json()["error"].startswith(why)
    assert office.placed == []


@pytest.mark.parametrize("name", ["call-7", "FXS/101-00000002", "FXS%2F101-00000002"])
def test_a_call_or_a_leg_is_hung_up(name: str) -> None:
    office = ShownOffice()
    assert ask(office, "DELETE", f"/api/v1/calls/{name}").status_code == 204
    assert office.hung_up == [name.replace("%2F", "/")]
    answer = ask(office, "DELETE", "/api/v1/calls/call-9")
    assert (answer.status_code, answer.json()["error"]) == (404, 'No call or leg "call-9" is in progress.')


def test_a_reload_tells_what_came_of_it() -> None:
    office = ShownOffice()
    office.reloads = [ReloadView(False, ["office.toml:3: no such setting", "not reloaded"])]
    answer = ask(office, "POST", "/api/v1/reload")
    assert answer.json() == {"done": False, "told": ["office.toml:3: no such setting", "not reloaded"]}


def test_a_page_elsewhere_may_neither_place_calls_nor_end_them() -> None:
    office = ShownOffice()
    headers = {"origin": "http://evil.example"}
    assert ask(office, "DELETE", "/api/v1/calls/call-7", headers=headers).status_code == 403
    assert ask(office, "POST", "/api/v1/reload", headers=headers).status_code == 403
    assert office.hung_up == []
    body = {"from": "101", "to": "1"}
    assert ask(office, "POST", "/api/v1/calls", json=body, headers=headers).status_code == 403
    assert office.placed == []


def test_what_calls_cost_is_shown() -> None:
    shown = ask(ShownOffice(), "GET", "/api/v1/tolls").json()
    assert shown["accounts"][0]["payer"] == "caller 6001"
    assert shown["notices"] == ["emergency call to 911 by 101 on g1"]


@pytest.mark.parametrize("name", ["call-7", "FXS/101-00000002", "FXS%2F101-00000002"])
def test_a_call_is_found_by_its_id_and_by_a_leg(name: str) -> None:
    assert ask(ShownOffice(), "GET", f"/api/v1/calls/{name}").json()["id"] == "call-7"
    story = ask(ShownOffice(), "GET", f"/api/v1/calls/{name}/trace").json()
    assert [(note["at"], note["kind"]) for note in story] == [(0.0, "message"), (0.25, "line")]
    assert story[0]["text"] == "INVITE sip:101@127.0.0.1"


def test_what_is_not_there_is_told_in_a_sentence() -> None:
    for path, sentence in [
        ("/api/v1/calls/call-9", 'No call "call-9" is in progress.'),
        ("/api/v1/calls/call-9/trace", 'Nothing is known of a call "call-9"; the latest calls are kept.'),
        ("/api/v1/nothing", "There is nothing at /api/v1/nothing."),
        ("/page/../application.py", "There is nothing at /application.py."),
        ("/page/%2e%2e/application.py", "There is nothing at /page/../application.py."),
    ]:
        answer = ask(ShownOffice(), "GET", path)
        assert (answer.status_code, answer.json()) == (404, {"error": sentence})


def test_lines_registrations_and_records() -> None:
    lines = ask(ShownOffice(), "GET", "/api/v1/lines").json()
    assert [(line["name"], line["in_service"]) for line in lines] == [("101", True), ("copper1", False)]
    registered = ask(ShownOffice(), "GET", "/api/v1/registrations").json()
    assert registered[0]["remote"] == "192.0.2.7:5060"
    trunks = ask(ShownOffice(), "GET", "/api/v1/trunks").json()
    assert [(trunk["name"], trunk["up"], trunk["round_trip"]) for trunk in trunks] == [
        ("pstn", True, 12.5),
        ("spare", False, None),
    ]
    records = ask(ShownOffice(), "GET", "/api/v1/records?limit=2").json()
    assert [record["id"] for record in records] == ["call-6", "call-5"]
    assert records[0]["cause"] == 17
    assert records[0]["sentence"] == "telephone 101 refused the call (off-hook): user busy (17). Try again later."


def test_records_as_a_table() -> None:
    answer = ask(ShownOffice(), "GET", "/api/v1/records.csv?since=2026-11-21T09:10%2B00:00&until=2026-11-22")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["id"] for row in rows[:2]] == ["call-0010", "call-0011"]
    assert [row["id"] for row in rows] == sorted({row["id"] for row in rows}), "each once, in order"
    first = rows[0]
    assert (first["started"], first["answered"]) == ("2026-11-21T09:10:00.000+00:00", "")
    assert (first["caller"], first["cause"], first["disposition"]) == ("6001", "17", "BUSY")
    for query in ("since=yesterday", "until=2026-13-01"):
        refused = ask(ShownOffice(), "GET", f"/api/v1/records.csv?{query}")
        assert refused.status_code == 400 and "must be a date" in refused.json()["error"]


def test_a_caller_s_name_works_no_spreadsheet() -> None:
    names = {
        '=HYPERLINK("http://evil.example")': '\'=HYPERLINK("http://evil.example")',
        "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0": "'-2+3+cmd|' /C calc'!A0",
        "\uff1d1+1": "'\uff1d1+1",  # as wide as a letter of Chinese
        "Ada\x1b[2J, \r\nBob": "Ada?[2J, ??Bob",
        "+12565550100": "+12565550100",
        "+1 (256) 555-0100": "+1 (256) 555-0100",
    }

    class Hostile(ShownOffice):
        async def records(self, limit: int) -> Sequence[CallRecord]:
            (record,) = await super().records(1)
            return [dataclasses.replace(record, caller_name=name) for name in names]

        async def records_between(
            self, since: datetime, until: datetime, after: str, limit: int
        ) -> Sequence[CallRecord]:
            return [] if after else await self.records(3)

    rows = list(csv.DictReader(io.StringIO(ask(Hostile(), "GET", "/api/v1/records.csv").text)))
    assert [row["caller_name"] for row in rows] == list(names.values())


def test_a_table_that_cannot_be_read_is_none() -> None:
    class Closed(ShownOffice):
        async def records_between(
            self, since: datetime, until: datetime, after: str, limit: int
        ) -> Sequence[CallRecord]:
            raise LocalError("the database cannot be read: the disk is gone")

    answer = ask(Closed(), "GET", "/api/v1/records.csv")
    assert (answer.status_code, answer.json()["error"]) == (409, "the database cannot be read: the disk is gone")


@pytest.mark.parametrize("limit", ["0", "51", "-1", "x", "²", "9" * 5000])
def test_a_limit_that_is_none(limit: str) -> None:
    answer = ask(ShownOffice(), "GET", "/api/v1/records", params={"limit": limit})
    assert (answer.status_code, answer.json()) == (400, {"error": "limit must be a number from 1 to 50."})


def test_health() -> None:
    office = ShownOffice()
    assert ask(office, "GET", "/healthz").json() == {"status": "ok", "worries": []}
    office.sick = "The database cannot be written."
    answer = ask(office, "GET", "/healthz")
    assert (answer.status_code, answer.json()) == (503, {"error": "The database cannot be written."})


def test_numbers_are_counted_without_a_look_into_every_call() -> None:
    class Busy(ShownOffice):
        def calls(self, search: str = "") -> AsyncIterator[CallView]:
            raise AssertionError("10,000 calls take a second to look into, in which none is answered")

        def states(self) -> Sequence[str]:
            return ["up"] * 10_000

        def call_in_progress(self, name: str) -> CallView | None:
            return None

    assert 'copperline_calls{state="up"} 10000.0' in ask(Busy(), "GET", "/metrics").text
    assert ask(Busy(), "GET", "/api/v1/calls/call-9").status_code == 404


def test_metrics() -> None:
    answer = ask(ShownOffice(), "GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'copperline_calls{state="up"} 1.0' in answer.text
    assert f'copperline_build_info{{version="{metadata.version("copperline")}"}} 1.0' in answer.text
    for name in ("cpu_seconds_total", "resident_memory_bytes", "open_fds", "start_time_seconds"):
        assert re.search(rf"^process_{name} [0-9.e+]+$", answer.text, re.MULTILINE)
    assert 'copperline_calls{state="ringing"} 0.0' in answer.text
    assert "copperline_worries 0.0" in answer.text
    end = re.search(r'^copperline_certificate_end_seconds{file="/etc/office.pem"} (.+)$', answer.text, re.MULTILINE)
    assert end and datetime.fromtimestamp(float(end[1]), UTC) == datetime(2026, 12, 21, 9, 0, tzinfo=UTC)
    assert 'copperline_line_in_service{kind="FXO",line="copper1"} 0.0' in answer.text
    assert "copperline_registrations 1.0" in answer.text
    assert 'copperline_in_use{resource="rows"} 2.0' in answer.text
    assert 'copperline_events_total{event="calls answered"} 5.0' in answer.text
    assert 'copperline_trunk_up{trunk="pstn"} 1.0\ncopperline_trunk_up{trunk="spare"} 0.0\n' in answer.text


def test_the_interface_describes_itself() -> None:
    document = ask(ShownOffice(ShownWorld()), "GET", "/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    call = document["components"]["schemas"]["CallView"]
    assert set(call["properties"]) == {field.name for field in dataclasses.fields(CallView)}
    answer = document["paths"]["/api/v1/calls/{id}"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"]["title"] == "CallView"
    assert "/api/v1/sim/phones/{number}" in document["paths"]
    [limit] = document["paths"]["/api/v1/records"]["get"]["parameters"]
    assert (limit["name"], limit["in"]) == ("limit", "query")
    bodies = {
        path: list(operation["requestBody"]["content"])
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if "requestBody" in operation
    }
    assert bodies["/api/v1/sim/phones/{number}"] == ["application/json"]
    assert ["audio/wav"] in bodies.values()
    for path in document["paths"]:
        assert ask(ShownOffice(ShownWorld()), "OPTIONS", path).status_code in (404, 405)


def test_an_office_without_emulated_cards_has_nothing_to_simulate() -> None:
    assert ask(ShownOffice(), "POST", "/api/v1/sim/phones/101", json={"action": "lift"}).status_code == 404
    assert "/api/v1/sim" not in ask(ShownOffice(), "GET", "/api/v1/openapi.json").text


def test_a_hand_on_a_telephone() -> None:
    world = ShownWorld()
    for body in [
        {"action": "lift"},
        {"action": "dial", "digits": "95550100#"},
        {"action": "pulse", "digits": "6001"},
        {"action": "flash"},
        {"action": "flash", "ms": 120},
        {"action": "hang-up"},
    ]:
        assert post(world, "/api/v1/sim/phones/101", body).status_code == 204
    assert world.phone_101.done == ["lift", "dial 95550100#", "pulse 6001", "flash 500", "flash 120", "hang-up"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"action": "jump"}, "action must be one of lift, hang-up, dial, pulse, flash."),
        ({}, "action must be one of lift, hang-up, dial, pulse, flash."),
        ({"action": ["lift"]}, "action must be one of lift, hang-up, dial, pulse, flash."),
        ({"action": "dial"}, "dial takes digits of #*0123456789ABCD, 64 at most."),
        ({"action": "dial", "digits": "1x"}, "dial takes digits of #*0123456789ABCD, 64 at most."),
        ({"action": "dial", "digits": "1" * 65}, "dial takes digits of #*0123456789ABCD, 64 at most."),
        ({"action": "dial", "digits": 5}, "dial takes digits of #*0123456789ABCD, 64 at most."),
        ({"action": "pulse", "digits": "#"}, "pulse takes digits of 0123456789, 64 at most."),
        ({"action": "lift", "digits": "1"}, "lift takes no digits."),
        ({"action": "flash", "ms": 5}, "flash takes 10 to 3000 ms, and no digits."),
        ({"action": "flash", "ms": 3001}, "flash takes 10 to 3000 ms, and no digits."),
        ({"action": "flash", "ms": "120"}, "flash takes 10 to 3000 ms, and no digits."),
        ({"action": "flash", "ms": True}, "flash takes 10 to 3000 ms, and no digits."),
        ({"action": "flash", "digits": "1"}, "flash takes 10 to 3000 ms, and no digits."),
        ([], "The body must be a JSON object."),
    ],
)
def test_a_hand_that_does_what_cannot_be_done(body: Any, sentence: str) -> None:
    world = ShownWorld()
    answer = post(world, "/api/v1/sim/phones/101", body)
    assert (answer.status_code, answer.json()) == (400, {"error": sentence})
    assert world.phone_101.done == []


def test_telephones_and_lines_that_are_not_emulated() -> None:
    answer = post(ShownWorld(), "/api/v1/sim/phones/102", {"action": "lift"})
    assert answer.json() == {"error": 'There is no emulated telephone "102"; there are: 101.'}
    answer = post(ShownWorld(), "/api/v1/sim/lines/copper9/call", {})
    assert answer.json() == {"error": 'There is no emulated line "copper9"; there are: copper1.'}
    answer = post(ShownWorld(), "/api/v1/sim/cards/other/remove", {})
    assert answer.json() == {"error": 'There is no emulated card "other"; there are: main.'}
    found = ask(ShownOffice(ShownWorld()), "GET", "/api/v1/sim").json()
    assert found == {"phones": ["101"], "lines": ["copper1"], "cards": ["main"]}


def test_copper_is_made_faulty_cut_and_mended() -> None:
    world = ShownWorld()
    assert post(world, "/api/v1/sim/phones/101/fault", {"loss": 6}).status_code == 204
    for way, body in (("fault", {"noise": -45, "echo": 10.5}), ("unplug", {}), ("plug-in", {}), ("fault", {})):
        assert post(world, f"/api/v1/sim/lines/copper1/{way}", body).status_code == 204
    for way in ("unplug", "plug-in"):
        assert post(world, f"/api/v1/sim/phones/101/{way}", {}).status_code == 204
    for way in ("remove", "insert"):
        assert post(world, f"/api/v1/sim/cards/main/{way}", {}).status_code == 204
    assert world.phone_101.done == ["fault {'loss': 6.0}", "unplug", "plug in"]
    assert world.main.done == ["remove", "insert"]
    assert world.copper1.done == ["fault {'noise': -45.0, 'echo': 10.5}", "unplug", "plug in", "fault {}"]
    refused = post(world, "/api/v1/sim/lines/copper1/fault", {"noise": "loud"})
    assert (refused.status_code, "numbers by name" in refused.json()["error"]) == (400, True)


def test_the_exchange_calls_in() -> None:
    world = ShownWorld()
    body = {"number": "5550123", "name": "Jo"}
    assert post(world, "/api/v1/sim/lines/copper1/call", body).status_code == 204
    busy = post(world, "/api/v1/sim/lines/copper1/call", body)
    assert (busy.status_code, busy.json()) == (409, {"error": "The line copper1 is in use."})
    assert post(world, "/api/v1/sim/lines/copper1/hang-up", {}).status_code == 204
    assert world.copper1.done == ["call 5550123 Jo", "hang-up"]
    for wrong in ({"number": 5}, {"name": "x" * 65}, {"name": "a\nb"}):
        assert post(ShownWorld(), "/api/v1/sim/lines/copper1/call", wrong).status_code == 400


def test_speaking_into_a_telephone_and_hearing_it() -> None:
    world = ShownWorld()
    speech = np.array([0, 1, -1, 32767, -32768], np.int16)
    said = ask(ShownOffice(world), "POST", "/api/v1/sim/phones/101/say", content=wav.encode(speech))
    assert said.status_code == 204
    assert world.phone_101.said.tolist() == speech.tolist()
    heard = ask(ShownOffice(world), "GET", "/api/v1/sim/phones/101/heard").json()
    assert (heard["tone"], heard["digits"], heard["caller_number"], heard["rings"]) == ("dial", "12#", "6001", 2)
    recording = ask(ShownOffice(world), "GET", "/api/v1/sim/phones/101/recording.wav")
    assert recording.headers["content-type"] == "audio/wav"
    assert wav.decode(recording.content).tolist() == list(range(-80, 80))


def test_a_wav_file_of_another_form_is_refused_with_the_mend() -> None:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(bytes(8))
    for upload, sentence in [
        (buffer.getvalue(), "The upload has 44100 Hz, 2 channels and 16 bits; make it 8000 Hz"),
        (b"/etc/passwd", "The upload is not a WAV file"),
        (b"", "The upload is not a WAV file"),
    ]:
        answer = ask(ShownOffice(ShownWorld()), "POST", "/api/v1/sim/phones/101/say", content=upload)
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(sentence)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 60))
def test_broken_wav_files_are_refused_or_read(noise: bytes, at: int) -> None:
    whole = wav.encode(np.arange(20, dtype=np.int16))
    broken = whole[:at] + noise + whole[at + len(noise) :]
    answer = ask(ShownOffice(ShownWorld()), "POST", "/api/v1/sim/phones/101/say", content=broken)
    assert answer.status_code in (204, 400)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[" * 100_000, b'"' + b"x" * 1000],
    ids=["empty", "cut", "no text", "deep", "open"],
)
def test_bodies_that_are_no_json(body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = ask(ShownOffice(ShownWorld()), "POST", "/api/v1/sim/phones/101", content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (400, {"error": "The body is not JSON."})


def posts() -> list[str]:
    """Every path that takes JSON, with names that there are."""
    document = ask(ShownOffice(ShownWorld()), "GET", "/api/v1/openapi.json").json()
    return [
        path.replace("{number}", "101").replace("{name}", "copper1").replace("{room}", "board")
        for path, row in document["paths"].items()
        if "application/json" in row.get("post", {}).get("requestBody", {}).get("content", {})
    ]


@pytest.mark.parametrize("path", posts())
def test_a_form_of_another_page_does_nothing(path: str) -> None:
    office = ShownOffice(ShownWorld())
    form = b'{"action": "lift", "act": "lock", "from": "101", "to": "1", "source": "203.0.113.66"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert ask(office, "POST", path, content=form, headers={"content-type": kind}).status_code == 415
    for body in (b"{", b"[]", b"[" * 100_000, b"\xff"):
        answer = ask(office, "POST", path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400 and "The body " in answer.json()["error"]


@pytest.mark.parametrize(
    ("host", "origin", "passes"),
    [
        ("127.0.0.1:8080", None, True),
        ("localhost:8080", None, True),
        ("LOCALHOST", None, True),
        ("[::1]:8080", None, True),
        ("127.0.0.1:9999", None, True),
        ("localhost:8080", "http://localhost:8080", True),
        ("attacker.example:8080", None, False),
        ("127.0.0.1.attacker.example", None, False),
        ("localhost.attacker.example:8080", None, False),
        ("user@127.0.0.1@attacker.example", None, False),
        ("192.0.2.1:8080", None, False),
        ("[::1", None, False),
        ("", None, False),
        ("localhost:8080", "http://attacker.example", False),
        ("localhost:8080", "http://localhost:3000", False),
        ("localhost:8080", "null", False),
        ("localhost:8080", "http://[", False),
    ],
)
def test_only_requests_that_are_meant_for_us_pass(host: str, origin: str | None, passes: bool) -> None:
    headers = {"host": host, **({"origin": origin} if origin is not None else {})}
    for path in ("/", "/api/v1/calls", "/metrics", "/healthz"):
        answer = ask(ShownOffice(), "GET", path, headers=headers)
        assert (answer.status_code == 200) == passes
        if not passes:
            assert answer.status_code == 403
            assert set(answer.json()) == {"error"}


def test_long_requests_are_refused_declared_or_not() -> None:
    world = ShownWorld()

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(BODY_LIMIT // 65536 + 1):
            yield bytes(65536)

    for body in (bytes(BODY_LIMIT + 1), stream()):
        answer = ask(ShownOffice(world), "POST", "/api/v1/sim/phones/101/say", content=body)
        assert (answer.status_code, answer.json()) == (413, {"error": "A request may have 4194304 bytes at most."})


def test_a_websocket_of_a_foreign_page_is_closed() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/",
        "headers": [(b"host", b"localhost"), (b"origin", b"http://attacker.example")],
    }
    app: Callable[..., Awaitable[None]] = application(ShownOffice(), host="127.0.0.1")
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]  # a coroutine it is
    assert sent[0]["type"] == "websocket.close"


def test_an_accident_is_told_without_its_inside(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(ShownOffice):
        async def calls(self, search: str = "") -> AsyncIterator[CallView]:
            raise KeyError("inside")
            yield

    answer = ask(Broken(), "GET", "/api/v1/calls")
    assert answer.status_code == 500
    assert "inside" not in answer.text
    assert "GET /api/v1/calls failed" in caplog.text


def test_the_office_says_its_name_and_what_to_dial() -> None:
    answer = ask(ShownOffice(), "GET", "/api/v1/office")
    assert answer.json() == {
        "name": "Test office",
        "directory": [["*72", "forward"], ["600", "echo"]],
        "worries": [],
        "calls": 1,
        "registrations": 1,
    }


def test_the_page_and_all_that_it_needs() -> None:
    page = ask(ShownOffice(), "GET", "/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for name in ("console.js", "console.css", "icon.svg"):
        assert f"/page/{name}" in page.text
        assert ask(ShownOffice(), "GET", f"/page/{name}").status_code == 200


def test_who_was_refused_and_who_is_banned() -> None:
    office = ShownOffice()
    (refused,) = ask(office, "GET", "/api/v1/refusals").json()
    assert (refused["user"], refused["why"], refused["count"]) == ("6OO1", "there is no such account", 3)
    assert [ban["source"] for ban in ask(office, "GET", "/api/v1/bans").json()] == ["203.0.113.66"]
    for body, status in (('{"source": "192.0.2.1"}', 404), ("[]", 400), ("{", 400), ('{"source": 1}', 400)):
        assert ask(office, "POST", "/api/v1/bans/lift", content=body, headers=JSON).status_code == status
    assert ask(office, "POST", "/api/v1/bans/lift", json={"source": "203.0.113.66"}).status_code == 204
    assert ask(office, "GET", "/api/v1/bans").json() == []


def test_conference_rooms_are_shown_and_worked() -> None:
    office = ShownOffice()
    (room,) = ask(office, "GET", "/api/v1/conferences").json()
    assert (room["name"], room["locked"]) == ("board", True)
    assert [member["state"] for member in room["members"]] == ["heard", "muted"]
    for body, status in (
        ('{"act": "kick", "member": "6001"}', 204),
        ('{"act": "unlock"}', 204),
        ('{"act": "burn"}', 400),
        ('{"act": "mute", "member": 1}', 400),
        ("{", 400),
        ("[]", 400),
    ):
        assert ask(office, "POST", "/api/v1/conferences/board", content=body, headers=JSON).status_code == status
    assert office.shown_rooms.done == [("board", "kick", "6001"), ("board", "unlock", "")]
    answer = ask(office, "POST", "/api/v1/conferences/a/b", json={"act": "lock"})
    assert (answer.status_code, answer.json()) == (404, {"error": "Nobody is in a conference room a/b."})
