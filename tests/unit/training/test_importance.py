import pytest
from sklearn.metrics import roc_auc_score

from song_preference.features import FEATURES
from song_preference.training.data import Songs
from song_preference.training.evaluate import permutation_importances
from tests.support.training import likes_to_dance


def test_only_what_the_model_looks_at_is_important(test: Songs) -> None:
    found = {item.feature: item for item in permutation_importances(test, likes_to_dance)}
    assert list(found) == list(FEATURES)
    # Shuffled it is no better than chance.
    assert found["danceability"].mean == pytest.approx(
        roc_auc_score(test.labels, likes_to_dance(test.features)) - 0.5, abs=0.05
    )
    assert found["danceability"].std > 0
    assert {(item.mean, item.std) for name, item in found.items() if name != "danceability"} == {(0, 0)}
