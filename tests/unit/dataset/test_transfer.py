from pathlib import Path

import pytest

from song_preference.dataset.transfer import Network, is_transient_status, retried, shown, write
from song_preference.errors import InvalidDataset


@pytest.mark.parametrize(
    ("source", "as_shown"),
    [
        ("https://user:pass@example.com/a.csv?token=1#b", "https://example.com/a.csv?..."),
        ("https://pass@example.com", "https://example.com"),
        ("https://user:p@ss@example.com/a", "https://example.com/a"),
        ("https://user:12/ss@example.com/a", "https://...@example.com/a"),
        ("https://user:12?ss@example.com/a", "https://..."),
        ("https://user:12#ss@example.com/a", "https://..."),
        ("https://example.com/a@b", "https://...@b"),
        ("https://example.com/a.csv#token=abc", "https://example.com/a.csv#..."),
        ("https://example.com/a.csv#b?token=abc", "https://example.com/a.csv#..."),
        ("https://example.com/a.csv?token=abc@def", "https://..."),
        ("https:user:pass@example.com", "https:example.com"),
        ("https://user:pa/ss@example.com", "https://..."),
        ("incoming/what?.csv", "incoming/what?.csv"),
        ("a\nb\0c", "a?b?c"),
    ],
)
def test_a_source_is_shown_without_its_secrets(source: str, as_shown: str) -> None:
    assert shown(source) == as_shown


def test_waits_grow_between_the_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("song_preference.dataset.transfer.sleep", waited.append)

    def fails() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        retried(fails, lambda _: True, Network())
    assert waited == [1, 4]


def test_only_transient_errors_are_tried_again_and_no_longer_than_there_are_pauses() -> None:
    tries: list[type[Exception]] = [ConnectionError, ConnectionError, ValueError]
    left = iter(tries)

    def fails() -> None:
        raise next(left)

    network = Network(waits_seconds=(0, 0))
    with pytest.raises(ValueError):  # noqa: PT011 - it has no text
        retried(fails, lambda error: isinstance(error, ConnectionError), network)
    assert next(left, None) is None
    left = iter([ValueError, ConnectionError])
    with pytest.raises(ValueError):  # noqa: PT011
        retried(fails, lambda error: isinstance(error, ConnectionError), network)
    assert next(left) is ConnectionError


@pytest.mark.parametrize(
    ("max_bytes", "seconds"), [(1, 540), (200_000_000, 540), (4_000_000_000, 4_000), (10**12, 7_200)]
)
def test_a_larger_file_may_take_longer(max_bytes: int, seconds: float) -> None:
    assert Network().total_seconds(max_bytes) == seconds


@pytest.mark.parametrize(
    ("status", "is_transient"), [(200, False), (404, False), (429, True), (499, False), (500, True), (503, True)]
)
def test_a_status_that_may_pass(status: int, *, is_transient: bool) -> None:
    assert is_transient_status(status) is is_transient


def test_a_file_is_written_up_to_its_limit_and_no_piece_beyond_it(tmp_path: Path) -> None:
    pieces = [b"ab", b"cd", b"ef"]
    write(pieces, tmp_path / "whole", 6)
    assert (tmp_path / "whole").read_bytes() == b"abcdef"
    with pytest.raises(InvalidDataset, match="MAX_DATASET_BYTES"):
        write(pieces, tmp_path / "cut", 5)
    assert (tmp_path / "cut").read_bytes() == b"abcd"


def test_a_very_long_source_is_shown_in_part() -> None:
    assert shown("x" * 200) == "x" * 200
    assert shown("x" * 201) == "x" * 200 + "..."
