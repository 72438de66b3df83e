"""From the listener's rows to the four features: deduplicate, scale, keep."""

from typing import NamedTuple

import pandas as pd
from sklearn.preprocessing import MinMaxScaler

from song_preference.dataset.schema import check
from song_preference.dataset.table import SCALED, Table, read_table
from song_preference.dataset.version import FeatureStatistics, Preparation, ScalerRange
from song_preference.features import FEATURES, LABEL


class Prepared(NamedTuple):
    """`scaled` holds every column of the kept rows, `features` the four features and the label (float32)."""

    scaled: pd.DataFrame
    features: pd.DataFrame
    report: Preparation


def read_playlist(raw: bytes) -> Table:
    """The listener's rows, checked; raises `InvalidDataset` with everything that is wrong with them."""
    table = read_table(raw)
    return table._replace(rows=check(table.rows))


def prepare(table: Table) -> Prepared:
    """Drop exact duplicates, scale `SCALED` to [0, 1], keep the four features and the label."""
    rows = table.rows
    kept = rows.drop_duplicates(ignore_index=True)
    scaler = MinMaxScaler().set_output(transform="pandas")
    scaled = kept.copy()
    scaled[list(SCALED)] = scaler.fit_transform(kept[list(SCALED)])
    features = kept[[*FEATURES, LABEL]].astype("float32")
    likes = int(features[LABEL].sum())
    report = Preparation(
        readings=table.readings,
        columns={str(column): str(dtype) for column, dtype in rows.dtypes.items()},
        rows_raw=len(rows),
        rows_kept=len(kept),
        likes=likes,
        dislikes=len(kept) - likes,
        scaler={
            column: ScalerRange(min=low, max=high)
            for column, low, high in zip(SCALED, scaler.data_min_, scaler.data_max_, strict=True)
        },
        features={
            feature: FeatureStatistics(mean=float(kept[feature].mean()), std=float(kept[feature].std()))
            for feature in FEATURES
        },
    )
    return Prepared(scaled, features, report)
