"""From the listener's rows to the four features: deduplicate, scale, keep. Rows pass through, a piece at a time."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from song_preference.dataset.reading import Reading, read_playlist
from song_preference.dataset.schema import small_classes
from song_preference.dataset.table import SCALED
from song_preference.dataset.version import FeatureStatistics, Preparation, ScalerRange
from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES, LABEL

FEATURES_SCHEMA = pa.schema([(name, pa.float32()) for name in (*FEATURES, LABEL)])


class Prepared(NamedTuple):
    """Two Parquet files: `scaled` holds every column of the kept rows, `features` four features and label.

    The required numbers are float32 in both: models take no more, and Spotify gives fewer digits.
    """

    scaled: Path
    features: Path
    report: Preparation


def prepare(raw: Path, directory: Path) -> Prepared:
    """Check the CSV `raw`, drop exact duplicates, scale `SCALED` to [0, 1], keep the four features and the label.

    Files are written to `directory`; raises `InvalidDataset` with everything that is wrong with the playlist.
    """
    rows = RowBuffer(directory / "kept.arrow")
    reading = read_playlist(raw, rows.opened)
    scaled, features = directory / "scaled.parquet", directory / "features.parquet"
    statistics = _write(rows, scaled, features)
    rows.path.unlink()
    report = _report(reading, rows.scaler, statistics)
    # Checked before as well, but a song that comes ten times is one song.
    if findings := small_classes(report.likes, report.dislikes):
        raise InvalidDataset(*findings)
    return Prepared(scaled, features, report)


class RowBuffer:
    """Rows as they were read, in an Arrow file, with the scaler and the digests that need all of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.scaler = MinMaxScaler()
        self._digests: list[NDArray[np.uint64]] = []

    @contextmanager
    def opened(self, schema: pa.Schema) -> Iterator["RowBuffer"]:
        """Begin anew, with rows of these columns."""
        self.scaler, self._digests = MinMaxScaler(), []
        with pa.ipc.new_file(self.path, schema) as self._file, ThreadPoolExecutor(1) as self._keeper:
            self._kept = self._keeper.submit(lambda: None)
            yield self
            self._kept.result()

    def keep(self, batch: pa.RecordBatch) -> None:
        """Write the next rows in the background, so that others are checked meanwhile."""
        self._kept.result()
        self._kept = self._keeper.submit(self._keep, batch)

    def _keep(self, batch: pa.RecordBatch) -> None:
        self._file.write_batch(batch)
        self.scaler.partial_fit(_matrix(batch, SCALED))
        self._digests.append(_digests(batch))

    def firsts(self) -> NDArray[np.bool_]:
        """Return for each row whether it is the first of its kind."""
        return ~pd.Series(np.concatenate(self._digests)).duplicated().to_numpy()


def _digests(batch: pa.RecordBatch) -> NDArray[np.uint64]:
    """Return 64 bits of each row: that any two of n different rows share them has odds below n^2 / 2^65."""
    columns = {name: _comparable(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(columns), index=False), dtype=np.uint64)


def _comparable(column: pa.Array) -> "pd.Series[Any]":
    """Return the column with one type in every batch; pandas alone would choose it by whether cells are empty."""
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        column = pc.add(column.cast(pa.float64()), 0.0)  # -0.0 is 0.0
    else:
        column = column.cast(pa.string())
    values: pd.Series[Any] = column.to_pandas()
    return values


def _write(rows: RowBuffer, scaled: Path, features: Path) -> StandardScaler:
    """Write both tables; return the statistics of features and label."""
    statistics, is_first, at = StandardScaler(), rows.firsts(), 0
    # Dictionaries, Arrow's default, cost twice the time and save nothing where nearly every number is another.
    with (
        pa.ipc.open_file(rows.path) as file,
        pq.ParquetWriter(scaled, _single_precision(file.schema), use_dictionary=False) as to_scaled,
        pq.ParquetWriter(features, FEATURES_SCHEMA, use_dictionary=False) as to_features,
        ThreadPoolExecutor(1) as writer,
    ):
        written = writer.submit(lambda: None)
        for index in range(file.num_record_batches):
            batch = file.get_batch(index)
            firsts, at = is_first[at : at + len(batch)], at + len(batch)
            if not firsts.any():
                continue
            if not firsts.all():
                batch = batch.filter(pa.array(firsts))
            # While one batch is written, the next is computed; no more than two are held.
            prepared = _scaled(batch, rows.scaler, to_scaled.schema)
            written.result()
            written = writer.submit(to_scaled.write_batch, prepared)
            statistics.partial_fit(_matrix(batch, FEATURES_SCHEMA.names))
            to_features.write_batch(prepared.select(FEATURES_SCHEMA.names).cast(FEATURES_SCHEMA))
        written.result()
    return statistics


def _single_precision(schema: pa.Schema) -> pa.Schema:
    numbers = {*FEATURES, *SCALED}
    return pa.schema([field.with_type(pa.float32()) if field.name in numbers else field for field in schema])


def _scaled(batch: pa.RecordBatch, scaler: MinMaxScaler, schema: pa.Schema) -> pa.RecordBatch:
    values = dict(zip(SCALED, scaler.transform(_matrix(batch, SCALED)).T, strict=True))
    columns = {name: pa.array(values[name]) if name in values else batch[name] for name in schema.names}
    return pa.RecordBatch.from_arrays([columns[field.name].cast(field.type) for field in schema], schema=schema)


def _matrix(batch: pa.RecordBatch, columns: "tuple[str, ...] | list[str]") -> NDArray[np.float64]:
    return np.column_stack([batch[name].to_numpy(zero_copy_only=False) for name in columns]).astype("float64")


def _report(reading: Reading, scaler: MinMaxScaler, statistics: StandardScaler) -> Preparation:
    rows_kept = int(statistics.n_samples_seen_)
    *means, share_of_likes = map(float, statistics.mean_)
    likes = round(share_of_likes * rows_kept)
    # scikit-learn's variance divides by n, ours by n - 1.
    deviations = [math.sqrt(variance * rows_kept / (rows_kept - 1)) for variance in statistics.var_]
    return Preparation(
        columns=reading.columns,
        readings=[str(message) for message in reading.normalisations],
        normalisations=[message.stored() for message in reading.normalisations],
        rows_raw=reading.rows,
        rows_kept=rows_kept,
        likes=likes,
        dislikes=rows_kept - likes,
        scaler={
            column: ScalerRange(min=low, max=high)
            for column, low, high in zip(SCALED, scaler.data_min_, scaler.data_max_, strict=True)
        },
        features={
            feature: FeatureStatistics(mean=mean, std=std)
            for feature, mean, std in zip(FEATURES, means, deviations, strict=False)
        },
    )
