"""Fixtures of several folders: a champion made on the spot, a registry that a test controls, clients of others."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from numpy.typing import NDArray
from onnx import ModelProto
from sklearn.ensemble import RandomForestClassifier
from xdist.scheduler import LoadScopeScheduling

from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.training.data import Songs
from song_preference.training.export import build_graph, describe
from tests.support.isolated import CLIENTS, InstallFailed, install
from tests.support.registry import FakeRegistry

pytest_plugins = ["tests.support.stack"]


FIRST = "tests/e2e/test_platform.py"
"""The module that looks at what the start of the platform left."""

WITH_ITS_OWN = "tests/e2e/test_version_0_1.py"
"""The module that starts another platform."""


class PlatformApart(LoadScopeScheduling):  # type: ignore[misc]
    """Gives all tests of the running platform, which they share, to one process, and the other modules one by one.

    `--dist loadgroup` would do, but pytest-xdist 3.8 notes the groups where pytest 9.2 does not read them any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        is_shared = module.startswith(("tests/integration/", "tests/e2e/")) and module != WITH_ITS_OWN
        return "platform" if is_shared else module


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the first runs of a platform before those that start others."""
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))


@pytest.hookimpl(optionalhook=True)  # for runs without pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return PlatformApart(config, log)


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


@pytest.fixture(scope="session")
def case_directory(pytestconfig: pytest.Config) -> Path:
    """Return the directory of made-up files that were once misread, which nobody writes to."""
    directory = pytestconfig.rootpath.parent / "shared" / "cases"
    if not directory.is_dir():
        pytest.skip("The files of the cases are not here.")
    return directory


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of the environment of programs that other people wrote."""
    try:
        return install(CLIENTS / "requirements.txt", tmp_path_factory.mktemp("clients") / "environment")
    except InstallFailed as error:
        if error.is_index_unreachable:
            pytest.skip(f"The package index does not answer: {error}")
        raise
