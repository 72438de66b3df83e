"""## From a dataset version to a champion

**Starts by itself** with the latest dataset of `process_etl_spotify_data`; by hand, every field may stay as it is.

| task | what it does | what it writes |
|---|---|---|
| Find the best model | compares models on the songs to train on | a run with a run for each model tried |
| Export the model | converts the best one to ONNX and checks that both agree | the model, on that run |
| Test it on new songs | asks it about the songs set aside | metrics and pictures, on that run |
| Register it | writes its card | a version of `spotify_model_prod` |
| Decide whether it becomes champion | compares it with the model in use | the alias `champion` or `challenger` |

All of it is in MLflow; the tab *Details* of each task leads there. The services load a new champion by themselves.
**If all tasks are skipped**, the same songs, settings and code gave a model before: switch on *Train again (force)*.

**If a task fails**, its log ends with the reason and what to do; the champion stays in use. Fix the cause and trigger
this DAG again. A task with a transient error, such as a lost connection, is tried again twice.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import dag
from dag_parts import DATASET, MLFLOW_RUN, NETWORK, dataset_files, params_of, step

from song_preference.run_options import TASKS, TRAINING_DAG, TRAINING_OPTIONS, checked

NAMES = TASKS[TRAINING_DAG]
LINKS = [MLFLOW_RUN, dataset_files("dataset_version")]


@dag(
    schedule=[DATASET],
    max_active_runs=1,
    doc_md=__doc__,
    tags=["training"],
    params=params_of(TRAINING_OPTIONS),
    default_args={"execution_timeout": timedelta(minutes=20), **NETWORK},
)
def train_song_preference() -> None:
    # Imports live in the tasks: every task process parses this file first.

    @step(task_display_name=NAMES["search"]["en"], links=LINKS, inlets=[DATASET], execution_timeout=timedelta(hours=2))
    def search(*, params: Any = None, triggering_asset_events: Any = None, inlet_events: Any = None) -> dict[str, Any]:
        """Skip the whole run if the same songs, settings and code gave a model before."""
        from mlflow import MlflowClient

        from song_preference.dataset.store import open_store
        from song_preference.settings import TrainingSettings
        from song_preference.training import steps
        from song_preference.training.fingerprint import check_untrained

        # Of those published during another training, Airflow hands over the first one alone (apache/airflow#56050).
        newest = inlet_events[DATASET].ascending(False).limit(1) if triggering_asset_events[DATASET] else []
        asked = checked(TRAINING_OPTIONS, {**params, **(newest[0].extra if newest else {})})
        store, settings = open_store(), TrainingSettings()
        wanted = (asked["dataset_version"] or store.latest().version, asked["seed"], asked["trials"] or settings.trials)
        if not asked["force"]:
            check_untrained(MlflowClient(), settings.name, *wanted)
        return steps.search(store, *wanted)._asdict()

    @step(task_display_name=NAMES["export"]["en"], links=LINKS)
    def export(searched: dict[str, Any]) -> dict[str, Any]:
        from song_preference.dataset.store import open_store
        from song_preference.training import steps

        return steps.export(open_store(), steps.Searched(**searched))._asdict()

    @step(task_display_name=NAMES["evaluate"]["en"], links=LINKS)
    def evaluate(exported: dict[str, Any]) -> dict[str, Any]:
        from song_preference.dataset.store import open_store
        from song_preference.training import steps

        steps.evaluate(open_store(), steps.Exported(**exported))
        return exported

    @step(task_display_name=NAMES["register"]["en"], links=LINKS)
    def register(exported: dict[str, Any]) -> dict[str, Any]:
        from song_preference.dataset.store import open_store
        from song_preference.settings import ModelSettings
        from song_preference.training.steps import Exported, register

        return {**exported, "version": register(open_store(), ModelSettings().name, Exported(**exported))}

    @step(task_display_name=NAMES["promote"]["en"], links=LINKS)
    def promote(registered: dict[str, Any]) -> dict[str, Any]:
        from song_preference.dataset.store import open_store
        from song_preference.settings import ModelSettings
        from song_preference.training.steps import promote

        promoted, reason = promote(open_store(), ModelSettings(), registered["version"])
        return {**registered, "promoted": promoted, "reason": str(reason), **reason.as_json()}

    promote(register(evaluate(export(search()))))  # type: ignore[arg-type]


train_song_preference()
