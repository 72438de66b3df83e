"""The dependencies of the routes that manage datasets and the pipeline."""

from dataclasses import dataclass
from typing import Annotated, Self

from mlflow import MlflowClient

from fastapi_app.dependencies import from_state
from song_preference.catalogue.store import CatalogueStore
from song_preference.dataset.features_api import FeaturesApi
from song_preference.dataset.store import DatasetStore, open_store
from song_preference.isolation import warm_up
from song_preference.pipeline.airflow import Airflow
from song_preference.serving.registry import connect
from song_preference.settings import (
    AirflowSettings,
    CatalogueSettings,
    FeaturesSettings,
    ModelSettings,
    PlaylistSettings,
    load,
)


@dataclass(frozen=True)
class Management:
    """Clients of the other services, which connect when they are first used."""

    datasets: DatasetStore
    registry: MlflowClient
    airflow: Airflow
    playlist_settings: PlaylistSettings
    model_settings: ModelSettings
    catalogue_settings: CatalogueSettings
    features_api: FeaturesApi | None = None
    """The service that is asked for features of songs that no catalogue has, if one is set."""

    @classmethod
    def of_environment(cls) -> Self:
        """Create the clients from the environment's settings."""
        warm_up()
        model, datasets = load(ModelSettings), open_store()
        address = load(FeaturesSettings).address
        return cls(
            *(datasets, connect(model), Airflow(load(AirflowSettings)), load(PlaylistSettings), model),
            load(CatalogueSettings),
            FeaturesApi(address, datasets.objects) if address else None,
        )

    @property
    def catalogues(self) -> CatalogueStore:
        """The catalogues, in the same bucket as the datasets."""
        return CatalogueStore(self.datasets.objects)


ManagementDep = Annotated[Management, from_state("management")]
