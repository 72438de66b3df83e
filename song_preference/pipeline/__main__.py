"""Run the pipeline from outside: `python -m song_preference.pipeline [--force] [--new-listener yes|no]`.

It starts `process_etl_spotify_data`, follows it and the training run that its dataset starts, and fails with the
reason where one of them fails.
"""

import time
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from typing import Any

from song_preference.errors import PipelineError
from song_preference.pipeline.airflow import Airflow, Run
from song_preference.pipeline.report import failure, skip_reason
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from song_preference.settings import AirflowSettings, load

LONGEST_RUN_SECONDS = 3 * 3600
"""A search alone may take two hours."""


def follow(airflow: Airflow, run: Run, say: Callable[[str], None]) -> None:
    """Report each change of a task's state until the run ends; raise `PipelineError` unless it succeeds."""
    deadline = time.monotonic() + LONGEST_RUN_SECONDS
    seen: dict[str, str | None] = {}
    while True:
        state = airflow.state(run)
        for task in airflow.tasks(run):
            if task.state != seen.get(task.name) and task.state not in {None, "scheduled", "queued"}:
                say(f"{run.dag_id}: {task.name} {task.state}")
            seen[task.name] = task.state
        if state == "success":
            return
        if state == "failed":
            raise PipelineError(f"{run.dag_id} failed: {failure(airflow, run)}")
        if time.monotonic() > deadline:
            raise PipelineError(f"{run.dag_id} is still {state} after {LONGEST_RUN_SECONDS} s: look at it in Airflow.")
        time.sleep(0.5)


def run_to_champion(
    airflow: Airflow, say: Callable[[str], None], params: Mapping[str, Any] | None = None, patience_seconds: float = 60
) -> tuple[Run, Run]:
    """Run the ETL with these params and the training that follows it; return both runs.

    Call `say` if the bundled sample stood in for the playlist, or a training had nothing to do. Raise
    `PipelineError`.
    """
    etl = airflow.trigger(ETL_DAG, params, patience_seconds)
    follow(airflow, etl, say)
    if airflow.published(etl)["source_kind"] == "sample":
        say("THE BUNDLED SAMPLE of synthetic songs was used: its model knows nobody's taste. Set DATASET_SOURCE.")
    deadline = time.monotonic() + patience_seconds
    while (training := airflow.training_of(etl)) is None:
        if airflow.is_busy(TRAINING_DAG):  # it runs once at a time, so ours may have to wait
            deadline = time.monotonic() + patience_seconds
        elif time.monotonic() > deadline:
            raise PipelineError(f"{TRAINING_DAG} was not started by the new dataset: is it paused?")
        time.sleep(0.5)
    follow(airflow, training, say)
    if reason := skip_reason(airflow, training):
        say(f"{TRAINING_DAG}: {reason}")
    return etl, training


def main() -> None:
    """Run the pipeline and print what happens."""
    parser = ArgumentParser(prog="python -m song_preference.pipeline", description=__doc__)
    parser.add_argument("--force", action="store_true", help="train even if these songs gave a model before")
    parser.add_argument("--new-listener", choices=["yes", "no"], help="whether the songs are another listener's")
    asked = parser.parse_args()
    params = {"force": True} if asked.force else {}
    if asked.new_listener:
        params["new_listener"] = asked.new_listener == "yes"
    try:
        run_to_champion(Airflow(load(AirflowSettings)), lambda line: print(f"  {line}", flush=True), params)
    except PipelineError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
