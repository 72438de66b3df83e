"""Measure search, recommendations and a song's page over REST: `make bench-songs ROWS=1200000`.

On an index of made-up songs that `song_preference.catalogue.index` writes, with 16 connections of wrk that ask for
different songs. Server and load share two cores, since an explanation fills one. Prints each path's rate and latencies,
the size of the index, and the memory of the server's process before and after the load.
"""

import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil

from benchmarks.servers import ALIAS, INDEX, NAME, REF
from benchmarks.serving import CONNECTIONS, LOAD_CORE, SECONDS, SERVER_CORE, champions, run_wrk, serving
from song_preference.catalogue.index import Row, write
from song_preference.names import name_key
from song_preference.serving.model import ServedModel
from song_preference.serving.model_store import ModelCache

GENRES, ARTISTS, WORDS = 120, 80_000, 60_000
FREQUENT = ("love", "the", "you", "me", "la", "de", "el", "in", "of", "a", "remix", "live", "my", "night", "day")
BOTH_CORES = f"{SERVER_CORE},{LOAD_CORE}"
ASKED = 500
"""Different questions of each kind."""


def main(songs: int) -> None:
    """Print a line for each kind of question."""
    made_up = MadeUp()
    with TemporaryDirectory() as directory:
        cache, index = Path(directory), Path(directory) / f"{INDEX}.sqlite"
        graph = champions()["default"]
        ModelCache(cache, NAME, ALIAS).keep(REF, graph)
        began = time.perf_counter()
        write(index, ("made-up", REF.version, None), made_up.songs(songs, ServedModel.load(REF, graph)))
        print(f"{songs:,} songs: {index.stat().st_size / 1e6:.0f} MB, written in {time.perf_counter() - began:.0f} s")
        with serving("rest", "app", cache, BOTH_CORES) as server:
            print(f"memory of the server before {megabytes(server):.0f} MB")
            for name, paths in made_up.questions(songs).items():
                rate, p50, p95, p99 = load(paths, directory)
                print(f"{name:<18} {rate:6.0f}/s  p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  p99 {p99:6.1f} ms", flush=True)
            print(f"memory of the server after {megabytes(server):.0f} MB")


class MadeUp:
    """Made-up songs, some words of which are frequent, and questions about them."""

    def __init__(self) -> None:
        self._random = random.Random(0)  # noqa: S311 - nobody must not guess it
        syllables = [a + b for a in "bcdfglmnprst" for b in "aeiou"]
        self._words = ["".join(self._random.choices(syllables, k=self._random.randint(1, 4))) for _ in range(WORDS)]
        self._artists = [self._text(3).title() for _ in range(ARTISTS)]
        self._genres = [self._text(2) for _ in range(GENRES)]

    def songs(self, count: int, model: ServedModel) -> Iterator[Row]:
        """Yield songs with the answers of a model, the most popular first."""
        features = np.random.default_rng(0).random((count, 4), dtype=np.float32)
        for first in range(0, count, 10_000):
            labels, probabilities = model.run(features[first : first + 10_000])
            for place, (label, probability) in enumerate(zip(labels.tolist(), probabilities.tolist(), strict=True)):
                number = first + place
                title, artist = self._text(5), self._artists[int(ARTISTS * self._random.random() ** 2)]
                year, genre = 2025 - int(100 * self._random.random() ** 3), self._random.choice(self._genres)
                named = (f"{number:022}", None, title, artist, self._text(3), genre, year, 100 * (1 - number / count))
                values = (*named, *features[number].tolist())
                yield Row(values, name_key(title, artist), probability, label == 1, is_own=False)

    def questions(self, songs: int) -> dict[str, list[str]]:
        """Return paths of each kind."""
        years = [self._random.randint(1960, 2015) for _ in range(ASKED)]
        return {
            "search": [f"/songs?query={self._beginning()}" for _ in range(ASKED)],
            "recommendations": [
                *("/recommendations", "/recommendations?sort=popularity"),
                *(f"/recommendations?genre={genre.replace(' ', '+')}" for genre in self._genres),
                *(f"/recommendations?year_from={year}&year_to={year + 9}" for year in years),
            ],
            "a song and why": [f"/songs/{self._random.randrange(songs):022}" for _ in range(ASKED)],
        }

    def _beginning(self) -> str:
        """Return some words, the last of which may end early."""
        text = self._text(3)
        return text[: max(2, len(text) - 1)].replace(" ", "+")

    def _text(self, most_words: int) -> str:
        count = self._random.randint(1, most_words)
        return " ".join(self._word() for _ in range(count))

    def _word(self) -> str:
        is_frequent = self._random.random() < 0.35
        return self._random.choice(FREQUENT) if is_frequent else self._words[int(WORDS * self._random.random() ** 3)]


def load(paths: list[str], directory: str) -> tuple[float, float, float, float]:
    """Return requests per second, and the 50th, 95th and 99th percentile of latency in milliseconds."""
    asking = (
        f"local paths = {{{', '.join(map(json.dumps, paths))}}}\n"
        "function request() return wrk.format('GET', paths[math.random(#paths)]) end\n"
    )
    return run_wrk(asking, directory, CONNECTIONS, 2 * SECONDS)


def megabytes(process: int) -> float:
    """Return the memory that a process has in use."""
    return psutil.Process(process).memory_info().rss / 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_200_000)
