"""## From a playlist to a dataset version

**Start it** with *Trigger*; no field has to be changed. `train_song_preference` starts by itself afterwards.

| task | what it does | what it writes |
|---|---|---|
| Download the playlist | downloads the file and stores its bytes | `raw/1.csv` |
| Prepare the songs | checks every row, drops duplicates, scales columns | `scaled.parquet`, `features.parquet` |
| Split into train and test | sets songs aside on which models are tested | `train.parquet`, `test.parquet` |
| Publish the dataset | makes this version the latest one | `dataset.json`, `latest.json`, a run in MLflow |

The files are in S3 under `data/datasets/<version>/`, the run is in MLflow's experiment *Spotify data*. The same file
with the same settings always gives the same version.

The tab *Details* of each task links to its files and its run, and the tab *XCom* has its `result` in a sentence. The
console of S3 asks for `MINIO_ACCESS_KEY` and `MINIO_SECRET_ACCESS_KEY`.

**If a task fails**, its log ends with the reason and what to do. Only the last task publishes: until
then the previous dataset and the current champion stay in use. Fix the cause and trigger the DAG again. After a
transient error, such as a lost connection, Airflow retries a task twice.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import dag
from dag_parts import DATASET, MLFLOW_RUN, NETWORK, files_of, params_of, step

from song_preference.run_options import ETL_DAG, ETL_OPTIONS, MODEL_OPTIONS, checked

FILES = files_of("datasets", "version")


@dag(
    description="Prepares a playlist and publishes it as a dataset version, which starts the training.",
    schedule=None,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["dataset"],
    params=params_of(ETL_OPTIONS),
    default_args={"execution_timeout": timedelta(minutes=10), **NETWORK},
)
def process_etl_spotify_data() -> None:
    # Imports live in the tasks: every task process parses this file first.

    @step(ETL_DAG, links=[FILES])
    def download(*, params: Any = None) -> dict[str, Any]:
        from song_preference.dataset import etl, store, version
        from song_preference.settings import DatasetSettings

        asked = checked(ETL_OPTIONS, params)
        parameters = version.Parameters(test_size=asked["test_size"], seed=asked["seed"])
        draft = etl.download(store.open_store(), DatasetSettings(), parameters, asked["source"], asked["name"])
        return draft.model_dump(mode="json")

    @step(ETL_DAG, links=[FILES])
    def engineer_features(draft: dict[str, Any]) -> dict[str, Any]:
        from song_preference.dataset import etl, store, version
        from song_preference.settings import PlaylistSettings

        prepared = etl.engineer_features(store.open_store(), PlaylistSettings(), version.Draft.model_validate(draft))
        return prepared.model_dump(mode="json")

    @step(ETL_DAG, links=[FILES])
    def split(draft: dict[str, Any]) -> dict[str, Any]:
        from song_preference.dataset import etl, store, version

        return etl.split_dataset(store.open_store(), version.Draft.model_validate(draft)).model_dump(mode="json")

    @step(ETL_DAG, links=[FILES, MLFLOW_RUN], outlets=[DATASET])
    def register(draft: dict[str, Any], *, params: Any = None, outlet_events: Any = None) -> dict[str, str]:
        from song_preference.dataset import etl, store, version

        dataset, run_id, experiment_id = etl.register(store.open_store(), version.Draft.model_validate(draft))
        asked = {option.name: params[option.name] for option in MODEL_OPTIONS}
        outlet_events[DATASET].extra = {"dataset_version": dataset.version, **asked}
        run = {"run_id": run_id, "experiment_id": experiment_id}
        return {"version": dataset.version, **run, "source_kind": dataset.source.kind}

    register(split(engineer_features(download())))


process_etl_spotify_data()
