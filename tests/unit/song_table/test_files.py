from io import BytesIO

import pytest

from song_preference.errors import InvalidDataset
from song_preference.song_table.files import PIECE_BYTES, check_is_no_page, copied, extension_of, pieces


@pytest.mark.parametrize(
    ("start", "extension"),
    [
        (b"\x1f\x8b\x08", "gz"),
        (b"PK\x03\x04", "zip"),
        (b"PAR1", "parquet"),
        (b' \n[{"a": 1}]', "json"),
        (b"{", "json"),
        (b"energy,tempo", "csv"),
        (b"", "csv"),
    ],
)
def test_a_file_is_what_it_begins_with(start: bytes, extension: str) -> None:
    assert extension_of(BytesIO(start)) == extension


@pytest.mark.parametrize("start", [b"<!DOCTYPE html>", b"\xef\xbb\xbf\n <html>"])
def test_a_page_is_rejected(start: bytes) -> None:
    with pytest.raises(InvalidDataset, match="is an HTML page"):
        check_is_no_page(start)
    check_is_no_page(b"title,<b>\n")


def test_a_file_is_read_a_piece_at_a_time() -> None:
    content = b"x" * PIECE_BYTES + b"y"
    assert list(pieces(BytesIO(content))) == [b"x" * PIECE_BYTES, b"y"]


def test_a_copy_ends_with_the_piece_that_is_too_much() -> None:
    content, target = b"x" * (2 * PIECE_BYTES), BytesIO()
    copied(BytesIO(content), target, len(content))
    assert target.getvalue() == content
    target = BytesIO()
    with pytest.raises(InvalidDataset, match="once unpacked"):
        copied(BytesIO(content), target, len(content) - 1)
    assert len(target.getvalue()) == PIECE_BYTES
