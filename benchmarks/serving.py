"""Measure how fast the services are beside their bare frameworks: `make bench`.

The server runs on the first core and the load on the second: wrk for REST and GraphQL, `benchmarks.grpc_load` for gRPC,
16 connections each. The champion is a forest of 200 trees, trained on the bundled sample; over REST the default of the
search, trained on the same songs, is measured beside it. The variants of each protocol (see `benchmarks.servers`) take
turns, so that noise of the machine affects all of them; the output is medians. Needs wrk and taskset.
"""

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import timeit
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from benchmarks.servers import ALIAS, NAME, REF
from local_stack.config import ROOT
from song_preference.clients import QUERY
from song_preference.dataset import sample
from song_preference.features import EXAMPLE
from song_preference.serving.model import open_graph
from song_preference.serving.model_store import ModelCache
from song_preference.training.candidates import CANDIDATES, DEFAULT
from song_preference.training.data import Songs
from song_preference.training.export import build_graph, describe
from song_preference.training.fit import fit

PROTOCOLS, VARIANTS = ("rest", "graphql", "grpc"), ("bare", "constant", "app")
ROUNDS, SECONDS, CONNECTIONS, TREES = 5, 5, 16, 200
PORT = 18999
BATCH = 10_000
STOP_SECONDS = 10
SERVER_CORE, LOAD_CORE = "0", "1"


def main() -> None:
    """Measure all protocols and variants, and print a line for each protocol and one for batches."""
    graphs = champions()
    with TemporaryDirectory() as directory:
        caches = {name: Path(directory) / name for name in graphs}
        for name, graph in graphs.items():
            ModelCache(caches[name], NAME, ALIAS).keep(REF, graph)
        rates: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
        for _ in range(ROUNDS):
            for protocol in PROTOCOLS:
                for variant in VARIANTS:
                    with serving(protocol, variant, caches["forest"]):
                        rates.setdefault((protocol, variant), []).append(load(protocol, directory))
            with serving("rest", "app", caches["default"]):
                rates.setdefault(("rest", "default"), []).append(load("rest", directory))
        for protocol in PROTOCOLS:
            print_protocol(protocol, {variant: rates[protocol, variant] for variant in VARIANTS})
        app, default = (statistics.median(found[0] for found in rates["rest", name]) for name in ("app", "default"))
        print(f"default  REST {default:6.0f}/s  share of the forest's {default / app:.2f}", flush=True)
        for name, graph in graphs.items():
            with serving("rest", "app", caches[name]):
                print_batch(name, graph, directory)


def print_protocol(protocol: str, measured: dict[str, list[tuple[float, float, float]]]) -> None:
    """Print requests per second of each variant, the ratio of the app's to the others', and the app's latencies."""
    rate = {variant: statistics.median(found[0] for found in rounds) for variant, rounds in measured.items()}
    p50, p99 = (statistics.median(found[at] for found in measured["app"]) for at in (1, 2))
    print(
        f"{protocol:<8} bare {rate['bare']:6.0f}/s  constant {rate['constant']:6.0f}/s  app {rate['app']:6.0f}/s  "
        f"app/constant {rate['app'] / rate['constant']:.2f}  app/bare {rate['app'] / rate['bare']:.2f}  "
        f"p50 {p50:.2f} ms  p99 {p99:.2f} ms",
        flush=True,
    )


def print_batch(name: str, graph: bytes, directory: str) -> None:
    """Print songs per second in batches over REST, beside onnxruntime alone, and what one song takes there."""
    songs = np.random.default_rng(0).random((BATCH, 4), dtype=np.float32)
    session = open_graph(graph)
    raw = []
    for _ in range(10):
        began = time.perf_counter()
        session.run(None, {"features": songs})
        raw.append(BATCH / (time.perf_counter() - began))
    body = {"songs": [dict(zip(EXAMPLE.model_dump(), row, strict=True)) for row in songs.round(4).tolist()]}
    rate = wrk("/predict/batch", body, directory, connections=1)[0] * BATCH
    alone = statistics.median(raw)
    one = (
        statistics.median(timeit.repeat(lambda: session.run(None, {"features": songs[:1]}), number=100, repeat=20))
        / 100
    )
    print(
        f"batch    {name:<7}  onnxruntime {alone:9.0f} songs/s  REST {rate:9.0f} songs/s  share {rate / alone:.2f}  "
        f"one song {one * 1e6:.0f} us  {len(graph) / 1e6:.2f} MB",
        flush=True,
    )


def forest(songs: Songs) -> RandomForestClassifier:
    """Return a forest of fixed size, trained on the songs."""
    return RandomForestClassifier(TREES, random_state=0).fit(songs.features, songs.labels)


def champions() -> dict[str, bytes]:
    """Return a forest of fixed size and the default of the search, both trained on the bundled sample."""
    songs = Songs.of(sample.bundled())
    fitted = {
        "forest": forest(songs),
        "default": fit(CANDIDATES[DEFAULT].estimator(0), songs),
    }
    graphs = {name: build_graph(estimator, 0.5) for name, estimator in fitted.items()}
    for graph in graphs.values():
        describe(graph, songs)
    return {name: graph.SerializeToString() for name, graph in graphs.items()}


@contextmanager
def serving(protocol: str, variant: str, cache: Path, cores: str = SERVER_CORE) -> Iterator[int]:
    """Start a server of ours, on the first core by default, and yield the id of its process once it answers."""
    command = [sys.executable, "-m", "benchmarks.servers", protocol, variant, str(PORT), str(cache)]
    with running(command, ROOT, cores) as process_id:
        wait_until_up()
        yield process_id


@contextmanager
def running(command: Sequence[str], directory: Path, cores: str = SERVER_CORE) -> Iterator[int]:
    """Run a server, with all processes that it starts, and yield the id of its process."""
    # Bare Strawberry writes a traceback for each connection that wrk closes.
    on_cores, nowhere = ["taskset", "-c", cores, *command], subprocess.DEVNULL
    with subprocess.Popen(on_cores, cwd=directory, stdout=nowhere, stderr=nowhere, start_new_session=True) as server:
        try:
            yield server.pid
        finally:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(STOP_SECONDS)
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


def wait_until_up() -> None:
    """Wait until a server listens on the port."""
    deadline = time.monotonic() + 30
    while not is_listening():
        if time.monotonic() > deadline:
            raise SystemExit(f"The server on port {PORT} did not start.")
        time.sleep(0.2)


def is_listening() -> bool:
    """Return whether the port accepts a connection."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", PORT)) == 0


def load(protocol: str, directory: str) -> tuple[float, float, float]:
    """Return requests per second, and the 50th and 99th percentile of latency in milliseconds."""
    song = EXAMPLE.model_dump()
    if protocol == "rest":
        return wrk("/predict", song, directory)
    if protocol == "graphql":
        return wrk("/graphql", {"query": QUERY, "variables": {"song": song}}, directory)
    command = ["taskset", "-c", LOAD_CORE, sys.executable, "-m", "benchmarks.grpc_load", f"127.0.0.1:{PORT}"]
    ended = subprocess.run(
        [*command, str(CONNECTIONS), str(SECONDS)], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    rate, p50, p99 = json.loads(ended.stdout)
    return rate, p50, p99


def wrk(path: str, body: object, directory: str, connections: int = CONNECTIONS) -> tuple[float, float, float]:
    """Return what `load` does, from wrk, which posts the body over and over."""
    posting = (
        f"wrk.method, wrk.path, wrk.body = 'POST', '{path}', [==[{json.dumps(body)}]==]\n"
        "wrk.headers['Content-Type'] = 'application/json'\n"
    )
    rate, p50, _, p99 = run_wrk(posting, directory, connections, SECONDS)
    return rate, p50, p99


def run_wrk(requests: str, directory: str, connections: int, seconds: int) -> tuple[float, float, float, float]:
    """Send requests as a script of wrk makes them; return their rate, and percentiles 50, 95 and 99 in milliseconds."""
    script = Path(directory) / "requests.lua"
    script.write_text(
        f"{requests}"
        "function done(summary, latency)\n"
        "  io.write(string.format('RESULT [%f, %f, %f, %f, %d]\\n', summary.requests / summary.duration * 1e6,\n"
        "    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,\n"
        "    summary.errors.status))\nend\n"
    )
    tool = shutil.which("wrk") or sys.exit("wrk is needed: apt install wrk")
    command = ["taskset", "-c", LOAD_CORE, tool, "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script)]
    ended = subprocess.run([*command, f"http://127.0.0.1:{PORT}"], stdout=subprocess.PIPE, text=True, check=True)
    rate, p50, p95, p99, failed = json.loads(ended.stdout.partition("RESULT ")[2])
    if failed:
        raise SystemExit(f"{failed} requests were answered with an error: the measurement would mean nothing.")
    return rate, p50, p95, p99


if __name__ == "__main__":
    main()
