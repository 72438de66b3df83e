"""Measure rows per second of `/predict/csv` beside bare onnxruntime: `make bench-csv`.

The service and onnxruntime run on the first core, one thread each, and take turns, so that noise of the machine affects
both; the client reads the answer on the second core. The output is each pair, and the median of their ratios. The
champion is that of `make bench`, the file 300,000 synthetic songs.
"""

import os
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.etl import write_playlist
from benchmarks.servers import ALIAS, NAME, REF
from benchmarks.serving import LOAD_CORE, PORT, SERVER_CORE, champions, serving
from song_preference.features import FEATURES
from song_preference.serving.model import open_graph
from song_preference.serving.model_store import ModelCache

ROWS, ROUNDS = 300_000, 7


def main() -> None:
    """Measure in turns, and print rows per second and their ratio."""
    with TemporaryDirectory() as directory:
        cache, playlist, graph = Path(directory), Path(directory) / "songs.csv", champions()["forest"]
        ModelCache(cache, NAME, ALIAS).keep(REF, graph)
        write_playlist(playlist, ROWS)
        songs = pd.read_csv(playlist, usecols=[*FEATURES])[[*FEATURES]].to_numpy(np.float32)
        with serving("rest", "app", cache):
            scored(playlist)
            ratios = [print_pair(bare(graph, songs), scored(playlist)) for _ in range(ROUNDS)]
    print(f"median share {statistics.median(ratios):.2f}")


def print_pair(alone: float, service: float) -> float:
    """Print a pair of rows per second, and return the share that the service reaches."""
    print(
        f"onnxruntime {alone:9,.0f} rows/s  /predict/csv {service:9,.0f} rows/s  share {service / alone:.2f}",
        flush=True,
    )
    return service / alone


def bare(graph: bytes, songs: NDArray[np.float32]) -> float:
    """Return the rows per second of onnxruntime alone, on the same songs: how long trees take depends on them."""
    os.sched_setaffinity(0, {int(SERVER_CORE)})
    session = open_graph(graph)
    began = time.perf_counter()
    session.run(None, {"features": songs})
    return ROWS / (time.perf_counter() - began)


def scored(playlist: Path) -> float:
    """Return the rows per second from the first byte of the request to the last one of the answer."""
    os.sched_setaffinity(0, {int(LOAD_CORE)})
    content = playlist.read_bytes()
    began, lines = time.perf_counter(), 0
    headers = {"Content-Type": "text/csv"}
    with httpx.stream(
        "POST", f"http://127.0.0.1:{PORT}/predict/csv", content=content, headers=headers, timeout=600
    ) as a:
        a.raise_for_status()
        for piece in a.iter_raw():
            lines += piece.count(b"\n")
    if lines != ROWS + 1:
        raise SystemExit(f"{lines} lines came back, and not {ROWS + 1}: the measurement would mean nothing.")
    return ROWS / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
