"""What the management of datasets and of the pipeline works with."""

from asyncio import Semaphore
from dataclasses import dataclass, field
from typing import Annotated, Self

from fastapi import Depends, Request
from mlflow import MlflowClient

from song_preference.dataset.store import DatasetStore, open_store
from song_preference.pipeline import Airflow
from song_preference.serving.registry import connect
from song_preference.settings import AirflowSettings, ModelSettings, PlaylistSettings, load

SHORT_BYTES = 2_000_000
"""Up to it a playlist is a short one: 20,000 songs, checked in a second at most."""


@dataclass(frozen=True)
class Management:
    """Clients of the other services; each connects when it is first used."""

    datasets: DatasetStore
    registry: MlflowClient
    airflow: Airflow
    playlist_settings: PlaylistSettings
    model_settings: ModelSettings
    checking_long: Semaphore = field(default_factory=lambda: Semaphore(1))
    """Long playlists are checked one by one: 2,000,000 songs take half of the memory that the service has in Docker."""
    checking_short: Semaphore = field(default_factory=lambda: Semaphore(2))
    """Short ones do not wait behind a long one."""

    def turn(self, playlist_bytes: int) -> Semaphore:
        """What to hold while a playlist of this size is checked."""
        return self.checking_short if playlist_bytes <= SHORT_BYTES else self.checking_long

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
