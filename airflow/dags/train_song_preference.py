"""## From a dataset version to a champion

**Starts by itself** after `process_etl_spotify_data` published a dataset. With *Trigger*, no field has to be changed.

| task | what it does | what it writes |
|---|---|---|
| Find the best model | compares models by cross-validation on the training songs | a run, with one for each model |
| Export the model | trains the best one, and then on all songs; checks that ONNX answers alike | both, in that run |
| Test it on new songs | evaluates it as trained without the test songs | metrics and plots, in that run |
| Register it | registers it with its model card | a version of `spotify_model_prod` |
| Decide whether it becomes champion | compares it with the champions so far | the alias `champion` or `challenger` |

All of it is in MLflow; each task links to it in the tab *Details*, and has its `result`, a sentence, in the tab *XCom*.
**If tasks are skipped**, the same songs, settings and code already gave a model: unless it is the champion, only the
last task runs. To train anyway, switch on *Train again (force)*.

**If a task fails**, its log ends with the reason and what to do; the champion stays in use. Fix the cause and trigger
this DAG again. Airflow itself tries a task twice more after a transient error.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import dag
from dag_parts import CHAMPION, CHAMPION_CHANGED, DATASET, MLFLOW_RUN, NETWORK, asked_by, files_of, params_of, step

from song_preference.run_options import TRAINING_DAG, TRAINING_OPTIONS, checked

LINKS = [MLFLOW_RUN, files_of("datasets", "dataset_version")]


@dag(
    description="Trains a model on a dataset version and decides whether it becomes the champion that answers.",
    schedule=[DATASET],
    max_active_runs=1,
    doc_md=__doc__,
    tags=["training"],
    params=params_of(TRAINING_OPTIONS),
    default_args={"execution_timeout": timedelta(minutes=20), "links": LINKS, **NETWORK},
)
def train_song_preference() -> None:
    # Imports live in the tasks: every task process parses this file first.

    @step(TRAINING_DAG, inlets=[DATASET], execution_timeout=timedelta(hours=2))
    def search(*, params: Any = None, triggering_asset_events: Any = None, inlet_events: Any = None) -> dict[str, Any]:
        from mlflow import MlflowClient

        from song_preference.dataset.store import open_store
        from song_preference.settings import TrainingSettings
        from song_preference.training import steps
        from song_preference.training.fingerprint import trained_before

        # Airflow passes only the first of several datasets published during a training (apache/airflow#56050).
        newest = inlet_events[DATASET].ascending(False).limit(1) if triggering_asset_events[DATASET] else []
        asked = checked(TRAINING_OPTIONS, {**params, **asked_by(newest)})
        store, settings = open_store(), TrainingSettings()
        wanted = (asked["dataset_version"] or store.latest().version, asked["seed"], asked["trials"] or settings.trials)
        known = None if asked["force"] else trained_before(MlflowClient(), settings, wanted, asked["new_listener"])
        return {**(known or steps.search(store, *wanted)._asdict()), "new_listener": asked["new_listener"]}

    @step(TRAINING_DAG)
    def export(searched: dict[str, Any]) -> dict[str, Any]:
        from song_preference.dataset.store import open_store
        from song_preference.training import steps

        return steps.export(open_store(), steps.Searched.of(searched))._asdict()

    @step(TRAINING_DAG)
    def evaluate(exported: dict[str, Any]) -> dict[str, Any]:
        from song_preference.dataset.store import open_store
        from song_preference.training import steps

        steps.evaluate(open_store(), steps.Exported(**exported))
        return exported

    @step(TRAINING_DAG)
    def register(exported: dict[str, Any]) -> dict[str, Any]:
        from song_preference.dataset.store import open_store
        from song_preference.settings import ModelSettings
        from song_preference.training.steps import Exported, register

        return {**exported, "version": register(open_store(), ModelSettings().name, Exported(**exported))}

    # It also runs if export, evaluate and register are skipped, and not if search is.
    @step(TRAINING_DAG, outlets=[CHAMPION_CHANGED], trigger_rule="none_failed_min_one_success")
    def promote(searched: dict[str, Any], registered: dict[str, Any] | None, *, outlet_events: Any = None) -> Any:
        from song_preference.dataset.store import open_store
        from song_preference.settings import ModelSettings
        from song_preference.training.steps import promote

        version, again = (registered or searched)["version"], "version" in searched
        decision = promote(open_store(), ModelSettings(), version, searched["new_listener"], again=again)
        if decision.promoted:
            outlet_events[CHAMPION_CHANGED].add(CHAMPION, extra={"version": version})
        return {**(registered or searched), **decision.as_json()}

    promote(searched := search(), register(evaluate(export(searched))))


train_song_preference()
