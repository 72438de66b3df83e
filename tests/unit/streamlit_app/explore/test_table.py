import io

import numpy as np
import pandas as pd
import pytest

from song_preference.dataset.version import ScalerRange
from song_preference.features import FEATURES, LABEL
from streamlit_app.explore.table import as_csv, chosen, column_names, in_milliseconds, minutes, readable, unscaled
from streamlit_app.i18n import Locale
from tests.support.dashboard import TEXTS

SPANISH, ENGLISH = Locale("es", TEXTS), Locale("en", TEXTS)


def songs(count: int = 40) -> pd.DataFrame:
    """Songs with text, a number of Spotify's and one of nobody's."""
    chance = np.random.default_rng(7)
    rows = pd.DataFrame({name: chance.random(count, dtype=np.float32) for name in FEATURES})
    spotify = {"duration": 184_600.0, "tempo": 119.87, "loudness": -6.94, "valence": 0.5}
    return rows.assign(
        **spotify, rating=3, title=[f"Canción {number}" for number in range(count)], label=np.arange(count) % 2
    )


def test_scaled_columns_come_back_as_they_were_given() -> None:
    given = pd.DataFrame({"duration": [33_840.0, 204_600.0, 675_360.0], "tempo": [55.747, 119.873, 204.162]})
    ranges = {name: ScalerRange(min=values.min(), max=values.max()) for name, values in given.items()}
    scaled = ((given - given.min()) / (given.max() - given.min())).astype("float32")
    pd.testing.assert_frame_equal(unscaled(scaled, {str(name): found for name, found in ranges.items()}), given)


def test_a_column_in_which_all_songs_are_the_same_comes_back_too() -> None:
    scaled = pd.DataFrame({"tempo": np.zeros(3, dtype=np.float32)})
    assert unscaled(scaled, {"tempo": ScalerRange(min=120.5, max=120.5)})["tempo"].tolist() == [120.5] * 3


def test_bounds_belong_to_a_range() -> None:
    rows = pd.DataFrame({"energy": np.array([0.05, 0.15, 0.3], dtype=np.float32), LABEL: [1, 0, 1]})
    assert chosen(rows, None, {"energy": (0.05, 0.15)}, None).index.tolist() == [0, 1]
    assert chosen(rows, 1, {"energy": (0.05, 0.3)}, "energy").index.tolist() == [2, 0]


def test_csv_can_be_read_again() -> None:
    rows = songs(3)
    read = pd.read_csv(io.BytesIO(as_csv(rows)), encoding="utf-8")
    assert list(read) == list(rows)
    assert read["title"].tolist() == rows["title"].tolist()
    np.testing.assert_array_equal(read["energy"].astype("float32"), rows["energy"])


def test_csv_holds_no_formulas_but_negative_numbers() -> None:
    rows = pd.DataFrame({"=title": ["=1+1", None, "A-ha"], "loudness": [-6.5, -7.0, -8.0], "key": [-1, 2, 3]})
    assert as_csv(rows).decode().splitlines() == ["'=title,loudness,key", "'=1+1,-6.5,-1", ",-7.0,2", "A-ha,-8.0,3"]
    assert rows.loc[0, "=title"] == "=1+1"


def test_columns_are_named_in_the_language_and_titles_come_first() -> None:
    names = column_names(songs(), SPANISH)
    assert list(names)[:3] == ["title", LABEL, "speechiness"]
    assert names["duration"] == "Duración (min)"
    assert names["rating"] == "rating"
    assert set(names) == set(songs().columns)


def test_durations_in_another_unit_are_not_called_minutes() -> None:
    in_seconds = songs().assign(duration=184.6)
    assert column_names(in_seconds, SPANISH)["duration"] == "Duración"
    assert "184,600" in readable(in_seconds, SPANISH, in_minutes=in_milliseconds(in_seconds)).to_html()


def test_numbers_are_written_as_the_language_does() -> None:
    row = songs(1).assign(energy=np.float32(0.521), valence=np.nan)
    spanish, english = (readable(row, locale, in_minutes=True).to_html() for locale in (SPANISH, ENGLISH))
    for cell in ("0,521", "3:05", "\N{MINUS SIGN}6,9", "No te gusta", "\N{EN DASH}", "Canción 0"):
        assert f">{cell}</td>" in spanish
    assert ">0.521</td>" in english


@pytest.mark.parametrize(("milliseconds", "expected"), [(184_600, "3:05"), (59_600, "1:00"), (600_000, "10:00")])
def test_minutes(milliseconds: float, expected: str) -> None:
    assert minutes(milliseconds) == expected
