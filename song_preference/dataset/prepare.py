"""From a listener's file to the four features: read it, keep each song once, scale, write Parquet."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
from sklearn.preprocessing import MinMaxScaler

from song_preference.dataset.songs import find_songs
from song_preference.dataset.split import MIN_TEST_SONGS, class_counts
from song_preference.dataset.version import CheckedPlaylist, FeatureStatistics, Preparation, ScalerRange
from song_preference.errors import Finding, InvalidDataset
from song_preference.features import FEATURES, LABEL, SONG_KEY
from song_preference.messages import LOOK_UP_CODES, Message
from song_preference.run_options import ETL_OPTIONS, checked
from song_preference.song_table.columns import DESCRIBING, SCALED
from song_preference.song_table.database import literal, quoted, write_parquet
from song_preference.song_table.playlist import opened
from song_preference.song_table.read import SongTable

ROWS_PER_CLASS = 10
"""With fewer, neither a test table nor cross-validation says anything."""

MAX_UNUSABLE = 0.2
"""Share of the rows that may be unusable; with more, the file is probably not what the listener takes it for."""

USUAL_TEST_SIZE: float = checked(ETL_OPTIONS, {})["test_size"]

SONGS_SHOWN = 5

NUMBERS = {"float", "double", "int64"}
"""Types of Arrow that the columns of numbers have."""

LARGEST = 1e100
"""Largest number in statistics: a sum of squares of larger ones may not be finite, which JSON cannot hold."""

WHOLE_NUMBER_LIMIT = 2**53
"""Beyond it float64 does not tell whole numbers apart."""


class Prepared(NamedTuple):
    """Two Parquet files: `scaled` holds every column of the songs, `features` four features, label and song key.

    The numbers that the specification names are float32 in both: models take no more, and Spotify gives fewer digits.
    """

    scaled: Path
    features: Path
    report: Preparation


def prepare(
    raw: Path, directory: Path, *, max_bytes: int, threads: int = 1, test_size: float = USUAL_TEST_SIZE
) -> Prepared:
    """Read a playlist, keep each song once, scale `SCALED` to [0, 1], keep the four features and the label.

    A packed file may have at most `max_bytes` unpacked. Files are written to `directory`; raises `InvalidDataset`
    with everything that is wrong with the playlist. A note says if `test_size`, a share, is too few songs to compare.
    """
    with opened(raw, directory, max_bytes=max_bytes, threads=threads) as table:
        _check_share(table)
        repeated, contradicting = find_songs(table)
        report = _report(table, repeated, contradicting, test_size)
        if findings := small_classes(report.likes, report.dislikes):
            if contradicting:
                findings.append(Finding(None, Message("file_has", {"note": contradicting.as_json()}), 1))
            raise InvalidDataset(*findings, *_look_ups(table), *table.faults)
        scaled, features = directory / "scaled.parquet", directory / "features.parquet"
        write_parquet(table.connection, f"select {_scaled_columns(table, report.scaler)} from kept", scaled)
        names = ", ".join([*FEATURES, f"{LABEL}::float as {LABEL}", SONG_KEY])
        write_parquet(table.connection, f"select {names} from read_parquet({literal(str(scaled))})", features)
        types = {field.name: str(field.type) for field in pq.read_schema(scaled)}
        found = {"columns": types, "other_numbers": _statistics(table, scaled, types)}
        return Prepared(scaled, features, report.model_copy(update=found))


def preparation(raw: Path, directory: Path, max_bytes: int) -> CheckedPlaylist:
    """Return what `prepare` reports, and the first songs."""
    prepared = prepare(raw, directory, max_bytes=max_bytes)
    shown = [name for name in (*DESCRIBING, *FEATURES, LABEL) if name in prepared.report.columns]
    rows = next(pq.ParquetFile(prepared.scaled).iter_batches(batch_size=SONGS_SHOWN, columns=shown))
    return CheckedPlaylist(**dict(prepared.report), first_songs=rows.select(shown).to_pylist())


def small_classes(likes: int, dislikes: int) -> list[Finding]:
    """Return a finding for each class with fewer than `ROWS_PER_CLASS` songs."""
    return [
        Finding(LABEL, Message(code, {"least": ROWS_PER_CLASS, "size": size}), 1)
        for code, size in (("too_few_likes", likes), ("too_few_dislikes", dislikes))
        if size < ROWS_PER_CLASS
    ]


def _too_few_to_compare(likes: int, dislikes: int, share: float) -> list[Message]:
    """Return a note if the split gives too few test songs of a class for a comparison with the champion."""
    if min(likes, dislikes) < ROWS_PER_CLASS:
        return []
    for_test = class_counts({1: likes, 0: dislikes}, share)
    if min(for_test.values()) >= MIN_TEST_SONGS:
        return []
    values = {"likes": for_test[1], "dislikes": for_test[0], "share": share, "least": MIN_TEST_SONGS}
    return [Message("too_few_to_compare", values)]


def _check_share(table: SongTable) -> None:
    # Songs that a look-up did not find say nothing against the file.
    unusable, rows = table.unusable - table.not_found, table.rows - table.not_found
    if unusable > MAX_UNUSABLE * rows:
        values = {"count": unusable, "rows": rows, "share": MAX_UNUSABLE}
        rule = Message("too_many_unusable_rows", values)
        raise InvalidDataset(Finding(None, rule, 1), *_look_ups(table), *table.faults)


def _look_ups(table: SongTable) -> list[Finding]:
    """Return how many songs were found, to say it beside what else is wrong with a playlist."""
    notes = [note.as_json() for note in table.notes if note.is_about(*LOOK_UP_CODES)]
    return [Finding(None, Message("features_looked_up", {"notes": notes}), 1)] if notes else []


def _statistics(table: SongTable, scaled: Path, types: Mapping[str, str]) -> dict[str, FeatureStatistics]:
    """Return the statistics of the columns of numbers that are no features, over cells within `LARGEST`."""
    names = [name for name, kind in types.items() if kind in NUMBERS and name not in FEATURES]
    asked = [
        f"{statistic}({quoted(name)}::double) filter (abs({quoted(name)}::double) <= {LARGEST})"
        for name in names
        for statistic in ("avg", "stddev_samp")
    ]
    values = table.aggregates(asked, f"read_parquet({literal(str(scaled))})")
    return {
        name: FeatureStatistics(mean=mean, std=std or 0)
        for name, (mean, std) in zip(names, _pairs(values), strict=True)
        if mean is not None
    }


def _scaled_columns(table: SongTable, scaler: dict[str, ScalerRange]) -> str:
    """Return every column as SQL, those first that say which song it is."""
    described = [name for name in DESCRIBING if name in table.known]
    features = [f"{name}::float as {name}" for name in FEATURES]
    scaled = [f"({_scaling(name, scaler[name])})::float as {name}" for name in SCALED if name in scaler]
    return ", ".join([*described, *features, *scaled, f"{LABEL}::bigint as {LABEL}", *_typed(table), SONG_KEY])


def _scaling(name: str, limits: ScalerRange) -> str:
    """Return what MinMaxScaler does to a column, as SQL."""
    scaler = MinMaxScaler().fit([[limits.min], [limits.max]])
    return f"{name} * {float(scaler.scale_[0])!r}::double + {float(scaler.min_[0])!r}::double"


def _typed(table: SongTable) -> list[str]:
    """Return the other columns as SQL, as numbers where every cell is one."""
    questions = []
    for name, is_number in table.others.items():
        cell = quoted(name)
        number = cell if is_number else f"if(contains({cell}, '_'), null, try_cast({cell} as double))"
        questions += [
            f"count({cell}) = count(*) filter (isfinite({number}))",
            f"bool_and({number} = floor({number}) and abs({number}) < {WHOLE_NUMBER_LIMIT})",
        ]
    answers = table.aggregates(questions, "kept")
    kinds = ["varchar" if not number else "bigint" if whole else "double" for number, whole in _pairs(answers)]
    # A whole number may be written 4.0, which is no bigint.
    return [
        f"{quoted(name)}::{'double::bigint' if kind == 'bigint' else kind} as {quoted(name)}"
        for name, kind in zip(table.others, kinds, strict=True)
    ]


def _pairs(values: Sequence[Any]) -> list[tuple[Any, Any]]:
    return list(zip(values[::2], values[1::2], strict=True))


def _report(table: SongTable, repeated: int, contradicting: Message | None, test_size: float) -> Preparation:
    scaled = [name for name in SCALED if name in table.known]
    spans = [f"min({name}) filter (isfinite({name})), max({name}) filter (isfinite({name}))" for name in scaled]
    statistics = [f"avg({name}), stddev_samp({name})" for name in FEATURES]
    counts = ["count(*)", f"count(*) filter ({LABEL} = 1)"]
    (values,) = table.query(f"select {', '.join([*counts, *statistics, *spans])} from kept")
    songs, likes = int(values[0]), int(values[1])
    numbers = _pairs(values[2:])
    notes = [*table.notes]
    if table.faults:
        left_out = {"count": table.unusable, "findings": [finding.message().as_json() for finding in table.faults]}
        notes.append(Message("rows_left_out", left_out))
    if repeated:
        notes.append(Message("rows_repeated", {"count": repeated}))
    if contradicting:
        notes.append(contradicting)
    notes += _too_few_to_compare(likes, songs - likes, test_size)
    return Preparation(
        columns={},
        readings=[str(message) for message in notes],
        normalisations=[message.stored() for message in notes],
        rows_raw=table.rows,
        rows_left_out=table.unusable,
        rows_kept=songs,
        likes=likes,
        dislikes=songs - likes,
        scaler={
            name: ScalerRange(min=low, max=high)
            for name, (low, high) in zip(scaled, numbers[len(FEATURES) :], strict=True)
            if low is not None
        },
        features={
            name: FeatureStatistics(mean=mean or 0, std=std or 0)
            for name, (mean, std) in zip(FEATURES, numbers, strict=False)
        },
    )
