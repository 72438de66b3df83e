"""What the management of datasets and of the pipeline works with."""

from asyncio import Semaphore
from dataclasses import dataclass, field
from typing import Annotated, Self

from fastapi import Depends, Request
from mlflow import MlflowClient

from song_preference.dataset.etl import open_store
from song_preference.dataset.store import DatasetStore
from song_preference.pipeline import Airflow
from song_preference.serving.registry import connect
from song_preference.settings import AirflowSettings, ModelSettings, PlaylistSettings, load


@dataclass(frozen=True)
class Management:
    """Clients of the other services; each connects when it is first used."""

    datasets: DatasetStore
    registry: MlflowClient
    airflow: Airflow
    playlist_settings: PlaylistSettings
    model_settings: ModelSettings
    checking: Semaphore = field(default_factory=lambda: Semaphore(1))
    """Playlists are checked one by one: 2,000,000 songs take half of the memory that the service has in Docker."""

    @classmethod
    def of_environment(cls) -> Self:
        """As the environment names them."""
        model = load(ModelSettings)
        return cls(open_store(), connect(model), Airflow(load(AirflowSettings)), load(PlaylistSettings), model)


async def get_management(request: Request) -> Management:
    """What the application was composed with."""
    management: Management = request.app.state.management
    return management


ManagementDep = Annotated[Management, Depends(get_management)]
