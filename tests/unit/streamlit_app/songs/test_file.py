from io import BytesIO

import pytest

from fastapi_app.csv_scoring import SongTable
from song_preference.features import FEATURES
from streamlit_app.songs import file as songs_file
from streamlit_app.songs.file import Fault, FileRefused, read
from tests.support.dashboard import TEXTS, danceable

HEADER = ",".join(FEATURES)
SPELLINGS = (
    "0.5", " 0.5 ", "5e-1", "+.5", "0", "1", "-0.0", "1.0000001", "-0.1", "1e9", "inf", "NaN", "True", "0_1", "1_0",
    "0x1", "", "  ", "half", '"0,5"', "½", "\N{ARABIC-INDIC DIGIT ONE}",
)  # fmt: skip


def test_features_stand_in_any_order_and_case_with_other_columns() -> None:
    content = "Title,ENERGY, danceability ,Speechiness,Acousticness\nA,0.1,0.2,0.3,0.4\n".encode("utf-8-sig")
    file = read(content)
    assert file.features.tolist() == [pytest.approx([0.3, 0.1, 0.2, 0.4])]
    assert [file.header[column] for column in file.kept_columns] == ["Title"]
    assert file.good.all()


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_spanish_spreadsheet_writes_decimal_commas(separator: str) -> None:
    rows = [*FEATURES, "título"], ["0,52", "0,5", "1", "0.25", "Ojos, así"]
    file = read("\r\n".join(separator.join(row) for row in rows).encode())
    assert file.features.tolist() == [pytest.approx([0.52, 0.5, 1, 0.25])]
    assert file.decimal_comma
    assert file.cells.iloc[0].tolist() == rows[1]


def test_each_fault_is_named_and_rows_are_counted_as_a_spreadsheet_does() -> None:
    file = read(
        f'{HEADER},title\n0,0,0,0,"two\nlines"\n\n,x,2,0,A\n0,0,0,0\n0,0,0,0,A,more\n0,0,0,0,{"a" * 140_000}\n'.encode()
    )
    assert file.rows.tolist() == [2, 4, 5, 6, 7]
    assert file.good.tolist() == [True, False, False, False, False]
    assert [file.faults(position) for position in range(5)] == [
        [],
        [Fault("speechiness", "missing"), Fault("energy", "no_number"), Fault("danceability", "out_of_range")],
        [Fault(None, "width")],
        [Fault(None, "width")],
        [Fault(None, "unreadable")],
    ]


def test_a_quote_that_is_never_closed_spoils_no_more_than_its_own_rows() -> None:
    file = read(f'{HEADER}\n0,0,0,"0\n'.encode() + b"0,0,0,0\n" * 20_000)
    assert file.faults(0) == [Fault(None, "unreadable")]
    assert file.good[1:].all()
    assert 3_000 < file.good.sum() < 4_000


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_rest_service_takes_the_same_rows(spelling: str) -> None:
    content = f"{HEADER}\n{spelling},0.5,0.5,0.5\n".encode()
    answer = b"".join(SongTable(BytesIO(content)).answered(danceable)).decode().splitlines()[1]
    assert read(content).good.tolist() == [answer.endswith(",like,0.5,")]


def test_more_rows_than_a_block_keep_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(songs_file, "BLOCK_CELLS", 2 * len(FEATURES))
    file = read(f"{HEADER}\n0,0,0,0\n1,0,0,0\nx,0,0,0\n0,0,0,0,a,b\n0,0,1,0\n".encode())
    assert file.good.tolist() == [True, True, False, False, True]
    assert file.surplus == {3: ["a", "b"]}
    assert file.features[file.good, 0].tolist() == [0, 1, 0]
    assert file.rows.tolist() == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "songs_empty"),
        (b"\n\n", "songs_empty"),
        (HEADER.encode(), "songs_header_only"),
        (b"energy,danceability\n1,1\n", "songs_missing_columns"),
        (b"0.1,0.2,0.3,0.4\n", "songs_missing_columns"),
        (f"{HEADER},Energy\n0,0,0,0,0\n".encode(), "songs_repeated_columns"),
        (b"PK\x03\x04\x00\x00", "songs_binary"),
        (f"{HEADER}\n".encode("utf-16"), "songs_binary"),
        (f"título,{HEADER}\n".encode("latin-1"), "songs_not_utf8"),
        ((HEADER + "," * 1_000).encode(), "songs_too_many_columns"),
        (("x" * 140_000 + "\n" + HEADER).encode(), "songs_unreadable_header"),
        (b" " * 50_000_001, "songs_too_large"),
        (HEADER.encode() + b"\n0,0,0,0" * 200_001, "songs_too_many_rows"),
    ],
)
def test_what_is_no_list_of_songs_is_refused_with_its_own_reason(content: bytes, reason: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(content)
    assert refused.value.reason == reason
    assert all(text.format(**refused.value.values) for text in TEXTS[reason].values())


def test_missing_columns_are_named() -> None:
    with pytest.raises(FileRefused) as refused:
        read(b"energy;danceability\n1;1\n")
    assert refused.value.values == {"columns": "speechiness, acousticness"}
