"""The model registry, on MLflow's own store."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mlflow import MlflowClient

from song_preference.errors import RegistryUnavailable
from song_preference.prediction import ModelRef
from song_preference.serving.registry import (
    CHALLENGER,
    GRAPH_FILE,
    OWN_SONGS_FILE,
    MlflowRegistry,
    following_champion,
)
from song_preference.settings import ModelSettings, ServingSettings
from tests.support.waiting import wait_for

MODEL = "spotify_model_prod"


@pytest.fixture
def registry(settings: ModelSettings) -> MlflowRegistry:
    return MlflowRegistry(settings)


def test_without_the_alias_or_the_model_there_is_no_champion(client: MlflowClient, registry: MlflowRegistry) -> None:
    client.create_model_version(MODEL, "file:///nowhere")
    assert registry.champion() is None
    client.delete_registered_model(MODEL)
    assert registry.champion() is None
    assert registry.versions(5) == []


def test_the_champion_is_the_version_behind_the_alias(
    client: MlflowClient, registry: MlflowRegistry, run_id: str
) -> None:
    client.create_model_version(MODEL, "file:///nowhere", run_id, tags={"dataset_version": "abc"})
    client.create_model_version(MODEL, "file:///nowhere")
    client.set_registered_model_alias(MODEL, "champion", "1")
    assert registry.champion() == ModelRef(MODEL, "1", "champion", run_id, "abc")
    client.set_registered_model_alias(MODEL, "champion", "2")
    assert registry.champion() == ModelRef(MODEL, "2", "champion", "", None)


def test_the_newest_versions_are_listed_with_their_aliases(client: MlflowClient, registry: MlflowRegistry) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    for _ in range(3):
        client.create_model_version(MODEL, "file:///nowhere")
    for alias, version in (("challenger", "3"), ("champion", "3"), ("other", "2"), ("first", "1")):
        client.set_registered_model_alias(MODEL, alias, version)
    newest = registry.versions(2)
    assert [(found.version, found.aliases) for found in newest] == [
        ("3", ["challenger", "champion"]),
        ("2", ["other"]),
    ]
    assert all(before <= found.created_at <= datetime.now(UTC) for found in newest)


def test_the_graph_is_read_unless_it_is_gone(client: MlflowClient, registry: MlflowRegistry, tmp_path: Path) -> None:
    (tmp_path / GRAPH_FILE).write_bytes(b"graph")
    client.create_model_version(MODEL, tmp_path.as_uri())
    ref = ModelRef(MODEL, "1", "champion")
    assert registry.graph(ref) == b"graph"
    (tmp_path / GRAPH_FILE).unlink()
    with pytest.raises(RegistryUnavailable, match=f"{MODEL} version 1 cannot be read.*roll back to another version"):
        registry.graph(ref)


def test_a_file_of_a_run_is_read_as_training_wrote_it(
    client: MlflowClient, registry: MlflowRegistry, run_id: str, tmp_path: Path
) -> None:
    assert registry.artifact(run_id, OWN_SONGS_FILE) is None
    (tmp_path / OWN_SONGS_FILE).write_bytes(b"PAR1")
    client.log_artifact(run_id, str(tmp_path / OWN_SONGS_FILE))
    assert registry.artifact(run_id, OWN_SONGS_FILE) == b"PAR1"
    assert registry.artifact("0" * 32, OWN_SONGS_FILE) is None


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (lambda registry: registry.champion(), "MLflow at http://127.0.0.1:9 does not answer"),
        (lambda registry: registry.versions(1), "MLflow at http://127.0.0.1:9 does not answer"),
        (lambda registry: registry.graph(ModelRef(MODEL, "1", "champion")), "version 1 cannot be read"),
        (lambda registry: registry.artifact("0" * 32, OWN_SONGS_FILE), "artifacts of run 0{32} cannot be read"),
    ],
    ids=["champion", "versions", "graph", "artifact"],
)
def test_a_registry_that_is_not_there_is_unavailable(
    settings: ModelSettings, ask: Callable[[MlflowRegistry], object], reason: str
) -> None:
    elsewhere = MlflowRegistry(settings.model_copy(update={"tracking_uri": "http://127.0.0.1:9"}))
    with pytest.raises(RegistryUnavailable, match=reason):
        ask(elsewhere)


def test_a_service_follows_the_champion_and_starts_with_it_again(
    client: MlflowClient, settings: ModelSettings, graph: bytes, tmp_path: Path
) -> None:
    values = {"MODEL_REFRESH_SECONDS": 60, "MODEL_CACHE_DIR": tmp_path / "cache", "MAX_BATCH_SIZE": 7}
    serving = ServingSettings.model_validate(values)
    (tmp_path / GRAPH_FILE).write_bytes(graph)
    client.create_model_version(MODEL, tmp_path.as_uri())
    client.set_registered_model_alias(MODEL, "champion", "1")
    predictor = following_champion(serving)
    predictor.store.refresh()
    assert (predictor.store.current().model.ref.version, predictor.max_batch_size) == ("1", 7)
    restarted = following_champion(serving.model_copy(update={"tracking_uri": "http://127.0.0.1:9"}))
    restarted.store.start()
    restarted.store.stop()
    assert restarted.store.current().model.ref.version == "1"


def test_a_service_may_follow_the_challenger_too_which_a_restart_without_mlflow_loses(
    client: MlflowClient, settings: ModelSettings, graph: bytes, tmp_path: Path
) -> None:
    values = {"MODEL_REFRESH_SECONDS": 0.1, "MODEL_CACHE_DIR": tmp_path / "cache", "MAX_BATCH_SIZE": 7}
    serving = ServingSettings.model_validate(values)
    (tmp_path / GRAPH_FILE).write_bytes(graph)
    for alias, version in (("champion", "1"), (CHALLENGER, "2")):
        client.create_model_version(MODEL, tmp_path.as_uri())
        client.set_registered_model_alias(MODEL, alias, version)
    store = following_champion(serving, with_challenger=True).store
    store.start()
    wait_for(lambda: list(store.loaded()) == ["1", "2"], "both models")
    # A model is served before it is cached, under another name until it is whole.
    wait_for(lambda: [path.suffix for path in (tmp_path / "cache").iterdir()] == [".model"], "the cached champion")
    client.delete_registered_model_alias(MODEL, CHALLENGER)
    wait_for(lambda: list(store.loaded()) == ["1"], "the champion alone")
    store.stop()
    elsewhere = serving.model_copy(update={"tracking_uri": "http://127.0.0.1:9"})
    restarted = following_champion(elsewhere, with_challenger=True).store
    restarted.start()
    restarted.stop()
    assert list(restarted.loaded()) == ["1"]
