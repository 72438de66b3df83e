"""Measure `POST /predict` beside other model servers on the same forest: `make bench-peers`.

Each server runs on the first core and wrk on the second, one song a request over 16 connections; BentoML, which starts
as many threads as the machine has cores, is measured on both cores too. Each peer is set up as its documentation does
for one model, in an environment of its own with pinned versions; one that cannot be installed is left out with a note.
LitServe and BentoML run the forest in onnxruntime, as we do, MLServer and `mlflow models serve` in scikit-learn. All
take turns, so that noise of the machine affects all of them; the output is a table of medians. Needs wrk and taskset.
"""

import os
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx
import joblib
import mlflow.sklearn
import numpy as np

from benchmarks.servers import ALIAS, NAME, REF
from benchmarks.serving import PORT, SERVER_CORE, champions, forest, running, serving, wrk
from song_preference.dataset import sample
from song_preference.serving.model_store import ModelCache
from song_preference.training.data import Songs
from tests.support.isolated import InstallFailed, install

ROUNDS, PATIENCE_SECONDS = 3, 120
BOTH_CORES = "0,1"
SONG = {"speechiness": 0.04, "energy": 0.3, "danceability": 0.6, "acousticness": 0.4}
"""A song with which the trees disagree, so that an answer tells that they are the same."""

ROW = list(SONG.values())
ENVIRONMENT = {
    "BENTOML_DO_NOT_TRACK": "True",
    "MLSERVER_DEBUG": "false",
    "MLSERVER_HTTP_PORT": str(PORT),
    "MLSERVER_GRPC_PORT": str(PORT + 1),
    "MLSERVER_METRICS_PORT": str(PORT + 2),
}


class Peer(NamedTuple):
    """A server: its command, and the request that it is asked."""

    command: str
    """Its command in its environment."""

    path: str
    body: Mapping[str, Any]
    probability: Callable[[Any], float]
    """Returns the probability in its answer."""

    besides: str
    """Its work besides the prediction."""


LITSERVE = Peer(
    f"python litserve_server.py {PORT}", "/predict", SONG, lambda answer: answer["probability"],
    "passes each song to a process of the model through a queue; checks nothing",
)  # fmt: skip
BENTOML = Peer(
    f"bentoml serve bentoml_server:Forest --port {PORT}", "/predict", {"songs": [ROW]}, lambda answer: answer[0],
    "checks the type of the array; metrics, traces, a log line for each request",
)  # fmt: skip
MLSERVER = Peer(
    "mlserver start .", "/v2/models/forest/infer",
    {
        "inputs": [{"name": "features", "shape": [1, 4], "datatype": "FP32", "data": ROW}],
        "outputs": [{"name": "predict_proba"}],
    },
    lambda answer: answer["outputs"][0]["data"][1],
    "checks the tensor's form; passes it to a process of the model; metrics; gRPC and Kafka as well",
)  # fmt: skip
MLFLOW = Peer(
    f"mlflow models serve --model-uri mlflow --env-manager local --port {PORT}", "/invocations", {"inputs": [ROW]},
    lambda answer: answer["predictions"][0][1],
    "checks type and shape by the model's signature",
)  # fmt: skip
OURS = Peer(
    "", "/predict", SONG, lambda answer: answer["probability"],
    "checks each feature's type and range; label by threshold, model version; request id, metrics, limits",
)  # fmt: skip
NO_OP = Peer("", "/predict", SONG, lambda answer: answer["probability"], "checks the song, and answers a constant")
PEERS = {"litserve": LITSERVE, "bentoml": BENTOML, "mlserver": MLSERVER, "mlflow": MLFLOW}
"""Each with the name of its file of requirements."""


class StartFailed(Exception):
    """The server does not answer, or answers with another probability."""


class Row(NamedTuple):
    """A line of the table."""

    name: str
    peer: Peer
    start: Callable[[], AbstractContextManager[Any]]
    answers: list[tuple[float, float, float]]


def main() -> None:
    """Measure all servers and print the table."""
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        expected = write_models(directory)
        rows = list(contestants(directory))
        for _ in range(ROUNDS):
            for row in rows.copy():
                try:
                    with row.start():
                        wait_for(row.peer, None if row.peer is NO_OP else expected)
                        row.answers.append(wrk(row.peer.path, row.peer.body, folder))
                except StartFailed as error:
                    print(f"{row.name} is left out: {error}")
                    rows.remove(row)
        print_table(rows)


def write_models(directory: Path) -> float:
    """Write the forest as each server loads it, and return its probability for the song of the requests."""
    shutil.copytree(Path(__file__).parent, directory, dirs_exist_ok=True)
    songs = Songs.of(sample.bundled())
    fitted, graph = forest(songs), champions()["forest"]
    ModelCache(directory, NAME, ALIAS).keep(REF, graph)
    (directory / "forest.onnx").write_bytes(graph)
    joblib.dump(fitted, directory / "forest.joblib")
    mlflow.sklearn.save_model(
        fitted, directory / "mlflow", pyfunc_predict_fn="predict_proba", input_example=songs.features[:1],
        serialization_format="cloudpickle", pip_requirements=[],
    )  # fmt: skip
    return float(fitted.predict_proba(np.array([ROW], dtype=np.float32))[0, 1])


def contestants(directory: Path) -> Iterator[Row]:
    """Yield ours and a bare FastAPI, then each peer that can be installed."""
    yield Row("ours", OURS, lambda: serving("rest", "app", directory), [])
    yield Row("FastAPI, no-op", NO_OP, lambda: serving("rest", "bare", directory), [])
    for name, peer in PEERS.items():
        try:
            commands = install(directory / f"{name}.txt", directory / f"environment-{name}")
        except InstallFailed as error:
            print(f"{name} is left out: {error}", flush=True)
            continue
        yield Row(name, peer, starting(peer, commands, directory, SERVER_CORE), [])
        if peer is BENTOML:
            yield Row(f"{name}, both cores", peer, starting(peer, commands, directory, BOTH_CORES), [])


def starting(peer: Peer, commands: Path, directory: Path, cores: str) -> Callable[[], AbstractContextManager[int]]:
    """Return a function that starts the peer on the cores."""
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    environment = [f"{name}={value}" for name, value in {**ENVIRONMENT, "PATH": path}.items()]
    return lambda: running(["env", *environment, *peer.command.split()], directory, cores)


def wait_for(peer: Peer, expected: float | None) -> None:
    """Wait until the server answers with the expected probability, if one is; raise `StartFailed`."""
    deadline, last = time.monotonic() + PATIENCE_SECONDS, ""
    while time.monotonic() < deadline:
        try:
            answer = httpx.post(f"http://127.0.0.1:{PORT}{peer.path}", json=peer.body, timeout=PATIENCE_SECONDS)
            last = answer.text
            if answer.is_success and (expected is None or abs(peer.probability(answer.json()) - expected) < 1e-6):
                return
        except httpx.TransportError as error:
            last = str(error)
        time.sleep(0.5)
    raise StartFailed(f"{peer.path} did not answer with {expected}: {last}")


def print_table(rows: list[Row]) -> None:
    """Print medians of each server, and how many times as fast ours is."""
    print("| | requests/s | ours is | p50 | p99 | besides the prediction |\n|---|---|---|---|---|---|")
    medians = [[statistics.median(column) for column in zip(*row.answers, strict=True)] for row in rows]
    for row, (rate, p50, p99) in zip(rows, medians, strict=True):
        times = medians[0][0] / rate
        print(f"| {row.name} | {rate:,.0f} | {times:.1f} x | {p50:.1f} ms | {p99:.1f} ms | {row.peer.besides} |")


if __name__ == "__main__":
    main()
