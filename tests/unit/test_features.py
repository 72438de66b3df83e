import math

import pytest

from song_preference.errors import InvalidSong
from song_preference.features import FEATURES, Song
from tests.support.songs import SONG


def test_row_is_in_the_order_of_the_features() -> None:
    assert Song.checked(SONG).row() == tuple(SONG[feature] for feature in FEATURES)


def test_other_keys_of_a_playlist_row_are_ignored() -> None:
    assert Song.checked({**SONG, "tempo": 120, "label": 1}) == Song.checked(SONG)


@pytest.mark.parametrize("value", [0, 1, 0.0, 1.0])
def test_bounds_belong_to_the_range(value: float) -> None:
    assert Song.checked({**SONG, "energy": value}).energy == value


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan, math.inf, "0.5", True, None, [0.5]])
def test_anything_but_a_number_between_0_and_1_is_rejected_by_name(value: object) -> None:
    with pytest.raises(InvalidSong) as rejected:
        Song.checked({**SONG, "energy": value})
    assert [problem.field for problem in rejected.value.problems] == ["energy"]


def test_every_missing_feature_is_named() -> None:
    with pytest.raises(InvalidSong) as rejected:
        Song.checked({})
    assert [problem.field for problem in rejected.value.problems] == list(FEATURES)
