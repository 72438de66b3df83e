import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import grpc
import psutil
import pytest
from anyio.from_thread import BlockingPortal
from grpc_health.v1 import health_pb2, health_pb2_grpc

from grpc_service.__main__ import serve
from grpc_service.server import SERVICE
from local_stack.config import ROOT
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import SongSearch
from song_preference.settings import GrpcSettings
from song_preference.v1 import prediction_pb2 as pb
from song_preference.v1 import prediction_pb2_grpc
from tests.support.attacks.grpc_calls import (
    AT_ONCE,
    MALFORMED_CALLS,
    METHODS,
    channels,
    half_open,
    many_malformed,
    send_bytes,
    status_of,
)
from tests.support.grpc_calls import TIMEOUT_SECONDS, Slow, batch_request, predict_request
from tests.support.ports import free_port
from tests.support.songs import SONG

STOP_SECONDS = 8
MEMORY_BYTES = 30_000_000
"""8,000 malformed messages added 157 MiB where gRPC parsed them."""

LOG_CHARACTERS = 5_000


Stop = Callable[[], None]


@contextmanager
def serving(loop: BlockingPortal, predictor: Predictor) -> Iterator[tuple[int, int, Stop]]:
    """The ports of a service and of its metrics, and what makes it stop, which the end of the test does otherwise."""
    port, metrics_port = free_port(), free_port()
    settings = GrpcSettings.model_validate({"GRPC_METRICS_PORT": metrics_port, "GRPC_REFLECTION": False})
    stopping = asyncio.Event()
    served = loop.start_task_soon(serve, SongSearch(None, predictor), settings, "127.0.0.1", port, stopping)

    def stop() -> None:
        loop.call(stopping.set)

    yield port, metrics_port, stop
    stop()
    served.result(TIMEOUT_SECONDS)


def test_one_that_is_told_to_stop_says_so_and_ends_the_calls_under_way(grpc_loop: BlockingPortal, slow: Slow) -> None:
    with serving(grpc_loop, slow) as (port, _, stop), grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        watching = health_pb2_grpc.HealthStub(channel).Watch(
            health_pb2.HealthCheckRequest(service=SERVICE), timeout=TIMEOUT_SECONDS, wait_for_ready=True
        )
        assert next(watching).status == health_pb2.HealthCheckResponse.SERVING
        stub = prediction_pb2_grpc.PredictionServiceStub(channel)
        under_way = stub.PredictBatch.future(batch_request(SONG), timeout=TIMEOUT_SECONDS)
        assert slow.asked.wait(TIMEOUT_SECONDS)
        stop()
        assert [status.status for status in watching] == [health_pb2.HealthCheckResponse.NOT_SERVING]
        slow.let.set()
        assert under_way.result().answers


def test_metrics_are_shown_on_a_port_of_their_own(grpc_loop: BlockingPortal, predictor: Predictor) -> None:
    with serving(grpc_loop, predictor) as (port, metrics_port, _):
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = prediction_pb2_grpc.PredictionServiceStub(channel)
            stub.Predict(predict_request(**SONG), timeout=TIMEOUT_SECONDS, wait_for_ready=True)
        with urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=TIMEOUT_SECONDS) as shown:
            text = shown.read().decode()
    assert 'song_preference_model_info{alias="champion",name="spotify_model_prod",version="1"} 1.0' in text
    assert 'song_preference_input_count{feature="energy"} 1.0' in text


@contextmanager
def process(
    tmp_path: Path, program: tuple[str, str] = ("-m", "grpc_service")
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The service as it is started in production, without a champion, and its port."""
    environment = {
        "PYTHONPATH": str(ROOT),
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{free_port()}",
        "MODEL_NAME": "m",
        "MODEL_ALIAS": "champion",
        "MODEL_REFRESH_SECONDS": "60",
        "MODEL_CACHE_DIR": str(tmp_path),
        "MAX_BATCH_SIZE": "10",
        "GRPC_METRICS_PORT": str(free_port()),
        "GRPC_REFLECTION": "true",
    }
    port = free_port()
    command = [sys.executable, *program, "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as service:
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                request = health_pb2.HealthCheckRequest()
                answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=60, wait_for_ready=True)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
            yield service, port
        finally:
            service.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_ends_in_order_when_it_is_told_to(tmp_path: Path, number: signal.Signals) -> None:
    with process(tmp_path) as (service, _):
        service.send_signal(number)
        _, logged = service.communicate(timeout=TIMEOUT_SECONDS)
    assert service.returncode == 0
    assert '"message": "Stopped."' in logged.splitlines()[-1]
    assert all(line.startswith("{") for line in logged.splitlines())


HANGING = """
import ctypes, sys
from grpc_service.__main__ import main
from song_preference.serving.predictor import Predictor

def explain(*_):
    print("explaining", file=sys.stderr, flush=True)
    while True:
        ctypes.CDLL(None).pause()

Predictor.explain = explain
main()
"""


def test_sigterm_leaves_a_thread_behind_that_hangs_in_native_code(tmp_path: Path) -> None:
    with process(tmp_path, ("-c", HANGING)) as (service, port), grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        request = pb.ExplainRequest(song=pb.Song(**SONG))
        call = prediction_pb2_grpc.PredictionServiceStub(channel).Explain.future(request, timeout=60)
        assert service.stderr
        while service.stderr.readline() != "explaining\n":
            assert service.poll() is None
        service.send_signal(signal.SIGTERM)
        _, logged = service.communicate(timeout=STOP_SECONDS)
        assert isinstance(call.exception(), grpc.RpcError)
    assert service.returncode == 0
    assert "abandoning them" in logged.splitlines()[-1]


def test_an_attacked_process_stays_small_and_ends_in_order(grpc_loop: BlockingPortal, tmp_path: Path) -> None:
    with process(tmp_path) as (service, port):
        logged = grpc_loop.call(attack_and_stop, service, port)
    assert service.returncode == 0
    assert len(logged) < LOG_CHARACTERS


async def attack_and_stop(service: subprocess.Popen[str], port: int) -> str:
    memory = psutil.Process(service.pid).memory_info
    async with channels(f"127.0.0.1:{port}", 4) as attackers:
        await many_malformed(attackers, AT_ONCE)
        before = memory().rss
        assert await many_malformed(attackers, MALFORMED_CALLS) == {grpc.StatusCode.INVALID_ARGUMENT}
        assert memory().rss - before < MEMORY_BYTES
        held = [half_open(one, method) for one in attackers for method in METHODS]
        assert await status_of(send_bytes(attackers[0], METHODS[5], b"")) is grpc.StatusCode.OK
        service.send_signal(signal.SIGTERM)
        _, logged = await asyncio.to_thread(service.communicate, timeout=STOP_SECONDS)
        assert set(await asyncio.gather(*map(status_of, held))) == {grpc.StatusCode.UNAVAILABLE}
    return logged
