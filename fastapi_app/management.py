"""The dependencies of the routes that manage datasets and the pipeline."""

from asyncio import Semaphore
from dataclasses import dataclass, field
from typing import Annotated, Self

from mlflow import MlflowClient

from fastapi_app.dependencies import from_state
from song_preference.dataset.store import DatasetStore, open_store
from song_preference.isolation import warm_up
from song_preference.pipeline.airflow import Airflow
from song_preference.serving.registry import connect
from song_preference.settings import AirflowSettings, ModelSettings, PlaylistSettings, load

SHORT_BYTES = 2_000_000
"""Size up to which a playlist is short: about 20,000 songs, validated in less than a second."""


@dataclass(frozen=True)
class Management:
    """Clients of the other services, which connect when they are first used, and turns for validating playlists."""

    datasets: DatasetStore
    registry: MlflowClient
    airflow: Airflow
    playlist_settings: PlaylistSettings
    model_settings: ModelSettings
    validating_long: Semaphore = field(default_factory=lambda: Semaphore(1))
    """Held to validate a long playlist: 2,000,000 songs take half of the memory that the service has in Docker."""
    validating_short: Semaphore = field(default_factory=lambda: Semaphore(2))
    """Held to validate a short playlist, which does not wait for a long one."""

    def turn(self, playlist_bytes: int) -> Semaphore:
        """Return the semaphore to hold while a playlist of this size is validated."""
        return self.validating_short if playlist_bytes <= SHORT_BYTES else self.validating_long

    @classmethod
    def of_environment(cls) -> Self:
        """Create the clients from the environment's settings."""
        warm_up()
        model = load(ModelSettings)
        return cls(open_store(), connect(model), Airflow(load(AirflowSettings)), load(PlaylistSettings), model)


ManagementDep = Annotated[Management, from_state("management")]
