import random
from pathlib import Path

import pytest

from song_preference.dataset import text
from song_preference.dataset.text import check_text
from song_preference.errors import InvalidDataset

PAGE = "the file is an HTML page: check that the link gives the file itself, shared with anyone who has it"
BINARY = "the file is binary: export the playlist as CSV"
BAD = {
    "empty": (b"", "the file is empty"),
    "only white space": (b" \n\r\n\t" * 3000, "the file is empty"),
    "only a byte order mark": (b"\xef\xbb\xbf\n", "the file is empty"),
    "a page": (b"<!DOCTYPE html><html></html>", PAGE),
    "a page after white space": (b"\n" * 5000 + b"<html></html>", PAGE),
    "a page after a byte order mark": (b"\xef\xbb\xbf\n<html></html>", PAGE),
    "a zero byte at the end": (b"a" * 5000 + b"\0", BINARY),
    "utf-16": ("energy\n0.5\n".encode("utf-16"), BINARY),
    "a zero byte far behind one that cannot be decoded": (b"\xff" + b"a" * 5000 + b"\0", BINARY),
    "latin-1": (
        b"title\nCanci\xf3n\n",
        "the file is not UTF-8: export it again with this encoding (1 row: 2)",
    ),
    "latin-1 far down": (
        b"0.5\n" * 5000 + b"Canci\xf3n\n\xf3\n",
        "the file is not UTF-8: export it again with this encoding (1 row: 5001)",
    ),
    "a character cut off": (
        "title\nCanció".encode()[:-1],
        "the file is not UTF-8: export it again with this encoding (1 row: 2)",
    ),
}


@pytest.fixture(params=[3, 8, 1 << 20])
def any_piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pieces that a file is read in may end anywhere."""
    monkeypatch.setattr(text, "PIECE_BYTES", request.param)


@pytest.mark.usefixtures("any_piece")
@pytest.mark.parametrize(("content", "finding"), BAD.values(), ids=BAD)
def test_what_is_no_text_is_refused(content: bytes, finding: str, tmp_path: Path) -> None:
    (tmp_path / "raw.csv").write_bytes(content)
    with pytest.raises(InvalidDataset) as refused:
        check_text(tmp_path / "raw.csv")
    assert str(refused.value) == f"This playlist cannot be used: {finding}."


@pytest.mark.usefixtures("any_piece")
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n\n"])
def test_text_in_any_language_passes(start: bytes, tmp_path: Path) -> None:
    characters = "aé愛🎵,\n"
    rows = "".join(random.Random(3).choices(characters, k=3000))
    (tmp_path / "raw.csv").write_bytes(start + b"title\n" + rows.encode())
    check_text(tmp_path / "raw.csv")
