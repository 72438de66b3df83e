"""Airflow's REST API as far as the pipeline asks it, in memory; and Airflow itself in a process of its own."""

import json
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from local_stack.config import ROOT
from song_preference.pipeline.airflow import Airflow
from song_preference.run_options import CHAMPION_ASSET, ETL_DAG, IMPORT_DAG, SCORING_DAG, TRAINING_DAG
from song_preference.settings import AirflowSettings

DAGS, CONFIG = ROOT / "airflow" / "dags", ROOT / "airflow" / "config"
LOCAL = {"AIRFLOW_URL": "http://airflow", "_AIRFLOW_WWW_USER_USERNAME": "u", "_AIRFLOW_WWW_USER_PASSWORD": "p"}

RUN_ID = "manual__2026-11-25T06:24:56.625440+00:00"


def task(
    name: str, state: str | None, try_number: int = 1, seconds: float | None = None, map_index: int = -1
) -> dict[str, Any]:
    times = {"try_number": try_number, "duration": seconds}
    return {"task_id": name, "map_index": map_index, "state": state, **times}


@dataclass
class FakeRun:
    """A run; `at` is when it was asked for, and begun unless it is queued."""

    run_id: str
    at: str = "2026-11-25T06:24:57+00:00"
    state: str = "success"
    ended: str | None = None
    tasks: list[dict[str, Any]] = field(default_factory=list)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the tasks returned."""
    sources: list[str] = field(default_factory=list)
    """The runs whose assets started it; none of a run that a person started."""
    listings_before_start: int = 0
    """How often it is listed as queued before it starts."""

    @property
    def begun(self) -> str | None:
        return None if self.state == "queued" or self.listings_before_start > 0 else self.at

    def shown(self) -> dict[str, Any]:
        times = {"run_after": self.at, "start_date": self.begun, "end_date": self.ended}
        return {"dag_run_id": self.run_id, "state": self.state, **times}


class FakeAirflow:
    """A server for `httpx.MockTransport`; `runs` are in the order in which they were asked for."""

    def __init__(self) -> None:
        self.runs: dict[str, list[FakeRun]] = {
            dag_id: [] for dag_id in (ETL_DAG, TRAINING_DAG, IMPORT_DAG, SCORING_DAG)
        }
        self.next = FakeRun("manual__2026-11-26T00:00:00+00:00", "2026-11-26T00:00:00+00:00", "queued")
        """What a trigger starts."""
        self.logs: dict[str, list[dict[str, Any]]] = {}
        """By task, try and, of a mapped task, its index."""
        self.conf: dict[str, Any] | None = None
        self.token, self.logins = "one", 0
        self.paths: list[str] = []
        """What was asked, as it came over the wire."""
        self.broken: httpx.Response | Exception | None = None
        """What every request gets instead of an answer."""
        self.is_busy = False
        self.announced = 0
        """Events of the asset that another champion answers."""
        self.health = {name: {"status": "healthy"} for name in ("metadatabase", "scheduler", "dag_processor")}
        """What the web server says of the others."""

    def client(self) -> Airflow:
        return Airflow(AirflowSettings.model_validate(LOCAL), httpx.MockTransport(self))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.raw_path.decode())
        if isinstance(self.broken, Exception):
            raise self.broken
        if self.broken:
            return self.broken
        path = request.url.path.removeprefix("/api/v2").split("/")[1:]
        if path == ["monitor", "health"]:
            return httpx.Response(200, json=self.health)
        if path[0] != "auth" and request.headers["Authorization"] != f"Bearer {self.token}":
            return httpx.Response(401, json={"detail": "Token has expired"})
        answer = self._assets(path, request) if path[0] == "assets" else self._answer(path, request)
        return httpx.Response(200, json=answer) if answer else httpx.Response(404, json={"detail": "Not found"})

    def _assets(self, path: list[str], request: httpx.Request) -> dict[str, Any]:
        if path == ["assets"]:
            return {"assets": [{"id": 3, "name": f"{CHAMPION_ASSET}_too"}, {"id": 7, "name": CHAMPION_ASSET}]}
        assert (path, json.loads(request.content)) == (["assets", "events"], {"asset_id": 7})
        self.announced += 1
        return {"id": 1}

    def _answer(self, path: list[str], request: httpx.Request) -> dict[str, Any] | None:
        match path:
            case ["auth", "token"]:
                self.logins += 1
                return {"access_token": self.token}
            case ["dags", dag_id, "dagRuns"] if dag_id not in self.runs:
                return None
            case ["dags", dag_id, "dagRuns"] if request.method == "POST":
                self.conf = json.loads(request.content)["conf"]
                self.runs[dag_id].append(replace(self.next))
                return self.next.shown()
            case ["dags", dag_id, "dagRuns"] if "state" in request.url.params:
                return {"dag_runs": [{}] if self.is_busy else []}
            case ["dags", dag_id, "dagRuns"]:
                return self._listed(self.runs[dag_id], request.url.params)
            case ["dags", dag_id, "dagRuns", run_id, *rest]:
                found = next((run for run in self.runs.get(dag_id, []) if run.run_id == run_id), None)
                return self._of_run(found, rest, request.url.params) if found else None
        raise AssertionError(path)

    def _listed(self, runs: list[FakeRun], query: httpx.QueryParams) -> dict[str, Any]:
        first, end = query.get("run_after_gte", ""), query.get("run_after_lt", "9")
        chosen = [run for run in runs if first <= run.at < end]
        if query.get("run_type") == "asset_triggered":
            chosen = [run for run in chosen if run.sources]
        chosen.sort(key=lambda run: run.at, reverse=query["order_by"].startswith("-"))
        offset = int(query.get("offset", 0))
        listed = chosen[offset : offset + int(query["limit"])]
        answer = [run.shown() for run in listed]
        for run in listed:
            run.listings_before_start -= 1
        return {"dag_runs": answer, "total_entries": len(chosen)}

    def _of_run(self, run: FakeRun, rest: list[str], query: httpx.QueryParams) -> dict[str, Any] | None:
        match rest:
            case []:
                return run.shown()
            case ["upstreamAssetEvents"]:
                assert run.begun, "Airflow 3.3 answers 500 here"
                return {"asset_events": [{"source_run_id": source} for source in run.sources]}
            case ["taskInstances"]:
                first = int(query.get("offset", 0))
                page = run.tasks[first : first + min(int(query.get("limit", 50)), 100)]
                return {"task_instances": page, "total_entries": len(run.tasks)}
            case ["taskInstances", name, "xcomEntries", "return_value"]:
                return {"value": run.results[name]} if name in run.results else None
            case ["taskInstances", name, "logs", number]:
                index = int(query.get("map_index", -1))
                return {"content": self.logs[f"{name} {number}" if index < 0 else f"{name} {number} {index}"]}
        raise AssertionError(rest)


def with_history() -> FakeAirflow:
    """One run of the pipeline, RUN_ID, with all that came of it, and a newer one that failed."""
    server = FakeAirflow()
    tasks = [task("download", "success", 1, 1.5), task("register", "success", 1, 2.0)]
    published = {"register": {"version": "abc123abc123"}}
    server.runs[ETL_DAG] = [
        FakeRun(RUN_ID, ended="2026-11-25T06:25:20+00:00", tasks=tasks, results=published),
        FakeRun("failed", "2026-11-25T07:00:00+00:00", "failed", tasks=[task("download", "failed")]),
    ]
    server.logs["download 1"] = [{"event": "No energy: add it.", "level": "error", "logger": "dag_parts.step"}]
    decided = {"dataset_version": "abc123abc123", "version": "7", "promoted": False, "reason": "It is worse."}
    promote = [task("promote", "success", 1, 3.0)]
    server.runs[TRAINING_DAG] = [
        FakeRun("asset__1", "2026-11-25T06:25:21+00:00", tasks=promote, results={"promote": decided}, sources=[RUN_ID])
    ]
    return server


def in_airflow(code: str, home: Path) -> Any:
    """Return what `code` prints last, as JSON; Airflow configures itself when imported, hence the process.

    DAG files' own modules can be imported in it, as in Airflow.
    """
    environment = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(CONFIG),
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(DAGS),
    }
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])
