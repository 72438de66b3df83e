import numpy as np
import pandas as pd
import pytest

from song_preference.dataset.version import Histogram, Spread
from song_preference.features import DISLIKE, FEATURES, LABEL, LIKE
from song_preference.prediction import Batch, ModelRef
from streamlit_app.explore.charts import SHOWN_SONGS, STEPS, Plane, Side, correlations, distribution_rows, scatter_rows


def songs(count: int = 40) -> pd.DataFrame:
    """Songs with text, a number of Spotify's and one of nobody's."""
    chance = np.random.default_rng(7)
    rows = pd.DataFrame({name: chance.random(count, dtype=np.float32) for name in FEATURES})
    spotify = {"duration": 184_600.0, "tempo": 119.87, "loudness": -6.94, "valence": 0.5}
    return rows.assign(
        **spotify, rating=3, title=[f"Canción {number}" for number in range(count)], label=np.arange(count) % 2
    ).assign(predicted=lambda rows: rows[LABEL].where(rows.index != 3, 1 - rows[LABEL]).where(rows.index != 5))


def test_distributions_are_percentages_of_each_label() -> None:
    counts = {LIKE: [3, 1], DISLIKE: [0, 5]}
    spreads = [
        Spread(
            feature="energy", label=label, songs=sum(found), mean=0, std=0, quantiles={},
            histogram=Histogram(edges=[0, 0.5, 1], counts=found),
        )
        for label, found in counts.items()
    ]  # fmt: skip
    rows = distribution_rows(spreads)
    assert rows[LIKE].tolist() == [75, 25, 25]
    assert rows[DISLIKE].tolist() == [0, 100, 100]
    assert rows["low"].tolist() == [0, 0.5, 1]
    assert rows["high"].isna().tolist() == [False, False, True]


def test_correlations_are_pearsons_and_the_strongest_comes_first() -> None:
    rows = songs().assign(speechiness=0.5)
    rows["energy"] = 1 - rows["danceability"]
    found = correlations(rows)
    assert (found["row"][0], found["column"][0]) == ("danceability", "energy")
    assert found["value"][0] == pytest.approx(-1)
    assert "speechiness" not in {*found["row"], *found["column"]}
    with_label = found[(found["row"] == LABEL) & (found["column"] == "energy")]["value"].iloc[0]
    assert with_label == pytest.approx(np.corrcoef(rows[LABEL], rows["energy"])[0, 1])


def test_of_many_songs_some_are_drawn() -> None:
    rows = songs(SHOWN_SONGS + 1)
    plane = Plane.through(rows, "energy", "acousticness")
    assert scatter_rows(rows, plane, None)["kind"].tolist() == ["song"] * SHOWN_SONGS
    probability = plane.corners()[:, 1]
    answers = Batch(probability >= 0.5, probability, 0.5, ModelRef("model", "1", "champion"), stale=False)
    drawn = scatter_rows(rows, plane, answers)["kind"].value_counts()
    assert (drawn["cell"], drawn["song"]) == (STEPS**2, SHOWN_SONGS)
    assert drawn["border"] == 2 * STEPS


def test_a_song_is_marked_where_the_model_would_have_been_wrong_about_it() -> None:
    rows = songs()
    drawn = scatter_rows(rows, Plane.through(rows, "energy", "acousticness"), None)
    assert drawn["x"][drawn["is_missed"]].tolist() == [rows["energy"][3]]


def test_a_side_reaches_to_the_next_ticks() -> None:
    rows = pd.DataFrame({"energy": [0.12, 0.87], "tempo": [1.0, 1.0]})
    assert Side.of(rows, "energy").range == pytest.approx((0.1, 0.9))
    assert Side.of(rows, "tempo").range == pytest.approx((0.95, 1))


def test_corners_hold_the_other_features_at_their_median() -> None:
    rows = songs()
    plane = Plane.through(rows, "danceability", "speechiness")
    corners = plane.corners()
    assert corners.dtype == np.float32
    assert corners.shape == ((STEPS + 1) ** 2, len(FEATURES))
    assert set(corners[:, 1]) == {np.float32(rows["energy"].median())}
    first_row = corners[: STEPS + 1]
    assert first_row[[0, -1], 2] == pytest.approx(plane.x.range)
    assert first_row[:, 0] == pytest.approx(plane.y.range[0])


def test_cells_hold_the_mean_of_their_corners() -> None:
    plane = Plane.through(songs(), "energy", "acousticness")
    cells = plane.cells(plane.corners()[:, 1])
    assert len(cells) == STEPS**2
    np.testing.assert_allclose(cells["probability"], (cells["x"] + cells["x2"]) / 2, atol=1e-6)


def test_the_border_runs_where_the_threshold_is_crossed() -> None:
    plane = Plane.through(songs(), "energy", "acousticness")
    energy, acousticness = plane.corners()[:, 1], plane.corners()[:, 3]
    border = plane.border(np.float32(0.5) * (energy + acousticness), 0.4321)
    for x, y in (("x", "y"), ("x2", "y2")):
        np.testing.assert_allclose(border[x] + border[y], 2 * 0.4321, atol=1e-6)
    ends = border[["y", "y2"]].to_numpy()
    assert (ends.min(), ends.max()) == pytest.approx((0, 0.8642), abs=1e-6)


def test_where_the_model_says_the_same_everywhere_there_is_no_border() -> None:
    plane = Plane.through(songs(), "energy", "acousticness")
    assert plane.border(np.full((STEPS + 1) ** 2, 0.9, np.float32), 0.5).empty
