"""What goes wrong on the way to an office is said in one sentence."""

from __future__ import annotations

import httpx
import pytest

from gateway.cli.client import OfficeClient, segment
from gateway.core.errors import LocalError


def office(answer: httpx.Response | Exception) -> OfficeClient:
    """A client of something that always answers so."""

    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return OfficeClient("http://office", httpx.MockTransport(handle))


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (httpx.Response(200, text="<html>"), "What answers at http://office is no Copperline office."),
        (httpx.Response(502, text="<html>"), "What answers at http://office is no Copperline office."),
        (httpx.Response(200, content=b"\xff\xfe"), "What answers at http://office is no Copperline office."),
        (httpx.Response(409, json={"error": "The line is in use."}), "The line is in use."),
        (httpx.Response(500, json=["odd"]), "['odd']"),
        (httpx.ReadTimeout("slow"), "The office at http://office did not answer within 10 s."),
        (
            httpx.ConnectError("refused"),
            'No office runs at http://office; start one with "copperline run CONFIG", or name another with --url.',
        ),
        (
            httpx.RemoteProtocolError("cut"),
            "The office at http://office broke off in its answer; its log may tell why.",
        ),
    ],
)
def test_an_answer_that_is_none(answer: httpx.Response | Exception, sentence: str) -> None:
    with pytest.raises(LocalError) as caught:
        office(answer).get("/api/v1/calls")
    assert str(caught.value) == sentence


def test_a_name_cannot_leave_its_place_in_a_path() -> None:
    assert segment("../a/b?c#d") == "..%2Fa%2Fb%3Fc%23d"


def test_what_was_ended_may_have_been_gone_but_who_refuses_has_not_ended_it() -> None:
    assert office(httpx.Response(204)).end("/api/v1/calls/call-7")
    assert not office(httpx.Response(404, json={"error": "No such call."})).end("/api/v1/calls/call-7")
    with pytest.raises(LocalError, match="Not from there"):
        office(httpx.Response(403, json={"error": "Not from there."})).end("/api/v1/calls/call-7")
