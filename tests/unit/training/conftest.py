"""A listener whose taste is known, and the evaluation of a model of it."""

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
