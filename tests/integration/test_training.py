"""A whole training on a real S3 server and a real MLflow."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from numpy.typing import NDArray

from song_preference.dataset import etl
from song_preference.dataset.etl import register as register_dataset
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import DatasetVersion, Parameters
from song_preference.errors import DiskFull, NothingToDo
from song_preference.evaluation import DIFFERENCES
from song_preference.features import FEATURES
from song_preference.messages import CARD_METRICS
from song_preference.serving.model import EXPECTED_OUTPUT_PROPERTY, INPUT_EXAMPLE_PROPERTY
from song_preference.serving.model_store import ModelStore
from song_preference.serving.registry import MlflowRegistry, find_version, recorded
from song_preference.serving.versions import DescribedRegistry
from song_preference.settings import DatasetSettings, ModelSettings, S3Settings
from song_preference.storage import ObjectStore, s3_client
from song_preference.temporary import raising_disk_full
from song_preference.training import steps
from song_preference.training.evaluate import roc_auc
from song_preference.training.fingerprint import trained_before
from song_preference.training.promote import Decision
from song_preference.training.registry import load_graph, ranked_trials
from song_preference.training.rollback import rollback
from song_preference.training.steps import promote, register

TRIALS = 7
SEED = 42


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of the first training's temporary files."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def patch(environment: dict[str, str]) -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODEL_NAME", f"test_{uuid4().hex[:12]}")
        patch.setenv("DATASET_SOURCE", "sample")
        yield patch


@pytest.fixture(scope="module")
def settings(patch: pytest.MonkeyPatch) -> Iterator[ModelSettings]:
    """A registered model of the module's own."""
    settings = ModelSettings()
    yield settings
    if MlflowClient().search_registered_models(f"name = '{settings.name}'"):
        MlflowClient().delete_registered_model(settings.name)


@pytest.fixture(scope="module")
def store(patch: pytest.MonkeyPatch) -> Iterator[DatasetStore]:
    """A bucket of the module's own."""
    client, bucket = s3_client(S3Settings()), f"test-{uuid4().hex[:12]}"
    client.create_bucket(Bucket=bucket)
    objects = ObjectStore(client, bucket)
    yield DatasetStore(objects)
    for key in list(objects.keys("")):
        objects.remove(key)
    client.delete_bucket(Bucket=bucket)


@pytest.fixture(scope="module")
def dataset(store: DatasetStore) -> DatasetVersion:
    """The bundled sample, published."""
    draft = etl.download(store, DatasetSettings(), Parameters(test_size=0.3, seed=SEED))
    return register_dataset(
        store, etl.split_dataset(store, etl.engineer_features(store, DatasetSettings(), draft))
    ).dataset


def train(store: DatasetStore, settings: ModelSettings, dataset: DatasetVersion, trials: int) -> tuple[str, Decision]:
    exported = steps.export(store, steps.search(store, dataset.version, SEED, trials))
    steps.evaluate(store, exported)
    version = register(store, settings.name, exported)
    assert register(store, settings.name, exported) == version
    return version, promote(store, settings, version)


@pytest.fixture(scope="module")
def champion(store: DatasetStore, settings: ModelSettings, dataset: DatasetVersion, temporary: Path) -> ModelVersion:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        version, decision = train(store, settings, dataset, TRIALS)
    assert decision.promoted, decision.reason
    return MlflowClient().get_model_version(settings.name, version)


def test_the_version_says_where_it_comes_from_and_how_good_it_is(
    champion: ModelVersion, dataset: DatasetVersion
) -> None:
    assert champion.tags["dataset_version"] == dataset.version
    assert recorded(champion)["source_kind"] == "sample"
    assert champion.tags["training_key"]
    known = recorded(champion)
    assert known["git_commit"]
    low, value, high = (known[f"test_roc_auc{end}"] for end in ("_low", "", "_high"))
    assert 0.5 < low < value < high < 1
    assert champion.tags["decision"] == "champion"
    description = str(champion.description)
    assert description.startswith("# Will this listener like the song?")
    assert dataset.version in description


def test_the_run_holds_trials_pictures_card_and_the_estimator(champion: ModelVersion) -> None:
    client, run_id = MlflowClient(), str(champion.run_id)
    run = client.get_run(run_id)
    nested = client.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{run_id}'")
    ranking = ranked_trials(run_id)
    assert len(nested) == len(ranking) == TRIALS
    assert {found.info.status for found in nested} == {"FINISHED"}
    assert {found.data.metrics["cv_log_loss"] for found in nested} == {trial.log_loss.mean for trial in ranking}
    assert run.data.params["candidate"] in {trial.candidate for trial in ranking}
    assert run.data.metrics["onnx_parity_error"] < 1e-5
    assert run.data.metrics["majority_roc_auc"] == 0.5
    assert {item.path for item in client.list_artifacts(run_id)} == {
        "evaluation.json",
        "model_card.md",
        "own_songs.parquet",
        "pictures",
        "trials.json",
    }
    assert len(client.list_artifacts(run_id, "pictures")) == 6


def test_the_registry_hands_out_card_metrics_and_every_answer(
    champion: ModelVersion, settings: ModelSettings, store: DatasetStore, dataset: DatasetVersion
) -> None:
    registry = DescribedRegistry(settings)
    (described,) = (item for item in registry.described(5) if item.registered.version == str(champion.version))
    assert described.card.text("en") == champion.description
    assert described.card.text("es").startswith("# ¿Le gustará la canción")
    assert described.metrics.keys() == {*CARD_METRICS, *DIFFERENCES}
    evaluation = registry.evaluation(described.run_id)
    assert evaluation is not None
    assert list(evaluation.labels) == store.table(dataset.version, "test")["label"].tolist()
    assert evaluation.threshold == described.threshold
    found = roc_auc(np.array(evaluation.labels), np.array(evaluation.model))
    assert found == pytest.approx(described.metrics["roc_auc"].value, abs=1e-6)
    assert {item.feature for item in evaluation.importances} == set(FEATURES)


def test_a_run_without_an_evaluation_has_none(champion: ModelVersion, settings: ModelSettings) -> None:
    experiment = str(MlflowClient().get_run(str(champion.run_id)).info.experiment_id)
    other = MlflowClient().create_run(experiment)
    registry = DescribedRegistry(settings)
    assert registry.evaluation(str(other.info.run_id)) is None
    assert registry.evaluation(uuid4().hex) is None


def test_model_estimator_and_example_agree(champion: ModelVersion, settings: ModelSettings) -> None:
    uri = f"models:/{settings.name}/{champion.version}"
    model = mlflow.pyfunc.load_model(uri)
    assert model.metadata.get_input_schema().input_names() == list(FEATURES)
    graph = mlflow.onnx.load_model(uri)
    written = {item.key: json.loads(item.value) for item in graph.metadata_props}
    example = model.predict(model.input_example)
    assert float(example["probability"][0]) == written[EXPECTED_OUTPUT_PROPERTY]["probability"]
    assert int(example["label"][0]) == written[EXPECTED_OUTPUT_PROPERTY]["label"]

    outputs = MlflowClient().get_run(str(champion.run_id)).outputs
    assert outputs is not None
    logged = [mlflow.get_logged_model(output.model_id) for output in outputs.model_outputs]
    (estimator_model,) = [found for found in logged if found.name == "estimator"]
    estimator = mlflow.sklearn.load_model(estimator_model.model_uri)
    song = np.array([[written[INPUT_EXAMPLE_PROPERTY][name] for name in FEATURES]])
    expected = estimator.predict_proba(song)[0, 1]
    assert example["probability"][0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.usefixtures("champion")
def test_a_training_leaves_no_temporary_file(temporary: Path) -> None:
    assert list(temporary.iterdir()) == []


def test_on_a_full_disk_no_model_is_loaded_or_stored_and_the_volume_is_named(
    champion: ModelVersion,
    settings: ModelSettings,
    store: DatasetStore,
    small_disk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry, uri = MlflowRegistry(settings), f"models:/{settings.name}/{champion.version}"
    ref = registry.champion()
    searched = steps.Searched(str(champion.run_id), "unused", champion.tags["dataset_version"], SEED)
    assert ref is not None
    other = small_disk / "other"
    other.write_bytes(b"x" * (shutil.disk_usage(small_disk).free))
    for attempt in (
        lambda: load_graph(uri),
        lambda: registry.graph(ref),
        # As a task does it.
        raising_disk_full()(lambda: steps.export(store, searched)),
    ):
        with pytest.raises(DiskFull, match=f"There is too little room on the volume of {small_disk}: "):
            attempt()
        assert list(small_disk.iterdir()) == [other]
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert registry.graph(ref) == load_graph(uri)


def test_requirements_are_pinned(champion: ModelVersion, settings: ModelSettings) -> None:
    path = mlflow.artifacts.download_artifacts(f"models:/{settings.name}/{champion.version}/requirements.txt")
    with open(path) as file:  # noqa: PTH123 - MLflow hands out a string
        requirements = file.read().split()
    assert any(line.startswith("onnxruntime==") for line in requirements)
    assert all("==" in line for line in requirements)


def test_the_same_training_would_be_skipped(
    champion: ModelVersion, settings: ModelSettings, dataset: DatasetVersion
) -> None:
    client = MlflowClient()
    reason = f"Version {champion.version} was trained from dataset {dataset.version} with seed 42"
    with pytest.raises(NothingToDo, match=reason):
        trained_before(client, settings, (dataset.version, SEED, TRIALS))
    assert trained_before(client, settings, (dataset.version, SEED, TRIALS + 1)) is None


def test_a_worse_one_becomes_challenger_and_a_rollback_is_followed(
    *,
    champion: ModelVersion,
    settings: ModelSettings,
    store: DatasetStore,
    dataset: DatasetVersion,
    songs: NDArray[np.float32],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = ModelStore(MlflowRegistry(settings), 1, settings.name)
    services.refresh()
    assert services.current().model.ref.version == champion.version

    flipped = store.table(dataset.version, "train")
    flipped["label"] = 1 - flipped["label"]
    table = store.table
    monkeypatch.setattr(store, "table", lambda version, name: flipped if name == "train" else table(version, name))
    version, decision = train(store, settings, dataset, 1)
    assert not decision.promoted, decision.reason
    challenger = find_version(MlflowClient(), settings.name, "challenger")
    assert challenger is not None
    assert challenger.version == version
    services.refresh()
    assert services.current().model.ref.version == champion.version

    listed = MlflowRegistry(settings).versions(2)
    assert [(found.version, found.aliases) for found in listed] == [
        (version, ["challenger"]),
        (str(champion.version), ["champion"]),
    ]
    assert (listed[0].dataset_version, listed[0].source_kind) == (dataset.version, "sample")

    before = services.current().model.run(songs)[1]
    rollback(settings, version)
    services.refresh()
    assert services.current().model.ref.version == version
    assert np.corrcoef(before, services.current().model.run(songs)[1])[0, 1] < 0
    rollback(settings)
    services.refresh()
    assert services.current().model.ref.version == champion.version
