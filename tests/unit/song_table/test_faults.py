"""What is wrong with rows that cannot be used, in these words."""

import numpy as np
import pandas as pd
import pytest

from song_preference.features import FEATURES, LABEL
from song_preference.messages import Message
from tests.support.playlists import as_csv, with_cells
from tests.support.song_tables import HEADER, PLAIN, Table, check_faults, features_of

TITLED = PLAIN.assign(title="")
FAULTS: dict[str, tuple[bytes, list[str]]] = {
    "text in energy": (with_cells("energy", "loud"), ["column 'energy' must be a number (1 row: 2)"]),
    "an empty cell": (with_cells("energy", 0.5, None), ["column 'energy' must not be empty (1 row: 3)"]),
    "undefined": (with_cells("energy", "undefined"), ["column 'energy' must not be empty (1 row: 2)"]),
    "an infinite number": (with_cells("energy", "inf"), ["column 'energy' must be finite (1 row: 2)"]),
    "above 1": (with_cells("energy", 1.01), ["column 'energy' must lie in [0, 1] (1 row: 2)"]),
    "below 0": (with_cells("speechiness", -0.1), ["column 'speechiness' must lie in [0, 1] (1 row: 2)"]),
    "a number as Python writes it": (with_cells("energy", "0_1"), ["column 'energy' must be a number (1 row: 2)"]),
    "an unknown word": (
        with_cells("label", "meh"),
        [f"column 'label' {Message('not_a_label')} (1 row: 2)"],
    ),
    "other numbers than 1 and 0 in two rows": (
        with_cells("label", 2, 1, 7),
        [f"column 'label' {Message('not_a_label')} (2 rows: 2, 4)"],
    ),
    "numbers among words": (
        as_csv(PLAIN.assign(label=[2, 3, 4, *PLAIN[LABEL][3:].map({1: "yes", 0: "no"})])),
        [f"column 'label' {Message('not_a_label')} (3 rows: 2, 3, 4)"],
    ),
    "NaN for a label": (with_cells("label", "nan"), ["column 'label' must not be empty (1 row: 2)"]),
    "a label without end": (with_cells("label", "inf"), [f"column 'label' {Message('not_a_label')} (1 row: 2)"]),
    "NaN as pandas writes it": (with_cells("energy", "NaN"), ["column 'energy' must not be empty (1 row: 2)"]),
    "an error of a spreadsheet": (with_cells("energy", "#N/A"), ["column 'energy' must not be empty (1 row: 2)"]),
    "an empty label": (with_cells("label", None), ["column 'label' must not be empty (1 row: 2)"]),
    "two rows without features": (
        as_csv(TITLED) + (b"," * HEADER.count(b",") + b"1,Song\n") * 2,
        ["the file has rows without any audio feature (2 rows: 62, 63)"],
    ),
}


@pytest.mark.parametrize(("raw", "faults"), FAULTS.values(), ids=FAULTS)
def test_a_row_that_cannot_be_used_is_left_out_and_named(raw: bytes, faults: list[str], table: Table) -> None:
    check_faults(table(raw), faults)


@pytest.mark.parametrize(
    ("first", "others", "faults"),
    [
        (1, 100, [(None, "not_in_percent", (2,))]),
        (100, 1, [(feature, "not_in_unit_interval", (2,)) for feature in FEATURES]),
    ],
)
def test_a_song_on_another_scale_than_the_file_is_left_out(
    first: int, others: int, faults: list[tuple[str | None, str, tuple[int]]], table: Table
) -> None:
    scales = np.array([[first]] + [[others]] * (len(PLAIN) - 1))
    read = table(as_csv(PLAIN.assign(**(PLAIN[[*FEATURES]] * scales))))
    assert [(fault.column, fault.rule.code, fault.rows) for fault in read.faults] == faults
    pd.testing.assert_frame_equal(features_of(read)[[*FEATURES]], PLAIN[[*FEATURES]][1:].reset_index(drop=True))


def test_a_second_header_is_no_song_and_not_a_fault_of_each_column(table: Table) -> None:
    read = table(as_csv(PLAIN) * 2)
    row = len(PLAIN) + 2
    assert {(fault.column, fault.rule.code): fault.rows for fault in read.faults} == {
        (None, "without_numbers"): (row,),
        ("label", "not_a_label"): (row,),
    }
    assert (read.unusable, len(features_of(read))) == (1, 2 * len(PLAIN))


def test_no_finding_shows_a_cell(table: Table) -> None:
    assert "secret" not in str(table(with_cells("energy", "my-secret-diary")).faults[0])
