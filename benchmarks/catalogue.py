"""Measure how fast a running platform scores catalogues: `make bench-catalogue ROWS="41106 1000000"`.

For each number of made-up songs: bare onnxruntime on one thread with the champion's graph; `scoring.score`, as a task
calls it, on at most 1,000,000 of the songs in a process of its own, with that process's peak memory; and a run of
`score_catalogue` from its start to the manifest. Bare onnxruntime is measured in that same process, right afterwards.
The catalogue before is in use again afterwards.
"""

import json
import subprocess
import sys

from song_preference.catalogue.indexing import withdraw
from song_preference.catalogue.scoring import Group
from song_preference.catalogue.store import CatalogueStore, open_store
from song_preference.catalogue.version import scores_folder
from song_preference.pipeline.__main__ import follow
from song_preference.pipeline.airflow import Airflow
from song_preference.prediction import ModelRef
from song_preference.run_options import SCORING_DAG
from song_preference.serving.registry import MlflowRegistry
from song_preference.settings import AirflowSettings, ModelSettings
from tests.support.large_catalogue import made_up

MEASURED = 4
"""Parts that the measured process scores at most."""
ITSELF = "bench"
"""Name below which that process keeps its scores, so that the DAG's are made too."""


def main(rows: list[int]) -> None:
    """Print a line for each number of songs."""
    airflow, store, registry = Airflow(AirflowSettings()), open_store(), MlflowRegistry(ModelSettings())
    before = store.latest()
    champion = registry.champion()
    if champion is None:
        sys.exit("There is no champion: run the pipeline first.")
    line = "{:>12} {:>12} {:>14} {:>6} {:>7} {:>6} {:>8} {:>6}"
    print(line.format("songs", "bare songs/s", "score songs/s", "ratio", "peak MB", "tasks", "DAG s", "ratio"))
    try:
        for count in rows:
            print(line.format(*_cells(airflow, store, registry, champion, count)), flush=True)
    finally:
        if before:
            store.publish(before)
            airflow.announce_champion()


def _cells(
    airflow: Airflow, store: CatalogueStore, registry: MlflowRegistry, champion: ModelRef, count: int
) -> list[object]:
    version = made_up(store, count)
    try:
        store.put_graph(version.version, ITSELF, registry.graph(champion))
        own = measured(Group(version.version, ITSELF, [part.name for part in version.parts[:MEASURED]]))
        run = airflow.trigger(SCORING_DAG)
        follow(airflow, run, lambda _: None)
        scores, began = store.scores(version.version, scores_folder(champion)), airflow.summary(run).started_at
        if scores is None or began is None:
            sys.exit("The run has left no scores: did the champion change?")
        seconds = (scores.created_at - began).total_seconds()
        tasks = sum(task.id == "score" for task in airflow.tasks(run))
        rates = [f"{own['bare']:,.0f}", f"{own['score']:,.0f}", f"{own['score'] / own['bare']:.2f}"]
        whole = [f"{seconds:.1f}", f"{count / seconds / own['bare']:.2f}"]
        return [f"{count:,}", *rates, f"{own['megabytes']:.0f}", tasks, *whole]
    finally:
        withdraw(ModelSettings(), version.version)
        store.remove(version.version)


def measured(group: Group) -> dict[str, float]:
    """Score a group in a process of its own; return songs per second, bare ones too, and the peak memory in MB."""
    command = [sys.executable, "-m", "benchmarks.catalogue_task", json.dumps(group._asdict())]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]] or [41_106, 1_000_000])
