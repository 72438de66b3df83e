"""Health checks of every service, all at once and with a short timeout."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Literal, NamedTuple

import grpc
import httpx
from grpc_health.v1 import health_pb2, health_pb2_grpc

from song_preference.errors import ModelNotReady
from song_preference.serving.model_store import ModelStore
from song_preference.settings import AirflowSettings, ClientSettings, ModelSettings
from song_preference.tls import channel, client_tls, verification

State = Literal["up", "down", "unknown"]

PATIENCE_SECONDS = 2.0
THREADS = 12
"""Twice as many as there are checks: one that hangs must not delay the next round."""

AIRFLOW_COMPONENTS = ("metadatabase", "scheduler", "dag_processor")


class Health(NamedTuple):
    """The health of one service."""

    state: State
    note: str | None = None
    """Key of the text that says more."""
    values: Mapping[str, Any] = {}
    """Values of the note's placeholders."""
    components: Mapping[str, State] = {}


DOWN, HANGS = Health("down"), Health("down", "health_hangs")


def own_model(store: ModelStore) -> Health:
    """Return the health of the dashboard's own model."""
    try:
        served = store.current()
    except ModelNotReady:
        return Health("down", "health_no_model")
    note = "health_stale_model" if served.stale else "health_model"
    return Health("up", note, {"version": served.model.ref.version, "since": served.since})


class Probes:
    """Health checks of the other services; tests replace the network with `transport`."""

    def __init__(
        self,
        services: ClientSettings,
        models: ModelSettings,
        airflow: AirflowSettings,
        transport: httpx.BaseTransport | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._patience_seconds = patience_seconds
        tls = client_tls()
        self._http = httpx.Client(timeout=patience_seconds, transport=transport, verify=verification(tls))
        self._rest, self._mlflow, self._airflow = services.rest_url, models.tracking_uri, airflow.url
        self._grpc = health_pb2_grpc.HealthStub(channel(services.grpc_address, tls))
        self._threads = ThreadPoolExecutor(THREADS, "health")

    def ask(self, *, manages_datasets: bool) -> dict[str, Health]:
        """Check every service at once and return its health by name, soon after the timeout at the latest.

        S3 is checked through REST, which uses it only if it `manages_datasets`.
        """
        questions: dict[str, Callable[[], Health]] = {
            "rest": self._ask_rest,
            "graphql": self._ask_graphql,
            "grpc": self._ask_grpc,
            "mlflow": self._ask_mlflow,
            "s3": self._ask_s3 if manages_datasets else lambda: Health("unknown", "health_s3_unmanaged"),
            "airflow": self._ask_airflow,
        }
        asked = {name: self._threads.submit(question) for name, question in questions.items()}
        wait(asked.values(), timeout=self._patience_seconds + 0.5)
        found = {name: _result(future) for name, future in asked.items()}
        if manages_datasets and found["rest"].state == "down":
            found["s3"] = Health("unknown", "health_s3_unknown")
        return found

    def _ask_rest(self) -> Health:
        live = self._answer("GET", f"{self._rest}/health/live")
        if live.get("status") != "live":
            return DOWN
        ready = self._answer("GET", f"{self._rest}/health/ready")
        if "model" not in ready:
            return Health("up", "health_answers_without_model")
        return Health(
            "up", "health_stale_version" if ready.get("stale") else "health_version", {"version": ready["model"]}
        )

    def _ask_graphql(self) -> Health:
        answer = self._answer("POST", f"{self._rest}/graphql", json={"query": "{ __typename }"})
        return Health("up") if answer.get("data") else DOWN

    def _ask_grpc(self) -> Health:
        try:
            answer = self._grpc.Check(health_pb2.HealthCheckRequest(), timeout=self._patience_seconds)
        except grpc.RpcError:
            return DOWN
        return Health("up") if answer.status == health_pb2.HealthCheckResponse.SERVING else DOWN

    def _ask_airflow(self) -> Health:
        # It answers 200 even if only its web server works: the states in the body count.
        answer = self._answer("GET", f"{self._airflow}/api/v2/monitor/health")
        if not answer:
            return DOWN
        components = {name: _component(answer.get(name)) for name in AIRFLOW_COMPONENTS}
        is_well = all(state == "up" for state in components.values())
        return Health("up" if is_well else "down", components=components)

    def _ask_mlflow(self) -> Health:
        # MLflow's own /health does not check the database.
        query = f"{self._mlflow}/api/2.0/mlflow/experiments/get?experiment_id=0"
        return Health("up") if "experiment" in self._answer("GET", query) else DOWN

    def _ask_s3(self) -> Health:
        status = self._http.get(f"{self._rest}/datasets/latest").status_code
        return Health("up") if status in {httpx.codes.OK, httpx.codes.NOT_FOUND} else DOWN

    def _answer(self, method: str, url: str, **content: Any) -> dict[str, Any]:
        """Return the JSON object of a successful answer, empty if there is none; raise `httpx.HTTPError`."""
        answer = self._http.request(method, url, **content)
        try:
            body = answer.json() if answer.is_success else None
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}


def _result(asked: Future[Health]) -> Health:
    try:
        return asked.result() if asked.done() else HANGS
    except httpx.TimeoutException:
        return HANGS
    except httpx.HTTPError:
        return DOWN


def _component(reported: Any) -> State:
    return "up" if isinstance(reported, dict) and reported.get("status") == "healthy" else "down"
