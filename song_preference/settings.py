"""Configuration, from the environment only; every variable is documented once, in `.env`."""

import re
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings

Settings = TypeVar("Settings", bound=BaseSettings)


class S3Settings(BaseSettings):
    """Address, account and buckets of S3."""

    endpoint_url: str = Field(validation_alias="MLFLOW_S3_ENDPOINT_URL")
    access_key: str = Field(validation_alias="MINIO_ACCESS_KEY")
    secret_key: SecretStr = Field(validation_alias="MINIO_SECRET_ACCESS_KEY")
    data_bucket: str = Field(validation_alias="DATA_REPO_BUCKET_NAME")
    mlflow_bucket: str = Field(validation_alias="MLFLOW_BUCKET_NAME")


class PlaylistSettings(BaseSettings):
    """Largest size of a playlist, and the folder of files that listeners may name as a source."""

    max_bytes: int = Field(validation_alias="MAX_DATASET_BYTES", gt=0)
    incoming: Path = Field(validation_alias="INCOMING_DIR")


class DatasetSettings(PlaylistSettings):
    """Settings of the ETL: those of playlists, and the operator's source."""

    source: str = Field(validation_alias="DATASET_SOURCE")


class CatalogueSettings(PlaylistSettings):
    """Settings of the import of a catalogue: its own largest size, and the same folder."""

    max_bytes: int = Field(validation_alias="MAX_CATALOGUE_BYTES", gt=0)


class ModelSettings(BaseSettings):
    """The registered model that is trained and served, and the MLflow server that holds it."""

    tracking_uri: str = Field(validation_alias="MLFLOW_TRACKING_URI")
    name: str = Field(validation_alias="MODEL_NAME")
    alias: str = Field(validation_alias="MODEL_ALIAS")


class IndexSettings(ModelSettings):
    """Settings of the index of a catalogue: the model's, and the number of songs that it holds at most."""

    songs: int = Field(validation_alias="CATALOGUE_INDEX_SONGS", gt=0)


class TrainingSettings(ModelSettings):
    """Settings of the training: the model's, and the number of trials of its search."""

    trials: int = Field(validation_alias="TRAINING_TRIALS", gt=0)


class ServingSettings(ModelSettings):
    """Settings of a service that predicts: the model's, refresh, disk cache and batch size."""

    refresh_seconds: float = Field(validation_alias="MODEL_REFRESH_SECONDS", gt=0)
    cache_dir: Path = Field(validation_alias="MODEL_CACHE_DIR")
    max_batch_size: int = Field(validation_alias="MAX_BATCH_SIZE", gt=0)


class RestSettings(BaseSettings):
    """Key, limits and features of the REST and GraphQL service."""

    api_key: SecretStr = Field(validation_alias="API_KEY", min_length=1)
    max_upload_bytes: int = Field(validation_alias="MAX_UPLOAD_BYTES", gt=0)
    graphql_ide: bool = Field(validation_alias="GRAPHQL_IDE")
    manages_datasets: bool = Field(validation_alias="MANAGE_DATASETS")
    cors_origins: str = Field("", validation_alias="CORS_ORIGINS")
    """Origins whose pages may call, separated by commas; empty for none."""
    trusted_proxies: str = Field("", validation_alias="FORWARDED_ALLOW_IPS")
    """Addresses, networks or "*" whose headers X-Forwarded-* count, separated by commas; empty for none."""


class GrpcSettings(BaseSettings):
    """Metrics port and features of the gRPC service."""

    metrics_port: int = Field(validation_alias="GRPC_METRICS_PORT")
    reflection: bool = Field(validation_alias="GRPC_REFLECTION")


def _checked_address(address: str) -> str:
    """Return an address without a slash at its end; raise `ValueError` unless it is empty or requests are encrypted."""
    # Without encryption on this machine only, as tests need it.
    if not re.fullmatch(r"(https://[a-zA-Z0-9.-]+|http://127\.0\.0\.1)(:[0-9]{1,5})?[a-zA-Z0-9./_-]*|", address):
        raise ValueError("must be https://<host>, or empty")
    return address.rstrip("/")


FeaturesAddress = Annotated[str, AfterValidator(_checked_address)]


class FeaturesSettings(BaseSettings):
    """The service that is asked for features of songs that no catalogue has."""

    address: FeaturesAddress = Field("", validation_alias="FEATURES_API")
    """Empty for none."""


class AirflowSettings(BaseSettings):
    """Address and account of Airflow's REST API."""

    url: str = Field(validation_alias="AIRFLOW_URL")
    user: str = Field(validation_alias="_AIRFLOW_WWW_USER_USERNAME")
    password: SecretStr = Field(validation_alias="_AIRFLOW_WWW_USER_PASSWORD")


class BrowserSettings(BaseSettings):
    """Addresses in a browser: MLflow's pages, and the data bucket's, to which a key is appended; it may be empty."""

    mlflow_url: str = Field(validation_alias="MLFLOW_BROWSER_URL")
    data_url: str = Field(validation_alias="DATA_BROWSER_URL")


class DashboardSettings(BaseSettings):
    """Key, limits and features of the dashboard, and the addresses that it shows, for a browser or a shell."""

    api_key: SecretStr = Field(validation_alias="API_KEY", min_length=1)
    manages_datasets: bool = Field(validation_alias="MANAGE_DATASETS")
    max_dataset_bytes: int = Field(validation_alias="MAX_DATASET_BYTES", gt=0)
    max_catalogue_bytes: int = Field(validation_alias="MAX_CATALOGUE_BYTES", gt=0)
    max_list_bytes: int = Field(validation_alias="MAX_LIST_BYTES", gt=0)
    max_list_rows: int = Field(validation_alias="MAX_LIST_ROWS", gt=0)
    features_api: FeaturesAddress = Field("", validation_alias="FEATURES_API")
    airflow_page: str = Field(validation_alias="AIRFLOW_BROWSER_URL")
    mlflow_page: str = Field(validation_alias="MLFLOW_BROWSER_URL")
    rest_page: str = Field(validation_alias="FASTAPI_BROWSER_URL")
    s3_page: str = Field(validation_alias="S3_BROWSER_URL")
    """Empty if no browser on another machine reaches the console."""
    grpc_address: str = Field(validation_alias="GRPC_HOST_ADDRESS")

    @property
    def max_upload_bytes(self) -> int:
        """Return how large a file Streamlit accepts and keeps in memory: the larger limit of a playlist and a list."""
        return max(self.max_dataset_bytes, self.max_list_bytes)


class ClientSettings(BaseSettings):
    """Addresses of the prediction services."""

    rest_url: str = Field(validation_alias="FASTAPI_URL")
    grpc_address: str = Field(validation_alias="GRPC_ADDRESS")


def load(settings: type[Settings]) -> Settings:
    """Read `settings` from the environment; ends the process with the variables at fault."""
    try:
        return settings()
    except ValidationError as error:
        faults = "\n".join(f"  {found['loc'][0]}: {found['msg']}" for found in error.errors())
        raise SystemExit(f"Configuration is incomplete; see .env for the meaning of each variable:\n{faults}") from None
