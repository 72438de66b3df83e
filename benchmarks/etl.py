"""Measure how time and memory of the ETL grow with the playlist: `make bench-etl ROWS="10000 100000"`.

Each step runs as in Airflow, in a process of its own, against the running platform's S3 and MLflow and a bucket that
is removed afterwards. Seconds are those of the step, without the start of Python and of the S3 client (0.2 s, in which
boto3 reads its description of S3); memory is the peak of its process. "Arrow" is the baseline: pyarrow streams the same
file from CSV to Parquet without any checks.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
from pyarrow import csv

from song_preference.dataset import etl, sample
from song_preference.dataset.store import DatasetStore, open_store
from song_preference.dataset.version import Draft, Parameters
from song_preference.settings import DatasetSettings, S3Settings
from song_preference.storage import s3_client

STEPS = ("download", "engineer_features", "split_dataset", "register")
BUCKET = "benchmark"
PIECE_ROWS = 250_000


def main(rows: list[int]) -> None:
    """Print a line for each number of songs."""
    line = "{:>10} {:>7} {:>8}" + " {:>17}" * len(STEPS) + " {:>7} {:>6}"
    print(line.format("songs", "CSV MB", "Arrow s", *(f"{step} s, MB" for step in STEPS), "ETL s", "ratio"))
    for count in rows:
        with TemporaryDirectory() as directory:
            playlist = Path(directory) / "playlist.csv"
            write_playlist(playlist, count)
            yardstick = measured("arrow", str(playlist))["seconds"]
            steps = measured_etl(playlist)
            seconds = sum(step["seconds"] for step in steps)
            cells = (f"{step['seconds']:.2f}, {step['megabytes']:.0f}" for step in steps)
            size = f"{playlist.stat().st_size / 1e6:.1f}"
            print(
                line.format(
                    f"{count:,}", size, f"{yardstick:.2f}", *cells, f"{seconds:.2f}", f"{seconds / yardstick:.1f}"
                )
            )


def write_playlist(path: Path, count: int) -> None:
    """Write synthetic songs with the statistics of the bundled sample."""
    statistics = json.loads(files("song_preference.dataset").joinpath(sample.STATISTICS).read_text())
    with path.open("w") as file:
        for at in range(0, count, PIECE_ROWS):
            # About as many digits as Spotify gives: 80 bytes a song.
            songs = sample.draw(statistics, min(PIECE_ROWS, count - at), seed=at).round(4)
            songs.to_csv(file, index=False, header=at == 0)


def measured_etl(playlist: Path) -> list[dict[str, Any]]:
    """Return the measurement of each step; remove the bucket and the MLflow run afterwards."""
    bucket = open_store().objects.bucket
    client = s3_client(S3Settings())
    client.create_bucket(Bucket=bucket)
    try:
        steps, passed = [], str(playlist)
        for step in STEPS:
            steps.append(measured(step, passed))
            passed = steps[-1]["result"]
        # The steps but the last do without MLflow, and its memory.
        import_module("mlflow").MlflowClient().delete_run(passed)
        return steps
    finally:
        objects = open_store().objects
        for key in objects.keys(""):
            objects.remove(key)
        client.delete_bucket(Bucket=bucket)


def measured(step: str, passed: str) -> dict[str, Any]:
    """Run a step in a process of its own; return its seconds, megabytes and result."""
    command = [sys.executable, "-m", "benchmarks.etl", f"--step={step}"]
    ended = subprocess.run(command, input=passed, stdout=subprocess.PIPE, text=True, check=True)
    measurement: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return measurement


def run_step(step: str, passed: str, store: DatasetStore) -> str:
    """Run one step in this process on the result of the step before; return its own result."""
    if step == "arrow":
        reader = csv.open_csv(passed)
        with pq.ParquetWriter(f"{passed}.parquet", reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
        return passed
    settings = DatasetSettings().model_copy(update={"max_bytes": 10**10})
    if step == "download":
        settings = settings.model_copy(update={"source": passed})
        return etl.download(store, settings, Parameters(test_size=0.3, seed=42)).model_dump_json()
    draft = Draft.model_validate_json(passed)
    if step == "engineer_features":
        return etl.engineer_features(store, settings, draft).model_dump_json()
    function: Callable[..., Any] = getattr(etl, step)
    result = function(store, draft)
    return str(result.run_id) if step == "register" else str(result.model_dump_json())


def peak_megabytes() -> float:
    """Return the peak memory of this process; that of `resource` includes the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1e3


if __name__ == "__main__":
    os.environ["DATA_REPO_BUCKET_NAME"] = BUCKET
    if sys.argv[1].startswith("--step="):
        step, passed = sys.argv[1].removeprefix("--step="), sys.stdin.read()
        if step == "register":
            # Before the clock starts; only this step holds matplotlib and MLflow's packages in memory.
            import_module("song_preference.dataset.mlflow_run")
        store = open_store()
        began = time.perf_counter()
        result = run_step(step, passed, store)
        seconds = time.perf_counter() - began
        print(json.dumps({"seconds": seconds, "megabytes": peak_megabytes(), "result": result}))
    else:
        main([int(count) for count in sys.argv[1:]])
