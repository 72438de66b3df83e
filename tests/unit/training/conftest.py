"""A listener whose taste is known, and the evaluation of a model of it."""

from collections.abc import Iterator

import pytest

from song_preference.evaluation import Evaluation
from song_preference.training.data import Songs
from song_preference.training.evaluate import evaluate_model
from tests.support.mlflow import client, settings, tracking_uri
from tests.support.training import likes_to_dance, listener

__all__ = ["client", "settings", "tracking_uri"]


@pytest.fixture(scope="session")
def train() -> Songs:
    return listener(200, 1)


@pytest.fixture(scope="session")
def test() -> Songs:
    return listener(100, 2)


@pytest.fixture(scope="session")
def evaluation(train: Songs, test: Songs) -> Evaluation:
    return evaluate_model(test, train, likes_to_dance, 0.435, seed=0)


@pytest.fixture(scope="module")
def few_trees() -> Iterator[None]:
    """Let forests have 20 trees, where what is made of them matters and not how good they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("song_preference.training.candidates.TREES", 20)
        yield
