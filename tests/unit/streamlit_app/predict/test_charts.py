from xml.etree import ElementTree

import pytest

from song_preference.dataset.version import Histogram, Spread
from song_preference.features import DISLIKE, LIKE
from song_preference.prediction import ModelRef, Prediction
from streamlit_app.i18n import Locale
from streamlit_app.predict.charts import END, START, contribution_rows, gauge_rows, strip
from streamlit_app.theme import LIGHT
from tests.support.dashboard import TEXTS

ENGLISH = Locale("en", TEXTS)
PREDICTION = Prediction(LIKE, True, 0.75, 0.5, ModelRef("spotify_model_prod", "3", "champion"))


def test_the_gauge_is_filled_in_proportion() -> None:
    row = gauge_rows(PREDICTION).iloc[0]
    assert row["value"] == pytest.approx(START + 0.75 * (END - START))
    assert (row["mark_start"] + row["mark_end"]) / 2 == pytest.approx((START + END) / 2)
    assert (row["probability"], row["label"]) == (0.75, LIKE)


def test_contributions_come_strongest_first_with_their_sign() -> None:
    rows = contribution_rows({"energy": 0.02, "speechiness": -0.3, "danceability": 0.1, "acousticness": 0.0}, ENGLISH)
    assert list(rows["feature"]) == ["Spoken words", "Danceability", "Energy", "Acoustic sound"]
    assert list(rows["points"]) == [-30.0, 10.0, 2.0, 0.0]
    assert list(rows["label"]) == [DISLIKE, LIKE, LIKE, LIKE]
    assert set(rows["reach"]) == {39.0}


def test_a_strip_shows_shares_of_each_label() -> None:
    def spread(label: str, counts: list[int]) -> Spread:
        histogram = Histogram(edges=[0, 0.5, 1], counts=counts)
        return Spread(
            feature="energy", label=label, songs=sum(counts), mean=0, std=0, quantiles={}, histogram=histogram
        )

    drawn = ElementTree.fromstring(  # noqa: S314 - our own
        strip([spread(LIKE, [30, 10]), spread(DISLIKE, [1, 0])], LIGHT)
    )
    bars = [(bar.get("fill"), *(float(bar.get(name, "")) for name in ("x", "y", "height"))) for bar in drawn]
    assert bars == [
        (LIGHT.like, 0, 0.25, 0.75),  # three quarters of those liked, upwards from the middle
        (LIGHT.like, 0.5, 0.75, 0.25),
        (LIGHT.dislike, 0, 1, 1),  # all of those disliked, downwards
    ]
