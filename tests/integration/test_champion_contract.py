"""The champion contract on a real MLflow: every way of loading a model gives the same numbers."""

from collections.abc import Iterator
from uuid import uuid4

import mlflow
import numpy as np
import onnxruntime
import pandas as pd
import pytest
from mlflow import MlflowClient
from numpy.typing import NDArray
from onnx import load_from_string

from song_preference.errors import ModelNotReady
from song_preference.features import FEATURES
from song_preference.serving.model_store import ModelStore
from song_preference.serving.registry import MlflowRegistry
from song_preference.settings import ModelSettings
from song_preference.training.registry import ONNX_REQUIREMENTS, SIGNATURE


@pytest.fixture
def settings(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelSettings]:
    """A registered model of the test's own."""
    monkeypatch.setenv("MODEL_NAME", f"test_{uuid4().hex[:12]}")
    settings = ModelSettings()
    mlflow.set_experiment("Champion contract")
    yield settings
    if MlflowClient().search_registered_models(f"name = '{settings.name}'"):
        MlflowClient().delete_registered_model(settings.name)


def promote(graph: bytes, settings: ModelSettings) -> str:
    with mlflow.start_run():
        logged = mlflow.onnx.log_model(
            load_from_string(graph),
            name="model",
            signature=SIGNATURE,
            pip_requirements=ONNX_REQUIREMENTS,
            onnx_execution_providers=["CPUExecutionProvider"],
            registered_model_name=settings.name,
        )
    version = str(logged.registered_model_version)
    MlflowClient().set_registered_model_alias(settings.name, settings.alias, version)
    return version


def test_pyfunc_onnxruntime_and_the_services_agree(
    graph: bytes, settings: ModelSettings, songs: NDArray[np.float32]
) -> None:
    promote(graph, settings)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    label, probability = session.run(["label", "probability"], {"features": songs})

    champion = mlflow.pyfunc.load_model(f"models:/{settings.name}@{settings.alias}")
    float64 = pd.DataFrame(songs.astype("float64"), columns=list(FEATURES))
    shuffled = float64[list(reversed(FEATURES))]
    for rows in (float64, float64.astype("float32"), shuffled, shuffled.assign(tempo=120.0, title="x")):
        answer = champion.predict(rows)
        np.testing.assert_array_equal(answer["label"], label)
        np.testing.assert_array_equal(answer["probability"], probability)

    percent = champion.predict(float64 * 100)
    assert set(percent["label"]) == {-1}
    assert percent["probability"].isna().all()

    store = ModelStore(MlflowRegistry(settings), 1, settings.name)
    store.refresh()
    for expected, found in zip((label, probability), store.current().model.run(songs), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_the_store_follows_the_alias(graph: bytes, settings: ModelSettings) -> None:
    store = ModelStore(MlflowRegistry(settings), 1, settings.name)
    store.refresh()
    with pytest.raises(ModelNotReady):
        store.current()
    for _ in range(2):
        version = promote(graph, settings)
        store.refresh()
        assert store.current().model.ref.version == version
