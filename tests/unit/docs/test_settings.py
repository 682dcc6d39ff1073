"""docs/configuration.md: every setting as the model has it, and examples that work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from docs.block import fill
from docs.settings import PAGE, current, meanings, tables
from gateway.config import Config
from gateway.config.load import parse
from gateway.config.model import AccountSettings
from tests.support.tls import Authority


def test_the_page_shows_the_settings_as_they_stand() -> None:
    assert PAGE.read_text(encoding="utf-8") == current(), "run python -m docs"


def examples() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_two_telephones_and_a_line_are_a_dozen_lines() -> None:
    first = examples()[0]
    assert len(first.splitlines()) <= 12
    config = parse(first, "office.toml", Path("/etc/copperline"))
    assert (list(config.phones), list(config.lines)) == (["101", "102"], ["copper1"])


def test_every_example_is_taken(tmp_path: Path) -> None:
    chain = Authority(tmp_path).certificate("pbx.example.com").chain
    whole = "\n".join(examples()).replace("…", "a-long-and-random-secret")
    for name in ("fullchain.pem", "privkey.pem"):
        whole = whole.replace(f"/etc/copperline/{name}", str(chain))
    config = parse(whole, "office.toml", Path("/etc/copperline"))
    assert config.store.url == "sqlite:////var/lib/copperline/copperline.db"
    assert config.media.prompts == Path("/var/lib/copperline/prompts")


def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for inner in model.__subclasses__():
        yield from models(inner)


@pytest.mark.parametrize("model", list(models(Config.__base__)), ids=lambda model: model.__name__)
def test_what_the_docstrings_explain_is_there(model: type[BaseModel]) -> None:
    assert set(meanings(model)) <= set(model.model_fields)


def test_every_setting_is_explained_and_no_table_stands_twice() -> None:
    rows = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert [row[0] for row in rows if len(row) == 4 and not row[3].strip(" |")] == []
    headings = [table.splitlines()[0] for table in tables(Config)]
    assert len(headings) == len(set(headings))
    assert "| `called_in` | list of tables, below | `[]` | the same for the number called" in "".join(
        tables(Config)
    )


def test_what_two_settings_share_a_line_for_is_told_of_each() -> None:
    found = meanings(AccountSettings)
    assert found["call_groups"] == "whoever may pick up in one of these may take its calls"
    assert found["pickup_groups"].startswith("those whose calls it may take")


def test_a_table_tells_bounds_defaults_and_meaning() -> None:
    text = "\n\n".join(tables(Config))
    assert "| `port` | whole number, 1 to 1024 | *required* | of its card, from 1;" in text
    assert '| `codecs` | list of `"ulaw"`, `"alaw"`, `"g722"`, ' in text
    assert '`"opus"`, one or more | `["ulaw", "alaw", "g722"]` | what is offered' in text
    assert "| `t1` | number, above 0 to 10 | `0.5` |" in text


def test_no_default_secret_and_no_word_of_python_is_shown() -> None:
    text = "\n\n".join(tables(Config))
    assert "| `secret` | text, at most 256 characters | *required* |" in text
    assert not re.search(r"\b(None|True|False|PosixPath)\b", text)


def test_a_block_is_exchanged_and_the_rest_of_the_page_stays() -> None:
    page = "above\n<!-- written by python -m it -->\nold\n<!-- end of python -m it -->\nbelow\n"
    new = fill(page, "it", "new")
    assert new.splitlines()[0] == "above" and new.splitlines()[-1] == "below"
    assert "new" in new and "old" not in new
    assert fill(new, "it", "new") == new


@pytest.mark.parametrize(
    "page",
    [
        "nothing\n",
        "<!-- written by python -m it -->\n",
        "<!-- end of python -m it -->\n<!-- written by python -m it -->\n",
    ],
)
def test_a_page_without_its_block_is_not_spoilt(page: str) -> None:
    with pytest.raises(ValueError, match="no block of it"):
        fill(page, "it", "new")
