from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from song_preference.dataset import sample, table
from song_preference.dataset.table import SCALED
from song_preference.features import FEATURES, LABEL

Prepare = Callable[[bytes], Any]


@pytest.fixture(scope="module")
def playlist() -> pd.DataFrame:
    return sample.bundled()


def as_csv(rows: pd.DataFrame) -> bytes:
    return rows.to_csv(index=False).encode()


def test_exact_duplicates_are_dropped(playlist: pd.DataFrame, prepared: Prepare) -> None:
    twice = pd.concat([playlist, playlist.head(14)])
    found = prepared(as_csv(twice))
    assert (found.report.rows_raw, found.report.rows_kept) == (len(playlist) + 14, len(playlist))
    pd.testing.assert_frame_equal(found.scaled[list(FEATURES)], playlist[list(FEATURES)].astype("float32"))


def test_songs_that_differ_in_a_title_only_are_kept(playlist: pd.DataFrame, prepared: Prepare) -> None:
    songs = playlist.head(60)
    titled = pd.concat([songs.assign(title="One"), songs.assign(title="Another"), songs.assign(title="One")])
    assert prepared(as_csv(titled)).report.rows_kept == 120


def test_duration_tempo_and_loudness_are_scaled_and_the_rest_is_not(playlist: pd.DataFrame, prepared: Prepare) -> None:
    scaled = prepared(as_csv(playlist)).scaled
    assert scaled[list(SCALED)].min().tolist() == [0, 0, 0]
    assert scaled[list(SCALED)].max().tolist() == pytest.approx([1, 1, 1])
    others = [column for column in playlist.columns if column not in SCALED]
    pd.testing.assert_frame_equal(scaled[others], playlist[others].astype(dict.fromkeys(FEATURES, "float32")))


def test_the_scaler_can_be_repeated_from_the_report(playlist: pd.DataFrame, prepared: Prepare) -> None:
    found = prepared(as_csv(playlist))
    for column in SCALED:
        low, high = found.report.scaler[column].min, found.report.scaler[column].max
        expected = (playlist[column] - low) / (high - low)
        assert found.scaled[column].to_list() == pytest.approx(expected.to_list())


def test_four_features_and_the_label_are_kept_as_float32(playlist: pd.DataFrame, prepared: Prepare) -> None:
    features = prepared(as_csv(playlist)).features
    assert list(features.columns) == [*FEATURES, LABEL]
    assert set(features.dtypes.astype(str)) == {"float32"}


def test_statistics_are_those_of_the_kept_songs(playlist: pd.DataFrame, prepared: Prepare) -> None:
    report = prepared(as_csv(pd.concat([playlist, playlist.head(100)]))).report
    assert (report.likes, report.dislikes) == (playlist[LABEL].sum(), (playlist[LABEL] == 0).sum())
    for feature in FEATURES:
        assert report.features[feature].mean == pytest.approx(playlist[feature].mean())
        assert report.features[feature].std == pytest.approx(playlist[feature].std(ddof=1))


def test_a_playlist_read_in_many_pieces_gives_the_same(
    playlist: pd.DataFrame, prepared: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A column that has empty cells in some pieces only, and the first songs once more in the last piece.
    rows = playlist.assign(key=playlist["key"].where(playlist.index != 700))
    raw = as_csv(pd.concat([rows, rows.head(14)]))
    whole = prepared(raw)
    monkeypatch.setattr(table, "BLOCK_BYTES", 4096)
    monkeypatch.setattr(table, "BATCH_ROWS", 40)
    pieces = prepared(raw)
    assert whole.report.rows_kept == pieces.report.rows_kept == len(playlist)
    assert pieces.report.scaler == whole.report.scaler
    pd.testing.assert_frame_equal(pieces.features, whole.features)
    pd.testing.assert_frame_equal(pieces.scaled, whole.scaled, check_exact=False)
    for feature in FEATURES:
        assert pieces.report.features[feature].mean == pytest.approx(whole.report.features[feature].mean)
        assert pieces.report.features[feature].std == pytest.approx(whole.report.features[feature].std)


finite = st.floats(min_value=1e-3, max_value=1e9, allow_nan=False)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tempi=st.lists(finite, min_size=20, max_size=20))
def test_whatever_the_tempi_they_end_between_0_and_1_in_the_same_order(tempi: list[float], prepared: Prepare) -> None:
    songs = sample.bundled().groupby(LABEL).head(10).assign(tempo=tempi)
    scaled = prepared(as_csv(songs)).scaled["tempo"].to_numpy()
    assert 0 <= scaled.min() <= scaled.max() <= 1 + 1e-12
    assert np.all(np.diff(scaled[np.argsort(tempi, kind="stable")]) >= 0)
    if max(tempi) > min(tempi):
        assert (scaled.min(), scaled.max()) == (0, pytest.approx(1))
