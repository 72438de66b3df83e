import numpy as np
import pandas as pd
import pytest

from song_preference.features import FEATURES
from streamlit_app.explore.plane import STEPS, Plane, Side


def songs(count: int = 40) -> pd.DataFrame:
    """Songs with text, a number of Spotify's and one of nobody's."""
    chance = np.random.default_rng(7)
    rows = pd.DataFrame({name: chance.random(count, dtype=np.float32) for name in FEATURES})
    spotify = {"duration": 184_600.0, "tempo": 119.87, "loudness": -6.94, "valence": 0.5}
    return rows.assign(
        **spotify, rating=3, title=[f"Canción {number}" for number in range(count)], label=np.arange(count) % 2
    )


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
