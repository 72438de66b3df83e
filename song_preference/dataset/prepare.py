"""From the listener's rows to the four features: deduplicate, scale, keep."""

from io import BytesIO
from typing import NamedTuple

import pandas as pd
from sklearn.preprocessing import MinMaxScaler

from song_preference.dataset.version import FeatureStatistics, Preparation, ScalerRange
from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES, LABEL

SCALED = ("duration", "tempo", "loudness")
"""Columns that the specification passes through MinMaxScaler; the features need none, they lie in [0, 1]."""

REQUIRED = (*FEATURES, *SCALED, LABEL)


class Prepared(NamedTuple):
    """`scaled` holds every column of the kept rows, `features` the four features and the label (float32)."""

    scaled: pd.DataFrame
    features: pd.DataFrame
    report: Preparation


def read_playlist(raw: bytes) -> pd.DataFrame:
    """The rows of the listener's CSV; raises `InvalidDataset` where columns or numbers are missing."""
    try:
        rows = pd.read_csv(BytesIO(raw), encoding="utf-8")
    except (ValueError, pd.errors.ParserError) as error:
        raise InvalidDataset("The file is not a CSV in UTF-8 with a header: export the playlist again.") from error
    missing = [column for column in REQUIRED if column not in rows.columns]
    if missing:
        raise InvalidDataset(f"Columns are missing: {', '.join(missing)}. Found: {', '.join(map(str, rows.columns))}.")
    not_numbers = [column for column in REQUIRED if not pd.api.types.is_numeric_dtype(rows[column])]
    incomplete = [column for column in REQUIRED if rows[column].isna().any()]
    if not_numbers or incomplete:
        raise InvalidDataset(f"Every value must be a number in: {', '.join(dict.fromkeys(not_numbers + incomplete))}.")
    outside = [feature for feature in FEATURES if not rows[feature].between(0, 1).all()]
    if outside:
        raise InvalidDataset(f"Values must lie in [0, 1] in: {', '.join(outside)}.")
    if set(rows[LABEL].unique()) != {0, 1}:
        raise InvalidDataset("The column 'label' must hold both 1 (likes) and 0 (dislikes), and nothing else.")
    return rows


def prepare(rows: pd.DataFrame) -> Prepared:
    """Drop exact duplicates, scale `SCALED` to [0, 1], keep the four features and the label."""
    kept = rows.drop_duplicates(ignore_index=True)
    scaler = MinMaxScaler().set_output(transform="pandas")
    scaled = kept.copy()
    scaled[list(SCALED)] = scaler.fit_transform(kept[list(SCALED)])
    features = kept[[*FEATURES, LABEL]].astype("float32")
    likes = int(features[LABEL].sum())
    report = Preparation(
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
