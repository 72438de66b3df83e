import pandas as pd
import pytest

from song_preference.dataset import sample
from song_preference.dataset.prepare import prepare, read_playlist
from song_preference.dataset.table import SCALED, Table
from song_preference.features import FEATURES, LABEL


@pytest.fixture(scope="module")
def table() -> Table:
    return read_playlist(sample.csv())


@pytest.fixture(scope="module")
def playlist(table: Table) -> pd.DataFrame:
    return table.rows


def test_exact_duplicates_are_dropped(playlist: pd.DataFrame) -> None:
    twice = pd.concat([playlist, playlist.head(14)])
    report = prepare(Table(twice, [])).report
    assert (report.rows_raw, report.rows_kept) == (len(playlist) + 14, len(playlist))


def test_duration_tempo_and_loudness_are_scaled_and_the_rest_is_not(playlist: pd.DataFrame) -> None:
    scaled = prepare(Table(playlist, [])).scaled
    assert scaled[list(SCALED)].min().tolist() == [0, 0, 0]
    assert scaled[list(SCALED)].max().tolist() == pytest.approx([1, 1, 1])
    others = [column for column in playlist.columns if column not in SCALED]
    pd.testing.assert_frame_equal(scaled[others], playlist[others])


def test_the_scaler_can_be_repeated_from_the_report(playlist: pd.DataFrame) -> None:
    prepared = prepare(Table(playlist, []))
    for column in SCALED:
        low, high = prepared.report.scaler[column].min, prepared.report.scaler[column].max
        expected = (playlist[column] - low) / (high - low)
        assert prepared.scaled[column].to_list() == pytest.approx(expected.to_list())


def test_four_features_and_the_label_are_kept_as_float32(playlist: pd.DataFrame) -> None:
    features = prepare(Table(playlist, [])).features
    assert list(features.columns) == [*FEATURES, LABEL]
    assert set(features.dtypes.astype(str)) == {"float32"}


def test_statistics_are_those_of_the_kept_songs(playlist: pd.DataFrame) -> None:
    report = prepare(Table(playlist, [])).report
    assert report.likes + report.dislikes == report.rows_kept
    assert report.features["energy"].mean == pytest.approx(playlist["energy"].mean())
    assert report.features["energy"].std == pytest.approx(playlist["energy"].std(ddof=1))
