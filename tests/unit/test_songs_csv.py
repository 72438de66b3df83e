import math
from io import StringIO

import pytest

from song_preference.features import FEATURES
from song_preference.songs_csv import MAX_ROW_CHARACTERS, Records, added_columns, feature_columns, number


def test_features_are_found_in_any_order_and_case() -> None:
    found = feature_columns(["title", " Energy", "ACOUSTICNESS", "danceability ", "speechiness"])
    assert found == ([4, 1, 3, 2], [], [])


def test_features_that_are_missing_or_repeated_are_named() -> None:
    found = feature_columns(["energy", "Energy", "danceability"])
    assert (found.missing, found.repeated) == (["speechiness", "acousticness"], ["energy"])


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


@pytest.mark.parametrize(("cell", "value"), [("0.5", 0.5), (" 1 ", 1.0), ("-2e-1", -0.2)])
def test_a_number_is_read(cell: str, value: float) -> None:
    assert number(cell) == value


@pytest.mark.parametrize("cell", ["", "x", "nan", "inf", "-Infinity", "0_1", "1,5", "True"])
def test_whatever_else_is_no_number(cell: str) -> None:
    assert math.isnan(number(cell))


HALF = "x" * (MAX_ROW_CHARACTERS // 2)


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r"])
@pytest.mark.parametrize("row", [f"{HALF},{HALF}", f'"{HALF}\r\n",{HALF}'], ids=["plain", "quoted"])
def test_a_row_may_be_as_long_as_the_bound_without_its_end(row: str, end: str) -> None:
    longest = row[: MAX_ROW_CHARACTERS - 1] + "y"
    for content, is_whole in ((longest, True), (f"{longest}y", False)):
        records = Records(StringIO(f"{content}{end}a,b" if end else content, newline=""))
        cells, *after = records
        assert (cells is not None) is is_whole
        assert is_whole or records.fault == "row"
        assert [found for found in after if found != []] == ([["a", "b"]] if end else [])


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_quoted_cell_that_goes_on_where_the_bound_is_used_up_ends_no_file(left: int) -> None:
    line = f'{HALF},"{HALF}'[: MAX_ROW_CHARACTERS - left]
    assert list(Records(StringIO(f'{line}\r\n",b\r\na,b', newline=""))) == [None, ["a", "b"]]
