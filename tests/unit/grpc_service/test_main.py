import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from grpc_service.__main__ import serve
from grpc_service.server import SERVICE
from song_preference.serving.predictor import Predictor
from song_preference.settings import GrpcSettings
from song_preference.v1 import prediction_pb2_grpc
from tests.conftest import ROOT, SONG
from tests.unit.grpc_service.calls import TIMEOUT_SECONDS, predict_request
from tests.unit.grpc_service.conftest import Slow


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def serving(predictor: Predictor, told_to_stop: threading.Event) -> Iterator[tuple[int, int]]:
    """The ports of a service and of its metrics, which ends by itself once it is told to."""
    port, metrics_port = free_port(), free_port()
    settings = GrpcSettings.model_validate({"GRPC_METRICS_PORT": metrics_port, "GRPC_REFLECTION": False})
    thread = threading.Thread(target=serve, args=(predictor, settings, "127.0.0.1", port, told_to_stop))
    thread.start()
    yield port, metrics_port
    told_to_stop.set()
    thread.join(TIMEOUT_SECONDS)
    assert not thread.is_alive()


def test_one_that_is_told_to_stop_says_so_and_ends_the_calls_under_way(slow: Slow) -> None:
    told_to_stop = threading.Event()
    with serving(slow, told_to_stop) as (port, _), grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        watching = health_pb2_grpc.HealthStub(channel).Watch(
            health_pb2.HealthCheckRequest(service=SERVICE), timeout=TIMEOUT_SECONDS, wait_for_ready=True
        )
        assert next(watching).status == health_pb2.HealthCheckResponse.SERVING
        stub = prediction_pb2_grpc.PredictionServiceStub(channel)
        under_way = stub.Predict.future(predict_request(**SONG), timeout=TIMEOUT_SECONDS)
        assert slow.asked.wait(TIMEOUT_SECONDS)
        told_to_stop.set()
        assert next(watching).status == health_pb2.HealthCheckResponse.NOT_SERVING
        slow.let.set()
        assert under_way.result().label
        watching.cancel()


def test_metrics_are_shown_on_a_port_of_their_own(predictor: Predictor) -> None:
    with serving(predictor, threading.Event()) as (port, metrics_port):
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = prediction_pb2_grpc.PredictionServiceStub(channel)
            stub.Predict(predict_request(**SONG), timeout=TIMEOUT_SECONDS, wait_for_ready=True)
        with urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=TIMEOUT_SECONDS) as shown:
            text = shown.read().decode()
    assert 'song_preference_model_info{alias="champion",name="spotify_model_prod",version="1"} 1.0' in text
    assert 'song_preference_input_count{feature="energy"} 1.0' in text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_ends_in_order_when_it_is_told_to(tmp_path: Path, number: signal.Signals) -> None:
    environment = {
        "PYTHONPATH": str(ROOT),
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{free_port()}",
        "MODEL_NAME": "m",
        "MODEL_ALIAS": "champion",
        "MODEL_REFRESH_SECONDS": "60",
        "MODEL_CACHE_DIR": str(tmp_path),
        "MAX_BATCH_SIZE": "10",
        "GRPC_METRICS_PORT": str(free_port()),
        "GRPC_REFLECTION": "false",
    }
    port = free_port()
    command = [sys.executable, "-m", "grpc_service", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            request = health_pb2.HealthCheckRequest()
            answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=60, wait_for_ready=True)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        process.send_signal(number)
        _, logged = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 0
    assert '"message": "Stopped."' in logged.splitlines()[-1]
    assert all(line.startswith("{") for line in logged.splitlines())
