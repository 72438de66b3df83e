import pytest

from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES
from song_preference.messages import Message
from streamlit_app.songs import file as songs_file
from streamlit_app.songs.answers import SongFile
from tests.support.dashboard import LIST_BYTES, LIST_ROWS, read_list

HEADER = ",".join(FEATURES)


def codes(file: SongFile, position: int) -> list[tuple[str | None, str | None]]:
    return [(column, rule.code) for column, rule in file.faults[position]]


def test_features_stand_in_any_order_and_case_with_other_columns() -> None:
    content = "Title,ENERGY, danceability ,Speechiness,Acousticness\nA,0.1,0.2,0.3,0.4\n".encode("utf-8-sig")
    file = read_list(content)
    assert file.features.tolist() == [pytest.approx([0.3, 0.1, 0.2, 0.4])]
    assert [file.header[column] for column in file.kept_columns] == ["Title"]
    assert file.good.all()


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_spanish_spreadsheet_writes_decimal_commas(separator: str) -> None:
    rows = [*FEATURES, "título"], ["0,52", "0,5", "1", "0.25", "Ojos, así"]
    file = read_list("\r\n".join(separator.join(row) for row in rows).encode())
    assert file.features.tolist() == [pytest.approx([0.52, 0.5, 1, 0.25])]
    assert file.has_decimal_commas
    assert file.cells.iloc[0].tolist() == rows[1]


def test_each_fault_is_named_and_rows_are_counted_as_a_spreadsheet_does() -> None:
    file = read_list(
        f'{HEADER},title\n0,0,0,0,"two\nlines"\n\n,x,2,0,A\n0,0,0\n0,0,0,0,A,more\n0,0,0,0,{"a" * 140_000}\n'.encode()
    )
    assert file.rows.tolist() == [2, 4, 5, 6, 7]
    assert file.good.tolist() == [True, False, False, False, False]
    assert [codes(file, position) for position in file.faults] == [
        [("speechiness", "empty_cell"), ("energy", "not_a_number"), ("danceability", "not_in_unit_interval")],
        [(None, "row_uneven")],
        [(None, "row_uneven")],
        [(None, "cell_too_long")],
    ]


def test_what_was_understood_is_noted() -> None:
    file = read_list(("sep=;\nTrack Name;" + HEADER.replace(",", ";") + "\nÁ;20;30;40;50\n").encode())
    assert file.features.tolist() == [pytest.approx([0.2, 0.3, 0.4, 0.5])]
    assert [note.code for note in file.notes] == [
        "separator_read",
        "header_in_row",
        "features_in_percent",
        "columns_understood",
    ]


def test_columns_that_no_prediction_needs_are_not_missed() -> None:
    assert read_list(f"{HEADER}\n0,0,0,0\n".encode()).notes == []


def test_more_rows_than_a_block_keep_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(songs_file, "BLOCK_CELLS", 2 * len(FEATURES))
    file = read_list(f"{HEADER}\n0,0,0,0\n1,0,0,0\nx,0,0,0\n0,0,0,0,a,b\n0,0,1,0\n".encode())
    assert file.good.tolist() == [True, True, False, False, True]
    assert file.surplus == {3: ["a", "b"]}
    assert file.features[file.good, 0].tolist() == [0, 1, 0]
    assert file.rows.tolist() == [2, 3, 4, 5, 6]


def test_a_list_without_one_whole_row_is_read() -> None:
    file = read_list(f"{HEADER}\n0,0\n0,0,0,0,0\n".encode())
    assert file.good.tolist() == [False, False]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (HEADER.encode(), "no_songs"),
        (b"energy,danceability\n1,1\n", "column_missing"),
        (b"Track name,Artist name\nA,B\n", "no_audio_features"),
        (b"PK\x03\x04\x00\x00", "archive_unreadable"),
        (b"\x00" * 8, "binary"),
        ((HEADER + '\n0,0,0,"0' * 101 + "\n0,0,0,0\n").encode(), "quote_not_closed"),
        ((HEADER + "," * 1_000 + "\n1").encode(), "too_many_columns"),
        (b" " * (LIST_BYTES + 1), "list_too_large"),
        (HEADER.encode() + b"\n0,0,0,0" * (LIST_ROWS + 1), "too_many_rows"),
    ],
)
def test_what_is_no_list_of_songs_is_rejected_with_its_own_reason(content: bytes, code: str) -> None:
    with pytest.raises(InvalidDataset) as rejected:
        read_list(content)
    assert rejected.value.findings[0].rule.code == code
    assert Message(code, rejected.value.findings[0].rule.params).text("es")
