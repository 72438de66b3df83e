from collections.abc import Callable
from itertools import permutations
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from song_preference.features import FEATURES, Song
from song_preference.serving.model import ServedModel
from song_preference.serving.predictor import Predictor, shapley_values

Features = NDArray[np.float32]
Model = Callable[[Features], Features]


@pytest.fixture
def model(predictor: Predictor) -> ServedModel:
    return predictor.store.current().model


def explained(model: Model, background: Features, song: Features) -> NDArray[np.float64]:
    base = float(model(background).mean(dtype=np.float64))
    served = SimpleNamespace(probabilities=model, background=background, base=base)
    return shapley_values(cast("ServedModel", served), song)


def by_definition(model: Model, background: Features, song: Features) -> NDArray[np.float64]:
    """The mean, over all orders in which features can join, of what each adds as it joins."""

    def value(coalition: set[int]) -> float:
        mixed = background.copy()
        mixed[:, sorted(coalition)] = song[sorted(coalition)]
        return float(model(mixed).mean(dtype=np.float64))

    contributions = np.zeros(4)
    orders = list(permutations(range(4)))
    for order in orders:
        joined: set[int] = set()
        for feature in order:
            before = value(joined)
            joined.add(feature)
            contributions[feature] += (value(joined) - before) / len(orders)
    return contributions


def test_contributions_are_those_of_the_definition(model: ServedModel, songs: Features) -> None:
    def probability(features: Features) -> Features:
        return model.run(features)[1]

    for song in songs[:3]:
        assert shapley_values(model, song) == pytest.approx(
            by_definition(probability, model.background, song), abs=1e-9
        )


def test_contributions_and_base_add_up_to_the_probability(predictor: Predictor, songs: Features) -> None:
    for row in songs[:50]:
        explained = predictor.explain(Song(**dict(zip(FEATURES, row.tolist(), strict=True))))
        total = explained.base + sum(explained.contributions.values())
        assert total == pytest.approx(explained.prediction.probability, abs=1e-6)


def of_two(features: Features) -> Features:
    """Features 0 and 1 alike, 2 by itself, 3 not at all."""
    return np.asarray(features[:, 0] * features[:, 1] / 2 + features[:, 2] / 2, dtype=np.float32)


def test_what_does_nothing_contributes_nothing_and_what_does_the_same_contributes_the_same(songs: Features) -> None:
    background = songs.copy()
    background[:, 1] = background[:, 0]
    found = explained(of_two, background, np.array([0.9, 0.9, 0.1, 0.7], dtype=np.float32))
    assert found[3] == pytest.approx(0, abs=1e-9)
    assert found[0] == pytest.approx(found[1], abs=1e-7)


def test_contributions_to_a_mean_of_models_are_the_mean_of_the_contributions(songs: Features) -> None:
    song = np.array([0.9, 0.2, 0.1, 0.7], dtype=np.float32)

    def another(features: Features) -> Features:
        return features[:, 3] ** 2

    def mean(features: Features) -> Features:
        return np.asarray((of_two(features) + another(features)) / 2, dtype=np.float32)

    parts = [explained(model, songs, song) for model in (of_two, another)]
    assert explained(mean, songs, song) == pytest.approx(np.mean(parts, axis=0), abs=1e-7)
