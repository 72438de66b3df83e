import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from song_preference import logs


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()  # pytest's own, which `configure` would close
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    logs.configure()
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_one_line_of_json(stream: io.StringIO) -> None:
    logging.getLogger("a.b").warning("two\nlines of %s", "Ü")
    (line,) = lines(stream)
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "WARNING", "logger": "a.b", "message": "two\nlines of Ü"}


def test_addresses_that_are_asked_are_not_written(stream: io.StringIO) -> None:
    logging.getLogger("httpx").info("HTTP Request: GET https://features.example/v1/audio-features?ids=1,2")
    assert lines(stream) == []


def test_a_record_names_its_request_and_its_exception(stream: io.StringIO) -> None:
    token = logs.request_id.set("mine")
    try:
        int("why")
    except ValueError:
        logging.getLogger("a").exception("Failed.")
    logs.request_id.reset(token)
    (line,) = lines(stream)
    assert line["request_id"] == "mine"
    assert line["exception"].endswith("with base 10: 'why'")


@pytest.mark.parametrize("offered", [None, b"bytes", "", "x" * 65, "two words", "line\n"])
def test_an_id_that_is_not_fit_is_replaced(offered: str | bytes | None) -> None:
    assert len(logs.accepted_id(offered)) == 32


def test_an_id_that_is_fit_is_kept() -> None:
    assert logs.accepted_id("A-z_0.9") == "A-z_0.9"
