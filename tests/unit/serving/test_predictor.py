import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from song_preference.errors import BatchTooLarge
from song_preference.features import FEATURES, Song
from song_preference.serving.predictor import Predictor


def test_probabilities_are_those_of_the_trained_model(
    predictor: Predictor, forest: RandomForestClassifier, songs: NDArray[np.float32]
) -> None:
    for song, expected in zip(songs[:50], forest.predict_proba(songs[:50])[:, 1], strict=True):
        answer = predictor.predict(Song(**dict(zip(FEATURES, song.tolist(), strict=True))))
        assert abs(answer.probability - expected) < 1e-6
        assert answer.liked == (answer.probability >= answer.threshold)
        assert answer.label == ("like" if answer.liked else "dislike")


def test_an_answer_names_the_model_that_gave_it(predictor: Predictor) -> None:
    model = predictor.predict(Song(speechiness=0.1, energy=0.2, danceability=0.9, acousticness=0.3)).model
    assert (model.name, model.version, model.alias) == ("spotify_model_prod", "1", "champion")


def test_the_direction_is_right(predictor: Predictor) -> None:
    """The fixture's listener likes what can be danced to."""

    def probability(danceability: float) -> float:
        song = Song(speechiness=0.1, energy=0.5, danceability=danceability, acousticness=0.5)
        return predictor.predict(song).probability

    assert probability(0.95) > 0.8
    assert probability(0.05) < 0.2


def test_a_batch_answers_as_one_by_one(predictor: Predictor, songs: NDArray[np.float32]) -> None:
    asked = [Song(**dict(zip(FEATURES, row.tolist(), strict=True))) for row in songs[:30]]
    batch, single = predictor.predict_batch(asked), [predictor.predict(song) for song in asked]
    assert batch.probability.tolist() == [answer.probability for answer in single]
    assert batch.liked.tolist() == [answer.liked for answer in single]
    assert (batch.threshold, batch.model) == (single[0].threshold, single[0].model)
    assert len(predictor.predict_batch([]).liked) == 0


def test_a_batch_has_a_limit(predictor: Predictor) -> None:
    predictor.max_batch_size = 2
    song = Song(speechiness=0.1, energy=0.2, danceability=0.9, acousticness=0.3)
    with pytest.raises(BatchTooLarge, match="3 songs in the request and at most 2 are allowed: send several"):
        predictor.predict_batch([song] * 3)
