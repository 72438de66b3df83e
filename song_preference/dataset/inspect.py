"""A dataset version for people: the first rows of a table, all of them as CSV, the statistics of its features."""

import io
import math
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from song_preference.dataset.store import RAW, DatasetStore, Table, not_found
from song_preference.dataset.version import Histogram, Spread
from song_preference.features import DISLIKE, FEATURES, LABEL, LIKE
from song_preference.isolation import isolated
from song_preference.song_table.files import extension_of
from song_preference.song_table.playlist import first_rows_of
from song_preference.temporary import temporary_directory

LOOKED_AT_BYTES = 1 << 18
"""Bytes of a text file that are read for its first rows."""


def first_rows(store: DatasetStore, version: str, table: Table, limit: int) -> list[dict[str, Any]]:
    """Return at most `limit` rows by column, those of `raw` as text.

    Raise `DatasetNotFound` and `StorageUnavailable`.
    """
    if table == "raw":
        return _first_lines(store, version, limit)
    with opened(store, version, table) as file:
        batch = next(pq.ParquetFile(file).iter_batches(batch_size=limit), None)
    rows = batch.to_pylist() if batch is not None else []
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def opened(store: DatasetStore, version: str, table: Table, at_most: int | None = None) -> IO[bytes]:
    """Open the table's file, which is deleted once it is closed; raise `DatasetNotFound` and `StorageUnavailable`.

    With `at_most` about so many rows of it, spread evenly; `raw` is always whole.
    """
    if at_most and table != "raw":
        sample = io.BytesIO()
        store.table(version, table, at_most).to_parquet(sample, index=False)
        sample.seek(0)
        return sample
    with temporary_directory() as directory:
        path = directory / table
        store.fetch(version, table, path)
        return path.open("rb")


def as_csv(parquet: IO[bytes]) -> Iterator[bytes]:
    """Yield the rows of a Parquet file as CSV with a header, some thousands at a time."""
    table = pq.ParquetFile(parquet)
    for index, batch in enumerate(table.iter_batches()):
        piece = io.BytesIO()
        arrow_csv.write_csv(pa.Table.from_batches([batch]), piece, arrow_csv.WriteOptions(include_header=index == 0))
        yield piece.getvalue()


def _first_lines(store: DatasetStore, version: str, limit: int) -> list[dict[str, Any]]:
    """Return the first rows below the header of the file as it came."""
    name = store.file(version, RAW)
    content = store.objects.get(store.key(version, name), first_bytes=LOOKED_AT_BYTES)
    if content is None:
        raise not_found(version, name)
    with temporary_directory() as directory:
        path = directory / RAW
        if extension_of(io.BytesIO(content)) != "csv":
            # Neither JSON nor what is packed can be read in part.
            store.fetch(version, RAW, path)
        else:
            # The last row may go on.
            path.write_bytes(content if len(content) < LOOKED_AT_BYTES else content[: content.rfind(b"\n") + 1])
        return isolated(first_rows_of, path, directory, limit)


def _plain(value: Any) -> Any:
    """Return the value, or None where JSON has no such number."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


BINS = 20
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def statistics(store: DatasetStore, version: str) -> list[Spread]:
    """Return the statistics of every feature and label of a published version.

    Raise `DatasetNotFound` and `StorageUnavailable`.
    """
    return list(_spreads(store.table(version, "features")))


def _spreads(songs: pd.DataFrame) -> Iterator[Spread]:
    edges = np.linspace(0, 1, BINS + 1)
    for feature in FEATURES:
        for label, value in ((LIKE, 1), (DISLIKE, 0)):
            values = songs.loc[songs[LABEL] == value, feature].to_numpy(np.float64)
            counts, _ = np.histogram(values, edges)
            found = np.quantile(values, QUANTILES).tolist()
            yield Spread(
                feature=feature,
                label=label,
                songs=len(values),
                mean=float(values.mean()),
                std=float(values.std(ddof=1)),
                quantiles={f"{share:g}": value for share, value in zip(QUANTILES, found, strict=True)},
                histogram=Histogram(edges=edges.tolist(), counts=counts.tolist()),
            )
