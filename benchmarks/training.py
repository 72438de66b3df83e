"""Time the default training of 515 and of 10,000 made-up songs: `python -m benchmarks.training`.

The search with 25 trials, then the models of the default, as the DAG's tasks make them, without MLflow: the twin and
the one that is served, which are one with 10,000 songs. Prints seconds that pass, seconds of CPU, and the size of the
graph that is served.
"""

import time

import numpy as np

from benchmarks.recipes import TRIALS
from benchmarks.short_lists import SEED, STEEPNESS, draw
from song_preference.training.choose import choose
from song_preference.training.search import search

SIZES = (515, 10_000)


def main() -> None:
    """Print a line for each size of the training table."""
    print(f"{TRIALS} trials\n songs  search s (CPU)  models s (CPU)  graph MB")
    for songs in SIZES:
        random = np.random.default_rng(SEED)
        # The test table of a playlist is 30 % of it.
        train, test = (draw(random, size, STEEPNESS["taste"]) for size in (songs, songs * 3 // 7))
        clocks = [(time.perf_counter(), time.process_time())]
        ranking = search(train, TRIALS, SEED)
        clocks.append((time.perf_counter(), time.process_time()))
        choice = choose([trial for trial in ranking if trial.is_default], train, test, SEED)
        clocks.append((time.perf_counter(), time.process_time()))
        (searched, searching), (chosen, choosing) = np.diff(clocks, axis=0)
        size = choice.model.graph.ByteSize() / 1e6
        print(f"{songs:6}  {searched:8.1f} ({searching:.1f})  {chosen:6.1f} ({choosing:.1f})  {size:8.2f}", flush=True)


if __name__ == "__main__":
    main()
