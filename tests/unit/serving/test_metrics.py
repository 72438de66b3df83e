import numpy as np
import pytest
from numpy.typing import NDArray

from song_preference.errors import RegistryUnavailable
from song_preference.features import FEATURES, Song
from song_preference.serving.metrics import FEW_SONGS, Metrics
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from tests.support.registry import FakeRegistry
from tests.support.songs import SONG


@pytest.fixture
def metrics(predictor: Predictor) -> Metrics:
    predictor.observer = Metrics(predictor.store)
    return predictor.observer


def value(metrics: Metrics, metric: str, /, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"song_preference_{metric}", labels)


def test_requests_and_their_time_are_counted_by_protocol_operation_and_outcome(metrics: Metrics) -> None:
    labels = {"protocol": "rest", "operation": "predict", "outcome": "ok"}
    for seconds in (0.0007, 0.02):
        metrics.request("rest", "predict", "ok", seconds)
    assert value(metrics, "requests_total", **labels) == 2
    assert value(metrics, "request_duration_seconds_sum", **labels) == pytest.approx(0.0207)
    assert value(metrics, "request_duration_seconds_bucket", le="0.001", **labels) == 1


def test_songs_are_counted_by_label_and_version_however_they_are_asked_about(
    metrics: Metrics, predictor: Predictor, songs: NDArray[np.float32]
) -> None:
    batch = predictor.predict_rows(songs)
    predictor.explain(Song(**SONG))
    likes = int(batch.liked.sum()) + predictor.predict(Song(**SONG)).liked * 2
    counted = {
        label: value(metrics, "predictions_total", label=label, model_version="1") for label in ("like", "dislike")
    }
    assert counted == {"like": likes or None, "dislike": len(songs) + 2 - likes}
    assert value(metrics, "batch_songs_count") == 1
    assert value(metrics, "batch_songs_sum") == len(songs)


@pytest.mark.parametrize("times", [1, FEW_SONGS])
def test_inputs_are_histograms_of_every_feature(metrics: Metrics, predictor: Predictor, times: int) -> None:
    edge = np.array([[0, 0.1, 0.11, 1], [1, 0.1, 0.5, 0.95]] * times, dtype=np.float32)
    predictor.predict_rows(edge)
    below = [value(metrics, "input_bucket", feature=feature, le="0.1") for feature in FEATURES]
    assert below == [times, 2 * times, 0, 0]
    assert {value(metrics, "input_bucket", feature=feature, le="+Inf") for feature in FEATURES} == {2 * times}
    assert value(metrics, "input_sum", feature="acousticness") == pytest.approx(1.95 * times)


def test_the_model_and_its_refreshes_are_reported(metrics: Metrics, store: ModelStore, registry: FakeRegistry) -> None:
    info = {"name": "spotify_model_prod", "version": "1", "alias": "champion"}
    assert value(metrics, "model_info", **info) == 1
    assert value(metrics, "model_loaded_timestamp_seconds") == store.current().since.timestamp()
    assert value(metrics, "model_stale") == 0
    registry.register("2", b"not a graph")
    assert store.refresh() == "refused"
    assert value(metrics, "champion_refused") == 1
    registry.is_down = True
    with pytest.raises(RegistryUnavailable):
        store.refresh()
    assert value(metrics, "model_stale") == 1
    found = {
        outcome: value(metrics, "model_refreshes_total", outcome=outcome)
        for outcome in ("swapped", "missing", "refused", "unavailable")
    }
    assert found == {"swapped": 1, "missing": 0, "refused": 1, "unavailable": 1}


def test_without_a_model_only_refreshes_are_reported(store: ModelStore) -> None:
    metrics = Metrics(store)
    assert value(metrics, "model_refreshes_total", outcome="swapped") == 0
    assert value(metrics, "model_stale") is None
