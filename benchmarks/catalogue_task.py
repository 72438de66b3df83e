"""What `benchmarks.catalogue` measures in a process of its own, which imports no more than a task that scores."""

import json
import sys
import time
from pathlib import Path

import numpy as np

from song_preference.catalogue.scoring import BATCH_SONGS, Group, score
from song_preference.catalogue.store import open_store
from song_preference.features import FEATURES
from song_preference.prediction import ModelRef
from song_preference.serving.model import ServedModel


def measure(group: Group) -> None:
    """Print the measurements of one group as JSON."""
    store = open_store()
    began = time.perf_counter()
    songs = sum(score(store, group).songs.values())
    seconds = time.perf_counter() - began
    # What getrusage gives may be the peak of the process that this one was forked from.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    megabytes = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    model = ServedModel.load(ModelRef("", "", ""), store.graph(group.catalogue, group.model))
    print(json.dumps({"bare": bare(model), "score": songs / seconds, "megabytes": megabytes}))


def bare(model: ServedModel) -> float:
    """Return how many songs the graph answers for in a second."""
    songs = np.random.default_rng(0).random((BATCH_SONGS, len(FEATURES)), dtype=np.float32)
    began = time.perf_counter()
    for _ in range(64):
        model.run(songs)
    return 64 * BATCH_SONGS / (time.perf_counter() - began)


if __name__ == "__main__":
    measure(Group(**json.loads(sys.argv[1])))
