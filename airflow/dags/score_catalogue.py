"""## From a catalogue to what the champion predicts for each song

**Starts by itself** when a catalogue was published or another champion answers. *Trigger* it to do so at any time.

| task | what it does | what it writes |
|---|---|---|
| Share out the songs | measures how fast the champion is; each task gets a minute of work or more | `model.onnx` |
| Predict every song | one task for each share, on all workers; `AIRFLOW_PARALLELISM` is the limit | `part-*.parquet` |
| Publish the scores | checks that every song has one | `scores.json` |
| Write the index | puts names and scores into one file, which the services fetch | a run in *Song catalogue* |

The files are in S3 under `data/catalogue/<version>/scores/<model version>-<its run>/`. Scores that are there are used
again.

**If a task fails**, its log ends with the reason and what to do. A task that was killed is tried again and writes the
same files; nothing is published before every song has its score.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import dag
from dag_parts import CATALOGUE, CHAMPION, MLFLOW_RUN, NETWORK, files_of, step

from song_preference.run_options import SCORING_DAG, checked

FILES = files_of("catalogue", "version")


@dag(
    description="Predicts with the champion whether the listener will like each song of the catalogue.",
    schedule=CATALOGUE | CHAMPION,
    max_active_runs=1,
    max_active_tasks=1024,  # as many as there are workers for, not Airflow's 16
    doc_md=__doc__,
    tags=["catalogue"],
    default_args={"execution_timeout": timedelta(hours=3), **NETWORK},
)
def score_catalogue() -> None:
    # Imports live in the tasks: every task process parses this file first.

    @step(SCORING_DAG)
    def plan(*, params: Any = None) -> list[dict[str, Any]]:
        from airflow.configuration import conf

        from song_preference.catalogue import scoring, store
        from song_preference.errors import NothingToDo
        from song_preference.messages import Message
        from song_preference.serving.registry import MlflowRegistry
        from song_preference.settings import ModelSettings

        checked((), params)
        registry = MlflowRegistry(ModelSettings())
        if (champion := registry.champion()) is None:
            raise NothingToDo(Message("no_champion_yet"))
        most = conf.getint("core", "max_map_length")
        groups = scoring.plan(store.open_store(), champion, registry.graph(champion), most)
        return [group._asdict() for group in groups]

    @step(SCORING_DAG)
    def score(group: dict[str, Any]) -> dict[str, Any]:
        from song_preference.catalogue import scoring, store

        return scoring.score(store.open_store(), scoring.Group(**group))._asdict()

    @step(SCORING_DAG, links=[FILES])
    def finish(groups: list[dict[str, Any]], scored: list[dict[str, Any]]) -> dict[str, Any]:
        from song_preference.catalogue import scoring, store

        results = (scoring.Scored(**result) for result in scored)
        found = scoring.finish(store.open_store(), scoring.Group(**groups[0]), results)
        return {"version": found.catalogue, **found.model_dump(include={"model", "folder", "songs", "liked"})}

    @step(SCORING_DAG, links=[FILES, MLFLOW_RUN])
    def index(scored: dict[str, Any]) -> dict[str, Any]:
        from song_preference.catalogue import indexing, store
        from song_preference.settings import IndexSettings

        return {**scored, **indexing.index(store.open_store(), IndexSettings(), scored["version"], scored["folder"])}

    groups = plan()
    index(finish(groups, score.expand(group=groups)))


score_catalogue()
