import itertools

import pytest

from local_stack.config import ROOT
from song_preference.settings import FeaturesSettings, ServingSettings, load


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_NAME", "m")
    monkeypatch.setenv("MODEL_ALIAS", "a")
    monkeypatch.setenv("MODEL_REFRESH_SECONDS", "-1")
    with pytest.raises(SystemExit) as ended:
        load(ServingSettings)
    assert "MLFLOW_TRACKING_URI: Field required" in str(ended.value)
    assert "MODEL_REFRESH_SECONDS: Input should be greater than 0" in str(ended.value)


@pytest.mark.parametrize("address", ["https://api.reccobeats.com", "https://a.example:8443/v2", "http://127.0.0.1:80"])
def test_the_service_of_features_is_asked_in_private(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("FEATURES_API", f"{address}/")
    assert load(FeaturesSettings).address == address
    monkeypatch.setenv("FEATURES_API", "")
    assert load(FeaturesSettings).address == ""


@pytest.mark.parametrize(
    "address",
    [
        "http://api.reccobeats.com",
        "https://",
        "api.reccobeats.com",
        "https://me:secret@a.example",
        "https://a/?b",
        "ftp://a",
    ],
)
def test_any_other_address_is_named(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("FEATURES_API", address)
    with pytest.raises(SystemExit, match="FEATURES_API: Value error, must be https://<host>, or empty") as ended:
        load(FeaturesSettings)
    assert "secret" not in str(ended.value)


def test_env_file_holds_the_specification_first() -> None:
    lines = (ROOT / ".env").read_text().splitlines()
    variables = [line for line in lines if line and not line.startswith("#")]
    assert variables[:20] == [
        "AIRFLOW_UID=50000",
        "AIRFLOW_GID=0",
        "AIRFLOW_PROJ_DIR=./airflow",
        "AIRFLOW_PORT=8083",
        "_AIRFLOW_WWW_USER_USERNAME=airflow",
        "_AIRFLOW_WWW_USER_PASSWORD=airflow",
        "PG_USER=airflow",
        "PG_PASSWORD=airflow",
        "PG_DATABASE=airflow",
        "PG_PORT=5444",
        "MLFLOW_PORT=5006",
        "MLFLOW_S3_ENDPOINT_URL=http://s3:9000",
        "MINIO_ACCESS_KEY=minio",
        "MINIO_SECRET_ACCESS_KEY=minio123",
        "MINIO_PORT=9008",
        "MINIO_PORT_UI=9009",
        "MLFLOW_BUCKET_NAME=mlflow",
        "DATA_REPO_BUCKET_NAME=data",
        "FASTAPI_PORT=8803",
        "STREAMLIT_PORT=8504",
    ]


def test_every_variable_has_a_comment_of_its_own() -> None:
    lines = (ROOT / ".env").read_text().splitlines()
    bare = [line for before, line in itertools.pairwise(lines) if "=" in line and not before.startswith("# ")]
    assert bare == []
