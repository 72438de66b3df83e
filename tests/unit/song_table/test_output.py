import csv
from io import StringIO

import pytest

from song_preference.features import FEATURES
from song_preference.song_table.output import added_columns, harmless, written


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "-", "-inf", "-1_0", "+x"])
def test_a_text_that_would_be_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "-6.9", "-6,9", "+2", "-1e-05", "A-ha", "1+1", "'=1+1", "a\t=b", "¿=?"])
def test_numbers_and_other_texts_stay(cell: str) -> None:
    assert harmless(cell) == cell


@pytest.mark.parametrize(
    ("more", "added"),
    [
        ([], ["label", "probability", "error"]),
        (["Error"], ["predicted_label", "predicted_probability", "prediction_error"]),
        (["label", " Predicted_Label"], ["predicted_label_2", "predicted_probability_2", "prediction_error_2"]),
    ],
)
def test_added_columns_are_none_of_the_files_own(more: list[str], added: list[str]) -> None:
    assert added_columns([*FEATURES, *more]) == added


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("cell", ["a\rb", "a\nb", "a\r\nb", 'a "b"', "a; b", ""])
def test_whatever_a_cell_holds_its_row_can_be_read_again(cell: str, line_end: str) -> None:
    rows = [["x", cell], ["y", "z"]]
    assert list(csv.reader(StringIO(written(rows, ";", line_end), newline=""), delimiter=";")) == rows
