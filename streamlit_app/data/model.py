"""Where the pages get what they show; one of each for all sessions."""

from contextlib import suppress

import pandas as pd
import streamlit as st

from song_preference.clients import PredictionClient, clients
from song_preference.dataset.version import DatasetVersion, Spread
from song_preference.errors import ModelRefused, NotManaged, RegistryUnavailable
from song_preference.evaluation import Evaluation
from song_preference.pipeline import Airflow
from song_preference.serving.composition import following_champion
from song_preference.serving.predictor import Predictor
from song_preference.serving.registry import MlflowRegistry
from song_preference.serving.versions import DescribedVersion, RegisteredVersion
from song_preference.settings import (
    AirflowSettings,
    ClientSettings,
    DashboardSettings,
    ModelSettings,
    ServingSettings,
    load,
)
from streamlit_app.data.playlist import Datasets
from streamlit_app.health import Probes

LATEST_SECONDS = 5
"""For so long a page does not ask again what the latest dataset and the models are."""

KEPT_TABLES = 4
SHOWN_VERSIONS = 100


@st.cache_resource(show_spinner=False)
def settings() -> DashboardSettings:
    """The dashboard's own."""
    return load(DashboardSettings)


@st.cache_resource(show_spinner=False)
def predictor() -> Predictor:
    """Follows the champion by itself, like every other service."""
    following = following_champion(load(ServingSettings))
    # The first page should show an answer; where there is none yet, the watching thread says why and goes on.
    with suppress(RegistryUnavailable, ModelRefused):
        following.store.refresh()
    following.store.start()
    return following


@st.cache_resource(show_spinner=False)
def protocols() -> dict[str, PredictionClient]:
    """A client for each protocol of the other services."""
    return clients(load(ClientSettings))


def datasets() -> Datasets:
    """The datasets, as the REST service hands them out; raises `NotManaged` where it only predicts."""
    if not settings().manages_datasets:
        raise NotManaged("FastAPI was started with MANAGE_DATASETS=false: it only predicts.")
    return _datasets()


@st.cache_resource(show_spinner=False)
def _datasets() -> Datasets:
    return Datasets(load(ClientSettings).rest_url, settings().api_key.get_secret_value())


@st.cache_resource(show_spinner=False)
def airflow() -> Airflow:
    """The pipeline."""
    return Airflow(load(AirflowSettings))


@st.cache_resource(show_spinner=False)
def model_settings() -> ModelSettings:
    """Which registered model it is about."""
    return load(ModelSettings)


@st.cache_resource(show_spinner=False)
def registry() -> MlflowRegistry:
    """The registered models."""
    return MlflowRegistry(model_settings())


@st.cache_data(ttl=LATEST_SECONDS, show_spinner=False)
def latest_dataset() -> DatasetVersion:
    """The dataset version in use; raises what `Datasets.latest` does."""
    return datasets().latest()


@st.cache_data(max_entries=KEPT_TABLES, show_spinner=False)
def table(version: str, part: str) -> pd.DataFrame:
    """Rows of a dataset version, which never change; raises what `Datasets.table` does."""
    return datasets().table(version, part)


@st.cache_data(max_entries=KEPT_TABLES, show_spinner=False)
def spreads(version: str) -> list[Spread]:
    """Each feature among the liked and the disliked songs of a version; raises what `Datasets.statistics` does."""
    return datasets().statistics(version)


def versions() -> list[RegisteredVersion]:
    """The newest versions of the registered model; raises `RegistryUnavailable`."""
    return [version.registered for version in described_versions()]


@st.cache_resource(show_spinner=False)
def probes() -> Probes:
    """Asks every part of the platform whether it works."""
    return Probes(load(ClientSettings), load(ModelSettings), load(AirflowSettings))


@st.cache_data(ttl=LATEST_SECONDS, show_spinner=False)
def described_versions() -> list[DescribedVersion]:
    """The same with all that their trainings noted; raises `RegistryUnavailable`."""
    return registry().described(SHOWN_VERSIONS)


@st.cache_resource(max_entries=KEPT_TABLES, show_spinner=False)
def evaluation(run_id: str) -> Evaluation | None:
    """What a model answered when it was judged, which never changes; raises `RegistryUnavailable`."""
    return registry().evaluation(run_id)
