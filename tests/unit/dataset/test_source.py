from pathlib import Path

import pytest

from song_preference.dataset.source import Location, fetch, locate
from song_preference.errors import InvalidDataset, SourceUnavailable
from song_preference.storage import ObjectStore


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("https://drive.google.com/file/d/13DDhnS2FoXN-xqWM9PWryQyUBgRTqcKg", "drive"),
        ("https://docs.google.com/uc?id=abc", "drive"),
        ("https://example.com/playlist.csv", "https"),
        ("s3://data/incoming/playlist.csv", "s3"),
        ("/incoming/playlist.csv", "file"),
        ("sample", "sample"),
    ],
)
def test_source_is_understood(source: str, kind: str) -> None:
    assert locate(source) == Location(kind, source)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ["http://example.com/a.csv", "ftp://example.com/a.csv", "file:///etc/passwd"])
def test_other_schemes_are_refused_with_what_is_accepted(source: str) -> None:
    with pytest.raises(SourceUnavailable, match="is none of: a Google Drive link"):
        locate(source)


@pytest.fixture
def no_store() -> ObjectStore:
    """For sources that need no S3."""
    return None  # type: ignore[return-value]


def test_a_file_is_copied_with_its_checksum(tmp_path: Path, no_store: ObjectStore) -> None:
    playlist = tmp_path / "playlist.csv"
    playlist.write_bytes(b"abc")
    source = fetch(str(playlist), tmp_path / "raw.csv", no_store, max_bytes=3)
    assert (tmp_path / "raw.csv").read_bytes() == b"abc"
    assert source.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (source.kind, source.size_bytes) == ("file", 3)


def test_a_file_larger_than_allowed_is_refused(tmp_path: Path, no_store: ObjectStore) -> None:
    playlist = tmp_path / "playlist.csv"
    playlist.write_bytes(b"abcd")
    with pytest.raises(InvalidDataset, match="MAX_DATASET_BYTES"):
        fetch(str(playlist), tmp_path / "raw.csv", no_store, max_bytes=3)


def test_a_missing_file_is_unavailable(tmp_path: Path, no_store: ObjectStore) -> None:
    with pytest.raises(SourceUnavailable, match="No such file"):
        fetch(str(tmp_path / "none.csv"), tmp_path / "raw.csv", no_store, max_bytes=3)


def test_a_drive_link_without_an_id_is_refused(tmp_path: Path, no_store: ObjectStore) -> None:
    with pytest.raises(SourceUnavailable, match="No file id"):
        fetch("https://drive.google.com/", tmp_path / "raw.csv", no_store, max_bytes=3)


@pytest.fixture
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection goes through a proxy that is not there."""
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


@pytest.mark.usefixtures("nobody_answers")
@pytest.mark.parametrize("source", ["https://drive.google.com/file/d/abc", "https://example.com/playlist.csv"])
def test_a_host_that_does_not_answer_is_unavailable(source: str, tmp_path: Path, no_store: ObjectStore) -> None:
    with pytest.raises(SourceUnavailable, match=source):
        fetch(source, tmp_path / "raw.csv", no_store, max_bytes=3)
