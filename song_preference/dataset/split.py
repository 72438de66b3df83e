"""The split into the songs that models are trained on and those that they are evaluated on."""

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from song_preference.dataset.version import SplitRows
from song_preference.errors import Finding, InvalidDataset
from song_preference.features import FEATURES, LABEL
from song_preference.messages import Message

MIN_TEST_SONGS = 10
"""Fewest test songs of a class with which a model is compared with the champion."""


def split(features: Path, train: Path, test: Path, *, test_size: float, seed: int) -> SplitRows:
    """Write the songs of the Parquet file `features`, in their order, to two others; count the songs in each.

    Raises `InvalidDataset` as `choose_test` does.
    """
    # Not buffered beforehand: what was read would stay in memory until the end.
    table = pq.ParquetFile(features, pre_buffer=False)
    in_test = choose_test(*_liked_and_digests(table, seed), test_size)
    at = 0
    writer = partial(pq.ParquetWriter, use_dictionary=False, compression="zstd", compression_level=1)
    with writer(train, table.schema_arrow) as to_train, writer(test, table.schema_arrow) as to_test:
        for batch in table.iter_batches():
            chosen, at = in_test[at : at + len(batch)], at + len(batch)
            to_train.write_batch(batch.filter(pa.array(~chosen)))
            to_test.write_batch(batch.filter(pa.array(chosen)))
    tested = int(in_test.sum())
    return SplitRows(train=len(in_test) - tested, test=tested)


def _liked_and_digests(table: pq.ParquetFile, seed: int) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
    songs, at = table.metadata.num_rows, 0
    liked, digests = np.empty(songs, dtype=bool), np.empty(songs, dtype=np.uint64)
    for batch in table.iter_batches(columns=[*FEATURES, LABEL]):
        piece, here = batch.to_pandas(), slice(at, at := at + len(batch))
        liked[here], digests[here] = piece[LABEL] == 1, song_digests(piece[list(FEATURES)].to_numpy(), seed)
    return liked, digests


def choose_test(liked: NDArray[np.bool_], digests: NDArray[np.uint64], test_size: float) -> NDArray[np.bool_]:
    """Return which songs (n,) are for the test: within each class those with the smallest digests.

    The same songs in another order give the same tables, and an added song moves few of the others. The test table
    holds ceil(test_size * n) songs, as scikit-learn's does, shared out by largest remainder. The four features of a
    song occur once (`find_songs`), so no model is evaluated on a song it knows. Raises `InvalidDataset` where a table
    would lack a class.
    """
    in_test = np.zeros(len(liked), dtype=bool)
    likes = int(liked.sum())
    for label, count in class_counts({1: likes, 0: len(liked) - likes}, test_size).items():
        of_class = liked == label
        digests_of_class = digests[of_class]
        digests_of_class.partition(count)
        in_test |= of_class & (digests < digests_of_class[count])
    return in_test


def song_digests(features: NDArray[np.float32], seed: int = 0) -> NDArray[np.uint64]:
    """Return 64 bits of each song's four features (n, 4), other ones for another seed."""
    songs = pd.DataFrame(features + np.float32(0))  # -0.0 is 0.0
    of_songs = pd.util.hash_pandas_object(songs, index=False).to_numpy()
    of_seed = pd.util.hash_array(np.array([seed], dtype=np.uint64))
    return pd.util.hash_array(of_songs ^ of_seed)


def class_counts(sizes: Mapping[int, int], test_size: float) -> dict[int, int]:
    """Return how many songs of each label are for the test; raise `InvalidDataset` where a table would lack a class."""
    songs = sum(sizes.values())
    total = math.ceil(songs * test_size)
    exact = {label: size * total / songs for label, size in sizes.items()}
    counts = {label: math.floor(share) for label, share in exact.items()}
    by_remainder = sorted(exact, key=lambda label: exact[label] - counts[label], reverse=True)
    for label in by_remainder[: total - sum(counts.values())]:
        counts[label] += 1
    if any(not 0 < counts[label] < sizes[label] for label in sizes):
        raise InvalidDataset(Finding(LABEL, Message("too_few_to_split"), 1))
    return counts
