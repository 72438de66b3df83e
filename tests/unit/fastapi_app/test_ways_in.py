"""The same file on all four ways in: the ETL, `/datasets/validate`, `/predict/csv` and the dashboard."""

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from local_stack.config import ROOT
from song_preference.dataset.prepare import prepare
from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES, LABEL
from song_preference.song_table.output import added_columns
from tests.support.dashboard import read_list
from tests.support.playlists import as_csv, chosen

BODY = {"Content-Type": "text/csv"}
LIMIT = 10**8

CASES = ROOT.parent / "shared" / "cases"
EXPECTED: dict[str, dict[str, Any]] = json.loads((CASES / "expected.json").read_text()) if CASES.is_dir() else {}
"""What is right for each of the made-up files that were once misread, which are not part of the repository."""


def etl(file: Path, directory: Path) -> str | dict[str, Any]:
    """Return what the ETL makes of a file: its report, or why it rejects it."""
    directory.mkdir()
    try:
        return prepare(file, directory, max_bytes=LIMIT).report.model_dump(mode="json") | {"first_songs": None}
    except InvalidDataset as rejected:
        return str(rejected)


def validated(client: TestClient, file: Path) -> str | dict[str, Any]:
    response = client.post("/datasets/validate", content=file.read_bytes(), headers=BODY)
    answer: dict[str, Any] = response.json()
    # The first songs are shown, and no part of the report.
    return str(answer["detail"]) if response.status_code == 422 else answer | {"first_songs": None}


def scored(client: TestClient, file: Path) -> str | tuple[list[bool], list[str]]:
    """Return for each row of the answer whether it was scored, and the reasons of those that were not."""
    response = client.post("/predict/csv", content=file.read_bytes(), headers=BODY)
    if response.status_code == 422:
        return str(response.json()["detail"])
    lines = response.content.decode("utf-8-sig").strip("\r\n").splitlines()
    separator = max(",;\t|", key=lines[0].count)
    header, *rows = csv.reader(lines, delimiter=separator)
    names = header[-3:]
    assert names == added_columns(header[:-3])
    return [bool(row[-3]) for row in rows], [row[-1] for row in rows if row[-1]]


def on_the_dashboard(file: Path) -> str | tuple[list[bool], list[str]]:
    try:
        found = read_list(file.read_bytes())
    except InvalidDataset as rejected:
        return str(rejected)
    reasons = ["; ".join(f"{column or 'row'}: {rule}" for column, rule in faults) for faults in found.faults.values()]
    return found.good.tolist(), reasons


def verdict(client: TestClient, file: Path, directory: Path) -> tuple[str | dict[str, Any], list[bool]]:
    """Return what the ETL makes of a file and which rows are scored, which is the same on the other ways in."""
    found = etl(file, directory)
    assert validated(client, file) == found, file.name
    answers = scored(client, file)
    assert on_the_dashboard(file) == answers, file.name
    # Even songs that are too few to learn from can be scored.
    assert not isinstance(answers, str), file.name
    return found, answers[0]


NOTES = {"percent": "features_in_percent", "too few to replace a model": "too_few_to_compare"}
"""Codes of the notes that the cases ask for, by their words there."""


@pytest.mark.parametrize("name", [name for name, right in EXPECTED.items() if "note" in right])
def test_the_note_of_a_case_is_shown(managed: TestClient, tmp_path: Path, name: str) -> None:
    file, code = CASES / name, NOTES[EXPECTED[name]["note"]]
    found = etl(file, tmp_path / name)
    assert isinstance(found, dict)
    assert code in [note["code"] for note in found["normalisations"]]
    assert validated(managed, file) == found
    # Whoever scores songs has no model to replace.
    is_shown = code != "too_few_to_compare"
    answer = managed.post("/predict/csv", content=file.read_bytes(), headers=BODY)
    notes = [note["code"] for note in json.loads(answer.headers["X-Notes"])]
    assert notes == [note.code for note in read_list(file.read_bytes()).notes]
    assert (code in notes) is is_shown


@pytest.mark.parametrize("name", EXPECTED)
def test_a_case_gets_one_verdict(managed: TestClient, tmp_path: Path, name: str) -> None:
    right = EXPECTED[name]
    found, answers = verdict(managed, CASES / name, tmp_path / name)
    assert isinstance(found, dict) is (right["validate"] == "take")
    if "predict_csv" in right:
        assert sum(answers) == right["predict_csv"]
    if "left_out_rows" in right:
        assert answers.count(False) == len(right["left_out_rows"])


def test_an_export_without_labels_is_scored_with_title_and_artist_first(
    managed: TestClient, case_directory: Path
) -> None:
    file = case_directory / "23-exportify-unlabelled.csv"
    songs = read_list(file.read_bytes())
    assert [songs.header[column] for column in songs.kept_columns[:2]] == ["Track Name", "Artist Name(s)"]
    assert scored(managed, file) == ([True] * len(songs.good), [])


SONGS = chosen(12, 12).reset_index(drop=True)
PERCENT = SONGS.assign(**{name: (SONGS[name] * 100).round() for name in FEATURES})
VARIANTS: dict[str, tuple[bytes, int]] = {
    "semicolons and decimal commas": (as_csv(SONGS, sep=";", decimal=","), 24),
    "UTF-16 with tabs": (as_csv(SONGS, sep="\t").decode().encode("utf-16"), 24),
    "percent": (as_csv(PERCENT), 24),
    "JSON": (SONGS.to_json(orient="records").encode(), 24),
    "no beat, and no other column that the model does not use": (
        as_csv(SONGS.assign(tempo=0)[[*FEATURES, "tempo", LABEL]]),
        24,
    ),
    "two songs without features": (as_csv(SONGS.assign(**{name: SONGS[name][2:] for name in FEATURES})), 22),
    "blank lines and a word for a number": (
        b"\n\n" + as_csv(SONGS.assign(energy=["loud", *SONGS["energy"][1:]])),
        23,
    ),
    "an open quote": (as_csv(SONGS.assign(title=range(24))).replace(b",0\n", b',"0\n', 1), 23),
    "one liked song eleven times": (as_csv(pd.concat([SONGS[SONGS[LABEL] == 1][:1]] * 11 + [SONGS[12:]])), 23),
}


@pytest.mark.parametrize(("content", "usable"), VARIANTS.values(), ids=VARIANTS)
def test_made_up_files_get_one_verdict(managed: TestClient, tmp_path: Path, content: bytes, usable: int) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    found, answers = verdict(managed, file, tmp_path / "etl")
    assert sum(answers) == usable
    if isinstance(found, dict):
        assert found["rows_kept"] == usable
    else:
        assert "needs at least 10 different likes, there are 1" in found


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\0" * 20, "is binary"),
        (b"PK\x03\x04 nothing", "cannot be unpacked"),
        (b"<html></html>", "is an HTML page"),
        (b"Track name,Artist name\nA,B\n", "export it with them"),
        (b"speechiness,energy,danceability,acousticness,label\n", "no songs"),
        (
            b"speechiness,energy,danceability,acousticness,label\n" + b'0,0,0,"0,1\n' * 101 + b"0,0,0,0,1\n",
            "quote that is not closed",
        ),
        (b"speechiness;energy;danceability;acousticness;label\n20;30;40;0.5;1\n20;30;40;0.6;1\n", "the same scale"),
    ],
)
def test_what_is_no_table_of_songs_is_rejected_alike(
    managed: TestClient, tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    found = etl(file, tmp_path / "etl")
    assert reason in str(found)
    assert [validated(managed, file), scored(managed, file), on_the_dashboard(file)] == [found] * 3
