"""## From a playlist to a dataset version

Downloads the playlist that `DATASET_SOURCE` names, scales duration, tempo and loudness, keeps the four
features, splits 70/30 and publishes the version in S3 and MLflow. `train_song_preference` follows by itself.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, Param, dag, task

DATASET = Asset("spotify_dataset")
PARAMS = {
    "test_size": Param(
        0.3,
        type="number",
        minimum=0.1,
        maximum=0.5,
        title="Test part",
        description="Share of the songs that no model learns from; the rest trains it.",
    ),
    "seed": Param(
        42,
        type="integer",
        minimum=0,
        maximum=2**32 - 1,
        title="Seed",
        description="Another seed chooses other songs for the test part.",
    ),
}


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["dataset"],
    params=PARAMS,
    default_args={"execution_timeout": timedelta(minutes=10)},
)
def process_etl_spotify_data() -> None:
    # Imports live in the tasks: every task process parses this file first.

    @task(retries=2, retry_delay=timedelta(seconds=5), retry_exponential_backoff=True)
    def download(*, params: Any = None) -> dict[str, Any]:
        from song_preference.dataset import etl
        from song_preference.dataset.version import Parameters
        from song_preference.settings import DatasetSettings

        parameters = Parameters(test_size=params["test_size"], seed=params["seed"])
        return etl.download(etl.open_store(), DatasetSettings(), parameters).model_dump(mode="json")

    @task
    def engineer_features(draft: dict[str, Any]) -> dict[str, Any]:
        from song_preference.dataset import etl
        from song_preference.dataset.version import Draft

        return etl.engineer_features(etl.open_store(), Draft.model_validate(draft)).model_dump(mode="json")

    @task
    def split(draft: dict[str, Any]) -> dict[str, Any]:
        from song_preference.dataset import etl
        from song_preference.dataset.version import Draft

        return etl.split_dataset(etl.open_store(), Draft.model_validate(draft)).model_dump(mode="json")

    @task(outlets=[DATASET])
    def register(draft: dict[str, Any], *, outlet_events: Any = None) -> str:
        from song_preference.dataset import etl
        from song_preference.dataset.version import Draft

        described = etl.register(etl.open_store(), Draft.model_validate(draft))
        outlet_events[DATASET].extra = {"version": described.version, "source_kind": described.source.kind}
        return described.version

    register(split(engineer_features(download())))  # type: ignore[arg-type]


process_etl_spotify_data()
