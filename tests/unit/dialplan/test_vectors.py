"""Functions, time conditions and whole scripts answer as Asterisk 23.4.1 did."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from dialplan.timing import Timing
from tests.unit.dialplan.office import FakeLeg, Office
from tests.unit.dialplan.vectors import questions, vectors


@pytest.mark.parametrize("vector", vectors("time"), ids=lambda vector: f"{vector['spec']} {vector['when']}")
def test_a_time_condition(vector: dict[str, Any]) -> None:
    when = datetime.strptime(vector["when"].removesuffix(" UTC"), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert Timing.parse(vector["spec"]).holds(when) is (vector["answer"] == "yes")


def answer(office: Office, leg: FakeLeg) -> str:
    asyncio.run(office.engine.run(leg, "start", "go"))
    return leg.variables.get("T", "")


@pytest.mark.parametrize(
    "vector",
    vectors("func"),
    ids=lambda vector: vector["text"],
)
def test_a_function(vector: dict[str, Any]) -> None:
    leg = FakeLeg()
    leg.variables.update(vector["variables"])
    office = Office(f"[start]\nexten => go,1,Set(T={vector['text']})")
    assert answer(office, leg) == vector["answer"]
    assert leg.ending is not None
    assert "end of extension" in leg.ending.evidence


@pytest.mark.parametrize("question", questions("script"), ids=lambda question: question["context"])
def test_a_corner_of_scripts(question: dict[str, Any]) -> None:
    office = Office(f"[start]\nexten => go,1,Gosub(tested,s,1)\n[tested]\n{question['context']}")
    assert answer(office, FakeLeg()) == question["answer"]


@pytest.mark.parametrize("question", questions("expr", "func"), ids=lambda question: question["text"])
def test_a_corner_of_the_language(question: dict[str, Any]) -> None:
    leg = FakeLeg()
    leg.variables.update(question["variables"])
    office = Office(f"[start]\nexten => go,1,Set(T={question['text']})")
    assert answer(office, leg) == question["answer"]


@pytest.mark.parametrize(
    "vector",
    vectors("script"),
    ids=lambda vector: vector["name"],
)
def test_a_script(vector: dict[str, Any]) -> None:
    office = Office(f"[start]\nexten => go,1,Gosub(tested,s,1)\n[tested]\n{vector['context']}")
    assert answer(office, FakeLeg()) == vector["answer"]
