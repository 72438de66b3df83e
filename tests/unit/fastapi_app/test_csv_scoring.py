import csv
import json
import tracemalloc
from io import BytesIO, StringIO

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray

from fastapi_app.csv_scoring import BLOCK_CHARACTERS, BLOCK_ROWS, MAX_NOTES_CHARACTERS, answered
from song_preference.features import FEATURES, Song
from song_preference.prediction import Batch
from song_preference.serving.predictor import Predictor
from song_preference.song_table.records import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_ROW_CHARACTERS
from tests.support.registry import FakeRegistry
from tests.support.rest import MAX_UPLOAD_BYTES, check_problem
from tests.support.songs import SONG

CSV = {"Content-Type": "text/csv"}
HEADER = ",".join(FEATURES)
ROW = ",".join(str(SONG[feature]) for feature in FEATURES)


def rows(content: bytes | str) -> list[dict[str, str]]:
    text = content if isinstance(content, str) else content.decode()
    return list(csv.DictReader(StringIO(text, newline="")))


def answer(client: TestClient, content: str | bytes) -> list[dict[str, str]]:
    response = client.post("/predict/csv", content=content, headers=CSV)
    assert response.status_code == 200, response.text
    return rows(response.content)


def fault(client: TestClient, row: str, header: str = HEADER) -> str:
    """Return the reason that a row gets, whose neighbours are answered whatever it is."""
    before, found, after = answer(client, f"{header}\n{ROW}\n{row}\n{ROW}\n")
    assert before["label"] == after["label"] != ""
    assert found["label"] == found["probability"] == ""
    return found["error"]


@pytest.mark.parametrize("header", ["title,energy,Acousticness , DANCEABILITY,speechiness"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_keep_their_columns_and_get_an_answer(
    rest: TestClient, predictor: Predictor, header: str, bom: str, end: str
) -> None:
    content = end.join([bom + header, '"Ünder, ""me""",0.521,0.713,0.514,0.0444', ""]).encode()
    expected = predictor.predict(Song.checked(SONG))
    raw = rest.post("/predict/csv", content=content, headers={"Content-Type": "text/csv; charset=utf-8"})
    form = rest.post("/predict/csv", files={"file": ("songs.csv", content)})
    assert raw.content == form.content
    assert raw.headers["content-type"] == "text/csv; charset=utf-8"
    assert raw.headers["content-disposition"] == 'attachment; filename="predictions.csv"'
    assert raw.content.decode().startswith(f"{bom}{header},label,probability,error{end}")
    assert rows(raw.content.decode("utf-8-sig")) == [
        dict(zip(header.split(","), ['Ünder, "me"', "0.521", "0.713", "0.514", "0.0444"], strict=True))
        | {"label": expected.label, "probability": str(expected.probability), "error": ""}
    ]


def test_a_cell_with_a_lone_carriage_return_stays_one(rest: TestClient) -> None:
    before, found = answer(rest, f'title,{HEADER}\n"A\rb",{ROW}\nC,{ROW}\n')
    assert (before["title"], before["error"], found["title"]) == ("A\rb", "", "C")


def test_a_title_above_the_header_may_have_lines_of_its_own(rest: TestClient, predictor: Predictor) -> None:
    songs = [SONG, SONG | {"danceability": 0.01, "energy": 0.99}]
    lines = [f"{at}," + ",".join(str(song[name]) for name in FEATURES) for at, song in enumerate(songs)]
    content = "\n".join(['"My playlist', 'of 2024"', f"title,{HEADER}", *lines, ""])
    response = rest.post("/predict/csv", content=content, headers=CSV)
    answers = list(csv.reader(StringIO(response.text, newline="")))[2:]
    expected = [predictor.predict(Song.checked(song)) for song in songs]
    assert [row[-3:] for row in answers] == [[each.label, str(each.probability), ""] for each in expected]


def test_a_file_of_several_blocks_is_answered_in_its_order(rest: TestClient, predictor: Predictor) -> None:
    values = np.random.default_rng(1).random((2 * BLOCK_ROWS + 7, 4), dtype=np.float32)
    expected = predictor.predict_rows(values)
    lines = [",".join(map(str, row)) for row in values.tolist()]
    answers = answer(rest, "\n".join([HEADER, *lines]))
    assert [row["label"] for row in answers] == ["like" if liked else "dislike" for liked in expected.liked]
    assert [float(row["probability"]) for row in answers] == expected.probability.tolist()


@pytest.mark.parametrize(
    ("columns", "added"),
    [
        (["label"], ["predicted_label", "predicted_probability", "prediction_error"]),
        ([" Error "], ["predicted_label", "predicted_probability", "prediction_error"]),
        (
            ["label", "predicted_label"],
            ["predicted_label_2", "predicted_probability_2", "prediction_error_2"],
        ),
    ],
)
def test_columns_of_the_file_are_never_replaced(rest: TestClient, columns: list[str], added: list[str]) -> None:
    header = [*FEATURES, *columns]
    response = rest.post("/predict/csv", content=f"{','.join(header)}\n{ROW}{',mine' * len(columns)}\n", headers=CSV)
    first, row = csv.reader(StringIO(response.text))
    assert first == header + added
    assert row[4 : len(header)] == ["mine"] * len(columns)
    assert row[len(header)] in {"like", "dislike"}


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("1.5", "must lie in [0, 1]"),
        ("-0.1", "must lie in [0, 1]"),
        ("nan", "must not be empty"),
        ("inf", "must be finite"),
        ("loud", "must be a number"),
        ("0_1", "must be a number"),
        ("true", "must be a number"),
    ],
)
def test_a_bad_cell_is_named_with_its_rule(rest: TestClient, cell: str, rule: str) -> None:
    assert fault(rest, f"0.1,{cell},0.1,0.1") == f"energy: {rule}"


def test_every_bad_cell_of_a_row_is_named(rest: TestClient) -> None:
    assert fault(rest, "0.1,,0.1,7") == "energy: must not be empty; acousticness: must lie in [0, 1]"


def test_ragged_rows_are_reported_and_keep_their_cells(rest: TestClient) -> None:
    assert fault(rest, "0.1,0.2") == "row: has 2 cells and the header 4"
    assert fault(rest, f"{ROW},5") == "row: has 5 cells and the header 4"
    response = rest.post("/predict/csv", content=f"{HEADER}\n{ROW}\n{ROW},surplus\n", headers=CSV)
    assert list(csv.reader(StringIO(response.text)))[2][-2:] == ["row: has 5 cells and the header 4", "surplus"]


def test_blank_lines_are_no_rows(rest: TestClient) -> None:
    assert len(answer(rest, f"{HEADER}\n\n{ROW}\n\n\n,,,\n{ROW}\n\n")) == 2


@pytest.mark.parametrize("row", ["x" * (MAX_ROW_CHARACTERS + 1), "x," * MAX_ROW_CHARACTERS], ids=["line", "cells"])
def test_huge_rows_break_nothing(rest: TestClient, row: str) -> None:
    assert "row: has a row of more than 250,000 characters" in fault(rest, row)


def test_a_huge_cell_breaks_nothing(rest: TestClient) -> None:
    assert "row: has a cell of more than 131,072 characters" in fault(rest, "x" * (MAX_CELL_CHARACTERS + 1))


def test_a_file_in_percent_is_divided_as_a_whole(rest: TestClient, predictor: Predictor) -> None:
    percent = [{feature: round(value * 100) for feature, value in SONG.items()}] * 2
    answers = answer(rest, "\n".join([HEADER, *(",".join(str(row[name]) for name in FEATURES) for row in percent)]))
    expected = predictor.predict(Song.checked({name: value / 100 for name, value in percent[0].items()}))
    assert [row["probability"] for row in answers] == [str(expected.probability)] * 2


def test_a_row_with_an_open_quote_costs_no_other_row(rest: TestClient) -> None:
    before, found, *after = answer(rest, f'title,{HEADER}\nA,{ROW}\n"B,{ROW}\nC,{ROW}\n"D",{ROW}\n')
    assert "quote that is not closed" in found["error"]
    assert [row["title"] for row in (before, *after) if not row["error"]] == ["A", "C", "D"]


@pytest.mark.parametrize(
    ("content", "notes"),
    [
        (f"{HEADER}\n{ROW}\n".encode(), []),
        (
            f"título;{HEADER.replace(',', ';')}\nÑu;4;52;51;71\n".encode("latin-1"),
            [
                {"code": "transcoded", "params": {"encoding": "Windows-1252"}},
                {"code": "separator_read", "params": {"separator": {"code": "semicolons", "params": {}}}},
                {"code": "features_in_percent", "params": {}},
                {"code": "columns_understood", "params": {"columns": ["título = title"]}},
            ],
        ),
        (
            f"{HEADER}{',x' * 900}\n{ROW}{',1' * 900}\n".encode(),
            [{"code": "first_of_columns_kept"}],
        ),
    ],
    ids=["none", "several", "too many"],
)
def test_what_was_normalised_is_in_a_header(rest: TestClient, content: bytes, notes: list[dict[str, object]]) -> None:
    header = rest.post("/predict/csv", content=content, headers=CSV).headers["X-Notes"]
    assert json.loads(header) == notes
    assert header.isascii()
    assert len(header) <= MAX_NOTES_CHARACTERS


def test_names_that_a_header_has_no_room_for_are_left_out_first(rest: TestClient) -> None:
    found = [f"Песня,Автор,{ROW},catalogue 0123456789ab"] * 3
    unknown = [f"{number} {'Очень длинная песня ' * 3},Исполнитель,,,,," for number in range(20)]
    content = "\n".join([f"title,artist,{HEADER},features_from", *found, *unknown, ""]).encode()
    header = rest.post("/predict/csv", content=content, headers=CSV).headers["X-Notes"]
    assert MAX_NOTES_CHARACTERS // 2 < len(header) <= MAX_NOTES_CHARACTERS
    (params,) = (note["params"] for note in json.loads(header) if note["code"] == "songs_found")
    assert (params["found"], params["rows"]) == (3, 23)
    *names, rest_of_them = params["not_found"]
    assert names == [
        f"{number} {'Очень длинная песня ' * 3}".strip() + " - Исполнитель" for number in range(len(names))
    ]
    assert (len(names) > 0, rest_of_them) == (True, "...")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("title", ["Plain", '"Quoted; ""so"""'])
def test_the_dialect_of_the_file_stays(rest: TestClient, end: str, mark: str, title: str) -> None:
    head = ["sep=;", f"title;{HEADER.replace(',', ';')}"]
    content = mark + end.join([*head, f"{title};0,5;0,25;0,5;0,5", ""])
    response = rest.post("/predict/csv", content=content.encode(), headers=CSV)
    assert response.status_code == 200, response.text
    first, header, row, last = response.content.decode().split(end)
    assert (first, header, last) == (mark + head[0], f"{head[1]};label;probability;error", "")
    assert row.startswith(f"{title};0,5;0,25;0,5;0,5;")
    assert "," in row.split(";")[-2]
    assert row.endswith(";")


def test_text_that_was_transcoded_is_marked_for_spreadsheets(rest: TestClient) -> None:
    content = f"title,{HEADER}\nGrün,{ROW}\n"
    for encoding in ("latin-1", "utf-16"):
        response = rest.post("/predict/csv", content=content.encode(encoding), headers=CSV)
        assert response.content.decode().startswith(f"\ufefftitle,{HEADER},label,")
        assert "Grün" in response.text


@pytest.mark.parametrize("quote", ["", '"'])
def test_formulas_are_defused_where_a_spreadsheet_will_open_them(rest: TestClient, quote: str) -> None:
    row = f"{quote}=1+1{quote},-5.2,@x,{ROW}"
    content = f"=title,loudness,note,{HEADER}\n{row}\n"
    as_it_is = rest.post("/predict/csv", content=content, headers=CSV)
    defused = rest.post("/predict/csv", params={"spreadsheet": True}, content=content, headers=CSV)
    assert next(csv.reader(as_it_is.text.splitlines()[1:]))[:3] == ["=1+1", "-5.2", "@x"]
    header, cells = csv.reader(defused.text.splitlines())
    assert header[0] == "'=title"
    assert cells[:3] == ["'=1+1", "-5.2", "'@x"]


def test_a_row_of_reasons_can_be_read_again(rest: TestClient) -> None:
    header = HEADER.replace(",", ";")
    content = f"{header}\n{ROW.replace(',', ';')}\n;;2;\n1;1\n"
    response = rest.post("/predict/csv", content=content, headers=CSV)
    _, _, bad, short = csv.reader(response.text.splitlines(), delimiter=";")
    assert bad[-1].startswith("speechiness: must not be empty; energy: must not be empty; danceability: must lie")
    assert short == ["1", "1", "", "", "", "", "row: has 2 cells and the header 4"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (HEADER.encode(), "holds a header and no songs"),
        (b"speechiness,energy\n1,1\n", "column 'danceability' is missing; column 'acousticness' is missing"),
        (b'"' + b"x" * 200_000, "more than 131,072 characters"),
        (HEADER.encode() + b"," * MAX_COLUMNS + b"\n1,1", f"may have {MAX_COLUMNS:,}"),
        (f"{HEADER}\n{ROW}\n{(chr(34) + ROW + chr(10)) * 101}{ROW}\n".encode(), "has a quote that is not closed"),
        (b"\0" * 20, "is binary"),
    ],
    ids=["empty", "header only", "lacking", "unreadable", "wide", "quote", "binary"],
)
def test_what_is_no_csv_of_songs_is_rejected(rest: TestClient, content: bytes, words: str) -> None:
    response = rest.post("/predict/csv", content=content, headers=CSV)
    assert words in check_problem(response, 422, "/predict/csv")["detail"]


def test_one_model_answers_the_whole_file(predictor: Predictor, registry: FakeRegistry, graph: bytes) -> None:
    versions = []
    answering = predictor.pinned()

    def noting(features: NDArray[np.float32]) -> Batch:
        batch = answering(features)
        versions.append(batch.model.version)
        return batch

    file = BytesIO(f"{HEADER}\n{(ROW + chr(10)) * (BLOCK_ROWS + 1)}".encode())
    blocks = answered(file, MAX_UPLOAD_BYTES, noting, for_spreadsheet=False).blocks
    header, first = next(blocks), next(blocks)
    registry.register("2", graph)
    predictor.store.refresh()
    assert len(b"".join([header, first, *blocks]).splitlines()) == BLOCK_ROWS + 2
    assert versions == ["1", "1"]


@pytest.mark.parametrize("cell", ["short", "long" * 10_000], ids=["short", "long"])
def test_memory_does_not_grow_with_the_file(predictor: Predictor, cell: str) -> None:
    row = f"{ROW},{cell}\n"

    def peak(count: int) -> int:
        file = BytesIO(f"{HEADER},title\n{row * count}".encode())
        tracemalloc.start()
        blocks = answered(file, 10**9, predictor.pinned(), for_spreadsheet=False).blocks
        lines = sum(block.count(b"\n") for block in blocks)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert lines == count + 1
        return highest

    peak(10)
    count = 2 * BLOCK_CHARACTERS // max(len(row), BLOCK_CHARACTERS // BLOCK_ROWS)
    assert peak(5 * count) < 1.5 * peak(count)
