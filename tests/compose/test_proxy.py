"""The proxy in front of three replicas of REST and gRPC: TLS, passwords, balance, and a replica that is killed."""

import base64
import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from song_preference.clients import clients
from song_preference.commands import python, shell_commands
from song_preference.features import EXAMPLE
from song_preference.settings import ClientSettings, ModelSettings
from song_preference.tls import channel, client_tls, file_names
from song_preference.v1 import prediction_pb2 as pb
from song_preference.v1 import prediction_pb2_grpc
from tests.support.compose import Trickle, compose, loose, roots, run
from tests.support.isolated import SONGS, ask
from tests.support.waiting import wait_for

FILES = "docker-compose.yaml:docker-compose.proxy.yaml"
REPLICATED = ("fastapi", "grpc")
OTHERS = ("AIRFLOW_PORT", "MLFLOW_PORT", "STREAMLIT_PORT", "GRPC_METRICS_PORT")
REPLICAS = 3
METRICS = {"fastapi": 8803, "grpc": 50052}
SHOW_METRICS = "import sys, urllib.request as http; print(http.urlopen(sys.argv[1]).read().decode())"
CALLS = 60
"""So many that each of three replicas gets one, but for one time in 10,000,000,000."""

PROBLEM = {"type", "title", "status", "detail"}
GUESSES = 800
"""More passwords than the proxy checks of one address: 300 at once, then 50 a second."""


@pytest.fixture(scope="module")
def variables(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Variables of a platform behind the proxy, with a password and a certificate of `make secrets`.

    Services without replicas keep running with their own ports, so the proxy has others for them.
    """
    secrets = str(tmp_path_factory.mktemp("secrets"))
    run("scripts/secrets", SECRETS_DIR=secrets)
    return {
        "COMPOSE_FILE": FILES,
        "PUBLIC_SCHEME": "https",
        "SECRETS_DIR": secrets,
        "TLS_CERT_FILE": f"{secrets}/tls_cert.pem",
        "TLS_CA_FILE": f"{secrets}/tls_cert.pem",
        "TLS_KEY_FILE": f"{secrets}/tls_key.pem",
        "FASTAPI_REPLICAS": str(REPLICAS),
        "GRPC_REPLICAS": str(REPLICAS),
    } | {name: str(int(environment[name]) + 20) for name in OTHERS}


@pytest.fixture(scope="module", autouse=True)
def proxy(environment: dict[str, str], variables: dict[str, Any]) -> Iterator[None]:
    """Put the proxy in front of the running platform; only what has replicas is recreated, to save time."""
    up = ("up", "--detach", "--wait", "--no-deps")
    try:
        compose("build", "proxy", **variables)
        compose(*up, "proxy", *REPLICATED, **variables)
        with pytest.MonkeyPatch.context() as patch:
            for name in OTHERS:
                patch.setenv(name, variables[name])
            patch.setenv("FASTAPI_URL", environment["FASTAPI_URL"].replace("http:", "https:"))
            patch.setenv("TLS_CA_FILE", variables["TLS_CERT_FILE"])
            yield
    finally:
        compose("rm", "--stop", "--force", "proxy", **variables)
        compose(*up, *REPLICATED)


def containers(service: str, variables: dict[str, Any]) -> list[str]:
    found = compose("ps", "--quiet", service, **variables).stdout.split()
    assert len(found) == REPLICAS
    return found


def predictions(container: str, service: str) -> float:
    """Return how many predictions a replica has counted."""
    url = f"http://localhost:{METRICS[service]}/metrics"
    shown = run("docker", "exec", container, "python", "-c", SHOW_METRICS, url).stdout.splitlines()
    counts = [line for line in shown if line.startswith("song_preference_predictions_total")]
    return sum(float(line.rpartition(" ")[2]) for line in counts)


@pytest.fixture
def web(variables: dict[str, Any]) -> Iterator[Callable[..., httpx.Response]]:
    """Asks a path of a port behind the proxy, by the port's variable."""
    with httpx.Client(verify=ssl.create_default_context(cafile=variables["TLS_CERT_FILE"]), timeout=60) as client:
        yield lambda port, path, **more: client.get(f"https://127.0.0.1:{os.environ[port]}{path}", **more)


@pytest.fixture
def account(variables: dict[str, Any]) -> tuple[str, str]:
    return "listener", Path(variables["SECRETS_DIR"], "proxy_password").read_text()


@pytest.mark.parametrize(("service", "protocol"), [("fastapi", "REST"), ("fastapi", "GraphQL"), ("grpc", "gRPC")])
def test_every_replica_answers(variables: dict[str, Any], service: str, protocol: str) -> None:
    replicas = containers(service, variables)
    before = [predictions(one, service) for one in replicas]
    client = clients(ClientSettings())[protocol]
    assert len({client.predict(EXAMPLE) for _ in range(CALLS)}) == 1
    answered = [predictions(one, service) - count for one, count in zip(replicas, before, strict=True)]
    assert min(answered) > 0
    assert sum(answered) == CALLS


@pytest.mark.parametrize("client", ["httpx", "gql", "reflection", "tritonclient", "mlflow"])
def test_every_client_gets_the_same_answers(commands: Path, variables: dict[str, Any], client: str) -> None:
    url, authority = os.environ["FASTAPI_URL"], variables["TLS_CERT_FILE"]
    trusting = ssl.create_default_context(cafile=authority)
    batch = httpx.post(f"{url}/predict/batch", json={"songs": SONGS}, verify=trusting, timeout=60)
    expected = [(answer["liked"], answer["probability"]) for answer in batch.raise_for_status().json()["predictions"]]
    answers = ask(commands, client, url, os.environ["GRPC_ADDRESS"], authority)
    assert {way for way, found in answers.items() if found != expected} == set()


def test_what_the_dashboard_shows_to_copy_is_answered(
    variables: dict[str, Any], account: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = json.loads(compose("config", "--format", "json", **variables).stdout)["services"]
    for name in ("TLS_PROXY", "TLS_CA_FILE_ON_HOST"):
        monkeypatch.setenv(name, services["streamlit"]["environment"][name])
    # They name the file without its folder.
    folder = Path(variables["TLS_CERT_FILE"]).parent
    commands = shell_commands(EXAMPLE, os.environ["FASTAPI_URL"], os.environ["GRPC_ADDRESS"], file_names())
    for protocol in ("REST", "GraphQL"):
        assert '"probability"' in run("bash", "-c", f"cd {folder} && {commands[protocol]}").stdout
    snippet = python(EXAMPLE, f"https://127.0.0.1:{os.environ['MLFLOW_PORT']}", ModelSettings(), file_names())
    ended = subprocess.run(
        [sys.executable, "-c", snippet],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        input="\n".join([*account, ""]),
        capture_output=True,
        text=True,
        check=False,
        # No terminal, of which getpass would read.
        start_new_session=True,
    )
    assert ended.returncode == 0, ended.stderr


PROTECTED = [
    ("STREAMLIT_PORT", "/"),
    ("MLFLOW_PORT", "/api/2.0/mlflow/experiments/get?experiment_id=0"),
    ("FASTAPI_PORT", "/metrics"),
    ("GRPC_METRICS_PORT", "/metrics"),
]


@pytest.mark.parametrize(("port", "path"), PROTECTED)
def test_what_has_no_password_gets_one(
    web: Callable[..., httpx.Response], account: tuple[str, str], port: str, path: str
) -> None:
    assert web(port, path).status_code == httpx.codes.UNAUTHORIZED
    assert web(port, path, auth=("listener", "guessed")).status_code == httpx.codes.UNAUTHORIZED
    assert web(port, path, auth=account).status_code == httpx.codes.OK


def test_guesses_are_bounded(variables: dict[str, Any]) -> None:
    trusting = ssl.create_default_context(cafile=variables["TLS_CERT_FILE"])
    url = f"https://127.0.0.1:{os.environ['FASTAPI_PORT']}/metrics"
    # The proxy answers each guess a second later, so there must be more at once than it lets through in a second.
    # Each has a connection of its own, since threads that share httpx's pool close one another's.
    guess = partial(httpx.get, url, auth=("listener", "guessed"), verify=trusting, timeout=60)
    with ThreadPoolExecutor(GUESSES // 2) as threads:
        statuses = {future.result().status_code for future in [threads.submit(guess) for _ in range(GUESSES)]}
    assert statuses == {httpx.codes.UNAUTHORIZED, httpx.codes.TOO_MANY_REQUESTS}
    predicted = httpx.post(url.replace("/metrics", "/predict"), json=EXAMPLE.model_dump(), verify=trusting, timeout=60)
    assert predicted.status_code == httpx.codes.OK


@pytest.mark.parametrize(("port", "path"), [("FASTAPI_PORT", "/docs"), ("AIRFLOW_PORT", "/api/v2/version")])
def test_what_needs_none_or_has_its_own_is_left_alone(web: Callable[..., httpx.Response], port: str, path: str) -> None:
    assert web(port, path).status_code == httpx.codes.OK


def test_redirects_lead_to_https(web: Callable[..., httpx.Response]) -> None:
    login = web("AIRFLOW_PORT", "/auth/login", follow_redirects=True)
    assert (login.status_code, login.url.scheme) == (httpx.codes.OK, "https")
    home = f"//127.0.0.1:{os.environ['STREAMLIT_PORT']}/"
    assert httpx.get(f"http:{home}").headers["location"] == f"https:{home}"


def test_the_dashboard_has_its_websocket(variables: dict[str, Any], account: tuple[str, str]) -> None:
    port, credentials = os.environ["STREAMLIT_PORT"], base64.b64encode(":".join(account).encode()).decode()
    request = (
        "GET /_stcore/stream HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: https://127.0.0.1:{port}",
        f"Authorization: Basic {credentials}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    trusting = ssl.create_default_context(cafile=variables["TLS_CERT_FILE"])
    with (
        socket.create_connection(("127.0.0.1", int(port)), timeout=60) as plain,
        trusting.wrap_socket(plain, server_hostname="127.0.0.1") as sock,
    ):
        sock.sendall("\r\n".join([*request, "", ""]).encode())
        assert sock.recv(12) == b"HTTP/1.1 101"


def test_a_stream_is_answered_song_by_song() -> None:
    answers: list[pb.PredictStreamResponse] = []

    def songs() -> Iterator[pb.PredictStreamRequest]:
        for sent in range(3):
            # The next song comes once the one before has its answer.
            wait_for(lambda count=sent: len(answers) == count, "an answer", 20)  # type: ignore[misc]
            yield pb.PredictStreamRequest(song=pb.Song(**EXAMPLE.model_dump()))

    with channel(os.environ["GRPC_ADDRESS"], client_tls()) as opened:
        for answer in prediction_pb2_grpc.PredictionServiceStub(opened).PredictStream(songs(), timeout=60):
            answers.append(answer)  # noqa: PERF402 - counted meanwhile
    assert len(answers) == 3


def test_every_field_at_fault_passes_through() -> None:
    songs = pb.PredictBatchRequest(songs=[pb.Song()] * 200)
    with channel(os.environ["GRPC_ADDRESS"], client_tls()) as opened, pytest.raises(grpc.RpcError) as raised:
        prediction_pb2_grpc.PredictionServiceStub(opened).PredictBatch(songs, timeout=60)
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_a_file_larger_than_the_proxys_memory_passes_through(variables: dict[str, Any]) -> None:
    row, rows = f"{'long ' * 1000},0.04,0.52,0.51,0.71\n", 30_000
    assert len(row) * rows > 128 << 20
    csv = "title,speechiness,energy,danceability,acousticness\n" + row * rows
    trusting = ssl.create_default_context(cafile=variables["TLS_CERT_FILE"])
    url = f"{os.environ['FASTAPI_URL']}/predict/csv"
    answer = httpx.post(url, content=csv, headers={"Content-Type": "text/csv"}, timeout=60, verify=trusting)
    assert answer.status_code == httpx.codes.OK
    assert answer.text.count("\n") == rows + 1


def test_the_proxy_is_confined_and_alone_listens_for_others(variables: dict[str, Any]) -> None:
    assert loose() == {}
    assert "proxy" not in roots()
    config = compose("config", "--format", "json", **variables, BIND_ADDRESS="0.0.0.0")  # noqa: S104 - nothing is started
    services = json.loads(config.stdout)["services"]
    open_to_others = {
        name for name, one in services.items() for port in one.get("ports", []) if port.get("host_ip") != "127.0.0.1"
    }
    assert open_to_others == {"proxy"}


@pytest.mark.parametrize("service", ["fastapi", "grpc"])
def test_a_killed_replica_costs_a_call_of_each_client_at_most(variables: dict[str, Any], service: str) -> None:
    victim = containers(service, variables)[0]
    with Trickle() as trickle:
        run("docker", "exec", victim, "sh", "-c", "kill -9 -1", check=False)
        trickle.wait_for_answers()
        health = ("docker", "inspect", "--format", "{{.State.Health.Status}} {{.RestartCount}}", victim)
        wait_for(lambda: run(*health).stdout.strip() == "healthy 1", "the health of the killed replica")
        trickle.wait_for_answers()
    # A single song is sent to another replica; what may change something, and streams, are the caller's to repeat.
    assert "REST" not in trickle.failures
    assert all(len(failed) == 1 for failed in trickle.failures.values()), trickle.failures


def test_without_a_replica_each_protocol_gets_its_own_error(variables: dict[str, Any]) -> None:
    # The last test of the module: the replicas are recreated after it.
    compose("stop", *REPLICATED, **variables)
    trusting = ssl.create_default_context(cafile=variables["TLS_CERT_FILE"])
    with httpx.Client(base_url=os.environ["FASTAPI_URL"], verify=trusting, timeout=60) as client:
        paths = ("/predict", "/songs", "/v2", "/v2/health/live", "/invocations")
        answers = [client.get(path) for path in paths] + [client.post(path) for path in ("/predict", "/graphql")]
        changes = [client.post(path) for path in ("/datasets", "/pipeline/runs", "/catalogue")]
    for answer in answers:
        assert (answer.status_code, answer.headers["retry-after"]) == (httpx.codes.SERVICE_UNAVAILABLE, "1")
    others = [{"error"}, {"error"}, {"error_code", "message"}]
    assert [{*answer.json()} for answer in answers] == [PROBLEM, PROBLEM, *others, PROBLEM, PROBLEM]
    for answer in changes:
        # It may have begun, so nothing tells a client to send it again unseen.
        assert (answer.status_code, {*answer.json()}) == (httpx.codes.SERVICE_UNAVAILABLE, PROBLEM)
        assert "retry-after" not in answer.headers
        assert "may have begun" in answer.json()["detail"]
    song = pb.PredictRequest(song=pb.Song(**EXAMPLE.model_dump()))
    with channel(os.environ["GRPC_ADDRESS"], client_tls()) as opened, pytest.raises(grpc.RpcError) as raised:
        prediction_pb2_grpc.PredictionServiceStub(opened).Predict(song, timeout=60)
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
    assert raised.value.details() == "No replica of the service answered: call again."
