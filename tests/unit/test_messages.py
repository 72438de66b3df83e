import ast
from collections.abc import Iterator
from string import Formatter
from typing import Any

import pytest

from local_stack.config import ROOT
from song_preference import errors
from song_preference.messages import MINUS, SENTENCES, Language, LanguageFormatter, Message

EVERY_CODE = sorted(SENTENCES["en"])
SOURCES = [
    path
    for folder in ("song_preference", "fastapi_app", "streamlit_app", "airflow")
    for path in (ROOT / folder).rglob("*.py")
    if path.parent.name not in {"messages", "v1"}
]


def fields(sentence: str) -> dict[str, str]:
    """The name of each value in a sentence, and how it is written."""
    return {name: spec or "" for _, name, spec, _ in Formatter().parse(sentence) if name is not None}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every message in the code whose code is written out there."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name("Message"), args=[ast.Constant(str(code)), *_]):
                    yield code, node


def test_both_languages_know_the_same_codes() -> None:
    assert SENTENCES["en"].keys() == SENTENCES["es"].keys()


@pytest.mark.parametrize("code", EVERY_CODE)
def test_every_code_has_a_sentence_with_the_same_values_in_both_languages(code: str) -> None:
    english, spanish = SENTENCES["en"][code], SENTENCES["es"][code]
    assert fields(english) == fields(spanish)
    values = {name: 0.5 if spec else "this" for name, spec in fields(english).items()}
    assert all(Message(code, values).text(language) for language in SENTENCES)


def test_every_message_of_the_code_is_known_and_has_its_values() -> None:
    found = list(calls())
    assert {code for code, _ in found} <= SENTENCES["en"].keys()
    for code, call in found:
        match call.args[1:]:
            case []:
                assert not fields(SENTENCES["en"][code]), code
            case [ast.Dict(keys=keys)] if all(isinstance(key, ast.Constant) for key in keys):
                given = {key.value for key in keys if isinstance(key, ast.Constant)}
                assert given >= fields(SENTENCES["en"][code]).keys(), code


ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
TEXT_ALONE = {"UnknownVersion"}
"""An error of protocols that no listener speaks."""

COMMANDS = {ROOT / "song_preference" / name for name in ("clients.py", "pipeline/__main__.py")}
"""Programs of `make`, whose errors nobody sees in the dashboard."""


def test_every_error_has_a_code_so_that_the_dashboard_shows_it_in_its_language() -> None:
    for path in set(SOURCES) - COMMANDS:
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(ast.Name(name), [ast.Constant(str()) | ast.JoinedStr(), *_]) if name in ERRORS:
                    where = f"{path.relative_to(ROOT)}:{node.lineno}"
                    assert name in TEXT_ALONE, f"{where}: {name} has an English text and no code"


def test_no_sentence_is_left_over() -> None:
    nodes = (node for path in SOURCES for node in ast.walk(ast.parse(path.read_text())))
    used = {node.value for node in nodes if isinstance(node, ast.Constant)}
    types = {f"type_{kind.__name__}" for kind in (bool, int, float, str)}
    stored_before = {"compared_with_champion", "model_card_with_comparison"}
    assert set(EVERY_CODE) - used == types | stored_before


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "has 1,200 columns and may have 1,000: keep only those that describe the songs"),
        ("es", "tiene 1.200 columnas y caben 1.000: deja solo las que describen las canciones"),
    ],
)
def test_numbers_are_written_as_in_the_language(language: Language, expected: str) -> None:
    assert Message("too_many_columns", {"count": 1200, "limit": 1000}).text(language) == expected


def test_a_message_within_another_is_in_the_same_language() -> None:
    message = Message("separator_read", {"separator": Message("tabs").as_json()})
    assert "tabuladores" in message.text("es")


@pytest.mark.parametrize("code", [None, "something_new"])
def test_what_has_no_code_that_is_known_is_shown_as_it_was_stored(code: str | None) -> None:
    assert Message(code, {"a": 1}, "It is new.").text("es") == "It is new."


def test_what_was_stored_in_english_stays_as_it_was() -> None:
    stored = Message("column_missing", {}, "is not there")
    assert (stored.text("en"), stored.text("es")) == ("is not there", "falta")


@pytest.mark.parametrize(
    "params",
    [
        {"count": 2},
        {"count": 2, "limit": None},
        {"count": 2, "limit": Message("too_many_rows").as_json()},
    ],
)
def test_what_was_stored_with_other_values_is_shown_in_english(params: dict[str, Any]) -> None:
    assert Message("too_many_columns", params, "has 2 columns").text("es") == "has 2 columns"


@pytest.mark.parametrize(("language", "expected"), [("en", "0.5 and 1e-08"), ("es", "0,5 and 1e-08")])
def test_a_minus_is_that_of_the_charts_and_an_exponent_stays(language: Language, expected: str) -> None:
    assert LanguageFormatter(language).format("{:.1f} and {:.0e}", -0.5, 1e-8) == f"{MINUS}{expected}"
