"""Variables and expressions give what Asterisk gives, and values stay values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplan.substitution import ScriptError, Template, TemplateError
from tests.unit.dialplan.vectors import vectors


class Variables:
    """A scope of plain variables; LEN and ECHO are its only functions."""

    def __init__(self, **values: str) -> None:
        self.values = values
        self.read_functions: list[str] = []

    def variable(self, name: str) -> str:
        return self.values.get(name, "")

    def read(self, function: str, arguments: str) -> str:
        self.read_functions.append(function)
        return str(len(arguments)) if function == "LEN" else arguments


@pytest.mark.parametrize("vector", vectors("subst") + vectors("expr"), ids=lambda vector: vector["text"])
def test_asterisks_answer(vector: dict[str, Any]) -> None:
    assert Template(vector["text"]).fill(Variables(**vector["variables"])) == vector["answer"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("${${POINTER}}", "2565551100"),
        ("${NUMBER:${OFFSET}}", "1100"),
        ("${NUMBER:-4:2}", "11"),
        ("a${NUMBER:0:3}b${MISSING}c", "a256bc"),
        ("${LEN(${NUMBER:3}):0:1}", "7"),
        ("${ECHO(a:b):2}", "b"),
        ("${ECHO((x),y)}", "(x),y"),
        ("$[1 + 2 * 3]", "7"),
        ("$[(1 + 2) * 3]", "9"),
        ("$[1 ? 2 ? a :: b :: c]", "a"),
        ("$[$[1 + 1] * ${OFFSET}]", "12"),
        ("$[-${OFFSET} + 1]", "-5"),
        ("$[${MINUS} + 1]", "-6"),
        ("$[${SPACED} = 5]", "1"),
        ('$["${SPACED}" = " 5 "]', "1"),
        ("$[LEN(${NUMBER}) > 9]", "1"),
        ("$[1 + ]", "0"),
        ("$[1 ? 2]", "0"),
        ("$[= 3]", ""),
        ('$["${NUMBER}" =~ "^256([0-9]{3})"]', "555"),
        ('$["abc" =~ "[[:alpha:]]+"]', "3"),
        ('$["abc" =~ "("]', ""),
        ("$[1000000000 * 1000000000]", "1e+18"),
        ("$[10 % 4]", "2"),
        ("$[ABS(-3)]", "3"),
        ("$[SQRT(2)]", "1.41421356237309505"),
    ],
)
def test_nested_forms(text: str, answer: str) -> None:
    scope = Variables(NUMBER="2565551100", POINTER="NUMBER", OFFSET="6", MINUS="-7", SPACED=" 5 ")
    assert Template(text).fill(scope) == answer


def test_a_sum_of_thousands_is_long_and_not_deep() -> None:
    assert Template("$[" + " + ".join(["1"] * 5000) + "]").fill(Variables()) == "5000"
    assert Template("$[" + "0 ? 1 :: " * 40 + "7]").fill(Variables()) == "7"


def test_a_number_beyond_long_double_is_infinite() -> None:
    assert Template(f"$[{'9' * 6000} + 1]").fill(Variables()) == "inf"
    assert Template(f"$[-{'9' * 6000}.5 + 1]").fill(Variables()) == "-inf"
    assert Template(f"$[{'9' * 6000} % 7]").fill(Variables()) in ("nan", "-nan")


@pytest.mark.parametrize(
    "name",
    ['x" | 1 | "x', "1 | 1", "${SECRET}", "$[1]", 'LEN("x")', ") | (1", "1 1", '"', '" = "" | "'],
)
def test_what_a_caller_is_called_never_changes_the_question(name: str) -> None:
    scope = Variables(NAME=name, SECRET="boss")
    assert Template('$["${NAME}" = "boss"]').fill(scope) == "0"
    assert Template("$[${NAME} = boss]").fill(scope) == "0"
    assert Template("${NAME}").fill(scope) == name
    assert Template("${ECHO(${NAME})}").fill(scope) == name


def test_a_value_never_names_a_function() -> None:
    scope = Variables(NAME="SHELL")
    assert Template("$[${NAME}(reboot)]").fill(scope) == "0"
    assert scope.read_functions == []


@pytest.mark.parametrize("text", ["${NUMBER", "$[1 + 2", "${A:${B}", "x${F(", "${" * 60 + "A" + "}" * 60])
def test_an_open_bracket_is_refused_when_the_file_is_read(text: str) -> None:
    with pytest.raises(TemplateError):
        Template(text)


def test_a_value_that_grows_without_end_is_stopped() -> None:
    with pytest.raises(ScriptError, match="more than 65536 characters"):
        Template("${A}${A}").fill(Variables(A="x" * 40000))


def test_functions_named_in_a_text_are_listed() -> None:
    assert Template("${CUT(A,-,$[${LEN(${B})} + 1])} ${C} ${${D}(x)}").names == {"CUT", "LEN"}


@given(st.text(alphabet='${}[]():"=+-*/?!&|~ 19aXé,%', max_size=40), st.text(max_size=10))
@settings(max_examples=300)
def test_any_text_compiles_or_is_refused_and_then_never_fails(text: str, value: str) -> None:
    try:
        template = Template(text)
    except TemplateError:
        return
    template.fill(Variables(a=value, X=value))
