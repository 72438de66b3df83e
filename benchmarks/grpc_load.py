"""Send a gRPC server the same song over and over: `python -m benchmarks.grpc_load ADDRESS CONNECTIONS SECONDS`.

Prints requests per second and the 50th and 99th percentile of latency in milliseconds, as JSON. Several processes share
the connections, since one Python process cannot send requests as fast as the server answers them.
"""

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import grpc
import numpy as np

from song_preference.features import EXAMPLE
from song_preference.v1 import prediction_pb2, prediction_pb2_grpc

PROCESSES = 4


def ask(address: str, seconds: float) -> list[float]:
    """Predict over one connection; return the latency of each request in seconds."""
    request = prediction_pb2.PredictRequest(song=prediction_pb2.Song(**EXAMPLE.model_dump()))
    latencies = []
    # A pool of its own, or all channels of a process would share one connection.
    with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        predict = prediction_pb2_grpc.PredictionServiceStub(channel).Predict
        predict(request, wait_for_ready=True)
        end = time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            predict(request)
            latencies.append(time.perf_counter() - began)
    return latencies


def ask_with(address: str, connections: int, seconds: float) -> list[float]:
    """Predict over several connections of this process; return the latencies of all."""
    with ThreadPoolExecutor(connections) as threads:
        asked = [threads.submit(ask, address, seconds) for _ in range(connections)]
        return [latency for found in asked for latency in found.result()]


def main(address: str, connections: int, seconds: float) -> None:
    """Predict from several processes and print the measurements of all together."""
    with ProcessPoolExecutor(PROCESSES) as processes:
        asked = [processes.submit(ask_with, address, connections // PROCESSES, seconds) for _ in range(PROCESSES)]
        latencies = np.concatenate([found.result() for found in asked])
    p50, p99 = np.percentile(latencies, [50, 99]) * 1e3
    print(json.dumps([len(latencies) / seconds, p50, p99]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
