import numpy as np

from song_preference.prediction import Batch, ModelRef

MODEL = ModelRef("spotify_model_prod", "1", "champion", run_id="a")


def test_a_batch_answers_song_by_song_in_plain_numbers() -> None:
    probability = np.array([0.25, 0.75], dtype=np.float32)
    batch = Batch(probability >= 0.5, probability, 0.5, MODEL, stale=False)
    answers = list(batch.answers())
    assert answers == [("dislike", False, 0.25), ("like", True, 0.75)]
    assert [type(part) for part in answers[0]] == [str, bool, float]


def test_a_version_of_another_run_is_another_model() -> None:
    assert ModelRef("spotify_model_prod", "1", "champion", run_id="a") == MODEL
    assert ModelRef("spotify_model_prod", "1", "champion", run_id="b") != MODEL
    assert "run_id" not in repr(MODEL)
