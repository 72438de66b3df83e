"""## From a dataset version to a champion

Starts whenever `process_etl_spotify_data` publishes a dataset; started by hand it takes the latest one.
The services load the new champion by themselves.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, dag, task

DATASET = Asset("spotify_dataset")
SEED = 42


@dag(
    schedule=[DATASET],
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["training"],
    default_args={"execution_timeout": timedelta(minutes=30)},
)
def train_song_preference() -> None:
    # Imports live in the tasks: every task process parses this file first.

    @task
    def train(*, triggering_asset_events: Any = None) -> list[str]:
        from song_preference.dataset.etl import open_store
        from song_preference.training import steps

        store = open_store()
        events = triggering_asset_events[DATASET]
        version = events[-1].extra["version"] if events else store.latest().version
        return list(steps.train(store, version, SEED))

    @task
    def evaluate(trained: list[str]) -> list[str]:
        from song_preference.dataset.etl import open_store
        from song_preference.training import steps

        steps.evaluate(open_store(), steps.Trained(*trained))
        return trained

    @task
    def export(trained: list[str]) -> str:
        from song_preference.dataset.etl import open_store
        from song_preference.settings import ModelSettings
        from song_preference.training import steps

        return steps.export(open_store(), steps.Trained(*trained), ModelSettings().name)

    @task
    def promote(version: str) -> bool:
        from mlflow import MlflowClient

        from song_preference.settings import ModelSettings
        from song_preference.training.promote import promote

        settings = ModelSettings()
        return promote(MlflowClient(), settings.name, version, settings.alias)

    promote(export(evaluate(train())))  # type: ignore[arg-type]


train_song_preference()
