"""The one client of Airflow's REST API.

`python -m song_preference.pipeline` starts `process_etl_spotify_data`, follows it and the training run
that its dataset starts, and fails with the reason where one of them fails.
"""

import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import httpx

from song_preference.errors import PipelineError
from song_preference.settings import AirflowSettings, load

LONGEST_RUN_SECONDS = 3 * 3600
"""A search alone may take two hours."""

ETL_DAG, TRAINING_DAG = "process_etl_spotify_data", "train_song_preference"


class Run(NamedTuple):
    """One DAG run."""

    dag_id: str
    run_id: str


class Task(NamedTuple):
    """One task of a run; `state` is None before it is scheduled."""

    task_id: str
    state: str | None
    try_number: int


class Airflow:
    """Starts DAG runs and tells how they fare; every method raises `PipelineError`."""

    def __init__(self, settings: AirflowSettings) -> None:
        self._settings = settings
        self._http = httpx.Client(base_url=settings.url, timeout=30)

    def trigger(self, dag_id: str, params: Mapping[str, Any] | None = None, patience_seconds: float = 60) -> Run:
        """Start a run with the DAG's parameters or others; waits for a DAG that Airflow has not read yet."""
        deadline = time.monotonic() + patience_seconds
        while True:
            body = {"logical_date": None, "conf": dict(params or {})}
            response = self._request("POST", f"/dags/{dag_id}/dagRuns", json=body)
            if response.status_code != httpx.codes.NOT_FOUND or time.monotonic() > deadline:
                return Run(dag_id, self._json(response)["dag_run_id"])
            time.sleep(1)

    def state(self, run: Run) -> str:
        """`queued`, `running`, `success` or `failed`."""
        return str(self._get(f"/dags/{run.dag_id}/dagRuns/{run.run_id}")["state"])

    def tasks(self, run: Run) -> list[Task]:
        """The run's tasks, in the order of the DAG's definition."""
        found = self._get(f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances", order_by="start_date")
        return [Task(item["task_id"], item["state"], item["try_number"]) for item in found["task_instances"]]

    def run_started_by(self, run: Run, dag_id: str) -> Run | None:
        """The newest run of `dag_id` that an asset written by `run` started, once it runs."""
        for candidate in self._get(f"/dags/{dag_id}/dagRuns", order_by="-run_after", limit=20)["dag_runs"]:
            if candidate["start_date"] is None:
                continue  # Airflow 3.3 answers 500 when asked for the events of a run that is still queued
            found = Run(dag_id, candidate["dag_run_id"])
            events = self._get(f"/dags/{dag_id}/dagRuns/{found.run_id}/upstreamAssetEvents")["asset_events"]
            if any(event["source_run_id"] == run.run_id for event in events):
                return found
        return None

    def is_busy(self, dag_id: str) -> bool:
        """Whether a run of the DAG is queued or at work."""
        return bool(self._get(f"/dags/{dag_id}/dagRuns", state=["queued", "running"], limit=1)["dag_runs"])

    def published(self, run: Run) -> dict[str, Any]:
        """What a run of the ETL says of the dataset that it published: its `version`, `run_id` and `source_kind`."""
        # Not from the asset's event: Airflow 3.3 answers 500 while the run that it started is queued.
        path = f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/register/xcomEntries/return_value"
        value: dict[str, Any] = self._get(path)["value"]
        return value

    def failure(self, run: Run) -> str:
        """Why the run failed: the errors in the log of its failed task."""
        for task in self.tasks(run):
            if task.state == "failed":
                return "\n".join(dict.fromkeys(_errors(self._log(run, task))))
        return f"{run.dag_id} failed before any of its tasks did: its page in Airflow tells why."

    def skip_reason(self, run: Run) -> str | None:
        """Why the run had nothing to do; None unless a task of it decided so."""
        for task in self.tasks(run):
            if task.state == "skipped" and task.try_number:
                return next(_skips(self._log(run, task)), None)
        return None

    def _log(self, run: Run, task: Task) -> list[dict[str, Any]]:
        path = f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task.task_id}/logs/{task.try_number}"
        content: list[dict[str, Any]] = self._get(path)["content"]
        return content

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        # A run's id holds a '+', which in a query that is not encoded means a space.
        return self._json(self._request("GET", path, params=query))

    def _request(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            if "Authorization" not in self._http.headers:
                self._log_in()
            response = self._http.request(method, f"/api/v2{path}", **content)
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return response
            self._log_in()  # the token had run out
            return self._http.request(method, f"/api/v2{path}", **content)
        except httpx.HTTPError as error:
            raise PipelineError(f"Airflow at {self._settings.url} does not answer: is it running?") from error

    def _log_in(self) -> None:
        credentials = {"username": self._settings.user, "password": self._settings.password.get_secret_value()}
        token = self._json(self._http.post("/auth/token", json=credentials))["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def _json(self, response: httpx.Response) -> dict[str, Any]:
        if response.is_error:
            raise PipelineError(
                f"Airflow refused {response.request.method} {response.request.url.path}: "
                f"{response.status_code} {response.reason_phrase}. {_detail(response)}"
            )
        answer: dict[str, Any] = response.json()
        return answer


def _detail(response: httpx.Response) -> str:
    """Airflow's own words, where it has some."""
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return "Its log tells why."


def _errors(log: list[dict[str, Any]]) -> Iterator[str]:
    """From Airflow's structured log: of an exception the one raised last, else the text of the error."""
    for entry in log:
        match entry:
            case {"error_detail": [{"exc_type": kind, "exc_value": value}, *_]}:
                yield f"{kind}: {value}"
            case {"event": "Task exited"}:
                pass  # the line before it says why
            case {"level": "error" | "critical", "event": event}:
                yield str(event)


def _skips(log: list[dict[str, Any]]) -> Iterator[str]:
    """From Airflow's structured log: the reasons why the task skipped itself."""
    for entry in log:
        match entry:
            case {"event": "Skipping task.", "reason": reason}:
                yield str(reason)


def follow(
    airflow: Airflow, run: Run, say: Callable[[str], None], patience_seconds: float = LONGEST_RUN_SECONDS
) -> None:
    """Report each change of a task's state until the run ends; raises `PipelineError` unless it succeeds."""
    deadline = time.monotonic() + patience_seconds
    seen: dict[str, str | None] = {}
    while True:
        state = airflow.state(run)
        for task in airflow.tasks(run):
            if task.state != seen.get(task.task_id) and task.state not in {None, "scheduled", "queued"}:
                say(f"{run.dag_id}: {task.task_id} {task.state}")
            seen[task.task_id] = task.state
        if state == "success":
            return
        if state == "failed":
            raise PipelineError(f"{run.dag_id} failed: {airflow.failure(run)}")
        if time.monotonic() > deadline:
            raise PipelineError(f"{run.dag_id} is still {state} after {patience_seconds:.0f} s: look at it in Airflow.")
        time.sleep(0.5)


def run_to_champion(
    airflow: Airflow,
    say: Callable[[str], None],
    params: Mapping[str, Any] | None = None,
    patience_seconds: float = 60,
) -> tuple[Run, Run]:
    """Run the ETL with these parameters and the training that follows it; returns both runs.

    `say` is told where the bundled sample stood in for the playlist, and why a training had nothing to do. Raises
    `PipelineError`.
    """
    etl = airflow.trigger(ETL_DAG, params)
    follow(airflow, etl, say)
    if airflow.published(etl)["source_kind"] == "sample":
        say("THE BUNDLED SAMPLE of synthetic songs was used: its model knows nobody's taste. Set DATASET_SOURCE.")
    deadline = time.monotonic() + patience_seconds
    while (training := airflow.run_started_by(etl, TRAINING_DAG)) is None:
        if airflow.is_busy(TRAINING_DAG):  # it runs once at a time, so ours may have to wait
            deadline = time.monotonic() + patience_seconds
        elif time.monotonic() > deadline:
            raise PipelineError(f"{TRAINING_DAG} was not started by the new dataset: is it paused?")
        time.sleep(0.5)
    follow(airflow, training, say)
    if reason := airflow.skip_reason(training):
        say(f"{TRAINING_DAG}: {reason}")
    return etl, training


if __name__ == "__main__":
    parser = ArgumentParser(prog="python -m song_preference.pipeline", description=__doc__)
    parser.add_argument("--force", action="store_true", help="train even if these songs gave a model before")
    params = {"force": True} if parser.parse_args().force else None
    try:
        run_to_champion(Airflow(load(AirflowSettings)), lambda line: print(f"  {line}", flush=True), params)
    except PipelineError as problem:
        raise SystemExit(str(problem)) from None
