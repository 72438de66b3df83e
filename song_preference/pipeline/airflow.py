"""The one client of Airflow's REST API."""

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
from pydantic import BaseModel, Field

from song_preference.errors import AnswerLost, PipelineError, PipelineUnavailable, RunNotFound
from song_preference.messages import Message
from song_preference.run_options import CHAMPION_ASSET, SCORING_DAG, TRAINING_DAG
from song_preference.settings import AirflowSettings

RUN_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.~:+-]{0,249}")
"""The ids that Airflow accepts for a run, without those that mean another path or, like '~', all runs."""

TRIES = 3
"""Tries to start a run or to make an event: on SQLite, Airflow fails where it writes something else meanwhile."""

PAGE_TASKS = 100
"""Tasks that are asked for at once: the most that Airflow gives."""

Log = list[dict[str, Any]]
"""Lines of a task's structured log."""

AWAY = {httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT}


class Run(NamedTuple):
    """One DAG run."""

    dag_id: str
    run_id: str


class RunSummary(BaseModel):
    """A run and its state."""

    id: str = Field(description="Its id in Airflow.")
    state: str = Field(description="'queued', 'running', 'success' or 'failed'.")
    asked_at: datetime = Field(description="When it was asked for, in UTC.")
    started_at: datetime | None = Field(description="In UTC; null until then.")
    ended_at: datetime | None = Field(description="In UTC; null until then.")


class RunPage(BaseModel):
    """A page of the pipeline's runs, the newest first."""

    total: int = Field(description="How many there are altogether.")
    runs: list[RunSummary]


class TaskReport(BaseModel):
    """One task of a run."""

    id: str = Field(description="Its id in Airflow.")
    state: str | None = Field(description="In Airflow's words; null before its turn.")
    seconds: float | None = Field(description="How long it took; null until it has ended.")


class Task(TaskReport):
    """One task of a run, and what its log is asked for by."""

    try_number: int
    map_index: int
    """Number among the tasks that one mapped task became; -1 for any other task."""

    @property
    def name(self) -> str:
        """Return the id, with the number of a mapped task."""
        return self.id if self.map_index < 0 else f"{self.id}[{self.map_index}]"


class Airflow:
    """Starts DAG runs and reports their state.

    Every method raises `PipelineError`: `PipelineUnavailable` where Airflow does not answer or has not read the DAG
    yet, `RunNotFound` where it knows no such run.
    """

    def __init__(self, settings: AirflowSettings, transport: httpx.BaseTransport | None = None) -> None:
        self._settings = settings
        timeout = httpx.Timeout(30, connect=5)
        self._http = httpx.Client(base_url=settings.url, timeout=timeout, transport=transport)

    def trigger(self, dag_id: str, params: Mapping[str, Any] | None = None, patience_seconds: float = 0) -> Run:
        """Start a run with the DAG's own params or others; wait for a DAG that Airflow has not parsed yet."""
        return Run(dag_id, self.start(dag_id, params, patience_seconds).id)

    def start(self, dag_id: str, params: Mapping[str, Any] | None = None, patience_seconds: float = 0) -> RunSummary:
        """Start a run like `trigger`; return its state too."""
        deadline = time.monotonic() + patience_seconds
        # With a name of ours a second try cannot start a second run.
        run = Run(dag_id, f"manual__{datetime.now(UTC).isoformat()}_{token_hex(4)}")
        body = {"dag_run_id": run.run_id, "logical_date": None, "conf": dict(params or {})}
        while True:
            response = self._post(f"/dags/{dag_id}/dagRuns", body)
            if response.status_code == httpx.codes.CONFLICT:
                return self.summary(run)
            if response.status_code != httpx.codes.NOT_FOUND or time.monotonic() >= deadline:
                return _summary(self._json(response, absent=_unread(dag_id)))
            time.sleep(1)

    def runs(self, dag_id: str, limit: int, offset: int = 0) -> RunPage:
        """Return at most `limit` runs of a DAG, the newest first, after `offset` others."""
        found = self._runs(dag_id, order_by="-run_after", limit=limit, offset=offset)
        return RunPage(total=found["total_entries"], runs=[_summary(item) for item in found["dag_runs"]])

    def summary(self, run: Run) -> RunSummary:
        """Return the state of the run and its times."""
        return _summary(self._get(_path(run), absent=_unknown(run)))

    def state(self, run: Run) -> str:
        """Return `queued`, `running`, `success` or `failed`."""
        return self.summary(run).state

    def tasks(self, run: Run) -> list[Task]:
        """Return the run's tasks in the order of their start, each of a mapped task by itself."""
        path, found = f"{_path(run)}/taskInstances", list[Task]()
        while True:
            query = {"order_by": "start_date", "limit": PAGE_TASKS, "offset": len(found)}
            page = self._get(path, absent=_unknown(run), **query)
            found += [
                Task.model_validate({**item, "id": item["task_id"], "seconds": item["duration"]})
                for item in page["task_instances"]
            ]
            if len(found) >= page["total_entries"] or not page["task_instances"]:
                return found

    def training_of(self, run: Run) -> Run | None:
        """Return the training that an ETL run's dataset started, or another one that took it; None before it runs."""
        summary = self.summary(run)
        if summary.started_at is None:
            return None
        since = summary.started_at.isoformat()
        # The first of them takes all events that are there; a few, in case that one was another run's.
        later = self._begun(run_after_gte=since, order_by="run_after", limit=5)
        for training in later:
            events = self._get(f"{_path(training)}/upstreamAssetEvents")["asset_events"]
            if any(event["source_run_id"] == run.run_id for event in events):
                return training
        if summary.state != "success":
            return None
        # An event that comes while one training runs and another waits gets lost (apache/airflow#56050); the one that
        # waited takes the newest dataset.
        waited = self._begun(run_after_lt=since, order_by="-run_after", limit=2, ended_after=summary.started_at)
        version = self.published(run)["version"] if later or waited else None
        return next((training for training in (*waited, *later) if self._took(training) == version), None)

    def _begun(self, ended_after: datetime | None = None, **query: Any) -> list[Run]:
        """Return the trainings that a dataset started and that are running or have ended."""
        found = self._runs(TRAINING_DAG, run_type="asset_triggered", **query)["dag_runs"]
        return [
            Run(TRAINING_DAG, training.id)
            for training in map(_summary, found)
            # Airflow 3.3 answers 500 when asked for the events of a run that is still queued.
            if training.started_at and not (ended_after and training.ended_at and training.ended_at < ended_after)
        ]

    def _took(self, training: Run) -> str | None:
        """Return the dataset version that a training uses, None before it has chosen one."""
        with suppress(RunNotFound):
            return str(self.result(training, "search")["dataset_version"])
        return None

    def is_busy(self, dag_id: str) -> bool:
        """Return whether a run of the DAG is queued or running."""
        return bool(self._runs(dag_id, state=["queued", "running"], limit=1)["dag_runs"])

    def published(self, run: Run) -> dict[str, Any]:
        """Return `version`, `run_id` and `source_kind` of the dataset that an ETL run published."""
        # Not from the asset's event: Airflow 3.3 answers 500 while the run that it started is queued.
        return self.result(run, "register")

    def result(self, run: Run, task_id: str) -> dict[str, Any]:
        """Return the result of a task that has succeeded; raise `RunNotFound` if there is none."""
        path = f"{_path(run)}/taskInstances/{task_id}/xcomEntries/return_value"
        value: dict[str, Any] = self._get(path, absent=_unknown(run))["value"]
        return value

    def announce_champion(self) -> None:
        """Make an event of the asset that another champion answers, as the training does when it promotes one."""
        found = self._get("/assets", name_pattern=CHAMPION_ASSET)["assets"]
        known = [asset["id"] for asset in found if asset["name"] == CHAMPION_ASSET]
        if not known:
            raise _unread(SCORING_DAG)
        self._json(self._post("/assets/events", {"asset_id": known[0]}))

    def log(self, run: Run, task: Task) -> Log:
        """Return the log of the task's last try."""
        path = f"{_path(run)}/taskInstances/{task.id}/logs/{task.try_number}"
        content: Log = self._get(path, map_index=task.map_index)["content"]
        return content

    def _runs(self, dag_id: str, **query: Any) -> dict[str, Any]:
        return self._get(f"/dags/{dag_id}/dagRuns", absent=_unread(dag_id), **query)

    def _get(self, path: str, absent: PipelineError | None = None, **query: Any) -> dict[str, Any]:
        # A run's id holds a '+', which in a query that is not encoded means a space.
        return self._json(self._request("GET", path, params=query), absent)

    def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        for _ in range(TRIES - 1):
            if not (response := self._request("POST", path, json=body)).is_server_error:
                return response
            time.sleep(1)
        return self._request("POST", path, json=body)

    def _request(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            if "Authorization" not in self._http.headers:
                self._log_in()
            response = self._http.request(method, f"/api/v2{path}", **content)
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return response
            self._log_in()  # the token had run out
            return self._http.request(method, f"/api/v2{path}", **content)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self._away() from error
        except httpx.HTTPError as error:
            raise AnswerLost(self._away().message) from error

    def _log_in(self) -> None:
        credentials = {"username": self._settings.user, "password": self._settings.password.get_secret_value()}
        token = self._json(self._http.post("/auth/token", json=credentials))["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def _json(self, response: httpx.Response, absent: PipelineError | None = None) -> dict[str, Any]:
        if response.status_code in AWAY:
            raise self._away()
        if response.status_code == httpx.codes.NOT_FOUND and absent:
            raise absent
        if response.is_error:
            asked = f"{response.request.method} {response.request.url.path}"
            status = f"{response.status_code} {response.reason_phrase}"
            values = {"asked": asked, "status": status, "detail": _detail(response)}
            raise PipelineError(Message("airflow_rejected", values))
        try:
            answer: dict[str, Any] = response.json()
        except ValueError as error:
            raise PipelineUnavailable(Message("not_airflow", {"url": self._settings.url})) from error
        return answer

    def _away(self) -> PipelineUnavailable:
        return PipelineUnavailable(Message("airflow_unavailable", {"url": self._settings.url}))


def _path(run: Run) -> str:
    if not RUN_ID.fullmatch(run.run_id):
        raise _unknown(run)
    return f"/dags/{run.dag_id}/dagRuns/{quote(run.run_id, safe='')}"


def _unread(dag_id: str) -> PipelineUnavailable:
    return PipelineUnavailable(Message("dag_unread", {"dag": dag_id}))


def _unknown(run: Run) -> RunNotFound:
    return RunNotFound(Message("no_such_run", {"dag": run.dag_id}))


def _summary(answer: Mapping[str, Any]) -> RunSummary:
    asked, started, ended = (answer[name] for name in ("run_after", "start_date", "end_date"))
    return RunSummary(
        id=answer["dag_run_id"], state=answer["state"], asked_at=asked, started_at=started, ended_at=ended
    )


def _detail(response: httpx.Response) -> str | dict[str, Any]:
    """Return Airflow's own explanation, if it has one for the caller, or where to look."""
    try:
        detail = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = None
    return detail if isinstance(detail, str) and not response.is_server_error else Message("airflow_log").as_json()
