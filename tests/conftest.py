"""What several tests need: a champion made on the spot, and a registry that a test controls."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from numpy.typing import NDArray
from onnx import ModelProto
from sklearn.ensemble import RandomForestClassifier

from song_preference.errors import RegistryUnavailable
from song_preference.evaluation import Evaluation
from song_preference.messages import Message
from song_preference.serving.model import ModelRef
from song_preference.serving.predictor import Predictor
from song_preference.serving.registry import DescribedVersion, Measured, RegisteredVersion
from song_preference.serving.store import ModelStore
from song_preference.training.export import build_graph, describe
from song_preference.training.songs import Songs

pytest_plugins = ["tests.stack"]

ROOT = Path(__file__).resolve().parent.parent
SONG = {"speechiness": 0.0444, "energy": 0.521, "danceability": 0.514, "acousticness": 0.713}


class FakeRegistry:
    """A registry in memory."""

    def __init__(self) -> None:
        self.ref: ModelRef | None = None
        self.graphs: dict[str, bytes] = {}
        self.downloads: list[str] = []
        self.is_down = False
        self.source_kind = "file"
        self.challenger: str | None = None
        self.evaluations: dict[str, Evaluation] = {}

    def register(self, version: str, graph: bytes) -> None:
        self.ref = ModelRef("spotify_model_prod", version, "champion")
        self.graphs[version] = graph

    def champion(self) -> ModelRef | None:
        self._check()
        return self.ref

    def graph(self, ref: ModelRef) -> bytes:
        self._check()
        self.downloads.append(ref.version)
        if ref.version not in self.graphs:
            raise RegistryUnavailable(f"The artifacts of {ref.name} version {ref.version} cannot be read.")
        return self.graphs[ref.version]

    def versions(self, limit: int) -> list[RegisteredVersion]:
        self._check()
        created = datetime(2026, 11, 25, tzinfo=UTC)
        newest = sorted(self.graphs, key=int, reverse=True)[:limit]
        return [RegisteredVersion(number, created, ("champion",), "abc", self.source_kind, 0.88) for number in newest]

    def described(self, limit: int) -> list[DescribedVersion]:
        found = self.versions(limit)
        roles = {self.challenger: ("challenger",), self.ref.version if self.ref else None: ("champion",)}
        metrics = {
            "accuracy": Measured(0.792, 0.742, 0.842),
            "f1": Measured(0.835, 0.794, 0.874),
            "roc_auc": Measured(0.889, 0.845, 0.932),
            "pr_auc": Measured(0.923, 0.89, 0.956),
            "brier": Measured(0.133, 0.11, 0.156),
            "calibration_error": Measured(0.046, 0.044, 0.107),
        }
        return [
            DescribedVersion(
                replace(version, aliases=roles.get(version.version, ())),
                f"run{version.version}",
                "extra_trees",
                0.5,
                metrics,
                Message(None, english=f"# Card of {version.version}"),
                "2",
            )
            for version in found
        ]

    def evaluation(self, run_id: str) -> Evaluation | None:
        self._check()
        return self.evaluations.get(run_id)

    def _check(self) -> None:
        if self.is_down:
            raise RegistryUnavailable("The registry is down.")


@pytest.fixture(scope="session")
def grpc_loop() -> Iterator[BlockingPortal]:
    """The one event loop of everything that uses grpc.aio, which reports to loops that were closed, too."""
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture(scope="session")
def songs() -> NDArray[np.float32]:
    """(400, 4) random songs."""
    return np.random.default_rng(7).random((400, 4), dtype=np.float32)


@pytest.fixture(scope="session")
def forest(songs: NDArray[np.float32]) -> RandomForestClassifier:
    """A small forest that likes what can be danced to."""
    noise = np.random.default_rng(8).normal(0, 0.2, len(songs))
    liked = songs[:, 2] + 0.5 * songs[:, 0] + noise > 0.75
    return RandomForestClassifier(30, random_state=0).fit(songs, liked.astype(int))


@pytest.fixture(scope="session")
def graph(forest: RandomForestClassifier, songs: NDArray[np.float32]) -> bytes:
    """The forest as a champion would be registered."""
    return registrable(build_graph(forest, threshold=0.5), songs)


def registrable(model: ModelProto, songs: NDArray[np.float32]) -> bytes:
    """The graph with its example and background, as it is registered."""
    describe(model, Songs(songs, (songs[:, 2] > 0.5).astype(np.int64)))
    return model.SerializeToString()


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A volume of 1 MB, where temporary files go."""
    path = tmp_path / "small"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("Only root may mount a small disk.")
    monkeypatch.setattr("tempfile.tempdir", str(path))
    yield path
    subprocess.run(["umount", "--lazy", str(path)], check=True)  # noqa: S607 - beside mount


@pytest.fixture
def registry() -> FakeRegistry:
    return FakeRegistry()


@pytest.fixture
def store(registry: FakeRegistry) -> ModelStore:
    return ModelStore(registry, refresh_seconds=0.01, model_name="spotify_model_prod")


@pytest.fixture
def predictor(registry: FakeRegistry, store: ModelStore, graph: bytes) -> Predictor:
    """A predictor whose champion is loaded."""
    registry.register("1", graph)
    store.refresh()
    return Predictor(store)
