import pickle
from pathlib import Path

import pytest

from song_preference.errors import (
    BatchTooLarge,
    DiskFull,
    FieldProblem,
    Finding,
    InvalidDataset,
    InvalidSong,
    SongPreferenceError,
)
from song_preference.messages import Message
from song_preference.song_table.files import faults_of_file

ENERGY = Finding("energy", Message("not_a_number"), 12, (2, 9))


def test_a_finding_names_column_or_file_rule_and_rows() -> None:
    assert str(ENERGY) == "column 'energy' must be a number (12 rows: 2, 9, ...)"
    assert (
        str(Finding("energy", Message("not_a_number"), 2, (2, 9))) == "column 'energy' must be a number (2 rows: 2, 9)"
    )
    assert str(Finding(None, Message("empty_file"), 1)) == "the file is empty"
    assert str(Finding("energy", Message("empty_cell"), 1, (7,))) == "column 'energy' must not be empty (1 row: 7)"
    assert ENERGY.message().text("es").startswith("la columna «energy» debe ser un número")


def test_a_finding_in_one_of_several_files_names_the_file_first() -> None:
    with pytest.raises(InvalidDataset) as raised, faults_of_file(Path("a/bad.csv")):
        raise InvalidDataset(ENERGY, Finding(None, Message("empty_file"), 1))
    found = raised.value
    energy, empty = (finding.message() for finding in found.findings)
    assert str(energy) == "bad.csv: column 'energy' must be a number (12 rows: 2, 9, ...)"
    assert energy.text("es") == "bad.csv: la columna «energy» debe ser un número (12 filas: 2, 9, ...)"
    assert str(empty) == "bad.csv: the file is empty"
    assert empty.text("es") == "bad.csv: el archivo está vacío"
    assert str(found) == f"This file cannot be used: {energy}; {empty}."


def test_a_dataset_is_rejected_with_every_finding() -> None:
    error = InvalidDataset(ENERGY, Finding(None, Message("empty_file"), 1))
    assert str(error) == f"This file cannot be used: {ENERGY}; the file is empty."


def test_a_song_is_rejected_with_every_field() -> None:
    error = InvalidSong([FieldProblem("energy", "is missing"), FieldProblem("", "is no object")])
    assert str(error) == "energy: is missing; song: is no object"


def test_a_plain_text_is_a_message_without_a_code() -> None:
    error = SongPreferenceError("It is away.")
    assert (str(error), error.message.code, error.message.text("es")) == ("It is away.", None, "It is away.")


@pytest.mark.parametrize(
    "error",
    [
        SongPreferenceError("It is away."),
        DiskFull(Message("disk_full", {"directory": "tmp", "free": 1, "total": 2})),
        InvalidSong([FieldProblem("energy", "is missing")]),
        BatchTooLarge(3, 2),
        InvalidDataset(ENERGY),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_crosses_processes_whole(error: SongPreferenceError) -> None:
    found = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert type(found) is type(error)
    assert (str(found), vars(found)) == (str(error), vars(error))
