"""Prometheus metrics of the prediction services: the same names for every protocol, one registry per service."""

import threading
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from song_preference.features import DISLIKE, FEATURES, LIKE
from song_preference.prediction import ModelRef
from song_preference.serving.model_store import ModelStore, Outcome

LATENCY_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
BATCH_BUCKETS = (1, 10, 100, 1_000, 10_000)
EDGES = np.linspace(0.1, 1, 10, dtype=np.float32)
"""Upper ends of the buckets of a feature."""

FEW_SONGS = 32
"""Number of songs up to which a Python loop is faster than numpy."""

_EDGES = EDGES.tolist()


class Metrics:
    """Counts requests, and the predictions that a predictor reports."""

    def __init__(self, store: ModelStore) -> None:
        self.registry = CollectorRegistry()
        labels = ["protocol", "operation", "outcome"]
        self._requests = Counter(
            "song_preference_requests", "Requests by protocol, operation and outcome.", labels, registry=self.registry
        )
        self._latency = Histogram(
            "song_preference_request_duration_seconds",
            "Time from a request to its answer.",
            labels,
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self._predictions = Counter(
            "song_preference_predictions",
            "Predicted songs, by label and model version.",
            ["label", "model_version"],
            registry=self.registry,
        )
        self._batch = Histogram(
            "song_preference_batch_songs", "Songs in a batch.", buckets=BATCH_BUCKETS, registry=self.registry
        )
        # Cached, since the client library validates labels and takes a lock at each lookup.
        self._of_requests = lru_cache(maxsize=256)(self._request_metrics)
        self._of_predictions = lru_cache(maxsize=16)(self._predictions.labels)
        self._inputs = _Inputs()
        self.registry.register(self._inputs)
        self.registry.register(_Model(store))

    def request(self, protocol: str, operation: str, outcome: str, seconds: float) -> None:
        """Count one request; `operation` and `outcome` come from a small, fixed set, never from the caller."""
        count, latency = self._of_requests(protocol, operation, outcome)
        count.inc()
        latency.observe(seconds)

    def predicted(self, features: NDArray[np.float32], liked: list[bool], model: ModelRef, *, is_batch: bool) -> None:
        """Count the predictions (n,) for features (n, 4); `is_batch` if they are of one request."""
        likes = sum(liked)
        if likes:
            self._of_predictions(LIKE, model.version).inc(likes)
        if dislikes := len(liked) - likes:
            self._of_predictions(DISLIKE, model.version).inc(dislikes)
        if is_batch:
            self._batch.observe(len(liked))
        self._inputs.add(features)

    def _request_metrics(self, *labels: str) -> tuple[Counter, Histogram]:
        return self._requests.labels(*labels), self._latency.labels(*labels)


class _Inputs(Collector):
    """Histograms of the features; unlike the client library's, they take a whole batch at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = [[0] * len(EDGES) for _ in FEATURES]
        self._sums = [0.0] * len(FEATURES)

    def add(self, features: NDArray[np.float32]) -> None:
        if len(features) <= FEW_SONGS:
            with self._lock:
                counts, sums = self._counts, self._sums
                for song in features.tolist():
                    for row, value in enumerate(song):
                        counts[row][bisect_left(_EDGES, value)] += 1
                        sums[row] += value
            return
        buckets = np.searchsorted(EDGES, features).T
        more = [np.bincount(of_feature, minlength=len(EDGES)) for of_feature in buckets]
        total = features.sum(axis=0, dtype=np.float64)
        with self._lock:
            self._counts = np.add(self._counts, more).tolist()
            self._sums = np.add(self._sums, total).tolist()

    def collect(self) -> Iterator[Metric]:
        """Yield the histograms, cumulative as Prometheus expects them."""
        family = HistogramMetricFamily("song_preference_input", "Features of the predicted songs.", labels=["feature"])
        with self._lock:
            cumulative, sums = np.cumsum(self._counts, axis=1), [*self._sums]
        for feature, counts, total in zip(FEATURES, cumulative, sums, strict=True):
            buckets = [(f"{edge:.1f}", float(count)) for edge, count in zip(EDGES, counts, strict=True)]
            family.add_metric([feature], [*buckets, ("+Inf", float(counts[-1]))], total)
        yield family


class _Model(Collector):
    """Metrics of the model in service and its refreshes, read from the store at each scrape."""

    def __init__(self, store: ModelStore) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; those of the model only once one is loaded."""
        refreshes = CounterMetricFamily(
            "song_preference_model_refreshes", "Refreshes from the registry, by outcome.", labels=["outcome"]
        )
        for outcome in get_args(Outcome):
            refreshes.add_metric([outcome], self._store.outcomes[outcome])
        yield refreshes
        is_rejected = float(self._store.rejection is not None)
        yield _gauge("champion_refused", "1 while the registry's champion is rejected.", is_rejected)
        served = self._store.served
        if served is None:
            return
        info = GaugeMetricFamily(
            "song_preference_model_info", "The model in service.", labels=["name", "version", "alias"]
        )
        ref = served.model.ref
        info.add_metric([ref.name, ref.version, ref.alias], 1)
        yield info
        loaded = served.since.timestamp()
        yield _gauge("model_loaded_timestamp_seconds", "When the model in service was loaded, in Unix time.", loaded)
        yield _gauge("model_stale", "1 while another model may be the champion.", float(served.stale))


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"song_preference_{name}", about, value)
