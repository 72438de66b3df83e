"""Packings and encodings that become a CSV in UTF-8, and those that do not."""

import gzip

import pytest

from tests.support.playlists import as_csv, songs
from tests.support.song_tables import LIMIT, NAMES_ONLY, PLAIN, Table, check_is_plain, check_is_rejected, packed

TITLED = PLAIN.assign(title=[f"Song {number}" for number in range(len(PLAIN))])
SPANISH = TITLED.rename(columns={"energy": "Energía", "acousticness": "Acústica"})
WAYS: dict[str, tuple[bytes, list[str]]] = {
    "a byte order mark": (b"\xef\xbb\xbf" + as_csv(PLAIN), []),
    "UTF-16 with tabs": (as_csv(songs(), sep="\t").decode().encode("utf-16"), ["transcoded", "separator_read"]),
    "UTF-16 without a mark": (as_csv(PLAIN).decode().encode("utf-16-le"), ["transcoded"]),
    "UTF-32": (as_csv(PLAIN).decode().encode("utf-32"), ["transcoded"]),
    "Windows-1252": (as_csv(songs()).decode().encode("cp1252"), ["transcoded"]),
    "UTF-8 with a byte of another encoding": (
        as_csv(SPANISH).replace(b"Song 33", b"Song \xe9"),
        ["characters_replaced", "columns_understood"],
    ),
    "UTF-8 with a mark and such a byte": (
        b"\xef\xbb\xbf" + as_csv(TITLED).replace(b"Song 33", b"Song \xe9"),
        ["characters_replaced"],
    ),
    "UTF-8 that ends within a character": (
        as_csv(SPANISH)[:-1] + b"\xc3",
        ["characters_replaced", "columns_understood"],
    ),
    "few control characters": (
        as_csv(TITLED).replace(b"Song 33", b"\0 \x08 \x1c"),
        ["characters_replaced"],
    ),
    "Windows-1252 with a control character": (
        as_csv(SPANISH).decode().encode("cp1252").replace(b"Song 33", b"\0"),
        ["transcoded", "characters_replaced", "columns_understood"],
    ),
    "gz": (gzip.compress(as_csv(PLAIN)), []),
    "zip": (packed(as_csv(PLAIN), "folder/songs.csv"), []),
    "zip with other files": (
        packed(as_csv(PLAIN), "./songs.csv", "._songs.csv", "my/README.txt", "dataset-metadata.json", "songs.xlsx"),
        [],
    ),
    "zip of a table that is called notes": (packed(as_csv(PLAIN), "notes.txt"), []),
    "zip with other archives": (packed(as_csv(PLAIN), "songs.csv", "images.zip", "songs.csv.gz"), []),
    "gz in a zip": (packed(gzip.compress(as_csv(PLAIN)), "songs.csv.gz", "__MACOSX/._songs.csv.gz"), []),
    "zip in a gz": (gzip.compress(packed(as_csv(PLAIN), "songs.csv")), []),
    "zip of a Mac": (packed(as_csv(PLAIN), "songs.csv", "__MACOSX/._songs.csv", ".DS_Store"), []),
}


@pytest.mark.parametrize(("raw", "noted"), WAYS.values(), ids=WAYS)
def test_the_same_songs_in_another_form_are_the_same(raw: bytes, noted: list[str], table: Table) -> None:
    check_is_plain(table(raw), noted)


PAGE = (
    "the file is an HTML page or XML: export the playlist as CSV, and check that a link gives the file itself, shared "
    "with anyone who has it"
)
DOCUMENT = "the file is a workbook or another document: save it in its program as 'CSV UTF-8' and send that"
ZIP_OF_TWO = (
    "the file is a zip with 2 tables: put just one into it (csv, tsv, txt, json or parquet), "
    "or, for a playlist to train on, two that are called liked and disliked (likes, me gusta, dislikes, no me gusta "
    "and the like are understood)"
)
BINARY = "the file is binary: export the playlist as CSV (of archives, only zip and gz can be unpacked)"
PACKED_AGAIN = "the file is packed twice, and the zip inside has 2 tables: unpack it once and send that zip"
TWO = packed(as_csv(PLAIN), "liked.csv", "disliked.csv")
BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the file is empty"),
    "white space": (b" \n\n\t", "the file is empty"),
    "only a byte order mark": (b"\xef\xbb\xbf\n", "the file is empty"),
    "html": (b"\n\n <!DOCTYPE html><html><body>Sign in</body></html>", PAGE),
    "XML": (b'<?xml version="1.0"?>\n<plist></plist>', PAGE),
    "a text with fonts": (b"{\\rtf1\\ansi " + as_csv(PLAIN) + b"}", DOCUMENT),
    "pages to print": (b"%PDF-1.7\n" + as_csv(PLAIN), DOCUMENT),
    "a workbook of Numbers": (packed(b"x", "Index/Document.iwa", "preview.jpg"), DOCUMENT),
    "binary": (b"\x89\x00\x01" * 50, BINARY),
    "control characters far down": (as_csv(PLAIN) + b"\0" * 200, BINARY),
    "a workbook": (
        packed(b"<x/>", "[Content_Types].xml", "xl/workbook.xml"),
        DOCUMENT,
    ),
    "a workbook in a zip": (
        packed(b"PK", "my/Songs.XLSX"),
        DOCUMENT,
    ),
    "a zip without files": (packed(b""), ZIP_OF_TWO.replace("2 tables", "0 tables")),
    "a gz in a gz in a gz": (
        gzip.compress(gzip.compress(gzip.compress(as_csv(PLAIN)))),
        "the file is packed more than twice: unpack it and send what is inside",
    ),
    "two tables in a zip in a zip": (packed(TWO, "songs.zip"), PACKED_AGAIN),
    "two tables in a zip in a gz": (gzip.compress(TWO), PACKED_AGAIN),
    "a bomb in a zip": (
        packed(gzip.compress(b" " * (LIMIT + 1)), "songs.csv.gz"),
        "the file has more than 100 MB once unpacked: split it",
    ),
    "an old workbook": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9,
        DOCUMENT,
    ),
    "the zip that Spotify sends": (
        packed(b'{"tracks": []}', "Spotify Account Data/YourLibrary.json", "Spotify Account Data/Playlist1.json"),
        NAMES_ONLY,
    ),
    "two tables in a zip": (
        packed(b"a", "one.csv", "two.csv"),
        ZIP_OF_TWO,
    ),
    "a zip that is cut off": (
        packed(as_csv(PLAIN), "songs.csv")[:-40],
        "the file is a gz or zip file that cannot be unpacked: check it, and that it has no password",
    ),
    "a zip whose list of files lies before it": (
        packed(as_csv(PLAIN), "songs.csv")[:-6] + b"\xff\xff\xff\x7f\0\0",
        "the file is a gz or zip file that cannot be unpacked: check it, and that it has no password",
    ),
    "a gz that is cut off": (
        gzip.compress(as_csv(PLAIN))[:-40],
        "the file is a gz or zip file that cannot be unpacked: check it, and that it has no password",
    ),
    "a bomb": (
        gzip.compress(b" " * (LIMIT + 1)),
        "the file has more than 100 MB once unpacked: split it",
    ),
    "UTF-16 that breaks off": (
        as_csv(PLAIN).decode().encode("utf-16")[:-1],
        "the file begins as UTF-16 and does not go on so: export it again as CSV UTF-8",
    ),
}


@pytest.mark.parametrize(("raw", "words"), BAD.values(), ids=BAD)
def test_a_file_that_is_no_table_of_songs_is_rejected_in_these_words(raw: bytes, words: str, table: Table) -> None:
    check_is_rejected(table, raw, words)


def test_what_cannot_be_read_is_replaced(table: Table) -> None:
    read = table(as_csv(SPANISH).replace(b"Song 33", b"\x08Song \xe9"))
    assert "\N{REPLACEMENT CHARACTER}Song \N{REPLACEMENT CHARACTER}" in [
        title for (title,) in read.query("select title from songs")
    ]
    assert read.notes[0].params == {"count": 2}
