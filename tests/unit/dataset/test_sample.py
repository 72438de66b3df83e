import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from song_preference.dataset import sample
from song_preference.features import LABEL

STATISTICS = json.loads(files("song_preference.dataset").joinpath(sample.STATISTICS).read_text())


def measure(playlist: pd.DataFrame) -> dict[str, Any]:
    """The quantiles, rank correlations and share of each class: how the bundled statistics were measured."""
    measured: dict[str, Any] = {"columns": [column for column in playlist.columns if column != LABEL], "classes": {}}
    for label, songs in playlist.groupby(LABEL):
        columns = songs[measured["columns"]]
        scores = ndtri((columns.rank(method="average") - 0.5) / len(columns))
        measured["classes"][str(label)] = {
            "share": round(len(songs) / len(playlist), 3),
            "quantiles": {name: _rounded(columns[name].quantile(sample.QUANTILES)) for name in measured["columns"]},
            "correlation": [_rounded(row) for row in np.corrcoef(scores, rowvar=False)],
        }
    return measured


def _rounded(values: Any) -> list[float]:
    return [float(f"{value:.3g}") for value in values]


def test_the_sample_is_a_playlist_of_750_songs_and_always_the_same(prepared: Callable[[bytes], Any]) -> None:
    assert prepared(sample.csv()).report.rows_raw == 750
    assert sample.csv() == sample.csv()


def test_drawn_songs_have_the_statistics_they_were_drawn_from() -> None:
    songs = sample.draw(STATISTICS, rows=20_000, seed=1)
    measured = measure(songs)
    for label, of_class in STATISTICS["classes"].items():
        assert measured["classes"][label]["share"] == pytest.approx(of_class["share"], abs=0.01)
        for name in ("energy", "danceability", "acousticness", "speechiness"):
            np.testing.assert_allclose(
                measured["classes"][label]["quantiles"][name][5:-5], of_class["quantiles"][name][5:-5], atol=0.03
            )
        correlation = np.array(measured["classes"][label]["correlation"])
        numbers = [STATISTICS["columns"].index(name) for name in ("energy", "loudness", "acousticness")]
        expected = np.array(of_class["correlation"])
        assert correlation[np.ix_(numbers, numbers)] == pytest.approx(expected[np.ix_(numbers, numbers)], abs=0.05)


def test_only_statistics_are_shipped() -> None:
    assert set(STATISTICS) == {"columns", "classes"}
    for of_class in STATISTICS["classes"].values():
        assert set(of_class) == {"share", "quantiles", "correlation"}
        assert {len(values) for values in of_class["quantiles"].values()} == {len(sample.QUANTILES)}


def test_another_seed_draws_other_songs() -> None:
    assert not pd.DataFrame.equals(sample.draw(STATISTICS, seed=1), sample.draw(STATISTICS, seed=2))
