"""A dataset version in MLflow: one run for each time the pipeline passed it on."""

import re
from functools import partial

import mlflow
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.feature_selection import mutual_info_classif

from song_preference.dataset.store import DatasetStore
from song_preference.dataset.tracking import open_experiment, table_input
from song_preference.dataset.version import NAME_TAG, DatasetVersion
from song_preference.features import FEATURES, LABEL
from song_preference.plotting import DARK, DISLIKES, LIKES, drawing, heat_map

EXPERIMENT = "Spotify data"
DESCRIPTION = """\
The playlists of the listener, each prepared for training: one run for each time that the DAG `process_etl_spotify_data`
published a dataset version.

A run shows where the songs come from, how many were kept, mean and standard deviation of every column of numbers, and
plots. The tables are in S3, under `datasets/<version>/`.
"""
NO_METRIC_NAME = re.compile(r"[^\w.\- :]")
"""Characters that the name of a metric cannot have; a slash would group metrics."""
LONGEST_NAME = 200
"""Of a column, in characters, since MLflow takes at most 250."""

SONGS_SHOWN = 20_000
"""Songs in plots, which look the same with more."""


def log_version(described: DatasetVersion, store: DatasetStore) -> tuple[str, str]:
    """Log parameters, statistics, the dataset, plots and a card; return the ids of run and experiment."""
    open_experiment(EXPERIMENT, DESCRIPTION)
    card = data_card(described)
    with mlflow.start_run(run_name=f"dataset {described.version}", description=card) as run:
        mlflow.log_input(table_input(store, described.version, "features"), context="features")
        source = described.source
        params = {"dataset_version": described.version, "source": source.uri, "sha256": source.sha256}
        mlflow.log_params({**params, **described.parameters.model_dump()})
        mlflow.log_metrics(numbers(described))
        mlflow.set_tags({"dataset_version": described.version, NAME_TAG: described.name, **source.tags})
        mlflow.log_dict(described.model_dump(mode="json"), "dataset.json")
        mlflow.log_text(card, "data_card.md")
        songs = store.table(described.version, "features", at_most=SONGS_SHOWN)
        for name, plot in all_plots(songs).items():
            mlflow.log_figure(plot, f"pictures/{name}")
        return str(run.info.run_id), str(run.info.experiment_id)


def numbers(described: DatasetVersion) -> dict[str, float]:
    """Return the metrics of a dataset run: counts, and mean and standard deviation of every column of numbers."""
    preparation = described.preparation
    counts = {"rows_raw", "rows_left_out", "rows_kept", "likes", "dislikes"}
    metrics: dict[str, float] = preparation.model_dump(include=counts)
    metrics |= {"rows_train": described.split.train, "rows_test": described.split.test}
    for column, statistics in (preparation.features | preparation.other_numbers).items():
        name = NO_METRIC_NAME.sub("_", column[:LONGEST_NAME])
        metrics |= {f"{name}_mean": statistics.mean, f"{name}_std": statistics.std}
    return metrics


CARD = """\
# Dataset {dataset.version}

{songs.rows_kept:,} songs of one listener: {songs.likes:,} likes and {songs.dislikes:,} dislikes. Of \
{songs.rows_raw:,} rows {dropped:,} were
left out, see below.

| | |
|---|---|
| Source | {source.kind}: `{source.uri}` |
| SHA-256 | `{source.sha256}` ({source.size_bytes:,} bytes) |
| Prepared | {dataset.created_at:%Y-%m-%d %H:%M} UTC by version {dataset.code_version} |
| Split | {split.train:,} songs to train on, {split.test:,} to test with \
(test size {parameters.test_size}, seed {parameters.seed}, stratified) |

## Features

| | mean | standard deviation |
|---|---|---|
{features}

They lie in [0, 1] as Spotify gives them and are not scaled. Duration, tempo and loudness were scaled to [0, 1]
from these ranges; the model does not use them:

{scaler}

## How the file was read

{readings}
"""


def data_card(dataset: DatasetVersion) -> str:
    """Return in Markdown where the songs come from, how many there are and how they were prepared."""
    source, songs = dataset.source, dataset.preparation
    notes = [f"- {note}" for note in songs.readings]
    if source.fallback_reason:
        notes.append(f"- **The bundled sample stands in for the configured source**: {source.fallback_reason}")
    return CARD.format(
        dataset=dataset,
        source=source,
        songs=songs,
        dropped=songs.rows_raw - songs.rows_kept,
        split=dataset.split,
        parameters=dataset.parameters,
        features="\n".join(
            f"| {name} | {value.mean:.3f} | {value.std:.3f} |" for name, value in songs.features.items()
        ),
        scaler="\n".join(f"- {name}: {span.min:g} to {span.max:g}" for name, span in songs.scaler.items()),
        readings="\n".join(notes) or "As it was written.",
    )


BINS = 25
SONGS_FOR_INFORMATION = 5_000
"""Mutual information compares neighbours; more of them change its second decimal no more."""


def all_plots(features: pd.DataFrame) -> dict[str, Figure]:
    """Return every plot of the features and the label of the songs kept, by its file name."""
    return {
        "distributions.png": distributions(features),
        "correlation.png": correlation(features),
        "mutual_information.png": mutual_information(features),
    }


def distributions(features: pd.DataFrame) -> Figure:
    """Draw the distribution of each feature among the liked and the disliked songs."""
    liked = features[LABEL] == 1
    edges = np.linspace(0, 1, BINS + 1)
    with drawing("Features of the songs", 2, 2) as (figure, panels):
        for axes, feature in zip(panels, FEATURES, strict=True):
            likes, dislikes = features.loc[liked, feature], features.loc[~liked, feature]
            histogram = partial(axes.hist, bins=edges, density=True)
            histogram(likes, color=LIKES, alpha=0.55, histtype="stepfilled", label=f"{len(likes):,} likes")
            histogram(dislikes, color=DISLIKES, histtype="step", linewidth=2, label=f"{len(dislikes):,} dislikes")
            axes.set(xlabel=feature, xlim=(0, 1))
        for axes in panels[::2]:
            axes.set_ylabel("Density")
        panels[0].legend()
    return figure


def correlation(features: pd.DataFrame) -> Figure:
    """Draw Pearson's correlation of the features and the label."""
    names = [*FEATURES, LABEL]
    values = features[names].corr().to_numpy()
    with drawing("Correlation") as (figure, (axes,)):
        # Shaded by strength: only the number shows the sign, so that the plot is readable in grey.
        heat_map(axes, np.abs(values), [[f"{value:.2f}" for value in row] for row in values])
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
        axes.set_yticks(range(len(names)), names)
    return figure


def mutual_information(features: pd.DataFrame) -> Figure:
    """Draw the mutual information of each feature and the label, in nats (scikit-learn's Kraskov estimate)."""
    songs = features.sample(min(len(features), SONGS_FOR_INFORMATION), random_state=0)
    information = mutual_info_classif(songs[list(FEATURES)], songs[LABEL].astype(int), random_state=0)
    order = np.argsort(information)
    with drawing("Mutual information with the label") as (figure, (axes,)):
        axes.barh([FEATURES[index] for index in order], information[order], color=DARK, height=0.6)
        axes.set(xlabel="nats", xlim=(0, None))
        axes.grid(axis="y", visible=False)
    return figure
