"""## From a playlist to a dataset version

**Start it** with *Trigger*; every field may stay as it is. Then `train_song_preference` follows by itself.

| task | what it does | what it writes |
|---|---|---|
| Download the playlist | fetches the file, keeps its bytes | `raw.csv` |
| Prepare the songs | checks every row, drops duplicates, scales columns | `scaled.parquet`, `features.parquet` |
| Split into train and test | sets songs aside that no model learns from | `train.parquet`, `test.parquet` |
| Publish the dataset | makes this version the latest one | `dataset.json`, `latest.json`, a run in MLflow |

The files lie in S3 under `data/datasets/<version>/`, the run in the experiment *Spotify data*. The same file with the
same settings is the same version, whenever it is loaded.

The tab *Details* of each task leads to its files and its run; S3 asks for `MINIO_ACCESS_KEY` and its secret first.

**If a task fails**, its log ends with the reason and what to do. Before the last task nothing is published: the
previous dataset and the model learned from it stay in use. Mend the cause and trigger the DAG again. Tasks that
lost a connection try again by themselves, twice.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import dag
from dag_parts.links import MLFLOW_RUN, dataset_files
from dag_parts.params import DATASET, ETL_PARAMS, MODEL_PARAMS
from dag_parts.step import NETWORK, step

FILES = dataset_files("version")


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["dataset"],
    params=ETL_PARAMS,
    default_args={"execution_timeout": timedelta(minutes=10), **NETWORK},
)
def process_etl_spotify_data() -> None:
    # Imports live in the tasks: every task process parses this file first.

    @step(task_display_name="Download the playlist", links=[FILES])
    def download(*, params: Any = None) -> dict[str, Any]:
        from song_preference.dataset import etl
        from song_preference.dataset.store import open_store
        from song_preference.dataset.version import Parameters
        from song_preference.settings import DatasetSettings

        parameters = Parameters(test_size=params["test_size"], seed=params["seed"])
        return etl.download(open_store(), DatasetSettings(), parameters, params["source"]).model_dump(mode="json")

    @step(task_display_name="Prepare the songs", links=[FILES])
    def engineer_features(draft: dict[str, Any]) -> dict[str, Any]:
        from song_preference.dataset import etl
        from song_preference.dataset.store import open_store
        from song_preference.dataset.version import Draft

        return etl.engineer_features(open_store(), Draft.model_validate(draft)).model_dump(mode="json")

    @step(task_display_name="Split into train and test", links=[FILES])
    def split(draft: dict[str, Any]) -> dict[str, Any]:
        from song_preference.dataset import etl
        from song_preference.dataset.store import open_store
        from song_preference.dataset.version import Draft

        return etl.split_dataset(open_store(), Draft.model_validate(draft)).model_dump(mode="json")

    @step(task_display_name="Publish the dataset", links=[FILES, MLFLOW_RUN], outlets=[DATASET])
    def register(draft: dict[str, Any], *, params: Any = None, outlet_events: Any = None) -> dict[str, str]:
        from song_preference.dataset import etl
        from song_preference.dataset.store import open_store
        from song_preference.dataset.version import Draft

        dataset, run_id, experiment_id = etl.register(open_store(), Draft.model_validate(draft))
        asked = {name: params[name] for name in MODEL_PARAMS}
        outlet_events[DATASET].extra = {"dataset_version": dataset.version, **asked}
        run = {"run_id": run_id, "experiment_id": experiment_id}
        return {"version": dataset.version, **run, "source_kind": dataset.source.kind}

    register(split(engineer_features(download())))  # type: ignore[arg-type]


process_etl_spotify_data()
