from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from song_preference.dataset import sample
from song_preference.dataset.prepare import USUAL_TEST_SIZE
from song_preference.dataset.split import MIN_TEST_SONGS, choose_test, song_digests
from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES, LABEL
from song_preference.song_table.columns import SCALED
from tests.support.playlists import as_csv, chosen

Prepare = Callable[[bytes], Any]


def test_a_column_of_numbers_with_one_word_is_text_and_its_numbers_stay_as_they_are_written(
    playlist: pd.DataFrame, prepared: Prepare
) -> None:
    years = [f"{at:04}" for at in range(len(playlist))]
    found = prepared(as_csv(playlist.assign(year=years)))
    assert found.scaled["year"].tolist() == list(range(len(playlist)))
    found = prepared(as_csv(playlist.assign(year=[*years[:-1], "unknown"])))
    assert found.scaled["year"].tolist() == [*years[:-1], "unknown"]
    found = prepared(as_csv(playlist.assign(year=[*years[:-1], "1_000"])))
    assert found.scaled["year"].tolist() == [*years[:-1], "1_000"]


def test_one_cell_that_is_no_number_leaves_one_row_out(playlist: pd.DataFrame, prepared: Prepare) -> None:
    tempi = [*playlist["tempo"].astype(str)[:-2], "fast", "120,5"]
    energies = [*playlist["energy"].astype(str)[:-3], "much", "0,5", "0_5"]
    found = prepared(as_csv(playlist.assign(tempo=tempi, energy=energies)))
    assert found.report.rows_kept == len(playlist) - 2
    assert found.scaled["energy"].tolist()[-1] == 0.5
    assert found.report.rows_left_out == 2


@pytest.mark.parametrize(("unusable", "is_taken"), [(20, True), (21, False)])
def test_at_most_a_fifth_of_the_rows_may_be_unusable(unusable: int, *, is_taken: bool, prepared: Prepare) -> None:
    songs = chosen(40, 40)
    raw = as_csv(pd.concat([songs, songs.head(unusable).assign(energy="")]))
    if is_taken:
        report = prepared(raw).report
        assert (report.rows_left_out, report.rows_kept) == (20, 80)
        assert "rows left out: 20 (column 'energy' must not be empty (20 rows: 82, 83" in report.readings[-1]
    else:
        with pytest.raises(InvalidDataset, match="has 21 unusable rows of 101, more than 20%"):
            prepared(raw)


@pytest.mark.parametrize(("likes", "dislikes", "are_few"), [(10, 10, True), (30, 60, True), (33, 33, False)])
def test_songs_that_cannot_replace_a_model_are_noted(
    likes: int, dislikes: int, *, are_few: bool, prepared: Prepare
) -> None:
    found = prepared(as_csv(chosen(likes, dislikes)))
    labels = found.features[LABEL].to_numpy()
    in_test = choose_test(labels == 1, song_digests(found.features[list(FEATURES)].to_numpy()), USUAL_TEST_SIZE)
    assert (min((labels[in_test] == label).sum() for label in (0, 1)) < MIN_TEST_SONGS) == are_few
    assert ("too_few_to_compare" in [note.code for note in found.report.normalisations]) == are_few


def test_every_column_is_kept_with_its_type_and_those_that_name_the_song_come_first(prepared: Prepare) -> None:
    songs = chosen(30, 30).assign(Artist="Ártist", Track="One", year=2024, mixed=["007", *["x"] * 59])
    scaled = prepared(as_csv(songs.drop(columns=["key", "mode"]))).scaled
    assert list(scaled.columns)[:2] == ["title", "artist"]
    assert scaled["year"].dtype == "int64"
    assert scaled["mixed"].tolist()[:2] == ["007", "x"]
    assert scaled["valence"].tolist() == songs["valence"].tolist()


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
    assert list(features.columns) == [*FEATURES, LABEL, "song_key"]
    assert set(features[[*FEATURES, LABEL]].dtypes.astype(str)) == {"float32"}
    millionths = (playlist[list(FEATURES)].astype("float32").to_numpy("float64") * 1e6).round().astype(int).tolist()
    digests = (sum(number << 20 * place for place, number in enumerate(song)) for song in millionths)
    assert features["song_key"].tolist() == [f"features:{digest:X}" for digest in digests]


def test_statistics_are_those_of_the_kept_songs(playlist: pd.DataFrame, prepared: Prepare) -> None:
    report = prepared(as_csv(pd.concat([playlist, playlist.head(100)]))).report
    assert (report.likes, report.dislikes) == (playlist[LABEL].sum(), (playlist[LABEL] == 0).sum())
    for feature in FEATURES:
        assert report.features[feature].mean == pytest.approx(playlist[feature].mean())
        assert report.features[feature].std == pytest.approx(playlist[feature].std(ddof=1))


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
